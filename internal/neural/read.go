package neural

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/kotomori/kotomori/internal/kernel"
)

// Answers of filters are added up as whole numbers, four in a word of 64 bits. What one place adds is between 0 and 2·half, half standing
// for nothing, so that the widest filter's sum keeps within 15 bits and the 16th is free to compare by.
const (
	lanes    = kernel.Lanes
	laneBits = kernel.LaneBits
	half     = (1<<15 - 1) / (2 * widest)
	noLanes  = half * 0x0001_0001_0001_0001
)

// table is what each place under a bank's filters adds for each of the things that can stand there: rows made when first asked for.
type table struct {
	bank    *bank
	scale   float32 // of a step
	words   int     // of a row
	inputOf func(number int, in []float32)
	nothing []uint64

	rows []uint64
	made made
}

// made says of each row of a table whether it was made, and has it made once.
type made struct {
	is     []atomic.Bool // by row
	making sync.Mutex
}

func (m *made) once(row int, fill func()) {
	m.making.Lock()
	defer m.making.Unlock()
	if !m.is[row].Load() { // another goroutine may have made it since
		fill()
		m.is[row].Store(true)
	}
}

func newTable(b *bank, numbers int, scale float32, inputOf func(int, []float32)) *table {
	words := b.weights.rows / lanes
	nothing := make([]uint64, words)
	for i := range nothing {
		nothing[i] = noLanes
	}
	return &table{
		bank: b, scale: scale, words: words, nothing: nothing, inputOf: inputOf,
		rows: make([]uint64, numbers*words), made: made{is: make([]atomic.Bool, numbers)},
	}
}

// row gives the row for a number.
func (t *table) row(number int, memory *memory) []uint64 {
	row := t.rows[number*t.words:][:t.words]
	if !t.made.is[number].Load() {
		t.made.once(number, func() { t.fill(number, row, memory) })
	}
	return row
}

func (t *table) fill(number int, row []uint64, memory *memory) {
	w := t.bank.weights
	in := grow(&memory.in, w.cols)
	t.inputOf(number, in)
	clear(row)
	for c := range w.rows {
		x := math.Round(float64(dot(in, w.row(c)) / t.scale))
		row[c/lanes] |= uint64(min(max(x, -half), half)+half) << (laneBits * (c % lanes))
	}
}

// pool puts the answer of each filter at the place that fits it best into out, and where that is into at, in lanes.
func (t *table) pool(numbers []int32, out []float32, at *[]uint64, memory *memory) {
	b := t.bank
	rows := t.rowsOf(numbers, memory)
	words := b.filters / lanes
	best := grow(&memory.best, words)
	places := grow(at, b.outputs()/lanes)
	for width := b.from; width <= b.to; width++ {
		kernel.Largest(best, places[(width-b.from)*words:][:words], rows[:max(width, len(numbers))], width, b.column(width, 0)/lanes)
		o := out[(width-b.from)*b.filters:][:b.filters]
		for k := range o {
			o[k] = float32(int(best[k/lanes]>>(laneBits*(k%lanes))&0xFFFF)-width*half) * t.scale
		}
	}
	for k, x := range b.bias.w {
		out[k] = max(0, out[k]+x)
	}
}

// rowsOf gives the rows of a text, and behind its end as many that add nothing as the widest filter wants.
func (t *table) rowsOf(numbers []int32, memory *memory) [][]uint64 {
	rows := memory.rows[:0]
	for _, n := range numbers {
		rows = append(rows, t.row(int(n), memory))
	}
	for len(rows) < widest {
		rows = append(rows, t.nothing)
	}
	memory.rows = rows
	return rows
}

// vectorTable is a vector for each word, and its length: rows made when first asked for.
type vectorTable struct {
	dims    int
	fill    func(row int, out []float32)
	rows    []float32
	lengths []float32
	made    made
}

