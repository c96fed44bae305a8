package detect

import (
	"slices"
	"sort"
	"strings"

	"github.com/kotomori/kotomori/internal/text"
)

const (
	alteredLeast = 8    // characters, marks aside, that a stretch needs
	alignCap     = 1200 // characters of reply and of post that are aligned; cost grows with their product
	likeness     = 0.6  // share of a stretch that must be the post's, altered facts aside
	looseLength  = 10   // characters that a stretch outside of quotation marks needs
)

// findAltered reports stretches that give themselves out as the official post's words and are not. They are quoted
// (「…」, ＞, 公式: …, RT) or run along the post for long; and where they leave it, a number, date, time, weekday, amount,
// place, negation or condition differs, or the noun at stake. A shortening that leaves facts out, a question, a wish and
// a correction alter nothing.
func findAltered(in *Input, found func(text.Span)) {
	v := &in.Text.Plain
	if !in.Post.mayShare(v.Runes, kindredLeast) {
		return
	}
	a, b := strip(v.Runes).aligned(), in.Post.strip().aligned()
	if len(a.runes) < alteredLeast || len(b.runes) < alteredLeast || !kindred(a.runes, b.runes) {
		return
	}
	c := comparison{a: a, b: b, in: in}
	altered := func(m match, quoted bool) bool {
		if !c.factual {
			c.fa, c.fb, c.factual = a.facts(), in.Post.alignedFacts(), true
		}
		return c.altered(m, quoted)
	}

	// free is a with what has been dealt with blanked out, so that it aligns with nothing.
	free := append([]rune(nil), a.runes...)
	wipe := func(i, j int) {
		for k := i; k < j; k++ {
			free[k] = -1
		}
	}
	quoted := func(i, j int) {
		i, j = a.index(i), a.index(j)
		if i >= j || free[i] < 0 {
			return
		}
		if j-i >= alteredLeast {
			m := align(a.runes[i:j], b.runes, true).shift(i)
			if altered(m, true) {
				found(v.Span(a.at[i], a.at[j-1]+1))
			}
			if len(m.gaps()) > 0 { // a true quotation may be part of a longer stretch
				wipe(i, j)
			}
		}
	}
	findQuotations(a.plain, quoted)
	findCited(a.plain, quoted)

	for range 3 {
		m := align(free, b.runes, false)
		if m.aEnd-m.aStart < looseLength {
			return
		}
		if altered(m, false) {
			found(v.Span(a.at[m.aStart], a.at[m.aEnd-1]+1))
		}
		wipe(m.aStart, m.aEnd)
	}
}

// kindredLeast is how many runs of four letters, two at most, a reply of so many must share with the post to be worth aligning.
func kindredLeast(letters int) int {
	if letters < 2*looseLength {
		return 1
	}
	return 2
}

// kindred reports that reply and post share kindredLeast different runs of four letters.
func kindred(a, b []rune) bool {
	var seen runSet
	for i := 0; i+gramLength <= len(a); i++ {
		seen.add(a[i : i+gramLength])
	}
	var last []rune // of those that are shared; there are no more than two to count
	n := kindredLeast(len(a))
	for i := 0; i+gramLength <= len(b) && n > 0; i++ {
		if run := b[i : i+gramLength]; seen.has(run) && !slices.Equal(run, last) && holds(a, run) {
			last = run
			n--
		}
	}
	return n <= 0
}

// holds says whether a run stands somewhere in s.
func holds(s, run []rune) bool {
	for i := 0; i+len(run) <= len(s); i++ {
		if slices.Equal(s[i:i+len(run)], run) {
			return true
		}
	}
	return false
}

var citations = newWords("【公式発表】", "【訂正】", "【公式】", "【市からのお知らせ】", "【センターからのお知らせ】", "公式:", "公式発表:", "市の発表:", "市より:", "市から:", "市公式:", "公式より:", "お知らせ:", "原文:", "引用:", "元ツイート:", "元ポスト:", "元投稿:", "rt ", "qt ", "公式によると", "公式「", "市のツイート:", "センターより:", "課より:")

// findCited reports what follows 公式: or RT up to the line's end.
func findCited(r []rune, found func(i, j int)) {
	for i := 0; i < len(r); i++ {
		j := citations.at(r, i)
		if j < 0 || isLatin(r[i]) && isWord(runeAt(r, i-1)) {
			continue
		}
		e := j
		for e < len(r) && !isLineEnd(r[e]) {
			e++
		}
		found(j, e)
		i = e
	}
}

// match is an alignment: pairs of equal characters of a[aStart:aEnd] and b[bStart:bEnd], both rising.
type match struct {
	aStart, aEnd, bStart, bEnd int
	pairs                      [][2]int
}

