package neural

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// Options of training.
type Options struct {
	Shape     Shape
	Epochs    int
	Batch     int     // examples
	Rate      float64 // Adam's step at its highest
	Decay     float64 // of weights, as a part of the step (AdamW)
	Dropout   float64 // of features; of hidden units half of it
	Forget    float64 // share of characters taken for unknown ones
	LeaveOut  float64 // share of words left out
	Smoothing float64 // of labels
	Seed      uint64
}

// DefaultOptions are those of the shipped net.
func DefaultOptions() Options {
	return Options{
		Shape: DefaultShape(), Epochs: 7, Batch: 64, Rate: 1.5e-3, Decay: 0.01, Dropout: 0.4, Forget: 0.08, LeaveOut: 0.1, Smoothing: 0.08,
	}
}

// Example is a labelled comment. Its words' vectors are not learned.
type Example struct {
	Input     Input     // its Post is not looked at
	PostWords []int32   // rows of the official post's words; nil if nothing depends on it
	Offset    []float32 // by class: what is added to the logits
	Possible  uint64    // bit by class
	Label     int
}

// check says what is wrong with options.
func (o *Options) check() error {
	for _, x := range []struct {
		name  string
		value float64
	}{{"dropout", o.Dropout}, {"forgotten characters", o.Forget}, {"words left out", o.LeaveOut}, {"smoothing of labels", o.Smoothing}} {
		if !(x.value >= 0 && x.value < 1) {
			return fmt.Errorf("%s of %v, 0 or more and less than 1 is wanted", x.name, x.value)
		}
	}
	switch {
	case o.Epochs < 1 || o.Batch < 1:
		return fmt.Errorf("%d epochs of batches of %d, 1 is the least of both", o.Epochs, o.Batch)
	case !(o.Rate > 0) || !(o.Decay >= 0):
		return fmt.Errorf("a rate of %v with a decay of %v: the one must be more than 0, the other not less", o.Rate, o.Decay)
	}
	return nil
}

// check says what is wrong with an example.
func (e *Example) check(s *Shape) error {
	within := func(what string, numbers []int32, n int) error {
		for _, x := range numbers {
			if x < 0 || int(x) >= n {
				return fmt.Errorf("%s %d, there are %d", what, x, n)
			}
		}
		return nil
	}
	in := &e.Input
	switch {
	case e.Label < 0 || e.Label >= s.Classes || e.Possible>>e.Label&1 == 0:
		return fmt.Errorf("its label %d is not possible", e.Label)
	case len(e.Offset) != s.Classes:
		return fmt.Errorf("it has offsets for %d classes, there are %d", len(e.Offset), s.Classes)
	case len(in.Rare) != len(in.Words):
		return fmt.Errorf("it says of %d words how much they tell, and has %d", len(in.Rare), len(in.Words))
	case len(e.PostWords) > 0 && (len(in.Marks) != len(in.Symbols) || len(in.Facts) != s.Facts):
		return fmt.Errorf("beside its post it has %d marks for %d symbols, and %d facts of %d", len(in.Marks), len(in.Symbols), len(in.Facts), s.Facts)
	}
	for _, m := range in.Marks {
		if m >= marks {
			return fmt.Errorf("mark %d, there are %d", m, marks)
		}
	}
	return errors.Join(
		within("symbol", in.Symbols, s.Symbols),
		within("word", in.Words, s.Vectors), within("word of the post", e.PostWords, s.Vectors),
	)
}

// lesson is an example beside its official post.
type lesson struct {
	*Example
	post   *Post
	facing []int32 // by word: the word of the post that is most like it
	like   []float32
}

// learning is what training keeps for a matrix: gradients and Adam's two moments.
type learning struct {
	gradient, first, second []float32
	decays                  bool
	sparse                  bool // only rows that were touched change
	touched                 []int32
	isTouched               []bool
	met                     []bool // rows that were ever touched
}

func (p *param) startLearning(sparse bool) {
	n := len(p.w)
	p.learning = &learning{gradient: make([]float32, n), first: make([]float32, n), second: make([]float32, n), sparse: sparse, decays: p.rows > 1 && !sparse}
	if sparse {
		p.isTouched, p.met = make([]bool, p.rows), make([]bool, p.rows)
	}
}

