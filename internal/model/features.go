package model

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/kotomori/kotomori/internal/text"
)

// Input is a reply as the model sees it.
type Input struct {
	Text   *text.Text
	Post   *text.Text // the official post; nil where it is not known
	Name   string     // the author's
	Handle string
	Signs  []Sign // words of the dictionary in the text
}

// Sign is a word of a class of the dictionary.
type Sign struct {
	Class string
	text.Span
}

// group says what kind of feature one is; groups are scaled each by itself, so that one kind does not drown another.
type group uint8

const (
	gram    group = iota // 1 to maxGram characters in a row
	edge                 // the characters before the end of a sentence, where Japanese says how it is meant; and the first of all
	word                 // a word's row in the vectors: words of one row are one feature
	pair                 // two words in a row
	cluster              // a word's coarse and fine cluster of rows
	near                 // the coarse clusters of two words that stand near each other, in their order
	sign                 // a class of the dictionary
	style                // how it is written
	post                 // how it compares with the official post: for some categories only
	author               // the author's name and handle: for some categories only
	groups
)

const (
	maxGram = 5
	maxEdge = 5
	maxNear = 6 // words
)

// group's weight, and how many features a reply is taken to have besides those seen: so a reply of few characters is judged
// with less certainty.
var groupScale = [groups]struct{ weight, besides float64 }{
	gram: {1, 60}, edge: {1, 4}, word: {1, 4}, pair: {0.7, 4}, cluster: {1, 6}, near: {0.7, 12}, sign: {1, 3}, author: {1, 0},
}

// feature is one thing seen in a reply.
type feature struct {
	key   uint32 // what it is
	group group
	value float32
	// Where it stands, for evidence: runes [start,end) of the reading; nowhere if end is 0.
	start, end int32
}

// extractor finds the features of replies.
type extractor struct {
	vectors *Vectors
}

// Stand-ins for what is no language. The characters of a link tell who hosts it and no more.
const (
	aLink    = '\uE000'
	aMention = '\uE001'
)

// reading is a reply as it is read: folded, without the marks put between its letters, links and mentions as one character each.
type reading struct {
	text.View
	words []wordAt
}

func (x *extractor) read(t *text.Text) *reading {
	v := &t.Folded
	if len(t.Squeezed.Runes) > 0 {
		v = &t.Squeezed
	}
	r := &reading{View: standIn(v)}
	r.words = x.vectors.find(r.Runes, nil)
	return r
}

// standIn puts one character in place of each link and each mention.
func standIn(v *text.View) text.View {
	if !slices.ContainsFunc(v.Runes, func(r rune) bool { return r == '/' || r == '@' || r == '.' }) {
		return *v
	}
	var out text.View
	push := func(r rune, i, j int) {
		out.Runes = append(out.Runes, r)
		out.Start = append(out.Start, v.Start[i])
		out.End = append(out.End, v.End[j-1])
	}
	for i := 0; i < len(v.Runes); {
		n, r := linkAt(v.Runes, i)
		switch {
		case n == 0:
			push(v.Runes[i], i, i+1)
			n = 1
		case r != 0:
			push(r, i, i+n)
		case i+n == len(v.Runes): // the blank before it ends nothing
			for last := len(out.Runes) - 1; last >= 0 && (out.Runes[last] == ' ' || out.Runes[last] == '\n'); last-- {
				out.Runes, out.Start, out.End = out.Runes[:last], out.Start[:last], out.End[:last]
			}
		}
		i += n
	}
	return out
}

