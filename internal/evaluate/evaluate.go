// Package evaluate measures predictions against labelled comments.
//
// What a moderator is shown first is what counts, so a category is judged by the leading clause: a hit is
// a comment whose first predicted label is the category and whose gold labels hold it; a false alarm is
// first predicted so without being so; a miss is a comment whose main label is the category while the
// category is not predicted at all. Further labels are judged by their precision only.
package evaluate

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Labelled is a comment with the labels that a careful official would give it: the leading clause's
// category first, none for an acceptable comment. Kind says how the comment is made, such as plain,
// slang or hard-negative.
type Labelled struct {
	ID       string   `json:"id"`
	Policy   string   `json:"policy"`
	Platform string   `json:"platform"`
	Post     string   `json:"post"`
	Author   Author   `json:"author"`
	Text     string   `json:"text"`
	Labels   []string `json:"labels"`
	Kind     string   `json:"kind"`
}

// Author is who wrote a labelled comment.
type Author struct {
	Name   string `json:"name"`
	Handle string `json:"handle"`
}

// Prediction is what was predicted for one comment, the leading category first.
type Prediction struct {
	ID     string   `json:"id"`
	Labels []string `json:"labels"`
}

// Figures are how well predictions meet the labels. A quotient of nothing is 0.
type Figures struct {
	Categories   []Category `json:"categories"` // those that lead somewhere in the gold labels, by name
	MacroF1      float64    `json:"macro_f1"`   // mean over Categories
	AnyViolation Quality    `json:"any_violation"`
	RightClause  Share      `json:"right_clause"`   // of the violations that were flagged, those whose leading clause is right
	Further      Share      `json:"further_labels"` // of the further labels predicted, those that are right
	// FalsePositives over all acceptable comments, and by kind.
	FalsePositives       Share   `json:"false_positives"`
	FalsePositivesByKind []Share `json:"false_positives_by_kind"`
	RecallByKind         []Share `json:"recall_by_kind"` // of the violations of a kind, those flagged with anything
	Comments             int     `json:"comments"`
}

// Quality is precision, recall and their harmonic mean.
type Quality struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// Category is the quality of one category's leading clause.
type Category struct {
	Name string `json:"name"`
	Quality
	Main int `json:"main"` // comments whose main label it is
}

// Share is how many of a whole.
type Share struct {
	Kind string  `json:"kind,omitempty"`
	Rate float64 `json:"rate"`
	Part int     `json:"part"`
	Of   int     `json:"of"`
}

func (s Share) rated() Share {
	s.Rate = float64(s.Part) / float64(max(1, s.Of))
	return s
}

// counts of hits, false alarms and misses.
type counts struct{ hit, alarm, miss int }

func (c counts) quality() Quality {
	var q Quality
	if n := c.hit + c.alarm; n > 0 {
		q.Precision = float64(c.hit) / float64(n)
	}
	if n := c.hit + c.miss; n > 0 {
		q.Recall = float64(c.hit) / float64(n)
	}
	if sum := q.Precision + q.Recall; sum > 0 {
		q.F1 = 2 * q.Precision * q.Recall / sum
	}
	return q
}

