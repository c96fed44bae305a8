package classifier_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/rules"
)

func TestWithFlood(t *testing.T) {
	c := shipped()
	in := classifier.Comment{ID: "1", Text: "駅前の時計が😀とまっています", Author: classifier.Author{ID: "a", Handle: "someone"}}
	clean := func(policy string) classifier.Verdict {
		return classifier.Verdict{ID: "1", Findings: []classifier.Finding{}, Policy: policy, Ruleset: "r", Gated: true}
	}
	for _, tc := range []struct {
		policy, category, clause, says string
		flood                          classifier.Flood
	}{
		{"saitama", "tos-violation", "7(14)", "同じ文面の返信が、この発信に対して5件目であるため、運用方針7(14)「ツイッターの利用規約に反すると思われるもの」に", classifier.Flood{Count: 5}},
		{"wako", "other-inappropriate", "11(15)", "同じ投稿者による同じ文面の返信が、この発信に対して3件目であるため、運用方針11(15)", classifier.Flood{Count: 3, SameAuthor: true}},
	} {
		before := clean(tc.policy)
		v := c.WithFlood(in, before, tc.flood)
		if v.Action != rules.Hide || len(v.Findings) != 1 || v.Gated || v.ID != "1" || v.Ruleset != "r" {
			t.Fatalf("%s: %+v", tc.policy, v)
		}
		f := v.Findings[0]
		evidence := []classifier.Evidence{{End: 14, Text: in.Text, Rule: classifier.SourceFlood}}
		if f.Category != tc.category || f.Clause != tc.clause || !strings.HasPrefix(f.Reason, tc.says) || !reflect.DeepEqual(f.Evidence, evidence) {
			t.Errorf("%s: %+v", tc.policy, f)
		}
		if !reflect.DeepEqual(before, clean(tc.policy)) {
			t.Errorf("%s: the verdict before is changed: %+v", tc.policy, before)
		}
	}

	found := clean("saitama")
	found.Action, found.Findings = rules.Delete, []classifier.Finding{{Category: "commercial", Clause: "7(5)", Confidence: 0.9}}
	office := in
	office.Author.Handle = "@saitamacvccoop"
	for name, tc := range map[string]struct {
		in classifier.Comment
		v  classifier.Verdict
		f  classifier.Flood
	}{
		"another finding":   {in, found, classifier.Flood{Count: 9}},
		"no flood":          {in, clean("saitama"), classifier.Flood{}},
		"the office":        {office, clean("saitama"), classifier.Flood{Count: 9}},
		"no such policy":    {in, clean("kawagoe"), classifier.Flood{Count: 9}},
		"no verdict as yet": {in, classifier.Verdict{}, classifier.Flood{Count: 9}},
	} {
		if v := c.WithFlood(tc.in, tc.v, tc.f); !reflect.DeepEqual(v, tc.v) {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
