package rules

import (
	"slices"
	"testing"
)

// TestShipped: the shipped ruleset has no fault, and each example holds.
func TestShipped(t *testing.T) {
	set, err := Load(Embedded())
	if err != nil {
		t.Fatalf("the shipped rules:\n%v", err)
	}
	faults, n := set.Test()
	for _, f := range append(faults, set.TestExemptions()...) {
		t.Error(f)
	}
	t.Logf("%d rules, %d examples, %d literals", len(set.rules), n, set.Literals())
	for _, category := range Categories {
		if !slices.ContainsFunc(set.rules, func(r *Rule) bool { return r.Category == category }) {
			t.Errorf("no rule for %s", category)
		}
	}
}
