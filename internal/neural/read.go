package neural

import (
	"math"
	"slices"
	"sync/atomic"
)

// Answers of filters are added up as whole numbers, four in a word of 64 bits. What one place adds is between 0 and 2·half, half standing
// for nothing, so that the widest filter's sum keeps within 15 bits and the 16th is free to compare by.
const (
	lanes    = 4
	laneBits = 16
	half     = (1<<15 - 1) / (2 * widest)
	topBits  = 0x8000_8000_8000_8000
	noLanes  = half * 0x0001_0001_0001_0001
)

// table is what each place under a bank's filters adds for each of the things that can stand there: rows made when first asked for.
type table struct {
	bank    *bank
	scale   float32 // of a step
	words   int     // of a row
	rows    []uint64
	state   []atomic.Uint32
	inputOf func(number int, in []float32)
	nothing []uint64
}

const (
	unmade = iota
	making
	made
)

func newTable(b *bank, numbers int, scale float32, inputOf func(int, []float32)) *table {
	words := b.weights.rows / lanes
	nothing := make([]uint64, words)
	for i := range nothing {
		nothing[i] = noLanes
	}
	return &table{
		bank: b, scale: scale, words: words, nothing: nothing, inputOf: inputOf,
		rows: make([]uint64, numbers*words), state: make([]atomic.Uint32, numbers),
	}
}