// linkAt says how many runes a link or mention at i has, if one begins there, and what stands in for it. Nothing does for a link to a
// public office's site: it says nothing of the reply.
func linkAt(r []rune, i int) (n int, by rune) {
	inside := func(c rune) bool { return c > ' ' && c < 0x7f && !strings.ContainsRune("\"'<>()[]", c) }
	if i > 0 && (latinAny(r[i-1]) || digit(r[i-1])) {
		return 0, 0
	}
	j := i
	switch {
	case r[i] == '@':
		for j++; j < len(r) && (latinAny(r[j]) || digit(r[j]) || r[j] == '_'); j++ {
		}
		if j-i >= 3 {
			return j - i, aMention
		}
		return 0, 0
	case !latinAny(r[i]) && !digit(r[i]):
		return 0, 0
	}
	for j < len(r) && j-i < maxHost && inside(r[j]) {
		j++
	}
	s := strings.ToLower(string(r[i:j]))
	whole := func() int {
		for j < len(r) && inside(r[j]) {
			j++
		}
		return j - i
	}
	if _, rest, ok := strings.Cut(s, "://"); ok && rest != "" {
		return whole(), linkTo(rest)
	}
	// A host without a scheme: letters, a dot, letters.
	host, _, _ := strings.Cut(s, "/")
	dot := strings.LastIndexByte(host, '.')
	if dot >= 2 && len(host)-dot >= 3 && strings.IndexFunc(host[dot+1:], func(c rune) bool { return !latin(c) }) < 0 {
		return whole(), linkTo(s)
	}
	return 0, 0
}

// maxHost bounds how far is read to see whether a link begins, so that hostile texts stay linear.
const maxHost = 128

// linkTo is what stands in for a link, given without its scheme.
func linkTo(s string) rune {
	host := s
	if end := strings.IndexAny(host, "/?#\\"); end >= 0 {
		host = host[:end]
	}
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	host, _, _ = strings.Cut(host, ":")
	for _, office := range []string{".lg.jp", ".go.jp", ".ed.jp"} {
		if strings.HasSuffix(host, office) {
			return 0
		}
	}
	// The cities' older names: city.wako.saitama.jp, www.city.saitama.jp.
	if labels := strings.Split(strings.TrimPrefix(host, "www."), "."); labels[len(labels)-1] == "jp" {
		switch n := len(labels); {
		case n == 4 && labels[0] == "city" && prefectures[labels[2]], n == 3 && (labels[0] == "city" || labels[0] == "pref") && prefectures[labels[1]]:
			return 0
		}
	}
	return aLink
}

// prefectures as they stand in names of hosts.
var prefectures = func() map[string]bool {
	m := map[string]bool{}
	for p := range strings.FieldsSeq(`hokkaido aomori iwate miyagi akita yamagata fukushima ibaraki tochigi gunma saitama chiba tokyo kanagawa
		niigata toyama ishikawa fukui yamanashi nagano gifu shizuoka aichi mie shiga kyoto osaka hyogo nara wakayama tottori shimane okayama hiroshima
		yamaguchi tokushima kagawa ehime kochi fukuoka saga nagasaki kumamoto oita miyazaki kagoshima okinawa`) {
		m[p] = true
	}
	return m
}()

func latinAny(r rune) bool { return latin(r) || r >= 'A' && r <= 'Z' }

func digit(r rune) bool { return r >= '0' && r <= '9' }

// mix is a step of a hash over code points.
func mix(h, x uint32) uint32 {
	h ^= x
	h *= 0x9E3779B1
	return h ^ h>>15
}

func seed(g group) uint32 { return mix(0x811C9DC5, uint32(g)+1) }

// mean of the words' vectors, each by its weight.
func (x *extractor) mean(words []wordAt) []float32 {
	sum := make([]float32, x.vectors.Dims)
	all := total(words)
	for _, w := range words {
		x.vectors.add(w.row, rare(w.row)/all, sum)
	}
	return sum
}

// rare is how much a word tells of what is talked about: rows come in the order of their most frequent word's frequency, and
// by Zipf's law the logarithm of the rank is that of the inverse frequency.
func rare(row int) float32 { return float32(math.Log1p(float64(row)/30) / 6) }

func total(words []wordAt) float32 {
	sum := float32(0.5)
	for _, w := range words {
		sum += rare(w.row)
	}
	return sum
}

