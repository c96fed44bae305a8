package automaton

import (
	"math"
	"math/bits"
	"unicode/utf8"
)

// A candidate is a position at which a pattern may begin, or two characters before one that is a pattern by itself.
type candidate struct {
	codes uint64 // of the first four characters, the first highest; 0 behind the text
	pos   uint64 // of the character after them: its number <<32 | its index in the text
}

// A place is a candidate in the queue, and what climb finds there.
type place struct {
	candidate
	last uint64 // the deepest node of the first four that ends a pattern
	rest uint64 // where the children of the fourth are, 0 if there are none; the bits of the ends
}

// The bits in rest of what ends a pattern.
const (
	endsThird = endFlag >> 1 // the third character by itself
	endsTwo   = endFlag      // the first two; those of three and four follow
)

// A scanner is how far a text has been read.
type scanner struct {
	candidate        // of three characters ago
	passed    uint64 // 1 if the one of two characters ago is to be queued
	k         uint64 // words of the queue in use
	queue     [queueLen]place
}

const (
	queueLen   = 16
	placeWords = 4                           // of 64 bits
	enough     = (queueLen - 1) * placeWords // to be looked up; below, there is room for two

	maxText = 1<<31 - 1
	nextPos = 1 << 32 // one character on
)

// isThree says whether the four bytes of x begin with the pattern of bits of a character of three.
func isThree(x uint32) bool { return x&0xC0C0F0 == 0x8080E0 }

// three is the character of three bytes at the beginning of x.
func three(x uint32) uint64 { return uint64(x&0xF<<12 | x>>2&0xFC0 | x>>16&0x3F) }

// Find appends the matches of all patterns in text to dst, overlapping ones too: in order of their end, for the same end the
// longer first, equal patterns in order of their number. A byte that is not UTF-8 counts as one U+FFFD, as in []rune(text).
// It allocates only where dst has no room. A text of 2 GiB or more is too long and panics.
func (m *Matcher) Find(dst []Match, text string) []Match {
	if len(text) > maxText {
		panic("automaton: text of 2 GiB or more")
	}
	var s scanner
	base, budget := len(dst), 64+len(text)/6
	for budget >= 0 {
		m.scan(&s, text)
		for s.k < enough {
			p := int(uint32(s.pos))
			if p == len(text) {
				m.pushEnd(&s)
				if dst, budget = m.flush(dst, base, &s, text, budget); budget < 0 {
					return m.linear(dst[:base], text)
				}
				return dst
			}
			c, size := m.codeAt(text, p)
			if m.push(&s, c, uint64(size)); p+size+8 <= len(text) {
				break // scan has enough to go on
			}
		}
		if s.k >= enough {
			dst, budget = m.flush(dst, base, &s, text, budget)
		}
	}
	return m.linear(dst[:base], text)
}

// FindRunes is Find over code points. A rune that is none (a surrogate, a negative number) is no character of any pattern.
func (m *Matcher) FindRunes(dst []Match, text []rune) []Match {
	if len(text) > maxText {
		panic("automaton: text of 2^31 code points or more")
	}
	var s scanner
	base, budget := len(dst), 64+len(text)/2
	for budget >= 0 {
		m.scanRunes(&s, text)
		p := int(uint32(s.pos))
		switch {
		case s.k >= enough:
			dst, budget = m.flushRunes(dst, base, &s, text, budget)
		case p < len(text):
			m.push(&s, m.code(text[p]), 1)
		default:
			m.pushEnd(&s)
			if dst, budget = m.flushRunes(dst, base, &s, text, budget); budget >= 0 {
				return dst
			}
		}
	}
	return m.linearRunes(dst[:base], text)
}

// Scan calls hit for the matches in text, in the order of Find, until it returns false.
func (m *Matcher) Scan(text []rune, hit func(pattern, start, end int) bool) {
	var room [64]Match
	for _, x := range m.FindRunes(room[:0], text) {
		if !hit(int(x.Pattern), int(x.Start), int(x.End)) {
			return
		}
	}
}

// decode is the code of the first character of s and its length in bytes.
func (m *Matcher) decode(s string) (code uint64, size int) {
	r, size := utf8.DecodeRuneInString(s)
	return m.code(r), size
}

// push takes one character of size bytes.
func (m *Matcher) push(s *scanner, c, size uint64) {
	f := at(m.filter, hash2(s.codes)&m.filterMask)
	s.codes = s.codes<<16 | c
	s.pos += nextPos + size
	put(&s.queue, s.k, s.candidate)
	s.k += s.passed * placeWords
	s.passed = f >> (c & 63) & 1
}

// pushEnd takes the two places behind the text that its last positions look at. Where the queue has not enough yet, it has room for both.
func (m *Matcher) pushEnd(s *scanner) {
	m.push(s, 0, 0)
	m.push(s, 0, 0)
}

