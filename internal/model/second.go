package model

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/kotomori/kotomori/internal/neural"
)

// doubtful is the share of none below which a comment is read a second time. What gets more than this has not been
// recommended, whatever the net added, and most comments are of that kind. The odds of one of many parts, which count divided, must be so many times as high.
const doubtful = 0.6

// second is the second reading: a net, and how its logits and the linear model's log-odds are weighed.
type second struct {
	net      *neural.Net
	runes    []rune // by symbol from neural.FirstSymbol on, sorted
	symbols  []uint16
	weighing weighing
}

// weighing of the two readings.
type weighing struct {
	Linear float64   // what the linear model's log-odds against none count
	Net    float64   // what the net's logits count
	Shift  []float64 // by class; that of none is 0
}

// apply turns shares into logits. Logits are the net's, without the offset.
func (w *weighing) apply(shares, logits []float32) {
	fair := shares[none]
	for k, p := range shares {
		odds := neural.LogOdds(p, fair)
		shares[k] = float32(w.Linear*float64(odds) + w.Net*float64(logits[k]+neural.OffsetWeight*odds) + w.Shift[k])
	}
}

// again is what a second reading takes beside the first.
type again struct {
	asked   bool
	input   neural.Input
	reading neural.Reading
}

// number makes the table that symbols are looked up in.
func (s *second) number() {
	most := rune(0)
	for _, r := range s.runes {
		most = max(most, r)
	}
	s.symbols = make([]uint16, most+1)
	for i, r := range s.runes {
		s.symbols[r] = uint16(i + neural.FirstSymbol)
	}
}

func (s *second) symbol(r rune) int32 {
	if r = class(r); uint32(r) < uint32(len(s.symbols)) {
		return int32(s.symbols[r]) // neural.Unknown where there is none
	}
	return neural.Unknown
}

// knows says whether training met a character often enough to learn it.
func (s *second) knows(r rune) bool { return s.symbol(r) != neural.Unknown }

// fill makes numbers of a comment that has been read once. Compare says whether the official post counts.
func (s *second) fill(in *Input, r *reading, rare []float32, compare bool, out *neural.Input) {
	out.Symbols = append(out.Symbols[:0], neural.Edge)
	for _, c := range r.Runes[:min(len(r.Runes), neural.MaxSymbols)] {
		out.Symbols = append(out.Symbols, s.symbol(c))
	}
	out.Symbols = append(out.Symbols, neural.Edge)
	out.Words, out.Rare = out.Words[:0], out.Rare[:0]
	for _, w := range r.words[:min(len(r.words), neural.MaxWords)] {
		out.Words, out.Rare = append(out.Words, int32(w.row)), append(out.Rare, rare[w.row])
	}
	out.Post, out.Facts = nil, nil
	if compare && in.Post != nil {
		out.Facts = r.post
		out.Marks = in.Post.marks(r.Runes, out.Marks)[:len(out.Symbols)] // of all: a number that is cut off is another
	}
}

// marks says how each character of a text stands to the post, with an Own before and after.
func (o *Official) marks(runes []rune, out []uint8) []uint8 {
	out = append(out[:0], neural.Own, neural.Own)
	for range runes {
		out = append(out, neural.Own)
	}
	of := out[1:]
	mark := func(i, n int, by uint8) {
		for k := i; k < i+n; k++ {
			of[k] = max(of[k], by)
		}
	}
	inARow := 0
	for i := range max(0, len(runes)-1) {
		if o.pairs.has(bigram(runes, i)) {
			mark(i, 2, neural.Copied2)
		}
		if i+2 >= len(runes) || !o.runs.has(trigram(runes, i)) {
			inARow = 0
			continue
		}
		mark(i, 3, neural.Copied3)
		if inARow++; inARow >= 4 { // of three each: six characters
			mark(i-3, 6, neural.Copied6)
		}
	}
	eachNumber(runes, func(h uint32, from, to int) {
		by := uint8(neural.OtherNumber)
		if o.numbers.has(h) {
			by = neural.SameNumber
		}
		mark(from, to-from, by)
	})
	return out
}

// readAgain reads a comment a second time. r.sum has the shares, and is left with logits.
func (m *Model) readAgain(in *Input, compare bool, r *Reading) {
	s, x := m.second, &r.again
	x.asked = true
	s.fill(in, &r.seen, m.extract.vectors.rare, compare, &x.input)
	if x.input.Facts != nil {
		x.input.Post = in.Post.beside(s.net)
	}
	s.net.Read(&x.input, &x.reading)
	s.weighing.apply(r.sum, x.reading.Logits)
}

// beside is the post as the net compares comments with it.
func (o *Official) beside(n *neural.Net) *neural.Post {
	o.once.Do(func() { o.second = n.Post(o.words) })
	return o.second
}

// put writes the second reading behind the model.
func (s *second) put(b *bytes.Buffer, put func(any)) {
	putUint(b, len(s.runes))
	last := rune(0)
	for _, r := range s.runes {
		putUint(b, int(r-last))
		last = r
	}
	put(s.weighing.Linear)
	put(s.weighing.Net)
	put(s.weighing.Shift)
	s.net.Write(b)
}

const (
	maxRune    = 0x10FFFF
	mostWeight = 1000
)

// readSecond reads what put wrote.
func (m *Model) readSecond(d *reader, get func(any)) *second {
	s := &second{}
	last := 0
	for i := range d.uint(1 << 14) {
		if d.err != nil {
			return nil
		}
		n := d.uint(maxRune - last)
		if n == 0 && i > 0 {
			d.fail(errors.New("its characters are not in order: the file is damaged"))
		}
		last += n
		s.runes = append(s.runes, rune(last))
	}
	get(&s.weighing.Linear)
	get(&s.weighing.Net)
	s.weighing.Shift = make([]float64, m.classes())
	get(s.weighing.Shift)
	for _, x := range append([]float64{s.weighing.Linear, s.weighing.Net}, s.weighing.Shift...) {
		if !(math.Abs(x) <= mostWeight) {
			d.fail(errors.New("a weight of the two readings is beyond all measure: the file is damaged"))
		}
	}
	if d.err != nil {
		return nil
	}
	net, err := neural.Load(d.r, m.extract.vectors)
	if err != nil {
		d.fail(fmt.Errorf("reading the net: %w", err))
		return nil
	}
	if x := net.Shape; x.Classes != m.classes() || x.Symbols != len(s.runes)+neural.FirstSymbol || x.Facts != facts {
		d.fail(errors.New("the net is not of this model: the file is damaged"))
		return nil
	}
	s.net = net
	s.number()
	return s
}

// leastRunes is in how many places a character must stand to be known to the net.
const leastRunes = 3

// newSecond knows the characters that were counted.
func newSecond(counts map[rune]int) *second {
	s := &second{}
	for r, n := range counts {
		if n >= leastRunes {
			s.runes = append(s.runes, r)
		}
	}
	if most := 1<<14 - neural.FirstSymbol; len(s.runes) > most { // the more frequent ones, then
		slices.SortFunc(s.runes, func(a, b rune) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
		s.runes = s.runes[:most]
	}
	slices.Sort(s.runes)
	s.number()
	return s
}
