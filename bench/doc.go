// Package bench holds the benchmarks that a user runs, and makes the comments for them:
//
//	go test -bench . ./bench
//
// Nothing needs to be installed. The comments are made from seeds in testdata, the same on every machine: 94 of 100 are clean, the others
// break all categories, and hardly any text comes twice. Names are made for benchstat (key=value). Only ratios within a run mean
// anything; compare two states of the program with
//
//	go test -run '^$' -bench Verdict -count 10 ./bench > new.txt && benchstat old.txt new.txt
//
// The folder peers compares with other people's matchers, tokenizers and pipelines on the same inputs, in a module of its own. `make
// bench-peers` runs it and writes the results into RESULTS.md.
package bench
