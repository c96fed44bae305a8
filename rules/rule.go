package rules

import (
	"slices"
	"strings"

	"github.com/kotomori/kotomori/dict"
	"github.com/kotomori/kotomori/internal/detect"
	"github.com/kotomori/kotomori/internal/text"
	"github.com/kotomori/kotomori/internal/yamldoc"
)

// Rule says which words, in which relation, break which category.
type Rule struct {
	ID         string
	Category   string
	Confidence float64 // given that it matches, 0 < c ≤ 0.99
	Reason     string  // Japanese, without a full stop: what the reply does
	Match      []Example
	NoMatch    []Example
	Source     string // as YAML
	Judgement  string // of the YAML what decides: id, category, confidence, when and unless, without the words and examples around it
	File       string
	Line       int

	when      *cond
	unless    []exemption
	needsPost bool // looks at the official post
	at        yamldoc.Node
}

// Example is a reply that a rule must or must not match.
type Example struct {
	Text, Post, Name, Handle string
	Account, Platform        string
	File                     string
	Line                     int
}

// exemption masks what stands near it.
type exemption struct {
	cond   *cond
	reach  reach
	within int // for reachWithin
	line   int
	source string
}

type reach uint8

const (
	reachMatch reach = iota
	reachWithin
	reachSentence
	reachAdjacent
)

type kind uint8

const (
	kindClass kind = iota
	kindLiteral
	kindToken
	kindDetector
	kindAll
	kindAny
	kindNot
	kindUse
)

// scope is how many sentence ends may lie between the parts of an all.
type scope int

const (
	scopeSentence scope = 0
	scopeAdjacent scope = 1
	scopeText     scope = 1 << 30
)

type position uint8

const (
	anywhere position = iota
	atStart
	atEnd
)

// Field is where a condition looks.
type Field uint8

// The fields.
const (
	InText Field = iota
	InName
	InHandle
	numFields
)

var fieldNames = [numFields]string{"text", "author.name", "author.handle"}

func (f Field) String() string { return fieldNames[f] }

// cond is a condition. Its leaf number, given when compiling, tells where its hits are collected.
type cond struct {
	kind     kind
	name     string // class, detector or named condition
	literals []dict.Word
	tokens   []tokenPattern
	kids     []*cond // all, any; not and use have one
	field    Field
	count    int
	scope    scope
	within   int // -1: no limit
	ordered  bool
	position position
	at       yamldoc.Node

	leaf     int // class, literal, token: -1 where nothing can be looked for
	detector detect.Detector

	number int   // of the set's conditions
	asked  int   // detector: of those that the set asks of a field
	used   *cond // use
}

// tokenPattern matches one kagome token.
type tokenPattern struct {
	surface, lemma, pos, conj, form []string
	optional, any                   bool
}

// file is what one rule file says.
type file struct {
	conditions []namedCond
	rules      []*Rule
}

type namedCond struct {
	name string
	cond *cond
	at   yamldoc.Node
}

func readRules(name string, data []byte, faults *yamldoc.Faults) file {
	var out file
	root, ok := yamldoc.Parse(name, data, faults)
	if !ok {
		return out
	}
	for _, f := range root.Fields() {
		switch f.Key {
		case "conditions":
			for _, c := range f.Value.Fields() {
				if !dict.ValidName(c.Key) {
					c.KeyAt.Fault("use lower-case letters, digits and hyphens", "bad condition name %q", c.Key)
				}
				if cond := refuseNot(readCond(c.Value, false)); cond != nil {
					out.conditions = append(out.conditions, namedCond{c.Key, cond, c.KeyAt})
				} else if c.Value.IsZero() {
					c.KeyAt.Fault("write the condition", "condition %q is empty", c.Key)
				}
			}
		case "rules":
			for _, n := range f.Value.List() {
				if r := readRule(n); r != nil {
					out.rules = append(out.rules, r)
				}
			}
		default:
			f.Unknown("conditions", "rules")
		}
	}
	return out
}

