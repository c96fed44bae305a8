// Package rules is the rule language: reading, linting, compiling, evaluating;
// with the shipped rules and the two cities' policies.
//
// A ruleset is compiled once and shared. All literals of all rules (the words of
// the classes with their generated spellings, the rules' own literals, what a token
// pattern needs at the least) go into one automaton. A comment is scanned once;
// the literals found say which rules can hold at all (the gate). Only then are
// word boundaries asked of the tokenizer, and the conditions evaluated. Evaluating
// every rule instead gives the same result: a property test holds that.
//
// The language is described in doc/rules.md, the algorithm in doc/design.md.
package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/kotomori/kotomori/dict"
	"github.com/kotomori/kotomori/internal/automaton"
	"github.com/kotomori/kotomori/internal/detect"
	"github.com/kotomori/kotomori/internal/morph"
	"github.com/kotomori/kotomori/internal/text"
	"github.com/kotomori/kotomori/internal/yamldoc"
)

// Faults are all faults of a ruleset.
type Faults = yamldoc.Faults

// Fault is one fault of a ruleset's file.
type Fault = yamldoc.Fault

// Set is a compiled ruleset: policies, rules, dictionary. It is immutable and may be shared between goroutines.
type Set struct {
	hash     string
	policies []*Policy
	rules    []*Rule
	byID     map[string]*Rule

	named   map[string]*cond
	matcher *automaton.Matcher
	first   []int32  // by pattern of the matcher: its first entry; and behind the last pattern, how many there are
	entries []entry  // those of a pattern together
	looked  []looked // of the entries, what every hit needs

	entryLeaves []int32 // those of all entries
	leaves      int
	conds       int // conditions, alike ones counted once
	asked       int // detectors, by the fields that they are asked of

	classNames []string
	morph      *morph.Analyzer
	gate       gate
}

// entry is what a literal stands for: one spelling of one word, for the leaves that look for it.
type entry struct {
	pattern  dict.Pattern
	length   int     // code points of pattern.Text
	notIn    []notIn // longer strings in which it is no hit
	word     string  // as the dictionary has it
	class    string  // class or rule that brings it, for explaining
	leaves   []int32 // where its hits go
	kanaOnly bool
}

// looked is what every hit of an entry needs, close together: there are many entries, and most hits lead to nothing more.
type looked struct {
	class    int32 // of the dictionary, or -1
	masked   bool
	disguise bool
	within   bool     // has a notIn
	leaves   [2]int32 // from where to where in entryLeaves
}

type notIn struct {
	runes  []rune
	offset int // of the pattern within it
}

// Load reads, lints and compiles the layers, the first being the shipped files (Embedded()), the later ones laid over
// it: a file of the same path replaces, any other is added. The error is a Faults with every fault at once, or the
// error of reading a layer.
func Load(layers ...fs.FS) (*Set, error) {
	s, faults, err := load(layers)
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return s, nil
}

// Lint lists every fault of the layers, laid over one another as Load does.
func Lint(layers ...fs.FS) (Faults, error) {
	_, faults, err := load(layers)
	return faults, err
}

// load compiles the layers. With faults the set is not usable.
func load(layers []fs.FS) (*Set, Faults, error) {
	merged, err := merge(layers)
	if err != nil {
		return nil, nil, err
	}
	// The tokenizer's dictionary takes as long to load as the rules: both at once.
	var loading sync.WaitGroup
	loading.Go(morph.Preload)
	defer loading.Wait()
	names := make([]string, 0, len(merged))
	for name := range merged {
		names = append(names, name)
	}
	slices.Sort(names)

	c := compiler{
		set:     &Set{byID: map[string]*Rule{}, named: map[string]*cond{}},
		classes: map[string]*class{}, literals: map[string]int{},
	}
	sum := sha256.New()
	for _, name := range names {
		sum.Write(fmt.Appendf(nil, "%s %d\n", name, len(merged[name])))
		sum.Write(merged[name])
		switch path.Dir(name) {
		case "dict":
			c.addClasses(name, merged[name])
		case "rules":
			c.addRules(name, merged[name])
		case "rules/policies":
			c.addPolicy(name, merged[name])
		}
	}
	c.set.hash = hex.EncodeToString(sum.Sum(nil))[:12]
	c.link()
	if len(c.faults) == 0 {
		if err := c.build(); err != nil {
			return nil, nil, err
		}
	}
	c.faults.Sort()
	c.faults = slices.Compact(c.faults)
	return c.set, c.faults, nil
}

