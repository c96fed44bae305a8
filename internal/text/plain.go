package text

import (
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// plain makes the Plain view of a text's code points, in steps each of which leaves alone what those
// before it have done:
//
//  1. every code point by itself: dropped, or replaced by its NFKC form, white space made uniform;
//  2. HTML entities decoded, until none is left, and what they stand for treated as in step 1;
//  3. lower case, combining marks composed or dropped, line ends made uniform.
//
// An entity is found whatever its letters look like (＆ｌｔ；) and whatever is hidden between them, since
// step 1 comes first; and it may stand for a combining mark, since step 3 comes last.
func plain(runes []rune) View {
	k := 0
	for k < len(runes) && settled(runes[k]) {
		k++
	}
	if k == len(runes) {
		return identity(runes)
	}

	// The rune before may get a combining mark.
	k = max(0, k-1)
	id := identity(runes)
	v := id.cut(k)
	marks, entities := false, false
	var buf [32]rune
	for i := k; i < len(runes); i++ {
		for _, r := range expand(buf[:0], runes[i]) {
			v.push(r, int32(i), int32(i+1))
			marks = marks || !alone(r)
			entities = entities || r == '&'
		}
	}
	if entities {
		v, marks = decode(v)
	}
	if marks {
		v = compose(v)
	}
	for i, r := range v.Runes[k:] {
		v.Runes[k+i] = lower(r)
	}
	return lines(v)
}

// settled reports whether r stays as it is, whatever stands before it. It may say no where the answer
// is yes: it need only be right and quick for common characters.
func settled(r rune) bool {
	switch {
	case r < ' ':
		return r == '\n'
	case r < 0x7F:
		return r != '&' && (r < 'A' || r > 'Z')
	case 0x3041 <= r && r <= 0x3096, // hiragana
		0x30A1 <= r && r <= 0x30FE,   // katakana, ・ and ー
		0x4E00 <= r && r <= 0x9FFF,   // kanji
		0x3001 <= r && r <= 0x3015,   // 、。々「」 and the like
		0x1F300 <= r && r <= 0x1F64F: // emoji
		return true
	}
	return false
}

// alone reports whether r neither is a combining mark nor joins what stands before it otherwise, as
// a conjoining jamo does.
func alone(r rune) bool {
	if r < 0x300 || settled(r) {
		return true
	}
	if unicode.Is(unicode.M, r) {
		return false
	}
	var b [utf8.UTFMax]byte
	return norm.NFC.Properties(b[:utf8.EncodeRune(b[:], r)]).BoundaryBefore()
}

// expand appends what r stands for: its NFKC form without what cannot be seen.
func expand(dst []rune, r rune) []rune {
	if settled(r) || 'A' <= r && r <= 'Z' || r == '&' {
		return append(dst, r)
	}
	switch r {
	case 0x309B, 0x309C: // ゛ and ゜: NFKC would put a space before the mark
		return append(dst, r-2)
	}
	var b [utf8.UTFMax]byte
	in := b[:utf8.EncodeRune(b[:], r)]
	if norm.NFKC.QuickSpan(in) == len(in) {
		return appendVisible(dst, r)
	}
	var out [64]byte
	for rest := norm.NFKC.Append(out[:0], in...); len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		dst = appendVisible(dst, r)
		rest = rest[size:]
	}
	return dst
}

// appendVisible appends r unless it is invisible, and makes white space uniform.
func appendVisible(dst []rune, r rune) []rune {
	switch {
	case r == '\n' || r == '\r':
		return append(dst, r)
	case r == 0x85 || r == 0x2028 || r == 0x2029: // next line, line and paragraph separator
		return append(dst, '\n')
	case r == 0x2800 || unicode.IsSpace(r): // the braille pattern without dots is a blank too
		return append(dst, ' ')
	case invisible(r):
		return dst
	}
	return append(dst, r)
}

// invisible reports whether r shows nothing and takes no room: controls, zero-width characters,
// direction marks, variation selectors, tags, fillers. The last three are the derived property
// Default_Ignorable_Code_Point, except that all of Cf goes.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// lower is r in lower case, one for one: ß and its like stay.
func lower(r rune) rune {
	return unicode.ToLower(r)
}

// The longest name of an entity has 31 letters, CounterClockwiseContourIntegral.
const maxEntity = 40

// decode replaces HTML entities by what they stand for, as [html.UnescapeString] does, until nothing is
// left to decode: &amp;lt; is <, and so is &am&#112;lt;. It works from the right, so that whatever
// follows an ampersand is already decoded when its turn comes, and depth of nesting costs no time.
// It also reports whether the result has characters that join others.
//
// A combining mark within an entity does not hide it, and an entity that exists only in lower case counts
// in upper case too, since step 3 would bring it to light.
func decode(v View) (_ View, marks bool) {
	var s View // a stack: the end of the text is at the bottom
	var buf [32]rune
	for i, r := range slices.Backward(v.Runes) {
		s.push(r, v.Start[i], v.End[i])
		for len(s.Runes) > 0 && s.Runes[len(s.Runes)-1] == '&' {
			decoded, n := entity(s.Runes)
			if n == 0 {
				break
			}
			top := len(s.Runes)
			start, end := s.Start[top-1], s.End[top-n]
			s.Runes, s.Start, s.End = s.Runes[:top-n], s.Start[:top-n], s.End[:top-n]
			out := buf[:0]
			for _, r := range decoded {
				out = expand(out, r)
			}
			for _, r := range slices.Backward(out) {
				s.push(r, start, end)
			}
		}
	}
	slices.Reverse(s.Runes)
	slices.Reverse(s.Start)
	slices.Reverse(s.End)
	return s, slices.ContainsFunc(s.Runes, func(r rune) bool { return !alone(r) })
}