// gradientOf is the gradient of a row, which is then no longer left as it is.
func (p *param) gradientOf(row int32) []float32 {
	if p.sparse && !p.isTouched[row] {
		p.isTouched[row], p.met[row] = true, true
		p.touched = append(p.touched, row)
	}
	return p.gradient[int(row)*p.cols : (int(row)+1)*p.cols]
}

// adam is a step's constants.
type adam struct {
	rate, decay, scale float32
	first, second      float32 // corrections of the moments' bias
}

// comparedDropped is the share of what is compared that is dropped.
const comparedDropped = 0.2

const (
	beta1, beta2 = 0.9, 0.99
	warmUp       = 300  // steps
	lowest       = 0.02 // of the rate, at the end
)

func (p *param) step(a *adam) {
	if !p.sparse {
		p.stepRange(a, 0, len(p.w))
		return
	}
	for _, row := range p.touched {
		p.isTouched[row] = false
		p.stepRange(a, int(row)*p.cols, (int(row)+1)*p.cols)
	}
	p.touched = p.touched[:0]
}

func (p *param) stepRange(a *adam, from, to int) {
	w, g, m, v := p.w[from:to], p.gradient[from:to], p.first[from:to], p.second[from:to]
	g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
	decay := float32(0)
	if p.decays {
		decay = a.decay * a.rate
	}
	for i := range w {
		x := g[i] * a.scale
		m[i] = beta1*m[i] + (1-beta1)*x
		v[i] = beta2*v[i] + (1-beta2)*x*x
		w[i] -= a.rate*(m[i]*a.first)/(float32(math.Sqrt(float64(v[i]*a.second)))+1e-7) + decay*w[i]
		g[i] = 0
	}
}

// Vectors are word vectors, as far as a net needs them.
type Vectors interface {
	Dims() int
	Rows() int
	// Add adds a row × by to sum.
	Add(row int, by float32, sum []float32)
}

// Train makes a net from examples: the same one each time. Each, which may be nil, is told the mean loss of every epoch, in nats. The error is
// about the options, an example that does not fit them, or a loss without bounds.
func Train(examples []*Example, vectors Vectors, o Options, each func(epoch int, loss float64)) (*Net, error) {
	if len(examples) == 0 {
		return nil, errors.New("no examples to train the net on")
	}
	o.Shape.Vectors = vectors.Rows()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("the options: %w", err)
	}
	n, err := newNet(o.Shape, vectors.Dims())
	if err != nil {
		return nil, err
	}
	t := newTrainer(n, vectors, o)
	order := make([]*lesson, len(examples))
	for i, e := range examples {
		if err := e.check(&n.Shape); err != nil {
			return nil, fmt.Errorf("example %d: %w", i+1, err)
		}
		order[i] = t.lesson(e)
	}
	steps := o.Epochs * ((len(order) + o.Batch - 1) / o.Batch)
	step := 0
	for epoch := range o.Epochs {
		t.random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		loss := 0.0
		for from := 0; from < len(order); from += o.Batch {
			loss += t.learn(order[from:min(from+o.Batch, len(order))])
			step++
			t.step(step, steps)
		}
		loss /= float64(len(order))
		if !(loss < math.MaxFloat32) {
			return nil, fmt.Errorf("the loss of epoch %d is %v: the rate is too high", epoch+1, loss)
		}
		if each != nil {
			each(epoch+1, loss)
		}
	}
	t.unmet()
	n.finish(vectors)
	return n, nil
}

// unmet takes what was never met for unknown: it has only what it was drawn with.
func (t *trainer) unmet() {
	for _, p := range []*param{t.symbols, t.copySymbols} {
		for i, met := range p.met {
			switch {
			case met:
			case p.met[Unknown]:
				copy(p.row(i), p.row(Unknown))
			default:
				clear(p.row(i))
			}
		}
	}
}

// trainer is a net that learns.
type trainer struct {
	*Net
	o       Options
	random  *rand.Rand
	vectors []float32 // rows × WordDims
	lengths []float32
	batch   []pass

	chars, words, copies laid
}

