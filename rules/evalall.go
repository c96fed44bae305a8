package rules

import (
	"slices"
	"sort"
	"strings"

	"github.com/kotomori/kotomori/internal/morph"
	"github.com/kotomori/kotomori/internal/text"
)

// findAll joins the parts of an all. The first part is the anchor: for each place where it holds, the nearest place of
// every other part is taken that lies in its scope and distance and overlaps no part taken before. Parts found in the
// author's name or handle, and what is said of the reply as a whole, only have to be there.
func (e *Reading) findAll(c *cond) []match {
	var lists [][]match
	var free []Place
	var nots []*cond
	for _, kid := range c.kids {
		if kid.kind == kindNot {
			nots = append(nots, kid.kids[0])
			continue
		}
		// The anchor first: most often it is what is missing.
		found := e.find(kid)
		if len(found) == 0 {
			return nil
		}
		// Where it holds for the author or for the reply as a whole, it holds wherever the other parts are.
		if i := slices.IndexFunc(found, func(m match) bool { return m.free }); i >= 0 {
			free = append(free, found[i].parts...)
			continue
		}
		lists = append(lists, found)
	}
	if len(lists) == 0 {
		if len(free) == 0 {
			return nil
		}
		// Nothing stands in the text; what must not hold may not hold anywhere.
		for _, n := range nots {
			if len(e.find(n)) > 0 {
				return nil
			}
		}
		return []match{{free: true, parts: free}}
	}
	var sentences []text.Span
	if f := e.at(InText); f != nil {
		sentences = f.text.Sentences
	}
	joined := e.join(c, lists, sentences)
	var out []match
	for _, m := range joined {
		if len(nots) > 0 && e.excluded(c, nots, m, sentences) {
			continue
		}
		for _, p := range free {
			if p.Field != InText { // the whole reply is no evidence beside its words
				m.parts = append(slices.Clip(m.parts), p)
			}
		}
		out = append(out, m)
	}
	return sortMatches(out)
}

// excluded says whether one of the conditions that must not hold does so in the span searched: the distance around the
// match, within its sentences.
func (e *Reading) excluded(c *cond, nots []*cond, m match, sentences []text.Span) bool {
	from, to := 0, 1<<30
	if c.scope != scopeText && len(sentences) > 0 {
		i, j := sentenceOf(sentences, m.start), sentenceOf(sentences, max(m.start, m.end-1))
		i, j = max(0, i-int(c.scope)), min(len(sentences)-1, j+int(c.scope))
		from, to = sentences[i].Start, sentences[j].End
	}
	if c.within >= 0 {
		from, to = max(from, m.start-c.within), min(to, m.end+c.within)
	}
	for _, n := range nots {
		for _, x := range e.find(n) {
			if x.free || x.start < to && from < x.end {
				return true
			}
		}
	}
	return false
}

func (e *Reading) join(c *cond, lists [][]match, sentences []text.Span) []match {
	if len(lists) == 1 {
		return slices.Clone(lists[0])
	}
	if c.ordered {
		return joinOrdered(c, lists, sentences)
	}
	longest := make([]int, len(lists))
	for i, l := range lists {
		for _, m := range l {
			longest[i] = max(longest[i], m.end-m.start)
		}
	}
	var out []match
	chosen := make([]match, len(lists))
	for _, anchor := range lists[0] {
		chosen[0] = anchor
		from, to := window(c, anchor, sentences)
		budget := maxTries
		if !choose(lists, chosen, 1, from, to, longest, c.within, &budget) {
			continue
		}
		joined := match{start: anchor.start, end: anchor.end}
		for _, m := range chosen {
			joined.start, joined.end = min(joined.start, m.start), max(joined.end, m.end)
			joined.parts = append(joined.parts, m.parts...)
		}
		out = append(out, joined)
	}
	return out
}

// An all tries for each part the nearest places, this many of them, and for one anchor this many altogether, so that its
// cost stays linear in the anchors.
const (
	maxPlaces = 4
	maxTries  = 64
)

// choose fills chosen[i:] with places of the parts from i on, the nearest to the anchor first, going back to the next
// nearest where a later part is left without one.
func choose(lists [][]match, chosen []match, i, from, to int, longest []int, within int, budget *int) bool {
	if i == len(lists) {
		return true
	}
	least, skip := 0, 0
	for range maxPlaces {
		if *budget--; *budget < 0 {
			return false
		}
		m, gap, ok := nearest(lists[i], chosen[0], chosen[:i], from, to, longest[i], within, least, skip)
		if !ok {
			return false
		}
		chosen[i] = m
		if choose(lists, chosen, i+1, from, to, longest, within, budget) {
			return true
		}
		if gap == least {
			skip++
		} else {
			least, skip = gap, 1
		}
	}
	return false
}

