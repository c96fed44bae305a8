// Package classifier judges one comment: a pure function of the comment, the official
// post it answers, a compiled ruleset and a trained model. It reads no file, no network, no clock.
//
//	c, err := classifier.Shipped()
//	…
//	verdict, err := c.Classify(classifier.Comment{ID: "1", Text: "…"})
//
// Readers say what they see: the rules what holds and where (package rules), the learned one what
// it is like (internal/model). This package pools their opinions and decides: which
// clause of the account's policy stands for it, which clause leads, what the clause
// and the platform allow to recommend, and how to say it to a moderator.
package classifier

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kotomori/kotomori/rules"
)

// DefaultAccount and DefaultPlatform stand in where a comment names none.
const (
	DefaultAccount  = "saitama"
	DefaultPlatform = "x"
)

// maxEvidence bounds the places that one finding cites: a moderator reads some, and a hostile text could hold thousands.
const maxEvidence = 16

// Classifier judges comments by one compiled ruleset and, if it has any, further readers. It may be shared between goroutines.
type Classifier struct {
	set       *rules.Set
	readers   []Reader // beside the rules
	join      *Join    // nil with the rules alone
	unruled   bool     // the rules are not asked
	version   string
	fitted    map[*rules.Rule]bool // rules that join knows
	own       rules.Subset         // the others, if any rule is asked
	pools     map[*rules.Policy]*pool
	officials *officials
	readings  *sync.Pool // of *Reading
}

// New makes a classifier of a compiled ruleset and of readers beside it, each with a source of its own. With the rules alone, their
// confidence stands as it is.
func New(set *rules.Set, readers ...Reader) *Classifier {
	c := &Classifier{set: set, readers: readers}
	if len(readers) > 0 {
		c.join, _ = ShippedJoin() // part of the program; a test reads it
	}
	return c.ready()
}

// ready works out what follows from the parts.
func (c *Classifier) ready() *Classifier {
	c.version, c.fitted, c.own, c.pools = c.set.Hash(), nil, rules.Subset{}, nil
	c.readers = slices.Clone(c.readers)
	for i, r := range c.readers {
		if l, ok := r.(learned); ok {
			l.classes = classesOf(c.set)
			c.readers[i] = l
		}
	}
	c.officials, c.readings = &officials{}, &sync.Pool{New: func() any { return &Reading{} }}
	if c.join == nil {
		return c
	}
	known := make(map[string]bool, len(c.join.Rules))
	for _, r := range c.join.Rules {
		known[r] = true
	}
	c.fitted = map[*rules.Rule]bool{}
	for _, r := range c.set.Rules() {
		if known[ruleHash(r)] {
			c.fitted[r] = true
		}
	}
	if !c.unruled {
		c.own = c.set.Subset(func(r *rules.Rule) bool { return !c.fitted[r] })
	}
	c.pools = map[*rules.Policy]*pool{}
	for _, p := range c.set.Policies() {
		c.pools[p] = c.newPool(p)
	}
	sum := sha256.New()
	join, _ := json.Marshal(c.join) // numbers and strings
	_, _ = fmt.Fprintf(sum, "%s %s %v", c.set.Hash(), join, c.unruled)
	for _, r := range c.readers {
		_, _ = fmt.Fprintf(sum, " %s=%s", r.Source(), r.Version())
	}
	c.version = hex.EncodeToString(sum.Sum(nil))[:12]
	return c
}

// Shipped makes a classifier of the shipped rules and the shipped model.
func Shipped() (*Classifier, error) {
	set, err := rules.Load(rules.Embedded())
	if err != nil {
		return nil, err
	}
	m, err := ShippedModel()
	if err != nil {
		return nil, err
	}
	return New(set, m), nil
}

// With gives a classifier that pools by another Join, which must not be nil.
func (c *Classifier) With(j *Join) *Classifier {
	with := *c
	with.join = j
	return with.ready()
}

// Only gives a classifier that asks only the reader of this source. It is for measuring what each reader brings. The error says
// that there is no such reader, or that nothing was fitted for it by itself.
func (c *Classifier) Only(source string) (*Classifier, error) {
	only := *c
	if source == SourceRules {
		only.readers, only.join, only.unruled = nil, nil, false
		return only.ready(), nil
	}
	i := slices.IndexFunc(c.readers, func(r Reader) bool { return r.Source() == source })
	if i < 0 || c.join.Alone[source] == nil {
		return nil, fmt.Errorf("no reader %q to ask alone", source)
	}
	only.readers, only.join, only.unruled = c.readers[i:i+1], c.join.Alone[source], true
	return only.ready(), nil
}

// Ruleset is the compiled ruleset in use.
func (c *Classifier) Ruleset() *rules.Set { return c.set }