func newTrainer(n *Net, vectors Vectors, o Options) *trainer {
	t := &trainer{Net: n, o: o, random: rand.New(rand.NewPCG(o.Seed, 5))} //nolint:gosec // the same every time
	s := &n.Shape
	n.setDirections(vectors, t.random)
	n.directions.round() // as they will be read
	t.vectors, t.lengths = make([]float32, s.Vectors*s.WordDims), make([]float32, s.Vectors)
	sum := make([]float32, vectors.Dims())
	for row := range s.Vectors {
		out := t.vectors[row*s.WordDims:][:s.WordDims]
		n.project(vectors, row, sum, out)
		t.lengths[row] = lengthOf(out)
	}
	he := func(p *param) float64 { return math.Sqrt(2 / float64(p.cols)) }
	for _, x := range []struct {
		p         *param
		deviation float64
	}{{n.symbols, 0.3}, {n.copySymbols, 0.3 / math.Sqrt2}, {n.copyMarks, 0.3 / math.Sqrt2}} { // those of copies are added up
		x.p.draw(t.random, x.deviation)
	}
	for _, b := range []*bank{&n.chars, &n.words, &n.copies} {
		for width := b.from; width <= b.to; width++ {
			deviation := math.Sqrt(2 / float64(width*b.weights.cols))
			for i := b.column(width, 0) * b.weights.cols; i < b.column(width+1, 0)*b.weights.cols; i++ {
				b.weights.w[i] = float32(t.random.NormFloat64() * deviation)
			}
		}
	}
	for _, x := range []struct {
		d  *dense
		by float64
	}{{&n.hidden, 1}, {&n.out, 0.1}, {&n.skip, 0.01}, {&n.pair, 1}, {&n.compare, 1}, {&n.compared, 0.5}, {&n.facts, 0.05}} {
		if x.d.weights.cols > 0 {
			x.d.weights.draw(t.random, x.by*he(x.d.weights))
		}
	}
	for _, p := range n.params() {
		p.startLearning(p == n.symbols || p == n.copySymbols || p == n.copyMarks)
	}
	t.chars = laid{bank: &n.chars, slot: slots(s.Symbols)}
	t.words = laid{bank: &n.words, fixed: true, slot: slots(s.Vectors)}
	t.copies = laid{bank: &n.copies, slot: slots(s.Symbols * marks)}
	return t
}

func slots(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = absent
	}
	return out
}

// absent is the slot of what adds nothing to a filter.
const absent = -1

// laid is a bank's table for what stands in a batch: what each column adds for each row.
type laid struct {
	bank    *bank
	slot    []int32 // by what stands there: its row of the table, or absent
	numbers []int32 // by row: what stands there
	in      []float32
	table   []float32
	back    []float32 // gradients of in
	fixed   bool      // in is not learned
	sum     []float32
}

func (l *laid) begin() {
	for _, n := range l.numbers {
		l.slot[n] = absent
	}
	l.numbers, l.in = l.numbers[:0], l.in[:0]
}

// add gives the row for a number, with its input if it is new.
func (l *laid) add(number int32, in []float32) (slot int32) {
	slot, isNew := l.place(number)
	if isNew {
		l.in = append(l.in, in...)
	}
	return slot
}

// place gives the row for a number. The row's input has to be appended to in if it is new.
func (l *laid) place(number int32) (slot int32, isNew bool) {
	if s := l.slot[number]; s != absent {
		return s, false
	}
	s := int32(len(l.numbers))
	l.slot[number] = s
	l.numbers = append(l.numbers, number)
	return s, true
}

// lay makes the table.
func (l *laid) lay() {
	w := l.bank.weights
	l.table = grow(&l.table, len(l.numbers)*w.rows)
	multiply(l.in, len(l.numbers), w.w, w.rows, w.cols, l.table)
	if !l.fixed {
		l.back = grow(&l.back, len(l.in))
		clear(l.back)
	}
}

