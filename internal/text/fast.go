package text

import (
	"slices"
	"strings"
	"sync"
)

// Most characters are normalised by themselves, whatever stands beside them. What each becomes, and what it is, stands in tables; a text
// of such characters goes through them in one pass, into memory that is used again. The rest takes the way of plain and undisguise,
// whose results these must equal.

// What a character is, in bits.
const (
	bitsClass  = 0x0f // its class
	bitDraws   = 0x20 // draws out a vowel
	bitPoses   = 0x40 // may begin what undisguise puts right
	bitBracket = 0x100
	bitEnds    = 0x200 // may end a sentence
	bitItself  = 0x400 // of symbols: stands for itself in the Plain view, whatever stands beside it
)

// What a character becomes in the Plain view: itself or another one, or one of these.
const (
	several   = 0 // none or several, as expand says
	entangled = 1 // depends on its neighbours or changes them
)

const (
	tableSize = 0x10000 // of the basic plane
	// Emoji and the like.
	symbolsFrom, symbolsTo = 0x1F000, 0x1FC00
)

var (
	plainTable  [tableSize]uint16
	infoTable   [tableSize]uint16
	infoSymbols [symbolsTo - symbolsFrom]uint16
	expansions  = map[rune][]rune{} // of the characters that become none or several
	filled      sync.Once
)

// fillTables takes some milliseconds, which a program that normalises nothing does without.
func fillTables() {
	for r := range rune(tableSize) {
		plainTable[r], infoTable[r] = plainOf(r), infoOf(r)
	}
	for i := range infoSymbols {
		r := symbolsFrom + rune(i)
		infoSymbols[i] = infoOf(r)
		if out := expand(nil, r); len(out) == 1 && out[0] == r && alone(r) && lower(r) == r {
			infoSymbols[i] |= bitItself
		}
	}
}

// plainOf says what a character of the basic plane becomes in the Plain view.
func plainOf(r rune) uint16 {
	if settled(r) {
		return uint16(r)
	}
	if r == '&' || r == '\r' || r >= 0xAC00 && r <= 0xF8FF { // Hangul, surrogates and private use take the slow way
		return entangled
	}
	var buf [32]rune
	out := expand(buf[:0], r)
	for _, x := range out {
		if !alone(x) || x == '&' || x == '\r' {
			return entangled
		}
	}
	if len(out) == 1 {
		if l := lower(out[0]); l > entangled && l < tableSize {
			return uint16(l)
		}
	}
	for i, x := range out {
		out[i] = lower(x)
	}
	expansions[r] = slices.Clone(out)
	return several
}

func infoOf(r rune) uint16 {
	b := uint16(classOf(r))
	if draws(r) {
		b |= bitDraws
	}
	if mayBeginPosing(r) {
		b |= bitPoses
	}
	if strings.ContainsRune(brackets, r) {
		b |= bitBracket
	}
	if strings.ContainsRune(stops, r) || r == '\n' {
		b |= bitEnds
	}
	return b
}

func info(r rune) uint16 {
	switch {
	case uint32(r) < tableSize:
		return infoTable[r]
	case symbolsFrom <= r && r < symbolsTo:
		return infoSymbols[r-symbolsFrom]
	}
	return infoOf(r)
}

// mayBeginPosing is false only where posing and romanised have nothing to say of r.
func mayBeginPosing(r rune) bool {
	if _, ok := smallKana[r]; ok && hiraRune(r) {
		return true
	}
	if hiraRune(r) {
		return false
	}
	_, looksLatin := lookLatin[r]
	_, looksKatakana := lookKatakana[r]
	_, isLeet := leet[r]
	return looksLatin || looksKatakana || isLeet || len(madeOf[r]) > 0 || r >= 'a' && r <= 'z'
}

