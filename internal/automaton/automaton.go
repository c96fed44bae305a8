// Package automaton finds all occurrences of all of many patterns in a text, overlapping ones too, at a cost that hardly
// grows with their number. It is made for Japanese: a pattern is a short run out of some thousand characters, most
// positions of a text begin none, and the characters are three bytes long.
//
// # Skipping
//
// The classic answer is the automaton of Aho and Corasick (Efficient string matching: an aid to bibliographic search, CACM
// 18(6), 1975), which takes each character through a state. Every one of these steps waits for the memory access of the step
// before it, and with 100,000 patterns that access misses the cache. So Find looks at each position alone and asks, before
// it touches any trie, whether a pattern can begin there at all:
//
//   - A character becomes its code: about its rank by frequency in the patterns, 0 where no pattern has it. One flat table does
//     that for the characters of three bytes, whose decoder is written out; it can fold letter case, width and kana for
//     nothing (CompileFolded).
//   - The codes of the last four characters are kept in one 64-bit word. A hash of two characters picks a word of a small
//     table (filter), in which the bit of the third says whether any pattern begins like that. A pattern of two
//     characters sets the whole word. The characters that are patterns by themselves share bits that are set in every word,
//     so a position comes through two characters before one of these. The table has at most
//     256 KB: a larger one lets fewer positions pass, but no longer stays in the cache.
//   - Positions that pass are queued, without a branch: the queue is written at every position, and its length grows by the
//     bit. There is nothing to mispredict, and the processor works on many positions at once. What a position costs is
//     then the number of instructions: two characters are decoded at once in one 64-bit word, the word of the filter is
//     fetched before its third character is known, and that character's code is the bit's number as it is.
//   - A second table of the same kind (deep), addressed by three characters and with bits for the fourth, thins the queue.
//     Of the benchmark's comments one position in twelve is left with 4,600 patterns, one in ten with 460,000; one in
//     twenty-four begins a match.
//
// What is left is looked up in the trie of all patterns: first the four characters that are known, for the whole queue and
// again without a branch (climb), so that the processor waits for the nodes of several positions at the same time. Only where a
// pattern ends there, or goes on, is there anything to decide. Matches come out by their end, which costs a move only where two overlap.
//
// # The worst case
//
// Walking from each position costs the product of text and pattern length where a text is made for it: one character
// repeated, patterns that are prefixes of each other. So the steps below the fourth character and the moves of matches have
// a budget, in proportion to the text. When it is spent, the text is read again from its beginning by the automaton of Aho
// and Corasick over the same trie, whose cost is linear in text and matches. The matches and their order are the same; tests
// and the fuzz target hold every engine against a naive search.
//
// # Memory
//
// The trie is a double array (Aoe: An efficient digital search algorithm by using a double-array structure, IEEE TSE
// 15(9), 1989) of 64-bit nodes. The child for code c of a node with base b is node b+c, if that has c for its label; no two
// nodes have the same base, so the label is all that needs checking. A leaf has the number of its pattern in place of the
// base. Siblings of the first three levels lie together, what is below them in depth-first order, so that most of a walk
// stays in one cache line. The failure links have an array of their own, which only the linear engine reads. This makes 12
// bytes a trie node: 14 bytes for one of 1.9 million with everything, where daachorse has 19.
//
// Access without bounds checks is worth a twentieth to a third of the speed; unsafe.go has all of it. Built with the tag
// kotomori_checked the same code runs with checks, under the same tests.
//
// # Tried without gain
//
// Taking what passes the second table through four levels of the trie without branches (better by a tenth where every
// second position has a match, worse elsewhere), a queue of 16 positions, filters of 512 KB and more, starts in
// ascending order (the linear engine would have to sort).
package automaton

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// Match is one occurrence of a pattern: text[Start:End] in code points.
type Match struct{ Pattern, Start, End int32 }

