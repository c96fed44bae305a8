// Package testdata holds the sample replies, invented ones, that `kotomori up --sample` shows, and the fair criticism
// that no ruleset may flag.
package testdata

import _ "embed"

// Sample is replies under official posts, as JSON Lines.
//
//go:embed sample.jsonl
var Sample []byte

// Protected is sharp but fair criticism, complaints, questions and talk of delicate matters, as JSON Lines of labelled comments
// without a label. `kotomori rules test` refuses a ruleset that flags one.
//
//go:embed protected.jsonl
var Protected []byte
