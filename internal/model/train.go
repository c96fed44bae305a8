package model

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/kotomori/kotomori/internal/neural"
	"github.com/kotomori/kotomori/internal/text"
)

// Options of training.
type Options struct {
	Epochs  int
	Rate    float64 // AdaGrad's step
	Penalty float64 // L2
	Least   int     // a feature seen in fewer comments is left out
	Folds   int     // of the cross-validation
	Net     neural.Options
	// NetFolds is in how many of the folds the net is cross-validated. Only their comments are measured in the end.
	NetFolds int
}

// DefaultOptions are those of the shipped model.
func DefaultOptions() Options {
	return Options{Epochs: 14, Rate: 0.2, Penalty: 0.3, Least: 2, Folds: 5, Net: neural.DefaultOptions(), NetFolds: 3}
}

// Comment is a labelled comment to learn from.
type Comment struct {
	Text, Post, Name, Handle string
	Signs                    []Sign
	Category                 string // the leading one; empty for an acceptable comment
	Possible                 []bool // by category: those of the account's policy
	// Known: learned from, but not measured on, because the rules were written with it in sight.
	Known bool
	// Probe: written to mislead an earlier model. Learned from as any other, but not measured on, as there are more hard ones among
	// them than people write.
	Probe bool
	// MadeOf is the official post of the comment that this one was made of, which may be its own. It is learned from where the comments of
	// both posts are, and not measured on. Empty for comments as they were written.
	MadeOf string
}

// measured says whether a comment counts where figures are taken, if a model that has not seen it read it.
func (c *Comment) measured() bool { return !c.Probe && c.MadeOf == "" }