// Matcher is an immutable set of patterns. It may be shared between goroutines.
type Matcher struct {
	low   [0x800]uint16   // codes of the code points below U+0800
	bmp   [0x10000]uint16 // codes of the others of three bytes; illFormed for what three bytes may not spell
	pages *[0x1000]uint16 // of the upper bits of a code point beyond U+FFFF: its page in high
	high  []uint16        // pages of 256 codes; page 0 is all zero

	filter     []uint64 // of the hash of two characters: a bit for the third, all bits for a pattern of two
	filterMask uint64
	deep       []uint64 // of the hash of three characters: a bit for the fourth, all bits for a pattern of three
	deepShift  uint64
	alone      uint64 // bits of the filter that stand for characters which are patterns by themselves

	nodes []uint64 // the trie
	fail  []uint32 // of a node: the node of its longest proper suffix that is in the trie
	ranks []rank   // of 64 nodes: which of them end no pattern themselves, but have a suffix that is one
	inner []int32  // the longest such suffix of each of these, a pattern

	next   []int32  // of a pattern: the one equal to it, else the longest that is a suffix of it, else none
	length []uint16 // of a pattern, in code points
	equal  bool     // some patterns are equal
}

// A rank finds a node's place in inner.
type rank struct {
	set    uint64 // which of the 64 nodes
	before uint32 // how many there are in front of them
}

// A node's bits: base 0–31, flags 32–34, label 48–63.
const (
	leafFlag = 1 << 32 // no children: the base is the pattern's number
	endFlag  = 1 << 33 // a pattern ends here; unless this is a leaf, its number is in the node at the base, where label 0 would be
	innerEnd = 1 << 34 // none ends here, but one of a suffix does

	noLabel  = 0xFFFF // of a free node, the root, and a node that holds a number
	rootBase = 1      // base 0 is no node's, and thus where nothing is found
)

const (
	none      = -1
	illFormed = 0xFFFF // no code
	maxRunes  = 0x7F00 // different characters of the patterns: however many of them are patterns by themselves, number finds codes for so many
	mix       = 0x9E3779B97F4A7C15
	mix32     = 0x9E3779B1

	minFilterBits, maxFilterBits = 9, 15 // 4 to 256 KB
	minDeepBits, maxDeepBits     = 7, 15
)

func label(n uint64) uint64 { return n >> 48 }

// children is n's base; 0 if n is a leaf.
func children(n uint64) uint64 { return n & 0xFFFFFFFF & ((n >> 32 & 1) - 1) }

// pattern is the number of the first of the equal patterns that end in n.
func (m *Matcher) pattern(n uint64) int32 {
	if n&leafFlag != 0 {
		return int32(n)
	}
	return int32(m.nodes[uint32(n)])
}

// hash2 is the hash of the last two of the four codes in w, hash3 that of the first three.
func hash2(w uint64) uint64 { return uint64(uint32(w) * mix32 >> (32 - maxFilterBits)) }
func hash3(w uint64) uint64 { return w >> 16 * mix }

// Compile builds the matcher. A pattern's number is its index; equal patterns each keep theirs.
// An empty pattern is an error. A byte that is not UTF-8 counts as U+FFFD, as in []rune(pattern).
func Compile(patterns []string) (*Matcher, error) {
	return CompileFolded(patterns, nil)
}

