package rules

import (
	"math/bits"
	"slices"
)

// gate tells which rules have to be asked at all, without asking each. A rule whose condition has several parts that must be there
// is looked for by the rarest of them alone: the leaves, literals of a class or of a condition, of which one stands in every text
// where the rule holds. What the others need is asked only then.
type gate struct {
	byPattern [][]int32 // by pattern of the matcher: the rules to ask where it is there, as it may be a literal of their leaf
	always    []uint64  // bits: the rules that no leaf tells of
	needPost  []uint64  // bits: the rules that look at the official post
}

// openGate fills the gate. How rare a leaf is is estimated on the rules' own examples.
func (s *Set) openGate() {
	words := (len(s.rules) + 63) / 64
	s.gate = gate{byPattern: make([][]int32, len(s.first)-1), always: make([]uint64, words), needPost: make([]uint64, words)}
	often := make([]int, s.leaves)
	var e Reading
	for _, r := range s.rules {
		for _, examples := range [][]Example{r.Match, r.NoMatch} {
			for _, x := range examples {
				s.Read(Input{Text: x.Text, Policy: s.policies[0]}, &e)
				f := e.at(InText)
				for leaf := range often {
					if e.has(f, leaf) {
						often[leaf]++
					}
				}
			}
		}
	}
	t := triggers{s, often, map[string]trigger{}}
	byLeaf := make([][]int32, s.leaves)
	for n, r := range s.rules {
		if r.needsPost {
			s.gate.needPost[n/64] |= 1 << (n % 64)
		}
		found := t.of(r.when)
		leaves := found.leaves
		if !found.ok {
			s.gate.always[n/64] |= 1 << (n % 64)
			continue
		}
		leaves = slices.Clone(leaves) // a named condition's are others' too
		slices.Sort(leaves)
		for _, leaf := range slices.Compact(leaves) {
			byLeaf[leaf] = append(byLeaf[leaf], int32(n))
		}
	}
	for pattern := range s.gate.byPattern {
		var of []int32
		for _, e := range s.entries[s.first[pattern]:s.first[pattern+1]] {
			for _, leaf := range e.leaves {
				of = append(of, byLeaf[leaf]...)
			}
		}
		slices.Sort(of)
		s.gate.byPattern[pattern] = slices.Clip(slices.Compact(of))
	}
}

// trigger is leaves of the text of which one is there wherever a condition holds, and how often they were seen. ok is false where that
// cannot be said.
type trigger struct {
	leaves []int
	seen   int
	ok     bool
}

// triggers finds them, those of a named condition once.
type triggers struct {
	set   *Set
	often []int // by leaf
	named map[string]trigger
}

func (t *triggers) of(c *cond) trigger {
	switch c.kind {
	case kindClass, kindLiteral, kindToken:
		if c.leaf < 0 || c.field != InText {
			return trigger{}
		}
		return trigger{[]int{c.leaf}, t.often[c.leaf], true}
	case kindUse:
		found, known := t.named[c.name]
		if !known {
			found = t.of(c.used)
			slices.Sort(found.leaves)
			found.leaves = slices.Compact(found.leaves)
			t.named[c.name] = found
		}
		return found
	case kindAny:
		all := trigger{ok: true}
		for _, kid := range c.kids {
			x := t.of(kid)
			if !x.ok {
				return trigger{}
			}
			all.leaves, all.seen = append(all.leaves, x.leaves...), all.seen+x.seen
		}
		return all
	case kindAll:
		var rarest trigger
		for _, kid := range c.kids {
			if kid.kind == kindNot {
				continue
			}
			if x := t.of(kid); x.ok && (!rarest.ok || x.seen < rarest.seen) {
				rarest = x
			}
		}
		return rarest
	}
	return trigger{}
}

// candidates are the rules to ask, in their order: those that have a clause and may hold by the patterns found.
func (e *Reading) candidates() []int32 {
	if e.wereAsked {
		return e.asked
	}
	e.wereAsked, e.asked = true, e.asked[:0]
	e.isAsked = append(e.isAsked[:0], e.set.gate.always...)
	if e.in.Exhaustive {
		for n := range e.set.rules {
			e.isAsked[n/64] |= 1 << (n % 64)
		}
	} else if f := e.at(InText); f != nil {
		for _, found := range f.found {
			for _, m := range found {
				for _, n := range e.set.gate.byPattern[m.Pattern] {
					e.isAsked[n/64] |= 1 << (n % 64)
				}
			}
		}
	}
	for i, w := range e.isAsked {
		w &= e.in.Policy.rules[i]
		if !e.hasPost() {
			w &^= e.set.gate.needPost[i]
		}
		for ; w != 0; w &= w - 1 {
			e.asked = append(e.asked, int32(64*i+bits.TrailingZeros64(w)))
		}
	}
	return e.asked
}
