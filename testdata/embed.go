// Package testdata holds the sample replies, invented ones, that `kotomori up --sample` shows.
package testdata

import _ "embed"

// Sample is replies under official posts, as JSON Lines.
//
//go:embed sample.jsonl
var Sample []byte
