package model

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/kotomori/kotomori/internal/text"
)

// Options of training.
type Options struct {
	Epochs  int
	Rate    float64 // AdaGrad's step
	Penalty float64 // L2
	Least   int     // a feature seen in fewer comments is left out
	Folds   int     // of the cross-validation
}

// DefaultOptions are those of the shipped model.
func DefaultOptions() Options {
	return Options{Epochs: 14, Rate: 0.2, Penalty: 0.3, Least: 2, Folds: 5}
}

// Comment is a labelled comment to learn from.
type Comment struct {
	Text, Post, Name, Handle string
	Signs                    []Sign
	Category                 string // the leading one; empty for an acceptable comment
	Possible                 []bool // by category: those of the account's policy
	// Known: learned from, but not measured on, because the rules were written with it in sight.
	Known bool
	// MadeOf is the official post of the comment that this one was made of. It is learned from where the comments of both posts are,
	// and not measured on. Empty for comments as they were written.
	MadeOf string
}

// Report is how well the model did on comments that it had not seen, each in the fold of its official post.
type Report struct {
	Features    int
	Shares      [][]float64 // by comment: calibrated, none first; nil for known ones
	Reliability []Bin
}

// compareOnly and authorOnly are the categories for which the official post and the author count. Given to all others they
// do harm: they tell the writers of the corpus from one another.
var (
	compareOnly = []string{"tampering", "off-topic"}
	authorOnly  = []string{"impersonation"}
)

// Train learns from comments. Progress, which may be nil, is told each step in words.
func Train(comments []Comment, categories []string, vectors []byte, o Options, progress func(string)) (*Model, *Report, error) {
	if progress == nil {
		progress = func(string) {}
	}
	v, err := ReadVectors(vectors)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the word vectors: %w", err)
	}
	if len(categories) > 30 {
		return nil, nil, errors.New("more than 30 categories")
	}
	t := &trainer{options: o, categories: categories, extract: extractor{v}, comments: comments}
	progress(fmt.Sprintf("reading %d comments", len(comments)))
	if err := t.read(); err != nil {
		return nil, nil, err
	}
	report := &Report{Features: len(t.keys), Shares: make([][]float64, len(comments))}
	progress(fmt.Sprintf("cross-validating over %d folds, %d features", o.Folds, len(t.keys)))
	logits, unseen := t.crossValidate()
	c := t.classes()
	var measured []*example
	var theirs [][]float32
	for i, ok := range unseen {
		if ok {
			measured = append(measured, t.examples[i])
			theirs = append(theirs, logits[i])
		}
	}
	if len(measured) == 0 {
		return nil, nil, errors.New("no comment to measure on: all are known to the rules")
	}
	m := &Model{Categories: categories, extract: t.extract, Calibration: calibrate(theirs, measured, c)}
	for i, ok := range unseen {
		if !ok {
			continue
		}
		m.Calibration.apply(logits[i])
		softmax(logits[i], t.examples[i].possible)
		report.Shares[i] = make([]float64, c)
		for k, p := range logits[i] {
			report.Shares[i][k] = float64(p)
		}
	}
	report.Reliability = reliability(theirs, measured)
	progress("training on all")
	m.quantise(fit(t.examples, t.only, v.Dims, c, o), t.keys)
	return m, report, nil
}

type trainer struct {
	options    Options
	categories []string
	extract    extractor
	comments   []Comment

	found    [][]feature
	keys     []uint32 // the vocabulary, sorted
	only     []uint32 // by feature: classes it counts for
	examples []*example
}

func (t *trainer) classes() int { return len(t.categories) + 1 }

// inParallel calls f for 0 to n-1.
func inParallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}

