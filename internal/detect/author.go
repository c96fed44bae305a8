package detect

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/kotomori/kotomori/internal/text"
)

// maxAuthor is how many characters of a name or handle are looked at.
const maxAuthor = 200

// findOfficial reports a name or handle (in.Text) that passes for the office: equal or nearly equal to one of the
// office's names or handles once look-alike letters are the same, holding one whole, or holding an office's title.
// The real account's own handle is reported too: only the caller knows who writes.
func findOfficial(in *Input, found func(text.Span)) {
	v := &in.Text.Plain
	r := v.Runes
	if len(r) > maxAuthor {
		r = r[:maxAuthor]
	}
	i, j := 0, len(r)
	for i < j && !isWord(r[i]) {
		i++
	}
	for j > i && !isWord(r[j-1]) {
		j--
	}
	if i == j || disclaims.in(r) {
		return
	}
	if posesAs(r[i:j], in.Office) {
		found(v.Span(i, j))
		return
	}
	if s, e, ok := officeTitle(r, in.Office); ok {
		found(v.Span(s, e))
	}
}

// disclaims are words by which a name says that it is not the office.
var disclaims = newWords("非公式", "ひこうしき", "unofficial", "not official", "パロディ", "parody", "ファン", "応援", "を応援", "を考える", "を守る", "被害者", "アンチ", "反対", "bot", "ボット", "なりきり", "ウォッチ", "watch", "利用者", "登録団体", "勝手に", "元職員", "なりすまし注意", "偽物注意", "の友", "出身", "在住", "大好き", "好き", "ラブ", "love", "fan", "民の声", "市民の会", "有志", "情報まとめ", "まとめ", "の近く", "の隣", "の前の", "の裏")

// lookalikes are letters and digits that pass for another, all in the basic plane, by the one that stands for all of them; 0 where there is
// none. Katakana are read as hiragana first. Both sides are folded, so it does no harm that 5 and s are one.
var lookalikes = func() (m [1 << 16]uint16) {
	for _, g := range []string{
		"oо0οօ〇○", "li1|!іιӏıl", "aа@αɑ", "eеε3", "pрρ", "cсϲ", "yуγү", "xхχ", "kкκ", "sѕ5$", "jјϳ", "dԁ", "tтτ", "uυսμ", "vνѵ", "wωѡ", "mм", "nпηո", "hһнհ", "bьβ8", "rг", "gɡց9", "qԛ",
		"ろ口", "か力", "に二", "え工", "た夕", "と卜", "は八", "ー一―", "そん", "さち", "日曰", "未末", "土士", "己已巳", "和咊", "光灮", "市巿", "協恊", "働仂", "公厶", "推摧", "民氏",
	} {
		first := uint16([]rune(g)[0])
		for _, c := range g {
			m[c] = first
		}
	}
	return m
}()

// foldAuthor is a name without marks, with look-alikes folded.
func foldAuthor(r []rune) []rune {
	out := make([]rune, 0, len(r))
	for _, c := range r {
		if 'ァ' <= c && c <= 'ヶ' {
			c -= 'ァ' - 'ぁ'
		}
		if uint32(c) < uint32(len(lookalikes)) && lookalikes[c] != 0 {
			c = rune(lookalikes[c])
		}
		if isWord(c) {
			out = append(out, c)
		}
	}
	return merge(merge(out, 'r', 'n', 'm'), 'v', 'v', 'w')
}

// merge puts one letter in place of each two that look like it, in the memory of r.
func merge(r []rune, first, second, one rune) []rune {
	n := 0
	for i := 0; i < len(r); i, n = i+1, n+1 {
		r[n] = r[i]
		if r[i] == first && i+1 < len(r) && r[i+1] == second {
			r[n] = one
			i++
		}
	}
	return r[:n]
}

// trappings may be put before or after a name without making it another's.
var trappings = func() []string {
	var l []string
	for _, s := range []string{"公式アカウント", "公式", "オフィシャル", "official", "アカウント", "account", "ツイッター", "twitter", "フェイスブック", "facebook", "ブログ", "blog", "新アカウント", "新アカ", "サブアカ", "サブ", "予備", "臨時", "移行先", "第二", "本物", "real", "the", "jp", "japan", "info", "news", "support", "サポート", "help", "admin", "staff", "事務局", "広報", "お知らせ", "情報", "x", "new", "sub"} {
		l = append(l, string(foldAuthor([]rune(s))))
	}
	return l
}()

// bare is a folded name without trappings and without the digits at its end.
func bare(s string) string {
	for {
		was := s
		for _, t := range trappings {
			if len(s) > len(t) {
				s = strings.TrimPrefix(strings.TrimSuffix(s, t), t)
			}
		}
		if s == was {
			return s
		}
	}
}

