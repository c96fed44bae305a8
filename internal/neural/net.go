package neural

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Shape is how large a net is, and which classes its parts speak of.
type Shape struct {
	Classes int // class 0 is none
	Symbols int // characters known, with the special ones
	Vectors int // rows of word vectors

	CharDims, CharFilters int // filters of each width
	WordDims, WordFilters int
	Hidden                int
	CopyDims, CopyFilters int // of the part that looks for what was copied from the official post
	Pairs                 int // units that look at a word beside the post's nearest
	CompareHidden         int
	Facts                 int // numbers that say how comment and post compare, made elsewhere

	Compare []int // classes that the official post counts for
}

// DefaultShape is that of the shipped net. Symbols, Vectors, Facts and the classes are its user's.
func DefaultShape() Shape {
	return Shape{
		CharDims: 48, CharFilters: 64, WordDims: 64, WordFilters: 96, Hidden: 128,
		CopyDims: 24, CopyFilters: 64, Pairs: 48, CompareHidden: 64,
	}
}

// Special symbols. Those of characters begin at FirstSymbol.
const (
	Unknown     = 0
	Edge        = 1 // stands before and after a text
	FirstSymbol = 2
)

// Marks say of a character how it stands to the official post.
const (
	Own         = iota // not copied
	Copied2            // in a run of two that the post has
	Copied3            // of three
	Copied6            // of six or more
	SameNumber         // of a number that stands in the post
	OtherNumber        // of one that does not
	marks
)

// Most symbols and words of a comment and an official post that are read.
const (
	MaxSymbols = 176
	MaxWords   = 112
	MaxPost    = 48
)

// Input is a comment in numbers. Symbols, words and facts must be within the net's Shape.
type Input struct {
	Symbols []int32   // an Edge, MaxSymbols characters at most, an Edge
	Marks   []uint8   // by symbol; only with Post
	Words   []int32   // rows of their vectors, MaxWords at most
	Rare    []float32 // by word: how much it tells
	Post    *Post     // nil if there is none, or nothing depends on it
	Facts   []float32 // how comment and post compare: Shape.Facts numbers, or none without Post
}

// Post is an official post in numbers, as many comments are compared with it.
type Post struct {
	vectors []float32 // words × WordDims; only for learning
	lengths []float32 // by word

	// Only for reading.
	words  []int32   // their rows
	paired []float32 // words × Pairs: what each adds to the units that look at it
	turned []float32 // WordDims × words: vectors of length 1
}

// Widths of the filters.
const (
	charFrom, charTo = 2, 5
	wordFrom, wordTo = 1, 3
	copyWidth        = 4
	widest           = 5
)

// parts are what is laid side by side of a word and the post's nearest: both, and their product.
const parts = 3

const minFloat = -math.MaxFloat32

// param is a matrix of weights with what training needs of it.
type param struct {
	rows, cols int
	w          []float32
	*learning  // nil once trained
}

func newParam(rows, cols int) *param {
	return &param{rows: rows, cols: cols, w: make([]float32, rows*cols)}
}

func (p *param) row(i int) []float32 { return p.w[i*p.cols : (i+1)*p.cols] }

func (p *param) draw(random *rand.Rand, deviation float64) {
	for i := range p.w {
		p.w[i] = float32(random.NormFloat64() * deviation)
	}
}

// bank is filters of widths from to to over rows of dims numbers. A column is a place under a filter; those of a width and a place
// lie together.
type bank struct {
	from, to, filters int
	weights           *param // columns × dims
	bias              *param // 1 × widths·filters
}

func newBank(from, to, filters, dims int) bank {
	b := bank{from: from, to: to, filters: filters}
	b.weights = newParam(b.column(to+1, 0), dims)
	b.bias = newParam(1, b.outputs())
	return b
}

func (b *bank) outputs() int { return (b.to - b.from + 1) * b.filters }

// column is the first of the columns of a width and a place under it.
func (b *bank) column(width, place int) int {
	n := 0
	for w := b.from; w < width; w++ {
		n += w
	}
	return (n + place) * b.filters
}

// dense is a layer: outputs × inputs.
type dense struct{ weights, bias *param }

func newDense(inputs, outputs int) dense {
	return dense{newParam(outputs, inputs), newParam(1, outputs)}
}