// entity decodes the entity at the top of a stack of runes, where an ampersand lies. n is how many
// of them it takes, 0 if there is none.
func entity(stack []rune) (decoded string, n int) {
	asIs := func(r rune) rune { return r }
	for _, f := range []func(rune) rune{asIs, lower} {
		name, ends := candidate(stack, f)
		out := html.UnescapeString(name)
		switch {
		case out == name:
		case name[1] == '#':
			return out, ends[len(ends)-1]
		default:
			// A name without a semicolon may go on with letters that are none of its own.
			for i, n := range ends {
				if decoded := html.UnescapeString(name[:i+1]); decoded+name[i+1:] == out {
					return decoded, n
				}
			}
		}
	}
	return "", 0
}

// candidate is the longest string from the top of a stack of runes, each taken through f, that may be an entity.
// The i-th byte of it ends with the ends[i] topmost runes.
func candidate(stack []rune, f func(rune) rune) (name string, ends []int) {
	var b strings.Builder
	numeric, hex := false, false
	for n := 1; n <= len(stack); n++ {
		r := f(stack[len(stack)-n])
		if r >= utf8.RuneSelf {
			if unicode.Is(unicode.M, r) {
				continue
			}
			break
		}
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		digit := '0' <= r && r <= '9'
		var ok bool
		switch i := b.Len(); {
		case i == 0: // the ampersand
			ok = true
		case i == 1 && r == '#':
			ok, numeric = true, true
		case numeric && i == 2 && (r == 'x' || r == 'X'):
			ok, hex = true, true
		case numeric:
			ok = digit || hex && letter && unicode.Is(unicode.ASCII_Hex_Digit, r)
		default:
			ok = (letter || digit) && i < maxEntity
		}
		if !ok && r != ';' {
			break
		}
		b.WriteByte(byte(r))
		ends = append(ends, n)
		if !ok {
			break
		}
	}
	return b.String(), ends
}

// Marks that a letter may carry. More of them are there to deface the text.
const (
	maxMarks        = 2
	maxMarksComplex = 8 // in scripts that write vowels and tones so
)

// compose joins letters with the combining marks after them, by NFC, and drops the marks that do not
// join. So か followed by U+3099 is が, and a letter with a pile of marks is the letter.
func compose(v View) View {
	out := v.cut(0)
	var b, seg []byte
	for i := 0; i < len(v.Runes); {
		j := i + 1
		for j < len(v.Runes) && !alone(v.Runes[j]) {
			j++
		}
		first := lower(v.Runes[i])
		if j == i+1 && alone(first) {
			out.push(first, v.Start[i], v.End[i])
			i = j
			continue
		}
		complexScript := writesMarks(first)
		limit := maxMarks
		switch {
		case complexScript:
			limit = maxMarksComplex
		case kana(first):
			limit = 1
		}
		seg = utf8.AppendRune(seg[:0], first)
		bare := len(seg)
		marks, jamo := 0, false
		for _, r := range v.Runes[i+1 : j] {
			switch {
			case !unicode.Is(unicode.M, r):
				jamo = true
			case kana(first) && r != 0x3099 && r != 0x309A: // marks of other scripts take no room from these
				continue
			default:
				marks++
				if marks > limit {
					continue
				}
			}
			seg = utf8.AppendRune(seg, r)
		}
		if !complexScript && (jamo || marks > limit && limit == maxMarks) {
			seg = seg[:bare]
			for _, r := range v.Runes[i+1 : j] {
				if !unicode.Is(unicode.M, r) {
					seg = utf8.AppendRune(seg, r)
				}
			}
		}
		b = norm.NFC.Append(b[:0], seg...)
		for rest := b; len(rest) > 0; {
			r, size := utf8.DecodeRune(rest)
			rest = rest[size:]
			if complexScript || !unicode.Is(unicode.M, r) {
				out.push(r, v.Start[i], v.End[j-1])
			}
		}
		i = j
	}
	return out
}

// kana reports whether r is a hiragana or katakana letter, ー and the iteration marks included.
func kana(r rune) bool {
	return 0x3041 <= r && r <= 0x3096 || r == 'ゝ' || r == 'ゞ' ||
		0x30A1 <= r && r <= 0x30FA || 0x30FC <= r && r <= 0x30FE || 0x31F0 <= r && r <= 0x31FF
}

// writesMarks reports whether r is a letter of a script that cannot do without marks, such as Thai,
// Arabic or Devanagari.
func writesMarks(r rune) bool {
	return r >= 0x590 && !settled(r) && unicode.IsLetter(r) &&
		!unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hiragana, unicode.Katakana,
			unicode.Han, unicode.Hangul, unicode.Common)
}

// lines writes every end of a line as one \n.
func lines(v View) View {
	if !slices.Contains(v.Runes, '\r') {
		return v
	}
	out := v.cut(0)
	for i, r := range v.Runes {
		switch {
		case r == '\n' && i > 0 && v.Runes[i-1] == '\r':
			out.End[len(out.End)-1] = v.End[i]
		case r == '\r':
			out.push('\n', v.Start[i], v.End[i])
		default:
			out.push(r, v.Start[i], v.End[i])
		}
	}
	return out
}