func newVectorTable(dims, rows int, fill func(row int, out []float32)) *vectorTable {
	return &vectorTable{dims: dims, fill: fill, rows: make([]float32, rows*dims), lengths: make([]float32, rows), made: made{is: make([]atomic.Bool, rows)}}
}

func (t *vectorTable) row(row int) (vector []float32, length float32) {
	vector = t.rows[row*t.dims:][:t.dims]
	if !t.made.is[row].Load() {
		t.made.once(row, func() {
			t.fill(row, vector)
			t.lengths[row] = lengthOf(vector)
		})
	}
	return vector, t.lengths[row]
}

// sum adds rows to out, each times its weight.
func (t *vectorTable) sum(out []float32, rows []int32, by []float32) {
	for _, row := range rows {
		t.row(int(row)) // so that it is made
	}
	kernel.Sum(out, t.rows, rows, by)
}

// tables are what reading takes beside the weights.
type tables struct {
	vectors              *vectorTable // along the directions
	paired               *vectorTable // what each word adds to the units of pair
	chars, words, copies *table
	pairOfPost           dense // the part of pair that reads the word of the post, and so on
	pairOfLike           []float32

	every []int32 // the numbers from 0 on: dimensions of a word

	// Inputs × outputs.
	pairOfBoth, hidden, skip, out, compare, compared, facts []float32
}

// scales of the three banks' tables.
type scales [3]float32

// prepare makes ready to read.
func (n *Net) prepare(vectors Vectors, by scales) {
	s := &n.Shape
	d := s.WordDims
	t := &tables{every: make([]int32, d), vectors: newVectorTable(d, s.Vectors, func(row int, out []float32) { n.project(vectors, row, make([]float32, vectors.Dims()), out) })}
	for i := range t.every {
		t.every[i] = int32(i)
	}
	t.chars = newTable(&n.chars, s.Symbols, by[0], func(i int, in []float32) { copy(in, n.symbols.row(i)) })
	t.words = newTable(&n.words, s.Vectors, by[1], func(i int, in []float32) {
		v, _ := t.vectors.row(i)
		copy(in, v)
	})
	t.copies = newTable(&n.copies, s.Symbols*marks, by[2], func(i int, in []float32) {
		copy(in, n.copySymbols.row(i/marks))
		add(in, n.copyMarks.row(i%marks), 1)
	})
	part := func(from int) dense {
		p := newDense(d, s.Pairs)
		for k := range s.Pairs {
			copy(p.weights.row(k), n.pair.weights.row(k)[from:])
		}
		return p
	}
	t.pairOfPost, t.pairOfBoth = part(d), part(2*d).weights.turned()
	ofWord := part(0)
	t.paired = newVectorTable(s.Pairs, s.Vectors, func(row int, out []float32) {
		v, _ := t.vectors.row(row)
		multiply(v, 1, ofWord.weights.w, s.Pairs, d, out)
	})
	for k := range s.Pairs {
		t.pairOfLike = append(t.pairOfLike, n.pair.weights.row(k)[3*d])
	}
	t.hidden, t.skip, t.out = n.hidden.weights.turned(), n.skip.weights.turned(), n.out.weights.turned()
	t.compare, t.compared, t.facts = n.compare.weights.turned(), n.compared.weights.turned(), n.facts.weights.turned()
	n.ready = t
}

// turned has rows for columns.
func (p *param) turned() []float32 {
	out := make([]float32, len(p.w))
	for i := range p.rows {
		for k, x := range p.row(i) {
			out[k*p.rows+i] = x
		}
	}
	return out
}

// memory of a reading.
type memory struct {
	in   []float32
	best []uint64
	rows [][]uint64
	at   []int32
	by   []float32
}

