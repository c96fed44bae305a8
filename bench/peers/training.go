package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/kotomori/kotomori/internal/evaluate"
)

// writeTraining writes the training part of the corpus as fastText reads it: __label__CATEGORY and the text with blanks between
// its characters, which makes its word n-grams n-grams of characters.
func writeTraining(dir string) (err error) {
	names, err := filepath.Glob("../../testdata/corpus/train/*.jsonl")
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, trainingFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		comments, err := evaluate.ParseAllLabelled(data)
		if err != nil {
			return err
		}
		for _, c := range comments {
			label := "none"
			if len(c.Labels) > 0 {
				label = c.Labels[0]
			}
			if _, err := f.WriteString("__label__" + label + " " + strings.Join(strings.Split(strings.Join(strings.Fields(c.Text), ""), ""), " ") + "\n"); err != nil {
				return err
			}
		}
	}
	return nil
}
