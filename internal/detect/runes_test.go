package detect

import (
	"testing"
	"unicode"
)

// TestIsWord: the bits say what the tables say, of every character there is.
func TestIsWord(t *testing.T) {
	for c := rune(-1); c <= unicode.MaxRune+1; c++ {
		if got, want := isWord(c), isWordByTables(c); got != want {
			t.Fatalf("%U is part of a word: %v, want %v", c, got, want)
		}
	}
}

// TestWordsAt: characters that share their lower bits with the first of a word begin none.
func TestWordsAt(t *testing.T) {
	w := newWords("市長", "市", "official")
	for s, want := range map[string]int{"市長室": 2, "市民": 1, "officials": 8, "offici": -1, string(rune('市' + wordBits)): -1, "": -1} {
		if got := w.at([]rune(s), 0); got != want {
			t.Errorf("%q: a word ends at %d, want %d", s, got, want)
		}
	}
	if w.at([]rune{-1, '市'}, 0) >= 0 || !w.in([]rune{-1, '市'}) {
		t.Error("what is no character hides a word, or begins one")
	}
}
