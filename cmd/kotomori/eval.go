package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/batch"
	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/evaluate"
	"github.com/kotomori/kotomori/internal/intake"
	"github.com/kotomori/kotomori/internal/show"
)

type evalCmd struct {
	config.Ruleset
	config.Display
	Files           []string `arg:"" name:"file" help:"Labelled comments as JSON Lines, - for the standard input."`
	Errors          bool     `help:"List the misses, the false alarms and the wrong clauses with their evidence."`
	Only            string   `enum:",rules,model" default:"" help:"Ask only one reader: rules or model." placeholder:"READER"`
	JSON            bool     `name:"json" help:"Write the figures as JSON."`
	Predictions     string   `help:"Measure the predictions of this file (JSON Lines of id and labels, the leading label first) instead of the classifier's." placeholder:"FILE"`
	SavePredictions string   `help:"Write the predictions to this file, as --predictions takes them." placeholder:"FILE"`
}

// evalError is a comment on which prediction and labels differ.
type evalError struct {
	Outcome   evaluate.Outcome     `json:"outcome"`
	ID        string               `json:"id"`
	Policy    string               `json:"policy"`
	Kind      string               `json:"kind"`
	Labels    []string             `json:"labels"`
	Predicted []string             `json:"predicted"`
	Text      string               `json:"text"`
	Findings  []classifier.Finding `json:"findings,omitempty"` // the classifier's, with the evidence
}

func (c *evalCmd) Run(e *env) error {
	bad := 0
	fault := func(f *intake.Fault) {
		bad++
		_, _ = fmt.Fprintln(e.stderr, f)
	}
	var gold []evaluate.Labelled
	for _, name := range c.Files {
		err := readLines(e, name, fault, func(line []byte) error {
			g, err := evaluate.ParseLabelled(line)
			if err == nil {
				gold = append(gold, g)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	findings := map[string][]classifier.Finding{}
	var predictions []evaluate.Prediction
	if c.Predictions != "" {
		err := readLines(e, c.Predictions, fault, func(line []byte) error {
			p, err := evaluate.ParsePrediction(line)
			if err == nil {
				predictions = append(predictions, p)
			}
			return err
		})
		if err != nil {
			return err
		}
	} else {
		cl, err := loadClassifier(c.Ruleset)
		if err != nil {
			return err
		}
		if c.Only != "" {
			if cl, err = cl.Only(c.Only); err != nil {
				return err
			}
		}
		if predictions, err = predict(gold, cl, findings); err != nil {
			return err
		}
	}
	if c.SavePredictions != "" {
		if err := savePredictions(c.SavePredictions, predictions); err != nil {
			return err
		}
	}
	if err := c.print(e, gold, predictions, findings); err != nil {
		return err
	}
	if bad > 0 {
		return errSaid
	}
	return nil
}

// readLines calls parse with each line of a file; its errors are faults of the line.
func readLines(e *env, name string, fault func(*intake.Fault), parse func([]byte) error) error {
	in, closer, err := e.open(name)
	if err != nil {
		return err
	}
	defer closer.Close()
	for {
		line, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if line.Long {
			fault(line.Fault(fmt.Errorf("longer than %d bytes; put one record on a line", intake.MaxLine)))
		} else if err := parse(line.Bytes); err != nil {
			fault(line.Fault(err))
		}
	}
}

// predict judges the comments on all cores. A comment that the classifier refuses is an error: it would count as a miss.
func predict(gold []evaluate.Labelled, cl *classifier.Classifier, findings map[string][]classifier.Finding) ([]evaluate.Prediction, error) {
	type result struct {
		verdict classifier.Verdict
		err     error
	}
	predictions := make([]evaluate.Prediction, 0, len(gold))
	i := 0
	err := batch.Ordered(runtime.GOMAXPROCS(0), func() (evaluate.Labelled, bool) {
		if i == len(gold) {
			return evaluate.Labelled{}, false
		}
		i++
		return gold[i-1], true
	}, func(g evaluate.Labelled) result {
		v, err := cl.Classify(classifier.Comment{
			ID: g.ID, Account: g.Policy, Platform: g.Platform, Text: g.Text,
			Post: classifier.Post{Text: g.Post}, Author: classifier.Author{Name: g.Author.Name, Handle: g.Author.Handle},
		})
		if err != nil {
			err = fmt.Errorf("comment %s: %w", g.ID, err)
		}
		return result{v, err}
	}, func(r result) error {
		if r.err != nil {
			return r.err
		}
		labels := []string{}
		for _, f := range r.verdict.Findings {
			if !slices.Contains(labels, f.Category) {
				labels = append(labels, f.Category)
			}
		}
		predictions = append(predictions, evaluate.Prediction{ID: r.verdict.ID, Labels: labels})
		findings[r.verdict.ID] = r.verdict.Findings
		return nil
	})
	return predictions, err
}

func savePredictions(path string, predictions []evaluate.Prediction) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, p := range predictions {
		if err := enc.Encode(p); err != nil {
			return err
		}
	}
	return w.Flush()
}

func (c *evalCmd) print(e *env, gold []evaluate.Labelled, predictions []evaluate.Prediction, findings map[string][]classifier.Finding) error {
	figures := evaluate.Score(gold, predictions)
	var wrong []evalError
	if c.Errors {
		labels := make(map[string][]string, len(predictions))
		for _, p := range predictions {
			labels[p.ID] = p.Labels
		}
		for _, g := range gold {
			if outcome := evaluate.Judge(g.Labels, labels[g.ID]); outcome != evaluate.Right {
				wrong = append(wrong, evalError{outcome, g.ID, g.Policy, g.Kind, g.Labels, labels[g.ID], g.Text, findings[g.ID]})
			}
		}
	}
	if c.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(struct {
			evaluate.Figures
			Errors []evalError `json:"errors,omitempty"`
		}{figures, wrong})
	}
	p := newPage(e, c.Display)
	for _, w := range wrong {
		p.line("%s %s (%s, %s): %s → %s", p.style.Paint(show.Bold, string(w.Outcome)), show.Clean(w.ID), w.Policy, w.Kind, orNone(w.Labels), orNone(w.Predicted))
		p.line("  %s", p.style.Mark(w.Text, evidenceIn(w.Findings, "")))
		for _, f := range w.Findings {
			for _, ev := range f.Evidence {
				p.line("  %s 「%s」 %s (%.2f)", f.Clause, show.Clean(ev.Text), ev.Rule, f.Confidence)
			}
		}
	}
	if len(wrong) > 0 {
		p.line("")
	}
	if p.err != nil {
		return p.err
	}
	return figures.WriteText(e.stdout)
}

func orNone(labels []string) string {
	if len(labels) == 0 {
		return "none"
	}
	return strings.Join(labels, ", ")
}
