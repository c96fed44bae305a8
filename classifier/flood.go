package classifier

import (
	"cmp"
	"fmt"
	"unicode/utf8"

	"github.com/kotomori/kotomori/rules"
)

// Flood says that a comment repeats the text of others under the same official post. Nothing in a comment by itself tells that:
// whoever sees the comments in their order counts, and adds it to the verdict by [Classifier.WithFlood].
type Flood struct {
	Count      int  // which comment with this text it is, of those that still stand: 5 is the fifth; 0 is no flood
	SameAuthor bool // only those of the comment's own author are counted
}

// SourceFlood is what evidence names as the rule for a flood.
const SourceFlood = "flood"

// floodConfidence lies between what clauses ask for hiding and for deleting: that the text is a repeat is certain, that a repeat is
// to be taken amiss is for a person to say.
const floodConfidence = 0.7

// WithFlood gives the verdict on a comment that is part of a flood: a platform's rules rule that out, and where the policy has no clause
// for them, it is what the office deems unsuitable otherwise. It is a pure function of what it is given and of the ruleset's policies. A
// verdict with a finding stays as it is, since what the comment says weighs more than how often; so does that on the office's own comments.
// It never recommends more than to hide.
func (c *Classifier) WithFlood(in Comment, v Verdict, f Flood) Verdict {
	policy, ok := c.set.Policy(v.Policy)
	platform := cmp.Or(in.Platform, DefaultPlatform)
	if !ok || f.Count == 0 || len(v.Findings) > 0 || policy.Official(platform, in.Author.Handle) {
		return v
	}
	category := "tos-violation"
	clause, ok := policy.Clause(category)
	if !ok {
		category = "other-inappropriate"
		clause, ok = policy.Clause(category)
	}
	action := min(clause.Action(platform, floodConfidence), rules.Hide)
	if !ok || action == rules.None {
		return v
	}
	by := ""
	if f.SameAuthor {
		by = "同じ投稿者による"
	}
	because := fmt.Sprintf("%s同じ文面の返信が、この発信に対して%d件目である", by, f.Count)
	found := found{
		Finding: Finding{
			Category: category, Clause: clause.Number, Confidence: floodConfidence,
			Evidence: []Evidence{{End: utf8.RuneCountInString(in.Text), Text: in.Text, Rule: SourceFlood}},
		},
		clause: clause, because: because,
	}
	found.Reason = found.reason()
	v.Findings, v.Action, v.Gated = []Finding{found.Finding}, action, false
	return v
}
