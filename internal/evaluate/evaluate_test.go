package evaluate

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func gold(lines ...string) (out []Labelled) {
	for _, line := range lines {
		f := strings.Fields(line) // id kind labels…
		out = append(out, Labelled{ID: f[0], Kind: f[1], Labels: f[2:]})
	}
	return out
}

func predictions(lines ...string) (out []Prediction) {
	for _, line := range lines {
		f := strings.Fields(line)
		out = append(out, Prediction{ID: f[0], Labels: f[1:]})
	}
	return out
}

var (
	goldLines = gold(
		"1 plain illegal commercial",
		"2 plain illegal",
		"3 slang commercial",
		"4 obfuscated commercial",
		"5 implicit defamation",
		"6 benign",
		"7 benign",
		"8 hard-negative",
		"9 hard-negative",
		"10 hard-negative",
	)
	predictionLines = predictions(
		"1 commercial illegal", // a further label leads: a hit of commercial; illegal is no miss
		"2 defamation illegal", // wrong clause, but illegal is predicted: no miss
		"3 commercial obscenity",
		// 4 is missed
		"5 obscenity", // wrong clause and a miss of defamation
		"6",
		"8 commercial",
		"9",
		"11 illegal", // of no comment
	)
)

func TestScore(t *testing.T) {
	// By hand. commercial: hits 1 and 3, alarm 8, miss 4. defamation: alarm 2, miss 5. illegal: led
	// nowhere, and missed nowhere. obscenity leads in no gold label, so it has no line. Further labels
	// predicted: illegal of 1, illegal of 2, obscenity of 3.
	const want = `leading clause             P     R    F1  main
commercial              0.67  0.67  0.67     2
defamation              0.00  0.00  0.00     1
illegal                 0.00  0.00  0.00     2
any violation P/R/F1   0.800 0.800 0.800
right clause when a violation is flagged 0.500 (4)
further labels precision 0.667 (3)
recall implicit        1.000 (1)
recall obfuscated      0.000 (1)
recall plain           1.000 (2)
recall slang           1.000 (1)
false positives benign          0.0000 (0/2)
false positives hard-negative   0.3333 (1/3)
macro-F1 0.222 fpr 0.2000 n 10
`
	var b strings.Builder
	if err := Score(goldLines, predictionLines).WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestScoreOfNothing(t *testing.T) {
	f := Score(nil, nil)
	if f.MacroF1 != 0 || f.AnyViolation != (Quality{}) || f.Comments != 0 || f.RightClause.Rate != 0 {
		t.Errorf("got %+v", f)
	}
}

func TestLastOfAnID(t *testing.T) {
	g := append(slices.Clone(goldLines), Labelled{ID: "6", Kind: "plain", Labels: []string{"illegal"}})
	p := append(slices.Clone(predictionLines), Prediction{ID: "6", Labels: []string{"illegal"}})
	f := Score(g, p)
	if f.Comments != 10 || f.FalsePositives.Of != 4 || f.RightClause.Part != 3 {
		t.Errorf("got %+v", f)
	}
}

func TestJudge(t *testing.T) {
	for _, tc := range []struct {
		labels, predicted []string
		want              Outcome
	}{
		{nil, nil, Right},
		{[]string{"a", "b"}, []string{"b"}, Right},
		{[]string{"a"}, nil, Miss},
		{nil, []string{"a"}, FalseAlarm},
		{[]string{"a"}, []string{"b", "a"}, WrongClause},
	} {
		if got := Judge(tc.labels, tc.predicted); got != tc.want {
			t.Errorf("%v, %v: got %q, want %q", tc.labels, tc.predicted, got, tc.want)
		}
	}
}

// TestScoreBounds: every rate lies in [0,1], perfect predictions score 1, and the order of comments
// makes no difference.
func TestScoreBounds(t *testing.T) {
	label := rapid.SampledFrom([]string{"illegal", "privacy", "malware", "commercial"})
	labels := rapid.SliceOfNDistinct(label, 0, 3, rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "n")
		var g []Labelled
		var p, perfect []Prediction
		for i := range n {
			id := string(rune('a' + i))
			g = append(g, Labelled{ID: id, Labels: labels.Draw(t, "gold"), Kind: rapid.SampledFrom([]string{"plain", "benign"}).Draw(t, "kind")})
			p = append(p, Prediction{ID: id, Labels: labels.Draw(t, "predicted")})
			perfect = append(perfect, Prediction{ID: id, Labels: g[i].Labels})
		}
		f := Score(g, p)
		for _, rate := range []float64{f.MacroF1, f.AnyViolation.Precision, f.AnyViolation.Recall, f.AnyViolation.F1, f.RightClause.Rate, f.Further.Rate, f.FalsePositives.Rate} {
			if rate < 0 || rate > 1 || math.IsNaN(rate) {
				t.Fatalf("%v in %+v", rate, f)
			}
		}
		best := Score(g, perfect)
		if len(best.Categories) > 0 && (best.AnyViolation.F1 != 1 || best.RightClause.Rate != 1) || best.FalsePositives.Part != 0 {
			t.Fatalf("perfect predictions score %+v", best)
		}
		slices.Reverse(g)
		if other := Score(g, p); other.MacroF1 != f.MacroF1 || other.AnyViolation != f.AnyViolation {
			t.Fatalf("the order matters: %+v, %+v", f, other)
		}
	})
}
