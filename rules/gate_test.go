package rules

import (
	"slices"
	"testing"
)

// Each rule is asked where what opens the gate for it is there, and only there.
func TestGateOpens(t *testing.T) {
	tests := []struct {
		name, when string
		open, shut Input
	}{
		{"rarest of all", "when: {all: [a, {detector: url}]}", Input{Text: "甲"}, Input{Text: "https://abc.example/x"}},
		{"detector", "when: {all: [{detector: url}, {class: a, in: author.name}]}", Input{Text: "https://abc.example/x"}, Input{Text: "甲", Name: "甲"}},
		{"word in the name", "when: {class: a, in: author.name}", Input{Text: "はい", Name: "甲"}, Input{Text: "甲"}},
		{"either", "when: {any: [a, {detector: url}, {class: b, in: author.name}]}", Input{Text: "はい", Name: "乙"}, Input{Text: "乙", Name: "甲"}},
		{"the post", "when: {detector: post.copied}", Input{Text: "本日は市役所の窓口を休みます", Post: "本日は市役所の窓口を休みます"}, Input{Text: "本日は市役所の窓口を休みます"}},
	}
	for _, tt := range tests {
		set := ruleset(t, abc, tt.when)
		for _, in := range []struct {
			Input
			want int
		}{{tt.open, 1}, {tt.shut, 0}} {
			in.Policy = set.policies[0]
			var e Reading
			set.Read(in.Input, &e)
			if got := e.candidates(); len(got) != in.want {
				t.Errorf("%s: %q by %q opens the gate for %d rules, want %d", tt.name, in.Text, in.Name, len(got), in.want)
			}
		}
	}
}

// However many rules hang on a detector, the gate asks it once; and there is no shipped rule that it has to ask always.
func TestGateSigns(t *testing.T) {
	set, err := Load(Embedded())
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(set.gate.always, func(w uint64) bool { return w != 0 }) {
		t.Error("some rules are asked always")
	}
	seen := map[int]bool{}
	for _, s := range set.gate.bySign {
		if seen[s.sign.number] {
			t.Errorf("%s of %s opens the gate twice", s.sign.name, s.sign.field)
		}
		seen[s.sign.number] = true
	}
	if len(seen) == 0 {
		t.Error("no detector opens the gate")
	}
}

func TestRecallForgets(t *testing.T) {
	var r recall[[]int]
	r.reset(2)
	r.put(1, []int{3})
	if got, ok := r.get(1); !ok || len(got) != 1 {
		t.Errorf("got %v, %v", got, ok)
	}
	r.reset(2)
	if got, ok := r.get(1); ok || got != nil {
		t.Errorf("what was kept of another reply is recalled: %v, %v", got, ok)
	}
	r.mark = ^uint32(0) // the next mark was used before
	r.put(0, []int{4})
	r.reset(2)
	if got, ok := r.get(0); ok || got != nil {
		t.Errorf("after all marks: %v, %v", got, ok)
	}
}

// TestAnyHolds: whether one of some rules holds is what all rules together say of them, and it leaves what they say as it is.
func TestAnyHolds(t *testing.T) {
	set, err := Load(Embedded())
	if err != nil {
		t.Fatal(err)
	}
	if !set.Subset(func(*Rule) bool { return false }).IsEmpty() {
		t.Error("none of the rules is some of them")
	}
	var e Reading
	for share := range 5 {
		wanted := map[*Rule]bool{}
		for n, r := range set.rules {
			wanted[r] = n%5 == share || share == 4
		}
		some := set.Subset(func(r *Rule) bool { return wanted[r] })
		held := 0
		for n, r := range set.rules {
			for _, x := range append(slices.Clip(r.Match), r.NoMatch...) {
				in := Input{Text: x.Text, Name: x.Name, Handle: x.Handle, Post: x.Post, Policy: set.policies[n%len(set.policies)]}
				want := slices.ContainsFunc(set.Match(in).Hits, func(h Hit) bool { return wanted[h.Rule] })
				set.Read(in, &e)
				if got := e.AnyHolds(some); got != want {
					t.Errorf("%s: one of some rules holds: %v, want %v", x.Text, got, want)
				}
				if got, want := len(e.Match().Hits), len(set.Match(in).Hits); got != want {
					t.Errorf("%s: %d rules hold afterwards, want %d", x.Text, got, want)
				}
				if want {
					held++
				}
			}
		}
		if held == 0 {
			t.Errorf("no rule of %d of 5 ever holds", share)
		}
	}
}