func (m match) shift(i int) match {
	m.aStart += i
	m.aEnd += i
	for k := range m.pairs {
		m.pairs[k][0] += i
	}
	return m
}

// align finds the best alignment (Smith–Waterman) of a stretch of a with one of b; with fit, of all of a.
func align(a, b []rune, fit bool) match {
	const (
		same = 2
		diff = -1
		gap  = -1
	)
	const (
		stop = iota
		diagonal
		up   // a's character has no counterpart
		left // b's has none
	)
	w := len(b) + 1
	score := make([]int32, 2*w)
	from := make([]uint8, (len(a)+1)*w)
	prev, cur := score[:w], score[w:]
	var best int32
	bi, bj := 0, 0
	for i := 1; i <= len(a); i++ {
		cur[0] = 0
		if fit {
			cur[0] = int32(i) * gap
			from[i*w] = up
		}
		for j := 1; j <= len(b); j++ {
			s, f := prev[j-1]+diff, uint8(diagonal)
			if a[i-1] == b[j-1] {
				s = prev[j-1] + same
			}
			if x := prev[j] + gap; x > s {
				s, f = x, up
			}
			if x := cur[j-1] + gap; x > s {
				s, f = x, left
			}
			if !fit && s <= 0 {
				s, f = 0, stop
			}
			cur[j], from[i*w+j] = s, f
			if !fit && s > best || fit && i == len(a) && (s > best || bi == 0) {
				best, bi, bj = s, i, j
			}
		}
		prev, cur = cur, prev
	}
	m := match{aEnd: bi, bEnd: bj}
	i, j := bi, bj
	for from[i*w+j] != stop {
		switch from[i*w+j] {
		case diagonal:
			i, j = i-1, j-1
			if a[i] == b[j] {
				m.pairs = append(m.pairs, [2]int{i, j})
			}
		case up:
			i--
		case left:
			j--
		}
	}
	m.aStart, m.bStart = i, j
	for x, y := 0, len(m.pairs)-1; x < y; x, y = x+1, y-1 {
		m.pairs[x], m.pairs[y] = m.pairs[y], m.pairs[x]
	}
	return m
}

// comparison is a reply a and a post b with their facts.
type comparison struct {
	a, b    stripped
	fa, fb  []fact
	factual bool // whether they are known: few replies come so near to the post
	in      *Input
}

// gap is a place where an alignment is not equal: a[a0:a1] stands for b[b0:b1].
type gap struct{ a0, a1, b0, b1 int }

func (m match) gaps() []gap {
	var out []gap
	a, b := m.aStart, m.bStart
	for _, p := range m.pairs {
		if p[0] > a || p[1] > b {
			out = append(out, gap{a, p[0], b, p[1]})
		}
		a, b = p[0]+1, p[1]+1
	}
	if m.aEnd > a || m.bEnd > b {
		out = append(out, gap{a, m.aEnd, b, m.bEnd})
	}
	return out
}

// altered reports that the stretch m says something else than the post in the post's words.
func (c *comparison) altered(m match, quoted bool) bool {
	if len(m.pairs) == 0 {
		return false
	}
	gaps := m.gaps()
	if !quoted { // a fact that only its tail aligns: 15日 for 29日 at the start
		gaps = append(gaps, gap{m.aStart, m.aStart, m.bStart, m.bStart}, gap{m.aEnd, m.aEnd, m.bEnd, m.bEnd})
	}
	if len(gaps) == 0 {
		return false
	}
	var changed []fact // of a
	hit := false
	for _, g := range gaps {
		f, ok := c.differ(m, g, quoted)
		changed = append(changed, f...)
		if ok && !c.excused(g, m, quoted) {
			hit = true
		}
	}
	if !hit {
		return false
	}
	// Altered facts count as one character each, or a long number would make a short frame unlike.
	inChanged := func(i int) bool {
		for _, f := range changed {
			if i >= f.start && i < f.end {
				return true
			}
		}
		return false
	}
	matched, content, matchedContent := 0, 0, 0
	for _, p := range m.pairs {
		if inChanged(p[0]) {
			continue
		}
		matched++
		if isContent(c.a.runes[p[0]]) {
			matchedContent++
		}
	}
	length := len(changed)
	for i := m.aStart; i < m.aEnd; i++ {
		if !inChanged(i) {
			length++
			if isContent(c.a.runes[i]) {
				content++
			}
		}
	}
	if length == 0 || float64(matched) < likeness*float64(length) || matched < 4 {
		return false
	}
	if m.aEnd-m.aStart < looseLength && matched < 6 {
		return false
	}
	if quoted {
		return true
	}
	return matchedContent >= 6 && float64(matchedContent) >= likeness*float64(content) && len(changed) <= 4
}

