package model

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
)

const (
	maxRows = 1 << 16
	maxDims = 1024
)

// Vectors are static word vectors: words of alike use have rows of alike direction. Many words share one row, that of
// their nearest frequent neighbour.
type Vectors struct {
	Source string // where they come from
	dims   int    // numbers a row
	Words  []Word // sorted, folded as package text folds replies

	data  []int8    // rows × Dims, of length 1 once multiplied by the row's scale
	scale []float32 // by row

	rare []float32 // by row: rareOf

	sum string // of the file, by which a model knows them

	// The cluster that a row belongs to, when all rows are divided into few clusters and into many.
	coarse, fine []uint16

	trie trie
}

// Word is a word and the row of its vector.
type Word struct {
	Text string
	Row  int
}

// Rows is how many rows there are.
func (v *Vectors) Rows() int { return len(v.scale) }

// Dims is how many numbers a row has.
func (v *Vectors) Dims() int { return v.dims }

// Add adds row × by to sum, which has Dims numbers.
func (v *Vectors) Add(row int, by float32, sum []float32) {
	by *= v.scale[row]
	for d, x := range v.data[row*v.dims : (row+1)*v.dims] {
		sum[d] += by * float32(x)
	}
}

// cosine of the angle between two sums of rows, given the length of the second; 0 where one is nothing.
func cosine(a, b []float32, lengthB float64) float64 {
	ab, aa := float32(0), float32(0)
	b = b[:len(a)]
	for i, x := range a {
		ab += x * b[i]
		aa += x * x
	}
	if aa == 0 || lengthB == 0 {
		return 0
	}
	return float64(ab) / (math.Sqrt(float64(aa)) * lengthB)
}

func length(a []float32) float64 {
	aa := float32(0)
	for _, x := range a {
		aa += x * x
	}
	return math.Sqrt(float64(aa))
}

// wordAt is a word found in a view: its row and runes [Start,End).
type wordAt struct{ row, start, end int }

// find cuts runes into the longest words known, from left to right, and appends them. A word in Latin letters is found whole only.
func (v *Vectors) find(runes []rune, out []wordAt) []wordAt {
	for i := 0; i < len(runes); {
		r := runes[i]
		if !hiragana(r) && !han(r) && !latin(r) {
			i++
			continue
		}
		n, row := v.trie.longest(runes[i:])
		if latin(r) {
			j := i
			for j < len(runes) && latin(runes[j]) {
				j++
			}
			if n == j-i {
				out = append(out, wordAt{row, i, j})
			}
			i = j
			continue
		}
		if n == 0 {
			i++
			continue
		}
		out = append(out, wordAt{row, i, i + n})
		i += n
	}
	return out
}

// trie finds the longest word that a text begins with. Its states are numbered from 1, their edges in one hash table with open addressing, but for
// those of the first characters, which every search asks for.
type trie struct {
	begins []int32  // by character of the basic plane: the state that it leads to, or 0
	slots  []uint64 // state<<(runeBits+stateBits) | rune<<stateBits | next state; 0 is empty
	shift  int      // 64 less the binary logarithm of the number of slots
	rows   []int32  // by state: the row of the word that ends there, or -1
}

const (
	runeBits  = 20 // words hold no character of a private plane
	stateBits = 22
	maxStates = 1 << stateBits
)

func (t *trie) slot(state int32, r rune) (at uint64, next int32) {
	key := uint64(state)<<runeBits | uint64(r)
	mask := uint64(len(t.slots) - 1)
	for at = key * 0x9E3779B97F4A7C15 >> t.shift; ; at = (at + 1) & mask {
		x := t.slots[at]
		if x == 0 {
			return at, 0
		}
		if x>>stateBits == key {
			return at, int32(x & (maxStates - 1))
		}
	}
}

// index makes the tables that are not in the file. The error says that there is too much for them.
func (v *Vectors) index() error {
	v.rare = make([]float32, v.Rows())
	for row := range v.rare {
		v.rare[row] = rareOf(row)
	}
	states := 2
	for _, w := range v.Words {
		states += len([]rune(w.Text))
	}
	if states >= maxStates {
		return fmt.Errorf("its words have %d characters together, over the limit of %d", states, maxStates)
	}
	v.trie = trie{slots: make([]uint64, 1<<bits.Len(uint(states))), rows: []int32{-1, -1}}
	v.trie.shift = 64 - bits.TrailingZeros(uint(len(v.trie.slots)))
	for _, w := range v.Words {
		state := int32(1)
		for _, r := range w.Text {
			if r >= 1<<runeBits {
				return fmt.Errorf("its word %q has a character of a private plane", w.Text)
			}
			at, next := v.trie.slot(state, r)
			if next == 0 {
				next = int32(len(v.trie.rows))
				v.trie.slots[at] = (uint64(state)<<runeBits|uint64(r))<<stateBits | uint64(next)
				v.trie.rows = append(v.trie.rows, -1)
			}
			state = next
		}
		v.trie.rows[state] = int32(w.Row)
	}
	v.trie.begins = make([]int32, 1<<16)
	for r := range v.trie.begins {
		_, v.trie.begins[r] = v.trie.slot(1, rune(r))
	}
	return nil
}

