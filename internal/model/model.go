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

	"github.com/kotomori/kotomori/internal/neural"
	"github.com/kotomori/kotomori/internal/text"
)

// Model is a trained model. It may be shared between goroutines.
type Model struct {
	Categories  []string // class i+1 is Categories[i]
	Calibration Calibration
	Bias        []float32

	keys    []uint32        // sorted: the features known
	quantum [groups]float32 // by group: what its weights are multiplied by
	packed  []row           // by feature: its weights
	vector  []float32       // dimensions × classes

	second *second
	glance glance

	extract extractor
	rows    []float32 // words' rows × classes: what a row of the vectors adds up to
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

// Reading is what the model says of a comment, and the memory it takes to read one. The zero value is ready.
type Reading struct {
	Shares []float64 // by category: calibrated, 0 for those that are not possible
	None   float64   // the share of no category at all

	model *Model
	seen  reading
	sum   []float32
	row   []float32
	// The original's code points, by which phrases are cut.
	original []rune
	again    again
	sight    sight
	partly   *partly // nil before the first long comment
	bare     *retold // nil before the first disguised one
}

// Read reads a comment into r, in the memory of what was read before. Possible says, by category, whether the account's policy has a clause
// for it. The input must not change before r is done with.
func (m *Model) Read(in *Input, possible []bool, r *Reading) {
	m.readOne(in, possible, 1, r)
	if len(in.Text.Folded.Runes) > longText && oddsOf(r.None) < decided {
		m.readParts(in, possible, r)
	} else if r.partly != nil {
		r.partly.leads = false
	}
}

// evident is the share of none by the letters alone, the author's name among them, from which on no more of a comment is read, as what its words,
// its signs and the post add has not led to a recommendation then. The letters are where most of what is fair shows, and the rest costs more than they do.
const evident = 0.98

// readWhole reads a comment as it is written, or one of so many parts of it; among is 1 for the whole.
func (m *Model) readWhole(in *Input, possible []bool, among float64, r *Reading) {
	r.model, r.original = m, in.Text.Runes
	r.again.asked = false
	mask := uint32(1)
	for i, ok := range possible {
		if ok {
			mask |= 1 << (i + 1)
		}
	}
	r.sum, r.row = append(r.sum[:0], m.Bias...), append(r.row[:0], m.Bias...)
	m.extract.view(in.Text, &r.seen)
	m.extract.letters(in, &r.seen, m.counts(authorOnly, possible))
	m.weigh(r, 0)
	copy(r.row, r.sum)
	if m.share(r.row, mask); r.row[none] >= evident {
		r.seen.words = r.seen.words[:0]
		r.tell(r.row)
		return
	}
	compare, letters := m.counts(compareOnly, possible), len(r.seen.found)
	m.extract.besides(in, &r.seen, compare)
	m.weigh(r, letters)
	v, c, sum := m.extract.vectors, m.classes(), r.sum
	all := v.total(r.seen.words)
	for _, w := range r.seen.words {
		addRow(sum, m.rows[w.row*c:], v.rare[w.row]/all)
	}
	if m.share(sum, mask); oddsOf(float64(sum[none])) > among*oddsOf(doubtful) {
		m.readAgain(in, compare, r)
		softmax(sum, mask)
	}
	r.tell(sum)
}

// weigh adds to r.sum what the features found weigh, from one of them on. Those of a group must be among them together.
func (m *Model) weigh(r *Reading, from int) {
	found, sum, set := r.seen.found, r.sum, &r.seen.set
	for i := from; i < len(found); {
		g := found[i].group
		n := i + 1
		for n < len(found) && found[n].group == g {
			n++
		}
		of := found[i:n]
		i = n
		if g == style || g == post {
			set.reset(len(of))
			for _, f := range of {
				if set.add(uint32(f.number)) {
					m.unpack(f.number, f.value*m.quantum[g], r.row)
					addRow(sum, r.row, 1)
				}
			}
			continue
		}
		numbers := slices.Grow(r.seen.different[:0], len(of))[:len(of)]
		for k := range of {
			numbers[k] = of[k].number
		}
		different := set.unique(numbers)
		numbers = numbers[:different]
		r.seen.different = numbers
		// Gathered before any is added up, and with nothing else between, so that as many as may be are on their way from memory at once.
		rows := slices.Grow(r.seen.rows[:0], different)[:different]
		for k, number := range numbers {
			rows[k] = m.packed[number]
		}
		r.seen.rows = rows
		value := valueOf(g, different)
		r.seen.values[g] = value
		addRows(sum, rows, value*m.quantum[g])
	}
}

// share makes calibrated shares of logits.
func (m *Model) share(logits []float32, mask uint32) {
	m.Calibration.apply(logits)
	softmax(logits, mask)
}

// tell takes over shares by class.
func (r *Reading) tell(shares []float32) {
	r.None = float64(shares[none])
	r.Shares = r.Shares[:0]
	for _, p := range shares[1:] {
		r.Shares = append(r.Shares, float64(p))
	}
}

// counts says whether one of the categories is possible.
func (m *Model) counts(categories []string, possible []bool) bool {
	for i, c := range m.Categories {
		if possible[i] && slices.Contains(categories, c) {
			return true
		}
	}
	return false
}

// A row is a feature's weights, by class, each with 128 added: bytes that can be summed eight at a time in the lanes of words.
type row [rowWords]uint64

const (
	rowWords   = 3
	maxClasses = 8 * rowWords
	bias       = 128
	lanes      = 0x00FF00FF00FF00FF
	maxSums    = 0xFFFF / 0xFF // rows that fit into lanes of 16 bits
)

// addRows adds the sum of some rows, times by, to out.
func addRows(out []float32, rows []row, by float32) {
	var total [maxClasses]int32
	for len(rows) > 0 {
		n := min(len(rows), maxSums)
		var e0, e1, e2, o0, o1, o2 uint64 // four lanes of 16 bits in each; variables, as elements of an array would be kept in memory
		for i := range rows[:n] {
			r := &rows[i]
			e0 += r[0] & lanes
			o0 += r[0] >> 8 & lanes
			e1 += r[1] & lanes
			o1 += r[1] >> 8 & lanes
			e2 += r[2] & lanes
			o2 += r[2] >> 8 & lanes
		}
		even, odd := row{e0, e1, e2}, row{o0, o1, o2}
		for k := range rowWords {
			for lane := range 4 {
				at := 8*k + 2*lane
				total[at] += int32(even[k]>>(16*lane)&0xFFFF) - int32(bias*n)
				total[at+1] += int32(odd[k]>>(16*lane)&0xFFFF) - int32(bias*n)
			}
		}
		rows = rows[n:]
	}
	for k := range out {
		out[k] += by * float32(total[k])
	}
}

// pack makes a row of weights.
func pack(weights []int8) (r row) {
	for k := range maxClasses {
		w := 0
		if k < len(weights) {
			w = int(weights[k])
		}
		r[k/8] |= uint64(w+bias) << (8 * (k % 8))
	}
	return r
}

func (r *row) weight(class int) int8 { return int8(int(r[class/8]>>(8*(class%8))&0xFF) - bias) }

// unpack gives a feature's weights, each times by.
func (m *Model) unpack(number int32, by float32, out []float32) {
	for k := range out {
		out[k] = by * float32(m.packed[number].weight(k))
	}
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
	if p := r.partly; p != nil && p.leads && p.reading.Shares[category] > 0 {
		return p.evidence(category)
	}
	m := r.model
	v := &r.seen.View
	weigh := make([]float64, len(v.Runes))
	c := m.classes()
	put := func(start, end int, w float64) {
		for i := start; i < end; i++ {
			weigh[i] += w / float64(end-start)
		}
	}
	first := m.Calibration.Heat // what the first reading's logits count
	if r.again.asked {
		w := &m.second.weighing
		first *= w.Linear + w.Net*neural.OffsetWeight
		symbols, words := r.again.reading.Weigh(category + 1)
		for i, x := range symbols[1 : len(symbols)-1] { // without the edges
			put(i, i+1, w.Net*float64(x))
		}
		for i, x := range words {
			put(r.seen.words[i].start, r.seen.words[i].end, w.Net*float64(x))
		}
	}
	for _, f := range r.seen.found {
		if f.end > 0 {
			row := &m.packed[f.number]
			by := r.seen.values[f.group] * m.quantum[f.group]
			put(int(f.start), int(f.end), first*float64(by*float32(row.weight(category+1))-by*float32(row.weight(none))))
		}
	}
	words, rare := r.seen.words, m.extract.vectors.rare
	all := m.extract.vectors.total(words)
	for _, w := range words {
		row := m.rows[w.row*c:]
		put(w.start, w.end, first*float64(row[category+1]-row[none])*float64(rare[w.row]/all))
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
		if last >= 0 && adjoins(phrases[last:i+1]) {
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

// adjoins says whether the last of some phrases is to be cited with the first: they stand together, or only a short phrase is between them, as the
// first half of 待ち伏せ before the second.
func adjoins(phrases []phrase) bool {
	n := len(phrases)
	for i := 1; i < n; i++ {
		if phrases[i].start != phrases[i-1].end {
			return false
		}
	}
	return n == 2 || n == 3 && phrases[1].end-phrases[1].start <= maxBridge
}

// maxBridge is how long a phrase that weighs little may be, in characters, to be cited with its neighbours.
const maxBridge = 3

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

const modelMagic = "kotomori model 5\n"

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
	put(m.quantum[:])
	weights := make([]int8, 0, len(m.packed)*m.classes())
	for i := range m.packed {
		for k := range m.classes() {
			weights = append(weights, m.packed[i].weight(k))
		}
	}
	put(weights)
	m.second.put(&b, put)
	m.glance.put(put)
	if _, err := z.Write(b.Bytes()); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	m.version = versionOf(file.Bytes())
	return file.Bytes(), nil
}

// Load reads a model and the vectors that it was trained with.
func Load(model, vectors []byte) (*Model, error) {
	v, err := ReadVectors(vectors)
	if err != nil {
		return nil, fmt.Errorf("reading the word vectors: %w", err)
	}
	m := &Model{extract: extractor{vectors: v}}
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
	if c > maxClasses {
		d.fail(fmt.Errorf("it has %d categories, over the limit of %d: the file is damaged", c-1, maxClasses-1))
		return d.err
	}
	get(m.quantum[:])
	weights := make([]int8, len(m.keys)*c)
	get(weights)
	m.packed = make([]row, len(m.keys))
	for i := range m.packed {
		m.packed[i] = pack(weights[i*c : (i+1)*c])
	}
	if d.err == nil && (len(m.vector) != m.extract.vectors.dims*c || trainedWith != m.extract.vectors.sum) {
		d.fail(errors.New("it was trained with other word vectors: train it anew"))
	}
	if d.err == nil {
		m.second = m.readSecond(d, get)
		m.glance = readGlance(d, get)
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
	m.extract.vocabulary = newVocabulary(m.keys)
	v, c := m.extract.vectors, m.classes()
	m.rows = make([]float32, v.Rows()*c)
	for row := range v.Rows() {
		out := m.rows[row*c : (row+1)*c]
		for d, x := range v.data[row*v.dims : (row+1)*v.dims] {
			addRow(out, m.vector[d*c:], v.scale[row]*float32(x))
		}
	}
}
