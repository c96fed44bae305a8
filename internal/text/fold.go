package text

import "unicode"

// fold makes the Folded view from the Plain one. It also gives the class of each of its runes, as it
// was before folding: it still tells hiragana from katakana.
func fold(plain View) (View, []class) {
	n := len(plain.Runes)
	classes := make([]class, 0, n)
	same := true // the view is plain itself as long as nothing has been folded
	var v View
	for i, r := range plain.Runes {
		if same {
			v.Runes = plain.Runes[:i]
			folded, keep := next(v.Runes, r)
			same = keep && folded == r
			if !same {
				v = plain.cut(i)
			}
		}
		if !same && !v.fold(r, plain.Start[i], plain.End[i]) {
			continue
		}
		c := classOf(r)
		if draws(r) && i > 0 && classes[len(classes)-1].letter() && (same || v.Runes[len(v.Runes)-1] == 'ー') {
			c = classes[len(classes)-1] // it belongs to the word it draws out
		}
		classes = append(classes, c)
	}
	if same {
		v = plain
	}
	return v, classes
}

// fold appends what r becomes, or lets r merge into the rune before, which then stands for its code
// points too. It reports whether it appended.
func (v *View) fold(r rune, start, end int32) bool {
	r, keep := next(v.Runes, r)
	if !keep {
		v.End[len(v.End)-1] = end
		return false
	}
	v.push(r, start, end)
	return true
}

// next says what r becomes after the runes kept so far, and whether it is kept. It looks at nothing
// else, so that what it has let through once it lets through again.
func next(kept []rune, r rune) (_ rune, keep bool) {
	r = hiragana(r)
	n := len(kept)
	if n == 0 {
		return r, true
	}
	last := kept[n-1]
	if draws(r) && kana(last) {
		r = 'ー'
	}
	switch {
	case r != last:
		return r, true
	case r == 'ー', smallVowel(r):
		return r, false
	}
	return r, n == 1 || kept[n-2] != r || !shortens(r)
}

// hiragana is the hiragana letter for a katakana one, r itself for any other.
func hiragana(r rune) rune {
	switch {
	case r < 0x30A1 || r > 0x31FF:
	case r <= 0x30F6: // ァ to ヶ
		return r - 0x60
	case r <= 0x30FA: // ヷ to ヺ, which hiragana has without the voicing only
		return [...]rune{'わ', 'ゐ', 'ゑ', 'を'}[r-0x30F7]
	case r == 'ヽ' || r == 'ヾ':
		return r - 0x60
	case r >= 0x31F0: // ㇰ to ㇿ, the small letters of Ainu
		return []rune("くしすとぬはひふへほむらりるれろ")[r-0x31F0]
	}
	return r
}

// draws reports whether r draws out the vowel of a kana before it.
func draws(r rune) bool {
	switch r {
	case 'ー', '〜', '~', '∼', '〰', '―', '—', '–', '─':
		return true
	}
	return false
}

func smallVowel(r rune) bool {
	switch r {
	case 'ぁ', 'ぃ', 'ぅ', 'ぇ', 'ぉ':
		return true
	}
	return false
}

// shortens reports whether a run of r becomes two: that of a kana, a kanji or a mark does. Digits and
// Latin letters mean something by their number (10000, www.example), and blanks separate.
func shortens(r rune) bool {
	return kana(r) || unicode.In(r, unicode.Han, unicode.P, unicode.S)
}
