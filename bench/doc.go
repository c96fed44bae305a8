// Package bench holds the benchmarks that a user runs:
//
//	go test -bench . ./bench
//
// They judge the labelled comments of testdata, and compare with kagome cutting the same comments into words
// (its Normal mode, the IPA dictionary): the peer whose cost every Japanese classifier that tokenizes first must
// pay. Recorded results are in bench/RESULTS.md.
package bench