// pool puts the answer of each filter at the place that fits it best into out, and that place into at.
func (l *laid) pool(slots []int32, out []float32, at []int32) {
	b := l.bank
	f := b.filters
	l.sum = grow(&l.sum, f)
	sum := l.sum
	for width := b.from; width <= b.to; width++ {
		o, a := out[(width-b.from)*f:][:f], at[(width-b.from)*f:][:f]
		for k := range o {
			o[k], a[k] = minFloat, 0
		}
		for i := range max(1, len(slots)-width+1) {
			clear(sum)
			for place := 0; place < width && i+place < len(slots); place++ {
				if s := slots[i+place]; s != absent {
					row := l.table[int(s)*b.weights.rows+b.column(width, place):][:len(sum)]
					for k, x := range row {
						sum[k] += x
					}
				}
			}
			for k, x := range sum {
				if x > o[k] {
					o[k], a[k] = x, int32(i)
				}
			}
		}
	}
	for k, x := range b.bias.w {
		out[k] = max(0, out[k]+x)
	}
}

// backward takes gradients of what pool gave back to the weights, and to in.
func (l *laid) backward(slots []int32, out []float32, at []int32, gradient []float32) {
	b := l.bank
	dims := b.weights.cols
	for width := b.from; width <= b.to; width++ {
		for k := range b.filters {
			f := (width-b.from)*b.filters + k
			g := gradient[f]
			if g == 0 || out[f] <= 0 {
				continue
			}
			b.bias.gradient[f] += g
			for place := range width {
				i := int(at[f]) + place
				if i >= len(slots) || slots[i] == absent {
					continue
				}
				column, s := b.column(width, place)+k, int(slots[i])
				add(b.weights.gradient[column*dims:][:dims], l.in[s*dims:][:dims], g)
				if !l.fixed {
					add(l.back[s*dims:][:dims], b.weights.row(column), g)
				}
			}
		}
	}
}

// pass is an example on its way through the net and back.
type pass struct {
	e                         *lesson
	chars, words, copies      []int32 // slots
	wordRows                  []int32 // or absent
	weights                   []float32
	at, copyAt                []int32
	features, mask            []float32
	hidden, hiddenMask        []float32
	logits                    []float32
	compares                  bool
	facing                    []float32 // words × inputs of pair
	pairs                     []float32 // words × pairs
	best                      []int32   // by pair: the word, or absent
	comparing                 []float32 // inputs of compare
	compareMask               []float32
	compared                  []float32
	gradient                  []float32
	backFeatures, backHidden  []float32
	backClasses, backCompared []float32
	backComparing, backPairs  []float32
}

// lesson finds for each word of a comment the word of the official post that is most like it.
func (t *trainer) lesson(e *Example) *lesson {
	d := t.Shape.WordDims
	l := &lesson{Example: e, post: newPost(e.PostWords, func(row int) ([]float32, float32) { return t.vectors[row*d:][:d], t.lengths[row] })}
	if l.post == nil {
		return l
	}
	l.facing, l.like = make([]int32, len(e.Input.Words)), make([]float32, len(e.Input.Words))
	for i, row := range e.Input.Words {
		l.facing[i], l.like[i] = l.post.nearest(t.vectors[int(row)*d:][:d], t.lengths[row])
	}
	return l
}

// learn takes a batch forth and back, and gives the sum of its losses. Gradients are added up in the params.
func (t *trainer) learn(batch []*lesson) (loss float64) {
	for len(t.batch) < len(batch) {
		t.batch = append(t.batch, pass{})
	}
	passes := t.batch[:len(batch)]
	t.enter(passes, batch)
	for i := range passes {
		p := &passes[i]
		t.forward(p, true)
		loss += t.judge(p)
		t.backward(p)
	}
	t.leave()
	return loss
}

