package classifier_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/rules"
)

// some gives n of the labelled comments, with hostile ones between them that leave much in the memory they were read in.
func some(t *testing.T, n int) []classifier.Comment {
	t.Helper()
	all := replies(t)
	random := rand.New(rand.NewPCG(9, 10))
	hostile := []string{
		strings.Repeat("死ね○ねタヒね", 150), strings.Repeat("か゛", 400), strings.Repeat("a\u0301\u0302", 300), "&lt;" + strings.Repeat("&amp;", 100),
		strings.Repeat("090-1234-5678 https://a.example/x.apk ", 30), "し・ね", strings.Repeat("😊❤️", 200), strings.Repeat("baka yarou ", 60),
	}
	var out []classifier.Comment
	for i := range n {
		in := all[random.IntN(len(all))]
		if i%7 == 3 {
			in.Text = hostile[random.IntN(len(hostile))] + in.Text
		}
		if i%5 == 1 {
			in.Post.Text = ""
		}
		out = append(out, in)
	}
	return out
}

// What one comment left in memory must not change the verdict on the next: Explain reads each in memory of its own.
func TestMemoryIsClean(t *testing.T) {
	c := shipped()
	for _, in := range some(t, 300/stride+20) {
		got, err := c.Classify(in)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := c.Explain(in)
		if err != nil {
			t.Fatal(err)
		}
		got.Gated, fresh.Verdict.Gated = false, false
		if !reflect.DeepEqual(got, fresh.Verdict) {
			t.Errorf("%.40q: in used memory\n%+v\nin fresh memory\n%+v", in.Text, got, fresh.Verdict)
		}
	}
}

// A classifier is shared between goroutines, with the official posts that it keeps.
func TestGoroutines(t *testing.T) {
	c := shipped()
	in := some(t, 40)
	want := make([]classifier.Verdict, len(in))
	for i := range in {
		want[i], _ = c.Classify(in[i])
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for k := range in {
				i := (k + 10*g) % len(in)
				if got, err := c.Classify(in[i]); err != nil || !reflect.DeepEqual(got, want[i]) {
					t.Errorf("%.40q: %+v (%v), want %+v", in[i].Text, got, err, want[i])
				}
			}
		})
	}
	wg.Wait()
}

// Rules are left out only where they could not change the verdict, however the readers are pooled.
func TestUnaskedRulesDecideNothing(t *testing.T) {
	shippedJoin, err := classifier.ShippedJoin()
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(11, 12))
	comments := some(t, 120/stride+10)
	gated, flagged := 0, 0
	for round := range 6 {
		j := &classifier.Join{Weights: map[string]float64{}, Shift: map[string]float64{}, Least: map[string]float64{}, Rules: slices.Clone(shippedJoin.Rules)}
		for _, source := range []string{classifier.SourceRules, classifier.SourceModel} {
			if random.IntN(5) > 0 {
				j.Weights[source] = 2.5*random.Float64() - 0.5
			}
		}
		for _, category := range rules.Categories {
			j.Shift[category], j.Least[category] = 3*random.Float64()-2, 0.3+0.69*random.Float64()
		}
		if round == 5 {
			j.Rules = j.Rules[10:] // these are a city's own
		}
		c := shipped().With(j)
		for _, in := range comments {
			got, err := c.Classify(in)
			if err != nil {
				t.Fatal(err)
			}
			want, err := c.ClassifyExhaustively(in)
			if err != nil {
				t.Fatal(err)
			}
			if got.Gated {
				gated++
			}
			if len(got.Findings) > 0 {
				flagged++
			}
			got.Gated, want.Gated = false, false
			if !reflect.DeepEqual(got, want) {
				t.Errorf("weights %v: %.40q\n%+v\nwith every rule asked\n%+v", j.Weights, in.Text, got, want)
			}
		}
	}
	if gated == 0 || flagged == 0 {
		t.Errorf("%d decided without the rules, %d flagged: nothing is tested", gated, flagged)
	}
}
