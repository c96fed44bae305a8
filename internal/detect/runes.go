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

func isJapanese(c rune) bool { return isHira(c) || isKata(c) || isHan(c) }
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
	if uint32(c) < 64*uint32(len(wordRunes)) {
		return wordRunes[c/64]>>(c%64)&1 != 0
	}
	return isWordByTables(c)
}

func isWordByTables(c rune) bool {
	return isLatinOrDigit(c) || isJapanese(c) || unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c)
}

// wordRunes has a bit for each character of the basic plane: isWord is asked for nearly each character of each reply.
var wordRunes = func() (bits [1 << 16 / 64]uint64) {
	for _, t := range []*unicode.RangeTable{unicode.Letter, unicode.Digit, unicode.Mark, unicode.Han} {
		for _, r := range t.R16 {
			for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
				bits[c/64] |= 1 << (c % 64)
			}
		}
	}
	for _, span := range [][2]rune{{'0', '9'}, {'a', 'z'}, {'ぁ', 'ゖ'}, {'ァ', 'ヺ'}, {'ー', 'ー'}, {'一', '鿿'}, {'々', '々'}, {'〇', '〇'}} {
		for c := span[0]; c <= span[1]; c++ {
			bits[c/64] |= 1 << (c % 64)
		}
	}
	return bits
}()

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
	begin       [wordBits / 64]uint64
}

// wordBits is how many bits tell, by the lower bits of a character, that no word begins with it: most begin none, and a map takes longer to say so.
const wordBits = 1024

func (w *words) mayBegin(c rune) bool { return w.begin[uint32(c)%wordBits/64]>>(uint32(c)%64)&1 != 0 }

func newWords(list ...string) *words {
	w := &words{first: map[rune][][]rune{}, last: map[rune][][]rune{}}
	for _, s := range list {
		r := []rune(s)
		w.begin[uint32(r[0])%wordBits/64] |= 1 << (uint32(r[0]) % 64)
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
	if i < 0 || i >= len(r) || !w.mayBegin(r[i]) {
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
		if !w.mayBegin(r[i]) {
			continue
		}
		if j := w.at(r, i); j >= 0 {
			return i, j
		}
	}
	return -1, -1
}

// is reports whether r is a word of the set.
func (w *words) is(r []rune) bool { return len(r) > 0 && w.at(r, 0) == len(r) }
