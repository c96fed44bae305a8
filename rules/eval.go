package rules

import (
	"cmp"
	"slices"
	"sort"
	"sync"
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

// Official is an official post as the rules read it, each part of it once someone asks. It may be shared between goroutines.
type Official struct {
	post func() *detect.Post
	cut  atomic.Pointer[[]morph.Token] // by the tokenizer
}

// NewOfficial makes an official post ready to be read.
func NewOfficial(post string) *Official {
	return &Official{post: sync.OnceValue(func() *detect.Post { return detect.NewPost(text.New(post)) })}
}

// Text is the post normalised.
func (o *Official) Text() *text.Text { return o.post().Text }

func (o *Official) tokens(m *morph.Analyzer) []morph.Token {
	if cut := o.cut.Load(); cut != nil {
		return *cut
	}
	var cut []morph.Token
	t := o.Text()
	for i := range t.Sentences {
		cut = append(cut, wordsOf(m, t, i, words{}).tokens...)
	}
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
	res := Result{}
	if !e.hasPost() {
		res.Abstained = e.in.Policy.abstains
	}
	candidates := e.candidates()
	res.Quiet = !e.signAsked
	for _, n := range candidates {
		r := e.set.rules[n]
		if !e.possible(r.when) {
			continue
		}
		res.Quiet = false
		if places := e.run(r, r.unless); len(places) > 0 {
			res.Hits = append(res.Hits, Hit{r, places})
		}
	}
	return res
}

// AnyHolds says whether one of some rules holds. What only the other rules want is not looked at.
func (e *Reading) AnyHolds(some Subset) bool {
	if some.IsEmpty() {
		return false
	}
	e.wereAsked = false
	e.gather(some.bits, e.in.Exhaustive || e.triggered(some))
	return slices.ContainsFunc(e.asked, func(n int32) bool {
		r := e.set.rules[n]
		return e.possible(r.when) && len(e.run(r, r.unless)) > 0
	})
}

// match is a place where a condition holds: its hull in the text, and the parts that make it up. Parts in the author's
// name or handle have no place in the text, and what a detector says of the reply as a whole lies under every other
// part: a match of such parts alone is free, bound by no order, distance or overlap.
type match struct {
	start, end int
	free       bool
	parts      []Place
}

// rawHit is a literal found. Its word boundaries are checked when one of its leaves is asked for. It is small, as there are a hundred in a comment.
type rawHit struct {
	entry    int32
	from, to int32 // in the view
	squeezed bool
	checked  bool
	kept     bool // once checked: whether it counts
}

// leafHit is a literal found for a leaf, one of a chain: by their places in raw and in chain, the last one with -1.
type leafHit struct{ raw, next int32 }

// fieldEval is one field of the reply under evaluation.
type fieldEval struct {
	field      Field
	text       text.Text
	folded     bool // normalised but for the Squeezed view
	normalised bool
	scanned    bool
	found      [numViews][]automaton.Match
	expanded   bool
	raw        []rawHit // once expanded
	chained    bool
	first      recall[int32] // once chained: by leaf, where some literal of it is there, the first of its chain
	chain      []leafHit
	hits       recall[[]match] // by leaf, once asked for
	places     []Place         // of the hits
	sentences  []words         // by sentence; those not asked for yet have no tokens
	tokenized  bool
	all        words  // of all sentences, once tokenized
	masked     []rune // the view with every mask as one
}

// Views of a field in which literals are looked for.
const (
	asFolded = iota
	asMasked // folded, with every mask as one
	asSqueezed
	numViews
)

// has says whether some literal of the leaf is there.
func (e *Reading) has(f *fieldEval, leaf int) bool {
	e.set.byLeaf(f)
	_, ok := f.first.get(leaf)
	return ok
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
	looking  detect.Input // of the detector that was asked last

	asked     []int32 // rules to ask, by their place in the set
	isAsked   ruleBits
	wanted    ruleBits
	seen      []automaton.Match // of the triggers of some rules
	wereAsked bool
	signAsked bool // whether a sign was evaluated for it

	found    recall[[]match] // by detector and field
	maybe    recall[bool]    // by detector and field
	usable   recall[bool]    // possible, by condition
	whole    recall[bool]    // stands, by condition
	unmasked recall[[]match] // results with no mask on, by condition: many rules share one
}

// Read makes e the reading of a reply.
func (s *Set) Read(in Input, e *Reading) {
	e.set, e.in, e.office, e.official = s, in, in.Policy.office, in.Official
	e.found.reset(s.asked)
	e.maybe.reset(s.asked)
	e.usable.reset(s.conds)
	e.whole.reset(s.conds)
	e.unmasked.reset(s.conds)
	e.masks, e.wereAsked = nil, false
	for i := range e.fields {
		f := &e.fields[i]
		f.field, f.folded, f.normalised, f.scanned = Field(i), false, false, false
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
		f.normalised, f.tokenized = true, false
		f.text.Reset(e.value(field))
		f.forgetWords()
	}
	return f
}

// detected is a field as a detector reads it, for which nothing is squeezed: nearly every reply comes with an author's name, and hardly any such name is
// looked at otherwise.
func (e *Reading) detected(c *cond) *fieldEval {
	f := &e.fields[c.field]
	if c.field == InText || c.detector.NeedsTokens || f.normalised {
		return e.normalise(c.field)
	}
	if !f.folded {
		f.folded = true
		f.text.Fold(e.value(c.field))
	}
	return f
}

// forgetWords makes room for the words of the text.
func (f *fieldEval) forgetWords() {
	for i := range f.sentences {
		f.sentences[i].tokens = f.sentences[i].tokens[:0]
	}
	for len(f.sentences) < len(f.text.Sentences) {
		f.sentences = append(f.sentences, words{})
	}
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
	f.scanned, f.expanded, f.chained = true, false, false
	for view, runes := range f.views() {
		f.found[view] = s.matcher.FindRunes(f.found[view][:0], runes)
	}
}

// views are what literals are looked for in; the second is empty where there is no mask.
func (f *fieldEval) views() [numViews][]rune {
	f.masked = f.masked[:0]
	if runes := f.text.Folded.Runes; slices.ContainsFunc(runes, dict.IsMask) {
		f.masked = append(f.masked, runes...)
		for i, r := range f.masked {
			if dict.IsMask(r) {
				f.masked[i] = dict.Mask
			}
		}
	}
	return [numViews][]rune{f.text.Folded.Runes, f.masked, f.text.Squeezed.Runes}
}

// literals gives what each of the patterns found may stand for. Most replies are decided before anybody asks.
func (s *Set) literals(f *fieldEval) []rawHit {
	if f.expanded {
		return f.raw
	}
	f.expanded, f.raw = true, f.raw[:0]
	for in, of := range f.found {
		squeezed := in == asSqueezed
		for _, found := range of {
			for n := s.first[found.Pattern]; n < s.first[found.Pattern+1]; n++ {
				x := &s.looked[n]
				if x.masked != (in == asMasked) || squeezed && (!x.disguise || !disguised(&f.text, int(found.Start), int(found.End))) {
					continue
				}
				f.raw = append(f.raw, rawHit{entry: n, from: found.Start, to: found.End, squeezed: squeezed})
			}
		}
	}
	return f.raw
}

// byLeaf chains the literals found to the leaves that they are of, once.
func (s *Set) byLeaf(f *fieldEval) {
	if f.chained {
		return
	}
	f.chained, f.chain, f.places = true, f.chain[:0], f.places[:0]
	f.first.reset(s.leaves)
	f.hits.reset(s.leaves)
	for i, h := range slices.Backward(s.literals(f)) { // so that the first of them is the first of each chain
		of := s.looked[h.entry].leaves
		for _, leaf := range s.entryLeaves[of[0]:of[1]] {
			next, ok := f.first.get(int(leaf))
			if !ok {
				next = -1
			}
			f.first.put(int(leaf), int32(len(f.chain)))
			f.chain = append(f.chain, leafHit{int32(i), next})
		}
	}
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

// words are tokens of a field, with where they start and end in code points of the original.
type words struct {
	tokens       []morph.Token
	starts, ends []int
}

// wordsOf cuts a sentence of a text into words. It is cut by itself, so that what its words are does not depend on whether the others are
// asked for; and kagome takes what follows a ! or ? for a suffix, as ！ and ？ are here. The words are put into memory.
func wordsOf(m *morph.Analyzer, t *text.Text, sentence int, memory words) words {
	out := words{memory.tokens[:0], memory.starts[:0], memory.ends[:0]}
	plain := &t.Plain
	from, to := plainRange(plain, t.Sentences[sentence])
	for _, token := range m.Tokens(string(plain.Runes[from:to])) {
		if token.End <= token.Start {
			continue
		}
		token.Start, token.End = token.Start+from, token.End+from
		span := plain.Span(token.Start, token.End)
		out.tokens, out.starts, out.ends = append(out.tokens, token), append(out.starts, span.Start), append(out.ends, span.End)
	}
	return out
}

// sentence gives the words of the sentence that a code point of the original is in.
func (e *Reading) sentence(f *fieldEval, at int) *words {
	if f.tokenized {
		return &f.all
	}
	i := sentenceOf(f.text.Sentences, at)
	w := &f.sentences[i]
	if len(w.tokens) == 0 {
		*w = wordsOf(e.set.morph, &f.text, i, *w)
	}
	return w
}

// tokenize cuts the whole field into words, once.
func (e *Reading) tokenize(f *fieldEval) {
	if f.tokenized {
		return
	}
	f.all = words{f.all.tokens[:0], f.all.starts[:0], f.all.ends[:0]}
	for _, s := range f.text.Sentences {
		w := e.sentence(f, s.Start)
		f.all.tokens, f.all.starts, f.all.ends = append(f.all.tokens, w.tokens...), append(f.all.starts, w.starts...), append(f.all.ends, w.ends...)
	}
	f.tokenized = true
}

// hitsOf gives the literals of a leaf that are found at the boundaries that they want.
func (e *Reading) hitsOf(f *fieldEval, leaf int) []match {
	e.set.byLeaf(f)
	at, ok := f.first.get(leaf)
	if !ok {
		return nil
	}
	out, known := f.hits.get(leaf)
	if known {
		return out
	}
	for ; at >= 0; at = f.chain[at].next {
		h := &f.raw[f.chain[at].raw]
		if !h.checked {
			h.checked, h.kept = true, e.check(f, h) == ""
		}
		if !h.kept {
			continue
		}
		place := f.placeOf(h)
		f.places = append(f.places, Place{f.field, place.Start, place.End})
		out = append(out, match{start: place.Start, end: place.End, parts: slices.Clip(f.places[len(f.places)-1:])})
	}
	if len(out) > 1 {
		out = sortMatches(out)
	}
	f.hits.put(leaf, out)
	return out
}

// viewOf is the view that a literal was found in, placeOf where it stands in the original.
func (f *fieldEval) viewOf(h *rawHit) *text.View {
	if h.squeezed {
		return &f.text.Squeezed
	}
	return &f.text.Folded
}

func (f *fieldEval) placeOf(h *rawHit) text.Span { return f.viewOf(h).Span(int(h.from), int(h.to)) }

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
	plain, place := f.text.Plain, f.placeOf(h)
	i, j := plainRange(&plain, place)
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
		of := e.sentence(f, place.Start)
		if needStart && !contains(of.starts, place.Start) {
			return "begins inside a word"
		}
		if needEnd && !contains(e.sentence(f, place.End-1).ends, place.End) {
			return "ends inside a word"
		}
		if p.POS != "" || needStart && p.Inflected && en.kanaOnly {
			t, ok := of.at(place.Start)
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
	view := f.viewOf(h)
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

// at is the token that holds the code point at of the original.
func (w *words) at(at int) (morph.Token, bool) {
	i := sort.SearchInts(w.starts, at+1) - 1
	if i < 0 || w.ends[i] <= at {
		return morph.Token{}, false
	}
	return w.tokens[i], true
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
	case kindUse:
		return e.possible(c.used)
	case kindAll, kindAny:
		ok, known := e.usable.get(c.number)
		if !known {
			ok = e.partsPossible(c)
			e.usable.put(c.number, ok)
		}
		return ok
	}
	return true
}

// partsPossible is possible of an all or any.
func (e *Reading) partsPossible(c *cond) bool {
	if c.kind == kindAny {
		return slices.ContainsFunc(c.kids, e.possible)
	}
	return !slices.ContainsFunc(c.kids, func(kid *cond) bool { return kid.kind != kindNot && !e.possible(kid) })
}

func (e *Reading) detectable(c *cond) bool {
	d := &c.detector
	if d.NeedsPost && !e.hasPost() {
		return false
	}
	if d.Possible == nil || e.in.Exhaustive {
		return true
	}
	ok, known := e.maybe.get(c.asked)
	if !known {
		ok = d.Possible(&e.detected(c).text)
		e.maybe.put(c.asked, ok)
	}
	return ok
}

// run evaluates one rule under the masks of the exemptions: the places where it holds.
func (e *Reading) run(r *Rule, unless []exemption) []Place {
	e.masks = e.masks[:0:0]
	if len(unless) > 0 && !e.stands(r.when) {
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
		return e.hasParts(c.used, there)
	}
	return there(e, c)
}

// stands says whether each part that a condition needs is somewhere in the reply, were there no masks.
func (e *Reading) stands(c *cond) bool {
	ok, known := e.whole.get(c.number)
	if !known {
		ok = e.hasParts(c, func(e *Reading, part *cond) bool { return len(e.find(part)) > 0 })
		e.whole.put(c.number, ok)
	}
	return ok
}

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
		if m, ok := e.unmasked.get(c.number); ok {
			return m
		}
	}
	m := e.search(c)
	if len(e.masks) == 0 {
		e.unmasked.put(c.number, m)
	}
	return m
}

