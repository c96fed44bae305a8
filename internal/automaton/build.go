package automaton

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// A builder lays the trie out. What only building needs is here and goes with it.
type builder struct {
	m     *Matcher
	keys  [][]uint16 // the patterns in codes
	order []int32    // the patterns sorted, the first of equal ones only

	nodes      []uint64
	parent     []int32  // of a node: the node above it; none if it holds a number
	depth      []uint16 // of a node
	next, prev []int32  // ring of the free nodes through node 0; next is none for a node in use
	bases      []uint64 // bit set of the bases in use
	top        int      // the highest node in use
	cursor     [6]int32 // of a class of nodes, by the number of children: the free node from which to search; 0 for the first

	labels []uint16 // scratch of lay
	ends   []int32
}

// breadthFirst is how many levels are laid out side by side; what is below them, path by path.
const breadthFirst = 3

// A job is a node whose children are still to be laid: its text is the first depth codes of the keys order[lo:hi].
type job struct{ node, depth, lo, hi int32 }

// sorted is the order of the keys, equal ones by number.
func sorted(keys [][]uint16) []int32 {
	type entry struct {
		head uint64 // the first four codes, so that few comparisons need more
		key  int32
	}
	entries := make([]entry, len(keys))
	for i, k := range keys {
		e := entry{key: int32(i)}
		for j, c := range k[:min(len(k), 4)] {
			e.head |= uint64(c) << (48 - 16*j)
		}
		entries[i] = e
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return cmp.Or(slices.Compare(keys[a.key], keys[b.key]), cmp.Compare(a.key, b.key))
	})
	order := make([]int32, len(keys))
	for i, e := range entries {
		order[i] = e.key
	}
	return order
}

// joinEqual chains equal patterns and leaves the first of them in order.
func (b *builder) joinEqual() {
	m, last := b.m, int32(none)
	for i := range m.next {
		m.next[i] = none
	}
	first := b.order[:0]
	for _, k := range b.order {
		if last != none && slices.Equal(b.keys[last], b.keys[k]) {
			m.equal = true
			m.next[last] = k
		} else {
			first = append(first, k)
		}
		last = k
	}
	b.order = first
}

// common is how many codes the key at i of order shares with the one before it.
func (b *builder) common(i int) int {
	if i == 0 {
		return 0
	}
	k, before := b.keys[b.order[i]], b.keys[b.order[i-1]]
	n := 0
	for n < len(k) && n < len(before) && k[n] == before[n] {
		n++
	}
	return n
}

func (b *builder) fillFilters() {
	m, pairs, triples := b.m, 0, 0
	for i, k := range b.order {
		common, n := b.common(i), len(b.keys[k])
		if common < 2 && n >= 2 {
			pairs++
		}
		if common < 3 && n >= 3 {
			triples++
		}
	}
	size := min(max(bits.Len(uint(4*pairs)), minFilterBits), maxFilterBits)
	m.filter, m.filterMask = make([]uint64, 1<<size), 1<<size-1
	for i := range m.filter {
		m.filter[i] = m.alone
	}
	size = min(max(bits.Len(uint(2*triples)), minDeepBits), maxDeepBits)
	m.deep, m.deepShift = make([]uint64, 1<<size), uint64(64-size)
	for _, k := range b.order {
		key := b.keys[k]
		var w uint64
		for i, c := range key[:min(len(key), 4)] {
			w |= uint64(c) << (48 - 16*i)
		}
		f := &m.filter[hash2(w>>32)&m.filterMask]
		d := &m.deep[hash3(w)>>m.deepShift]
		switch len(key) {
		case 1: // its bit is set everywhere
		case 2:
			*f = math.MaxUint64
		case 3:
			*f |= 1 << (w >> 16 & 63)
			*d = math.MaxUint64
		default:
			*f |= 1 << (w >> 16 & 63)
			*d |= 1 << (w & 63)
		}
	}
}