// enter lays up the tables for a batch.
func (t *trainer) enter(passes []pass, batch []*lesson) {
	s := &t.Shape
	for _, l := range []*laid{&t.chars, &t.words, &t.copies} {
		l.begin()
	}
	for i, e := range batch {
		p := &passes[i]
		p.e = e
		p.chars, p.copies, p.words, p.wordRows = p.chars[:0], p.copies[:0], p.words[:0], p.wordRows[:0]
		p.compares = e.post != nil
		for k, symbol := range e.Input.Symbols {
			symbol = t.forget(symbol)
			p.chars = append(p.chars, t.chars.add(symbol, t.symbols.row(int(symbol))))
			if p.compares {
				slot, isNew := t.copies.place(symbol*marks + int32(e.Input.Marks[k]))
				if isNew {
					n := len(t.copies.in)
					t.copies.in = append(t.copies.in, t.copySymbols.row(int(symbol))...)
					add(t.copies.in[n:], t.copyMarks.row(int(e.Input.Marks[k])), 1)
				}
				p.copies = append(p.copies, slot)
			}
		}
		for _, row := range e.Input.Words {
			if t.random.Float64() < t.o.LeaveOut {
				p.words, p.wordRows = append(p.words, absent), append(p.wordRows, absent)
				continue
			}
			slot := t.words.add(row, t.vectors[int(row)*s.WordDims:][:s.WordDims])
			p.words, p.wordRows = append(p.words, slot), append(p.wordRows, row)
		}
	}
	for _, l := range []*laid{&t.chars, &t.words, &t.copies} {
		l.lay()
	}
}

// forget takes some characters for unknown ones, so that something is known of these.
func (t *trainer) forget(symbol int32) int32 {
	if symbol >= FirstSymbol && t.random.Float64() < t.o.Forget {
		return Unknown
	}
	return symbol
}

// leave takes the gradients of the tables' inputs to where these came from.
func (t *trainer) leave() {
	back := func(l *laid, to *param, number func(int32) int32) {
		for slot, n := range l.numbers {
			add(to.gradientOf(number(n)), l.back[slot*to.cols:][:to.cols], 1)
		}
	}
	same := func(n int32) int32 { return n }
	back(&t.chars, t.symbols, same)
	back(&t.copies, t.copySymbols, func(n int32) int32 { return n / marks })
	back(&t.copies, t.copyMarks, func(n int32) int32 { return n % marks })
}

func (d *dense) forward(in, out []float32) {
	w := d.weights
	for k := range out {
		out[k] = d.bias.w[k] + dot(in, w.row(k))
	}
}

// backward takes gradients of a layer's outputs to its weights and, unless back is nil, to its inputs.
func (d *dense) backward(in, gradient, back []float32) {
	w := d.weights
	for k, g := range gradient {
		if g == 0 {
			continue
		}
		d.bias.gradient[k] += g
		add(w.gradient[k*w.cols:(k+1)*w.cols], in, g)
	}
	if back == nil {
		return
	}
	var sum adder
	for k, g := range gradient {
		if g != 0 {
			sum.add(back, w.row(k), g)
		}
	}
	sum.end(back)
}

// drop fills a mask: 0 for what is dropped, and what makes up for it for the others.
func (t *trainer) drop(mask []float32, share float64, training bool) {
	for i := range mask {
		mask[i] = 1
		if training {
			if mask[i] = float32(1 / (1 - share)); t.random.Float64() < share {
				mask[i] = 0
			}
		}
	}
}

func times(x, mask []float32) {
	for i, m := range mask {
		x[i] *= m
	}
}

func (t *trainer) forward(p *pass, training bool) {
	s := &t.Shape
	n := s.features()
	p.features, p.mask, p.hidden, p.hiddenMask = grow(&p.features, n), grow(&p.mask, n), grow(&p.hidden, s.Hidden), grow(&p.hiddenMask, s.Hidden)
	p.logits = grow(&p.logits, s.Classes)
	if len(p.at) == 0 {
		p.at, p.copyAt = make([]int32, n), make([]int32, s.CopyFilters)
	}
	chars, words := t.chars.bank.outputs(), t.words.bank.outputs()
	t.chars.pool(p.chars, p.features[:chars], p.at[:chars])
	t.words.pool(p.words, p.features[chars:chars+words], p.at[chars:])
	t.meanOf(p, p.features[chars+words:])
	t.drop(p.mask, t.o.Dropout, training)
	times(p.features, p.mask)
	t.hidden.forward(p.features, p.hidden)
	t.drop(p.hiddenMask, t.o.Dropout/2, training)
	for k, x := range p.hidden {
		if x <= 0 {
			p.hiddenMask[k] = 0
		}
	}
	times(p.hidden, p.hiddenMask)
	t.out.forward(p.hidden, p.logits)
	for k := range p.logits {
		p.logits[k] += t.skip.bias.w[k] + dot(p.features, t.skip.weights.row(k))
	}
	if p.compares && len(s.Compare) > 0 {
		t.forwardCompare(p, training)
	}
	for k, x := range p.e.Offset {
		p.logits[k] += x
	}
}

