package model

import (
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/kotomori/kotomori/internal/kernel"
	"github.com/kotomori/kotomori/internal/neural"
	"github.com/kotomori/kotomori/internal/text"
)

// Input is a reply as the model sees it.
type Input struct {
	Text   *text.Text
	Post   *Official // the official post; nil where it is not known
	Name   string    // the author's
	Handle string
	Signs  []Sign // words of the dictionary in the text
	// Fill puts in Post and Signs, which take time and are not always wanted; nil where they are there.
	Fill func(*Input)
}

// filled has all that may be wanted of it.
func (in *Input) filled() *Input {
	if fill := in.Fill; fill != nil {
		in.Fill = nil
		fill(in)
	}
	return in
}

// Sign is a word of a class of the dictionary.
type Sign struct {
	Class Class
	text.Span
}

// Class is what stands for a class of the dictionary.
type Class uint32

// ClassOf gives what stands for the class of a name.
func ClassOf(name string) Class {
	h := seed(sign)
	for _, c := range []byte(name) {
		h = mix(h, uint32(c))
	}
	return Class(h)
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
	key    uint32 // what it is
	number int32  // in the vocabulary
	group  group
	value  float32 // of style and post; the others of a group share theirs
	// Where it stands, for evidence: runes [start,end) of the reading; nowhere if end is 0.
	start, end int32
}

// put sets all of a feature but a value. Field by field: a literal of so many would be put together elsewhere and copied before it is all there, which
// was up to a third of finding one.
func (f *feature) put(key uint32, number int32, g group, start, end int32) {
	f.key, f.number, f.group, f.value, f.start, f.end = key, number, g, 0, start, end
}

// extractor finds the features of replies that the vocabulary knows.
type extractor struct {
	vectors    *Vectors
	vocabulary *vocabulary // nil while it is collected
}

// Stand-ins for what is no language. The characters of a link tell who hosts it and no more.
const (
	aLink    = '\uE000'
	aMention = '\uE001'
)

// reading is a reply as it is read: folded, without the marks put between its letters, links and mentions as one character each. Its memory
// is used again for the next reply.
type reading struct {
	text.View
	words []wordAt

	found     []feature
	asked     []feature       // to be looked up in the vocabulary
	slots     []slots         // theirs
	values    [groups]float32 // what each feature of a group counts
	begun     []run
	classes   []uint32  // by rune: its class
	different []int32   // features of a group
	rows      []row     // their weights
	memory    text.View // of the view, where links stand in it
	written   text.View // of another view
	runes     []rune
	name      text.Text
	set       set
	about     []float32
	styles    [styleCount]float32
	post      []float32
}

// view makes r the reading of a text, of which nothing has been looked for yet.
func (x *extractor) view(t *text.Text, r *reading) {
	v := &t.Folded
	if len(t.Squeezed.Runes) > 0 {
		v = &t.Squeezed
	}
	r.View = told(v, &r.memory)
}

// find looks for the words.
func (x *extractor) find(r *reading) { r.words = x.vectors.find(r.Runes, r.words[:0]) }

// MayLink is false only where a folded text has no link and no mention.
func MayLink(runes []rune) bool {
	for _, r := range runes {
		if r == '/' || r == '@' || r == '.' {
			return true
		}
	}
	return false
}

// told is what a view tells: with one character for each link, and without the marks that it ends with. Whether somebody shouts, trails off
// or ends with a full stop makes no comment better or worse. What it makes is in memory.
func told(v, memory *text.View) text.View {
	out := standIn(v, memory)
	n := lastTold(out.Runes)
	return text.View{Runes: out.Runes[:n], Start: out.Start[:n], End: out.End[:n]}
}

// lastTold is how many characters come before the marks at the end; one at least, if there is any.
func lastTold(r []rune) int {
	n := len(r)
	for n > 1 && EndMark(r[n-1]) {
		n--
	}
	return n
}

// EndMark says whether a mark at the end tells nothing. Question marks and emoji do tell something.
func EndMark(r rune) bool {
	switch r {
	case ' ', '\u3000', '\n', '。', '．', '.', '、', '，', ',', '!', '！', '…', '‥', '・', '~', '～', '〜', '♪':
		return true
	}
	return false
}

