package model

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/kotomori/kotomori/internal/text"
)

var categories = []string{"sale", "insult"}

// fewVectors are vectors of some words: those of a theme lie close.
func fewVectors(tb testing.TB) []byte {
	tb.Helper()
	words := [][]string{{"格安", "販売", "通販", "割引"}, {"馬鹿", "無能", "間抜け", "阿呆"}, {"花火", "祭り", "公園", "図書館"}}
	v, err := ReadWheel(bytes.NewReader(wheel(tb, words)), int64(len(wheel(tb, words))))
	if err != nil {
		tb.Fatal(err)
	}
	v.Source = "test"
	var b bytes.Buffer
	if err := v.Write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// wheel makes a wheel as spaCy's models are, with a vector for each word close to its theme's.
func wheel(tb testing.TB, themes [][]string) []byte {
	tb.Helper()
	const dims = 8
	var list []string
	var rows, keys bytes.Buffer
	n := 0
	for k, theme := range themes {
		for i, w := range theme {
			list = append(list, w)
			keys.WriteByte(0xcf)
			_ = binary.Write(&keys, binary.BigEndian, murmur(w))
			keys.WriteByte(byte(n))
			for d := range dims {
				x := float32(0.05 * float64(i*(d+1)%3))
				if d == k {
					x++
				}
				_ = binary.Write(&rows, binary.LittleEndian, x)
			}
			n++
		}
	}
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }\n", n, dims)
	npy := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	npy = append(append(npy, header...), rows.Bytes()...)
	names, err := json.Marshal(list)
	if err != nil {
		tb.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, data := range map[string][]byte{
		"vectors": npy, "key2row": append([]byte{0xde, 0, byte(n)}, keys.Bytes()...), "strings.json": names,
	} {
		f, err := z.Create("m/m-1/vocab/" + name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func fewComments() []Comment {
	var out []Comment
	both := []bool{true, true}
	for i, x := range []struct{ text, category string }{
		{"格安で販売しています、DMください", "sale"},
		{"今なら割引です、買ってください", "sale"},
		{"通販の格安セールはこちら", "sale"},
		{"割引クーポン配布中です", "sale"},
		{"お前は馬鹿か", "insult"},
		{"無能な奴は辞めろ", "insult"},
		{"あの人は間抜けだ", "insult"},
		{"本当に馬鹿な男", "insult"},
		{"花火がきれいでした", ""},
		{"祭りに行きます", ""},
		{"図書館は何時までですか", ""},
		{"公園の清掃おつかれさまです", ""},
		{"楽しみにしています", ""},
		{"ありがとうございました", ""},
	} {
		for k := range 4 {
			out = append(out, Comment{Text: strings.Repeat("。", k) + x.text, Post: fmt.Sprint("お知らせ", i*4+k), Name: "市民", Handle: "shimin", Category: x.category, Possible: both})
		}
	}
	return out
}

// TestEnds: the marks that a comment ends with tell nothing, but a question mark does. Of nothing but marks one is left.
func TestEnds(t *testing.T) {
	m, _ := trained(t)
	want := slices.Clone(read(m, "無能な奴は辞めろ").Shares)
	for _, end := range []string{"。", "！！！", "…", "。。。", "♪", "！ ", "\n"} {
		if got := read(m, "無能な奴は辞めろ"+end).Shares; !slices.Equal(got, want) {
			t.Errorf("ended by %q: %v, want %v", end, got, want)
		}
	}
	for s, want := range map[string]int{"何？！": 2, "": 0, "！": 1, "！！！": 1, "。。": 1} {
		read(m, s)
		if n := lastTold([]rune(s)); n != want {
			t.Errorf("%d characters of %q are told, want %d", n, s, want)
		}
	}
}

func trained(t *testing.T) (*Model, []byte) {
	t.Helper()
	vectors := fewVectors(t)
	m, report, err := Train(fewComments(), categories, vectors, fewOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Features == 0 || len(report.Reliability) == 0 {
		t.Error("the report is empty")
	}
	file, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Load(file, vectors)
	if err != nil {
		t.Fatal(err)
	}
	if again.Version() != m.Version() {
		t.Error("the version changed by writing and reading")
	}
	return again, file
}

func read(m *Model, s string) *Reading {
	r := &Reading{}
	m.Read(&Input{Text: text.New(s)}, []bool{true, true}, r)
	return r
}

func TestTrainAndRead(t *testing.T) {
	m, _ := trained(t)
	for s, want := range map[string]int{"激安の通販で販売中": 0, "あいつは阿呆で間抜け": 1} {
		r := read(m, s)
		if r.Shares[want] < r.Shares[1-want] || r.Shares[want] < r.None {
			t.Errorf("%s: %v, none %.2f", s, r.Shares, r.None)
		}
	}
	r := read(m, "花火の祭りは何時からですか")
	if r.None < 0.5 {
		t.Errorf("a fair comment: %v, none %.2f", r.Shares, r.None)
	}
}

func TestSharesAddUp(t *testing.T) {
	m, _ := trained(t)
	for _, s := range []string{"", "あ", "格安", strings.Repeat("馬鹿", 3000), "\n\n。", "https://example.jp/x @abc_def"} {
		r := read(m, s)
		sum := r.None
		for _, p := range r.Shares {
			sum += p
		}
		if math.Abs(sum-1) > 1e-4 {
			t.Errorf("%.20q: the shares add up to %v", s, sum)
		}
	}
	r := &Reading{}
	m.Read(&Input{Text: text.New("格安で販売")}, []bool{false, true}, r)
	if r.Shares[0] != 0 {
		t.Errorf("a category without a clause has a share of %v", r.Shares[0])
	}
}

// TestEvident: where the letters alone make a comment fair, nothing else is asked for, and nothing is left of the comment before.
func TestEvident(t *testing.T) {
	m, _ := trained(t)
	asked := 0
	r := &Reading{}
	judge := func(s string) {
		asked = 0
		m.Read(&Input{Text: text.New(s), Fill: func(*Input) { asked++ }}, []bool{true, true}, r)
	}
	const one = "格安で販売しています、今なら割引です、DMください。"
	long := strings.Repeat(one+"花火がきれいでした。", 4)
	for _, s := range []string{one, long} {
		if judge(s); asked != 1 || len(r.seen.words) == 0 || r.None > 0.5 {
			t.Errorf("%.10s…: asked %d times for the rest, %d words, none has %.3f", s, asked, len(r.seen.words), r.None)
		}
	}
	m.Bias[none] += 50
	for _, s := range []string{one, long} {
		if judge(s); asked != 0 || len(r.seen.words) != 0 || r.again.asked || r.None < evident {
			t.Errorf("%.10s…: asked %d times for the rest of what is evident, %d words, none has %.3f", s, asked, len(r.seen.words), r.None)
		}
		sum := r.None
		for _, p := range r.Shares {
			sum += p
		}
		if math.Abs(sum-1) > 1e-4 {
			t.Errorf("%.10s…: the shares add up to %v", s, sum)
		}
		for _, e := range r.Evidence(0) {
			if e.Start >= e.End || e.End > len([]rune(s)) {
				t.Errorf("%.10s…: evidence at [%d,%d)", s, e.Start, e.End)
			}
		}
	}
}

func TestEvidence(t *testing.T) {
	m, _ := trained(t)
	for _, s := range []string{"花火のあとで、格安の販売をしています😊", "格・安・販・売", "ＫＡＫＵＹＡＳＵ　格安ﾊﾝﾊﾞｲ"} {
		runes := []rune(s)
		last := -1
		for _, span := range read(m, s).Evidence(0) {
			if span.Start < 0 || span.End > len(runes) || span.Start >= span.End || span.Start < last {
				t.Errorf("%s: evidence at [%d,%d)", s, span.Start, span.End)
			}
			last = span.End
		}
	}
	spans := read(m, "花火のあとで、格安の販売をしています").Evidence(0)
	if len(spans) == 0 || !slices.ContainsFunc(spans, func(s Span) bool { return s.Start <= 7 && s.End >= 9 }) {
		t.Errorf("格安 is not cited: %v", spans)
	}
}

// The same comments give the same file.
func TestDeterministic(t *testing.T) {
	_, a := trained(t)
	_, b := trained(t)
	if !bytes.Equal(a, b) {
		t.Error("two trainings gave two models")
	}
}

func TestDamaged(t *testing.T) {
	_, good := trained(t)
	vectors := fewVectors(t)
	flipped := bytes.Clone(good)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	for name, data := range map[string][]byte{"flipped": flipped, "empty": nil, "other": []byte("PK\x03\x04"), "cut": good[:len(good)/2], "header only": good[:len(modelMagic)]} {
		if _, err := Load(data, vectors); err == nil || !strings.Contains(err.Error(), "reading the model") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load(good, vectors[:40]); err == nil || !strings.Contains(err.Error(), "reading the word vectors") {
		t.Errorf("cut vectors: %v", err)
	}
}

func TestTrainErrors(t *testing.T) {
	vectors := fewVectors(t)
	bad := fewComments()
	bad[0].Category = "theft"
	if _, _, err := Train(bad, categories, vectors, fewOptions(), nil); err == nil || !strings.Contains(err.Error(), `comment 1: its policy has no clause for "theft"`) {
		t.Errorf("an unknown category: %v", err)
	}
	known := fewComments()
	for i := range known {
		known[i].Known = true
	}
	if _, _, err := Train(known, categories, vectors, fewOptions(), nil); err == nil {
		t.Error("nothing to measure on is no error")
	}
	for i := range known {
		known[i].Known, known[i].Probe = false, true
	}
	if _, _, err := Train(known, categories, vectors, fewOptions(), nil); err == nil {
		t.Error("nothing but probes is no error")
	}
}

// TestProbes: what was written to mislead is learned from, and is in no measurement.
func TestProbes(t *testing.T) {
	comments := fewComments()
	var probes []int
	for i := range comments {
		if comments[i].Probe = i%7 == 3; comments[i].Probe {
			probes = append(probes, i)
		}
	}
	m, report, err := Train(comments, categories, fewVectors(t), fewOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range probes {
		if report.Shares[i] != nil {
			t.Errorf("the probe %s is measured", comments[i].Text)
		}
		comments[i].Category = map[string]string{"": "sale"}[comments[i].Category]
	}
	other, _, err := Train(comments, categories, fewVectors(t), fewOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(m.Bias, other.Bias) {
		t.Error("nothing is learned from probes")
	}
}

// TestMadeComments: what is made of a comment is learned from and not measured on. Beside its own post the net learns from it too.
func TestMadeComments(t *testing.T) {
	train := func(post, madeOf string) (*Report, []bool) {
		t.Helper()
		comments := fewComments()
		made := Comment{Text: comments[0].Text + "よろしく", Post: post, MadeOf: madeOf, Category: "sale", Possible: comments[0].Possible}
		comments = append(comments, made)
		_, report, err := Train(comments, categories, fewVectors(t), fewOptions(), nil)
		if err != nil {
			t.Fatal(err)
		}
		v, err := ReadVectors(fewVectors(t))
		if err != nil {
			t.Fatal(err)
		}
		tr := &trainer{options: fewOptions(), categories: categories, extract: extractor{vectors: v}, comments: comments}
		if err := tr.read(); err != nil {
			t.Fatal(err)
		}
		_, unseen, _ := tr.crossValidate()
		return report, unseen
	}
	own := fewComments()[0].Post
	last := len(fewComments())
	for name, c := range map[string]struct {
		post, madeOf string
		learned      bool // by the net
	}{"beside its own post": {own, own, true}, "under another post": {fewComments()[20].Post, own, false}} {
		report, unseen := train(c.post, c.madeOf)
		if report.Shares[last] != nil {
			t.Errorf("%s: measured", name)
		}
		if unseen[last] != c.learned {
			t.Errorf("%s: read by a model that has not seen it: %v, want %v", name, unseen[last], c.learned)
		}
	}
}

func TestReadWheelErrors(t *testing.T) {
	if _, err := ReadWheel(strings.NewReader("no zip"), 6); err == nil {
		t.Error("no zip is no error")
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.Create("m/vocab/other"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadWheel(bytes.NewReader(b.Bytes()), int64(b.Len())); err == nil || !strings.Contains(err.Error(), "vocab/vectors") {
		t.Errorf("a wheel without vectors: %v", err)
	}
}

func TestLinks(t *testing.T) {
	for in, want := range map[string]string{
		"見て→https://a.example/x?y=1 ね":            "見て→\uE000 ね",
		"dm @abc_1 まで":                            "dm \uE001 まで",
		"shop-x.example/ok で":                     "\uE000 で",
		"https://www.city.saitama.lg.jp/a.html を": " を",
		"1.5倍、03-1234 3/4":                        "1.5倍、03-1234 3/4",
	} {
		v := standIn(&text.New(in).Folded, &text.View{})
		if string(v.Runes) != want {
			t.Errorf("%s: %q, want %q", in, string(v.Runes), want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(modelMagic))
	f.Add([]byte(vectorsMagic))
	vectors := fewVectors(f)
	known, err := ReadVectors(vectors)
	if err != nil {
		f.Fatal(err)
	}
	o := fewOptions()
	o.Epochs, o.Net.Epochs = 2, 1
	m, _, err := Train(fewComments(), categories, vectors, o, nil)
	if err != nil {
		f.Fatal(err)
	}
	file, err := m.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(file[len(modelMagic):]))
	if err != nil {
		f.Fatal(err)
	}
	inside, err := io.ReadAll(z)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(inside)
	f.Add(inside[:len(inside)-9])
	in := &Input{Text: text.New("格安販売の花火30円"), Name: "市", Post: m.Official(text.New("花火は30日"))}
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = ReadVectors(data)
		_ = (&Model{extract: extractor{vectors: &Vectors{dims: 1}}}).read(data)
		// What is packed, so that it is not the packing that is found to be wrong.
		packed := bytes.NewBufferString(modelMagic)
		z := gzip.NewWriter(packed)
		_, _ = z.Write(data) // a buffer takes everything
		_ = z.Close()
		m := &Model{extract: extractor{vectors: known}}
		if m.read(packed.Bytes()) != nil {
			return
		}
		m.prepare()
		var r Reading
		m.Read(in, make([]bool, len(m.Categories)), &r)
		if len(m.Categories) > 0 {
			r.Evidence(0)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	m, err := Shipped()
	if err != nil {
		b.Fatal(err)
	}
	post := m.Official(text.New("花火大会を7月30日に荒川の河川敷で開きます。駐車場はありません。電車とバスをご利用ください。"))
	possible := make([]bool, len(m.Categories))
	for i := range possible {
		possible[i] = true
	}
	for _, x := range []struct {
		name, text string
		again      bool
	}{
		{"once", "先日の花火大会、とても楽しかったです。来年も家族で行きますので、駐車場をもう少し増やしていただけると助かります。", false},
		{"twice", "先日の花火大会、友達の副業の先生に教わった方法で席が全部取れた。来年も私だけに連絡をくれれば、駐車場の券ごと安く譲れますよ。", true},
	} {
		b.Run(x.name, func(b *testing.B) {
			in := &Input{Text: text.New(x.text), Post: post, Name: "市民", Handle: "shimin"}
			b.ReportAllocs()
			r := &Reading{}
			for b.Loop() {
				m.Read(in, possible, r)
			}
			if r.again.asked != x.again {
				b.Errorf("read again: %v, none has %v", r.again.asked, r.None)
			}
		})
	}
}

// TestAdjoins: phrases are cited together that stand together or have little between them.
func TestAdjoins(t *testing.T) {
	for _, tt := range []struct {
		phrases []phrase
		want    bool
	}{
		{[]phrase{{0, 2}, {2, 5}}, true},
		{[]phrase{{0, 2}, {3, 5}}, false}, // a mark between
		{[]phrase{{0, 2}, {2, 5}, {5, 9}}, true},
		{[]phrase{{0, 2}, {2, 6}, {6, 9}}, false}, // too long
		{[]phrase{{0, 2}, {2, 4}, {5, 9}}, false},
		{[]phrase{{0, 2}, {2, 3}, {3, 4}, {4, 5}}, false},
	} {
		if got := adjoins(tt.phrases); got != tt.want {
			t.Errorf("%v: %v", tt.phrases, got)
		}
	}
}