// through adds to out what a layer makes of in, most of which may be 0. The weights are inputs × outputs.
func through(weights, in, out []float32, memory *memory) {
	at, by := grow(&memory.at, len(in)), grow(&memory.by, len(in))
	n := 0
	for k, x := range in {
		at[n], by[n] = int32(k), x
		// Counted without a branch: about half are 0, and which cannot be guessed.
		bits := math.Float32bits(x) << 1 // without the sign, as -0 is 0
		n += int((bits | -bits) >> 31)
	}
	kernel.Sum(out, weights, at[:n], by[:n])
}

// grow gives n of what a slice has room for; what is in it stands for nothing.
func grow[T any](x *[]T, n int) []T {
	if cap(*x) < n {
		*x = make([]T, n, n+n/2)
	}
	*x = (*x)[:n]
	return *x
}

// Reading is what a net says of a comment, and the memory it takes to read one. The zero value is ready.
type Reading struct {
	Logits []float32 // by class, without any offset

	net      *Net
	in       *Input
	features []float32
	charsAt  []uint64 // where each filter is, in lanes; and so on
	wordsAt  []uint64
	copiesAt []uint64
	hidden   []float32
	compare  []float32
	compared []float32
	judged   []float32
	product  []float32
	unit     []float32
	like     []float32
	copies   []int32
	memory   memory
}

// Post makes an official post ready from the rows of its words, of which the first MaxPost are read and kept. It is nil if there are none.
func (n *Net) Post(words []int32) *Post {
	p := newPost(words, n.ready.vectors.row)
	if p != nil {
		d := n.Shape.WordDims
		p.paired = make([]float32, len(p.lengths)*n.Shape.Pairs)
		multiply(p.vectors, len(p.lengths), n.ready.pairOfPost.weights.w, n.Shape.Pairs, d, p.paired)
		p.turned = make([]float32, d*len(p.lengths))
		for i, l := range p.lengths {
			for k, x := range p.vector(int32(i), d) {
				p.turned[k*len(p.lengths)+i] = x / l
			}
		}
		p.words, p.vectors = words[:len(p.lengths)], nil
	}
	return p
}

func newPost(words []int32, vector func(row int) ([]float32, float32)) *Post {
	if len(words) == 0 {
		return nil
	}
	p := &Post{}
	for _, row := range words[:min(len(words), MaxPost)] {
		v, l := vector(int(row))
		p.vectors = append(p.vectors, v...)
		p.lengths = append(p.lengths, l)
	}
	return p
}

// weight is what all words weigh in their mean.
func (in *Input) weight() float32 {
	sum := float32(meanBesides)
	for _, x := range in.Rare {
		sum += x
	}
	return sum
}

// Read reads a comment into r, in the memory of what was read before. The input must not change before r is done with.
func (n *Net) Read(in *Input, r *Reading) {
	s, t := &n.Shape, n.ready
	r.net, r.in = n, in
	features := grow(&r.features, s.features())
	chars, words := n.chars.outputs(), n.words.outputs()
	t.chars.pool(in.Symbols, features[:chars], &r.charsAt, &r.memory)
	t.words.pool(in.Words, features[chars:chars+words], &r.wordsAt, &r.memory)
	mean := features[chars+words:]
	clear(mean)
	all, by := in.weight(), grow(&r.memory.by, len(in.Words))
	for i, x := range in.Rare {
		by[i] = x / all
	}
	t.vectors.sum(mean, in.Words, by)
	hidden := grow(&r.hidden, s.Hidden)
	copy(hidden, n.hidden.bias.w)
	logits := grow(&r.Logits, s.Classes)
	copy(logits, n.skip.bias.w)
	through(t.hidden, features, hidden, &r.memory)
	through(t.skip, features, logits, &r.memory)
	relu(hidden)
	add(logits, n.out.bias.w, 1)
	through(t.out, hidden, logits, &r.memory)
	if in.Post != nil && len(s.Compare) > 0 {
		n.readBeside(in, r)
	}
}

