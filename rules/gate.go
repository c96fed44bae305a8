package rules

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/kotomori/kotomori/internal/automaton"
)

// gate tells which rules have to be asked at all, without asking each. A rule whose condition has several parts that must be there
// is looked for by the rarest of them alone: the leaves, literals of a class or of a condition, of which one stands in every text
// where the rule holds. Where no leaf tells of a rule, a sign does: a detector, or a word in the author's name, that many rules may share.
// What the others need is asked only then.
type gate struct {
	byPattern [][]int32 // by pattern of the matcher: the rules to ask where it is there, as it may be a literal of their leaf
	bySign    []signed
	always    ruleBits // that neither tells of
}

// signed are rules to ask where a condition holds.
type signed struct {
	sign  *cond
	rules ruleBits
}

// ruleBits is a set of rules, a bit for each by its place in the set.
type ruleBits []uint64

// Subset is some of the rules of a set, with what tells that none of them holds.
type Subset struct {
	bits     ruleBits
	triggers *automaton.Matcher // of the patterns that open the gate to one of them; nil if there is none
}

// Subset is those of the rules that are wanted; its zero value, which IsEmpty, if none is.
func (s *Set) Subset(wanted func(*Rule) bool) (some Subset) {
	for n, r := range s.rules {
		if !wanted(r) {
			continue
		}
		if some.bits == nil {
			some.bits = newRuleBits(len(s.rules))
		}
		some.bits.add(n)
	}
	if some.IsEmpty() {
		return some
	}
	var triggers []string
	for pattern, rules := range s.gate.byPattern {
		if slices.ContainsFunc(rules, func(n int32) bool { return some.bits.has(int(n)) }) {
			triggers = append(triggers, s.entries[s.first[pattern]].pattern.Text)
		}
	}
	if len(triggers) > 0 {
		var err error
		if some.triggers, err = automaton.Compile(triggers); err != nil {
			some.triggers = s.matcher // they compiled among the others; if not by themselves, any of those may be one
		}
	}
	return some
}

// IsEmpty says that there is no rule in it.
func (s Subset) IsEmpty() bool { return s.bits == nil }

func newRuleBits(rules int) ruleBits { return make(ruleBits, (rules+63)/64) }

func (b ruleBits) add(n int) { b[n/64] |= 1 << (n % 64) }

func (b ruleBits) has(n int) bool { return b[n/64]>>(n%64)&1 != 0 }

// shares says whether two sets have a rule in common.
func (b ruleBits) shares(o ruleBits) bool {
	for i, w := range b {
		if w&o[i] != 0 {
			return true
		}
	}
	return false
}

