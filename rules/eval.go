package rules

import (
	"cmp"
	"slices"
	"sort"
	"unicode"

	"github.com/kotomori/kotomori/dict"
	"github.com/kotomori/kotomori/internal/detect"
	"github.com/kotomori/kotomori/internal/morph"
	"github.com/kotomori/kotomori/internal/text"
)

// Input is a reply as the rules see it.
type Input struct {
	Text   string
	Name   string // the author's
	Handle string
	Post   string // the official post; empty where it is not known
	Policy *Policy
	// Exhaustive evaluates every rule, whether or not its literals are there. The result is the same.
	Exhaustive bool
}

// Place is a span of one field, in code points of the original, half open.
type Place struct {
	Field      Field
	Start, End int
}

// Hit is a rule that holds, with the places that made it hold, in order.
type Hit struct {
	Rule   *Rule
	Places []Place
}

// Result is what the rules say of a reply.
type Result struct {
	Hits      []Hit    // by rule id
	Abstained []string // categories with rules that need the official post, which is not known
	// Quiet: no rule could hold by the literals alone, so nothing was tokenized or evaluated.
	Quiet bool
}

// Match evaluates the rules of the policy's categories on a reply.
func (s *Set) Match(in Input) Result {
	e := s.newEval(in)
	var res Result
	res.Quiet = true
	for _, r := range s.rules {
		if _, ok := in.Policy.Clause(r.Category); !ok {
			continue
		}
		if r.needsPost && e.post == nil {
			if !slices.Contains(res.Abstained, r.Category) {
				res.Abstained = append(res.Abstained, r.Category)
			}
			continue
		}
		if !e.possible(r.when) {
			continue
		}
		res.Quiet = false
		if places := e.run(r, r.unless); len(places) > 0 {
			res.Hits = append(res.Hits, Hit{r, places})
		}
	}
	slices.Sort(res.Abstained)
	return res
}

// match is a place where a condition holds: its hull in the text, and the parts that make it up. Parts in the author's
// name or handle have no place in the text, and what a detector says of the reply as a whole lies under every other
// part: a match of such parts alone is free, bound by no order, distance or overlap.
type match struct {
	start, end int
	free       bool
	parts      []Place
}

// rawHit is a literal found, before its word boundaries are checked.
type rawHit struct {
	entry    int32
	from, to int32 // in the view
	squeezed bool
	place    text.Span
	dropped  string // why it does not count; empty where it does
}

// field is one field of the reply under evaluation.
type fieldEval struct {
	field     Field
	text      *text.Text
	raw       []rawHit
	present   []bool // by leaf: some literal of it is there
	validated bool
	hits      map[int32][]match // by leaf
	tokens    []morph.Token
	tokenized bool
	starts    []int // token starts and ends in code points of the original
	ends      []int
}

type eval struct {
	set        *Set
	office     detect.Office
	fields     [numFields]*fieldEval
	post       *text.Text
	postTokens []morph.Token
	postCut    bool
	masks      []Place
	found      map[detectorAt][]match
	maybe      map[detectorAt]bool
	exhaustive bool              // no gate: look for everything
	usable     map[string]bool   // possible, of named conditions
	unmasked   map[*cond][]match // results with no mask on, for conditions shared by many rules
}

type detectorAt struct {
	name  string
	field Field
}

func (s *Set) newEval(in Input) *eval {
	e := &eval{set: s, office: in.Policy.office, found: map[detectorAt][]match{}, maybe: map[detectorAt]bool{}, unmasked: map[*cond][]match{}, usable: map[string]bool{}, exhaustive: in.Exhaustive}
	for f, str := range [numFields]string{in.Text, in.Name, in.Handle} {
		if str != "" {
			e.fields[f] = s.scan(str)
			e.fields[f].field = Field(f)
		}
	}
	if in.Post != "" {
		e.post = text.New(in.Post)
	}
	return e
}