// authorForm is one form of a folded name, by bytes and by characters.
type authorForm struct {
	s string
	r []rune
}

func newForm(s string) authorForm { return authorForm{s, []rune(s)} }

// withBare appends the form of a folded name, and of what is left of it without trappings.
func withBare(forms []authorForm, folded []rune) []authorForm {
	form := authorForm{string(folded), folded}
	forms = append(forms, form)
	if b := bare(form.s); b != form.s {
		forms = append(forms, newForm(b))
	}
	return forms
}

// posesAs reports that the name or handle r is the office's, nearly so, or holds it.
func posesAs(r []rune, o Office) bool {
	// Digits go before folding, which makes letters of them.
	digits := len(r)
	for digits > 0 && (isDigit(r[digits-1]) || r[digits-1] == '_') {
		digits--
	}
	forms := withBare(make([]authorForm, 0, 4), foldAuthor(r))
	if digits < len(r) {
		forms = withBare(forms, foldAuthor(r[:digits]))
	}
	like := func(want authorForm) bool {
		for _, f := range forms {
			if f.s != "" && (near(f.r, want.r) || len(want.r) >= 6 && strings.Contains(f.s, want.s)) {
				return true
			}
		}
		return false
	}
	for _, names := range [][]string{o.Names, o.Handles} {
		for _, n := range names {
			if slices.ContainsFunc(officialForms(n), like) {
				return true
			}
		}
	}
	return false
}

// formsOf remembers officialForms: the same few names are asked for with every reply.
var formsOf struct {
	sync.RWMutex
	m map[string][]authorForm
}

// maxForms bounds what is remembered; no installation has that many accounts.
const maxForms = 1000

// officialForms are the folded forms of an office's name or handle that count as it: the whole, the whole without
// trappings, and the same of its parts, since わこらぼ／和光市市民協働推進センター is two names.
func officialForms(name string) []authorForm {
	formsOf.RLock()
	forms, ok := formsOf.m[name]
	formsOf.RUnlock()
	if ok {
		return forms
	}
	add := func(s string) {
		if s != "" && !slices.ContainsFunc(forms, func(f authorForm) bool { return f.s == s }) {
			forms = append(forms, newForm(s))
		}
	}
	whole := string(foldAuthor([]rune(text.Plain(strings.TrimPrefix(name, "@")))))
	add(whole)
	add(bare(whole))
	for _, part := range strings.FieldsFunc(name, func(c rune) bool { return strings.ContainsRune("/／|｜・ 　()（）【】@＠", c) }) {
		p := string(foldAuthor([]rune(text.Plain(part))))
		if b := bare(p); utf8.RuneCountInString(b) >= 4 {
			add(p)
			add(b)
		}
	}
	formsOf.Lock()
	defer formsOf.Unlock()
	if formsOf.m == nil || len(formsOf.m) >= maxForms {
		formsOf.m = map[string][]authorForm{}
	}
	formsOf.m[name] = forms
	return forms
}

// near reports that two folded names are equal, or one slip apart from six characters on, or two from ten on. Short names differ by
// a letter only: さいたま市 and さいたま市民.
func near(a, b []rune) bool {
	n := max(len(a), len(b))
	limit := 0
	switch {
	case n > maxAuthor:
		return false
	case min(len(a), len(b)) >= 10:
		limit = 2
	case min(len(a), len(b)) >= 7:
		limit = 1
	}
	d := a
	if len(d)-len(b) > limit || len(b)-len(d) > limit {
		return false
	}
	if limit == 0 {
		return slices.Equal(a, b)
	}
	return distance(a, b) <= limit
}

// distance counts insertions, deletions, changes and swaps of neighbours (optimal string alignment). Neither has more than maxAuthor characters.
func distance(a, b []rune) int {
	var rows [3][maxAuthor + 1]uint8
	for j := range b {
		rows[1][j+1] = uint8(j + 1)
	}
	for i := 1; i <= len(a); i++ {
		two, one, cur := &rows[(i+2)%3], &rows[i%3], &rows[(i+1)%3]
		cur[0] = uint8(i)
		for j := 1; j <= len(b); j++ {
			cost := uint8(1)
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(one[j]+1, cur[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], two[j-2]+1)
			}
		}
	}
	return int(rows[(len(a)+1)%3][len(b)])
}

