package neural

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// finish takes the weights into 8 bits, as they are kept, and makes the net ready to read.
func (n *Net) finish(vectors Vectors) {
	for _, p := range n.kept() {
		p.learning = nil
		p.round()
	}
	n.prepare(vectors, scales{1, 1, 1}) // nothing is read at these
	var by scales
	for i, t := range n.ready.all() {
		w := t.bank.weights
		const block = 256
		in, out := make([]float32, block*w.cols), make([]float32, block*w.rows)
		most := float32(0)
		for from := 0; from < len(t.made.is); from += block {
			rows := min(block, len(t.made.is)-from)
			clear(in)
			for k := range rows {
				t.inputOf(from+k, in[k*w.cols:][:w.cols])
			}
			multiply(in, rows, w.w, w.rows, w.cols, out)
			for _, x := range out[:rows*w.rows] {
				most = max(most, x, -x)
			}
		}
		by[i] = scaleOf(most)
	}
	n.prepare(vectors, by)
}

// round takes weights to what 8 bits can say.
func (p *param) round() {
	for i := range p.rows {
		row := p.row(i)
		by := quantumOf(row)
		for k, x := range row {
			row[k] = by * float32(quantised(x, by))
		}
	}
}

func scaleOf(most float32) float32 {
	if most == 0 {
		return 1
	}
	return most / half
}

func (t *tables) all() [3]*table { return [3]*table{t.chars, t.words, t.copies} }

// quantumOf is the step of a row's weights.
func quantumOf(row []float32) float32 {
	most := float32(0)
	for _, x := range row {
		most = max(most, x, -x)
	}
	return most / math.MaxInt8
}

func quantised(x, by float32) int8 {
	if by == 0 {
		return 0
	}
	return int8(min(max(math.Round(float64(x/by)), -math.MaxInt8), math.MaxInt8))
}

// kept are the weights that the file holds.
func (n *Net) kept() []*param { return append([]*param{n.directions}, n.params()...) }

// numbers are the shape as the file has it.
func (s *Shape) numbers() []*int {
	return []*int{
		&s.Classes, &s.Symbols, &s.Vectors, &s.CharDims, &s.CharFilters, &s.WordDims, &s.WordFilters, &s.Hidden, &s.CopyDims, &s.CopyFilters,
		&s.Pairs, &s.CompareHidden, &s.Facts,
	}
}

// Write appends the net as Load reads it. Dims are not in it: they are the word vectors'.
func (n *Net) Write(b *bytes.Buffer) {
	put := func(x any) { _ = binary.Write(b, binary.LittleEndian, x) } // a buffer takes everything
	for _, x := range n.Shape.numbers() {
		put(uint32(*x))
	}
	put(uint32(len(n.Shape.Compare)))
	for _, x := range n.Shape.Compare {
		put(uint32(x))
	}
	for _, t := range n.ready.all() {
		put(t.scale)
	}
	for _, p := range n.kept() {
		steps, weights := make([]float32, p.rows), make([]int8, len(p.w))
		for i := range p.rows {
			steps[i] = quantumOf(p.row(i))
			for k, x := range p.row(i) {
				weights[i*p.cols+k] = quantised(x, steps[i])
			}
		}
		put(steps)
		put(weights)
	}
}

// Load reads a net that was trained with the same word vectors. The error says that the file ends too soon or is damaged, or that the vectors
// are others.
func Load(r io.Reader, vectors Vectors) (*Net, error) {
	var err error
	get := func(x any) {
		if err == nil {
			if err = binary.Read(r, binary.LittleEndian, x); errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
		}
	}
	number := func() int {
		var x uint32
		get(&x)
		return int(min(x, math.MaxInt32))
	}
	var s Shape
	for _, x := range s.numbers() {
		*x = number()
	}
	compared := number()
	if err == nil && (compared > s.Classes || s.Classes > maxClasses) {
		return nil, fmt.Errorf("%d of %d classes are compared: the file is damaged", compared, s.Classes)
	}
	for range compared {
		if err != nil {
			break
		}
		s.Compare = append(s.Compare, number())
	}
	var by scales
	get(by[:])
	if err != nil {
		return nil, err
	}
	if s.Vectors != vectors.Rows() {
		return nil, fmt.Errorf("it was trained with %d rows of word vectors, there are %d", s.Vectors, vectors.Rows())
	}
	n, err := newNet(s, vectors.Dims())
	if err != nil {
		return nil, err
	}
	for _, x := range by {
		if !(x > 0 && x <= mostWeight) {
			return nil, errors.New("a table's scale is no positive number: the file is damaged")
		}
	}
	for _, p := range n.kept() {
		steps, weights := make([]float32, p.rows), make([]int8, len(p.w))
		get(steps)
		get(weights)
		if err != nil {
			return nil, err
		}
		for i := range p.rows {
			if x := math.Abs(float64(steps[i])) * math.MaxInt8; !(x <= mostWeight) {
				return nil, errors.New("a weight is beyond all measure: the file is damaged")
			}
			for k := range p.cols {
				p.w[i*p.cols+k] = steps[i] * float32(weights[i*p.cols+k])
			}
		}
	}
	n.prepare(vectors, by)
	return n, nil
}

const (
	maxClasses = 64
	mostWeight = 1000 // of what training makes, the largest are about 10
)
