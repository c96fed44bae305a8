package model

import (
	"archive/zip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kotomori/kotomori/internal/text"
)

// Bounds of what is taken from a wheel.
const (
	maxWheelFile = 256 << 20 // bytes of one file in it
	maxWords     = 160_000   // the most frequent words; the tail is names of products and people
	maxWordRunes = 12
)

// ReadWheel takes the static word vectors of a spaCy model's wheel, such as ja_ginza's from PyPI (MIT; its vectors come from
// chiVe, Apache 2.0): a zip file with vocab/vectors (a NumPy array of rows), vocab/key2row (a MessagePack map from a
// word's hash to its row, the most frequent word first) and vocab/strings.json. The rows are centred, scaled to length 1 and
// quantised to 8 bits. Beside each verb and adjective written with a kanji stand the stems it is conjugated by.
func ReadWheel(r io.ReaderAt, size int64) (*Vectors, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("opening the wheel: %w", err)
	}
	part := func(name string) ([]byte, error) {
		i := slices.IndexFunc(z.File, func(f *zip.File) bool { return strings.HasSuffix(f.Name, "/vocab/"+name) })
		if i < 0 {
			return nil, fmt.Errorf("the wheel has no vocab/%s: give one of a spaCy model with vectors", name)
		}
		f, err := z.File[i].Open()
		if err != nil {
			return nil, fmt.Errorf("opening vocab/%s: %w", name, err)
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, maxWheelFile))
		if err != nil {
			return nil, fmt.Errorf("reading vocab/%s: %w", name, err)
		}
		return data, nil
	}
	data, err := part("vectors")
	if err != nil {
		return nil, err
	}
	v := &Vectors{}
	if err := v.setRows(data); err != nil {
		return nil, fmt.Errorf("reading vocab/vectors: %w", err)
	}
	if data, err = part("key2row"); err != nil {
		return nil, err
	}
	keys, err := keyRows(data)
	if err != nil {
		return nil, fmt.Errorf("reading vocab/key2row: %w", err)
	}
	if data, err = part("strings.json"); err != nil {
		return nil, err
	}
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("reading vocab/strings.json: %w", err)
	}
	spelled := make(map[uint64]string, len(list))
	for _, s := range list {
		spelled[murmur(s)] = s
	}
	v.setWords(keys, spelled)
	v.coarse, v.fine = v.clusters(coarseClusters), v.clusters(fineClusters)
	if err := v.index(); err != nil {
		return nil, err
	}
	return v, nil
}

const (
	coarseClusters = 200
	fineClusters   = 1000
	clusterRounds  = 12
)

// clusters divides the rows into k groups of like direction: spherical k-means from a fixed start.
func (v *Vectors) clusters(k int) []uint16 {
	k = min(k, v.Rows())
	centres := make([][]float32, k)
	for i, row := range rand.New(rand.NewPCG(3, uint64(k))).Perm(v.Rows())[:k] { //nolint:gosec // the same every time
		centres[i] = make([]float32, v.dims)
		v.Add(row, 1, centres[i])
	}
	nearest := make([]uint16, v.Rows())
	for range clusterRounds {
		inParallel(v.Rows(), func(row int) {
			best := float32(math.Inf(-1))
			mine := v.data[row*v.dims : (row+1)*v.dims]
			for c, centre := range centres {
				like := float32(0)
				for d, x := range mine {
					like += float32(x) * centre[d]
				}
				if like > best {
					best, nearest[row] = like, uint16(c)
				}
			}
		})
		for _, centre := range centres {
			clear(centre)
		}
		for row, c := range nearest {
			v.Add(row, 1, centres[c])
		}
		for _, centre := range centres {
			length := math.Sqrt(dot(centre, centre))
			for d := range centre {
				centre[d] /= float32(length + 1e-9)
			}
		}
	}
	return nearest
}

func dot(a, b []float32) (sum float64) {
	for i, x := range a {
		sum += float64(x) * float64(b[i])
	}
	return sum
}

// keyRow is a word's hash and the row of its vector.
type keyRow struct {
	key uint64
	row int
}

// setWords keeps the words that a reply can hold: folded as replies are, the more frequent of two that fold alike.
func (v *Vectors) setWords(keys []keyRow, spelled map[uint64]string) {
	rows := map[string]int{}
	var stems []Word
	add := func(s string, row int) {
		if _, ok := rows[s]; ok || !lookable(s) {
			return
		}
		rows[s] = row
		v.Words = append(v.Words, Word{s, row})
	}
	for _, k := range keys {
		if len(v.Words) >= maxWords {
			break
		}
		s := spelled[k.key]
		if s == "" || k.row >= v.Rows() {
			continue
		}
		s = text.Fold(s)
		add(s, k.row)
		for _, stem := range conjugationStems(s) {
			stems = append(stems, Word{stem, k.row})
		}
	}
	for _, w := range stems {
		add(w.Text, w.Row)
	}
	slices.SortFunc(v.Words, func(a, b Word) int { return strings.Compare(a.Text, b.Text) })
}

// lookable says whether a word can be found by its letters alone. A short word in kana is more often a piece of others.
func lookable(s string) bool {
	r := []rune(s)
	if len(r) == 0 || len(r) > maxWordRunes {
		return false
	}
	kanaOnly := true
	for _, c := range r {
		switch {
		case hiragana(c) || c == 'ー':
		case han(c) || latin(c):
			kanaOnly = false
		default:
			return false
		}
	}
	if kanaOnly {
		return len(r) >= 3
	}
	return len(r) >= 2 || han(r[0])
}