func readRule(n yamldoc.Node) *Rule {
	r := &Rule{File: n.File(), Source: n.Source(), at: n}
	r.Line, _ = n.Pos()
	var judgement strings.Builder
	for _, f := range n.Fields() {
		v := f.Value
		switch f.Key {
		case "id", "category", "confidence", "when", "unless":
			judgement.WriteString(f.Key + ": " + v.Source() + "\n")
		}
		switch f.Key {
		case "id":
			r.ID = v.Str()
		case "category":
			r.Category = v.Str()
			if !slices.Contains(Categories, r.Category) {
				mend := "write one of " + strings.Join(Categories, ", ")
				if near := yamldoc.Nearest(r.Category, Categories); near != "" {
					mend = "did you mean " + near + "?"
				}
				v.Fault(mend, "unknown category %q", r.Category)
			}
		case "confidence":
			r.Confidence = v.Float()
			if r.Confidence <= 0 || r.Confidence > 0.99 {
				v.Fault("write a number above 0, at most 0.99", "bad confidence %v", r.Confidence)
			}
		case "reason":
			r.Reason = strings.TrimRight(v.Str(), "。")
		case "note":
			_ = v.Str()
		case "when":
			r.when = refuseNot(readCond(v, false))
		case "unless":
			items := []yamldoc.Node{v}
			if v.IsList() {
				items = v.List()
			}
			for _, item := range items {
				r.unless = append(r.unless, readExemption(item)...)
			}
		case "examples":
			for _, e := range v.Fields() {
				switch e.Key {
				case "match":
					r.Match = readExamples(e.Value)
				case "no-match":
					r.NoMatch = readExamples(e.Value)
				default:
					e.Unknown("match", "no-match")
				}
			}
		default:
			f.Unknown("id", "category", "confidence", "reason", "note", "when", "unless", "examples")
		}
	}
	r.Judgement = judgement.String()
	category, name, _ := strings.Cut(r.ID, ".")
	switch {
	case r.ID == "":
		n.Fault("add id: category.name", "a rule without an id")
	case category != r.Category || !dict.ValidName(name):
		n.Fault("write the category, a dot and a name of lower-case letters, digits and hyphens", "bad rule id %q", r.ID)
	}
	if r.Category == "" {
		n.Fault("add category:", "rule %s has no category", r.ID)
	}
	if r.Confidence == 0 {
		n.Fault("add confidence: 0.9", "rule %s has no confidence", r.ID)
	}
	if r.Reason == "" {
		n.Fault("add reason: in Japanese, for the moderators' record", "rule %s has no reason", r.ID)
	}
	if r.when == nil {
		n.Fault("add when:", "rule %s has no condition", r.ID)
	}
	if len(r.Match) == 0 || len(r.NoMatch) == 0 {
		n.Fault("add examples: with match: and no-match: lists", "rule %s lacks examples that match or that do not", r.ID)
	}
	if r.ID == "" || r.Category == "" || r.when == nil {
		return nil
	}
	return r
}

func readExamples(n yamldoc.Node) []Example {
	var out []Example
	for _, item := range n.List() {
		e := Example{File: item.File()}
		e.Line, _ = item.Pos()
		if !item.IsMap() {
			e.Text = item.Str()
		} else {
			for _, f := range item.Fields() {
				switch f.Key {
				case "text":
					e.Text = f.Value.Str()
				case "post":
					e.Post = f.Value.Str()
				case "name":
					e.Name = f.Value.Str()
				case "handle":
					e.Handle = f.Value.Str()
				case "account":
					e.Account = f.Value.Str()
				case "platform":
					e.Platform = f.Value.Str()
				default:
					f.Unknown("text", "post", "name", "handle", "account", "platform")
				}
			}
		}
		if e.Text == "" {
			item.Fault("write the reply's text", "an example without text")
			continue
		}
		out = append(out, e)
	}
	return out
}

