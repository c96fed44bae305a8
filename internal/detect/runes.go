package detect

import (
	"cmp"
	"slices"
	"unicode"
)

// Classes of the characters of plain text, which knows no capitals and no full-width letters.

func isDigit(c rune) bool        { return '0' <= c && c <= '9' }
func isLatin(c rune) bool        { return 'a' <= c && c <= 'z' }
func isLatinOrDigit(c rune) bool { return isLatin(c) || isDigit(c) }
func isHira(c rune) bool         { return 'ぁ' <= c && c <= 'ゖ' }
func isKata(c rune) bool         { return 'ァ' <= c && c <= 'ヺ' || c == 'ー' }

func isHan(c rune) bool {
	return '一' <= c && c <= '鿿' || c == '々' || c == '〇' || unicode.Is(unicode.Han, c)
}

func isJapanese(c rune) bool { return isHan(c) || isHira(c) || isKata(c) }
func isSpace(c rune) bool    { return unicode.IsSpace(c) }
func isLineEnd(c rune) bool  { return c == '\n' || c == '\r' || c == '\u2028' || c == '\u2029' }

// isBlank reports a space within a line.
func isBlank(c rune) bool { return isSpace(c) && !isLineEnd(c) }

// isHyphen reports the strokes that people put between groups of digits; ー and 一 look alike on a phone.
func isHyphen(c rune) bool {
	switch c {
	case '-', '‐', '‑', '‒', '–', '—', '―', '−', 'ー', '─', '━', '﹣':
		return true
	}
	return false
}

// isTilde reports the strokes of a range: 3~5万円.
func isTilde(c rune) bool { return c == '~' || c == '〜' || c == '～' || c == '∼' }

// isWord reports a letter, digit or mark that belongs to a letter.
func isWord(c rune) bool {
	return isLatinOrDigit(c) || isJapanese(c) || unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c)
}

// runeAt is r[i], or 0 outside of r.
func runeAt(r []rune, i int) rune {
	if i < 0 || i >= len(r) {
		return 0
	}
	return r[i]
}

// hasAt reports whether s stands at r[i:].
func hasAt(r []rune, i int, s string) bool {
	if i < 0 {
		return false
	}
	for _, c := range s {
		if i >= len(r) || r[i] != c {
			return false
		}
		i++
	}
	return true
}

// skipBlanks is the first index from i on, at most n further, that holds no blank.
func skipBlanks(r []rune, i, n int) int {
	for ; n > 0 && i < len(r) && isBlank(r[i]); n-- {
		i++
	}
	return i
}

// words is a set of literals to be looked for at a place.
type words struct {
	first, last map[rune][][]rune // by first and last rune, the longest first
}

func newWords(list ...string) *words {
	w := &words{first: map[rune][][]rune{}, last: map[rune][][]rune{}}
	for _, s := range list {
		r := []rune(s)
		w.first[r[0]] = append(w.first[r[0]], r)
		w.last[r[len(r)-1]] = append(w.last[r[len(r)-1]], r)
	}
	for _, m := range []map[rune][][]rune{w.first, w.last} {
		for _, l := range m {
			slices.SortStableFunc(l, func(a, b []rune) int { return cmp.Compare(len(b), len(a)) })
		}
	}
	return w
}

// at is the end of the longest word that begins at r[i], or -1.
func (w *words) at(r []rune, i int) int {
	if i < 0 || i >= len(r) {
		return -1
	}
	for _, s := range w.first[r[i]] {
		if i+len(s) <= len(r) && slices.Equal(r[i:i+len(s)], s) {
			return i + len(s)
		}
	}
	return -1
}

// before is the start of the longest word that ends right before r[j], or -1.
func (w *words) before(r []rune, j int) int {
	if j <= 0 || j > len(r) {
		return -1
	}
	for _, s := range w.last[r[j-1]] {
		if j-len(s) >= 0 && slices.Equal(r[j-len(s):j], s) {
			return j - len(s)
		}
	}
	return -1
}

// in reports whether a word stands anywhere in r.
func (w *words) in(r []rune) bool {
	i, _ := w.index(r, 0)
	return i >= 0
}

// index is the first place from i on where a word stands, and its end; -1, -1 where none does.
func (w *words) index(r []rune, i int) (start, end int) {
	for ; i < len(r); i++ {
		if j := w.at(r, i); j >= 0 {
			return i, j
		}
	}
	return -1, -1
}

// is reports whether r is a word of the set.
func (w *words) is(r []rune) bool { return len(r) > 0 && w.at(r, 0) == len(r) }
