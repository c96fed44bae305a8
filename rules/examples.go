package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ExampleFault is an example that does not hold.
type ExampleFault struct {
	Rule string `json:"rule"`
	File string `json:"file"`
	Line int    `json:"line"`
	Text string `json:"text"`
	What string `json:"what"`
	Mend string `json:"mend"`
}

func (f ExampleFault) String() string {
	return fmt.Sprintf("%s:%d: rule %s: %s; %s\n\t%s", f.File, f.Line, f.Rule, f.What, f.Mend, f.Text)
}

// Test runs every rule on its own examples, and says how many there were.
func (s *Set) Test() (faults []ExampleFault, examples int) {
	for _, r := range s.rules {
		for _, e := range r.Match {
			examples++
			if places, why := s.try(r, e); len(places) == 0 {
				faults = append(faults, ExampleFault{r.ID, e.File, e.Line, e.Text, "does not match: " + why, "mend the rule or move the example to no-match"})
			}
		}
		for _, e := range r.NoMatch {
			examples++
			if places, _ := s.try(r, e); len(places) > 0 {
				faults = append(faults, ExampleFault{r.ID, e.File, e.Line, e.Text, "matches " + quotePlaces(e, places), "narrow the rule, or add an exemption"})
			}
		}
	}
	return faults, examples
}

// TestFair runs all rules on comments that none may flag.
func (s *Set) TestFair(comments []Example) (faults []ExampleFault) {
	for _, x := range comments {
		policy, ok := s.Policy(x.Account)
		if !ok {
			continue // a ruleset need not have the policies of others
		}
		res := s.Match(Input{Text: x.Text, Name: x.Name, Handle: x.Handle, Post: x.Post, Policy: policy})
		for _, h := range res.Hits {
			faults = append(faults, ExampleFault{
				h.Rule.ID, h.Rule.File, h.Rule.Line, x.Text, "flags fair criticism at " + quotePlaces(x, h.Places), "narrow the rule, or add an exemption",
			})
		}
	}
	return faults
}

// TestExemptions says which exemptions no example needs: where one is left out, one of the rule's no-match examples must match. One that
// needs two exemptions that reach the same words guards neither.
func (s *Set) TestExemptions() (faults []ExampleFault) {
	for _, r := range s.rules {
		guarded := make([]bool, len(r.unless))
		for _, x := range r.NoMatch {
			e, _ := s.example(r, x)
			if e == nil || len(e.run(r, nil)) == 0 {
				continue
			}
			for i := range r.unless {
				if !guarded[i] {
					guarded[i] = len(e.run(r, slices.Concat(r.unless[:i], r.unless[i+1:]))) > 0
				}
			}
		}
		for i, x := range r.unless {
			if !guarded[i] {
				faults = append(faults, ExampleFault{
					r.ID, r.File, x.line, x.source, "no example needs this exemption",
					"add a no-match example that the rule would match without it, or take it out",
				})
			}
		}
	}
	return faults
}

func (s *Set) try(r *Rule, x Example) (places []Place, why string) {
	e, why := s.example(r, x)
	if e == nil {
		return nil, why
	}
	places = e.run(r, r.unless)
	if len(places) == 0 {
		why = e.whyNot(r)
	}
	return places, why
}

// example makes ready to run a rule on an example, or says why it cannot.
func (s *Set) example(r *Rule, x Example) (e *Reading, why string) {
	i := slices.IndexFunc(s.policies, func(p *Policy) bool {
		_, ok := p.Clause(r.Category)
		return ok && (x.Account == "" || p.ID == x.Account)
	})
	if i < 0 {
		return nil, "no policy has a clause for " + r.Category
	}
	e = &Reading{}
	s.Read(Input{Text: x.Text, Name: x.Name, Handle: x.Handle, Post: x.Post, Policy: s.policies[i]}, e)
	if r.needsPost && !e.hasPost() {
		return nil, "the rule looks at the official post, and the example gives none"
	}
	return e, ""
}

func quotePlaces(x Example, places []Place) string {
	var out []byte
	for i, p := range places {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = fmt.Appendf(out, "%q", Slice([numFields]string{x.Text, x.Name, x.Handle}[p.Field], p.Start, p.End))
	}
	return string(out)
}

// Slice cuts s by code points, half open. Invalid UTF-8 counts as U+FFFD.
func Slice(s string, start, end int) string {
	r := []rune(s)
	start, end = min(max(start, 0), len(r)), min(max(end, 0), len(r))
	if start >= end {
		return ""
	}
	return string(r[start:end])
}

// whyNot says why a rule does not hold, after run.
func (e *Reading) whyNot(r *Rule) string {
	if !e.possible(r.when) {
		return "a part is missing: " + e.missing(r.when)
	}
	if places := e.run(r, nil); len(places) > 0 {
		for i := range r.unless {
			if len(e.run(r, r.unless[i:i+1])) == 0 {
				return "held back by the exemption " + r.unless[i].source
			}
		}
		return "held back by its exemptions together"
	}
	if part := e.unfound(r.when); part != "" {
		return "a part does not hold: " + part
	}
	return "its parts do not stand together as the rule asks"
}

// missing names the first part of which no literal is there.
func (e *Reading) missing(c *cond) string {
	switch c.kind {
	case kindAll:
		for _, kid := range c.kids {
			if kid.kind != kindNot && !e.possible(kid) {
				return e.missing(kid)
			}
		}
	case kindUse:
		return c.name + " (" + e.missing(c.used) + ")"
	}
	return c.String()
}

// unfound names the first part whose literals are there but that holds nowhere (a boundary, a distance inside it).
func (e *Reading) unfound(c *cond) string {
	if c.kind != kindAll {
		if len(e.find(c)) == 0 {
			return c.String()
		}
		return ""
	}
	for _, kid := range c.kids {
		if kid.kind == kindNot {
			continue
		}
		if part := e.unfound(kid); part != "" {
			return part
		}
	}
	return ""
}

// String is the condition in short, for explaining.
func (c *cond) String() string {
	parts := make([]string, len(c.kids))
	for i, kid := range c.kids {
		parts[i] = kid.String()
	}
	list := strings.Join(parts, ", ")
	switch c.kind {
	case kindClass:
		return "class " + c.name
	case kindDetector:
		return "detector " + c.name
	case kindUse:
		return "condition " + c.name
	case kindLiteral:
		var words []string
		for i, w := range c.literals {
			if i == 4 {
				words = append(words, "…")
				break
			}
			words = append(words, strconv.Quote(w.Text))
		}
		return "literal " + strings.Join(words, " ")
	case kindToken:
		return "token pattern"
	case kindAll:
		return "all of (" + list + ")"
	case kindAny:
		return "any of (" + list + ")"
	case kindNot:
		return "not (" + list + ")"
	}
	return "?"
}
