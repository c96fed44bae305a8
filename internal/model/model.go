package model

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/kotomori/kotomori/internal/text"
)

// Model is a trained model. It may be shared between goroutines.
type Model struct {
	Categories  []string // class i+1 is Categories[i]
	Calibration Calibration
	Bias        []float32

	keys    []uint32  // sorted: the features known
	scale   []float32 // by feature: what its weights are multiplied by
	weights []int8    // features × classes
	vector  []float32 // dimensions × classes

	extract extractor
	rows    []float32 // words' rows × classes: what a row of the vectors adds up to
	index   []int32   // hash table of 1 + a key's number
	version string
}

func (m *Model) classes() int { return len(m.Categories) + 1 }

// Version is the first 12 hex digits of the SHA-256 over the model's file, which names its vectors. A model that was just trained
// has it once it has been written.
func (m *Model) Version() string { return m.version }

func versionOf(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])[:12]
}

// Reading is what the model says of a comment.
type Reading struct {
	Shares []float64 // by category: calibrated, 0 for those that are not possible
	None   float64   // the share of no category at all

	model *Model
	seen  *reading
	// The original's code points, by which phrases are cut.
	original []rune
	found    []feature
}

// Read reads a comment. Possible says, by category, whether the account's policy has a clause for it.
func (m *Model) Read(in *Input, possible []bool) *Reading {
	r := &Reading{model: m, seen: m.extract.read(in.Text), original: in.Text.Runes}
	words := r.seen.words
	r.found = m.extract.features(in, r.seen)
	c := m.classes()
	sum := make([]float32, c)
	copy(sum, m.Bias)
	row := make([]float32, c)
	seen := newKeySet(len(r.found))
	for i := range r.found {
		if f := &r.found[i]; seen.add(f.key) && m.row(f.key, row) {
			addRow(sum, row, f.value)
		}
	}
	all := total(words)
	for _, w := range words {
		addRow(sum, m.rows[w.row*c:], rare(w.row)/all)
	}
	m.Calibration.apply(sum)
	mask := uint32(1)
	for i, ok := range possible {
		if ok {
			mask |= 1 << (i + 1)
		}
	}
	softmax(sum, mask)
	r.None = float64(sum[none])
	r.Shares = make([]float64, len(m.Categories))
	for i := range r.Shares {
		r.Shares[i] = float64(sum[i+1])
	}
	return r
}

// row gives a feature's weights.
func (m *Model) row(key uint32, out []float32) bool {
	mask := uint32(len(m.index) - 1)
	at := int32(-1)
	for i := key & mask; m.index[i] != 0; i = (i + 1) & mask {
		if n := m.index[i] - 1; m.keys[n] == key {
			at = n
			break
		}
	}
	if at < 0 {
		return false
	}
	c := int32(m.classes())
	for k, w := range m.weights[at*c : (at+1)*c] {
		out[k] = m.scale[at] * float32(w)
	}
	return true
}

// Span is a stretch of the comment's text that weighed for a category, in code points of the original.
type Span struct {
	text.Span
	Weight float64 // in logits
}

// spread of evidence.
const (
	maxSpans    = 3
	leastOfBest = 0.35 // a phrase is cited if it weighs so much of the heaviest
)

// Evidence gives the stretches of the text that weighed most for a category against none, by place. It is empty where nothing in
// the text did: the author's name or the official post decided.
func (r *Reading) Evidence(category int) []Span {
	m := r.model
	v := &r.seen.View
	weigh := make([]float64, len(v.Runes))
	c := m.classes()
	row := make([]float32, c)
	put := func(start, end int, w float64) {
		for i := start; i < end; i++ {
			weigh[i] += w / float64(end-start)
		}
	}
	for _, f := range r.found {
		if f.end > 0 && m.row(f.key, row) {
			put(int(f.start), int(f.end), float64(f.value)*float64(row[category+1]-row[none]))
		}
	}
	words := r.seen.words
	all := total(words)
	for _, w := range words {
		row := m.rows[w.row*c:]
		put(w.start, w.end, float64(row[category+1]-row[none])*float64(rare(w.row)/all))
	}
	// What is cited is phrases, and no letters.
	phrases := r.seen.phrases(r.original)
	sums := make([]float64, len(phrases))
	most := 0.0
	for i, p := range phrases {
		for k := p.start; k < p.end; k++ {
			sums[i] += weigh[k]
		}
		most = max(most, sums[i])
	}
	var spans []Span
	last := -2
	for i, p := range phrases {
		if sums[i] <= 0 || sums[i] < leastOfBest*most {
			continue
		}
		span := v.Span(p.start, p.end)
		if last == i-1 && p.start == phrases[last].end {
			spans[len(spans)-1].End = span.End
			spans[len(spans)-1].Weight += sums[i]
		} else {
			spans = append(spans, Span{span, sums[i]})
		}
		last = i
	}
	slices.SortStableFunc(spans, func(a, b Span) int { return cmp.Compare(b.Weight, a.Weight) })
	spans = spans[:min(len(spans), maxSpans)]
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	return spans
}

// phrase is a stretch of a reading that is cited whole.
type phrase struct{ start, end int }

// maxPhrase bounds a phrase without any change of script.
const maxPhrase = 12

