package neural

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

// plainVectors are rows of numbers.
type plainVectors struct {
	dims int
	w    []float32
}

func (v plainVectors) Dims() int { return v.dims }
func (v plainVectors) Rows() int { return len(v.w) / v.dims }

func (v plainVectors) Add(row int, by float32, sum []float32) {
	add(sum, v.w[row*v.dims:][:v.dims], by)
}

func someVectors(rows int) plainVectors {
	random := rand.New(rand.NewPCG(3, 4))
	v := plainVectors{dims: 12, w: make([]float32, rows*12)}
	for i := range v.w {
		v.w[i] = float32(random.NormFloat64())
	}
	return v
}

func smallOptions() Options {
	o := DefaultOptions()
	o.Shape = Shape{
		Classes: 5, Symbols: 30, CharDims: 6, CharFilters: 8, WordDims: 5, WordFilters: 8, Hidden: 10,
		CopyDims: 4, CopyFilters: 8, Pairs: 6, CompareHidden: 7, Facts: 3,
		Compare: []int{2, 3},
	}
	o.Epochs, o.Batch = 3, 8
	return o
}

// some comments: what the label is follows from symbols, the post or the offset.
func some(n int, vectors Vectors) []*Example {
	random := rand.New(rand.NewPCG(1, 9))
	var out []*Example
	for i := range n {
		e := &Example{Label: i % 5, Possible: 0b11111, Offset: []float32{0, 0.1, -0.2, 0, 0.3}}
		in := &e.Input
		in.Symbols = append(in.Symbols, Edge)
		for range random.IntN(9) {
			in.Symbols = append(in.Symbols, int32(FirstSymbol+random.IntN(20)))
		}
		if e.Label == 1 {
			in.Symbols = append(in.Symbols, 28, 29)
		}
		in.Symbols = append(in.Symbols, Edge)
		for range random.IntN(5) {
			in.Words = append(in.Words, int32(random.IntN(vectors.Rows())))
			in.Rare = append(in.Rare, 0.5)
		}
		in.Facts = []float32{0, 0, 0}
		if i%3 > 0 || e.Label == 2 {
			e.PostWords = []int32{1, 2, 3}
			in.Facts = []float32{float32(i%2) / 2, 0, 0.3}
			if e.Label == 2 {
				in.Facts[1] = 1
			}
		}
		for range in.Symbols {
			in.Marks = append(in.Marks, uint8(random.IntN(marks)))
		}
		if e.Label == 4 {
			in.Symbols[0] = 27
		}
		if i%7 == 0 {
			e.Possible &^= 1 << ((e.Label + 1) % 5)
		}
		out = append(out, e)
	}
	return out
}

// TestGradients holds backpropagation against differences of the loss, for all matrices, with everything dropped that is when training.
func TestGradients(t *testing.T) {
	v := someVectors(40)
	o := smallOptions()
	// Smoothed labels make the loss that is told another than the one that is learned: without them they are one.
	o.Forget, o.LeaveOut, o.Smoothing = 0.2, 0.3, 0
	o.Shape.Vectors = v.Rows()
	n, err := newNet(o.Shape, v.Dims())
	if err != nil {
		t.Fatal(err)
	}
	tr := newTrainer(n, v, o)
	for _, p := range n.params() {
		if p.rows == 1 { // biases: at 0 texts without words stand right where a unit bends
			p.draw(tr.random, 0.05)
		}
	}
	var lessons []*lesson
	for _, e := range some(24, v) {
		lessons = append(lessons, tr.lesson(e))
	}
	loss := func() float64 {
		tr.random = rand.New(rand.NewPCG(8, 8)) // drops the same each time
		sum := tr.learn(lessons)
		for _, p := range n.params() {
			clear(p.gradient)
			for _, row := range p.touched {
				p.isTouched[row] = false
			}
			p.touched = p.touched[:0]
		}
		return sum
	}
	tr.random = rand.New(rand.NewPCG(8, 8))
	tr.learn(lessons)
	var wanted [][]float32
	for _, p := range n.params() {
		wanted = append(wanted, slices.Clone(p.gradient))
	}
	loss()
	bad, all := 0, 0
	for i, p := range n.params() {
		largest := 0.0
		for at := range p.w {
			want := float64(wanted[i][at])
			if largest = max(largest, math.Abs(want)); at%5 != 0 {
				continue
			}
			const by = 2e-3
			was := p.w[at]
			p.w[at] = was + by
			up := loss()
			p.w[at] = was - by
			down := loss()
			p.w[at] = was
			all++
			if got := (up - down) / (2 * by); math.Abs(got-want) > 0.05*math.Abs(want)+0.03 {
				bad++
				t.Logf("matrix %d, weight %d: gradient %v, the loss rises by %v", i, at, want, got)
			}
		}
		if largest == 0 {
			t.Errorf("matrix %d learns nothing", i)
		}
	}
	if bad > all/100 { // a unit may bend within the difference
		t.Errorf("%d of %d gradients are wrong", bad, all)
	}
}