// overlapping are the facts that [i,j) touches; an empty [i,i) touches those around it.
func overlapping(f []fact, i, j int) []fact {
	var out []fact
	for _, x := range f {
		if i == j && x.start < i && x.end > i || x.start < j && x.end > i {
			out = append(out, x)
		}
	}
	return out
}

// differ compares the facts at a gap. It gives those of the reply that differ.
func (c *comparison) differ(m match, g gap, quoted bool) (changed []fact, differs bool) {
	fa, fb := overlapping(c.fa, g.a0, g.a1), overlapping(c.fb, g.b0, g.b1)
	if g.a0 == g.a1 { // 不要 for 要: what is left of the word touches the place
		for _, x := range c.fa {
			if (x.start == g.a0 || x.end == g.a0) && isPolarity(x.kind) {
				fa = append(fa, x)
			}
		}
	}
	if g.b0 == g.b1 {
		for _, x := range c.fb {
			if (x.start == g.b0 || x.end == g.b0) && isPolarity(x.kind) {
				fb = append(fb, x)
			}
		}
	}
	for _, x := range fa {
		same, other := false, false
		for _, y := range fb {
			if x.kind == y.kind {
				if equalFacts(x, y) {
					same = true
				} else {
					other = true
				}
			}
		}
		switch {
		case same:
		case other:
			if !quoted && isPolarity(x.kind) && x.kind != "money" && !m.flanked(g, 3) {
				continue
			}
			changed = append(changed, x)
			differs = true
		case x.kind == "hold" && denials[x.value] && !c.inPost(x) && m.flanked(g, 3): // …は中止します for …を5月29日に開きます
			changed = append(changed, x)
			differs = true
		case g.b0 == g.b1 && !c.inPost(x):
			// Put in where the post has nothing.
			if isPolarity(x.kind) && denials[x.value] && x.kind != "need" && x.kind != "exist" && (quoted || m.flanked(g, 4)) ||
				quoted && (x.kind == "date" || x.kind == "time" || x.kind == "money" || x.kind == "percent") {
				changed = append(changed, x)
				differs = true
			}
		}
	}
	if differs {
		return changed, true
	}
	if len(fa) == 0 && len(fb) == 0 && c.nouns(m, g, quoted) {
		return []fact{{start: g.a0, end: g.a1, kind: "noun"}}, true
	}
	return changed, false
}

func isPolarity(kind string) bool {
	switch kind {
	case "number", "percent", "date", "weekday", "time", "money-foreign":
		return false
	}
	return !strings.HasPrefix(kind, "venue ")
}

// equalFacts compares facts of one kind. 2時 equals 14時 where the half of the day is not said; 浦和区 equals さいたま市浦和区;
// 29日 equals 5月29日.
func equalFacts(x, y fact) bool {
	if x.value == y.value {
		return true
	}
	switch {
	case x.kind == "time":
		vx, vy := strings.TrimSuffix(x.value, "?"), strings.TrimSuffix(y.value, "?")
		if vx == vy {
			return true
		}
		return (vx != x.value || vy != y.value) && apart(vx, vy) == 720
	case x.kind == "date":
		mx, dx, okx := strings.Cut(x.value, "/")
		my, dy, oky := strings.Cut(y.value, "/")
		return okx && oky && (mx == my || mx == "" || my == "") && (dx == dy || dx == "" || dy == "") || okx != oky
	case strings.HasPrefix(x.kind, "venue "):
		return strings.HasSuffix(x.value, y.value) || strings.HasSuffix(y.value, x.value)
	case x.kind == "money":
		return x.value == "some" && y.value != "0" || y.value == "some" && x.value != "0"
	}
	return false
}

// apart is the distance of two whole numbers.
func apart(x, y string) int {
	n := func(s string) (v int) {
		for _, c := range s {
			v = v*10 + int(c-'0')
		}
		return v
	}
	d := n(x) - n(y)
	return max(d, -d)
}

// inPost reports that the post says x elsewhere.
func (c *comparison) inPost(x fact) bool {
	for _, y := range c.fb {
		if x.kind == y.kind && equalFacts(x, y) {
			return true
		}
	}
	return false
}

// flanked reports n aligned characters in a row on both sides of the gap.
func (m match) flanked(g gap, n int) bool {
	before, after := 0, 0
	for k := range m.pairs {
		switch p := m.pairs[k]; {
		case p[0] < g.a0 && p[0] >= g.a0-n && g.a0-p[0] == g.b0-p[1]:
			before++
		case p[0] >= g.a1 && p[0] < g.a1+n && p[0]-g.a1 == p[1]-g.b1:
			after++
		}
	}
	return before >= n && after >= n
}

