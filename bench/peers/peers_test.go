package main

import (
	"os"
	"strings"
	"testing"

	"github.com/kotomori/kotomori/bench"
)

// TestMatchersAgree: those that tell all overlapping matches find as many.
func TestMatchersAgree(t *testing.T) {
	patterns, err := bench.Patterns(1_000)
	if err != nil {
		t.Fatal(err)
	}
	seeds, err := bench.ReadSeeds(os.DirFS("../../testdata/corpus/validation"))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, c := range seeds.Comments(1, 500) {
		texts = append(texts, c.Text)
	}
	want := matchers["kotomori"](patterns, texts)()
	if want.hits < 100 || want.texts != len(texts) {
		t.Fatalf("%+v", want)
	}
	for _, name := range []string{"petar-dambovaliev", "BobuSumisu"} {
		if got := matchers[name](patterns, texts)(); got != want {
			t.Errorf("%s: %+v, not %+v", name, got, want)
		}
	}
}

// TestMarkdown: losses are bold, missed aims are told, and what was not measured says why.
func TestMarkdown(t *testing.T) {
	row := func(mb, ratio float64) []measured {
		return []measured{
			{peer: peer{name: "Kotomori", language: "Go"}, mb: mb, ratio: 1, hits: 5, size: "1", built: "0.1"},
			{peer: peer{name: "daachorse", language: "Rust"}, version: "5", mb: mb / ratio, ratio: ratio, hits: 5, size: "2", built: "0.2"},
			{peer: peer{name: "cloudflare/ahocorasick", language: "Go"}, missing: "too <slow"},
		}
	}
	r := &results{
		matchers: []sized{{100, row(300, 2)}, {1_000, row(200, 1.2)}, {10_000, row(100, 0.5)}}, hard: []named{{"repeated", row(50, 0.3)}},
		pipelines: row(1, 3), own: map[string]map[string]float64{"VerdictTogether/goroutines=2": {"x-one": 1.9}},
	}
	text := string(r.markdown())
	for _, part := range []string{"| 150 MB/s, 2.00× | 167 MB/s, 1.20× (aim 1.6×) | 200 MB/s, **0.50×** (aim 1.6×) |", "**0.30×** (aim 0.4×)", "too <slow", "1.90×"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
	if svg := string(r.picture()); !strings.Contains(svg, "daachorse") || strings.Contains(svg, "cloudflare") {
		t.Error(svg)
	}
}
