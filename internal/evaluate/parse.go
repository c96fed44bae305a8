package evaluate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kotomori/kotomori/internal/yamldoc"
	"github.com/kotomori/kotomori/rules"
)

// ParseLabelled reads one line of labelled comments. Its error says what is wrong and the mend.
func ParseLabelled(line []byte) (Labelled, error) {
	var g Labelled
	if err := parse(line, &g); err != nil {
		return g, err
	}
	switch {
	case g.ID == "":
		return g, errors.New("id: is missing; give each comment an id of its own")
	case g.Text == "":
		return g, errors.New("text: is missing; give the reply's text")
	}
	return g, checkLabels(g.Labels)
}

// ParseAllLabelled reads a file of labelled comments, JSON Lines. Its error names the line.
func ParseAllLabelled(file []byte) ([]Labelled, error) {
	var out []Labelled
	n := 0
	for line := range bytes.Lines(file) {
		n++
		g, err := ParseLabelled(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, g)
	}
	return out, nil
}

// ParsePrediction reads one line of predictions. Its error says what is wrong and the mend.
func ParsePrediction(line []byte) (Prediction, error) {
	var p Prediction
	if err := parse(line, &p); err != nil {
		return p, err
	}
	if p.ID == "" {
		return p, errors.New("id: is missing; give the id of the comment")
	}
	return p, checkLabels(p.Labels)
}

func parse(line []byte, into any) error {
	if !utf8.Valid(line) {
		return errors.New("not UTF-8; convert the file to UTF-8")
	}
	err := json.Unmarshal(line, into)
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if t.Field == "" {
			return fmt.Errorf("a JSON %s; write one JSON object on the line", t.Value)
		}
		return fmt.Errorf("%s: is a JSON %s; write %s", t.Field, t.Value, wanted(t.Field))
	}
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("broken JSON at byte %d: %w; write one JSON object on the line", s.Offset, err)
	}
	return err
}

func wanted(field string) string {
	switch field {
	case "labels":
		return "a list of categories"
	case "author":
		return "an object with name and handle"
	}
	return "a string"
}

func checkLabels(labels []string) error {
	for _, label := range labels {
		if slices.Contains(rules.Categories, label) {
			continue
		}
		mend := "write some of " + strings.Join(rules.Categories, ", ")
		if near := yamldoc.Nearest(label, rules.Categories); near != "" {
			mend = fmt.Sprintf("did you mean %q?", near)
		}
		return fmt.Errorf("labels: unknown category %q; %s", label, mend)
	}
	return nil
}