// meanOf is the mean of the words, each by how much it tells.
func (t *trainer) meanOf(p *pass, out []float32) {
	clear(out)
	p.weights = grow(&p.weights, len(p.wordRows))
	all := float32(meanBesides)
	for i, row := range p.wordRows {
		p.weights[i] = 0
		if row != absent {
			p.weights[i] = p.e.Input.Rare[i]
			all += p.weights[i]
		}
	}
	for i, row := range p.wordRows {
		if row != absent {
			add(out, t.vectors[int(row)*len(out):][:len(out)], p.weights[i]/all)
		}
	}
}

// meanBesides is the weight of nothing in the mean of words: a comment of few words counts less.
const meanBesides = 0.5

func (t *trainer) forwardCompare(p *pass, training bool) {
	s := &t.Shape
	d := s.WordDims
	inputs := t.pair.weights.cols
	p.comparing, p.compareMask = grow(&p.comparing, s.compareInputs()), grow(&p.compareMask, s.CopyFilters+2*s.Pairs)
	p.compared, p.facing, p.pairs = grow(&p.compared, s.CompareHidden), grow(&p.facing, len(p.words)*inputs), grow(&p.pairs, len(p.words)*s.Pairs)
	t.copies.pool(p.copies, p.comparing[:s.CopyFilters], p.copyAt)
	best, mean := p.comparing[s.CopyFilters:][:s.Pairs], p.comparing[s.CopyFilters+s.Pairs:][:s.Pairs]
	clear(best)
	clear(mean)
	if len(p.best) == 0 {
		p.best = make([]int32, s.Pairs)
	}
	for k := range p.best {
		p.best[k] = absent
	}
	for i, row := range p.wordRows {
		if row == absent {
			clear(p.facing[i*inputs:][:inputs])
			continue
		}
		in := p.facing[i*inputs:][:inputs]
		face(in, t.vectors[int(row)*d:][:d], p.e.post.vector(p.e.facing[i], d), p.e.like[i])
	}
	multiply(p.facing, len(p.words), t.pair.weights.w, s.Pairs, inputs, p.pairs)
	share := meanShare(len(p.words))
	for i, row := range p.wordRows {
		units := p.pairs[i*s.Pairs:][:s.Pairs]
		if row == absent {
			clear(units)
			continue
		}
		add(units, t.pair.bias.w, 1)
		relu(units)
		for k, x := range units {
			mean[k] += x * share
			if x > best[k] {
				best[k], p.best[k] = x, int32(i)
			}
		}
	}
	t.drop(p.compareMask, comparedDropped, training)
	times(p.comparing, p.compareMask)
	copy(p.comparing[s.CopyFilters+2*s.Pairs:], p.e.Input.Facts)
	t.compare.forward(p.comparing, p.compared)
	relu(p.compared)
	for k, class := range s.Compare {
		p.logits[class] += t.compared.bias.w[k] + dot(p.compared, t.compared.weights.row(k)) + t.facts.bias.w[k] + dot(p.e.Input.Facts, t.facts.weights.row(k))
	}
}

// meanShare is what a word counts in the mean over pairs.
func meanShare(words int) float32 { return 1 / float32(words+2) }

// face lays out a word beside the post's nearest.
func face(in, word, other []float32, like float32) {
	d := len(word)
	copy(in, word)
	copy(in[d:], other)
	for k, x := range word {
		in[2*d+k] = x * other[k]
	}
	in[3*d] = like
}