func merge(layers []fs.FS) (map[string][]byte, error) {
	merged := map[string][]byte{}
	for _, layer := range layers {
		for _, pattern := range []string{"dict/*.yaml", "rules/*.yaml", "rules/policies/*.yaml"} {
			names, err := fs.Glob(layer, pattern)
			if err != nil {
				return nil, fmt.Errorf("listing rules: %w", err)
			}
			for _, name := range names {
				data, err := fs.ReadFile(layer, name)
				if err != nil {
					return nil, fmt.Errorf("reading rules: %w", err)
				}
				merged[name] = data
			}
		}
	}
	return merged, nil
}

// Hash identifies the ruleset: the first 12 hex digits of the SHA-256 over its files.
func (s *Set) Hash() string { return s.hash }

// Policies in the order of their ids.
func (s *Set) Policies() []*Policy { return s.policies }

// Policy looks up a policy by its id (the account of a comment).
func (s *Set) Policy(id string) (*Policy, bool) {
	for _, p := range s.policies {
		if p.ID == id {
			return p, true
		}
	}
	return nil, false
}

// Rules in the order of their ids.
func (s *Set) Rules() []*Rule { return s.rules }

// Rule looks up a rule by its id.
func (s *Set) Rule(id string) (*Rule, bool) {
	r, ok := s.byID[id]
	return r, ok
}

// Literals is the number of different literals that the automaton looks for.
func (s *Set) Literals() int { return s.matcher.Len() }

// class is a dictionary class while compiling.
type class struct {
	dict.Class
	leaf  int          // -1 until a rule asks for it
	words []*dict.Word // its own and the included ones, once resolved
	state resolveState
}

type resolveState uint8

const (
	unresolved resolveState = iota
	resolving
	resolved
)

type compiler struct {
	set     *Set
	classes map[string]*class
	named   map[string]yamldoc.Node
	faults  Faults

	literals map[string]int // leaves of literal conditions, by what they look for

	leafOf map[*dict.Word][]int32
	order  []*dict.Word // words that any rule looks for, in the order they were asked for
	origin map[*dict.Word]string
	extra  []extraLiteral
}

// extraLiteral is a literal of a token pattern, which only opens the gate.
type extraLiteral struct {
	text string
	leaf int32
	rule string
}

func (c *compiler) addClasses(name string, data []byte) {
	for _, read := range dict.Read(name, data, &c.faults) {
		if other, ok := c.classes[read.Name]; ok {
			line, _ := other.At().Pos()
			read.At().Fault("give it another name, or merge the two", "class %q is defined in %s:%d already", read.Name, other.At().File(), line)
			continue
		}
		c.classes[read.Name] = &class{Class: read, leaf: -1}
	}
}

func (c *compiler) addRules(name string, data []byte) {
	f := readRules(name, data, &c.faults)
	if c.named == nil {
		c.named = map[string]yamldoc.Node{}
	}
	for _, n := range f.conditions {
		if other, ok := c.named[n.name]; ok {
			line, _ := other.Pos()
			n.at.Fault("give it another name", "condition %q is defined in %s:%d already", n.name, other.File(), line)
			continue
		}
		c.named[n.name] = n.at
		c.set.named[n.name] = n.cond
	}
	for _, r := range f.rules {
		if other, ok := c.set.byID[r.ID]; ok {
			r.at.Fault("give it another id", "rule %s stands in %s:%d already", r.ID, other.File, other.Line)
			continue
		}
		c.set.byID[r.ID] = r
		c.set.rules = append(c.set.rules, r)
	}
}

