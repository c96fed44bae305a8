package rules

import (
	"cmp"
	"slices"
	"sort"
	"sync/atomic"
	"unicode"

	"github.com/kotomori/kotomori/dict"
	"github.com/kotomori/kotomori/internal/automaton"
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
	// Official is Post prepared, if the caller keeps it: many replies answer one post. Without it Post is read anew.
	Official *Official
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

// Official is an official post as the rules read it. It may be shared between goroutines.
type Official struct {
	post *detect.Post
	cut  atomic.Pointer[[]morph.Token] // by the tokenizer, once someone asked
}

// NewOfficial reads an official post.
func NewOfficial(post string) *Official { return &Official{post: detect.NewPost(text.New(post))} }

// Text is the post normalised.
func (o *Official) Text() *text.Text { return o.post.Text }

func (o *Official) tokens(m *morph.Analyzer) []morph.Token {
	if cut := o.cut.Load(); cut != nil {
		return *cut
	}
	cut := m.Tokens(string(o.post.Text.Plain.Runes))
	o.cut.Store(&cut)
	return cut
}

// Match evaluates the rules of the policy's categories on a reply.
func (s *Set) Match(in Input) Result {
	var e Reading
	s.Read(in, &e)
	return e.Match()
}

// Match evaluates the rules of the policy's categories on the reply.
func (e *Reading) Match() Result {
	res := Result{Quiet: true}
	if !e.hasPost() {
		res.Abstained = e.in.Policy.abstains
	}
	for _, n := range e.candidates() {
		r := e.set.rules[n]
		if !e.asks(r) {
			continue
		}
		res.Quiet = false
		if places := e.run(r, r.unless); len(places) > 0 {
			res.Hits = append(res.Hits, Hit{r, places})
		}
	}
	return res
}

// AnyHolds says whether one of some rules holds, which are given by their place in Set.Rules.
func (e *Reading) AnyHolds(some []bool) bool {
	return slices.ContainsFunc(e.candidates(), func(n int32) bool {
		r := e.set.rules[n]
		return some[n] && e.asks(r) && len(e.run(r, r.unless)) > 0
	})
}

// asks says whether a rule has a clause and can hold at all, by the literals found.
func (e *Reading) asks(r *Rule) bool {
	return e.in.Policy.Has(r.Category) && (!r.needsPost || e.hasPost()) && e.possible(r.when)
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

// fieldEval is one field of the reply under evaluation.
type fieldEval struct {
	field      Field
	text       text.Text
	normalised bool
	scanned    bool
	raw        []rawHit
	marked     bool     // whether the next three are of this reply
	present    []uint32 // by leaf: the mark where some literal of it is there
	mark       uint32
	leaves     []int32 // those that are there
	validated  bool
	hits       map[int32][]match // by leaf
	tokens     []morph.Token
	tokenized  bool
	starts     []int // token starts and ends in code points of the original
	ends       []int
	masked     []rune // the view with every mask as one
	found      []automaton.Match
}

// has says whether some literal of the leaf is there.
func (e *Reading) has(f *fieldEval, leaf int) bool {
	e.set.leavesOf(f)
	return f.present[leaf] == f.mark
}

// Reading is a reply as the rules read it: normalised, with the literals found in it. Each step is taken when it is first asked for. A
// Reading is used again for the next reply, in the same memory; it belongs to one goroutine. The zero value is ready.
type Reading struct {
	set      *Set
	in       Input
	office   detect.Office
	fields   [numFields]fieldEval
	official *Official
	masks    []Place

	asked     []int32 // rules to ask, by their place in the set
	isAsked   []uint64
	wereAsked bool

	found    map[detectorAt][]match
	maybe    map[detectorAt]bool
	usable   map[string]bool   // possible, of named conditions
	unmasked map[*cond][]match // results with no mask on, for conditions shared by many rules
}

type detectorAt struct {
	name  string
	field Field
}

// Read makes e the reading of a reply.
func (s *Set) Read(in Input, e *Reading) {
	e.set, e.in, e.office, e.official = s, in, in.Policy.office, in.Official
	if e.found == nil {
		e.found, e.maybe, e.unmasked, e.usable = map[detectorAt][]match{}, map[detectorAt]bool{}, map[*cond][]match{}, map[string]bool{}
	}
	if len(e.found)+len(e.maybe)+len(e.unmasked)+len(e.usable) > 0 {
		clear(e.found)
		clear(e.maybe)
		clear(e.unmasked)
		clear(e.usable)
	}
	e.masks, e.wereAsked = nil, false
	for i := range e.fields {
		f := &e.fields[i]
		f.field, f.normalised, f.scanned = Field(i), false, false
	}
}

// Input is what is read.
func (e *Reading) Input() *Input { return &e.in }

// Text is the reply normalised. It is valid until the next reply is read.
func (e *Reading) Text() *text.Text { return &e.normalise(InText).text }

// Official is the official post, nil where it is not known.
func (e *Reading) Official() *Official {
	if e.official == nil && e.in.Post != "" {
		e.official = NewOfficial(e.in.Post)
	}
	return e.official
}

func (e *Reading) hasPost() bool { return e.official != nil || e.in.Post != "" }

func (e *Reading) normalise(field Field) *fieldEval {
	f := &e.fields[field]
	if !f.normalised {
		f.normalised = true
		f.text.Reset(e.value(field))
	}
	return f
}

func (e *Reading) value(field Field) string {
	switch field {
	case InName:
		return e.in.Name
	case InHandle:
		return e.in.Handle
	}
	return e.in.Text
}

// at is a field with its literals found, nil where there is nothing in it.
func (e *Reading) at(field Field) *fieldEval {
	if e.value(field) == "" {
		return nil
	}
	f := &e.fields[field]
	if !f.scanned {
		e.normalise(field)
		e.set.scan(f)
	}
	return f
}

// scan finds all literals of one field.
func (s *Set) scan(f *fieldEval) {
	f.scanned, f.validated, f.tokenized, f.marked = true, false, false, false
	f.raw = f.raw[:0]
	view, squeezed, masks := &f.text.Folded, false, false
	collect := func(runes []rune) {
		f.found = s.matcher.FindRunes(f.found[:0], runes)
		for _, found := range f.found {
			start, end := int(found.Start), int(found.End)
			for n := s.first[found.Pattern]; n < s.first[found.Pattern+1]; n++ {
				x := &s.looked[n]
				if x.masked != masks || squeezed && (!x.disguise || !disguised(&f.text, start, end)) {
					continue
				}
				f.raw = append(f.raw, rawHit{entry: n, from: found.Start, to: found.End, squeezed: squeezed, place: view.Span(start, end)})
			}
		}
	}
	collect(view.Runes)
	if slices.ContainsFunc(view.Runes, dict.IsMask) {
		masks = true
		f.masked = append(f.masked[:0], view.Runes...)
		for i, r := range f.masked {
			if dict.IsMask(r) {
				f.masked[i] = dict.Mask
			}
		}
		collect(f.masked)
		masks = false
	}
	if len(f.text.Squeezed.Runes) > 0 {
		view, squeezed = &f.text.Squeezed, true
		collect(view.Runes)
	}
}

// leavesOf gives the leaves that some literal found is of. Most replies are decided before anybody asks.
func (s *Set) leavesOf(f *fieldEval) []int32 {
	if f.marked {
		return f.leaves
	}
	f.marked, f.leaves = true, f.leaves[:0]
	if f.mark++; len(f.present) != s.leaves || f.mark == 0 {
		f.present, f.mark = make([]uint32, s.leaves), 1
	}
	for i := range f.raw {
		for _, leaf := range s.entries[f.raw[i].entry].leaves {
			if f.present[leaf] != f.mark {
				f.present[leaf] = f.mark
				f.leaves = append(f.leaves, leaf)
			}
		}
	}
	return f.leaves
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
func (e *Reading) tokenize(f *fieldEval) {
	if f.tokenized {
		return
	}
	f.tokenized = true
	f.tokens, f.starts, f.ends = f.tokens[:0], f.starts[:0], f.ends[:0]
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
func (e *Reading) validate(f *fieldEval) {
	if f.validated {
		return
	}
	f.validated = true
	if f.hits == nil {
		f.hits = map[int32][]match{}
	}
	clear(f.hits)
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
func (e *Reading) check(f *fieldEval, h *rawHit) string {
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
func (e *Reading) possible(c *cond) bool {
	if e.in.Exhaustive {
		return true
	}
	switch c.kind {
	case kindClass, kindLiteral:
		f := e.at(c.field)
		return f != nil && e.has(f, c.leaf)
	case kindToken:
		f := e.at(c.field)
		return f != nil && (c.leaf < 0 || e.has(f, c.leaf))
	case kindDetector:
		return e.value(c.field) != "" && e.detectable(c)
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

func (e *Reading) detectable(c *cond) bool {
	d := &c.detector
	if d.NeedsPost && !e.hasPost() {
		return false
	}
	if d.Possible == nil || e.in.Exhaustive {
		return true
	}
	key := detectorAt{d.Name, c.field}
	ok, known := e.maybe[key]
	if !known {
		ok = d.Possible(&e.normalise(c.field).text)
		e.maybe[key] = ok
	}
	return ok
}

// run evaluates one rule under the masks of the exemptions: the places where it holds.
func (e *Reading) run(r *Rule, unless []exemption) []Place {
	e.masks = e.masks[:0:0]
	if len(unless) > 0 && !e.hasParts(r.when, (*Reading).stands) {
		return nil // most often, and what the exemptions mask need not be found
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

// hasParts says whether each part that a condition needs is there. Whether they stand right to one another is another matter: which of them are
// taken depends on the masks.
func (e *Reading) hasParts(c *cond, there func(*Reading, *cond) bool) bool {
	switch c.kind {
	case kindAll:
		for _, kid := range c.kids {
			if kid.kind != kindNot && !e.hasParts(kid, there) {
				return false
			}
		}
		return true
	case kindAny:
		return slices.ContainsFunc(c.kids, func(kid *cond) bool { return e.hasParts(kid, there) })
	case kindUse:
		return e.hasParts(e.set.named[c.name], there)
	}
	return there(e, c)
}

// stands says whether a part is somewhere in the reply, were there no masks.
func (e *Reading) stands(c *cond) bool { return len(e.find(c)) > 0 }

// mask is what an exemption covers.
func (e *Reading) mask(x *exemption) []Place {
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
func (e *Reading) reach(x *exemption, p Place) Place {
	sentences := e.Text().Sentences
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

func (e *Reading) masked(m match) bool {
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
func (e *Reading) find(c *cond) []match {
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

func (e *Reading) search(c *cond) []match {
	f := e.at(c.field)
	var out []match
	switch c.kind {
	case kindClass, kindLiteral:
		if f == nil || c.leaf < 0 || !e.has(f, c.leaf) && !e.in.Exhaustive {
			return nil
		}
		e.validate(f)
		out = f.hits[int32(c.leaf)]
	case kindToken:
		if f == nil || c.leaf >= 0 && !e.has(f, c.leaf) && !e.in.Exhaustive {
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
func (e *Reading) filter(f *fieldEval, c *cond, in []match) []match {
	if len(e.masks) == 0 && c.position == anywhere && c.field == InText {
		return in
	}
	var out []match
	for _, m := range in {
		if c.position != anywhere && !atEdge(&f.text, m, c.position) {
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

func (e *Reading) detect(f *fieldEval, c *cond) []match {
	key := detectorAt{c.detector.Name, c.field}
	if m, ok := e.found[key]; ok {
		return m
	}
	in := detect.Input{Text: &f.text, Office: e.office}
	if c.detector.NeedsPost {
		in.Post = e.Official().post
	}
	if c.detector.NeedsTokens {
		e.tokenize(f)
		in.Tokens = f.tokens
		if in.Post != nil {
			in.PostTokens = e.Official().tokens(e.set.morph)
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