// features gives each feature once for each place where it stands.
func (x *extractor) features(in *Input, r *reading) []feature {
	out := make([]feature, 0, 8*len(r.Runes)+64)
	out = grams(out, gram, r.Runes)
	if len(in.Text.Squeezed.Runes) > 0 {
		// As it was written too: the marks themselves tell something.
		n := len(out)
		out = grams(out, gram, standIn(&in.Text.Folded).Runes)
		for i := n; i < len(out); i++ {
			out[i].end = 0
		}
	}
	out = edges(out, r.Runes)
	out = x.wordFeatures(out, r.words)
	for _, s := range in.Signs {
		start, end := r.rangeOf(s.Span)
		if start == end {
			continue // in a link that is nothing
		}
		h := seed(sign)
		for _, c := range s.Class {
			h = mix(h, uint32(c))
		}
		out = append(out, feature{key: h, group: sign, start: start, end: end})
	}
	for i, s := range styles(in.Text) {
		if s != 0 {
			out = append(out, feature{key: mix(seed(style), uint32(i)), group: style, value: s})
		}
	}
	for i, s := range x.postFeatures(in, r.words) {
		if s != 0 {
			out = append(out, feature{key: mix(seed(post), uint32(i)), group: post, value: s})
		}
	}
	for f, s := range []string{in.Name, in.Handle} {
		if s == "" {
			continue
		}
		n := len(out)
		out = grams(out, author, []rune("<"+text.Fold(s)+">"))
		for i := n; i < len(out); i++ {
			out[i].key = mix(out[i].key, uint32(f))
			out[i].end = 0
		}
	}
	return scale(out)
}

// rangeOf finds the runes of a view that come from a span of the original.
func (r *reading) rangeOf(s text.Span) (start, end int32) {
	i, _ := slices.BinarySearch(r.End, int32(s.Start)+1)
	j, _ := slices.BinarySearch(r.Start, int32(s.End))
	return int32(i), int32(max(i, j))
}

func (x *extractor) wordFeatures(out []feature, words []wordAt) []feature {
	v := x.vectors
	for i, w := range words {
		start, end := int32(w.start), int32(w.end)
		out = append(
			out,
			feature{key: mix(seed(word), uint32(w.row)), group: word, start: start, end: end},
			feature{key: mix(mix(seed(cluster), 0), uint32(v.coarse[w.row])), group: cluster, start: start, end: end},
			feature{key: mix(mix(seed(cluster), 1), uint32(v.fine[w.row])), group: cluster, start: start, end: end},
		)
		for j := i + 1; j < len(words) && j <= i+maxNear; j++ {
			o := words[j]
			if j == i+1 {
				out = append(out, feature{key: mix(mix(seed(pair), uint32(w.row)), uint32(o.row)), group: pair, start: start, end: int32(o.end)})
			}
			out = append(out, feature{key: mix(mix(seed(near), uint32(v.coarse[w.row])), uint32(v.coarse[o.row])), group: near})
		}
	}
	return out
}

// scale gives each feature its value: the different ones of a group have together a length of at most the group's weight.
func scale(f []feature) []feature {
	var count [groups]int
	seen := newKeySet(len(f))
	for i := range f {
		if seen.add(f[i].key) {
			count[f[i].group]++
		}
	}
	for i := range f {
		if x := &f[i]; x.group != style && x.group != post {
			s := groupScale[x.group]
			x.value = float32(s.weight / math.Sqrt(float64(count[x.group])+s.besides))
		}
	}
	return f
}

// keySet is a set of keys: open addressing, as Go's map costs more than all the rest.
type keySet struct {
	slots []uint32 // key+1 would overflow, so 0 is empty and the key 0 has a flag
	zero  bool
}

func newKeySet(n int) keySet {
	size := 64
	for size < 2*n {
		size *= 2
	}
	return keySet{slots: make([]uint32, size)}
}

// add reports whether the key is new.
func (s *keySet) add(key uint32) bool {
	if key == 0 {
		was := s.zero
		s.zero = true
		return !was
	}
	mask := uint32(len(s.slots) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case key:
			return false
		case 0:
			s.slots[i] = key
			return true
		}
	}
}

// grams appends every run of 1 to maxGram runes.
func grams(out []feature, g group, runes []rune) []feature {
	for i := range runes {
		h := seed(g)
		for n := 0; n < maxGram && i+n < len(runes); n++ {
			h = mix(h, uint32(class(runes[i+n])))
			out = append(out, feature{key: h, group: g, start: int32(i), end: int32(i + n + 1)})
		}
	}
	return out
}