func (c *compiler) addPolicy(name string, data []byte) {
	p := readPolicy(name, data, &c.faults)
	if p == nil {
		return
	}
	if other, ok := c.set.Policy(p.ID); ok {
		c.faults = append(c.faults, Fault{File: name, Line: 1, Column: 1, What: fmt.Sprintf("policy %q stands in %s already", p.ID, other.File), Mend: "give it another id"})
		return
	}
	c.set.policies = append(c.set.policies, p)
}

// link resolves names: classes, conditions, detectors; and numbers the leaves.
func (c *compiler) link() {
	slices.SortFunc(c.set.policies, func(a, b *Policy) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(c.set.rules, func(a, b *Rule) int { return strings.Compare(a.ID, b.ID) })
	if len(c.set.policies) == 0 {
		c.faults = append(c.faults, Fault{File: "rules/policies", What: "no policy", Mend: "add a file, see doc/rules.md"})
	}
	c.leafOf, c.origin = map[*dict.Word][]int32{}, map[*dict.Word]string{}
	names := make([]string, 0, len(c.classes))
	for name := range c.classes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c.resolve(c.classes[name])
	}
	conds := make([]string, 0, len(c.set.named))
	for name := range c.set.named {
		conds = append(conds, name)
	}
	slices.Sort(conds)
	state := map[string]resolveState{}
	for _, name := range conds {
		c.checkCycle(name, state)
	}
	for _, name := range conds {
		c.linkCond(c.set.named[name], "condition "+name)
	}
	needPost := map[string]bool{} // by name
	for _, r := range c.set.rules {
		c.linkCond(r.when, r.ID)
		r.needsPost = c.needsPost(r.when, needPost)
		for _, x := range r.unless {
			c.linkCond(x.cond, r.ID)
		}
	}
	alike := map[string]*cond{}
	for _, name := range conds {
		c.set.named[name] = share(c.set.named[name], alike)
	}
	for _, r := range c.set.rules {
		r.when = share(r.when, alike)
		for i := range r.unless {
			r.unless[i].cond = share(r.unless[i].cond, alike)
		}
	}
	c.number()
	for _, p := range c.set.policies {
		p.has = map[string]bool{}
		for _, clause := range p.Clauses {
			p.has[clause.Category] = true
		}
		p.rules, p.postless = newRuleBits(len(c.set.rules)), newRuleBits(len(c.set.rules))
		for n, r := range c.set.rules {
			if p.has[r.Category] {
				p.rules.add(n)
				if !r.needsPost {
					p.postless.add(n)
				}
			}
			if r.needsPost && p.has[r.Category] && !slices.Contains(p.abstains, r.Category) {
				p.abstains = append(p.abstains, r.Category)
			}
		}
		slices.Sort(p.abstains)
		p.abstains = slices.Clip(p.abstains)
	}
}

func (c *compiler) resolve(cl *class) {
	if cl.state != unresolved {
		return
	}
	cl.state = resolving
	for i := range cl.Words {
		cl.words = append(cl.words, &cl.Words[i])
		c.origin[&cl.Words[i]] = cl.Name
	}
	for _, ref := range cl.Include {
		other, ok := c.classes[ref.Name]
		if !ok {
			ref.At.Fault(c.suggestClass(ref.Name), "unknown class %q", ref.Name)
			continue
		}
		if other.state == resolving {
			ref.At.Fault("take one of the includes out", "class %q includes itself by way of %q", cl.Name, ref.Name)
			continue
		}
		c.resolve(other)
		cl.words = append(cl.words, other.words...)
	}
	cl.state = resolved
}

