package dict

import (
	"slices"
	"strings"
	"unicode"

	"github.com/kotomori/kotomori/internal/text"
)

// Mask stands in a masked spelling for the letter left out (伏字). A text is looked at with all marks that writers use
// for it turned into this one, so that each letter is masked once, not once a mark.
const Mask = '○'

// IsMask says whether a letter may be masked with r, a character of the folded view.
func IsMask(r rune) bool {
	switch r {
	case '○', '●', '〇', '◯', '×', '✕', '*', '■', '□':
		return true
	}
	return false
}

// Pattern is one spelling to look for.
type Pattern struct {
	Text     string   // normalised by text.Fold
	Exact    string   // where not empty, the spelling that the plain view must show
	NotIn    []string // normalised longer strings in which it is no hit
	Boundary Boundary
	POS      string
	// Inflected spellings end inside a word, so only their start can lie on a boundary.
	Inflected bool
	// Disguise: look for it in the squeezed view too.
	Disguise bool
	// Masked: one letter stands masked.
	Masked bool
}

// Least characters of a word that is looked for written backwards. Only katakana makes other words both ways, if it is short.
const (
	leastBackwards     = 4
	leastBackwardsKana = 6
)

// backwards is a word written from its end to its start (買売座口), or nothing where that may well stand in an innocent text: two kanji
// at least must be in it, or only katakana, and no hiragana, of which endings and particles are made.
func backwards(word string) string {
	r := []rune(text.Plain(word))
	kanji := 0
	for _, c := range r {
		switch {
		case unicode.Is(unicode.Han, c):
			kanji++
		case !unicode.Is(unicode.Katakana, c) && c != 'ー':
			return ""
		}
	}
	if len(r) < leastBackwards || kanji == 1 || kanji == 0 && len(r) < leastBackwardsKana {
		return ""
	}
	back := slices.Clone(r)
	slices.Reverse(back)
	if slices.Equal(back, r) {
		return ""
	}
	return text.Fold(string(back))
}

// Patterns generates the spellings of a word: its forms, its reading's forms, masked ones, and the word backwards.
func (w *Word) Patterns() []Pattern {
	var out []Pattern
	seen := map[string]bool{}
	add := func(spelling string, not []string, boundary Boundary, pos string, inflected bool) {
		folded := text.Fold(spelling)
		if folded == "" || seen[folded] {
			return
		}
		seen[folded] = true
		p := Pattern{Text: folded, Boundary: boundary, POS: pos, Inflected: inflected, Disguise: w.Disguise}
		if w.Exact {
			p.Exact = text.Plain(spelling)
		}
		for _, s := range w.NotIn {
			// A not-in string guards those spellings that it holds.
			if f := text.Fold(s); len(f) > len(folded) && strings.Contains(f, folded) {
				p.NotIn = append(p.NotIn, f)
			}
		}
		for _, s := range not {
			p.NotIn = append(p.NotIn, folded+s)
		}
		out = append(out, p)
	}
	spell := func(s string, boundary Boundary) {
		if w.Inflect == "" {
			add(s, nil, boundary, w.POS, false)
			return
		}
		if inflected, ok := conjugate(s, w.Inflect, w.Forms); ok {
			for _, f := range inflected {
				add(f.text, f.not, boundary, w.POS, w.Inflect != "na-adj")
			}
		}
	}
	spell(w.Text, w.Boundary)
	if w.Reading != "" {
		spell(w.Reading, AtBoth)
	}
	if !w.Disguise {
		return out
	}
	for _, p := range out {
		r := []rune(p.Text)
		if len(r) < 3 {
			continue // one letter of two does not tell the word
		}
		for i, c := range r {
			if !unicode.IsLetter(c) {
				continue
			}
			r[i] = Mask
			if masked := string(r); !seen[masked] {
				seen[masked] = true
				out = append(out, Pattern{Text: masked, Boundary: Free, Masked: true})
			}
			r[i] = c
		}
	}
	if b := backwards(w.Text); b != "" && w.Inflect == "" && !seen[b] {
		out = append(out, Pattern{Text: b, Boundary: Free})
	}
	return out
}