// CompileFolded is Compile for a matcher that takes every character, of the patterns and of the texts, for what fold makes of
// it. It asks fold for every code point there is, once.
func CompileFolded(patterns []string, fold func(rune) rune) (*Matcher, error) {
	folds := fold != nil
	if !folds {
		fold = func(r rune) rune { return r }
	}
	m := &Matcher{
		pages: new([0x1000]uint16), high: make([]uint16, 0x100),
		next: make([]int32, len(patterns)), length: make([]uint16, len(patterns)),
	}
	total := 0
	used, alone := map[rune]int{}, map[rune]bool{}
	for i, p := range patterns {
		n := 0
		var first rune
		for _, r := range p {
			r = fold(r)
			if n == 0 {
				first = r
			}
			used[r]++
			n++
		}
		switch {
		case n == 0:
			return nil, fmt.Errorf("pattern %d is empty: give it at least one character", i)
		case n == 1:
			alone[first] = true
		case n > math.MaxUint16:
			return nil, fmt.Errorf("pattern %d has %d characters: keep it under %d", i, n, math.MaxUint16+1)
		}
		m.length[i] = uint16(n)
		total += n
	}
	if total > math.MaxInt32/4 {
		return nil, fmt.Errorf("patterns have %d code points together: keep them under %d", total, math.MaxInt32/4)
	}
	codes, own, err := number(used, alone)
	if err != nil {
		return nil, err
	}
	m.alone = own
	for r := range m.bmp {
		if r < 0x800 || r >= 0xD800 && r < 0xE000 {
			m.bmp[r] = illFormed
		}
	}
	if folds {
		for r := range rune(utf8.MaxRune + 1) {
			m.setCode(r, codes[fold(r)])
		}
	} else {
		for r, c := range codes {
			m.setCode(r, c)
		}
	}

	keys, flat := make([][]uint16, len(patterns)), make([]uint16, 0, total)
	for i, p := range patterns {
		from := len(flat)
		for _, r := range p {
			flat = append(flat, codes[fold(r)])
		}
		keys[i] = flat[from:len(flat):len(flat)]
	}
	b := builder{m: m, keys: keys, order: sorted(keys)}
	b.joinEqual()
	b.fillFilters()
	b.build()
	return m, nil
}

// number gives the characters their codes: the more often one is used, the lower. The remainder of a code by 64 is its bit in the filters: bit 0
// is that of no character, and the next ones, which are returned, are of the characters that are patterns by themselves.
func number(used map[rune]int, alone map[rune]bool) (codes map[rune]uint16, bits uint64, err error) {
	runes := make([]rune, 0, len(used))
	for r := range used {
		runes = append(runes, r)
	}
	if len(runes) >= maxRunes {
		return nil, 0, fmt.Errorf("patterns have %d different characters: keep them under %d", len(runes), maxRunes)
	}
	slices.SortFunc(runes, func(a, b rune) int {
		return cmp.Or(cmp.Compare(used[b], used[a]), cmp.Compare(a, b))
	})
	kept := uint16(0) // their share of the bits is that of the characters, so that few codes are left out
	if len(alone) > 0 {
		kept = uint16(min(max((63*len(alone)+len(runes)/2)/len(runes), 1), 62))
	}
	codes = make(map[rune]uint16, len(runes))
	its, others := uint16(1), kept+1
	for _, r := range runes {
		if alone[r] {
			codes[r] = its
			if its++; its%64 == kept+1 {
				its += 64 - kept
			}
			continue
		}
		codes[r] = others
		if others++; others%64 == 0 {
			others += kept + 1
		}
	}
	return codes, 1<<(kept+1) - 2, nil
}

// setCode enters the code of r into the tables.
func (m *Matcher) setCode(r rune, c uint16) {
	switch {
	case c == 0 || r >= 0xD800 && r < 0xE000:
	case r < 0x800:
		m.low[r] = c
	case r < 0x10000:
		m.bmp[r] = c
	default:
		page := &m.pages[r>>8-0x100]
		if *page == 0 {
			*page = uint16(len(m.high) >> 8)
			m.high = append(m.high, make([]uint16, 0x100)...)
		}
		m.high[int(*page)<<8|int(r)&0xFF] = c
	}
}

// code is the code of r, 0 where no pattern has it.
func (m *Matcher) code(r rune) uint64 {
	switch {
	case uint32(r) < 0x800:
		return uint64(m.low[r])
	case uint32(r) < 0x10000:
		if c := m.bmp[r]; c != illFormed {
			return uint64(c)
		}
	case uint32(r) <= utf8.MaxRune:
		return uint64(m.high[int(m.pages[r>>8-0x100])<<8|int(r)&0xFF])
	}
	return 0
}

// Len is the number of patterns.
func (m *Matcher) Len() int { return len(m.length) }
