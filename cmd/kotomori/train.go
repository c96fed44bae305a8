package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kotomori/kotomori/internal/app"
	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/evaluate"
	"github.com/kotomori/kotomori/internal/intake"
	"github.com/kotomori/kotomori/internal/model"
	"github.com/kotomori/kotomori/internal/train"
	"github.com/kotomori/kotomori/rules"
)

type trainCmd struct {
	config.Ruleset
	Corpus  []string `arg:"" name:"file" help:"Labelled comments to learn from and to measure on, as JSON Lines."`
	Probe   []string `help:"Labelled comments that were written to mislead an earlier model: learned from, not measured on." placeholder:"FILE"`
	Known   []string `help:"Labelled comments that the writers of the rules had in sight: learned from, not measured on." placeholder:"FILE"`
	Vectors string   `help:"Word vectors made by 'kotomori vectors'; without it the shipped ones." placeholder:"FILE"`
	Model   string   `required:"" help:"Where to write the model." placeholder:"FILE"`
	Join    string   `required:"" help:"Where to write how the readers are pooled." placeholder:"FILE"`
	Report  string   `help:"Where to write how well it did; without it the standard output." placeholder:"FILE"`
}

func (c *trainCmd) Run(e *env) error {
	var corpus train.Corpus
	var err error
	for _, part := range []struct {
		into  *[]evaluate.Labelled
		files []string
	}{{&corpus.Comments, c.Corpus}, {&corpus.Probes, c.Probe}, {&corpus.Known, c.Known}} {
		if *part.into, err = c.read(e, part.files); err != nil {
			return err
		}
	}
	vectors := model.ShippedVectors()
	if c.Vectors != "" {
		if vectors, err = os.ReadFile(c.Vectors); err != nil {
			return fmt.Errorf("reading the word vectors: %w", err)
		}
	}
	layers, err := app.Layers(c.Rules)
	if err != nil {
		return err
	}
	set, err := rules.Load(layers...)
	if err != nil {
		return placed(err, c.Rules)
	}
	result, err := train.Run(set, corpus, vectors, train.DefaultOptions(), func(step string) {
		_, _ = fmt.Fprintln(e.stderr, step)
	})
	if err != nil {
		return err
	}
	file, err := result.Model.Bytes()
	if err != nil {
		return fmt.Errorf("packing the model: %w", err)
	}
	join, err := json.MarshalIndent(result.Join, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the pooling: %w", err)
	}
	var report bytes.Buffer
	if err := result.Report.Write(&report); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	outputs := []output{{"model", c.Model, file}, {"pooling", c.Join, append(join, '\n')}}
	if c.Report != "" {
		outputs = append(outputs, output{"report", c.Report, report.Bytes()})
	}
	if err := replace(outputs); err != nil {
		return err
	}
	if c.Report == "" {
		_, err = e.stdout.Write(report.Bytes())
	}
	return err
}

// output is a file to write.
type output struct {
	what, name string
	data       []byte
}

// replace writes files that belong together: none is replaced before all are written.
func replace(outputs []output) error {
	const beside = ".new"
	defer func() {
		for _, o := range outputs {
			_ = os.Remove(o.name + beside) // there only after an error
		}
	}()
	for _, o := range outputs {
		if err := os.WriteFile(o.name+beside, o.data, 0o644); err != nil { //nolint:gosec // not secret
			return fmt.Errorf("writing the %s: %w", o.what, err)
		}
	}
	for _, o := range outputs {
		if err := os.Rename(o.name+beside, o.name); err != nil {
			return fmt.Errorf("writing the %s: %w", o.what, err)
		}
	}
	return nil
}

// read reads labelled comments; a bad line is an error, as a model must not depend on what was skipped.
func (c *trainCmd) read(e *env, names []string) ([]evaluate.Labelled, error) {
	var out []evaluate.Labelled
	bad := 0
	for _, name := range names {
		err := readLines(e, name, func(f *intake.Fault) {
			bad++
			_, _ = fmt.Fprintln(e.stderr, f)
		}, func(line []byte) error {
			g, err := evaluate.ParseLabelled(line)
			if err == nil {
				out = append(out, g)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if bad > 0 {
		return nil, errors.New("mend the lines above: a model must not depend on what was skipped")
	}
	return out, nil
}

type vectorsCmd struct {
	Wheel string `arg:"" help:"The wheel (.whl) of a spaCy model with vectors, such as ja_ginza."`
	Out   string `arg:"" help:"Where to write the vectors."`
}

func (c *vectorsCmd) Run(e *env) error {
	f, err := os.Open(c.Wheel)
	if err != nil {
		return fmt.Errorf("opening the wheel: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("opening the wheel: %w", err)
	}
	v, err := model.ReadWheel(f, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", c.Wheel, err)
	}
	v.Source = filepath.Base(c.Wheel)
	var out bytes.Buffer
	if err := v.Write(&out); err != nil {
		return fmt.Errorf("packing the vectors: %w", err)
	}
	if err := os.WriteFile(c.Out, out.Bytes(), 0o644); err != nil { //nolint:gosec // not secret
		return fmt.Errorf("writing the vectors: %w", err)
	}
	_, err = fmt.Fprintf(e.stdout, "%d words, %d rows of %d dimensions, %d bytes\n", len(v.Words), v.Rows(), v.Dims(), out.Len())
	return err
}