// readExemption reads one item of unless.
func readExemption(n yamldoc.Node) []exemption {
	x := exemption{source: strings.TrimSpace(n.Source())}
	x.line, _ = n.Pos()
	if n.IsMap() {
		for _, f := range n.Fields() {
			switch f.Key {
			case "reach":
				switch s := f.Value.Str(); s {
				case "match":
					x.reach = reachMatch
				case "sentence":
					x.reach = reachSentence
				case "adjacent":
					x.reach = reachAdjacent
				case "text":
					f.Value.Fault("an exemption never covers a whole comment; write sentence or adjacent", "unknown reach %q", s)
				default:
					f.Value.Fault("write match, sentence or adjacent, or within: N", "unknown reach %q", s)
				}
			case "within":
				if !hasKey(n, "all") { // the distance of an all's parts is its own
					if hasKey(n, "reach") {
						f.KeyAt.Fault("keep one of the two", "within and reach both say how far the exemption reaches")
					}
					x.reach, x.within = reachWithin, f.Value.Int(1)
				}
			}
		}
	}
	x.cond = refuseNot(readCond(n, true))
	if x.cond == nil {
		return nil
	}
	return []exemption{x}
}

func hasKey(n yamldoc.Node, key string) bool {
	return slices.ContainsFunc(n.Fields(), func(f yamldoc.Field) bool { return f.Key == key })
}

var condKeys = []string{"class", "literal", "token", "detector", "all", "any", "not", "use"}

// readCond reads a condition; inUnless allows the keys of an exemption beside it.
func readCond(n yamldoc.Node, inUnless bool) *cond {
	if n.IsZero() {
		return nil
	}
	c := &cond{at: n, within: -1, count: 1, leaf: -1}
	if !n.IsMap() {
		if n.IsList() {
			n.Fault("write all: […] or any: […]", "a list is no condition")
			return nil
		}
		c.kind, c.name = kindClass, n.Str()
		return c
	}
	fields := n.Fields()
	found := ""
	var rest []yamldoc.Field
	for _, f := range fields {
		if !slices.Contains(condKeys, f.Key) {
			rest = append(rest, f)
			continue
		}
		if found != "" {
			f.KeyAt.Fault("put both into all: […]", "a condition has one of %s; %q comes after %q", strings.Join(condKeys, ", "), f.Key, found)
			continue
		}
		found = f.Key
		v := f.Value
		if v.IsZero() {
			f.KeyAt.Fault("write what it is to look for", "%s: is empty", f.Key)
			return nil
		}
		switch f.Key {
		case "class":
			c.kind, c.name = kindClass, v.Str()
		case "detector":
			c.kind, c.name = kindDetector, v.Str()
		case "use":
			c.kind, c.name = kindUse, v.Str()
		case "literal":
			c.kind = kindLiteral
			for _, s := range v.Strs() {
				c.literals = append(c.literals, dict.Word{Text: s})
			}
			if len(c.literals) == 0 {
				v.Fault("write the text", "no literal")
			}
		case "token":
			c.kind = kindToken
			c.tokens = readTokens(v)
		case "all", "any":
			c.kind = kindAll
			if f.Key == "any" {
				c.kind = kindAny
			}
			for _, item := range v.List() {
				if kid := readCond(item, false); kid != nil {
					c.kids = append(c.kids, kid)
				}
			}
			if len(c.kids) == 0 {
				f.KeyAt.Fault("list conditions", "%s: holds no condition", f.Key)
				return nil
			}
			if c.kind == kindAll && c.kids[0].kind == kindNot {
				c.kids[0].at.Fault("put it after a part that must be there", "an all cannot begin with not")
			}
		case "not":
			c.kind = kindNot
			kid := readCond(v, false)
			if kid == nil {
				return nil
			}
			c.kids = []*cond{kid}
		}
	}
	if found == "" {
		n.Fault("write one of "+strings.Join(condKeys, ", "), "no condition")
		return nil
	}
	for _, f := range rest {
		c.readModifier(f, inUnless)
	}
	if c.kind != kindAll {
		for _, kid := range c.kids {
			refuseNot(kid)
		}
	}
	return c
}