// phrases cuts a reading roughly as a reader would: a phrase begins where a mark ends or hiragana goes over into other letters, as
// particles and endings are written in hiragana, and ends at the next mark.
func (r *reading) phrases(original []rune) []phrase {
	kana := func(i int) bool { // as it was written: views fold katakana
		c := original[r.Start[i]]
		return c >= 0x3041 && c <= 0x3096
	}
	var out []phrase
	for i := 0; i < len(r.Runes); {
		if !citable(r.Runes[i]) {
			i++
			continue
		}
		j := i + 1
		for j < len(r.Runes) && (citable(r.Runes[j]) || r.Runes[j] == 'ー') && !(kana(j-1) && !kana(j) && r.Runes[j] != 'ー') && !(j-i >= maxPhrase && kana(j)) {
			j++
		}
		out = append(out, phrase{i, j})
		i = j
	}
	return out
}

// citable says whether evidence may begin and end with r.
func citable(r rune) bool {
	return r > ' ' && !slices.Contains([]rune("、。,.!?！？「」『』()（）…・ー"), r)
}

const modelMagic = "kotomori model 1\n"

// Bytes is the model's file, as Load reads it.
func (m *Model) Bytes() ([]byte, error) {
	file := bytes.NewBufferString(modelMagic)
	z, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	put := func(x any) { _ = binary.Write(&b, binary.LittleEndian, x) } // a buffer takes everything
	putString(&b, m.extract.vectors.sum)
	putUint(&b, len(m.Categories))
	for _, c := range m.Categories {
		putString(&b, c)
	}
	put(m.Calibration.Heat)
	put(m.Calibration.Shift)
	put(m.Bias)
	putUint(&b, len(m.vector))
	put(m.vector)
	putUint(&b, len(m.keys))
	last := uint32(0)
	for _, k := range m.keys {
		b.Write(binary.AppendUvarint(nil, uint64(k-last)))
		last = k
	}
	put(m.scale)
	put(m.weights)
	if _, err := z.Write(b.Bytes()); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	m.version = versionOf(file.Bytes())
	return file.Bytes(), nil
}

// maxFeatures bounds what is read.
const maxFeatures = 1 << 22

// Load reads a model and the vectors that it was trained with.
func Load(model, vectors []byte) (*Model, error) {
	v, err := ReadVectors(vectors)
	if err != nil {
		return nil, fmt.Errorf("reading the word vectors: %w", err)
	}
	m := &Model{extract: extractor{v}}
	if err := m.read(model); err != nil {
		return nil, fmt.Errorf("reading the model: %w", err)
	}
	m.version = versionOf(model)
	m.prepare()
	return m, nil
}

func (m *Model) read(data []byte) error {
	rest, ok := bytes.CutPrefix(data, []byte(modelMagic))
	if !ok {
		return errors.New("it is no model of this version: make one with `kotomori train`")
	}
	z, err := gzip.NewReader(bytes.NewReader(rest))
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	d := &reader{r: bufio.NewReaderSize(z, 1<<16)}
	get := func(x any) {
		if d.err == nil {
			d.fail(binary.Read(d.r, binary.LittleEndian, x))
		}
	}
	trainedWith := d.string()
	for range d.uint(30) {
		m.Categories = append(m.Categories, d.string())
	}
	c := m.classes()
	get(&m.Calibration.Heat)
	m.Calibration.Shift = make([]float64, c)
	get(m.Calibration.Shift)
	m.Bias = make([]float32, c)
	get(m.Bias)
	m.vector = make([]float32, d.uint(maxDims*c))
	get(m.vector)
	n := d.uint(maxFeatures)
	last := uint32(0)
	for range n {
		last += uint32(d.uint64(math.MaxUint32))
		m.keys = append(m.keys, last)
		if d.err != nil {
			break
		}
	}
	m.scale, m.weights = make([]float32, len(m.keys)), make([]int8, len(m.keys)*c)
	get(m.scale)
	get(m.weights)
	if d.err == nil && (len(m.vector) != m.extract.vectors.Dims*c || trainedWith != m.extract.vectors.sum) {
		d.fail(errors.New("it was trained with other word vectors: train it anew"))
	}
	d.end()
	for i, k := range m.keys {
		if i > 0 && k <= m.keys[i-1] {
			d.fail(errors.New("its features are not in order: the file is damaged"))
			break
		}
	}
	return d.err
}

// prepare adds up what each row of the vectors weighs, and makes the table in which features are looked up.
func (m *Model) prepare() {
	size := 64
	for size < 2*len(m.keys) {
		size *= 2
	}
	m.index = make([]int32, size)
	for n, key := range m.keys {
		i := key & uint32(size-1)
		for m.index[i] != 0 {
			i = (i + 1) & uint32(size-1)
		}
		m.index[i] = int32(n + 1)
	}
	v, c := m.extract.vectors, m.classes()
	m.rows = make([]float32, v.Rows()*c)
	for row := range v.Rows() {
		out := m.rows[row*c : (row+1)*c]
		for d, x := range v.data[row*v.Dims : (row+1)*v.Dims] {
			addRow(out, m.vector[d*c:], v.scale[row]*float32(x))
		}
	}
}