// Score measures predictions. Of comments with the same id the last counts, as of predictions; a comment
// without a prediction counts as predicted acceptable.
func Score(gold []Labelled, predictions []Prediction) Figures {
	predicted := make(map[string][]string, len(predictions))
	for _, p := range predictions {
		predicted[p.ID] = p.Labels
	}
	var (
		f       Figures
		lead    = map[string]*counts{}
		main    = map[string]int{}
		flagged counts
		recall  = map[string]*Share{}
		alarms  = map[string]*Share{}
	)
	category := func(name string) *counts {
		if lead[name] == nil {
			lead[name] = &counts{}
		}
		return lead[name]
	}
	kind := func(of map[string]*Share, name string) *Share {
		if of[name] == nil {
			of[name] = &Share{Kind: name}
		}
		of[name].Of++
		return of[name]
	}
	for _, g := range last(gold) {
		f.Comments++
		p := predicted[g.ID]
		right := len(p) > 0 && slices.Contains(g.Labels, p[0])
		if right {
			category(p[0]).hit++
		} else if len(p) > 0 {
			category(p[0]).alarm++
		}
		for i, label := range p {
			if i > 0 {
				f.Further.Of++
				if slices.Contains(g.Labels, label) {
					f.Further.Part++
				}
			}
		}
		if len(g.Labels) == 0 {
			alarm := kind(alarms, g.Kind)
			f.FalsePositives.Of++
			if len(p) > 0 {
				alarm.Part++
				f.FalsePositives.Part++
				flagged.alarm++
			}
			continue
		}
		main[g.Labels[0]]++
		if !slices.Contains(p, g.Labels[0]) {
			category(g.Labels[0]).miss++
		}
		found := kind(recall, g.Kind)
		if len(p) == 0 {
			flagged.miss++
			continue
		}
		found.Part++
		flagged.hit++
		f.RightClause.Of++
		if right {
			f.RightClause.Part++
		}
	}
	for name, n := range main {
		f.Categories = append(f.Categories, Category{Name: name, Quality: category(name).quality(), Main: n})
	}
	slices.SortFunc(f.Categories, func(a, b Category) int { return strings.Compare(a.Name, b.Name) })
	for _, c := range f.Categories {
		f.MacroF1 += c.F1
	}
	f.MacroF1 /= float64(max(1, len(f.Categories)))
	f.AnyViolation = flagged.quality()
	f.RightClause, f.Further, f.FalsePositives = f.RightClause.rated(), f.Further.rated(), f.FalsePositives.rated()
	f.RecallByKind, f.FalsePositivesByKind = rates(recall), rates(alarms)
	return f
}

// last keeps the last of the comments with the same id.
func last(gold []Labelled) []Labelled {
	at := make(map[string]int, len(gold))
	out := make([]Labelled, 0, len(gold))
	for _, g := range gold {
		if i, ok := at[g.ID]; ok {
			out[i] = g
			continue
		}
		at[g.ID] = len(out)
		out = append(out, g)
	}
	return out
}

func rates(of map[string]*Share) []Share {
	out := make([]Share, 0, len(of))
	for _, s := range of {
		out = append(out, s.rated())
	}
	slices.SortFunc(out, func(a, b Share) int { return strings.Compare(a.Kind, b.Kind) })
	return out
}

// WriteText writes the figures as a table.
func (f Figures) WriteText(w io.Writer) error {
	e := &printer{w: w}
	e.printf("%-22s %5s %5s %5s  main\n", "leading clause", "P", "R", "F1")
	for _, c := range f.Categories {
		e.printf("%-22s %5.2f %5.2f %5.2f %5d\n", c.Name, c.Precision, c.Recall, c.F1, c.Main)
	}
	e.printf("any violation P/R/F1   %.3f %.3f %.3f\n", f.AnyViolation.Precision, f.AnyViolation.Recall, f.AnyViolation.F1)
	e.printf("right clause when a violation is flagged %.3f (%d)\n", f.RightClause.Rate, f.RightClause.Of)
	e.printf("further labels precision %.3f (%d)\n", f.Further.Rate, f.Further.Of)
	for _, s := range f.RecallByKind {
		e.printf("recall %-15s %.3f (%d)\n", s.Kind, s.Rate, s.Of)
	}
	for _, s := range f.FalsePositivesByKind {
		e.printf("false positives %-15s %.4f (%d/%d)\n", s.Kind, s.Rate, s.Part, s.Of)
	}
	e.printf("macro-F1 %.3f fpr %.4f n %d\n", f.MacroF1, f.FalsePositives.Rate, f.Comments)
	return e.err
}

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// Outcome is how a prediction meets the labels of one comment.
type Outcome string

// The outcomes that are errors.
const (
	Right       Outcome = ""
	Miss        Outcome = "miss"         // a violation, and nothing was predicted
	FalseAlarm  Outcome = "false-alarm"  // acceptable, and something was predicted
	WrongClause Outcome = "wrong-clause" // a violation was flagged, its leading clause is none of its labels
)

// Judge says how predicted labels meet a comment's.
func Judge(labels, predicted []string) Outcome {
	switch {
	case len(predicted) == 0 && len(labels) > 0:
		return Miss
	case len(predicted) > 0 && len(labels) == 0:
		return FalseAlarm
	case len(predicted) > 0 && !slices.Contains(labels, predicted[0]):
		return WrongClause
	}
	return Right
}
