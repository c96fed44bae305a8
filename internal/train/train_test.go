package train

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/evaluate"
	"github.com/kotomori/kotomori/internal/model"
	"github.com/kotomori/kotomori/rules"
)

// some are every so manieth comments of the training part.
func some(t *testing.T, every int) []evaluate.Labelled {
	t.Helper()
	var out []evaluate.Labelled
	for i, l := range readAll(t, "corpus/train/*.jsonl") {
		if i%every == 0 {
			out = append(out, l.Labelled)
		}
	}
	return out
}

// TestRun trains on a few hundred comments and holds what training promises: the budgets are kept, the shares are calibrated, the
// same comments give the same result, and the model works in a classifier.
func TestRun(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("trains a model twice; package model's tests train under the race detector")
	}
	set, err := rules.Load(rules.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	var corpus Corpus
	for i, l := range some(t, 30) {
		switch i % 8 {
		case 0:
			corpus.Known = append(corpus.Known, l)
		case 1:
			corpus.Probes = append(corpus.Probes, l)
		default:
			corpus.Comments = append(corpus.Comments, l)
		}
	}
	o := DefaultOptions()
	o.Model.Folds, o.Model.Epochs = 2, 8
	net := &o.Model.Net
	net.Epochs, net.Shape.CharFilters, net.Shape.WordFilters, net.Shape.WordDims, net.Shape.Hidden = 3, 16, 16, 16, 32
	run := func() (*Result, []byte) {
		r, err := Run(set, corpus, model.ShippedVectors(), o, nil)
		if err != nil {
			t.Fatal(err)
		}
		file, err := r.Model.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		join, err := json.Marshal(r.Join)
		if err != nil {
			t.Fatal(err)
		}
		return r, append(file, join...)
	}
	r, first := run()
	for _, s := range r.Report.Pooled.FalsePositivesByKind {
		if s.Rate > o.Budgets[s.Kind] {
			t.Errorf("%s: %d of %d flagged, over the budget of %v", s.Kind, s.Part, s.Of, o.Budgets[s.Kind])
		}
	}
	for _, b := range r.Report.PooledBins {
		if b.Comments >= 80 && (b.Said-b.Right > 0.15 || b.Right-b.Said > 0.15) {
			t.Errorf("of %d comments from %.2f on, said %.2f, right %.2f", b.Comments, b.From, b.Said, b.Right)
		}
	}
	c := classifier.New(set, classifier.Learned(r.Model)).With(r.Join)
	for text, want := range map[string]int{"スマホだけで月50万稼げる副業を無料で教えます！詳しくはDMまで": 1, "ありがとうございます。家族で行きます。": 0} {
		v, err := c.Classify(classifier.Comment{ID: "1", Text: text})
		if err != nil || len(v.Findings) != want {
			t.Errorf("%s: %d findings, want %d (%v)", text, len(v.Findings), want, err)
		}
	}
	if _, second := run(); !bytes.Equal(first, second) {
		t.Error("two trainings gave two results")
	}
}

// TestMargins: a category in which the pool is wrong more often than it says gets a higher threshold than one in which it is right.
func TestMargins(t *testing.T) {
	var all []judged
	add := func(lead string, sure float64, right, wrong int) {
		for range right {
			all = append(all, judged{s: &sample{gold: evaluate.Labelled{Labels: []string{lead}, Kind: "plain"}}, lead: lead, any: sure})
		}
		for range wrong {
			all = append(all, judged{s: &sample{gold: evaluate.Labelled{Kind: "hard-negative"}}, lead: lead, any: sure})
		}
	}
	for _, sure := range []float64{0.75, 0.85, 0.92, 0.97} {
		add("malware", sure, 200, 2)
		add("off-topic", sure, 100, int(300*(1-sure)))
	}
	m := margins(all)
	const odds = 3
	if good, bad, other := m["malware"].from(odds), m["off-topic"].from(odds), m["illegal"].from(odds); good >= other || other >= bad {
		t.Errorf("thresholds %.3f for a good category, %.3f for one without comments, %.3f for a bad one", good, other, bad)
	}
	for c, x := range m {
		if back := x.at(x.from(odds)); math.Abs(back-odds) > 1e-6 && x.from(odds) < 1-1e-6 {
			t.Errorf("%s: at(from(%d)) = %v", c, odds, back)
		}
	}
}