// scan takes characters of three bytes and of one until another one comes, the text ends or the queue is full. It is the
// loop in which all the time goes: it calls nothing, so that everything stays in registers, and takes two characters of three bytes at once.
func (m *Matcher) scan(s *scanner, text string) {
	filter, mask := m.filter, m.filterMask
	w, pos, k, passed := s.codes, s.pos, s.k, s.passed
	end := uint64(max(len(text)-7, 0)) // from here on there are no eight bytes to load
	for k < enough && uint64(uint32(pos)) < end {
		x := load64(text, uint64(uint32(pos)))
		if x&0xC0C0F0C0C0F0 == 0x8080E08080E0 {
			t := x<<12&0xF00000F000 | x>>2&0xFC0000FC0 | x>>16&0x3F00003F
			c, d := uint64(at16(m.bmp[:], t&0xFFFF)), uint64(at16(m.bmp[:], t>>24))
			if c == illFormed || d == illFormed {
				break
			}
			f := at(filter, hash2(w)&mask)
			w = w<<16 | c
			pos += nextPos + 3
			put(&s.queue, k, candidate{w, pos})
			k += passed * placeWords
			passed = f >> (c & 63) & 1
			f = at(filter, hash2(w)&mask)
			w = w<<16 | d
			pos += nextPos + 3
			put(&s.queue, k, candidate{w, pos})
			k += passed * placeWords
			passed = f >> (d & 63) & 1
			continue
		}
		var c uint64
		if isThree(uint32(x)) {
			if c = uint64(at16(m.bmp[:], three(uint32(x)))); c == illFormed {
				break
			}
			pos += nextPos + 3
		} else if x&0x80 == 0 {
			c = uint64(at16(m.low[:], x&0x7F))
			pos += nextPos + 1
		} else {
			break
		}
		f := at(filter, hash2(w)&mask)
		w = w<<16 | c
		put(&s.queue, k, candidate{w, pos})
		k += passed * placeWords
		passed = f >> (c & 63) & 1
	}
	s.codes, s.pos, s.k, s.passed = w, pos, k, passed
}

// scanRunes is scan over code points, up to one beyond U+FFFF.
func (m *Matcher) scanRunes(s *scanner, text []rune) {
	filter, mask := m.filter, m.filterMask
	w, pos, k, passed := s.codes, s.pos, s.k, s.passed
	for k < enough && int(uint32(pos)) < len(text) {
		r := uint32(text[uint32(pos)])
		var c uint64
		if r < 0x800 {
			c = uint64(m.low[r])
		} else if r < 0x10000 {
			if c = uint64(m.bmp[r]); c == illFormed {
				break
			}
		} else {
			break
		}
		pos += nextPos + 1
		f := at(filter, hash2(w)&mask)
		w = w<<16 | c
		put(&s.queue, k, candidate{w, pos})
		k += passed * placeWords
		passed = f >> (c & 63) & 1
	}
	s.codes, s.pos, s.k, s.passed = w, pos, k, passed
}

// thin empties the queue but for the candidates that may have a pattern of two or three characters, or the first four of a
// longer one, and for those with a pattern of one character. It says how many these are. It has no branches either.
func (m *Matcher) thin(s *scanner) uint64 {
	filter, mask, deep, shift, alone := m.filter, m.filterMask, m.deep, m.deepShift&63, m.alone
	left, n := uint64(0), s.k
	for i := uint64(0); i < n; i += placeWords {
		q := get(&s.queue, i)
		f := at(filter, hash2(q.codes>>32)&mask)
		d := at(deep, hash3(q.codes)>>shift)
		put(&s.queue, left, q)
		left += (d>>(q.codes&63) | alone>>(q.codes>>16&63) | isFull(f)) & 1 * placeWords
	}
	s.k = 0
	return left
}

func isFull(f uint64) uint64 {
	if f == 1<<64-1 {
		return 1
	}
	return 0
}

// climb looks up the first four characters of the candidates in the first n words of the queue, and keeps those where a pattern ends or may go
// on. It has no branches, so that the processor climbs from several at a time and waits for all their nodes together.
func (m *Matcher) climb(s *scanner, n uint64) uint64 {
	nodes, alone, left := m.nodes, m.alone, uint64(0)
	for i := uint64(0); i < n; i += placeWords {
		q := get(&s.queue, i)
		c1, c2, c3, c4 := q.codes>>48, q.codes>>32&0xFFFF, q.codes>>16&0xFFFF, q.codes&0xFFFF
		n1 := child(nodes, rootBase, c1)
		n2 := child(nodes, children(n1), c2)
		n3 := child(nodes, children(n2), c3)
		n4 := child(nodes, children(n3), c4)
		last, rest := n2, n2&endFlag|alone>>(c3&63)&1*endsThird
		if n3&endFlag != 0 {
			last = n3
		}
		rest |= n3 & endFlag << 1
		if n4&endFlag != 0 {
			last = n4
		}
		rest |= n4&endFlag<<2 | children(n4)
		keep(&s.queue, left, place{q, last, rest})
		left += (rest | -rest) >> 63 * placeWords
	}
	return left
}