// read makes numbers of the comments.
func (t *trainer) read() error {
	t.found = make([][]feature, len(t.comments))
	t.examples = make([]*example, len(t.comments))
	for i, c := range t.comments {
		e := &example{possible: 1}
		for k, ok := range c.Possible {
			if ok {
				e.possible |= 1 << (k + 1)
			}
		}
		if c.Category != "" {
			e.label = slices.Index(t.categories, c.Category) + 1
			if e.label == 0 || e.possible>>e.label&1 == 0 {
				return fmt.Errorf("comment %d: its policy has no clause for %q", i+1, c.Category)
			}
		}
		t.examples[i] = e
	}
	inParallel(len(t.comments), func(i int) {
		in := t.comments[i].input()
		r := t.extract.read(in.Text)
		t.found[i] = t.extract.features(in, r)
		t.examples[i].mean = t.extract.mean(r.words)
	})
	docs, kind := map[uint32]int{}, map[uint32]group{}
	for i, found := range t.found {
		if t.comments[i].MadeOf != "" {
			continue // its words have been counted where they were written
		}
		for _, f := range unique(found) {
			docs[f.key]++
			kind[f.key] = f.group
		}
	}
	for k, n := range docs {
		if n >= t.options.Least {
			t.keys = append(t.keys, k)
		}
	}
	slices.Sort(t.keys)
	for _, k := range t.keys {
		switch kind[k] {
		case post:
			t.only = append(t.only, t.bits(compareOnly))
		case author:
			t.only = append(t.only, t.bits(authorOnly))
		default:
			t.only = append(t.only, ^uint32(0))
		}
	}
	for i, e := range t.examples {
		for _, f := range unique(t.found[i]) {
			if n, ok := slices.BinarySearch(t.keys, f.key); ok {
				e.features = append(e.features, int32(n))
				e.values = append(e.values, f.value)
			}
		}
	}
	return nil
}

func (c *Comment) input() *Input {
	in := &Input{Text: text.New(c.Text), Name: c.Name, Handle: c.Handle, Signs: c.Signs}
	if c.Post != "" {
		in.Post = text.New(c.Post)
	}
	return in
}

func (t *trainer) bits(categories []string) (b uint32) {
	for _, c := range categories {
		if i := slices.Index(t.categories, c); i >= 0 {
			b |= 1 << (i + 1)
		}
	}
	return b
}

// unique keeps each feature once, in order.
func unique(f []feature) []feature {
	seen := newKeySet(len(f))
	out := make([]feature, 0, len(f))
	for _, x := range f {
		if seen.add(x.key) {
			out = append(out, x)
		}
	}
	return out
}

// crossValidate gives each comment the logits of a model that has seen no comment under its post. Known comments are in every
// model, and get none.
func (t *trainer) crossValidate() (logits [][]float32, unseen []bool) {
	logits, unseen = make([][]float32, len(t.comments)), make([]bool, len(t.comments))
	of := func(post string) int {
		h := fnv.New32a()
		_, _ = h.Write([]byte(post)) // a hash takes everything
		return int(h.Sum32() % uint32(t.options.Folds))
	}
	fold, made := make([]int, len(t.comments)), make([]int, len(t.comments))
	for i, c := range t.comments {
		fold[i], made[i] = -1, -1
		if !c.Known {
			fold[i] = of(c.Post)
		}
		if c.MadeOf != "" {
			made[i] = of(c.MadeOf)
		}
	}
	inParallel(t.options.Folds, func(f int) {
		var rest []*example
		for i, e := range t.examples {
			if fold[i] != f && made[i] != f {
				rest = append(rest, e)
			}
		}
		m := fit(rest, t.only, t.extract.vectors.Dims, t.classes(), t.options)
		for i, e := range t.examples {
			if fold[i] == f && t.comments[i].MadeOf == "" {
				unseen[i] = true
				logits[i] = make([]float32, t.classes())
				m.score(e, logits[i])
			}
		}
	})
	return logits, unseen
}

// leastWeight is what a feature's heaviest weight must be for the feature to be kept.
const leastWeight = 0.02

// quantise takes over a fitted model in 8 bits.
func (m *Model) quantise(l *linear, keys []uint32) {
	c := l.classes
	m.Bias, m.vector = l.bias, l.vector
	for i, key := range keys {
		most := float32(0)
		for _, w := range l.weights[i*c : (i+1)*c] {
			most = max(most, w, -w)
		}
		if most < leastWeight {
			continue
		}
		m.keys = append(m.keys, key)
		m.scale = append(m.scale, most/127)
		for _, w := range l.weights[i*c : (i+1)*c] {
			m.weights = append(m.weights, int8(math.Round(float64(w/most)*127)))
		}
	}
	m.prepare()
}