func (e *Reading) search(c *cond) []match {
	var f *fieldEval
	var out []match
	switch c.kind {
	case kindClass, kindLiteral:
		if f = e.at(c.field); f == nil || c.leaf < 0 {
			return nil
		}
		out = e.hitsOf(f, c.leaf)
	case kindToken:
		if f = e.at(c.field); f == nil || c.leaf >= 0 && !e.has(f, c.leaf) && !e.in.Exhaustive {
			return nil
		}
		out = e.findTokens(f, c.tokens)
	case kindDetector:
		if e.value(c.field) == "" || !e.detectable(c) {
			return nil
		}
		f = e.detected(c)
		out = e.detect(f, c)
	case kindAny:
		for _, kid := range c.kids {
			out = append(out, e.find(kid)...)
		}
		out = sortMatches(out)
	case kindUse:
		return e.find(c.used)
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
	if m, ok := e.found.get(c.asked); ok {
		return m
	}
	in := &e.looking
	in.Ask(&f.text, e.office)
	if c.detector.NeedsPost {
		in.Post = e.Official().post()
	}
	if c.detector.NeedsTokens {
		e.tokenize(f)
		in.Tokens = f.all.tokens
		if in.Post != nil {
			in.PostTokens = e.Official().tokens(e.set.morph)
		}
	}
	var out []match
	for _, s := range c.detector.Find(in) {
		out = append(out, match{start: s.Start, end: s.End, free: c.detector.Whole, parts: []Place{{c.field, s.Start, s.End}}})
	}
	out = sortMatches(out)
	e.found.put(c.asked, out)
	return out
}