// scan finds all literals of one field.
func (s *Set) scan(str string) *fieldEval {
	f := &fieldEval{text: text.New(str), present: make([]bool, s.leaves)}
	view, squeezed, masks := &f.text.Folded, false, false
	collect := func(pattern, start, end int) bool {
		for _, n := range s.patterns[pattern] {
			e := &s.entries[n]
			if e.pattern.Masked != masks || squeezed && (!e.pattern.Disguise || !disguised(f.text, start, end)) {
				continue
			}
			for _, leaf := range e.leaves {
				f.present[leaf] = true
			}
			f.raw = append(f.raw, rawHit{entry: n, from: int32(start), to: int32(end), squeezed: squeezed, place: view.Span(start, end)})
		}
		return true
	}
	s.matcher.Scan(view.Runes, collect)
	if slices.ContainsFunc(view.Runes, dict.IsMask) {
		masks = true
		runes := slices.Clone(view.Runes)
		for i, r := range runes {
			if dict.IsMask(r) {
				runes[i] = dict.Mask
			}
		}
		s.matcher.Scan(runes, collect)
		masks = false
	}
	if len(f.text.Squeezed.Runes) > 0 {
		view, squeezed = &f.text.Squeezed, true
		s.matcher.Scan(view.Runes, collect)
	}
	return f
}

// disguised says whether letters of Squeezed[start:end] posed as others or stood apart. Where they did not, Folded has the word too.
func disguised(t *text.Text, start, end int) bool {
	v := &t.Squeezed
	for i := start; i < end; i++ {
		if t.Altered(int(v.Start[i])) {
			return true
		}
	}
	return spacedOut(v, start, end)
}

// spacedOut says whether the letters of view[start:end] stood apart in the original: each of a short word, some of one of
// four letters or more. A single gap in a short word is more likely the end of one word and the start of another.
func spacedOut(v *text.View, start, end int) bool {
	gaps := 0
	for i := start + 1; i < end; i++ {
		if v.Start[i] > v.End[i-1] {
			gaps++
		}
	}
	return gaps > 0 && (gaps == end-start-1 || end-start >= 4 && gaps >= 2)
}

// tokenize cuts the field into words, once.
func (e *eval) tokenize(f *fieldEval) {
	if f.tokenized {
		return
	}
	f.tokenized = true
	plain := &f.text.Plain
	for _, t := range e.set.morph.Tokens(string(plain.Runes)) {
		if t.End <= t.Start {
			continue
		}
		span := plain.Span(t.Start, t.End)
		f.tokens = append(f.tokens, t)
		f.starts = append(f.starts, span.Start)
		f.ends = append(f.ends, span.End)
	}
}

// validate checks the boundaries of all literals found, once, and hands the hits to their leaves.
func (e *eval) validate(f *fieldEval) {
	if f.validated {
		return
	}
	f.validated = true
	f.hits = map[int32][]match{}
	for i := range f.raw {
		h := &f.raw[i]
		if h.dropped = e.check(f, h); h.dropped != "" {
			continue
		}
		m := match{start: h.place.Start, end: h.place.End, parts: []Place{{f.field, h.place.Start, h.place.End}}}
		for _, leaf := range e.set.entries[h.entry].leaves {
			f.hits[leaf] = append(f.hits[leaf], m)
		}
	}
	for leaf, hits := range f.hits {
		if len(hits) > 1 {
			f.hits[leaf] = sortMatches(hits)
		}
	}
}

// sortMatches orders matches by start, the longer first, and drops those of the same span.
func sortMatches(m []match) []match {
	slices.SortStableFunc(m, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
	})
	return slices.CompactFunc(m, func(a, b match) bool {
		return a.start == b.start && a.end == b.end && a.free == b.free && slices.Equal(a.parts, b.parts)
	})
}

