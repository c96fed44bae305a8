package text

import "unicode"

// sentences cuts a text of n code points, and appends the sentences to spans. A sentence ends with a run of 。！？ and the like, or with a line
// break, and takes along the closing brackets, line breaks and spaces that follow. A full stop ends one if a
// letter stands before it and a blank or nothing after it, so neither 1.5 nor example.jp is cut. A sentence
// has something besides white space, unless the text has nothing else.
func sentences(spans []Span, plain View, n int) []Span {
	if n == 0 {
		return spans
	}
	start := 0
	content := false // since start
	runes := plain.Runes
	for i := 0; i < len(runes); {
		end := info(runes[i])&bitEnds != 0 && (ends(runes, i) || runes[i] == '\n' && content)
		content = content || !blank(runes[i])
		i++
		if !end {
			continue
		}
		for i < len(runes) && (blank(runes[i]) || ends(runes, i) || closes(runes[i-1], runes[i])) {
			i++
		}
		// Never within one code point, such as ⁉ or ㏂.
		if i < len(runes) && plain.Start[i] >= plain.End[i-1] {
			spans = append(spans, Span{start, int(plain.Start[i])})
			start, content = int(plain.Start[i]), false
		}
	}
	return append(spans, Span{start, n})
}

// stops are the characters that may end a sentence, beside a line break.
const stops = "。!?❗❓❕❔."

// ends reports whether runes[i] ends a sentence.
func ends(runes []rune, i int) bool {
	switch runes[i] {
	case '。', '!', '?', '❗', '❓', '❕', '❔':
		return true
	case '.':
		return i > 0 && unicode.IsLetter(runes[i-1]) &&
			(i+1 == len(runes) || runes[i+1] == ' ' || runes[i+1] == '\n')
	}
	return false
}

func blank(r rune) bool { return r == ' ' || r == '\n' }

// closes reports whether r closes a bracket or a quotation. Quotation marks that may open one as well
// do so after a blank.
func closes(before, r rune) bool {
	return unicode.In(r, unicode.Pe, unicode.Pf) || (r == '"' || r == '\'') && !blank(before)
}