func (c *compiler) suggestClass(name string) string {
	names := make([]string, 0, len(c.classes))
	for n := range c.classes {
		names = append(names, n)
	}
	slices.Sort(names)
	if near := yamldoc.Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "define it in dict/"
}

// checkCycle finds named conditions that use themselves; state holds what is known of each name.
func (c *compiler) checkCycle(name string, state map[string]resolveState) {
	x := c.set.named[name]
	if x == nil || state[name] == resolved {
		return
	}
	if state[name] == resolving {
		x.at.Fault("take one of the uses out", "condition %q uses itself", name)
		x.kind, x.name, x.kids = kindClass, "", nil
		return
	}
	state[name] = resolving
	for _, inner := range uses(x) {
		c.checkCycle(inner, state)
	}
	state[name] = resolved
}

func uses(c *cond) []string {
	var out []string
	if c.kind == kindUse {
		out = append(out, c.name)
	}
	for _, kid := range c.kids {
		out = append(out, uses(kid)...)
	}
	return out
}

// number numbers the conditions, and the detectors by the field that they are asked of.
func (c *compiler) number() {
	numbered := map[*cond]bool{}
	detectors := map[string]int{}
	var number func(x *cond)
	number = func(x *cond) {
		if x == nil || numbered[x] {
			return
		}
		numbered[x] = true
		x.number = len(numbered) - 1
		switch x.kind {
		case kindUse:
			x.used = c.set.named[x.name]
		case kindDetector:
			key := x.name + " " + x.field.String()
			if _, ok := detectors[key]; !ok {
				detectors[key] = len(detectors)
			}
			x.asked = detectors[key]
		}
		for _, kid := range x.kids {
			number(kid)
		}
	}
	for _, x := range c.set.named {
		number(x)
	}
	for _, r := range c.set.rules {
		number(r.when)
		for _, x := range r.unless {
			number(x.cond)
		}
	}
	c.set.conds, c.set.asked = len(numbered), len(detectors)
}

