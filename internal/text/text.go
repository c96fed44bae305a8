// Package text gives the normalised views of a reply in which the matcher, the
// detectors and the tokenizer look, each character mapped back to the original.
package text

// Span is a half-open range of Unicode code points of the original text.
type Span struct{ Start, End int }

// A View is one normalised form of a text. Runes[i] comes from the code points
// Start[i] up to End[i] of the original.
type View struct {
	Runes []rune
	Start []int32
	End   []int32
}

// Span maps the view's runes [i,j) back to the original, for i < j.
func (v *View) Span(i, j int) Span { return Span{int(v.Start[i]), int(v.End[j-1])} }

// Text is a string with its views.
type Text struct {
	Original string
	Runes    []rune // the original's code points
	Plain    View   // NFKC, lower case, HTML entities decoded, invisible characters gone: for tokens and detectors
	Folded   View   // Plain with katakana folded to hiragana, ー and repeats shortened: for literals
	Squeezed View   // Folded without marks and spaces that stand between letters: for masked words; empty where it equals Folded

	Sentences []Span // of the original, in order, gapless
}

// New normalises s. Invalid UTF-8 counts as U+FFFD, one code point a byte, as in []rune(s).
func New(s string) *Text { panic("TODO") }

// Fold gives the Folded form of a word of the dictionary, so that words and replies are normalised alike.
func Fold(word string) string { panic("TODO") }

// Plain gives the Plain form of s as a string.
func Plain(s string) string { panic("TODO") }