var (
	officeTitles = newWords("市役所", "区役所", "町役場", "村役場", "県庁", "副市長", "市長", "町長", "村長", "広報課", "広報広聴課", "市民協働推進課", "市民協働推進センター", "市民活動推進課", "協働推進課", "協働推進センター", "市民課", "市政情報", "市広報", "コールセンター", "市職員", "市役所職員", "選挙管理委員会", "教育委員会")
	// titleTails may follow a title within a name.
	titleTails = newWords("公式", "お知らせ", "情報", "広報", "担当", "職員", "アカウント", "本人", "official", "窓口", "です", "より", "から", "防災", "災害", "総務", "市民", "福祉", "税", "課", "係", "室", "本物", "対策本部")
	former     = newWords("元", "前", "初代", "次期", "未来の", "目指せ", "自称", "脱", "反", "ミスター", "将来の", "歴代")
	cityUnits  = newWords("課", "室", "窓口", "事務局", "対策本部", "相談センター", "支援センター", "活動センター", "保健センター", "推進センター", "サポートセンター", "福祉センター")
)

// officeTitle finds an office's title in a name: 市役所, 市長, さいたま市防災課, 【公式】 beside the city's name.
func officeTitle(r []rune, o Office) (start, end int, ok bool) {
	for i := range r {
		j := officeTitles.at(r, i)
		if j < 0 && isCity(r, i) { // 和光市防災課
			for k := i + 1; k < len(r) && k-i <= 14 && isWord(r[k]) && !isHira(r[k]); k++ {
				if e := cityUnits.at(r, k); e >= 0 {
					j = e
				}
			}
		}
		if j < 0 {
			continue
		}
		s := i
		for s > 0 && isWord(r[s-1]) {
			s--
		}
		if formerIn(r[s:i]) || !endsTitle(r, j) {
			continue
		}
		return s, j, true
	}
	return officialMark(r, o)
}

// isCity reports a 市, 区 or 町 at r[i] that ends a name.
func isCity(r []rune, i int) bool {
	return i > 0 && (r[i] == '市' || r[i] == '区' || r[i] == '町') && (isHan(r[i-1]) || isHira(r[i-1]) || isKata(r[i-1])) && runeAt(r, i+1) != '民'
}

func formerIn(r []rune) bool {
	for i := range r {
		if former.at(r, i) >= 0 {
			return true
		}
	}
	return false
}

// endsTitle reports that a title that ends at r[i] is what its bearer claims to be: 市長 does, 市長になりたい does not.
func endsTitle(r []rune, i int) bool {
	for i < len(r) && isWord(r[i]) {
		if isDigit(r[i]) || isLatin(r[i]) && i > 0 && !isLatin(r[i-1]) {
			return true
		}
		e := titleTails.at(r, i)
		if e < 0 {
			return false
		}
		i = e
	}
	return true
}

// generic are the words that may stand beside 公式 in a name that says nothing else, and those that speak of a city.
var (
	officialMarks = newWords("公式", "official", "オフィシャル")
	generic       = newWords("アカウント", "お知らせ", "広報", "情報", "サポート", "事務局", "運営", "窓口", "センター", "x", "twitter", "ツイッター", "facebook", "account", "support", "info", "サブ", "新", "の", "より", "からの", "市", "緊急", "速報", "係", "課")
	civic         = newWords("市役所", "区役所", "役場", "市民協働", "市民活動", "協働推進", "広報課", "課", "市広報", "市民センター", "市公式", "区公式", "町公式", "県公式")
)

// officialMark reports 公式 in a name that has nothing else but generic words, or a city or civic word. ラーメン太郎【公式】 is a shop.
func officialMark(r []rune, o Office) (start, end int, ok bool) {
	i, j := officialMarks.index(r, 0)
	if i < 0 || isLatin(r[i]) && (isLatinOrDigit(runeAt(r, i-1)) || isLatin(runeAt(r, j))) {
		return 0, 0, false
	}
	rest := append(append([]rune(nil), r[:i]...), ' ')
	rest = append(rest, r[j:]...)
	if civic.in(r) || cityName(rest, o) {
		return i, j, true
	}
	for k := 0; k < len(rest); {
		if !isWord(rest[k]) || isDigit(rest[k]) {
			k++
			continue
		}
		e := generic.at(rest, k)
		if e < 0 {
			return 0, 0, false
		}
		k = e
	}
	return i, j, true
}

// cityName reports that r is nothing but the city's name as the office's names begin with it (さいたま市, 和光市), generic words aside.
func cityName(r []rune, o Office) bool {
	var word []rune
	for _, c := range r {
		if isWord(c) && !unicode.IsDigit(c) {
			word = append(word, c)
		}
	}
	s := string(word)
	for _, n := range o.Names {
		p := text.Plain(n)
		k := strings.Index(p, "市")
		if k <= 0 {
			continue
		}
		city := p[:k]
		if f := strings.FieldsFunc(city, func(c rune) bool { return !isWord(c) }); len(f) > 0 {
			city = f[len(f)-1]
		}
		if rest, ok := strings.CutPrefix(s, city); ok {
			rest = strings.TrimPrefix(rest, "市")
			if rest == "" || generic.is([]rune(rest)) || civic.is([]rune(rest)) {
				return true
			}
		}
	}
	return false
}