// Version is what a verdict names as its ruleset: the ruleset's hash or, with further readers, one over it, theirs and how
// they are pooled.
func (c *Classifier) Version() string { return c.version }

// InputError says what is wrong with a comment, and the mend.
type InputError struct {
	Field string // JSON path: account, platform, text, author.name …
	What  string // what is wrong
	Mend  string // what to do about it
}

func (e *InputError) Error() string { return e.Field + ": " + e.What + "; " + e.Mend }

// Classify judges one comment. The error is an *InputError: no id or text, unknown account or platform, invalid UTF-8,
// a field over its limit.
func (c *Classifier) Classify(in Comment) (Verdict, error) {
	input, platform, err := c.input(in)
	if err != nil {
		return Verdict{}, err
	}
	return c.judge(&in, &input, platform), nil
}

// keptText bounds, in bytes, the texts whose reading is kept for the next: one of the longest takes megabytes.
const keptText = 8 << 10

// judge asks the readers and decides. The rules are asked last, and only if what they can say could matter: their opinions shift the pool by
// so much at most, so for most comments the others decide. The verdict is the same.
func (c *Classifier) judge(in *Comment, input *rules.Input, platform string) Verdict {
	var r *Reading
	if len(in.Text) <= keptText {
		r = c.readings.Get().(*Reading)
		defer c.readings.Put(r)
	} else {
		r = &Reading{}
	}
	c.read(input, r)
	if c.join == nil {
		return c.decide(in, platform, r, nil, r.Match())
	}
	p := c.pools[input.Policy]
	p.ask(r)
	if !input.Exhaustive && !p.undecided(r) && !r.AnyHolds(c.own) {
		v := c.verdict(in, input.Policy)
		if input.Post == "" {
			v.Abstained = input.Policy.Abstains()
		}
		v.Gated = true
		return v
	}
	res := r.Match()
	p.hear(r, res)
	return c.decide(in, platform, r, p, res)
}

// read makes r the reading of a reply.
func (c *Classifier) read(input *rules.Input, r *Reading) {
	if r.official = c.officials.of(input.Post); r.official != nil {
		input.Official = r.official.rules
	}
	c.set.Read(*input, &r.Reading)
}

// ClassifyExhaustively is Classify with every rule evaluated, whether or not its literals are there: slower, and by
// design the same verdict. Tests use it.
func (c *Classifier) ClassifyExhaustively(in Comment) (Verdict, error) {
	input, platform, err := c.input(in)
	if err != nil {
		return Verdict{}, err
	}
	input.Exhaustive = true
	return c.judge(&in, &input, platform), nil
}

// Explanation is every step of judging one comment.
type Explanation struct {
	rules.Explanation
	Opinions []ReaderOpinions // of the readers beside the rules
	Pool     []Pooled         // what they come to together, by category; nil with the rules alone
	Verdict  Verdict
}

// ReaderOpinions is what one reader says.
type ReaderOpinions struct {
	Source   string
	Version  string
	Opinions []Opinion
	Glanced  bool                             // the comment was fair at first glance, and no more of it was read
	Evidence func(category string) []Evidence // the words that led to one of the opinions
}

// Explain judges one comment and tells each step. Errors are those of Classify.
func (c *Classifier) Explain(in Comment) (*Explanation, error) {
	input, platform, err := c.input(in)
	if err != nil {
		return nil, err
	}
	x := &Explanation{Explanation: c.set.Explain(input)}
	r := &Reading{} // kept with the explanation
	c.read(&input, r)
	res := r.Match()
	p := c.pools[input.Policy]
	if p != nil {
		p.ask(r)
		p.hear(r, res)
		for i, reader := range c.readers {
			x.Opinions = append(x.Opinions, ReaderOpinions{
				reader.Source(), reader.Version(), r.opinions[i], reader.Glanced(r.memory[i]),
				func(category string) []Evidence { return reader.Evidence(r, &r.memory[i], category) },
			})
		}
		x.Pool = p.pooled(r)
	}
	x.Verdict = c.decide(&in, platform, r, p, res)
	return x, nil
}

