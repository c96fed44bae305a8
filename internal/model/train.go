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
	if len(categories) >= maxClasses {
		return nil, nil, fmt.Errorf("%d categories, over the limit of %d", len(categories), maxClasses-1)
	}
	t := &trainer{options: o, categories: categories, extract: extractor{vectors: v}, comments: comments}
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
	m.quantise(fit(t.examples, t.only, v.Dims, c, o), t.keys, t.groups)
	return m, report, nil
}

type trainer struct {
	options    Options
	categories []string
	extract    extractor
	comments   []Comment

	keys     []uint32 // the vocabulary, sorted
	groups   []group  // by feature
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
	t.examples = make([]*example, len(t.comments))
	for i, c := range t.comments {
		e := &example{possible: t.mask(&c)}
		if c.Category != "" {
			e.label = slices.Index(t.categories, c.Category) + 1
			if e.label == 0 || e.possible>>e.label&1 == 0 {
				return fmt.Errorf("comment %d: its policy has no clause for %q", i+1, c.Category)
			}
		}
		t.examples[i] = e
	}
	docs, kind := map[uint32]int{}, map[uint32]group{}
	var counting sync.Mutex
	t.eachReading(func(i int, r *reading) {
		t.examples[i].mean = t.extract.mean(r.words)
		if t.comments[i].MadeOf != "" {
			return // its words are counted where they were written
		}
		r.set.reset(len(r.found))
		counting.Lock()
		defer counting.Unlock()
		for _, f := range r.found {
			if r.set.add(f.key) {
				docs[f.key]++
				// Keys of two groups may be the same: the earlier group has it, whichever comment is read first.
				if g, ok := kind[f.key]; !ok || f.group < g {
					kind[f.key] = f.group
				}
			}
		}
	})
	for k, n := range docs {
		if n >= t.options.Least {
			t.keys = append(t.keys, k)
		}
	}
	slices.Sort(t.keys)
	if len(t.keys) > maxFeatures {
		return fmt.Errorf("%d features, over the limit of %d: leave out those seen in few comments", len(t.keys), maxFeatures)
	}
	for _, k := range t.keys {
		t.groups = append(t.groups, kind[k])
		switch kind[k] {
		case post:
			t.only = append(t.only, t.bits(compareOnly))
		case author:
			t.only = append(t.only, t.bits(authorOnly))
		default:
			t.only = append(t.only, ^uint32(0))
		}
	}
	t.extract.vocabulary = newVocabulary(t.keys)
	t.eachReading(func(i int, r *reading) {
		e := t.examples[i]
		r.set.reset(len(r.found))
		for k := 0; k < len(r.found); {
			g, from := r.found[k].group, len(e.features)
			for ; k < len(r.found) && r.found[k].group == g; k++ {
				if f := &r.found[k]; r.set.add(uint32(f.number)) {
					e.features = append(e.features, f.number)
					e.values = append(e.values, f.value)
				}
			}
			if g == style || g == post {
				continue
			}
			value := valueOf(g, len(e.features)-from)
			for i := range e.values[from:] {
				e.values[from+i] = value
			}
		}
	})
	return nil
}

// eachReading calls f with each comment's features, in parallel. The reading is used again afterwards.
func (t *trainer) eachReading(f func(i int, r *reading)) {
	posts := map[string]*Official{}
	for _, c := range t.comments {
		if c.Post != "" && posts[c.Post] == nil {
			posts[c.Post] = t.extract.official(text.New(c.Post))
		}
	}
	readings := sync.Pool{New: func() any { return &reading{} }}
	inParallel(len(t.comments), func(i int) {
		c := &t.comments[i]
		in := &Input{Text: text.New(c.Text), Post: posts[c.Post], Name: c.Name, Handle: c.Handle, Signs: c.Signs}
		r := readings.Get().(*reading)
		defer readings.Put(r)
		t.extract.read(in.Text, r)
		t.extract.features(in, r, t.possible(compareOnly, c), t.possible(authorOnly, c))
		f(i, r)
	})
}

// possible says whether a comment's policy has a clause for one of the categories.
func (t *trainer) possible(categories []string, c *Comment) bool {
	return t.bits(categories)&t.mask(c) != 0
}

func (t *trainer) mask(c *Comment) uint32 {
	m := uint32(1)
	for k, ok := range c.Possible {
		if ok {
			m |= 1 << (k + 1)
		}
	}
	return m
}

func (t *trainer) bits(categories []string) (b uint32) {
	for _, c := range categories {
		if i := slices.Index(t.categories, c); i >= 0 {
			b |= 1 << (i + 1)
		}
	}
	return b
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

// quantise takes over a fitted model in 8 bits. All weights that are added up share a scale; those of style and post, which have values
// of their own, have theirs.
func (m *Model) quantise(l *linear, keys []uint32, kind []group) {
	c := l.classes
	m.Bias, m.vector, m.keys = l.bias, l.vector, keys
	m.quantum = [groups]float32{}
	shared := func(g group) group {
		if g == style || g == post {
			return g
		}
		return gram
	}
	for i := range keys {
		by := &m.quantum[shared(kind[i])]
		for _, w := range l.weights[i*c : (i+1)*c] {
			*by = max(*by, w/127, -w/127)
		}
	}
	for g := range groups {
		m.quantum[g] = m.quantum[shared(g)]
	}
	weights := make([]int8, c)
	for i := range keys {
		for k, w := range l.weights[i*c : (i+1)*c] {
			weights[k] = 0
			if by := m.quantum[kind[i]]; by > 0 {
				weights[k] = int8(math.Round(float64(w / by)))
			}
		}
		m.packed = append(m.packed, pack(weights))
	}
	m.prepare()
}
