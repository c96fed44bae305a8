// Package text gives the normalised views of a reply in which the matcher, the
// detectors and the tokenizer look, each character mapped back to the original.
//
// There are three views, each made from the one before:
//
//   - Plain is the text as a reader sees it, whatever the code points behind it: NFKC, lower case, HTML
//     entities decoded, invisible characters gone, combining marks composed or gone.
//   - Folded leaves out differences of spelling that carry no meaning in a reply: katakana or
//     hiragana, how long a vowel is drawn out, how often a character is repeated.
//   - Squeezed undoes disguises: letters that pose as others (タヒ, vіrus, baka) and letters that are spaced out, as in し・ね.
//
// Normalising is idempotent: a text made of a view's characters has that same view. It takes time
// and memory linear in the text.
package text

import "slices"

// Span is a half-open range of Unicode code points of the original text.
type Span struct{ Start, End int }

// A View is one normalised form of a text. Runes[i] comes from the code points
// Start[i] up to End[i] of the original. Both rise from rune to rune, though not always strictly: the
// three characters of (株) all come from the one code point ㈱. Code points that were dropped lie
// between the ranges, or within one where they are part of what a reader sees as one letter.
// A view can be longer than the text: NFKC makes up to 18 characters of one (ﷺ).
//
// Views share memory with each other and between texts: do not modify them.
type View struct {
	Runes []rune
	Start []int32
	End   []int32
}

// Span maps the view's runes [i,j) back to the original, for i < j. It covers what was dropped
// between them.
func (v *View) Span(i, j int) Span { return Span{int(v.Start[i]), int(v.End[j-1])} }

// Text is a string with its views.
type Text struct {
	Original string
	Runes    []rune // the original's code points
	Plain    View   // NFKC, lower case, HTML entities decoded, invisible characters gone: for tokens and detectors
	Folded   View   // Plain with katakana folded to hiragana, ー and repeats shortened: for literals
	Squeezed View   // Folded with posing letters put right and without marks and spaces that stand between letters: for disguised words; empty where it equals Folded

	Sentences []Span // of the original, in order, gapless

	altered map[int32]bool

	// Memory for what the views are made of.
	plain, folded viewMemory
	classes       []class
}

type viewMemory struct {
	runes      []rune
	start, end []int32
}

// Altered says whether the code point at of the original was put right in Squeezed because it posed as another letter.
func (t *Text) Altered(at int) bool { return t.altered[int32(at)] }

// New normalises s. Invalid UTF-8 counts as U+FFFD, one code point a byte, as in []rune(s).
func New(s string) *Text {
	t := &Text{}
	t.Reset(s)
	return t
}

// Reset makes t the text s, in the memory of the text it was: what was taken from that, views and spans, is no longer valid. It allocates
// nothing once the memory is large enough, unless s is disguised.
func (t *Text) Reset(s string) {
	t.Fold(s)
	folded, classes := t.Folded, t.classes
	if mayPose(t.Plain.Runes) {
		var honest View
		if honest, t.altered = undisguise(t.Plain); t.altered != nil {
			folded, classes = fold(honest)
		}
	}
	if t.Squeezed = squeeze(folded, classes); len(t.Squeezed.Runes) == 0 && t.altered != nil {
		t.Squeezed = folded
	}
	if len(t.Squeezed.Runes) > 0 && slices.Equal(t.Squeezed.Runes, t.Folded.Runes) {
		t.Squeezed, t.altered = View{}, nil
	}
}

// Fold is Reset without the Squeezed view.
func (t *Text) Fold(s string) {
	filled.Do(fillTables)
	t.Original = s
	t.Runes = t.Runes[:0]
	for _, r := range s {
		t.Runes = append(t.Runes, r)
	}
	if !t.plainOneByOne() {
		t.Plain = plain(t.Runes)
	}
	t.foldPlain()
	t.Squeezed, t.altered = View{}, nil
	t.Sentences = sentences(t.Sentences[:0], t.Plain, len(t.Runes))
}

// Fold gives the Folded form of a word of the dictionary, so that words and replies are normalised alike:
// Fold(w) is found in the Folded view of every text in which w stands, unless
//
//   - w begins with 〜 or another mark that draws out a vowel, and stands after a kana;
//   - w ends or begins within what is normalised as a whole: a combining mark or a ゛ follows it, it begins
//     with one, or it is part of an HTML entity.
func Fold(word string) string {
	v, _ := fold(plain([]rune(word)))
	return string(v.Runes)
}

// Plain gives the Plain form of s as a string.
func Plain(s string) string { return string(plain([]rune(s)).Runes) }

// numbers[i] is i: the map of a view that leaves the text as it is.
var numbers = func() (n [4097]int32) {
	for i := range n {
		n[i] = int32(i)
	}
	return n
}()

// identity is the view that gives the text as it is.
func identity(runes []rune) View {
	n := len(runes)
	ids := numbers[:]
	if n >= len(ids) {
		ids = make([]int32, n+1)
		for i := range ids {
			ids[i] = int32(i)
		}
	}
	return View{Runes: runes, Start: ids[:n:n], End: ids[1 : n+1 : n+1]}
}

// cut is the view of v's first i runes, with room for as many as v has.
func (v *View) cut(i int) View {
	n := len(v.Runes)
	return View{
		Runes: append(make([]rune, 0, n), v.Runes[:i]...),
		Start: append(make([]int32, 0, n), v.Start[:i]...),
		End:   append(make([]int32, 0, n), v.End[:i]...),
	}
}

func (v *View) push(r rune, start, end int32) {
	v.Runes = append(v.Runes, r)
	v.Start = append(v.Start, start)
	v.End = append(v.End, end)
}