// row gives the row for a number. A goroutine that finds another one making it makes its own in memory.
func (t *table) row(number int, memory *memory) []uint64 {
	row := t.rows[number*t.words:][:t.words]
	if t.state[number].Load() == made {
		return row
	}
	if !t.state[number].CompareAndSwap(unmade, making) {
		row = make([]uint64, t.words)
		t.fill(number, row, memory)
		return row
	}
	t.fill(number, row, memory)
	t.state[number].Store(made)
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

// pool puts the answer of each filter at the place that fits it best into out.
func (t *table) pool(numbers []int32, out []float32, memory *memory) {
	b := t.bank
	rows := t.rowsOf(numbers, memory)
	words := b.filters / lanes
	best := grow(&memory.best, words)
	for width := b.from; width <= b.to; width++ {
		clear(best)
		from := b.column(width, 0) / lanes
		for i := range max(1, len(numbers)-width+1) {
			take(best, rows[i:], width, from)
		}
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

// take takes the sums of a width at the first of rows into the best so far.
func take(best []uint64, rows [][]uint64, width, from int) {
	words := len(best)
	a := rows[0][from:][:words]
	if width == 1 {
		for w := range best {
			best[w] = larger(best[w], a[w])
		}
		return
	}
	b := rows[1][from+words:][:words]
	if width == 2 {
		for w := range best {
			best[w] = larger(best[w], a[w]+b[w])
		}
		return
	}
	c := rows[2][from+2*words:][:words]
	if width == 3 {
		for w := range best {
			best[w] = larger(best[w], a[w]+b[w]+c[w])
		}
		return
	}
	d := rows[3][from+3*words:][:words]
	if width == 4 {
		for w := range best {
			best[w] = larger(best[w], a[w]+b[w]+c[w]+d[w])
		}
		return
	}
	e := rows[4][from+4*words:][:words]
	for w := range best {
		best[w] = larger(best[w], a[w]+b[w]+c[w]+d[w]+e[w])
	}
}

// larger is the larger one in each lane of 15 bits.
func larger(a, b uint64) uint64 {
	d := (a | topBits) - b // a lane's top bit stays where a is not less, and below it is how much larger it is
	t := d & topBits
	return b + d&(t-t>>15) // 15 bits where the top one is
}

// vectorTable is a vector for each word, and its length: rows made when first asked for.
type vectorTable struct {
	dims    int
	rows    []float32
	lengths []float32
	state   []atomic.Uint32
	fill    func(row int, out []float32)
}

func newVectorTable(dims, rows int, fill func(row int, out []float32)) *vectorTable {
	return &vectorTable{dims: dims, rows: make([]float32, rows*dims), lengths: make([]float32, rows), state: make([]atomic.Uint32, rows), fill: fill}
}

func (t *vectorTable) row(row int) (vector []float32, length float32) {
	vector = t.rows[row*t.dims:][:t.dims]
	if t.state[row].Load() == made {
		return vector, t.lengths[row]
	}
	if !t.state[row].CompareAndSwap(unmade, making) {
		vector = make([]float32, t.dims)
		t.fill(row, vector)
		return vector, lengthOf(vector)
	}
	t.fill(row, vector)
	t.lengths[row] = lengthOf(vector)
	t.state[row].Store(made)
	return vector, t.lengths[row]
}

// tables are what reading takes beside the weights.
type tables struct {
	vectors              *vectorTable // along the directions
	paired               *vectorTable // what each word adds to the units of pair
	chars, words, copies *table
	pairOfPost           dense // the part of pair that reads the word of the post, and so on
	pairOfBoth           dense
	pairOfLike           []float32
	hidden               []float32 // inputs × outputs: most inputs are 0
	skip                 []float32
}

// scales of the three banks' tables.
type scales [3]float32

// prepare makes ready to read.
func (n *Net) prepare(vectors Vectors, by scales) {
	s := &n.Shape
	d := s.WordDims
	t := &tables{vectors: newVectorTable(d, s.Vectors, func(row int, out []float32) { n.project(vectors, row, make([]float32, vectors.Dims()), out) })}
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
	t.pairOfPost, t.pairOfBoth = part(d), part(2*d)
	ofWord := part(0)
	t.paired = newVectorTable(s.Pairs, s.Vectors, func(row int, out []float32) {
		v, _ := t.vectors.row(row)
		multiply(v, 1, ofWord.weights.w, s.Pairs, d, out)
	})
	for k := range s.Pairs {
		t.pairOfLike = append(t.pairOfLike, n.pair.weights.row(k)[3*d])
	}
	t.hidden, t.skip = n.hidden.weights.turned(), n.skip.weights.turned()
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
	both []float32
	sums []uint64
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
	hidden   []float32
	compare  []float32
	compared []float32
	pairs    []float32
	like     []float32
	copies   []int32
	memory   memory
}

// Post makes an official post ready from the rows of its words, of which the first MaxPost are read. It is nil if there are none.
func (n *Net) Post(words []int32) *Post {
	p := newPost(words, n.ready.vectors.row)
	if p != nil {
		p.paired = make([]float32, len(p.lengths)*n.Shape.Pairs)
		multiply(p.vectors, len(p.lengths), n.ready.pairOfPost.weights.w, n.Shape.Pairs, n.Shape.WordDims, p.paired)
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
	t.chars.pool(in.Symbols, features[:chars], &r.memory)
	t.words.pool(in.Words, features[chars:chars+words], &r.memory)
	mean := features[chars+words:]
	clear(mean)
	all := in.weight()
	for i, row := range in.Words {
		v, _ := t.vectors.row(int(row))
		add(mean, v, in.Rare[i]/all)
	}
	hidden := grow(&r.hidden, s.Hidden)
	copy(hidden, n.hidden.bias.w)
	logits := grow(&r.Logits, s.Classes)
	copy(logits, n.skip.bias.w)
	var into, past adder
	for k, x := range features {
		if x != 0 {
			into.add(hidden, t.hidden[k*s.Hidden:][:s.Hidden], x)
			past.add(logits, t.skip[k*s.Classes:][:s.Classes], x)
		}
	}
	into.end(hidden)
	past.end(logits)
	relu(hidden)
	for k := range logits {
		logits[k] += n.out.bias.w[k] + dot(hidden, n.out.weights.row(k))
	}
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
	t.copies.pool(r.copies, x[:s.CopyFilters], &r.memory)
	best, mean := x[s.CopyFilters:][:s.Pairs], x[s.CopyFilters+s.Pairs:][:s.Pairs]
	clear(best)
	clear(mean)
	d, count := s.WordDims, len(in.Words)
	both, units := grow(&r.memory.both, count*d), grow(&r.pairs, count*s.Pairs)
	of, like := grow(&r.copies, count), grow(&r.like, count) // the post's nearest word
	for i, row := range in.Words {
		v, l := t.vectors.row(int(row))
		of[i], like[i] = in.Post.nearest(v, l)
		product := both[i*d:][:d]
		for k, y := range in.Post.vector(of[i], d) {
			product[k] = v[k] * y
		}
	}
	multiply(both, count, t.pairOfBoth.weights.w, s.Pairs, d, units)
	share := meanShare(count)
	for i, row := range in.Words {
		word, _ := t.paired.row(int(row))
		ofBoth, ofPost := units[i*s.Pairs:][:s.Pairs], in.Post.paired[int(of[i])*s.Pairs:][:s.Pairs]
		for k, b := range n.pair.bias.w {
			if u := b + t.pairOfLike[k]*like[i] + word[k] + ofBoth[k] + ofPost[k]; u > 0 {
				mean[k] += u * share
				best[k] = max(best[k], u)
			}
		}
	}
	copy(x[s.CopyFilters+2*s.Pairs:], in.Facts)
	hidden := grow(&r.compared, s.CompareHidden)
	n.compare.forward(x, hidden)
	relu(hidden)
	for k, class := range s.Compare {
		r.Logits[class] += n.compared.bias.w[k] + dot(hidden, n.compared.weights.row(k)) + n.facts.bias.w[k] + dot(in.Facts, n.facts.weights.row(k))
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
	symbols = n.ready.chars.weigh(r.in.Symbols, r.features[:chars], slope[:chars], &r.memory)
	words = n.ready.words.weigh(r.in.Words, r.features[chars:chars+of], slope[chars:chars+of], &r.memory)
	all := r.in.weight()
	for i, row := range r.in.Words {
		v, _ := n.ready.vectors.row(int(row))
		words[i] += dot(v, slope[chars+of:][:s.WordDims]) * r.in.Rare[i] / all
	}
	return symbols, words
}

// weigh spreads what each filter added over the places under it where it was.
func (t *table) weigh(numbers []int32, out, slope []float32, memory *memory) []float32 {
	b := t.bank
	weights := make([]float32, len(numbers))
	rows := t.rowsOf(numbers, memory)
	sums := grow(&memory.sums, max(1, len(numbers)))
	for width := b.from; width <= b.to; width++ {
		answers := sums[:max(1, len(numbers)-width+1)]
		for word := range b.filters / lanes {
			f := (width-b.from)*b.filters + word*lanes
			on := out[f:][:lanes]
			if slices.Max(on) <= 0 {
				continue
			}
			clear(answers)
			for place := range width {
				c := b.column(width, place)/lanes + word
				for i := range answers {
					answers[i] += rows[i+place][c]
				}
			}
			for lane, x := range on {
				if x <= 0 {
					continue
				}
				at := largest(answers, laneBits*lane)
				under := min(width, len(numbers)-at)
				for place := range under {
					weights[at+place] += x * slope[f+lane] / float32(under)
				}
			}
		}
	}
	return weights
}

// largest is where the lane at a shift is largest, the first such place.
func largest(sums []uint64, shift int) (at int) {
	most := uint64(0)
	for i, s := range sums {
		if s = s >> shift & 0xFFFF; s > most {
			at, most = i, s
		}
	}
	return at
}
