package bench

import (
	"os"
	"slices"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/kotomori/kotomori/rules"
)

var seeds = sync.OnceValues(func() (*Seeds, error) { return ReadSeeds(os.DirFS("../testdata/corpus/validation")) })

func comments(tb testing.TB, n int) []Comment {
	tb.Helper()
	s, err := seeds()
	if err != nil {
		tb.Fatal(err)
	}
	return s.Comments(1, n)
}

func TestComments(t *testing.T) {
	const n = 20_000
	made := comments(t, n)
	distinct, bytes, hard, clean := map[string]bool{}, 0, 0, 0
	categories := map[string]int{}
	for _, c := range made {
		distinct[c.Text] = true
		bytes += len(c.Text)
		switch {
		case c.Category != "":
			categories[c.Category]++
		case c.Kind == "hard-negative":
			hard++
			clean++
		default:
			clean++
		}
		if !utf8.ValidString(c.Text) || c.Text == "" || c.Post.Text == "" || c.Account == "" || c.Platform == "" || c.Author.Handle == "" {
			t.Fatalf("%+v", c)
		}
	}
	if clean != n*94/100 {
		t.Errorf("%d of %d are clean", clean, n)
	}
	if hard < clean/11 || hard > clean/9 {
		t.Errorf("%d of %d clean comments only look like violations", hard, clean)
	}
	if len(categories) != len(rules.Categories) {
		t.Errorf("violations of %d categories, not %d", len(categories), len(rules.Categories))
	}
	for c, k := range categories {
		if even := (n - clean) / len(rules.Categories); k < even || k > even+1 {
			t.Errorf("%d violations of %s, not %d", k, c, even)
		}
	}
	if len(distinct) < n*95/100 {
		t.Errorf("only %d of %d texts are distinct", len(distinct), n)
	}
	if mean := bytes / n; mean < meanLength-8 || mean > meanLength+8 {
		t.Errorf("%d bytes a comment, not about %d", mean, meanLength)
	}
}

func TestCommentsRepeat(t *testing.T) {
	first, again := comments(t, 500), comments(t, 500)
	if !slices.Equal(first, again) {
		t.Error("the same number gives other comments")
	}
	s, err := seeds()
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(first, s.Comments(2, 500)) {
		t.Error("another number gives the same comments")
	}
}
