package detect

import "github.com/kotomori/kotomori/internal/text"

// closing is what closes each mark that opens a quotation.
var closing = map[rune]rune{
	'「': '」', '『': '』', '“': '”', '«': '»', '《': '》', '〈': '〉', '〝': '〟', '"': '"', '‘': '’', '„': '“',
}

func quotationPossible(t *text.Text) bool {
	for _, c := range t.Plain.Runes {
		if _, ok := closing[c]; ok || c == '>' {
			return true
		}
	}
	return false
}

// findQuotations reports quoted stretches with their marks, outermost ones only: 「…」 『…』 “…” "…", and a line that begins with ＞.
func findQuotations(r []rune, found func(i, j int)) {
	for i := 0; i < len(r); {
		if j := quoteEnd(r, i); j > 0 {
			found(i, j)
			i = j
			continue
		}
		if j := citedLine(r, i); j > 0 {
			found(i, j)
			i = j
			continue
		}
		i++
	}
}

// maxQuotation is how many characters a quotation may have: it bounds the cost of marks that are never closed.
const maxQuotation = 1000

// quoteEnd is the end of the quotation that r[i] opens, or 0. One that is never closed is none.
func quoteEnd(r []rune, i int) int {
	want, ok := closing[r[i]]
	if !ok {
		return 0
	}
	depth := 0
	for j := i + 1; j < min(len(r), i+maxQuotation); j++ {
		switch c := r[j]; {
		case c == want && depth == 0:
			if j == i+1 || want == '"' && isSpace(runeAt(r, i+1)) {
				return 0
			}
			return j + 1
		case c == want:
			depth--
		case c == r[i]:
			depth++
		case isLineEnd(c) && (want == '"' || want == '’' || want == '〉'):
			return 0
		}
	}
	return 0
}

// citedLine is the end of a line quoted by > at r[i], or 0. The > of a face (>_<), of a comparison (A > B)
// and of a reference (>>1) quotes nothing.
func citedLine(r []rune, i int) int {
	if r[i] != '>' {
		return 0
	}
	lineStart := i == 0 || isLineEnd(r[i-1])
	if !lineStart && !isBlank(r[i-1]) && r[i-1] != '。' && r[i-1] != '!' && r[i-1] != '?' {
		return 0
	}
	j := i
	for j < len(r) && r[j] == '>' {
		j++
	}
	if !lineStart && (isBlank(runeAt(r, j)) || isLatinOrDigit(runeAt(r, j))) {
		return 0
	}
	j = skipBlanks(r, j, 2)
	end := j
	letters := 0
	for end < len(r) && !isLineEnd(r[end]) {
		if r[end] == '<' && end-i < 8 {
			return 0
		}
		if isWord(r[end]) && !isDigit(r[end]) {
			letters++
		}
		end++
	}
	if letters < 2 || !isWord(runeAt(r, j)) && closing[runeAt(r, j)] == 0 && runeAt(r, j) != '【' && runeAt(r, j) != '#' && runeAt(r, j) != '(' {
		return 0
	}
	for end > j && isSpace(r[end-1]) {
		end--
	}
	return end
}