// share gives the one condition that stands for all that are alike, so that what was found of it in a reply is known to every rule.
func share(x *cond, alike map[string]*cond) *cond {
	if x == nil {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %q %#v %d %d %d %d %v %d", x.kind, x.name, x.key(), x.tokens, x.field, x.count, x.scope, x.within, x.ordered, x.position)
	for i, kid := range x.kids {
		x.kids[i] = share(kid, alike)
		fmt.Fprintf(&b, " %p", x.kids[i])
	}
	if first, ok := alike[b.String()]; ok {
		return first
	}
	alike[b.String()] = x
	return x
}

// needsPost says whether a condition looks at the official post; known keeps what is learned of named ones.
func (c *compiler) needsPost(x *cond, known map[string]bool) bool {
	switch {
	case x == nil:
		return false
	case x.kind == kindDetector:
		return x.detector.NeedsPost
	case x.kind == kindUse:
		needs, asked := known[x.name]
		if !asked {
			known[x.name] = false // ends a cycle, which is a fault already
			needs = c.needsPost(c.set.named[x.name], known)
			known[x.name] = needs
		}
		return needs
	}
	return slices.ContainsFunc(x.kids, func(kid *cond) bool { return c.needsPost(kid, known) })
}

func (c *compiler) newLeaf() int {
	c.set.leaves++
	return c.set.leaves - 1
}

func (c *compiler) linkCond(cond *cond, owner string) {
	switch cond.kind {
	case kindClass:
		cl, ok := c.classes[cond.name]
		if !ok {
			if cond.name != "" {
				cond.at.Fault(c.suggestClass(cond.name), "unknown class %q", cond.name)
			}
			return
		}
		if cl.leaf < 0 {
			cl.leaf = c.newLeaf()
			for _, w := range cl.words {
				c.want(w, cl.leaf)
			}
		}
		cond.leaf = cl.leaf
	case kindLiteral:
		if cond.leaf = c.sameLiterals(cond); cond.leaf >= 0 {
			return
		}
		cond.leaf = c.newLeaf()
		c.literals[cond.key()] = cond.leaf
		for i := range cond.literals {
			w := &cond.literals[i]
			if strings.TrimSpace(text.Fold(w.Text)) == "" {
				cond.at.Fault("write the text", "nothing is left of the literal %q after normalising", w.Text)
				continue
			}
			c.origin[w] = owner
			c.want(w, cond.leaf)
		}
	case kindToken:
		if atoms := tokenAtoms(cond.tokens); len(atoms) > 0 {
			cond.leaf = c.newLeaf()
			for _, a := range atoms {
				c.extra = append(c.extra, extraLiteral{a, int32(cond.leaf), owner})
			}
		}
	case kindDetector:
		d, ok := detect.Lookup(cond.name)
		if !ok {
			var names []string
			for _, d := range detect.All() {
				names = append(names, d.Name)
			}
			mend := "detectors: " + strings.Join(names, ", ")
			if near := yamldoc.Nearest(cond.name, names); near != "" {
				mend = fmt.Sprintf("did you mean %q?", near)
			}
			cond.at.Fault(mend, "unknown detector %q", cond.name)
			return
		}
		cond.detector = d
	case kindUse:
		if _, ok := c.set.named[cond.name]; !ok {
			var names []string
			for n := range c.set.named {
				names = append(names, n)
			}
			slices.Sort(names)
			mend := "define it under conditions:"
			if near := yamldoc.Nearest(cond.name, names); near != "" {
				mend = fmt.Sprintf("did you mean %q?", near)
			}
			cond.at.Fault(mend, "unknown condition %q", cond.name)
		}
	}
	for _, kid := range cond.kids {
		c.linkCond(kid, owner)
	}
}

func (c *compiler) want(w *dict.Word, leaf int) {
	leaves := c.leafOf[w]
	if len(leaves) == 0 {
		c.order = append(c.order, w)
	}
	if !slices.Contains(leaves, int32(leaf)) {
		c.leafOf[w] = append(leaves, int32(leaf))
	}
}

// tokenAtoms are literals of which one stands in every text where the pattern holds; nil where that cannot be said.
func tokenAtoms(tokens []tokenPattern) []string {
	var best []string
	for _, t := range tokens {
		if t.optional || t.any {
			continue
		}
		var atoms []string
		if len(t.surface) > 0 {
			for _, s := range t.surface {
				atoms = append(atoms, text.Fold(s))
			}
		} else {
			for _, lemma := range t.lemma {
				atoms = append(atoms, lemmaAtom(lemma))
			}
		}
		if len(atoms) == 0 || slices.Contains(atoms, "") {
			continue
		}
		if best == nil || shortest(atoms) > shortest(best) {
			best = atoms
		}
	}
	return best
}

// lemmaAtom is what every form of a lemma has: all but its last letter, or but its last two where the one before changes
// as well (する, くる, adjectives: 罰しろ, やってきた, すげえ). Auxiliaries and what is left empty give none.
func lemmaAtom(lemma string) string {
	r := []rune(text.Fold(lemma))
	cut := 1
	switch {
	case slices.Contains([]string{"です", "ます", "だ", "た", "ぬ", "り", "ん", "よい", "いい", "ない", "たい"}, lemma):
		return ""
	case strings.HasSuffix(lemma, "する"), strings.HasSuffix(lemma, "ずる"), strings.HasSuffix(lemma, "くる"), strings.HasSuffix(lemma, "い"):
		cut = 2
	}
	if len(r) <= cut {
		if cut == 1 && len(r) == 1 && unicode.Is(unicode.Han, r[0]) {
			return string(r) // a noun of one kanji
		}
		return ""
	}
	return string(r[:len(r)-cut])
}

func shortest(atoms []string) int {
	n := len([]rune(atoms[0]))
	for _, a := range atoms[1:] {
		n = min(n, len([]rune(a)))
	}
	return n
}

// build compiles the literals into the automaton and the user words into the tokenizer.
func (c *compiler) build() error {
	var patterns []string
	var entries [][]entry // by pattern
	number := map[string]int{}
	add := func(e entry) {
		i, ok := number[e.pattern.Text]
		if !ok {
			i = len(patterns)
			number[e.pattern.Text] = i
			patterns = append(patterns, e.pattern.Text)
			entries = append(entries, nil)
		}
		entries[i] = append(entries[i], e)
	}
	for _, w := range c.order {
		for _, p := range w.Patterns() {
			e := entry{pattern: p, length: len([]rune(p.Text)), word: w.Text, class: c.origin[w], leaves: c.leafOf[w], kanaOnly: kanaOnly(p.Text)}
			for _, s := range p.NotIn {
				// The pattern may stand in the longer string more than once.
				for at, rest := 0, s; ; {
					i := strings.Index(rest, p.Text)
					if i < 0 {
						break
					}
					at += len([]rune(rest[:i]))
					e.notIn = append(e.notIn, notIn{[]rune(s), at})
					rest = rest[i+len(firstRune(p.Text)):]
					at++
				}
			}
			add(e)
		}
	}
	for _, x := range c.extra {
		// The gate only asks whether it is there: no boundary, no hits of its own.
		add(entry{pattern: dict.Pattern{Text: x.text, Boundary: dict.Free}, length: len([]rune(x.text)), word: x.text, class: x.rule, leaves: []int32{x.leaf}})
	}
	for _, of := range entries {
		c.set.first = append(c.set.first, int32(len(c.set.entries)))
		c.set.entries = append(c.set.entries, of...)
	}
	c.set.first = append(c.set.first, int32(len(c.set.entries)))
	var err error
	if c.set.matcher, err = automaton.Compile(patterns); err != nil {
		return fmt.Errorf("compiling literals: %w", err)
	}
	var words []morph.Word
	known := map[string]bool{}
	names := make([]string, 0, len(c.classes))
	for name := range c.classes {
		names = append(names, name)
	}
	slices.Sort(names)
	c.set.classNames = names
	for i := range c.set.entries {
		e := &c.set.entries[i]
		x := looked{class: -1, masked: e.pattern.Masked, disguise: e.pattern.Disguise, within: len(e.notIn) > 0}
		if at, ok := slices.BinarySearch(names, e.class); ok {
			x.class = int32(at)
		}
		x.leaves[0] = int32(len(c.set.entryLeaves))
		c.set.entryLeaves = append(c.set.entryLeaves, e.leaves...)
		x.leaves[1] = int32(len(c.set.entryLeaves))
		c.set.looked = append(c.set.looked, x)
	}
	for _, name := range names {
		for _, w := range c.classes[name].Words {
			if plain := text.Plain(w.Text); w.UserDict && !known[plain] {
				known[plain] = true
				words = append(words, morph.Word{Surface: plain, Reading: w.Reading, POS: "名詞,一般"})
			}
		}
	}
	if c.set.morph, err = morph.New(words); err != nil {
		return fmt.Errorf("loading the tokenizer: %w", err)
	}
	c.set.openGate()
	return nil
}

// sameLiterals is the leaf of another condition that looks for the same literals, or -1.
func (c *compiler) sameLiterals(x *cond) int {
	if leaf, ok := c.literals[x.key()]; ok {
		return leaf
	}
	return -1
}

// key tells literal conditions apart by what they look for.
func (c *cond) key() string {
	var b strings.Builder
	for i := range c.literals {
		w := c.literals[i]
		fmt.Fprintf(&b, "%q %q %v %v %q %q %q %q %v;", w.Text, w.Reading, w.Exact, w.Boundary, w.POS, w.NotIn, w.Inflect, w.Forms, w.Disguise)
	}
	return b.String()
}

func firstRune(s string) string { return string([]rune(s)[:1]) }
