package text

import "unicode"

// A class is what a rune is to the rules of [squeeze].
type class uint8

const (
	other class = iota // neither a letter nor removable
	digit

	// Letters.
	hira
	kata
	han
	latin

	// What may be removed. The further down, the less a reader expects it between two letters; a gap
	// of several is as its first.
	newline
	pause    // spaces, commas and full stops
	ornament // hearts, notes, emoji: often the end of a sentence
	mark     // middle dots, hyphens, stars and the like
)

func (c class) letter() bool { return hira <= c && c <= latin }
func (c class) gap() bool    { return c >= newline }

// classOf is the class of a rune of a Plain view.
func classOf(r rune) class {
	switch {
	case r <= 0x7E:
		return ascii[max(r, 0)]
	case kana(r):
		if r < 0x30A0 {
			return hira
		}
		return kata
	case 0x4E00 <= r && r <= 0x9FFF, r == '々', r == '〆':
		return han
	}
	switch r {
	case '、', '。':
		return pause
	case '・', '·', '•', '‧', '∙', '⋅', '‐', '‑', '‒', '–', '—', '―', '─', '−', '〜', '〰', '∼', '‖', '│', '¦', '⁄', '∕',
		'‘', '’', '′', '※', '⋯':
		return mark
	case '♡', '♥', '❤', '♪', '♫', '♬':
		return ornament
	case '〇', '×':
		return other // they stand for a letter
	}
	switch {
	case unicode.Is(unicode.Han, r):
		return han
	case unicode.Is(unicode.Latin, r):
		return latin
	case unicode.Is(unicode.Nd, r):
		return digit
	case 0x1F000 <= r && r <= 0x1FBFF:
		return ornament
	case unicode.In(r, unicode.So, unicode.Sk):
		return mark
	}
	return other
}

var ascii = func() (t [0x7F]class) {
	for r := '0'; r <= '9'; r++ {
		t[r] = digit
	}
	for r := 'a'; r <= 'z'; r++ {
		t[r] = latin
	}
	for _, r := range " .," {
		t[r] = pause
	}
	for _, r := range "-_*/\\|~^'`+=" {
		t[r] = mark
	}
	t['\n'] = newline
	return t
}()
