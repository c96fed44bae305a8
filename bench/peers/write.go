package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kotomori/kotomori/bench"
	"github.com/kotomori/kotomori/classifier"
)

// The inputs: patterns and texts one JSON string a line; comments with their posts one object a line.
const (
	textsFile    = "texts.jsonl"
	tuningFile   = "tuning.jsonl" // other texts of the same kind, for layouts that are tuned to a corpus
	commentsFile = "comments.jsonl"
	trainingFile = "training.txt" // labelled, as fastText reads it
)

func patternsFile(n int) string { return fmt.Sprintf("patterns-%d.jsonl", n) }

func hardFiles(name string) (patterns, text string) {
	return "hard-" + name + "-patterns.jsonl", "hard-" + name + "-text.jsonl"
}

const number = 5_000 // of comments

// write makes the inputs. It runs in this folder, from which it finds the seeds.
func write(dir string) error {
	seeds, err := bench.ReadSeeds(os.DirFS("../../testdata/corpus/validation"))
	if err != nil {
		return err
	}
	var texts, tuning []string
	var comments []classifier.Comment
	for _, c := range seeds.Comments(1, number) {
		texts = append(texts, c.Text)
		comments = append(comments, c.Comment)
	}
	for _, c := range seeds.Comments(2, number) {
		tuning = append(tuning, c.Text)
	}
	errs := []error{
		lines(dir, textsFile, texts), lines(dir, tuningFile, tuning), lines(dir, commentsFile, comments), writeTraining(dir),
	}
	for _, n := range bench.Sizes() {
		patterns, err := bench.Patterns(n)
		errs = append(errs, err, lines(dir, patternsFile(n), patterns))
	}
	hard, err := bench.HardInputs()
	for _, h := range hard {
		patterns, text := hardFiles(h.Name)
		errs = append(errs, lines(dir, patterns, h.Patterns), lines(dir, text, []string{h.Text}))
	}
	return errors.Join(append(errs, err)...)
}

func lines[T any](dir, name string, of []T) (err error) {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, x := range of {
		if err := enc.Encode(x); err != nil {
			return err
		}
	}
	return w.Flush()
}

func read[T any](name string) (out []T, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for dec := json.NewDecoder(bufio.NewReader(f)); dec.More(); {
		var x T
		if err := dec.Decode(&x); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, x)
	}
	return out, nil
}