// openGate fills the gate. How rare a leaf is is estimated on the rules' own examples.
func (s *Set) openGate() {
	s.gate = gate{byPattern: make([][]int32, len(s.first)-1), always: newRuleBits(len(s.rules))}
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
	t := triggers{often, map[*cond]trigger{}}
	byLeaf := make([][]int32, s.leaves)
	bySign := map[*cond]int{}
	for n, r := range s.rules {
		found := t.of(r.when)
		leaves := found.leaves
		if !found.ok {
			s.gate.always.add(n)
			continue
		}
		leaves = slices.Clone(leaves) // a named condition's are others' too
		slices.Sort(leaves)
		for _, leaf := range slices.Compact(leaves) {
			byLeaf[leaf] = append(byLeaf[leaf], int32(n))
		}
		for _, sign := range found.signs {
			at, ok := bySign[sign]
			if !ok {
				at = len(s.gate.bySign)
				bySign[sign] = at
				s.gate.bySign = append(s.gate.bySign, signed{sign, newRuleBits(len(s.rules))})
			}
			s.gate.bySign[at].rules.add(n)
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

// trigger is leaves of the text and signs of which one is there wherever a condition holds, and how often the leaves were seen. ok is false where
// that cannot be said.
type trigger struct {
	leaves []int
	signs  []*cond
	seen   int
	ok     bool
}

// rarer says whether t is to be preferred: it costs less to look for leaves than for signs.
func (t *trigger) rarer(o *trigger) bool {
	return cmp.Or(cmp.Compare(len(t.signs), len(o.signs)), cmp.Compare(t.seen, o.seen)) < 0
}

// triggers finds them, those of a named condition once.
type triggers struct {
	often []int // by leaf
	named map[*cond]trigger
}

func (t *triggers) of(c *cond) trigger {
	switch c.kind {
	case kindClass, kindLiteral, kindToken:
		switch {
		case c.leaf < 0:
			return trigger{}
		case c.field != InText:
			return trigger{signs: []*cond{c}, ok: true}
		}
		return trigger{leaves: []int{c.leaf}, seen: t.often[c.leaf], ok: true}
	case kindDetector:
		return trigger{signs: []*cond{c}, ok: true}
	case kindUse:
		found, known := t.named[c.used]
		if !known {
			found = t.of(c.used)
			slices.Sort(found.leaves)
			found.leaves = slices.Compact(found.leaves)
			t.named[c.used] = found
		}
		return found
	case kindAny:
		all := trigger{ok: true}
		for _, kid := range c.kids {
			x := t.of(kid)
			if !x.ok {
				return trigger{}
			}
			all.leaves, all.signs, all.seen = append(all.leaves, x.leaves...), append(all.signs, x.signs...), all.seen+x.seen
		}
		return all
	case kindAll:
		var rarest trigger
		for _, kid := range c.kids {
			if kid.kind == kindNot {
				continue
			}
			if x := t.of(kid); x.ok && (!rarest.ok || x.rarer(&rarest)) {
				rarest = x
			}
		}
		return rarest
	}
	return trigger{}
}

// candidates are the rules to ask, in their order: those that have a clause and may hold by the patterns and signs found.
func (e *Reading) candidates() []int32 {
	if !e.wereAsked {
		e.wereAsked = true
		e.gather(nil, true)
	}
	return e.asked
}

// triggered says whether a pattern stands in the text that opens the gate to one of some rules.
func (e *Reading) triggered(some Subset) bool {
	if some.triggers == nil {
		return false
	}
	for _, runes := range e.normalise(InText).views() {
		if e.seen = some.triggers.FindRunes(e.seen[:0], runes); len(e.seen) > 0 {
			return true
		}
	}
	return false
}

// gather puts the candidates into e.asked; those of some rules only, if some is not nil, for which no more is looked at than they want. The patterns
// need not be looked for where none of them tells of such a rule.
func (e *Reading) gather(some ruleBits, patterns bool) {
	e.signAsked, e.asked = false, e.asked[:0]
	e.isAsked = append(e.isAsked[:0], e.set.gate.always...)
	wanted := e.in.Policy.rules
	if !e.hasPost() {
		wanted = e.in.Policy.postless
	}
	if some != nil {
		e.wanted = append(e.wanted[:0], wanted...)
		for i, w := range some {
			e.wanted[i] &= w
		}
		wanted = e.wanted
	}
	if e.in.Exhaustive {
		for n := range e.set.rules {
			e.isAsked.add(n)
		}
	} else if e.in.Text != "" {
		if patterns {
			for _, found := range e.at(InText).found {
				for _, m := range found {
					for _, n := range e.set.gate.byPattern[m.Pattern] {
						e.isAsked.add(int(n))
					}
				}
			}
		}
		for _, s := range e.set.gate.bySign {
			if !s.rules.shares(wanted) || !e.possible(s.sign) {
				continue
			}
			if e.signAsked = true; len(e.find(s.sign)) > 0 {
				for i, w := range s.rules {
					e.isAsked[i] |= w
				}
			}
		}
	}
	for i, w := range e.isAsked {
		for w &= wanted[i]; w != 0; w &= w - 1 {
			e.asked = append(e.asked, int32(64*i+bits.TrailingZeros64(w)))
		}
	}
}