// check says why a literal found is no hit, or "".
func (e *eval) check(f *fieldEval, h *rawHit) string {
	en := &e.set.entries[h.entry]
	p := &en.pattern
	if longer := within(f, h, en); longer != nil {
		return "part of " + string(longer)
	}
	if h.squeezed || p.Masked {
		return "" // spaced out or masked: no tokenizer knows such a word
	}
	plain := f.text.Plain
	i, j := plainRange(&plain, h.place)
	if j <= i {
		return ""
	}
	if p.Exact != "" && string(plain.Runes[i:j]) != p.Exact {
		return "written in another script than " + p.Exact
	}
	first, last := plain.Runes[i], plain.Runes[j-1]
	var before, after rune
	if i > 0 {
		before = plain.Runes[i-1]
	}
	if j < len(plain.Runes) {
		after = plain.Runes[j]
	}
	needStart, needEnd := p.Boundary == dict.AtStart || p.Boundary == dict.AtBoth, p.Boundary == dict.AtEnd || p.Boundary == dict.AtBoth
	if p.Boundary == dict.Auto {
		if isLatin(first) && isLatin(before) || !en.pattern.Inflected && isLatin(last) && isLatin(after) {
			return "part of a longer run of letters"
		}
		needStart = isKatakana(first) && isKatakana(before) || en.kanaOnly && isHiragana(first)
		needEnd = isKatakana(last) && isKatakana(after) || en.kanaOnly && isHiragana(last) && en.length <= 3
		if en.length == 1 && unicode.Is(unicode.Han, first) {
			needStart, needEnd = true, true
		}
	}
	if p.Inflected {
		needEnd = false
	}
	if needStart || needEnd || p.POS != "" {
		e.tokenize(f)
		if needStart && !contains(f.starts, h.place.Start) {
			return "begins inside a word"
		}
		if needEnd && !contains(f.ends, h.place.End) {
			return "ends inside a word"
		}
		if p.POS != "" || needStart && p.Inflected && en.kanaOnly {
			t, ok := tokenAt(f, h.place.Start)
			switch {
			case !ok:
			case p.POS != "" && !hasPOS(t.POS, p.POS):
				return "is " + t.POS + ", not " + p.POS
			case p.POS == "" && (hasPOS(t.POS, "助詞") || hasPOS(t.POS, "助動詞") || hasPOS(t.POS, "接続詞")):
				return "is " + t.POS + " here"
			}
		}
	}
	return ""
}

// within gives the longer word that a literal found is part of and in which it means nothing, or nil.
func within(f *fieldEval, h *rawHit, en *entry) []rune {
	view := &f.text.Folded
	if h.squeezed {
		view = &f.text.Squeezed
	}
	for _, n := range en.notIn {
		at := int(h.from) - n.offset
		if at >= 0 && at+len(n.runes) <= len(view.Runes) && slices.Equal(view.Runes[at:at+len(n.runes)], n.runes) {
			return n.runes
		}
	}
	return nil
}

func contains(sorted []int, x int) bool {
	_, ok := slices.BinarySearch(sorted, x)
	return ok
}

// tokenAt is the token that holds the code point at of the original.
func tokenAt(f *fieldEval, at int) (morph.Token, bool) {
	i := sort.SearchInts(f.starts, at+1) - 1
	if i < 0 || i >= len(f.tokens) || f.ends[i] <= at {
		return morph.Token{}, false
	}
	return f.tokens[i], true
}

func hasPOS(pos, want string) bool {
	return len(pos) >= len(want) && pos[:len(want)] == want && (len(pos) == len(want) || pos[len(want)] == ',')
}

// plainRange finds the runes of the view that come from a span of the original.
func plainRange(v *text.View, s text.Span) (i, j int) {
	i = sort.Search(len(v.Start), func(k int) bool { return int(v.End[k]) > s.Start })
	j = sort.Search(len(v.Start), func(k int) bool { return int(v.Start[k]) >= s.End })
	return i, j
}