// edges appends what stands before each end of a sentence, with the mark that ends it, and at the very beginning.
func edges(out []feature, r []rune) []feature {
	for i := 1; i <= len(r); i++ {
		if i < len(r) && !strings.ContainsRune("。!?\n", r[i]) {
			continue
		}
		h := seed(edge)
		if i < len(r) {
			h = mix(h, uint32(r[i]))
		}
		for n := 1; n <= maxEdge && i >= n; n++ {
			h = mix(h, uint32(class(r[i-n])))
			out = append(out, feature{key: h, group: edge, start: int32(i - n), end: int32(i)})
		}
	}
	h := mix(seed(edge), 7)
	for n := 0; n < maxEdge-1 && n < len(r); n++ {
		h = mix(h, uint32(class(r[n])))
		out = append(out, feature{key: h, group: edge, start: 0, end: int32(n + 1)})
	}
	return out
}

// class makes digits alike.
func class(r rune) rune {
	switch {
	case digit(r):
		return '0'
	case r == '\n':
		return ' '
	}
	return r
}

func some(b bool) float32 {
	if b {
		return 0.5
	}
	return 0
}

// styles are how a reply is written: by these a disguise shows, whatever it hides.
func styles(t *text.Text) []float32 {
	runes := withoutLinks(t.Runes)
	n := len(runes)
	var marks, half, wide, digits, kana, kata, kanji, lat, emoji, odd, lines, punct int
	changes, last := 0, 0
	letter := func(i int) bool { return i >= 0 && i < n && unicode.IsLetter(runes[i]) }
	for i, r := range runes {
		script := 0
		switch {
		case r >= 0xFF61 && r <= 0xFF9F:
			half++
			script = 1
		case r >= 0xFF01 && r <= 0xFF5E:
			if !strings.ContainsRune("！？（）", r) {
				wide++
			}
		case r >= 0x3041 && r <= 0x3096:
			kana++
			script = 2
		case r >= 0x30A1 && r <= 0x30FA:
			kata++
			script = 3
		case unicode.Is(unicode.Han, r):
			kanji++
			script = 4
		case r < 0x80 && unicode.IsLetter(r):
			lat++
			script = 5
		case digit(r):
			digits++
		case r == '\n':
			lines++
		case r >= 0x1F000:
			emoji++
		case unicode.IsLetter(r) && r != 'ー':
			odd++ // of another alphabet
			script = 6
		case strings.ContainsRune("○●〇◯×✕＊*■□", r) && (letter(i-1) || letter(i+1)):
			marks++
		case unicode.IsPunct(r) || unicode.IsSymbol(r):
			punct++
		}
		if script != 0 {
			if last != 0 && script != last {
				changes++
			}
			last = script
		}
	}
	gone := 0
	if s := len(t.Squeezed.Runes); s > 0 {
		gone = len(t.Folded.Runes) - s
	}
	hidden := len(t.Runes) - len(t.Plain.Runes)
	part := func(k int) float32 { return float32(k) / float32(n+8) }
	again, longest := repeats(runes)
	return []float32{
		some(marks > 0), some(marks > 2), part(half) * 2, some(half > 3), some(wide > 2), some(odd > 0), some(gone > 0), some(gone > 3), part(gone) * 4,
		some(hidden > 2), part(emoji) * 2, some(lines > 3), part(punct) * 2, part(lat), part(digits) * 2, part(kata), part(kanji), part(changes),
		float32(math.Log1p(float64(n))) / 6, some(n < 12), some(n > 80), some(n > 140), part(kana),
		again, some(again > 0.3), some(again > 0.6), longest, some(longest > 0.3),
	}
}

// repeats are the share of a text's runs of two characters that have stood in it before, and that of the longest run of one character.
func repeats(r []rune) (again, longest float32) {
	if len(r) < 12 {
		return 0, 0
	}
	seen := newKeySet(len(r))
	n, run, most := 0, 1, 1
	for i := 1; i < len(r); i++ {
		if !seen.add(mix(mix(seed(style), uint32(r[i-1])), uint32(r[i]))) {
			n++
		}
		if r[i] == r[i-1] {
			run++
		} else {
			run = 1
		}
		most = max(most, run)
	}
	return float32(n) / float32(len(r)), float32(most-1) / float32(len(r))
}

