package automaton

import "math/bits"

// linear is Find by the automaton of Aho and Corasick: after each character it is in the node of the longest suffix of the
// text so far that is in the trie. A step up a failure link undoes one down an edge, so that there are no more of them than
// characters.
func (m *Matcher) linear(dst []Match, text string) []Match {
	n, s, end := m.nodes[0], uint64(0), int32(0)
	for p := 0; p < len(text); {
		c, size := uint64(illFormed), 3
		if p+4 <= len(text) { // codeAt, but for the call
			if x := load32(text, uint64(p)); isThree(x) {
				c = uint64(m.bmp[three(x)&0xFFFF])
			}
		}
		if c == illFormed {
			c, size = m.decode(text[p:])
		}
		p += size
		end++
		if n, s = m.advance(n, s, c); n&(endFlag|innerEnd) != 0 {
			dst = m.report(dst, n, s, end)
		}
	}
	return dst
}

// linearRunes is linear over code points.
func (m *Matcher) linearRunes(dst []Match, text []rune) []Match {
	n, s := m.nodes[0], uint64(0)
	for i, r := range text {
		if n, s = m.advance(n, s, m.code(r)); n&(endFlag|innerEnd) != 0 {
			dst = m.report(dst, n, s, int32(i+1))
		}
	}
	return dst
}

// advance is the node after code c in node n, whose number is s, and its number.
func (m *Matcher) advance(n, s, c uint64) (node, number uint64) {
	if c == 0 {
		return m.nodes[0], 0
	}
	for {
		t := children(n) + c
		if to := at(m.nodes, t); label(to) == c {
			return to, t
		}
		if s == 0 {
			return n, s
		}
		s = uint64(m.fail[s])
		n = at(m.nodes, s)
	}
}

// report appends the patterns that end in node n, whose number is s.
func (m *Matcher) report(dst []Match, n, s uint64, end int32) []Match {
	var p int32
	if n&endFlag != 0 {
		p = m.pattern(n)
	} else {
		r := &m.ranks[s>>6]
		p = m.inner[r.before+uint32(bits.OnesCount64(r.set&(1<<(s&63)-1)))]
	}
	for ; p != none; p = m.next[p] {
		dst = append(dst, Match{p, end - int32(m.length[p]), end})
	}
	return dst
}