// readBeside reads a comment beside the official post.
func (n *Net) readBeside(in *Input, r *Reading) {
	s, t := &n.Shape, n.ready
	x := grow(&r.compare, s.compareInputs())
	r.copies = r.copies[:0]
	for i, symbol := range in.Symbols {
		r.copies = append(r.copies, symbol*marks+int32(in.Marks[i]))
	}
	t.copies.pool(r.copies, x[:s.CopyFilters], &r.copiesAt, &r.memory)
	best, mean := x[s.CopyFilters:][:s.Pairs], x[s.CopyFilters+s.Pairs:][:s.Pairs]
	clear(best)
	clear(mean)
	product, unit := grow(&r.product, s.WordDims), grow(&r.unit, s.Pairs)
	share := meanShare(len(in.Words))
	for _, row := range in.Words {
		v, l := t.vectors.row(int(row))
		of, like := in.Post.nearestTo(v, l, t.every, &r.like)
		ofPost, _ := t.vectors.row(int(in.Post.words[of]))
		for k, y := range ofPost {
			product[k] = v[k] * y
		}
		word, _ := t.paired.row(int(row))
		facing := in.Post.paired[int(of)*s.Pairs:]
		for k, x := range n.pair.bias.w {
			unit[k] = x + word[k] + facing[k] + float32(like*t.pairOfLike[k])
		}
		kernel.Sum(unit, t.pairOfBoth, t.every, product)
		for k, u := range unit {
			if u > 0 {
				mean[k] += u * share
				best[k] = max(best[k], u)
			}
		}
	}
	copy(x[s.CopyFilters+2*s.Pairs:], in.Facts)
	hidden, logits := grow(&r.compared, s.CompareHidden), grow(&r.judged, len(s.Compare))
	copy(hidden, n.compare.bias.w)
	through(t.compare, x, hidden, &r.memory)
	relu(hidden)
	copy(logits, n.compared.bias.w)
	add(logits, n.facts.bias.w, 1)
	through(t.compared, hidden, logits, &r.memory)
	through(t.facts, in.Facts, logits, &r.memory)
	for k, class := range s.Compare {
		r.Logits[class] += logits[k]
	}
}

// Weigh says what weighed for a class against none: by symbol, and by word, in logits. It is what each filter over characters and words that
// was on added, at the places under it where it was; what the official post added is not in it.
func (r *Reading) Weigh(class int) (symbols, words []float32) {
	n, s := r.net, &r.net.Shape
	chars, of := n.chars.outputs(), n.words.outputs()
	slope := make([]float32, len(r.features))
	add(slope, n.skip.weights.row(class), 1)
	add(slope, n.skip.weights.row(0), -1)
	for h, x := range r.hidden {
		if x > 0 {
			add(slope, n.hidden.weights.row(h), n.out.weights.row(class)[h]-n.out.weights.row(0)[h])
		}
	}
	symbols = n.ready.chars.weigh(r.in.Symbols, r.features[:chars], slope[:chars], r.charsAt)
	words = n.ready.words.weigh(r.in.Words, r.features[chars:chars+of], slope[chars:chars+of], r.wordsAt)
	all := r.in.weight()
	for i, row := range r.in.Words {
		v, _ := n.ready.vectors.row(int(row))
		words[i] += dot(v, slope[chars+of:][:s.WordDims]) * r.in.Rare[i] / all
	}
	return symbols, words
}

// weigh spreads what each filter added over the places under it where it was.
func (t *table) weigh(numbers []int32, out, slope []float32, at []uint64) []float32 {
	b := t.bank
	weights := make([]float32, len(numbers))
	for f, x := range out {
		if x <= 0 {
			continue
		}
		at, width := int(at[f/lanes]>>(laneBits*(f%lanes))&0xFFFF), b.from+f/b.filters
		under := min(width, len(numbers)-at)
		for place := range under {
			weights[at+place] += x * slope[f] / float32(under)
		}
	}
	return weights
}
