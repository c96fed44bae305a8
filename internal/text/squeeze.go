package text

import "slices"

// squeeze makes the Squeezed view from the Folded one and the classes of its runes: without the gaps that
// space out letters. A gap is a run of marks, blanks or emoji directly between two letters. Whether it is
// an insertion (死・ね) or has its place there (東京・大阪) shows in the words beside it, the runs of letters of one
// script (hiragana, katakana, kanji, Latin):
//
//   - A gap of middle dots, hyphens, stars and the like goes if both words have at most two letters, or one of
//     them is a single letter that can hardly be a word: one in katakana, a kanji beside kana (死・ねばいい), or any
//     that has no letter of another script beside it either.
//   - A gap with hearts or emoji too, but between two words in hiragana, where it may as well end a
//     sentence, both must be single letters.
//   - A gap of spaces or a full stop goes if both words are single letters (死 ね, やれバ.カ), but not
//     after hiragana that ends a longer word (話し ね). It also goes between a single kanji and the
//     kana after it, however many: 死 ねばいい.
//   - A gap with a comma, 。 or an ellipsis goes if both words are single letters without letters of other
//     scripts beside them either.
//   - So does a gap with a line break, as when a text runs from top to bottom.
//
// Nothing is removed from a link, or beside one: example.jp/a へ.
// Digits are no letters, and nothing is removed beside them: 1.5, 03-1234.
// A text in which no gap goes has the zero View.
func squeeze(folded View, classes []class) View {
	runes := folded.Runes
	var v View
	done := 0         // what of runes is in v
	reserved := false // after & or #: what follows must not become an entity
	for i := 0; i < len(runes); {
		if c := classes[i]; !c.gap() && !(bracket(runes[i]) && i+1 < len(runes) && (classes[i+1].gap() || bracket(runes[i+1]))) {
			reserved = runes[i] == '&' || runes[i] == '#' || reserved && (c.letter() || c == digit)
			i++
			continue
		}
		j := i + 1
		for j < len(runes) && (classes[j].gap() || bracket(runes[j])) {
			j++
		}
		if !reserved && i > 0 && j < len(runes) && inserted(runes[i:j], classes, i, j) && !inHost(runes, i-1) && !inHost(runes, j) {
			if done == 0 {
				v = folded.cut(0)
			}
			v.copy(folded, done, i)
			done = j
		} else {
			reserved = false
		}
		i = j
	}
	if done == 0 {
		return View{}
	}
	v.copy(folded, done, len(runes))
	return v
}

// bracket reports marks that enclose. One by itself encloses something; two or more in a row, or one beside a mark, as in 死」「ね or
// 死(・∀・)ね, may be a gap.
func bracket(r rune) bool { return info(r)&bitBracket != 0 }

const brackets = "「」『』()[]【】<>{}∀ωд`´"

// copy appends src's runes [i,j), shortening again what has come to stand together.
func (v *View) copy(src View, i, j int) {
	for ; i < j; i++ {
		v.fold(src.Runes[i], src.Start[i], src.End[i])
	}
}

// inserted reports whether the gap at [i,j) spaces out letters.
func inserted(gap []rune, classes []class, i, j int) bool {
	before, after := classes[i-1], classes[j]
	if !before.letter() || !after.letter() {
		return false
	}
	kind, stops := mark, 0
	comma := false
	for k, r := range gap {
		if c := classes[i+k]; c.gap() {
			kind = min(kind, c)
		}
		switch r {
		case '、', '。', ',':
			comma = true
		case '.':
			stops++
		}
	}
	left, right := 1, 1
	for left < 3 && i-left > 0 && classes[i-left-1] == before {
		left++
	}
	for right < 3 && j+right < len(classes) && classes[j+right] == after {
		right++
	}
	single := left == 1 && right == 1
	leftAlone := left == 1 && (i == 1 || !classes[i-2].letter())
	rightAlone := right == 1 && (j+1 == len(classes) || !classes[j+1].letter())
	if slices.ContainsFunc(gap, bracket) {
		return single
	}
	stem := before == han && left == 1 && (after == hira || after == kata)
	switch {
	case kind == newline, kind == pause && (comma || stops > 1):
		return leftAlone && rightAlone
	case kind == pause:
		return stem || single && (leftAlone || before != hira || after != hira)
	case kind == ornament && before == hira && after == hira:
		return single
	}
	return left <= 2 && right <= 2 || stem || leftAlone || rightAlone ||
		left == 1 && before == kata || right == 1 && after == kata
}
