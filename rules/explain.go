package rules

import (
	"cmp"
	"slices"

	"github.com/kotomori/kotomori/internal/morph"
)

// Explanation is every step of judging one reply by the rules.
type Explanation struct {
	Plain    string        // the reply normalised, as detectors and the tokenizer see it
	Folded   string        // as literals are looked for in it
	Squeezed string        // with inserted marks removed; empty where that changes nothing
	Literals []Literal     // what the automaton found, by place
	Tokens   []morph.Token // offsets in Plain
	Rules    []Verdict     // rules that could have held, by id
}

// Literal is a literal found.
type Literal struct {
	Class string // class, or the rule that asks for it
	Word  string // as the dictionary has it
	Place Place
	Text  string // as it stands in the reply
	Kept  bool
	Why   string // why it does not count
}

// Verdict is what became of a rule.
type Verdict struct {
	Rule   *Rule
	Fired  bool
	Why    string // why it was held back
	Places []Place
}

// Explain judges a reply as Match does and tells each step.
func (s *Set) Explain(in Input) Explanation {
	e := &Reading{}
	s.Read(in, e)
	var out Explanation
	for i := range numFields {
		f := e.at(i)
		if f == nil {
			continue
		}
		e.tokenize(f)
		if i == InText {
			out.Plain, out.Folded, out.Squeezed = string(f.text.Plain.Runes), string(f.text.Folded.Runes), string(f.text.Squeezed.Runes)
			out.Tokens = f.all.tokens
		}
		raw := s.literals(f)
		for k := range raw {
			h := &raw[k]
			en := &s.entries[h.entry]
			why, place := e.check(f, h), f.placeOf(h)
			out.Literals = append(out.Literals, Literal{
				Class: en.class, Word: en.word, Place: Place{i, place.Start, place.End},
				Text: string(f.text.Runes[place.Start:place.End]), Kept: why == "", Why: why,
			})
		}
	}
	slices.SortStableFunc(out.Literals, func(a, b Literal) int {
		return cmp.Or(cmp.Compare(a.Place.Field, b.Place.Field), cmp.Compare(a.Place.Start, b.Place.Start), cmp.Compare(a.Place.End, b.Place.End),
			cmp.Compare(a.Why, b.Why))
	})
	for _, r := range s.rules {
		v := Verdict{Rule: r}
		if r.needsPost && !e.hasPost() {
			if e.hasParts(r.when, (*Reading).possibleWithoutPost) {
				v.Why = "the official post is not known: the rule abstains"
				out.Rules = append(out.Rules, v)
			}
			continue
		}
		if !e.possible(r.when) {
			continue
		}
		v.Places = e.run(r, r.unless)
		_, has := in.Policy.Clause(r.Category)
		switch {
		case len(v.Places) > 0 && has:
			v.Fired = true
		case len(v.Places) > 0:
			v.Why = "the policy " + in.Policy.ID + " has no clause for " + r.Category
		default:
			v.Why = e.whyNot(r)
		}
		out.Rules = append(out.Rules, v)
	}
	return out
}

// possibleWithoutPost is possible of a part, taking for granted what only the official post could tell.
func (e *Reading) possibleWithoutPost(c *cond) bool {
	return c.kind == kindDetector && c.detector.NeedsPost || e.possible(c)
}
