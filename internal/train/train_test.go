package train

import (
	"bytes"
	"encoding/json"
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
	if testing.Short() {
		t.Skip("trains a model")
	}
	set, err := rules.Load(rules.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	var comments, known []evaluate.Labelled
	for i, l := range some(t, 30) {
		if i%8 == 0 {
			known = append(known, l)
		} else {
			comments = append(comments, l)
		}
	}
	o := DefaultOptions()
	o.Model.Folds, o.Model.Epochs = 2, 8
	run := func() (*Result, []byte) {
		r, err := Run(set, comments, known, model.ShippedVectors(), o, nil)
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
	c := classifier.New(set, classifier.Learned(r.Model, set)).With(r.Join)
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