// window is where the other parts of an all may lie, for one place of its anchor.
func window(c *cond, anchor match, sentences []text.Span) (from, to int) {
	from, to = 0, 1<<30
	if c.scope != scopeText && len(sentences) > 0 {
		i, j := sentenceOf(sentences, anchor.start), sentenceOf(sentences, max(anchor.start, anchor.end-1))
		if c.scope == scopeAdjacent {
			i, j = max(0, i-1), min(len(sentences)-1, j+1)
		}
		from, to = sentences[i].Start, sentences[j].End
	}
	return from, to
}

// nearest is the match of l closest to the anchor that begins in [from,to) and overlaps none of the chosen: of those at
// least `least` code points away the one after the first skip at that distance. within limits the distance where it is
// not negative; longest is the length of l's longest match.
func nearest(l []match, anchor match, chosen []match, from, to, longest, within, least, skip int) (best match, bestGap int, ok bool) {
	bestGap = 1 << 30
	if within >= 0 {
		bestGap = within + 1
	}
	try := func(m match) {
		if m.start < from || m.start >= to {
			return
		}
		gap := gapBetween(anchor, m)
		if gap >= bestGap || gap < least {
			return
		}
		for _, c := range chosen {
			if overlap(m, c) {
				return
			}
		}
		if gap == least && skip > 0 {
			skip--
			return
		}
		best, bestGap, ok = m, gap, true
	}
	mid := sort.Search(len(l), func(i int) bool { return l[i].start >= anchor.start })
	for i := mid; i < len(l); i++ {
		if l[i].start >= to || l[i].start-anchor.end >= bestGap {
			break
		}
		try(l[i])
	}
	for i := mid - 1; i >= 0; i-- {
		if l[i].start < from || anchor.start-l[i].start-longest >= bestGap {
			break
		}
		try(l[i])
	}
	return best, bestGap, ok
}

// overlap says whether two matches share a character. The parts of a match may leave room between them.
func overlap(a, b match) bool {
	if a.end <= b.start || b.end <= a.start {
		return false
	}
	for _, p := range a.parts {
		for _, q := range b.parts {
			if p.Field == q.Field && p.Start < q.End && q.Start < p.End {
				return true
			}
		}
	}
	return false
}

func gapBetween(a, b match) int {
	return max(0, a.start-b.end, b.start-a.end)
}

// joinOrdered joins parts that follow one another. Going from the last part to the first, each place is kept with the
// first place of the next part that itself goes on to the end, so no combination is missed.
func joinOrdered(c *cond, lists [][]match, sentences []text.Span) []match {
	next := slices.Clone(lists[len(lists)-1])
	for i := len(lists) - 2; i >= 0; i-- {
		var kept []match
		for _, m := range lists[i] {
			_, to := window(c, m, sentences)
			j := sort.Search(len(next), func(k int) bool { return next[k].start >= m.end })
			if j == len(next) || next[j].start >= to || c.within >= 0 && next[j].start-m.end > c.within {
				continue
			}
			kept = append(kept, match{start: m.start, end: next[j].end, parts: append(slices.Clone(m.parts), next[j].parts...)})
		}
		if len(kept) == 0 {
			return nil
		}
		next = kept
	}
	return next
}

// findTokens lists the runs of tokens that the patterns describe. Blank tokens between them do not count.
func (e *Reading) findTokens(f *fieldEval, patterns []tokenPattern) []match {
	e.tokenize(f)
	var visible []int // the tokens that are not blank
	for i, t := range f.all.tokens {
		if strings.TrimSpace(t.Surface) != "" {
			visible = append(visible, i)
		}
	}
	var out []match
	for i := range visible {
		n, ok := matchTokens(f.all.tokens, visible[i:], patterns)
		if !ok || n == 0 {
			continue
		}
		start, end := f.all.starts[visible[i]], f.all.ends[visible[i+n-1]]
		out = append(out, match{start: start, end: end, parts: []Place{{f.field, start, end}}})
	}
	return sortMatches(out)
}

// matchTokens says how many tokens the patterns take, optional ones where they fit.
func matchTokens(tokens []morph.Token, words []int, patterns []tokenPattern) (int, bool) {
	if len(patterns) == 0 {
		return 0, true
	}
	p := &patterns[0]
	if len(words) > 0 && p.matches(&tokens[words[0]]) {
		if n, ok := matchTokens(tokens, words[1:], patterns[1:]); ok {
			return n + 1, true
		}
	}
	if p.optional {
		return matchTokens(tokens, words, patterns[1:])
	}
	return 0, false
}

func (p *tokenPattern) matches(t *morph.Token) bool {
	if p.any {
		return true
	}
	prefix := func(s string) func(string) bool {
		return func(want string) bool { return strings.HasPrefix(s, want) }
	}
	return (len(p.surface) == 0 || slices.Contains(p.surface, t.Surface)) &&
		(len(p.lemma) == 0 || slices.Contains(p.lemma, t.Lemma)) &&
		(len(p.pos) == 0 || slices.ContainsFunc(p.pos, func(want string) bool { return hasPOS(t.POS, want) })) &&
		(len(p.conj) == 0 || slices.ContainsFunc(p.conj, prefix(t.ConjType))) &&
		(len(p.form) == 0 || slices.ContainsFunc(p.form, prefix(t.ConjForm)))
}