// synonyms are nouns that an honest summary exchanges.
var synonyms = [][]string{
	{"開催", "実施", "開かれ", "催し"},
	{"申込", "申し込み", "申込み", "応募", "エントリー", "予約"},
	{"場所", "会場", "開催場所"},
	{"参加費", "費用", "料金", "会費"},
	{"電話", "tel", "連絡"},
	{"問合せ", "問い合わせ", "お問い合わせ", "連絡先"},
	{"子供", "子ども", "こども", "お子さん", "お子様", "児童"},
	{"日時", "日程", "日にち", "開催日"},
	{"詳細", "詳しく", "詳しい"},
	{"イベント", "催し", "行事"},
	{"ボランティア", "スタッフ", "お手伝い"},
	{"持ち物", "持参", "用意"},
	{"市民", "住民", "皆さん", "皆様", "みなさん", "みなさま"},
	{"お知らせ", "案内", "ご案内"},
}

// nouns reports that at the gap one noun stands for another within the same frame.
func (c *comparison) nouns(m match, g gap, quoted bool) bool {
	x, y := c.a.runes[g.a0:g.a1], c.b.runes[g.b0:g.b1]
	if len(x) > 12 || len(y) > 12 || !nounlike(x) || !nounlike(y) {
		return false
	}
	for _, p := range x {
		for _, q := range y {
			if p == q && isContent(p) {
				return false // a longer or shorter form of the same
			}
		}
	}
	for _, set := range synonyms {
		sx, sy := false, false
		for _, s := range set {
			sx = sx || strings.Contains(string(x), s)
			sy = sy || strings.Contains(string(y), s)
		}
		if sx && sy {
			return false
		}
	}
	if quoted {
		return m.flanked(g, 1)
	}
	// Polite formulas share their frames too: only a long frame full of matter counts.
	content := 0
	for _, p := range m.pairs {
		if isContent(c.a.runes[p[0]]) {
			content++
		}
	}
	return m.flanked(g, 4) && content >= 12 && float64(len(m.pairs)) >= 0.75*float64(m.aEnd-m.aStart)
}

// nounlike reports two or more letters other than hiragana and hardly any hiragana.
func nounlike(r []rune) bool {
	content := 0
	for _, c := range r {
		if isContent(c) {
			content++
		}
	}
	return content >= 2 && len(r)-content <= 1
}

var (
	// corrections follow a stretch that its writer does not stand by.
	corrections = newWords("ではなく", "じゃなく", "の間違い", "の誤り", "間違って", "誤植", "ですよね", "かと思", "と思って", "と勘違", "勘違い", "というデマ", "は嘘", "はデマ", "というのは", "書いてあり", "書いてある", "と聞い", "ってデマ", "偽")
	// wishes make a stretch the writer's own.
	wishes = newWords("ほしい", "欲しい", "希望", "がいい", "が良い", "だったら", "ではなく", "じゃなく", "と思って", "かと思", "間違", "勘違", "と聞い", "できれば", "来年", "次回", "去年", "昨年", "前回", "以前は", "なら行", "なら参加", "お願いしたい", "たらいい", "べき", "てくれ", "うれしい", "嬉しい", "残念", "行けな", "行けませ", "参加できませ", "参加できな", "仕事", "予定が", "用事", "ですよね", "でしたよね", "でしたね", "ようですが", "のかと", "私は", "うちは", "我が家", "参加しまし", "行きまし", "伺いま", "参加します", "行きます", "参加させて", "申し込みまし", "申込みまし", "申し込んだ", "楽しみ")
)

// excused reports that the sentence around the gap asks, wishes or corrects.
func (c *comparison) excused(g gap, m match, quoted bool) bool {
	v := &c.in.Text.Plain
	r := c.a.plain
	last := len(c.a.at) - 1
	first := c.a.at[min(max(0, g.a0-1), last)]
	if quoted {
		first = c.a.at[min(m.aStart, last)]
	}
	end := c.a.at[min(max(g.a1, m.aEnd)-1, last)] + 1
	from, to := int(v.Start[first]), int(v.End[end-1])
	ends := map[int]bool{}
	for _, s := range c.in.Text.Sentences {
		ends[s.End] = true
		// The sentence that the stretch ends in, or for a quotation the one that goes on behind it.
		if s.End <= from || s.Start >= to && (!quoted || s.Start > to+2) {
			continue
		}
		i := sort.Search(len(r), func(k int) bool { return int(v.Start[k]) >= s.Start })
		j := sort.Search(len(r), func(k int) bool { return int(v.Start[k]) >= s.End })
		if i >= j {
			continue
		}
		tail := r[i:j]
		if quoted {
			tail = r[min(max(i, end), j):j]
		}
		if asksIn(trimBlanks(tail)) || corrections.in(tail) {
			return true
		}
		if !quoted && wishes.in(r[i:j]) {
			return true
		}
	}
	return false
}