// TestTrain: a net learns what there is to learn, the same each time, and its file reads as it does.
func TestTrain(t *testing.T) {
	v := someVectors(40)
	o := smallOptions()
	o.Epochs, o.Rate = 60, 1e-2
	o.Dropout, o.Smoothing = 0.1, 0.02
	examples := some(300, v)
	var losses []float64
	n, err := Train(examples, v, o, func(_ int, loss float64) { losses = append(losses, loss) })
	if err != nil {
		t.Fatal(err)
	}
	if last := losses[len(losses)-1]; last > 0.6*losses[0] {
		t.Errorf("the loss went from %.3f to %.3f", losses[0], last)
	}
	again, err := Train(examples, v, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	n.Write(&a)
	again.Write(&b)
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two trainings gave two nets")
	}
	loaded, err := Load(bytes.NewReader(a.Bytes()), v)
	if err != nil {
		t.Fatal(err)
	}
	right, other := 0, 0.0
	var x, y Reading
	tr := newTrainer(loaded, v, o) // draws weights anew
	for i, p := range loaded.kept() {
		copy(p.w, n.kept()[i].w)
	}
	tr.o.Forget, tr.o.LeaveOut = 0, 0
	for _, e := range examples {
		in, same := e.Input, e.Input
		in.Post, same.Post = n.Post(e.PostWords), loaded.Post(e.PostWords)
		n.Read(&in, &x)
		loaded.Read(&same, &y)
		best := 0
		for k, z := range x.Logits {
			other = max(other, math.Abs(float64(z-y.Logits[k])))
			if z > x.Logits[best] {
				best = k
			}
		}
		if best == e.Label {
			right++
		}
		// The tables round, and say the same else.
		passes := make([]pass, 1)
		tr.enter(passes, []*lesson{tr.lesson(e)})
		tr.forward(&passes[0], false)
		for k, z := range passes[0].logits {
			if d := math.Abs(float64(z - e.Offset[k] - x.Logits[k])); !(d <= 0.05) {
				t.Fatalf("class %d: read as %v, trained as %v", k, x.Logits[k], z-e.Offset[k])
			}
		}
	}
	if right < 240 {
		t.Errorf("%d of 300 right", right)
	}
	if !(other <= 1e-5) {
		t.Errorf("what was loaded differs by %v", other)
	}
	e := examples[1]
	n.Read(&e.Input, &x)
	symbols, words := x.Weigh(1)
	if len(symbols) != len(e.Input.Symbols) || len(words) != len(e.Input.Words) {
		t.Fatalf("weights of %d symbols and %d words", len(symbols), len(words))
	}
	best := 0
	for i, w := range symbols {
		if w > symbols[best] {
			best = i
		}
	}
	if s := e.Input.Symbols[best]; s != 28 && s != 29 {
		t.Errorf("symbol %d weighed most: %v", s, symbols)
	}
}

// TestTables: the lanes give what plain sums of the filters give, whatever the text's length, and with all that is cut off at their bounds.
func TestTables(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	b := newBank(2, widest, 8, 6)
	b.weights.draw(random, 1)
	b.bias.draw(random, 0.1)
	in := newParam(9, 6)
	in.draw(random, 1)
	for _, scale := range []float32{1e-9, 0.004, 0.02} {
		table := newTable(&b, in.rows, scale, func(i int, x []float32) { copy(x, in.row(i)) })
		var m memory
		var at []uint64
		for n := range 12 {
			numbers := make([]int32, n)
			for i := range numbers {
				numbers[i] = int32(random.IntN(in.rows))
			}
			out, slope, weights := make([]float32, b.outputs()), make([]float32, b.outputs()), make([]float32, n)
			for i := range slope {
				slope[i] = float32(random.NormFloat64())
			}
			table.pool(numbers, out, &at, &m)
			for width := b.from; width <= b.to; width++ {
				for k := range b.filters {
					best, first := math.Inf(-1), 0
					for i := range max(1, n-width+1) {
						sum := 0.0
						for place := 0; place < width && i+place < n; place++ {
							x := dot(in.row(int(numbers[i+place])), b.weights.row(b.column(width, place)+k))
							sum += min(max(math.Round(float64(x/scale)), -half), half)
						}
						if sum > best {
							best, first = sum, i
						}
					}
					f := (width-b.from)*b.filters + k
					for i := first; i < min(first+width, n); i++ {
						weights[i] += out[f] * slope[f] / float32(min(width, n-first))
					}
					if want := max(0, float32(best)*scale+b.bias.w[f]); !(math.Abs(float64(want-out[f])) <= 1e-4) {
						t.Errorf("%d characters, width %d, filter %d: %v, want %v", n, width, k, out[f], want)
					}
				}
			}
			for i, got := range table.weigh(numbers, out, slope, at) {
				if !(math.Abs(float64(got-weights[i])) <= 1e-4*max(1, math.Abs(float64(got)))) {
					t.Errorf("character %d of %d weighs %v, want %v", i, n, got, weights[i])
				}
			}
		}
	}
}

