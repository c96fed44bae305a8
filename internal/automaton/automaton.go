// Package automaton finds all literals of all rules in one pass over a text.
//
// It is the automaton of Aho and Corasick (Efficient string matching: an aid to bibliographic search,
// CACM 18(6), 1975) over Unicode code points. The patterns form a trie; every state of the trie also
// knows its failure state, which is the state of the longest proper suffix of what has been read that
// is itself the beginning of a pattern. Scan follows an edge where there is one and the failure states
// where there is none, so it looks at a text once, whatever the number of patterns: each step down a
// failure link undoes an earlier step along an edge, and the whole takes O(text + hits).
//
// Two tables keep it small:
//
//   - Code points that occur in patterns are numbered from 1, by a two-level table of pages. A code
//     point that occurs in none has code 0 and leads straight to the root.
//   - The edges are one open-addressed hash table whose key is the state and the code. A state is the
//     number of the slot that holds the edge into it, so that the edge, the failure state and the hits
//     come with one access to memory, and the table needs no more than four slots a state. The root,
//     where most steps start, has its edges in an array by code besides.
//
// The patterns that end in a state are those that are the state's own text and those of its suffixes.
// The state names the nearest of these states (out), from which the failure link leads to the next
// one, shorter each time; so all hits with one end come out longest first without being stored twice.
package automaton

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Matcher is an immutable Aho–Corasick automaton over code points. It may be shared between goroutines.
type Matcher struct {
	pages [numPages]uint16 // of a code point's upper bits: its page in codes
	codes []int32          // pages of pageSize codes; page 0 is all zero

	slots []slot  // a power of two of them
	first []int32 // of a slot: the first pattern that ends there, or none
	roots []int32 // of a code: the root's child, or the root
	shift int     // 64 less the binary logarithm of the number of slots

	next   []int32 // of a pattern: the next one equal to it, or none
	length []int32 // of a pattern, in code points
}

// A slot holds the edge into a state and what is known of that state.
type slot struct {
	from int32 // the state from which the edge comes
	code int32 // the code on the edge; 0 in an empty slot
	fail int32 // the failure state
	out  int32 // this state if a pattern ends here, else its nearest suffix where one does, else the root
}

const (
	root = 0 // its slot is taken from the start, by a code that there is not
	none = -1

	pageBits = 8
	pageSize = 1 << pageBits
	maxRune  = 0x10FFFF
	numPages = (maxRune + 1) / pageSize
)

// Compile builds the automaton. A pattern's number is its index; equal patterns each keep theirs.
// An empty pattern is an error. A byte that is not UTF-8 counts as U+FFFD, as in []rune(pattern).
func Compile(patterns []string) (*Matcher, error) {
	m := &Matcher{
		next:   make([]int32, len(patterns)),
		length: make([]int32, len(patterns)),
	}
	keys := make([][]int32, len(patterns))
	total := 0
	for i, p := range patterns {
		if p == "" {
			return nil, fmt.Errorf("pattern %d is empty: give it at least one character", i)
		}
		keys[i] = []rune(p)
		total += len(keys[i])
		m.next[i] = none
		m.length[i] = int32(len(keys[i]))
	}
	if total > math.MaxInt32/4 {
		return nil, fmt.Errorf("patterns have %d code points together: keep them under %d", total, math.MaxInt32/4)
	}
	m.number(keys)
	order := make([]int32, len(keys))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(slices.Compare(keys[a], keys[b]), cmp.Compare(a, b))
	})
	m.build(keys, order)
	return m, nil
}

// number fills the code table and replaces the code points of keys by their codes.
func (m *Matcher) number(keys [][]rune) {
	m.codes = make([]int32, pageSize)
	m.roots = make([]int32, 1)
	for _, k := range keys {
		for i, r := range k {
			p := &m.pages[r>>pageBits]
			if *p == 0 {
				*p = uint16(len(m.codes) / pageSize)
				m.codes = append(m.codes, make([]int32, pageSize)...)
			}
			c := &m.codes[int(*p)<<pageBits|int(r)&(pageSize-1)]
			if *c == 0 {
				*c = int32(len(m.roots))
				m.roots = append(m.roots, root)
			}
			k[i] = *c
		}
	}
}