// Net is a trained net. It may be shared between goroutines.
type Net struct {
	Shape Shape

	directions *param // dimensions of the word vectors × WordDims: words are read along these
	symbols    *param
	chars      bank
	words      bank
	hidden     dense
	out        dense
	skip       dense // past the hidden layer

	copySymbols *param
	copyMarks   *param
	copies      bank
	pair        dense
	compare     dense
	compared    dense
	facts       dense

	ready *tables
}

// features of the hidden layer: what the filters find, and the mean of the words.
func (s *Shape) features() int {
	return (charTo-charFrom+1)*s.CharFilters + (wordTo-wordFrom+1)*s.WordFilters + s.WordDims
}

func (s *Shape) compareInputs() int { return s.CopyFilters + 2*s.Pairs + s.Facts }

func (s *Shape) check() error {
	for _, x := range []struct {
		name          string
		n, least, max int
	}{
		{"classes", s.Classes, 2, maxClasses},
		{"symbols", s.Symbols, FirstSymbol, 1 << 14},
		{"word vectors", s.Vectors, 1, 1 << 16},
		{"dimensions of characters", s.CharDims, 1, 128},
		{"filters of characters", s.CharFilters, lanes, 256},
		{"dimensions of words", s.WordDims, 1, 256},
		{"filters of words", s.WordFilters, lanes, 256},
		{"hidden units", s.Hidden, 1, 1024},
		{"dimensions of copies", s.CopyDims, 1, 128},
		{"filters of copies", s.CopyFilters, lanes, 256},
		{"pairs", s.Pairs, 1, 512},
		{"comparing units", s.CompareHidden, 1, 512},
		{"facts", s.Facts, 0, 1024},
	} {
		if x.n < x.least || x.n > x.max {
			return fmt.Errorf("%d %s, %d to %d are possible", x.n, x.name, x.least, x.max)
		}
	}
	for _, n := range []int{s.CharFilters, s.WordFilters, s.CopyFilters} {
		if n%lanes != 0 {
			return fmt.Errorf("%d filters, a multiple of %d is wanted", n, lanes)
		}
	}
	for _, c := range s.Compare {
		if c < 0 || c >= s.Classes {
			return fmt.Errorf("class %d of %d", c, s.Classes)
		}
	}
	return nil
}

// newNet makes a net without any weights. Dims are those of the word vectors.
func newNet(s Shape, dims int) (*Net, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("the net's shape: %w", err)
	}
	return &Net{
		Shape:       s,
		directions:  newParam(dims, s.WordDims),
		symbols:     newParam(s.Symbols, s.CharDims),
		chars:       newBank(charFrom, charTo, s.CharFilters, s.CharDims),
		words:       newBank(wordFrom, wordTo, s.WordFilters, s.WordDims),
		hidden:      newDense(s.features(), s.Hidden),
		out:         newDense(s.Hidden, s.Classes),
		skip:        newDense(s.features(), s.Classes),
		copySymbols: newParam(s.Symbols, s.CopyDims),
		copyMarks:   newParam(marks, s.CopyDims),
		copies:      newBank(copyWidth, copyWidth, s.CopyFilters, s.CopyDims),
		pair:        newDense(parts*s.WordDims+1, s.Pairs),
		compare:     newDense(s.compareInputs(), s.CompareHidden),
		compared:    newDense(s.CompareHidden, len(s.Compare)),
		facts:       newDense(s.Facts, len(s.Compare)),
	}, nil
}

// params are all weights but the directions, in the order of the file.
func (n *Net) params() []*param {
	return []*param{
		n.symbols, n.chars.weights, n.chars.bias, n.words.weights, n.words.bias,
		n.hidden.weights, n.hidden.bias, n.out.weights, n.out.bias, n.skip.weights, n.skip.bias,
		n.copySymbols, n.copyMarks, n.copies.weights, n.copies.bias, n.pair.weights, n.pair.bias,
		n.compare.weights, n.compare.bias, n.compared.weights, n.compared.bias, n.facts.weights, n.facts.bias,
	}
}

// OffsetWeight is what of the log-odds of an earlier reading is added to a net's logits.
const OffsetWeight = 0.5

// Offset is what is added to a net's logits, given shares of certainty by class, none first.
func Offset(shares []float32) []float32 {
	var out []float32
	for _, p := range shares {
		out = append(out, OffsetWeight*LogOdds(p, shares[0]))
	}
	return out
}

// leastShare keeps log-odds bounded.
const leastShare = 0.005

// LogOdds of a share against that of none.
func LogOdds(p, none float32) float32 {
	return float32(math.Log(float64((p + leastShare) / (none + leastShare))))
}