// grow makes room for n nodes and puts the new ones at the end of the ring.
func (b *builder) grow(n int) {
	old := len(b.nodes)
	if n <= old {
		return
	}
	n = max(n, old+old/4)
	b.nodes = slices.Grow(b.nodes, n-old)[:n]
	b.parent = slices.Grow(b.parent, n-old)[:n]
	b.depth = slices.Grow(b.depth, n-old)[:n]
	b.next = slices.Grow(b.next, n-old)[:n]
	b.prev = slices.Grow(b.prev, n-old)[:n]
	b.bases = append(b.bases, make([]uint64, n/64+1-len(b.bases))...)
	for i := old; i < n; i++ {
		b.nodes[i] = noLabel << 48
		b.next[i] = int32(i + 1)
		b.prev[i] = int32(i - 1)
	}
	if old > 0 {
		last := b.prev[0]
		b.next[last], b.prev[old] = int32(old), last
	}
	b.next[n-1], b.prev[0] = 0, int32(n-1)
}

// take removes a node from the ring.
func (b *builder) take(i int) {
	for class, c := range b.cursor {
		if c == int32(i) {
			b.cursor[class] = b.next[i]
		}
	}
	b.next[b.prev[i]] = b.next[i]
	b.prev[b.next[i]] = b.prev[i]
	b.next[i] = none
	b.top = max(b.top, i)
}

func (b *builder) isFree(i int) bool { return i >= len(b.nodes) || b.next[i] != none }

func (b *builder) isBase(i int) bool { return i>>6 < len(b.bases) && b.bases[i>>6]>>(i&63)&1 != 0 }

// place finds a base for the labels, ascending: the first that fits, but a search does not start over
// where those before it had to look long.
func (b *builder) place(labels []uint16) int {
	first := int(labels[0])
	class := min(bits.Len(uint(len(labels)-1)), len(b.cursor)-1)
	tries := 0
	start := int(b.cursor[class])
	if start == 0 {
		start = int(b.next[0])
	}
next:
	for j := start; j != 0; j = int(b.next[j]) {
		base := j - first
		tries++
		if tries&15 == 0 && class > 0 {
			b.cursor[class] = int32(j)
		}
		if base <= rootBase || b.isBase(base) {
			continue
		}
		for _, l := range labels[1:] {
			if !b.isFree(base + int(l)) {
				continue next
			}
		}
		return base
	}
	base := max(b.top+1-first, rootBase+1)
	for b.isBase(base) {
		base++
	}
	return base
}

// build lays the nodes out and links them.
func (b *builder) build() {
	m := b.m
	width, states := 0, 1
	for i, k := range b.order {
		key := b.keys[k]
		states += len(key) - b.common(i)
		for _, c := range key {
			width = max(width, int(c)+1)
		}
	}
	b.grow(rootBase + width + states + states/32)
	b.nodes[0] = rootBase | noLabel<<48
	queue := []job{{0, 0, 0, int32(len(b.order))}}
	var stack []job
	for i := 0; i < len(queue); i++ {
		if queue[i].depth < breadthFirst {
			queue = append(queue, b.lay(queue[i], nil)...)
			continue
		}
		stack = append(stack[:0], queue[i])
		for len(stack) > 0 {
			j := stack[len(stack)-1]
			stack = b.lay(j, stack[:len(stack)-1])
		}
	}
	// Behind the highest base, too, every code must have a node to be looked for in.
	m.nodes = make([]uint64, b.top+1+width)
	for i := copy(m.nodes, b.nodes); i < len(m.nodes); i++ {
		m.nodes[i] = noLabel << 48
	}
	b.links()
}