// A node is a state whose edges are still to be laid: its text is the first depth codes of each of
// the keys order[lo:hi].
type node struct {
	state  int32
	depth  int
	lo, hi int
}

// build lays the trie breadth first, so that everything shallower than a state has its edges and its
// failure links when the state's turn comes. order sorts the keys, equal ones by number.
func (m *Matcher) build(keys [][]int32, order []int32) {
	states := 1
	for i, k := range order {
		states += len(keys[k])
		if i > 0 {
			states -= commonPrefix(keys[order[i-1]], keys[k])
		}
	}
	size := bits.Len(uint(2 * states))
	m.shift = 64 - size
	m.slots = make([]slot, 1<<size)
	m.slots[root].code = none
	m.first = make([]int32, 1<<size)
	for i := range m.first {
		m.first[i] = none
	}

	queue := make([]node, 0, states)
	queue = append(queue, node{state: root, hi: len(order)})
	for i := 0; i < len(queue); i++ {
		n := queue[i]

		// Keys that end here sort before those that go on.
		last := &m.first[n.state]
		for n.lo < n.hi && len(keys[order[n.lo]]) == n.depth {
			*last = order[n.lo]
			last = &m.next[*last]
			n.lo++
		}
		fail := m.slots[n.state].fail
		if m.first[n.state] != none {
			m.slots[n.state].out = n.state
		} else {
			m.slots[n.state].out = m.slots[fail].out
		}

		for lo := n.lo; lo < n.hi; {
			c := keys[order[lo]][n.depth]
			hi := lo + 1
			for hi < n.hi && keys[order[hi]][n.depth] == c {
				hi++
			}
			t := m.probe(n.state, c)
			m.slots[t] = slot{from: n.state, code: c}
			if n.state == root {
				m.roots[c] = t
			} else {
				m.slots[t].fail = m.step(fail, c)
			}
			queue = append(queue, node{state: t, depth: n.depth + 1, lo: lo, hi: hi})
			lo = hi
		}
	}
}

func commonPrefix(a, b []int32) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// probe is the slot of the edge with code c from state s, or the empty slot where it belongs.
func (m *Matcher) probe(s, c int32) int32 {
	// Fibonacci hashing; a code has at most 21 bits.
	h := (uint64(s)<<21 | uint64(c)) * 0x9E3779B97F4A7C15 >> m.shift
	for {
		e := &m.slots[h]
		if e.code == 0 || e.from == s && e.code == c {
			return int32(h)
		}
		h = (h + 1) & uint64(len(m.slots)-1)
	}
}

// step is the state after code c in state s.
func (m *Matcher) step(s, c int32) int32 {
	for s != root {
		if t := m.probe(s, c); m.slots[t].code != 0 {
			return t
		}
		s = m.slots[s].fail
	}
	return m.roots[c]
}

// code is the number of r in the alphabet of the patterns, 0 where no pattern has it.
func (m *Matcher) code(r rune) int32 {
	if uint32(r) > maxRune {
		return 0
	}
	return m.codes[int(m.pages[r>>pageBits])<<pageBits|int(r)&(pageSize-1)]
}

// Scan calls hit for every occurrence of every pattern, overlapping ones too, in order of their end
// and, for the same end, the longer first (equal patterns in order of their number): text[start:end]
// is the pattern. It stops early when hit returns false. It does not allocate.
func (m *Matcher) Scan(text []rune, hit func(pattern, start, end int) bool) {
	s := int32(root)
	for i, r := range text {
		c := m.code(r)
		if c == 0 {
			s = root
			continue
		}
		s = m.step(s, c)
		for o := m.slots[s].out; o != root; o = m.slots[m.slots[o].fail].out {
			for p := m.first[o]; p != none; p = m.next[p] {
				if !hit(int(p), i+1-int(m.length[p]), i+1) {
					return
				}
			}
		}
	}
}

// Len is the number of patterns.
func (m *Matcher) Len() int { return len(m.length) }