func (c *Classifier) input(in Comment) (rules.Input, string, error) {
	fail := func(field, what, mend string) (rules.Input, string, error) {
		return rules.Input{}, "", &InputError{field, what, mend}
	}
	if in.ID == "" {
		return fail("id", "is missing", "give each comment the platform's id")
	}
	if in.Text == "" {
		return fail("text", "is missing", "give the reply's text")
	}
	for _, f := range []struct {
		name, value string
		limit       int
	}{
		{"text", in.Text, MaxText}, {"post.text", in.Post.Text, MaxText}, {"author.name", in.Author.Name, MaxName}, {"author.handle", in.Author.Handle, MaxName},
	} {
		if len(f.value) > f.limit {
			return fail(f.name, fmt.Sprintf("is %d bytes long, over the limit of %d", len(f.value), f.limit), "no platform allows so much; check what was put into the field")
		}
		if !utf8.ValidString(f.value) {
			return fail(f.name, "is not valid UTF-8", "convert it to UTF-8")
		}
	}
	account := cmp.Or(in.Account, DefaultAccount)
	policy, ok := c.set.Policy(account)
	if !ok {
		var ids []string
		for _, p := range c.set.Policies() {
			ids = append(ids, p.ID)
		}
		return fail("account", fmt.Sprintf("%q has no policy", clip(account)), "use one of "+strings.Join(ids, ", ")+", or add a policy file")
	}
	platform := cmp.Or(in.Platform, DefaultPlatform)
	if !policy.Covers(platform) {
		return fail("platform", fmt.Sprintf("%q is not covered by the policy %s", clip(platform), account), "use one of "+strings.Join(policy.Platforms(), ", "))
	}
	input := rules.Input{
		Text: in.Text, Name: in.Author.Name, Handle: in.Author.Handle, Post: in.Post.Text, Policy: policy,
	}
	if policy.Official(platform, in.Author.Handle) {
		input.Name, input.Handle = "", "" // the office itself poses as nobody
	}
	return input, platform, nil
}

// clip bounds what an error quotes of the input.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// Categories are those of a policy's clauses, in their order.
func Categories(p *rules.Policy) []string {
	var out []string
	for _, c := range rules.Categories {
		if p.Has(c) {
			out = append(out, c)
		}
	}
	return out
}

// RuleOpinions are what the rules say, as a reader's opinions without evidence.
func RuleOpinions(res rules.Result) []Opinion {
	var out []Opinion
	for _, h := range res.Hits {
		out = append(out, Opinion{Category: h.Rule.Category, Confidence: h.Rule.Confidence})
	}
	return out
}

// found is a finding in the making.
type found struct {
	Finding
	clause  rules.Clause
	rule    *rules.Rule // the surest one that holds
	because string      // where no rule does: half a sentence, …ため
	surest  float64     // of the rules alone
}

// verdict is one without findings.
func (c *Classifier) verdict(in *Comment, policy *rules.Policy) Verdict {
	return Verdict{ID: in.ID, Findings: []Finding{}, Policy: policy.ID, Ruleset: c.version}
}

// decide turns what the readers found into findings and an action. p is nil with the rules alone.
func (c *Classifier) decide(in *Comment, platform string, r *Reading, p *pool, res rules.Result) Verdict {
	policy := r.Input().Policy
	v := c.verdict(in, policy)
	v.Abstained, v.Gated = res.Abstained, res.Quiet
	if c.unruled {
		res = rules.Result{}
	}
	all := ruleFindings(in, policy, res)
	if p != nil {
		all = c.joined(r, p, res, all)
		v.Gated = v.Gated && len(all) == 0
	}
	heaviest := func(f found) rules.Action {
		action := f.clause.Action(platform, f.Confidence)
		if p != nil {
			// What the rules alone would not do, no more than hiding: a person should look before more is done.
			action = min(action, max(rules.Hide, f.clause.Action(platform, f.surest)))
		}
		return action
	}
	if p != nil && len(all) > 0 && heaviest(all[0]) == rules.None {
		return v // the readers are sure of a breach, not of the clause
	}
	all = slices.DeleteFunc(all, func(f found) bool { return heaviest(f) == rules.None })
	if p == nil {
		slices.SortStableFunc(all, func(a, b found) int {
			return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(rank(a.Category), rank(b.Category)))
		})
	}
	for i, f := range all {
		if i > 0 && !ownRight(f, all[0].Finding) {
			continue
		}
		slices.SortStableFunc(f.Evidence, func(a, b Evidence) int {
			return cmp.Or(cmp.Compare(a.In, b.In), cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End))
		})
		f.Reason = f.reason()
		v.Findings = append(v.Findings, f.Finding)
		v.Action = max(v.Action, heaviest(f))
	}
	return v
}

// ruleFindings are the findings of the rules alone, one a category.
func ruleFindings(in *Comment, policy *rules.Policy, res rules.Result) []found {
	var all []found
	fields := [...]string{in.Text, in.Author.Name, in.Author.Handle}
	var runes [len(fields)][]rune // made once, where there is evidence
	// The surest rule first: its words are cited, those of the others only where it has none.
	slices.SortStableFunc(res.Hits, func(a, b rules.Hit) int { return cmp.Compare(b.Rule.Confidence, a.Rule.Confidence) })
	for _, hit := range res.Hits {
		clause, ok := policy.Clause(hit.Rule.Category)
		if !ok {
			continue
		}
		i := slices.IndexFunc(all, func(f found) bool { return f.Category == hit.Rule.Category })
		if i < 0 {
			i = len(all)
			all = append(all, found{
				Finding: Finding{Category: hit.Rule.Category, Clause: clause.Number, Confidence: hit.Rule.Confidence},
				clause:  clause, rule: hit.Rule, surest: hit.Rule.Confidence,
			})
		}
		f := &all[i]
		for _, p := range hit.Places {
			if len(f.Evidence) == maxEvidence {
				break
			}
			if runes[p.Field] == nil {
				runes[p.Field] = []rune(fields[p.Field])
			}
			ev := Evidence{Start: p.Start, End: p.End, Text: string(runes[p.Field][p.Start:p.End]), Rule: hit.Rule.ID}
			if p.Field != rules.InText {
				ev.In = p.Field.String()
			}
			if slices.ContainsFunc(f.Evidence, func(e Evidence) bool { return e.In == ev.In && e.Start < ev.End && ev.Start < e.End }) {
				continue
			}
			f.Evidence = append(f.Evidence, ev)
		}
	}
	return all
}