// refuseNot reports a not where nothing stands beside it that must be there.
func refuseNot(c *cond) *cond {
	if c != nil && c.kind == kindNot {
		c.at.Fault("put it into all: […] beside what must be there", "not stands only inside all")
	}
	return c
}

func (c *cond) readModifier(f yamldoc.Field, inUnless bool) {
	v := f.Value
	on := func(kinds ...kind) bool {
		if slices.Contains(kinds, c.kind) {
			return true
		}
		f.KeyAt.Fault("remove it, or move it to the part it belongs to", "%q has no meaning here", f.Key)
		return false
	}
	switch f.Key {
	case "in":
		if on(kindClass, kindLiteral, kindDetector) {
			i := slices.Index(fieldNames[:], v.Str())
			if i < 0 {
				v.Fault("write text, author.name or author.handle", "unknown field")
				return
			}
			c.field = Field(i)
		}
	case "count":
		if on(kindClass, kindLiteral, kindDetector, kindAny) {
			c.count = v.Int(1)
		}
	case "at":
		if on(kindClass, kindLiteral, kindToken, kindDetector) {
			switch v.Str() {
			case "start":
				c.position = atStart
			case "end":
				c.position = atEnd
			default:
				v.Fault("write start or end", "unknown position")
			}
		}
	case "scope":
		if on(kindAll) {
			switch v.Str() {
			case "sentence":
				c.scope = scopeSentence
			case "adjacent":
				c.scope = scopeAdjacent
			case "text":
				c.scope = scopeText
			default:
				v.Fault("write sentence, adjacent or text", "unknown scope")
			}
		}
	case "within":
		if inUnless && c.kind != kindAll {
			return
		}
		if on(kindAll) {
			c.within = v.Int(0)
		}
	case "ordered":
		if on(kindAll) {
			c.ordered = v.Bool()
		}
	case "reach":
		if !inUnless {
			f.KeyAt.Fault("it belongs to an item of unless", "%q has no meaning here", f.Key)
		}
	case "note":
		_ = v.Str()
	default:
		if c.kind == kindLiteral {
			known := false
			for i := range c.literals {
				known = c.literals[i].ReadLiteral(f)
				if !known {
					break
				}
			}
			if known {
				return
			}
		}
		f.Unknown(append(slices.Clone(condKeys), "in", "count", "at", "scope", "within", "ordered", "script", "boundary", "not-in", "disguise", "pos", "note")...)
	}
}

func readTokens(n yamldoc.Node) []tokenPattern {
	var out []tokenPattern
	required := false
	for _, item := range n.List() {
		var t tokenPattern
		for _, f := range item.Fields() {
			v := f.Value
			switch f.Key {
			case "surface":
				t.surface = plain(v.Strs())
			case "lemma":
				t.lemma = plain(v.Strs())
			case "pos":
				t.pos = v.Strs()
			case "conj":
				t.conj = v.Strs()
			case "form":
				t.form = v.Strs()
			case "optional":
				t.optional = v.Bool()
			case "any":
				t.any = v.Bool()
			default:
				f.Unknown("surface", "lemma", "pos", "conj", "form", "optional", "any")
			}
		}
		if !t.any && len(t.surface)+len(t.lemma)+len(t.pos)+len(t.conj)+len(t.form) == 0 {
			item.Fault("add surface, lemma, pos, conj or form, or any: true", "a token pattern that says nothing")
		}
		if !t.optional && len(t.surface)+len(t.lemma) > 0 {
			required = true
		}
		out = append(out, t)
	}
	if !required {
		n.Fault("add a surface or a lemma to an element that is not optional", "no element of the token pattern can be looked for")
	}
	return out
}

// plain gives words as the tokenizer sees them.
func plain(words []string) []string {
	for i, w := range words {
		words[i] = text.Plain(w)
	}
	return words
}
