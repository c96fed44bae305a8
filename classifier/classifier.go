// Package classifier judges one comment: a pure function of the comment, the official
// post it answers, and a compiled ruleset. It reads no file, no network, no clock.
//
//	set, err := rules.Load(rules.Embedded())
//	…
//	verdict, err := classifier.New(set).Classify(classifier.Comment{ID: "1", Text: "…"})
//
// The rules say what holds and where (package rules); this package decides: which
// clause of the account's policy stands for it, which clause leads, what the clause
// and the platform allow to recommend, and how to say it to a moderator.
package classifier

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
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

// Classifier judges comments by one compiled ruleset. It may be shared between goroutines.
type Classifier struct {
	set *rules.Set
}

// New makes a classifier of a compiled ruleset.
func New(set *rules.Set) *Classifier { return &Classifier{set: set} }

// Ruleset is the compiled ruleset in use.
func (c *Classifier) Ruleset() *rules.Set { return c.set }

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
	input, policy, platform, err := c.input(in)
	if err != nil {
		return Verdict{}, err
	}
	res := c.set.Match(input)
	return c.decide(in, policy, platform, res), nil
}

// ClassifyExhaustively is Classify with every rule evaluated, whether or not its literals are there: slower, and by
// design the same verdict. Tests use it.
func (c *Classifier) ClassifyExhaustively(in Comment) (Verdict, error) {
	input, policy, platform, err := c.input(in)
	if err != nil {
		return Verdict{}, err
	}
	input.Exhaustive = true
	return c.decide(in, policy, platform, c.set.Match(input)), nil
}

// Explanation is every step of judging one comment.
type Explanation struct {
	rules.Explanation
	Verdict Verdict
}

// Explain judges one comment and tells each step. Errors are those of Classify.
func (c *Classifier) Explain(in Comment) (*Explanation, error) {
	input, policy, platform, err := c.input(in)
	if err != nil {
		return nil, err
	}
	return &Explanation{c.set.Explain(input), c.decide(in, policy, platform, c.set.Match(input))}, nil
}

func (c *Classifier) input(in Comment) (rules.Input, *rules.Policy, string, error) {
	fail := func(field, what, mend string) (rules.Input, *rules.Policy, string, error) {
		return rules.Input{}, nil, "", &InputError{field, what, mend}
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
	return input, policy, platform, nil
}

// clip bounds what an error quotes of the input.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// decide turns what the rules found into findings and an action.
func (c *Classifier) decide(in Comment, policy *rules.Policy, platform string, res rules.Result) Verdict {
	v := Verdict{
		ID: in.ID, Findings: []Finding{}, Policy: policy.ID, Ruleset: c.set.Hash(), Abstained: res.Abstained, Gated: res.Quiet,
	}
	type found struct {
		Finding
		clause rules.Clause
		rule   *rules.Rule // the one whose reason is given
	}
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
			all = append(all, found{Finding: Finding{Category: hit.Rule.Category, Clause: clause.Number}, clause: clause})
		}
		f := &all[i]
		if f.rule == nil {
			f.Confidence, f.rule = hit.Rule.Confidence, hit.Rule
		}
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
	all = slices.DeleteFunc(all, func(f found) bool { return f.clause.Action(platform, f.Confidence) == rules.None })
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(rank(a.Category), rank(b.Category)))
	})
	for i, f := range all {
		if i > 0 && !ownRight(f.Finding, all[0].Finding) {
			continue
		}
		slices.SortStableFunc(f.Evidence, func(a, b Evidence) int {
			return cmp.Or(cmp.Compare(a.In, b.In), cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End))
		})
		f.Reason = reason(f.clause, f.rule)
		v.Findings = append(v.Findings, f.Finding)
		v.Action = max(v.Action, f.clause.Action(platform, f.Confidence))
	}
	return v
}

// furtherConfidence is how sure a second clause must be to stand beside the leading one: the labelling guidelines want
// it broken "just as plainly in its own right".
const furtherConfidence = 0.93

// ownRight says whether a further finding stands beside the leading one. Off-topic stands only alone, and what only
// repeats the leading clause's words adds nothing.
func ownRight(f, leading Finding) bool {
	if f.Category == "off-topic" || f.Confidence < furtherConfidence {
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
func reason(c rules.Clause, r *rules.Rule) string {
	return fmt.Sprintf("%sため、運用方針%s「%s」に該当するおそれがあります。", r.Reason, c.Number, strings.TrimRight(c.Text, "。"))
}