// standIn puts one character in place of each link and each mention. What it makes is in memory.
func standIn(v, memory *text.View) text.View {
	if !MayLink(v.Runes) {
		return *v
	}
	out := text.View{Runes: memory.Runes[:0], Start: memory.Start[:0], End: memory.End[:0]}
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
	*memory = out
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
	named := false
	for j < len(r) && j-i < maxHost && inside(r[j]) {
		named = named || r[j] == '.' || r[j] == ':'
		j++
	}
	if !named {
		return 0, 0
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
	sum := make([]float32, x.vectors.dims)
	all := x.vectors.total(words)
	for _, w := range words {
		x.vectors.Add(w.row, x.vectors.rare[w.row]/all, sum)
	}
	return sum
}

// rareOf is how much a word tells of what is talked about: rows come in the order of their most frequent word's frequency, and
// by Zipf's law the logarithm of the rank is that of the inverse frequency.
func rareOf(row int) float32 { return float32(math.Log1p(float64(row)/30) / 6) }

func (v *Vectors) total(words []wordAt) float32 {
	sum := float32(0.5)
	for _, w := range words {
		sum += v.rare[w.row]
	}
	return sum
}

// features finds the features that the vocabulary knows, each once for each place where it stands, those of a group together. Possible
// says which of the groups that count for some categories only can count at all.
func (x *extractor) features(in *Input, r *reading, compare, name bool) {
	x.letters(in, r, name)
	x.besides(in, r, compare)
}

// letters finds those of the letters: runs of them, and what stands before the ends of sentences; and where the author's name counts, runs of its letters.
func (x *extractor) letters(in *Input, r *reading, name bool) {
	out := x.grams(r.found[:0], r, gram, seed(gram), r.Runes)
	if len(in.Text.Squeezed.Runes) > 0 {
		// As it was written too: the marks themselves tell something.
		n := len(out)
		written := told(&in.Text.Folded, &r.written)
		out = x.grams(out, r, gram, seed(gram), written.Runes)
		for i := n; i < len(out); i++ {
			out[i].end = 0
		}
	}
	r.asked = r.asked[:0]
	r.edges()
	out = x.known(out, r)
	if name {
		for f, s := range [...]string{in.Name, in.Handle} {
			if s == "" {
				continue
			}
			n := len(out)
			r.name.Fold(s)
			r.runes = append(append(r.runes[:0], '<'), r.name.Folded.Runes...)
			r.runes = append(r.runes, '>')
			out = x.grams(out, r, author, mix(seed(author), uint32(f)), r.runes)
			for i := n; i < len(out); i++ {
				out[i].end = 0
			}
		}
	}
	r.found = out
}

// besides finds all others.
func (x *extractor) besides(in *Input, r *reading, compare bool) {
	in.filled()
	x.find(r)
	r.asked = r.asked[:0]
	r.wordFeatures(x.vectors)
	for _, s := range in.Signs {
		start, end := rangeOf(&r.View, s.Span)
		if start == end {
			continue // in a link that is nothing
		}
		r.asked = append(r.asked, feature{key: uint32(s.Class), group: sign, start: start, end: end})
	}
	for i, s := range r.style(in.Text) {
		if s != 0 {
			r.asked = append(r.asked, feature{key: mix(seed(style), uint32(i)), group: style, value: s})
		}
	}
	if compare && in.Post != nil {
		for i, s := range x.postFeatures(in, r) {
			if s != 0 {
				r.asked = append(r.asked, feature{key: mix(seed(post), uint32(i)), group: post, value: s})
			}
		}
	}
	r.found = x.known(r.found, r)
}

// known appends the features asked for that the vocabulary knows.
func (x *extractor) known(out []feature, r *reading) []feature {
	v, asked := x.vocabulary, r.asked
	if v == nil {
		return append(out, asked...)
	}
	at := slices.Grow(r.slots[:0], len(asked))[:len(asked)]
	for i := range asked {
		at[i] = v.at(asked[i].key)
	}
	r.slots = at
	n := len(out)
	out = slices.Grow(out, len(asked))[:n+len(asked)]
	for i := range asked {
		key := asked[i].key
		number, ok := v.resolve(key, at[i])
		if !ok {
			number = v.walk(key)
		}
		out[n] = asked[i]
		out[n].number = number
		n += isKnown(number)
	}
	return out[:n]
}

// rangeOf finds the runes of a view that come from a span of the original.
func rangeOf(v *text.View, s text.Span) (start, end int32) {
	i, j := firstFrom(v.End, s.Start+1, s.Start), firstFrom(v.Start, s.End, s.End)
	return int32(i), int32(max(i, j))
}

// firstFrom is the index of the first of some numbers in order that is least or more. It is where it is guessed to be if each character so far is one
// of the view, as in most comments.
func firstFrom(in []int32, least, guess int) int {
	if guess <= len(in) && (guess == 0 || int(in[guess-1]) < least) && (guess == len(in) || int(in[guess]) >= least) {
		return guess
	}
	i, _ := slices.BinarySearch(in, int32(least))
	return i
}

// wordFeatures asks for what the words are.
func (r *reading) wordFeatures(v *Vectors) {
	out, words := r.asked, r.words
	n := len(out)
	out = slices.Grow(out, (4+maxNear)*len(words))[:n+(4+maxNear)*len(words)]
	ask := func(key uint32, g group, start, end int32) {
		out[n].put(key, unknown, g, start, end)
		n++
	}
	for _, w := range words {
		ask(mix(seed(word), uint32(w.row)), word, int32(w.start), int32(w.end))
	}
	for i := 1; i < len(words); i++ {
		a, b := &words[i-1], &words[i]
		ask(mix(mix(seed(pair), uint32(a.row)), uint32(b.row)), pair, int32(a.start), int32(b.end))
	}
	for _, w := range words {
		start, end := int32(w.start), int32(w.end)
		ask(mix(mix(seed(cluster), 0), uint32(v.coarse[w.row])), cluster, start, end)
		ask(mix(mix(seed(cluster), 1), uint32(v.fine[w.row])), cluster, start, end)
	}
	for i, w := range words {
		h := mix(seed(near), uint32(v.coarse[w.row]))
		for _, w := range words[i+1 : min(len(words), i+1+maxNear)] {
			ask(mix(h, uint32(v.coarse[w.row])), near, 0, 0)
		}
	}
	r.asked = out[:n]
}

// valueOf is what each feature of a group counts: the different ones have together a length of at most the group's weight.
func valueOf(g group, different int) float32 {
	s := groupScale[g]
	return float32(s.weight / math.Sqrt(float64(different)+s.besides))
}

// run is a run of characters that is known so far.
type run struct {
	hash  uint32
	at    int32
	slots slots
}

// grams appends every run of 1 to maxGram runes. One that is not known has no known one that begins with it: what goes on from it
// cannot have been seen in more comments. So they are looked up by their length, all of one length at a time.
func (x *extractor) grams(out []feature, r *reading, g group, from uint32, runes []rune) []feature {
	v := x.vocabulary
	if v == nil {
		for i := range runes {
			h := from
			for n := 0; n < maxGram && i+n < len(runes); n++ {
				h = mix(h, uint32(class(runes[i+n])))
				out = append(out, feature{key: h, group: g, start: int32(i), end: int32(i + n + 1)})
			}
		}
		return out
	}
	begun, classes := slices.Grow(r.begun[:0], len(runes))[:len(runes)], slices.Grow(r.classes[:0], len(runes))[:len(runes)]
	r.begun, r.classes = begun, classes
	for i, c := range runes {
		classes[i] = uint32(class(c))
		b := &begun[i]
		b.hash, b.at = from, int32(i)
	}
	for n := range int32(maxGram) {
		if last := len(begun) - 1; last >= 0 && int(begun[last].at+n) == len(runes) {
			begun = begun[:last]
		}
		for i := range begun {
			b := &begun[i]
			b.hash = mix(b.hash, classes[b.at+n])
			b.slots = v.at(b.hash)
		}
		end, kept := len(out), 0
		out = slices.Grow(out, len(begun))[:end+len(begun)]
		for i := range begun {
			b := &begun[i]
			hash, at := b.hash, b.at
			number, ok := v.resolve(hash, b.slots)
			if !ok {
				number = v.walk(hash)
			}
			out[end+kept].put(hash, number, g, at, at+n+1)
			begun[kept].hash, begun[kept].at = hash, at
			kept += isKnown(number)
		}
		begun, out = begun[:kept], out[:end+kept]
	}
	return out
}

// edges asks for what stands before each end of a sentence, with the mark that ends it, and at the very beginning.
func (r *reading) edges() {
	out, runes := r.asked, r.Runes
	for i := 1; i <= len(runes); i++ {
		if i < len(runes) && runes[i] != '。' && runes[i] != '!' && runes[i] != '?' && runes[i] != '\n' {
			continue
		}
		h := seed(edge)
		if i < len(runes) {
			h = mix(h, uint32(runes[i]))
		}
		for n := 1; n <= maxEdge && i >= n; n++ {
			h = mix(h, uint32(class(runes[i-n])))
			out = append(out, feature{key: h, group: edge, start: int32(i - n), end: int32(i)})
		}
	}
	h := mix(seed(edge), 7)
	for n := 0; n < maxEdge-1 && n < len(runes); n++ {
		h = mix(h, uint32(class(runes[n])))
		out = append(out, feature{key: h, group: edge, start: 0, end: int32(n + 1)})
	}
	r.asked = out
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

// What a character is to style.
const (
	aKana = iota + 1
	aKata
	aKanji
	aLatin
	aHalf // half-width katakana
	anOdd // letter of another alphabet
	aWide // full-width letter, digit or mark
	aDigit
	aBreak
	anEmoji
	aMask // stands for a letter, between letters
	aMark
	isLetter = 0x80
)

// styleTable is styleOf of the basic plane, once it is filled.
var (
	styleTable [0x10000]uint8
	fillStyles = func() {
		for r := range rune(len(styleTable)) {
			styleTable[r] = styleOf(r)
		}
	}
	stylesFilled sync.Once
)

func styleOf(r rune) (b uint8) {
	switch {
	case r >= 0xFF61 && r <= 0xFF9F:
		b = aHalf
	case r >= 0xFF01 && r <= 0xFF5E:
		if !strings.ContainsRune("！？（）", r) {
			b = aWide
		}
	case r >= 0x3041 && r <= 0x3096:
		b = aKana
	case r >= 0x30A1 && r <= 0x30FA:
		b = aKata
	case unicode.Is(unicode.Han, r):
		b = aKanji
	case r < 0x80 && unicode.IsLetter(r):
		b = aLatin
	case digit(r):
		b = aDigit
	case r == '\n':
		b = aBreak
	case r >= 0x1F000:
		b = anEmoji
	case unicode.IsLetter(r) && r != 'ー':
		b = anOdd
	case strings.ContainsRune("○●〇◯×✕＊*■□", r):
		b = aMask
	case unicode.IsPunct(r) || unicode.IsSymbol(r):
		b = aMark
	}
	if unicode.IsLetter(r) {
		b |= isLetter
	}
	return b
}

func styleAt(r rune) uint8 {
	if uint32(r) < uint32(len(styleTable)) {
		return styleTable[r]
	}
	return styleOf(r)
}

const styleCount = 28

// style is how a reply is written: by this a disguise shows, whatever it hides.
func (r *reading) style(t *text.Text) []float32 {
	stylesFilled.Do(fillStyles)
	runes := t.Runes
	if MayLink(runes) {
		r.runes = withoutLinks(r.runes[:0], runes)
		runes = r.runes
	}
	runes = runes[:lastTold(runes)]
	n := len(runes)
	var marks, half, wide, digits, kana, kata, kanji, lat, emoji, odd, lines, punct int
	changes, last := 0, 0
	letter := func(i int) bool { return i >= 0 && i < n && styleAt(runes[i])&isLetter != 0 }
	for i, c := range runes {
		script := 0
		switch styleAt(c) &^ isLetter {
		case aHalf:
			half++
			script = 1
		case aWide:
			wide++
		case aKana:
			kana++
			script = 2
		case aKata:
			kata++
			script = 3
		case aKanji:
			kanji++
			script = 4
		case aLatin:
			lat++
			script = 5
		case aDigit:
			digits++
		case aBreak:
			lines++
		case anEmoji:
			emoji++
		case anOdd:
			odd++
			script = 6
		case aMask:
			if letter(i-1) || letter(i+1) {
				marks++
			} else {
				punct++
			}
		case aMark:
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
	again, longest := r.repeats(runes)
	r.styles = [styleCount]float32{
		some(marks > 0), some(marks > 2), part(half) * 2, some(half > 3), some(wide > 2), some(odd > 0), some(gone > 0), some(gone > 3), part(gone) * 4,
		some(hidden > 2), part(emoji) * 2, some(lines > 3), part(punct) * 2, part(lat), part(digits) * 2, part(kata), part(kanji), part(changes),
		float32(math.Log1p(float64(n))) / 6, some(n < 12), some(n > 80), some(n > 140), part(kana),
		again, some(again > 0.3), some(again > 0.6), longest, some(longest > 0.3),
	}
	return r.styles[:]
}

// repeats are the share of a text's runs of two characters that have stood in it before, and that of the longest run of one character.
func (r *reading) repeats(runes []rune) (again, longest float32) {
	if len(runes) < 12 {
		return 0, 0
	}
	r.set.reset(len(runes))
	n, length, most := 0, 1, 1
	for i := 1; i < len(runes); i++ {
		if !r.set.add(uint32(runes[i-1])<<16 ^ uint32(runes[i])) {
			n++
		}
		if runes[i] == runes[i-1] {
			length++
		} else {
			length = 1
		}
		most = max(most, length)
	}
	return float32(n) / float32(len(runes)), float32(most-1) / float32(len(runes))
}

// withoutLinks appends what is no link and no mention.
func withoutLinks(out, r []rune) []rune {
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

// Official is an official post as one model compares replies with it. It may be shared between goroutines.
type Official struct {
	rows, fine, coarse set // of its words; coarse of those that tell of a subject
	runs, numbers      set
	pairs              set // of characters
	about              []float32
	length             float64 // of about
	words              []int32 // rows of the first ones, for the net

	once   sync.Once
	second *neural.Post // by once
}

// Official prepares an official post.
func (m *Model) Official(t *text.Text) *Official { return m.extract.official(t) }

func (x *extractor) official(t *text.Text) *Official {
	v := x.vectors
	o := &Official{}
	words := v.find(t.Folded.Runes, nil)
	for _, s := range []*set{&o.rows, &o.fine, &o.coarse} {
		s.reset(len(words))
	}
	for _, w := range words {
		if len(o.words) < neural.MaxPost {
			o.words = append(o.words, int32(w.row))
		}
		o.rows.add(uint32(w.row))
		o.fine.add(uint32(v.fine[w.row]))
		if w.row >= everyday {
			o.coarse.add(uint32(v.coarse[w.row]))
		}
	}
	o.about = v.about(words, nil)
	o.length = length(o.about)
	runes := standIn(&t.Folded, &text.View{}).Runes
	o.runs.reset(len(runes))
	for i := range max(0, len(runes)-2) {
		o.runs.add(trigram(runes, i))
	}
	o.pairs.reset(len(runes))
	for i := range max(0, len(runes)-1) {
		o.pairs.add(bigram(runes, i))
	}
	o.numbers.reset(len(runes))
	eachNumber(runes, func(h uint32, _, _ int) { o.numbers.add(h) })
	return o
}

// facts is how many numbers postFeatures gives: 14, and three tables of cells.
const (
	cells = 66
	facts = 14 + 3*cells
)

// postFeatures compare a reply with the official post: what it is about, how much of it is copied, and whether its numbers are the post's.
func (x *extractor) postFeatures(in *Input, r *reading) []float32 {
	o, v, words := in.Post, x.vectors, r.words
	shared, content := 0, 0
	telling, alike, akin := 0, 0, 0 // words that tell of a subject, of these those near to a word of the post
	for _, w := range words {
		if w.row >= everyday {
			telling++
			if o.fine.has(uint32(v.fine[w.row])) {
				alike++
			}
			if o.coarse.has(uint32(v.coarse[w.row])) {
				akin++
			}
		}
		if w.end-w.start >= 2 {
			content++
			if o.rows.has(uint32(w.row)) {
				shared++
			}
		}
	}
	r.about = v.about(words, r.about)
	like := cosine(r.about, o.about, o.length)
	reply := in.Text.Folded.Runes
	if MayLink(reply) {
		reply = standIn(&in.Text.Folded, &r.written).Runes
	}
	r.set.reset(len(reply))
	runs, common := 0, 0
	for i := range max(0, len(reply)-2) {
		if t := trigram(reply, i); r.set.add(t) {
			runs++
			if o.runs.has(t) {
				common++
			}
		}
	}
	copied := float64(common) / float64(runs+3)
	numbers, other := 0, 0
	r.set.reset(len(reply))
	eachNumber(reply, func(h uint32, _, _ int) {
		if r.set.add(h) {
			numbers++
			if !o.numbers.has(h) {
				other++
			}
		}
	})
	out := append(
		r.post[:0],
		float32(like), float32(copied), some(copied > 0.2), some(copied > 0.45), some(shared == 0 && content > 2), float32(shared)/float32(content+2),
		some(numbers > 0 && other == 0), some(other > 0), some(other > 0 && copied > 0.15), some(other > 0 && copied > 0.35), some(like < 0.1 && content > 3),
		some(like < 0.3 && content > 3), some(common > 3 && other > 0), some(common == 0),
	)
	// How alike they are, by how much there is to compare: a table each.
	size := step(telling, 0, 1, 2, 4, 7)
	for _, t := range [...]int{
		size*11 + min(10, max(0, int(like*12))),
		size*4 + step(telling-akin, 0, 1, 3),
		size*4 + step(alike, 0, 1, 2),
	} {
		for i := range cells {
			if i == t {
				out = append(out, 0.7)
			} else {
				out = append(out, 0)
			}
		}
	}
	r.post = out
	return out
}

// Likeness is the cosine of what two texts talk about, and how many words of the first tell of a subject.
func (v *Vectors) Likeness(a, b *text.Text) (cos float64, telling int) {
	x, r := extractor{vectors: v}, &reading{}
	x.view(a, r)
	x.find(r)
	for _, w := range r.words {
		if w.row >= everyday {
			telling++
		}
	}
	other := v.about(v.find(b.Folded.Runes, nil), nil)
	return cosine(v.about(r.words, nil), other, length(other)), telling
}

// about is the sum of words' vectors, each by how much it tells: what they are about. It is put into sum, if that has room.
func (v *Vectors) about(words []wordAt, sum []float32) []float32 {
	if len(sum) != v.dims {
		sum = make([]float32, v.dims)
	}
	clear(sum)
	var at [64]int32
	var by [64]float32
	for some := range slices.Chunk(words, len(at)) {
		for i, w := range some {
			at[i], by[i] = int32(w.row), v.rare[w.row]*v.scale[w.row]
		}
		kernel.Sum(sum, v.data, at[:len(some)], by[:len(some)])
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

// trigram hashes the three runes from i on.
func trigram(r []rune, i int) uint32 {
	return mix(mix(mix(seed(post), uint32(r[i])), uint32(r[i+1])), uint32(r[i+2]))
}

// bigram hashes the two runes from i on.
func bigram(r []rune, i int) uint32 {
	return mix(mix(seed(post), uint32(r[i])), uint32(r[i+1]))
}

// eachNumber calls f for each run of digits, runes [from,to).
func eachNumber(r []rune, f func(hash uint32, from, to int)) {
	for i := 0; i < len(r); {
		if !digit(r[i]) {
			i++
			continue
		}
		h, from := seed(post), i
		for i < len(r) && digit(r[i]) {
			h = mix(h, uint32(r[i]))
			i++
		}
		f(h, from, i)
	}
}