// Report is how well the model did on comments that it had not seen, each in the fold of its official post.
type Report struct {
	Features    int
	Shares      [][]float64 // by comment: calibrated, none first; nil for those that are not measured
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
	progress(fmt.Sprintf("training on all and cross-validating over %d folds, %d features", o.Folds, len(t.keys)))
	logits, unseen, all := t.crossValidate()
	c := t.classes()
	var measured []*example
	var theirs [][]float32
	for i, ok := range unseen {
		if ok && comments[i].measured() {
			measured = append(measured, t.examples[i])
			theirs = append(theirs, logits[i])
		}
	}
	if len(measured) == 0 {
		return nil, nil, errors.New("no comment to measure on: all are known to the rules or probes")
	}
	m := &Model{Categories: categories, extract: t.extract, Calibration: calibrate(theirs, measured, c)}
	for i, ok := range unseen {
		if ok {
			m.Calibration.apply(logits[i])
			softmax(logits[i], t.examples[i].possible)
		}
	}
	if m.second, err = t.trainSecond(unseen, logits, report.Shares, progress); err != nil {
		return nil, nil, err
	}
	progress("learning to glance")
	m.glance = t.trainGlance(report.Shares, progress)
	report.Reliability = t.reliability(report.Shares)
	m.quantise(all, t.keys, t.groups)
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
	runes    map[rune]int // how often each character stands in the comments that the net learns from
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
	t.runes = map[rune]int{}
	t.eachReading(func(i int, _ *Input, r *reading) {
		t.examples[i].mean = t.extract.mean(r.words)
		if t.comments[i].MadeOf != "" {
			return // its words are counted where they were written
		}
		r.set.reset(len(r.found))
		counting.Lock()
		defer counting.Unlock()
		if !t.comments[i].Known {
			for _, c := range r.Runes {
				t.runes[class(c)]++
			}
		}
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
	t.eachReading(func(i int, _ *Input, r *reading) {
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
func (t *trainer) eachReading(f func(i int, in *Input, r *reading)) {
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
		t.extract.view(in.Text, r)
		t.extract.features(in, r, t.possible(compareOnly, c), t.possible(authorOnly, c))
		f(i, in, r)
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

// foldOf is the fold of an official post.
func (t *trainer) foldOf(post string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(post)) // a hash takes everything
	return int(h.Sum32() % uint32(t.options.Folds))
}

// trainSecond trains the net on the comments whose shares by models that have not seen them are known, and weighs it by nets that have
// not seen them either. The final shares go into final, which stays nil for what is not measured, and where there are none.
func (t *trainer) trainSecond(unseen []bool, shares [][]float32, final [][]float64, progress func(string)) (*second, error) {
	folds := min(t.options.NetFolds, t.options.Folds)
	if folds < 1 {
		return nil, fmt.Errorf("%d folds for the net, at least 1 is wanted", folds)
	}
	s := newSecond(t.runes)
	examples := make([]*neural.Example, len(t.comments))
	t.eachReading(func(i int, in *Input, r *reading) {
		if !unseen[i] {
			return
		}
		c := &t.comments[i]
		e := &neural.Example{Offset: neural.Offset(shares[i]), Possible: uint64(t.examples[i].possible), Label: t.examples[i].label}
		s.fill(in, r, t.extract.vectors.rare, t.possible(compareOnly, c), &e.Input)
		if e.Input.Facts != nil {
			e.Input.Facts, e.PostWords = slices.Clone(e.Input.Facts), in.Post.words
		}
		examples[i] = e
	})
	o := t.options.Net
	o.Shape.Classes, o.Shape.Symbols, o.Shape.Facts = t.classes(), len(s.runes)+neural.FirstSymbol, facts
	o.Shape.Compare = nil
	for i, c := range t.categories {
		if slices.Contains(compareOnly, c) {
			o.Shape.Compare = append(o.Shape.Compare, i+1)
		}
	}
	progress(fmt.Sprintf("training the net, and %d to weigh it by", folds))
	logits := make([][]float32, len(examples))
	var failed error
	var telling sync.Mutex
	inParallel(folds+1, func(k int) {
		fold := folds - k // the first one, which takes longest, is trained on all
		var rest []*neural.Example
		for i, e := range examples {
			if e != nil && (fold == folds || t.foldOf(t.comments[i].Post) != fold) {
				rest = append(rest, e)
			}
		}
		if len(rest) == 0 {
			return // all comments are of this fold: none can be measured
		}
		net, err := neural.Train(rest, t.extract.vectors, o, func(epoch int, loss float64) {
			telling.Lock()
			defer telling.Unlock()
			progress(fmt.Sprintf("net %d of %d, epoch %d of %d: loss %.4f", k+1, folds+1, epoch, o.Epochs, loss))
		})
		if err != nil {
			telling.Lock()
			defer telling.Unlock()
			failed = fmt.Errorf("training the net: %w", err)
			return
		}
		if fold == folds {
			s.net = net
			return
		}
		var r neural.Reading
		for i, e := range examples {
			if e == nil || !t.comments[i].measured() || t.foldOf(t.comments[i].Post) != fold {
				continue
			}
			in := e.Input
			in.Post = net.Post(e.PostWords)
			net.Read(&in, &r)
			logits[i] = slices.Clone(r.Logits)
		}
	})
	if failed != nil {
		return nil, failed
	}
	if !slices.ContainsFunc(logits, func(z []float32) bool { return z != nil }) {
		return nil, errors.New("no comment to weigh the net by: comments under more official posts are wanted")
	}
	var asked []int
	for i, z := range logits {
		if z != nil && shares[i][none] < doubtful {
			asked = append(asked, i)
		}
	}
	s.weighing = t.weigh(asked, shares, logits)
	for i, z := range logits {
		if z == nil {
			continue
		}
		if shares[i][none] < doubtful {
			s.weighing.apply(shares[i], z)
			softmax(shares[i], t.examples[i].possible)
		}
		for _, p := range shares[i] {
			final[i] = append(final[i], float64(p))
		}
	}
	return s, nil
}

// weigh fits how much each of the two readings counts, on the comments that are read twice. Logits are without offsets.
func (t *trainer) weigh(asked []int, shares, logits [][]float32) weighing {
	c := t.classes()
	odds, second := make([][]float32, len(asked)), make([][]float32, len(asked))
	for n, i := range asked {
		for k := range c {
			x := neural.LogOdds(shares[i][k], shares[i][none])
			odds[n], second[n] = append(odds[n], x), append(second[n], logits[i][k]+neural.OffsetWeight*x)
		}
	}
	sum := make([]float32, c)
	const linear, net = 0.5, 1 // where there is little to fit on
	best := Minimise(append([]float64{linear, net}, make([]float64, c-1)...), func(x, gradient []float64) {
		count := float64(len(asked))
		for n, i := range asked {
			e := t.examples[i]
			for k := range sum {
				sum[k] = float32(x[0]*float64(odds[n][k]) + x[1]*float64(second[n][k]))
				if k > 0 {
					sum[k] += float32(x[k+1])
				}
			}
			softmax(sum, e.possible)
			e.descend(sum, count, gradient, odds[n], second[n])
		}
		gradient[0] += 3e-4 * (x[0] - linear)
		gradient[1] += 3e-4 * (x[1] - net)
		for k := 1; k < c; k++ {
			gradient[k+1] += 3e-4 * x[k+1] // a category with few comments is shifted little
		}
	})
	return weighing{max(best[0], 0), max(best[1], 0), append([]float64{0}, best[2:]...)}
}

// reliability groups the leading categories' shares of the measured comments.
func (t *trainer) reliability(shares [][]float64) []Bin {
	bins := Bins()
	for i, s := range shares {
		if s == nil {
			continue
		}
		if lead := leading(s); lead != none {
			Count(bins, s[lead], lead == t.examples[i].label)
		}
	}
	Finish(bins)
	return bins
}

// crossValidate gives each comment the logits of a model that has seen no comment under its post. Known comments are in every
// model, and get none; nor do those put under another post than the one they were written for, as no model has seen so little. The model that
// has seen all is trained beside the others, so that no processor waits.
func (t *trainer) crossValidate() (logits [][]float32, unseen []bool, all *linear) {
	logits, unseen = make([][]float32, len(t.comments)), make([]bool, len(t.comments))
	fold, made := make([]int, len(t.comments)), make([]int, len(t.comments))
	for i, c := range t.comments {
		fold[i], made[i] = -1, -1
		if !c.Known {
			fold[i] = t.foldOf(c.Post)
		}
		if c.MadeOf != "" {
			made[i] = t.foldOf(c.MadeOf)
		}
	}
	inParallel(t.options.Folds+1, func(f int) {
		if f == t.options.Folds {
			all = fit(t.examples, t.only, t.extract.vectors.dims, t.classes(), t.options)
			return
		}
		var rest []*example
		for i, e := range t.examples {
			if fold[i] != f && made[i] != f {
				rest = append(rest, e)
			}
		}
		m := fit(rest, t.only, t.extract.vectors.dims, t.classes(), t.options)
		for i, e := range t.examples {
			if fold[i] == f && (made[i] < 0 || t.comments[i].MadeOf == t.comments[i].Post) {
				unseen[i] = true
				logits[i] = make([]float32, t.classes())
				m.score(e, logits[i])
			}
		}
	})
	return logits, unseen, all
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