// mayPose is false only where undisguise has nothing to put right.
func mayPose(runes []rune) bool {
	letters := 0
	for i, r := range runes {
		if info(r)&bitPoses == 0 {
			continue
		}
		if r >= 'a' && r <= 'z' {
			letters++
		}
		if n, _ := posing(runes, i); n > 0 {
			return true
		}
	}
	if letters < leastRomanised {
		return false
	}
	japanese, _ := readsAsJapanese(runes)
	return japanese
}

// itself says of a character beyond the basic plane that it stands for itself. It may say no where the answer is yes.
func itself(r rune) bool {
	return symbolsFrom <= r && r < symbolsTo && infoSymbols[r-symbolsFrom]&bitItself != 0
}

// plainOneByOne makes the Plain view where each character stands for itself, or says that they do not.
func (t *Text) plainOneByOne() bool {
	m := &t.plain
	m.runes = m.runes[:0]
	for i, r := range t.Runes {
		if uint32(r) >= tableSize {
			if !itself(r) {
				return t.plainFrom(i)
			}
			m.runes = append(m.runes, r)
			continue
		}
		p := plainTable[r]
		if p <= entangled {
			return p == several && t.plainFrom(i)
		}
		m.runes = append(m.runes, rune(p))
	}
	t.Plain = identity(m.runes)
	return true
}

// plainFrom goes on with plainOneByOne at a character that leads to none or several.
func (t *Text) plainFrom(i int) bool {
	m := &t.plain
	m.start, m.end = m.start[:0], m.end[:0]
	for k := range m.runes {
		m.start, m.end = append(m.start, int32(k)), append(m.end, int32(k+1))
	}
	for ; i < len(t.Runes); i++ {
		r := t.Runes[i]
		if uint32(r) < tableSize {
			switch p := plainTable[r]; p {
			case entangled:
				return false
			case several:
				for _, x := range expansions[r] {
					m.runes, m.start, m.end = append(m.runes, x), append(m.start, int32(i)), append(m.end, int32(i+1))
				}
				continue
			default:
				m.runes, m.start, m.end = append(m.runes, rune(p)), append(m.start, int32(i)), append(m.end, int32(i+1))
				continue
			}
		}
		if itself(r) {
			m.runes, m.start, m.end = append(m.runes, r), append(m.start, int32(i)), append(m.end, int32(i+1))
			continue
		}
		for _, x := range expand(nil, r) {
			if !alone(x) || x == '&' || x == '\r' {
				return false
			}
			m.runes, m.start, m.end = append(m.runes, lower(x)), append(m.start, int32(i)), append(m.end, int32(i+1))
		}
	}
	t.Plain = View{m.runes, m.start, m.end}
	return true
}

// foldPlain makes the Folded view and its classes: fold, in t's memory.
func (t *Text) foldPlain() {
	m := &t.folded
	m.runes, t.classes = m.runes[:0], t.classes[:0]
	same, moved := true, false // as plain; not at plain's places
	for i, r := range t.Plain.Runes {
		b, n := info(r), len(m.runes)
		f, keep := next(m.runes, r)
		if !keep {
			if !moved {
				moved = true
				m.start, m.end = append(m.start[:0], t.Plain.Start[:i]...), append(m.end[:0], t.Plain.End[:i]...)
			}
			m.end[len(m.end)-1] = t.Plain.End[i]
			same = false
			continue
		}
		same = same && f == r
		m.runes = append(m.runes, f)
		if moved {
			m.start, m.end = append(m.start, t.Plain.Start[i]), append(m.end, t.Plain.End[i])
		}
		c := class(b & bitsClass)
		if b&bitDraws != 0 && n > 0 && t.classes[n-1].letter() && (same || f == 'ー') {
			c = t.classes[n-1]
		}
		t.classes = append(t.classes, c)
	}
	switch {
	case same:
		t.Folded = t.Plain
	case moved:
		t.Folded = View{m.runes, m.start, m.end}
	default:
		t.Folded = View{m.runes, t.Plain.Start, t.Plain.End}
	}
}