// child is the node of code c under a node whose children are at base, or 0.
func child(nodes []uint64, base, c uint64) uint64 {
	n := at(nodes, base+c)
	return n & -isZero(label(n)^c)
}

// isZero is 1 for 0, and 0 for what is less than 1<<63.
func isZero(x uint64) uint64 { return (x - 1) >> 63 }

// flush looks the queue up in the trie. It returns what is left of the budget.
func (m *Matcher) flush(dst []Match, base int, s *scanner, text string, budget int) ([]Match, int) {
	left := m.climb(s, m.thin(s))
	for i := uint64(0); i < left && budget >= 0; i += placeWords {
		p := &s.queue[i/placeWords%queueLen]
		dst, budget = m.tell(dst, base, p, budget)
		if n := p.rest & math.MaxUint32; n != 0 {
			dst, budget = m.walk(dst, base, text, p, n, budget)
		}
	}
	return dst, budget
}

// flushRunes is flush over code points.
func (m *Matcher) flushRunes(dst []Match, base int, s *scanner, text []rune, budget int) ([]Match, int) {
	left := m.climb(s, m.thin(s))
	for i := uint64(0); i < left && budget >= 0; i += placeWords {
		p := &s.queue[i/placeWords%queueLen]
		dst, budget = m.tell(dst, base, p, budget)
		if n := p.rest & math.MaxUint32; n != 0 {
			dst, budget = m.walkRunes(dst, base, text, p, n, budget)
		}
	}
	return dst, budget
}

// tell adds the matches of two to four characters that start at p, and that of its third character alone.
func (m *Matcher) tell(dst []Match, base int, p *place, budget int) ([]Match, int) {
	ends, start := p.rest/endsThird, int32(p.pos>>32)-4
	switch {
	case ends == 0:
		return dst, budget
	case ends&(ends-1|1) == 0: // one, of the first characters
		return m.add(dst, base, Match{m.pattern(p.last), start, start + int32(bits.Len64(ends))}, budget)
	}
	s, codes := uint64(rootBase), p.codes
	for i := range int32(4) {
		n := child(m.nodes, s, codes>>48)
		s, codes = children(n), codes<<16
		if i > 0 && ends>>i&1 != 0 {
			dst, budget = m.add(dst, base, Match{m.pattern(n), start, start + i + 1}, budget)
		}
	}
	if ends&1 != 0 {
		n := child(m.nodes, rootBase, p.codes>>16&0xFFFF)
		dst, budget = m.add(dst, base, Match{m.pattern(n), start + 2, start + 3}, budget)
	}
	return dst, budget
}

// walk adds the matches of more than four characters that start at p: n is where the children of its fourth are.
func (m *Matcher) walk(dst []Match, base int, text string, p *place, n uint64, budget int) ([]Match, int) {
	start, end := int32(p.pos>>32)-4, int32(p.pos>>32)
	for i := int(uint32(p.pos)); i < len(text); {
		c, size := m.codeAt(text, i)
		x := at(m.nodes, n+c)
		if label(x) != c {
			break
		}
		budget--
		i += size
		if end++; x&endFlag != 0 {
			dst, budget = m.add(dst, base, Match{m.pattern(x), start, end}, budget)
		}
		n = children(x)
	}
	return dst, budget
}

// walkRunes is walk over code points.
func (m *Matcher) walkRunes(dst []Match, base int, text []rune, p *place, n uint64, budget int) ([]Match, int) {
	start, end := int32(p.pos>>32)-4, int32(p.pos>>32)
	for i := int(uint32(p.pos)); i < len(text); i++ {
		c := m.code(text[i])
		x := at(m.nodes, n+c)
		if label(x) != c {
			break
		}
		budget--
		if end++; x&endFlag != 0 {
			dst, budget = m.add(dst, base, Match{m.pattern(x), start, end}, budget)
		}
		n = children(x)
	}
	return dst, budget
}

// codeAt is the code of the character of text at byte i and its length in bytes.
func (m *Matcher) codeAt(text string, i int) (code uint64, size int) {
	var x uint32
	if i+4 <= len(text) {
		x = load32(text, uint64(i))
	} else if i+3 == len(text) && i > 0 {
		x = load32(text, uint64(i-1)) >> 8
	}
	if isThree(x) {
		if c := m.bmp[three(x)&0xFFFF]; c != illFormed {
			return uint64(c), 3
		}
	}
	return m.decode(text[i:])
}

// add puts a match and those of the patterns equal to its in order behind base. What it moves costs budget.
func (m *Matcher) add(dst []Match, base int, x Match, budget int) ([]Match, int) {
	for {
		dst = append(dst, x)
		i := len(dst) - 1
		for ; i > base && (dst[i-1].End > x.End || dst[i-1].End == x.End && dst[i-1].Start > x.Start); i-- {
			dst[i] = dst[i-1]
			budget--
		}
		dst[i] = x
		if !m.equal {
			return dst, budget
		}
		q := m.next[x.Pattern]
		if q == none || m.length[q] != m.length[x.Pattern] {
			return dst, budget
		}
		x.Pattern = q
	}
}