// judge turns the logits into gradients of the loss, in p.gradient.
func (t *trainer) judge(p *pass) (loss float64) {
	p.gradient = grow(&p.gradient, t.Shape.Classes)
	softmax(p.logits, p.e.Possible, p.gradient)
	loss = -math.Log(float64(p.gradient[p.e.Label]) + 1e-12)
	possible := 0
	for k := range p.gradient {
		possible += int(p.e.Possible >> k & 1)
	}
	smooth := float32(t.o.Smoothing)
	for k := range p.gradient {
		if p.e.Possible>>k&1 == 0 {
			p.gradient[k] = 0
			continue
		}
		p.gradient[k] -= smooth / float32(possible)
		if k == p.e.Label {
			p.gradient[k] -= 1 - smooth
		}
	}
	return loss
}

func softmax(logits []float32, possible uint64, out []float32) {
	top := float32(minFloat)
	for k, z := range logits {
		if possible>>k&1 == 1 {
			top = max(top, z)
		}
	}
	sum := float32(0)
	for k, z := range logits {
		out[k] = 0
		if possible>>k&1 == 1 {
			out[k] = float32(math.Exp(float64(z - top)))
			sum += out[k]
		}
	}
	for k := range out {
		out[k] /= sum
	}
}

func (t *trainer) backward(p *pass) {
	s := &t.Shape
	p.backFeatures, p.backHidden = grow(&p.backFeatures, s.features()), grow(&p.backHidden, s.Hidden)
	clear(p.backFeatures)
	clear(p.backHidden)
	t.out.backward(p.hidden, p.gradient, p.backHidden)
	t.skip.backward(p.features, p.gradient, p.backFeatures)
	if p.compares && len(s.Compare) > 0 {
		t.backwardCompare(p)
	}
	times(p.backHidden, p.hiddenMask)
	t.hidden.backward(p.features, p.backHidden, p.backFeatures)
	times(p.backFeatures, p.mask)
	chars, words := t.chars.bank.outputs(), t.words.bank.outputs()
	t.chars.backward(p.chars, p.features[:chars], p.at[:chars], p.backFeatures[:chars])
	t.words.backward(p.words, p.features[chars:chars+words], p.at[chars:], p.backFeatures[chars:chars+words])
}

// gate lets a gradient through where a unit was on.
func gate(gradient, units []float32) {
	for k, x := range units {
		if x <= 0 {
			gradient[k] = 0
		}
	}
}

func (t *trainer) backwardCompare(p *pass) {
	s := &t.Shape
	gradient := grow(&p.backClasses, len(s.Compare))
	for k, class := range s.Compare {
		gradient[k] = p.gradient[class]
	}
	units, in := grow(&p.backCompared, s.CompareHidden), grow(&p.backComparing, s.compareInputs())
	clear(units)
	clear(in)
	t.compared.backward(p.compared, gradient, units)
	t.facts.backward(p.e.Input.Facts, gradient, nil)
	gate(units, p.compared)
	t.compare.backward(p.comparing, units, in)
	times(in, p.compareMask)
	t.copies.backward(p.copies, p.comparing[:s.CopyFilters], p.copyAt, in[:s.CopyFilters])
	best, mean := in[s.CopyFilters:][:s.Pairs], in[s.CopyFilters+s.Pairs:][:s.Pairs]
	inputs := t.pair.weights.cols
	back := grow(&p.backPairs, s.Pairs)
	share := meanShare(len(p.words))
	for i, row := range p.wordRows {
		if row == absent {
			continue
		}
		for k, x := range p.pairs[i*s.Pairs:][:s.Pairs] {
			back[k] = 0
			if x > 0 {
				if back[k] = mean[k] * share; p.best[k] == int32(i) {
					back[k] += best[k]
				}
			}
		}
		t.pair.backward(p.facing[i*inputs:][:inputs], back, nil)
	}
}

// step changes the weights by what a batch taught. The last batch of an epoch may be a small one, and then counts less.
func (t *trainer) step(step, steps int) {
	rate := t.o.Rate * min(1, float64(step)/warmUp) * (lowest + (1-lowest)/2*(1+math.Cos(math.Pi*float64(step)/float64(steps))))
	a := &adam{
		rate: float32(rate), decay: float32(t.o.Decay), scale: 1 / float32(t.o.Batch),
		first: float32(1 / (1 - math.Pow(beta1, float64(step)))), second: float32(1 / (1 - math.Pow(beta2, float64(step)))),
	}
	for _, p := range t.params() {
		p.step(a)
	}
}