// possible is a necessary condition: false means that c cannot hold, by the literals found alone.
func (e *eval) possible(c *cond) bool {
	if e.exhaustive {
		return true
	}
	f := e.fields[c.field]
	switch c.kind {
	case kindClass, kindLiteral:
		return f != nil && f.present[c.leaf]
	case kindToken:
		return f != nil && (c.leaf < 0 || f.present[c.leaf])
	case kindDetector:
		return f != nil && e.detectable(c)
	case kindAll:
		for _, kid := range c.kids {
			if kid.kind != kindNot && !e.possible(kid) {
				return false
			}
		}
		return true
	case kindAny:
		return slices.ContainsFunc(c.kids, e.possible)
	case kindUse:
		ok, known := e.usable[c.name]
		if !known {
			ok = e.possible(e.set.named[c.name])
			e.usable[c.name] = ok
		}
		return ok
	}
	return true
}

func (e *eval) detectable(c *cond) bool {
	d := &c.detector
	if d.NeedsPost && e.post == nil {
		return false
	}
	if d.Possible == nil || e.exhaustive {
		return true
	}
	key := detectorAt{d.Name, c.field}
	ok, known := e.maybe[key]
	if !known {
		ok = d.Possible(e.fields[c.field].text)
		e.maybe[key] = ok
	}
	return ok
}

// run evaluates one rule under the masks of the exemptions: the places where it holds.
func (e *eval) run(r *Rule, unless []exemption) []Place {
	e.masks = e.masks[:0:0]
	if !e.possible(r.when) {
		return nil
	}
	var masks []Place
	for i := range unless {
		masks = append(masks, e.mask(&unless[i])...)
	}
	e.masks = masks
	matches := e.find(r.when)
	e.masks = nil
	return placesOf(matches)
}

// mask is what an exemption covers.
func (e *eval) mask(x *exemption) []Place {
	if !e.possible(x.cond) {
		return nil
	}
	var out []Place
	for _, m := range e.find(x.cond) {
		for _, p := range m.parts {
			if p.Field == InText {
				p = e.reach(x, p)
			}
			out = append(out, p)
		}
	}
	return out
}

// reach widens a place of the text to what the exemption covers from there.
func (e *eval) reach(x *exemption, p Place) Place {
	sentences := e.fields[InText].text.Sentences
	switch x.reach {
	case reachWithin:
		p.Start, p.End = p.Start-x.within, p.End+x.within
	case reachSentence, reachAdjacent:
		i, j := sentenceOf(sentences, p.Start), sentenceOf(sentences, max(p.Start, p.End-1))
		if x.reach == reachAdjacent {
			i, j = max(0, i-1), min(len(sentences)-1, j+1)
		}
		p.Start, p.End = sentences[i].Start, sentences[j].End
	}
	return p
}

func sentenceOf(sentences []text.Span, at int) int {
	i := sort.Search(len(sentences), func(k int) bool { return sentences[k].End > at })
	return min(i, len(sentences)-1)
}

func (e *eval) masked(m match) bool {
	for _, p := range m.parts {
		for _, k := range e.masks {
			if k.Field == p.Field && k.Start < p.End && p.Start < k.End {
				return true
			}
		}
	}
	return false
}

// placesOf collects the parts of the matches: sorted, without those that lie inside another.
func placesOf(matches []match) []Place {
	var out []Place
	for _, m := range matches {
		out = append(out, m.parts...)
	}
	slices.SortFunc(out, func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End))
	})
	kept := out[:0]
	for _, p := range out {
		if n := len(kept); n > 0 && kept[n-1].Field == p.Field && p.End <= kept[n-1].End {
			continue
		}
		kept = append(kept, p)
	}
	return kept
}

// find lists where a condition holds, by start.
func (e *eval) find(c *cond) []match {
	if len(e.masks) == 0 {
		if m, ok := e.unmasked[c]; ok {
			return m
		}
	}
	m := e.search(c)
	if len(e.masks) == 0 {
		e.unmasked[c] = m
	}
	return m
}