// joined decides by all readers together: the category with the largest share leads, if they are sure enough that any clause is
// broken. What the rules found besides follows.
func (c *Classifier) joined(r *Reading, p *pool, res rules.Result, byRule []found) []found {
	none := p.share(r)
	lead := 0
	for i := range r.shares {
		if r.shares[i] > r.shares[lead] {
			lead = i
		}
	}
	// A rule that the pooling was not fitted with stands by itself.
	own, sure := -1, 0.0
	for _, h := range res.Hits {
		if i := slices.Index(p.categories, h.Rule.Category); i >= 0 && !c.fitted[h.Rule] && h.Rule.Confidence > sure {
			own, sure = i, h.Rule.Confidence
		}
	}
	flagged := 1-none >= p.least[lead]
	switch {
	case own >= 0 && (!flagged || sure >= r.shares[lead]):
		lead = own
		r.shares[lead] = max(r.shares[lead], sure)
	case !flagged:
		return nil
	}
	category := p.categories[lead]
	clause, _ := r.Input().Policy.Clause(category)
	first := found{Finding: Finding{Category: category, Clause: clause.Number}, clause: clause}
	if i := slices.IndexFunc(byRule, func(f found) bool { return f.Category == category }); i >= 0 {
		first = byRule[i]
		byRule = slices.Delete(byRule, i, i+1)
	}
	first.Confidence = thousandths(r.shares[lead])
	if first.rule == nil {
		surest, most := -1, 0.0
		for i := range c.readers {
			for _, o := range r.opinions[i] {
				if o.Category == category && o.Confidence > most {
					surest, most = i, o.Confidence
				}
			}
		}
		if surest >= 0 {
			first.Evidence = c.readers[surest].Evidence(r, &r.memory[surest], category)
			first.because = c.readers[surest].Because(category, first.Evidence)
		}
	}
	all := append([]found{first}, byRule...)
	for i := range all {
		if all[i].rule != nil {
			all[i].Said = append(all[i].Said, Said{SourceRules, all[i].surest})
		}
		for k, reader := range c.readers {
			for _, o := range r.opinions[k] {
				if o.Category == all[i].Category {
					all[i].Said = append(all[i].Said, Said{reader.Source(), thousandths(o.Confidence)})
				}
			}
		}
	}
	return all
}

func thousandths(x float64) float64 { return math.Round(x*1000) / 1000 }

// furtherConfidence is how sure a second clause must be to stand beside the leading one: the labelling guidelines want
// it broken "just as plainly in its own right".
const furtherConfidence = 0.93

// ownRight says whether a further finding stands beside the leading one. Off-topic stands only alone, and what only
// repeats the leading clause's words adds nothing.
func ownRight(f found, leading Finding) bool {
	if f.Category == "off-topic" || leading.Category == "off-topic" || f.surest < furtherConfidence {
		return false
	}
	return slices.ContainsFunc(f.Evidence, func(e Evidence) bool {
		return !slices.ContainsFunc(leading.Evidence, func(l Evidence) bool {
			return l.In == e.In && l.Start < e.End && e.Start < l.End
		})
	})
}

// rank decides which of two clauses leads where the rules are equally sure: the narrower clause, which says more to the
// resident, before the wider one.
func rank(category string) int {
	order := []string{
		"malware", "crime-incitement", "impersonation", "tampering", "privacy", "discrimination", "obscenity", "illegal",
		"politics-religion", "ip-infringement", "tos-violation", "commercial", "defamation", "misinformation", "public-order",
		"other-inappropriate", "off-topic",
	}
	return slices.Index(order, category)
}

// reason is one sentence a moderator can paste into the record.
func (f *found) reason() string {
	because := f.because
	if f.rule != nil {
		because = f.rule.Reason
	}
	return fmt.Sprintf("%sため、運用方針%s「%s」に該当するおそれがあります。", because, f.clause.Number, strings.TrimRight(f.clause.Text, "。"))
}