// Views hold no katakana: they are folded.
func hiragana(r rune) bool { return r >= 0x3041 && r <= 0x3096 }
func han(r rune) bool      { return r >= 0x4E00 && r <= 0x9FFF || r == '々' }
func latin(r rune) bool    { return r >= 'a' && r <= 'z' }

// grades are the kana that a verb of five grades puts in place of its last one, and an adjective in place of い.
var grades = map[rune]string{
	'う': "わいえおっ", 'く': "かきけこい", 'ぐ': "がぎげごい", 'す': "さしせそ", 'つ': "たちてとっ",
	'ぬ': "なにねのん", 'ぶ': "ばびべぼん", 'む': "まみめもん", 'る': "らりれろっ", 'い': "くかけさ",
}

// conjugationStems are what the forms of a verb or adjective that begins with a kanji begin with. Its class is not known, so
// some are none: they are not met in a text either.
func conjugationStems(s string) []string {
	r := []rune(s)
	n := len(r) - 1
	if n < 1 || !han(r[0]) || !hiragana(r[n]) {
		return nil
	}
	var out []string
	for _, c := range grades[r[n]] {
		out = append(out, string(r[:n])+string(c))
	}
	if r[n] == 'る' && n >= 2 {
		out = append(out, string(r[:n]))
	}
	return out
}

// setRows reads a NumPy file (format 1.0 or 2.0) of little-endian 32-bit floats, rows × dimensions in C order.
func (v *Vectors) setRows(data []byte) error {
	if len(data) < 12 || string(data[:6]) != "\x93NUMPY" {
		return errors.New("it is no NumPy file")
	}
	header, body := int(binary.LittleEndian.Uint16(data[8:])), 10
	if data[6] >= 2 {
		header, body = int(binary.LittleEndian.Uint32(data[8:])), 12
	}
	if header < 0 || body+header > len(data) {
		return errors.New("its header is cut off")
	}
	var rows, dims int
	h := string(data[body : body+header])
	_, shape, ok := strings.Cut(h, "'shape': (")
	if _, err := fmt.Sscanf(shape, "%d, %d)", &rows, &dims); !ok || err != nil || !strings.Contains(h, "'<f4'") || strings.Contains(h, "'fortran_order': True") {
		return fmt.Errorf("it is no table of 32-bit floats: %s", strings.TrimSpace(h))
	}
	data = data[body+header:]
	if rows < 1 || dims < 1 || rows > maxRows || dims > maxDims || len(data) != rows*dims*4 {
		return fmt.Errorf("%d × %d floats do not fit %d bytes", rows, dims, len(data))
	}
	at := func(i, d int) float64 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(data[(i*dims+d)*4:])))
	}
	mean := make([]float64, dims)
	for i := range rows {
		for d := range dims {
			mean[d] += at(i, d) / float64(rows)
		}
	}
	v.dims = dims
	v.data = make([]int8, rows*dims)
	v.scale = make([]float32, rows)
	row := make([]float64, dims)
	for i := range rows {
		norm, most := 0.0, 0.0
		for d := range row {
			row[d] = at(i, d) - mean[d]
			norm += row[d] * row[d]
			most = max(most, math.Abs(row[d]))
		}
		if norm == 0 {
			continue
		}
		v.scale[i] = float32(most / 127 / math.Sqrt(norm))
		for d, x := range row {
			v.data[i*dims+d] = int8(math.Round(x / most * 127))
		}
	}
	return nil
}

// keyRows reads a MessagePack map from unsigned integers to unsigned integers, in its order.
func keyRows(data []byte) ([]keyRow, error) {
	next := func() (uint64, byte, error) {
		if len(data) == 0 {
			return 0, 0, io.ErrUnexpectedEOF
		}
		b := data[0]
		var n int
		switch b {
		case 0xcc:
			n = 1
		case 0xcd, 0xde:
			n = 2
		case 0xce, 0xdf:
			n = 4
		case 0xcf:
			n = 8
		default:
			data = data[1:]
			if b < 0x80 {
				return uint64(b), b, nil
			}
			return uint64(b & 0x0f), b, nil
		}
		if len(data) < 1+n {
			return 0, 0, io.ErrUnexpectedEOF
		}
		var x uint64
		for _, c := range data[1 : 1+n] {
			x = x<<8 | uint64(c)
		}
		data = data[1+n:]
		return x, b, nil
	}
	n, kind, err := next()
	if err != nil {
		return nil, err
	}
	if kind != 0xdf && kind != 0xde && kind&0xf0 != 0x80 {
		return nil, errors.New("it is no MessagePack map")
	}
	var out []keyRow
	for range n {
		k, _, err := next()
		if err != nil {
			return nil, err
		}
		row, _, err := next()
		if err != nil {
			return nil, err
		}
		out = append(out, keyRow{k, int(min(row, maxRows))})
	}
	return out, nil
}

// murmur is MurmurHash64A with seed 1, by which spaCy knows its strings.
func murmur(s string) uint64 {
	const m, r = 0xc6a4a7935bd1e995, 47
	h := 1 ^ uint64(len(s))*m
	b := []byte(s)
	for ; len(b) >= 8; b = b[8:] {
		k := binary.LittleEndian.Uint64(b) * m
		k ^= k >> r
		h = (h ^ k*m) * m
	}
	if len(b) > 0 {
		var k uint64
		for i, c := range b {
			k |= uint64(c) << (8 * i)
		}
		h = (h ^ k) * m
	}
	h ^= h >> r
	h *= m
	return h ^ h>>r
}