func (e *eval) search(c *cond) []match {
	f := e.fields[c.field]
	var out []match
	switch c.kind {
	case kindClass, kindLiteral:
		if f == nil || c.leaf < 0 || !f.present[c.leaf] && !e.exhaustive {
			return nil
		}
		e.validate(f)
		out = f.hits[int32(c.leaf)]
	case kindToken:
		if f == nil || c.leaf >= 0 && !f.present[c.leaf] && !e.exhaustive {
			return nil
		}
		out = e.findTokens(f, c.tokens)
	case kindDetector:
		if f == nil || !e.detectable(c) {
			return nil
		}
		out = e.detect(f, c)
	case kindAny:
		for _, kid := range c.kids {
			out = append(out, e.find(kid)...)
		}
		out = sortMatches(out)
	case kindUse:
		return e.find(e.set.named[c.name])
	case kindAll:
		return e.findAll(c)
	}
	if c.kind != kindAny {
		out = e.filter(f, c, out)
	}
	if c.count > 1 {
		out = counted(out, c.count)
	}
	return out
}

// filter drops masked matches and those not at their sentence's start or end. Matches in the author's name or handle
// become free.
func (e *eval) filter(f *fieldEval, c *cond, in []match) []match {
	if len(e.masks) == 0 && c.position == anywhere && c.field == InText {
		return in
	}
	var out []match
	for _, m := range in {
		if c.position != anywhere && !atEdge(f.text, m, c.position) {
			continue
		}
		if e.masked(m) {
			continue
		}
		m.free = m.free || c.field != InText
		out = append(out, m)
	}
	return out
}

// atEdge says whether nothing but marks, emoji and laughter stands between the match and its sentence's start or end.
func atEdge(t *text.Text, m match, at position) bool {
	if len(t.Sentences) == 0 {
		return true
	}
	s := t.Sentences[sentenceOf(t.Sentences, m.start)]
	from, to := s.Start, m.start
	if at == atEnd {
		s = t.Sentences[sentenceOf(t.Sentences, max(m.start, m.end-1))]
		from, to = m.end, s.End
	}
	for i := from; i < to && i < len(t.Runes); i++ {
		switch r := t.Runes[i]; {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r), r == 'w', r == 'W', r == 'ｗ', r == '笑', r == '草', r == 'ー':
		default:
			return false
		}
	}
	return true
}

// counted joins every run of n matches that do not overlap into one. Taking those that end first leaves the most.
func counted(in []match, n int) []match {
	byEnd := slices.Clone(in)
	slices.SortStableFunc(byEnd, func(a, b match) int { return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(b.start, a.start)) })
	var apart []match
	var end [numFields]int
	for _, m := range byEnd {
		if f := m.parts[0].Field; m.start >= end[f] {
			apart = append(apart, m)
			end[f] = m.end
		}
	}
	var out []match
	for i := 0; i+n <= len(apart); i++ {
		m := match{start: apart[i].start, end: apart[i].end, free: apart[i].free}
		for _, part := range apart[i : i+n] {
			m.start, m.end = min(m.start, part.start), max(m.end, part.end)
			m.free = m.free || part.free
			m.parts = append(m.parts, part.parts...)
		}
		out = append(out, m)
	}
	return out
}

func (e *eval) detect(f *fieldEval, c *cond) []match {
	key := detectorAt{c.detector.Name, c.field}
	if m, ok := e.found[key]; ok {
		return m
	}
	in := detect.Input{Text: f.text, Office: e.office}
	if c.detector.NeedsPost {
		in.Post = e.post
	}
	if c.detector.NeedsTokens {
		e.tokenize(f)
		in.Tokens = f.tokens
		if in.Post != nil {
			if !e.postCut {
				e.postCut = true
				e.postTokens = e.set.morph.Tokens(string(e.post.Plain.Runes))
			}
			in.PostTokens = e.postTokens
		}
	}
	var out []match
	c.detector.Find(&in, func(s text.Span) {
		if s.Start < s.End {
			out = append(out, match{start: s.Start, end: s.End, free: c.detector.Whole, parts: []Place{{c.field, s.Start, s.End}}})
		}
	})
	out = sortMatches(out)
	e.found[key] = out
	return out
}