// lay gives a node its children and appends their jobs.
func (b *builder) lay(j job, jobs []job) []job {
	end := int32(none)
	if j.lo < j.hi && len(b.keys[b.order[j.lo]]) == int(j.depth) {
		end = b.order[j.lo]
		j.lo++
	}
	if j.lo == j.hi {
		if end != none {
			b.nodes[j.node] |= leafFlag | endFlag | uint64(end)
		}
		return jobs
	}
	labels, ends := b.labels[:0], b.ends[:0]
	if end != none {
		labels, ends = append(labels, 0), append(ends, j.lo)
	}
	for lo := j.lo; lo < j.hi; {
		c := b.keys[b.order[lo]][j.depth]
		hi := lo + 1
		for hi < j.hi && b.keys[b.order[hi]][j.depth] == c {
			hi++
		}
		labels, ends = append(labels, c), append(ends, hi)
		lo = hi
	}
	b.labels, b.ends = labels, ends
	base := rootBase
	if j.node != 0 {
		base = b.place(labels)
	}
	b.grow(base + int(labels[len(labels)-1]) + 1)
	b.bases[base>>6] |= 1 << (base & 63)
	b.nodes[j.node] |= uint64(base)
	lo := j.lo
	from := len(jobs)
	for i, l := range labels {
		c := base + int(l)
		b.take(c)
		if l == 0 {
			b.nodes[j.node] |= endFlag
			b.nodes[c] = noLabel<<48 | leafFlag | uint64(end)
			b.parent[c] = none
			continue
		}
		b.nodes[c] = uint64(l) << 48
		b.parent[c] = j.node
		b.depth[c] = uint16(j.depth + 1)
		jobs = append(jobs, job{int32(c), j.depth + 1, lo, ends[i]})
		lo = ends[i]
	}
	if j.depth >= breadthFirst { // jobs is a stack
		slices.Reverse(jobs[from:])
	}
	return jobs
}

// links sets what the linear engine needs: for each node the longest proper suffix that is a node, and the longest that is
// a pattern.
func (b *builder) links() {
	m := b.m
	var starts []int32
	for i := 1; i < len(b.nodes); i++ {
		if b.next[i] == none && b.parent[i] != none {
			d := int(b.depth[i])
			for len(starts) <= d+1 {
				starts = append(starts, 0)
			}
			starts[d+1]++
		}
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	var byDepth []int32
	if len(starts) > 0 {
		byDepth = make([]int32, starts[len(starts)-1])
	}
	for i := 1; i < len(b.nodes); i++ {
		if b.next[i] == none && b.parent[i] != none {
			d := b.depth[i]
			byDepth[starts[d]] = int32(i)
			starts[d]++
		}
	}
	m.fail = make([]uint32, len(m.nodes))
	out := b.prev // reused: the longest pattern that is a proper suffix of each node
	for i := range out {
		out[i] = none
	}
	m.ranks = make([]rank, len(m.nodes)/64+1)
	inner := 0
	for _, s := range byDepth {
		p := b.parent[s]
		f := uint32(0)
		if p != 0 {
			f = m.step(m.fail[p], label(m.nodes[s]))
		}
		m.fail[s] = f
		if m.nodes[f]&endFlag != 0 {
			out[s] = m.pattern(m.nodes[f])
		} else {
			out[s] = out[f]
		}
		if m.nodes[s]&endFlag != 0 {
			q := m.pattern(m.nodes[s])
			for m.next[q] != none {
				q = m.next[q]
			}
			m.next[q] = out[s]
		} else if out[s] != none {
			m.nodes[s] |= innerEnd
			m.ranks[s>>6].set |= 1 << (s & 63)
			inner++
		}
	}
	m.inner = make([]int32, 0, inner)
	for i := range m.ranks {
		r := &m.ranks[i]
		r.before = uint32(len(m.inner))
		for set := r.set; set != 0; set &= set - 1 {
			m.inner = append(m.inner, out[i<<6+bits.TrailingZeros64(set)])
		}
	}
}

// step is the node after code c in node s.
func (m *Matcher) step(s uint32, c uint64) uint32 {
	for {
		t := children(m.nodes[s]) + c
		if label(m.nodes[t]) == c {
			return uint32(t)
		}
		if s == 0 {
			return 0
		}
		s = m.fail[s]
	}
}