// TestShared: goroutines that make the rows of the tables at the same time read the same, and once made reading allocates nothing.
func TestShared(t *testing.T) {
	v := someVectors(40)
	o := smallOptions()
	o.Epochs = 1
	examples := some(60, v)
	n, err := Train(examples, v, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	var by scales
	for i, table := range n.ready.all() {
		by[i] = table.scale
	}
	var want [][]float32
	var r Reading
	inputs := func() (out []*Input) {
		for _, e := range examples {
			in := e.Input
			in.Post = n.Post(e.PostWords)
			out = append(out, &in)
		}
		return out
	}
	for _, in := range inputs() {
		n.Read(in, &r)
		want = append(want, slices.Clone(r.Logits))
	}
	for range 10 {
		n.prepare(v, by)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				var r Reading
				for i, in := range inputs() {
					if n.Read(in, &r); !slices.Equal(r.Logits, want[i]) {
						t.Errorf("comment %d: %v, want %v", i, r.Logits, want[i])
					}
				}
			})
		}
		wg.Wait()
	}
	in := inputs()[4]
	n.Read(in, &r)
	if got := testing.AllocsPerRun(50, func() { n.Read(in, &r) }); got != 0 {
		t.Errorf("%v allocations a comment", got)
	}
}

// TestBadTraining: what cannot be trained on is an error that says where.
func TestBadTraining(t *testing.T) {
	v := someVectors(40)
	for want, spoil := range map[string]func(o *Options, e []*Example){
		"no examples":                           func(_ *Options, e []*Example) { clear(e) },
		"batches of 0":                          func(o *Options, _ []*Example) { o.Batch = 0 },
		"dropout of 1":                          func(o *Options, _ []*Example) { o.Dropout = 1 },
		"a rate of 0":                           func(o *Options, _ []*Example) { o.Rate = 0 },
		"the rate is too high":                  func(o *Options, _ []*Example) { o.Rate = 1e30 },
		"6 filters, a multiple of 4":            func(o *Options, _ []*Example) { o.Shape.CharFilters = 6 },
		"class 9 of 5":                          func(o *Options, _ []*Example) { o.Shape.Compare = []int{9} },
		"example 4: its label 3 is not":         func(_ *Options, e []*Example) { e[3].Possible = 1 },
		"example 4: symbol 99":                  func(_ *Options, e []*Example) { e[3].Input.Symbols[0] = 99 },
		"example 4: word 40, there are 40":      func(_ *Options, e []*Example) { e[3].Input.Words, e[3].Input.Rare = []int32{40}, []float32{1} },
		"example 2: beside its post it has 0 m": func(_ *Options, e []*Example) { e[1].Input.Marks, e[1].PostWords = nil, []int32{1} },
		"example 4: mark 9":                     func(_ *Options, e []*Example) { e[3].Input.Marks[0] = 9 },
		"offsets for 0 classes":                 func(_ *Options, e []*Example) { e[0].Offset = nil },
		"says of 0 words":                       func(_ *Options, e []*Example) { e[3].Input.Rare, e[3].Input.Words = nil, []int32{1} },
	} {
		o := smallOptions()
		examples := some(20, v)
		if spoil(&o, examples); examples[0] == nil {
			examples = nil
		}
		if _, err := Train(examples, v, o, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	v := someVectors(12)
	o := smallOptions()
	o.Epochs = 1
	n, err := Train(some(8, v), v, o, nil)
	if err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	n.Write(&b)
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:90])
	f.Add([]byte{})
	e := some(4, v)[3]
	f.Fuzz(func(t *testing.T, file []byte) {
		n, err := Load(bytes.NewReader(file), v)
		if err != nil {
			return
		}
		if n.Shape.Symbols < 30 || n.Shape.Facts != 3 {
			return // not for these comments
		}
		in := e.Input
		in.Post = n.Post([]int32{1, 2})
		var r Reading
		n.Read(&in, &r)
		for _, z := range r.Logits {
			if math.IsNaN(float64(z)) {
				t.Fatal("a logit is no number")
			}
		}
		r.Weigh(1)
	})
}
