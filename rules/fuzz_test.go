package rules

import (
	"testing"
	"testing/fstest"
)

// FuzzLint: whatever stands in a file, linting names faults and never panics.
func FuzzLint(f *testing.F) {
	f.Add("classes:\n  a: {about: x, words: [甲, {word: 走る, inflect: godan, forms: [te]}]}\n", "rules:\n  - {id: illegal.a, category: illegal, confidence: 0.9, reason: x, when: {all: [a, {not: a}], within: 3}, examples: {match: [甲], no-match: [乙]}}\n", testPolicy)
	f.Add("classes: {a: [", "conditions: {a: {use: a}}", "policy: 1\nclauses: [{clause: 7}]")
	f.Add("- - -", "rules: [&a {when: *a}]", "? {a: b}\n: c")
	f.Add("classes: !!map {a: ~}", "rules: [{when: {token: [{any: true}]}}]", "hours: []")
	f.Fuzz(func(t *testing.T, dict, rule, policy string) {
		fs := fstest.MapFS{
			"dict/a.yaml":           {Data: []byte(dict)},
			"rules/a.yaml":          {Data: []byte(rule)},
			"rules/policies/a.yaml": {Data: []byte(policy)},
		}
		faults, err := Lint(fs)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			if f.File == "" || f.What == "" {
				t.Errorf("a fault without place or text: %+v", f)
			}
		}
		if len(faults) > 0 {
			return
		}
		set, err := Load(fs)
		if err != nil {
			t.Fatal(err)
		}
		set.Match(Input{Text: "甲乙丙 " + rule, Policy: set.policies[0]})
	})
}