// withoutLinks leaves out links and mentions.
func withoutLinks(r []rune) []rune {
	out := make([]rune, 0, len(r))
	for i := 0; i < len(r); {
		if n, _ := linkAt(r, i); n > 0 {
			i += n
			continue
		}
		out = append(out, r[i])
		i++
	}
	return out
}

// postFeatures compare a reply with the official post: what it is about, how much of it is copied, and whether its numbers are the post's.
func (x *extractor) postFeatures(in *Input, words []wordAt) []float32 {
	if in.Post == nil {
		return nil
	}
	have, fine, coarse := map[int]bool{}, map[uint16]bool{}, map[uint16]bool{}
	v := x.vectors
	official := v.find(in.Post.Folded.Runes, nil)
	for _, w := range official {
		have[w.row], fine[v.fine[w.row]] = true, true
		if w.row >= everyday {
			coarse[v.coarse[w.row]] = true
		}
	}
	shared, content := 0, 0
	telling, alike, akin := 0, 0, 0 // words that tell of a subject, of these those near to a word of the post
	for _, w := range words {
		if w.row >= everyday {
			telling++
			if fine[v.fine[w.row]] {
				alike++
			}
			if coarse[v.coarse[w.row]] {
				akin++
			}
		}
		if w.end-w.start >= 2 {
			content++
			if have[w.row] {
				shared++
			}
		}
	}
	like := cosine(v.about(words), v.about(official))
	reply, notice := standIn(&in.Text.Folded), standIn(&in.Post.Folded)
	runs, known := trigrams(reply.Runes), trigrams(notice.Runes)
	common := 0
	for t := range runs {
		if known[t] {
			common++
		}
	}
	copied := float64(common) / float64(len(runs)+3)
	numbers, other := 0, 0
	theirNumbers := numbersOf(notice.Runes)
	for d := range numbersOf(reply.Runes) {
		numbers++
		if !theirNumbers[d] {
			other++
		}
	}
	out := []float32{
		float32(like), float32(copied), some(copied > 0.2), some(copied > 0.45), some(shared == 0 && content > 2), float32(shared) / float32(content+2),
		some(numbers > 0 && other == 0), some(other > 0), some(other > 0 && copied > 0.15), some(other > 0 && copied > 0.35), some(like < 0.1 && content > 3),
		some(like < 0.3 && content > 3), some(common > 3 && other > 0), some(common == 0),
	}
	// How alike they are, by how much there is to compare: a table each.
	size := step(telling, 0, 1, 2, 4, 7)
	for _, t := range []int{
		size*11 + min(10, max(0, int(like*12))),
		size*4 + step(telling-akin, 0, 1, 3),
		size*4 + step(alike, 0, 1, 2),
	} {
		const cells = 66
		out = append(out, make([]float32, cells)...)
		out[len(out)-cells+t] = 0.7
	}
	return out
}

// Likeness is the cosine of what two texts talk about, and how many words of the first tell of a subject.
func (v *Vectors) Likeness(a, b *text.Text) (cos float64, telling int) {
	x := extractor{v}
	words := x.read(a).words
	for _, w := range words {
		if w.row >= everyday {
			telling++
		}
	}
	return cosine(v.about(words), v.about(v.find(b.Folded.Runes, nil))), telling
}

// about is the sum of words' vectors, each by how much it tells: what they are about.
func (v *Vectors) about(words []wordAt) []float32 {
	sum := make([]float32, v.Dims)
	for _, w := range words {
		v.add(w.row, rare(w.row), sum)
	}
	return sum
}

// everyday is the number of the most frequent rows: most of their words stand in texts on any subject.
const everyday = 600

// step is how many of the bounds lie below n.
func step(n int, bounds ...int) int {
	i := 0
	for i < len(bounds) && n > bounds[i] {
		i++
	}
	return i
}

func trigrams(r []rune) map[[3]rune]bool {
	m := make(map[[3]rune]bool, len(r))
	for i := 0; i+3 <= len(r); i++ {
		m[[3]rune(r[i:i+3])] = true
	}
	return m
}

func numbersOf(r []rune) map[string]bool {
	m := map[string]bool{}
	for i := 0; i < len(r); {
		j := i
		for j < len(r) && digit(r[j]) {
			j++
		}
		if j > i {
			m[string(r[i:j])] = true
		}
		i = max(j, i+1)
	}
	return m
}