func (t *trie) longest(runes []rune) (n, row int) {
	state := int32(1)
	for i, r := range runes {
		if i == 0 && uint32(r) < uint32(len(t.begins)) {
			state = t.begins[r]
		} else if uint32(r) < 1<<runeBits {
			_, state = t.slot(state, r)
		} else {
			break
		}
		if state == 0 {
			break
		}
		if t.rows[state] >= 0 {
			n, row = i+1, int(t.rows[state])
		}
	}
	return n, row
}

const vectorsMagic = "kotomori vectors 1\n"

// Write writes the vectors as ReadVectors reads them.
func (v *Vectors) Write(w io.Writer) error {
	if _, err := io.WriteString(w, vectorsMagic); err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	putString(&b, v.Source)
	putUint(&b, v.dims)
	putUint(&b, v.Rows())
	putUint(&b, len(v.Words))
	for _, s := range v.scale {
		_ = binary.Write(&b, binary.LittleEndian, s) // a buffer takes everything
	}
	for _, x := range v.data {
		b.WriteByte(byte(x))
	}
	_ = binary.Write(&b, binary.LittleEndian, v.coarse)
	_ = binary.Write(&b, binary.LittleEndian, v.fine)
	last := ""
	for _, w := range v.Words {
		same := 0
		for same < len(last) && same < len(w.Text) && last[same] == w.Text[same] {
			same++
		}
		putUint(&b, same)
		putString(&b, w.Text[same:])
		putUint(&b, w.Row)
		last = w.Text
	}
	if _, err := z.Write(b.Bytes()); err != nil {
		return err
	}
	return z.Close()
}

// ReadVectors reads what Write wrote.
func ReadVectors(file []byte) (*Vectors, error) {
	rest, ok := bytes.CutPrefix(file, []byte(vectorsMagic))
	if !ok {
		return nil, errors.New("it is no file of word vectors of this version: make one with `kotomori vectors`")
	}
	z, err := gzip.NewReader(bytes.NewReader(rest))
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	d := &reader{r: bufio.NewReaderSize(z, 1<<16)}
	v := &Vectors{sum: versionOf(file)}
	v.Source = d.string()
	v.dims = d.uint(maxDims)
	rows := d.uint(maxRows)
	words := d.uint(1 << 22)
	if d.err == nil {
		v.scale = make([]float32, rows)
		d.fail(binary.Read(d.r, binary.LittleEndian, v.scale))
		v.data = make([]int8, rows*v.dims)
		d.fail(binary.Read(d.r, binary.LittleEndian, v.data))
		v.coarse, v.fine = make([]uint16, rows), make([]uint16, rows)
		d.fail(binary.Read(d.r, binary.LittleEndian, v.coarse))
		d.fail(binary.Read(d.r, binary.LittleEndian, v.fine))
	}
	last := ""
	for range words {
		same := d.uint(1 << 10)
		rest := d.string()
		row := d.uint(rows - 1)
		if d.err == nil && same > len(last) {
			d.fail(errors.New("its words are not in order"))
		}
		if d.err != nil {
			break
		}
		last = last[:same] + rest
		v.Words = append(v.Words, Word{last, row})
	}
	d.end()
	if d.err == nil && rows == 0 {
		d.fail(errors.New("it has no rows"))
	}
	if d.err != nil {
		return nil, d.err
	}
	if err := v.index(); err != nil {
		return nil, err
	}
	return v, nil
}

func putUint(b *bytes.Buffer, n int) { b.Write(binary.AppendUvarint(nil, uint64(n))) }

func putString(b *bytes.Buffer, s string) {
	putUint(b, len(s))
	b.WriteString(s)
}

// reader reads numbers and strings until the first error, which it keeps.
type reader struct {
	r   *bufio.Reader
	err error
}

func (d *reader) fail(err error) {
	if d.err == nil && err != nil {
		d.err = err
		if errors.Is(err, io.EOF) {
			d.err = io.ErrUnexpectedEOF
		}
	}
}

func (d *reader) uint(most int) int { return int(d.uint64(uint64(max(0, most)))) }

func (d *reader) uint64(most uint64) uint64 {
	if d.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(d.r)
	if err != nil {
		d.fail(err)
		return 0 // a number that is too long comes with its beginning
	}
	if n > most {
		d.fail(fmt.Errorf("a number of %d where at most %d is right: the file is damaged", n, most))
		return 0
	}
	return n
}

// end checks that nothing follows, which also checks the file's checksum.
func (d *reader) end() {
	if d.err != nil {
		return
	}
	if _, err := d.r.ReadByte(); err == nil {
		d.fail(errors.New("something follows its end: the file is damaged"))
	} else if !errors.Is(err, io.EOF) {
		d.fail(err)
	}
}

func (d *reader) string() string {
	b := make([]byte, d.uint(1<<16))
	if d.err == nil {
		_, err := io.ReadFull(d.r, b)
		d.fail(err)
	}
	return string(b)
}
