package automaton

import "unicode/utf8"

// A candidate is a position at which a pattern may begin.
type candidate struct {
	codes uint64 // of the first four characters, the first lowest; 0 behind the text
	pos   uint64 // of the character after them: its number <<32 | its index in the text
}

// A scanner is how far a text has been read.
type scanner struct {
	candidate        // of three characters ago
	k         uint64 // candidates in the queue
	queue     [queueLen]candidate
}

const (
	queueLen = 32

	maxText  = 1<<31 - 1
	nextPos  = 1 << 32 // one character on
	lookback = 3       // characters after which a position has its four codes
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
	for behind := 0; budget >= 0; {
		m.scan(&s, text)
		if s.k == queueLen {
			dst, budget = m.flush(dst, base, &s, text, budget)
			continue
		}
		if p := uint32(s.pos); int(p) < len(text) {
			c, size := m.decode(text[p:])
			m.push(&s, c, uint64(size))
			continue
		}
		if behind == lookback {
			if dst, budget = m.flush(dst, base, &s, text, budget); budget < 0 {
				break
			}
			return dst
		}
		behind++
		m.push(&s, 0, 0)
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
	for behind := 0; budget >= 0; {
		m.scanRunes(&s, text)
		if s.k == queueLen {
			dst, budget = m.flushRunes(dst, base, &s, text, budget)
			continue
		}
		if p := uint32(s.pos); int(p) < len(text) {
			m.push(&s, m.code(text[p]), 1)
			continue
		}
		if behind == lookback {
			if dst, budget = m.flushRunes(dst, base, &s, text, budget); budget < 0 {
				break
			}
			return dst
		}
		behind++
		m.push(&s, 0, 0)
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
	s.codes = s.codes>>16 | c<<48
	s.pos += nextPos + size
	f := at(m.filter, hash2(s.codes)&m.filterMask)
	put(&s.queue, s.k, s.candidate)
	s.k += (f>>(s.codes>>33&63) | s.codes) & 1
}

// scan takes characters of three bytes and of one until another one comes, the text ends or the queue is full. It is the
// loop in which all the time goes: it calls nothing, so that everything stays in registers.
func (m *Matcher) scan(s *scanner, text string) {
	low, bmp, filter, mask := m.low, m.bmp, m.filter, m.filterMask
	w, pos, k := s.codes, s.pos, s.k
	end := uint64(max(len(text)-3, 0)) // from here on there are no four bytes to load
	for k < queueLen && uint64(uint32(pos)) < end {
		x := load32(text, uint64(uint32(pos)))
		var c uint64
		if isThree(x) {
			if c = uint64(at16(bmp[:], three(x))); c == illFormed {
				break
			}
			pos += nextPos + 3
		} else if x&0x80 == 0 {
			c = uint64(at16(low[:], uint64(x&0x7F)))
			pos += nextPos + 1
		} else {
			break
		}
		w = w>>16 | c<<48
		f := at(filter, hash2(w)&mask)
		put(&s.queue, k, candidate{w, pos})
		k += (f>>(w>>33&63) | w) & 1
	}
	s.codes, s.pos, s.k = w, pos, k
}

// scanRunes is scan over code points, up to one beyond U+FFFF.
func (m *Matcher) scanRunes(s *scanner, text []rune) {
	low, bmp, filter, mask := m.low, m.bmp, m.filter, m.filterMask
	w, pos, k := s.codes, s.pos, s.k
	for k < queueLen && int(uint32(pos)) < len(text) {
		r := uint32(text[uint32(pos)])
		var c uint64
		if r < 0x800 {
			c = uint64(low[r])
		} else if r < 0x10000 {
			if c = uint64(bmp[r]); c == illFormed {
				break
			}
		} else {
			break
		}
		pos += nextPos + 1
		w = w>>16 | c<<48
		f := at(filter, hash2(w)&mask)
		put(&s.queue, k, candidate{w, pos})
		k += (f>>(w>>33&63) | w) & 1
	}
	s.codes, s.pos, s.k = w, pos, k
}

// thin empties the queue but for the candidates that may have a pattern of less than four characters, or the first four of a
// longer one, and says how many these are. It has no branches either.
func (m *Matcher) thin(s *scanner) uint64 {
	filter, mask, deep, shift := m.filter, m.filterMask, m.deep, m.deepShift&63
	left := uint64(0)
	for i := range s.k {
		q := get(&s.queue, i)
		f := at(filter, hash2(q.codes)&mask)
		d := at(deep, hash3(q.codes)>>shift)
		put(&s.queue, left, q)
		left += (q.codes | d>>(q.codes>>49&63) | isFull(f)) & 1
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

// flush looks the queue up in the trie. It returns what is left of the budget.
func (m *Matcher) flush(dst []Match, base int, s *scanner, text string, budget int) ([]Match, int) {
	left := m.thin(s)
	for i := uint64(0); i < left && budget >= 0; i++ {
		dst, budget = m.walk(dst, base, text, &s.queue[i%queueLen], budget)
	}
	return dst, budget
}

// flushRunes is flush over code points.
func (m *Matcher) flushRunes(dst []Match, base int, s *scanner, text []rune, budget int) ([]Match, int) {
	left := m.thin(s)
	for i := uint64(0); i < left && budget >= 0; i++ {
		dst, budget = m.walkRunes(dst, base, text, &s.queue[i%queueLen], budget)
	}
	return dst, budget
}

// walk adds the matches that start at q.
func (m *Matcher) walk(dst []Match, base int, text string, q *candidate, budget int) ([]Match, int) {
	n, dst, budget := m.head(dst, base, q, budget)
	if n == 0 {
		return dst, budget
	}
	start, end := int32(q.pos>>32)-4, int32(q.pos>>32)
	for p := int(uint32(q.pos)); p < len(text); {
		c, size := m.decode(text[p:])
		p += size
		if n = at(m.nodes, children(n)+c); label(n) != c {
			break
		}
		budget--
		if end++; n&endFlag != 0 {
			dst, budget = m.add(dst, base, Match{m.pattern(n), start, end}, budget)
		}
	}
	return dst, budget
}

// walkRunes is walk over code points.
func (m *Matcher) walkRunes(dst []Match, base int, text []rune, q *candidate, budget int) ([]Match, int) {
	n, dst, budget := m.head(dst, base, q, budget)
	if n == 0 {
		return dst, budget
	}
	start, end := int32(q.pos>>32)-4, int32(q.pos>>32)
	for p := int(uint32(q.pos)); p < len(text); p++ {
		c := m.code(text[p])
		if n = at(m.nodes, children(n)+c); label(n) != c {
			break
		}
		budget--
		if end++; n&endFlag != 0 {
			dst, budget = m.add(dst, base, Match{m.pattern(n), start, end}, budget)
		}
	}
	return dst, budget
}

// head is the part of walk for the four characters whose codes are known. It returns their node, or 0 if there is none.
func (m *Matcher) head(dst []Match, base int, q *candidate, budget int) (uint64, []Match, int) {
	nodes, w, s := m.nodes, q.codes, uint64(rootBase)
	start := int32(q.pos>>32) - 4
	var n uint64
	for end := start + 1; end <= start+4; end++ {
		c := w & 0xFFFF
		if n = at(nodes, s+c); label(n) != c {
			return 0, dst, budget
		}
		if n&endFlag != 0 {
			dst, budget = m.add(dst, base, Match{m.pattern(n), start, end}, budget)
		}
		w >>= 16
		s = children(n)
	}
	return n, dst, budget
}

// add puts a match and those of the patterns equal to its in order behind base. What it moves costs budget.
func (m *Matcher) add(dst []Match, base int, x Match, budget int) ([]Match, int) {
	for {
		dst = append(dst, x)
		i := len(dst) - 1
		for ; i > base && dst[i-1].End > x.End; i-- {
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
