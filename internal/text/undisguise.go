package text

import "strings"

// undisguise makes a view of Plain in which letters that pose as others are put right, or the zero View where there are none. What
// a writer can have meant innocently stays: each kind of disguise asks for a context in which nothing else makes sense.
//
//   - Letters of other alphabets that look Latin (vіrus with a Cyrillic і) beside Latin ones.
//   - Digits and marks for letters (v1ru5, @) within a word of Latin letters.
//   - Rare kanji that look like katakana (ク儿ド) beside katakana.
//   - A kanji written as its parts (タヒ for 死, ネ申 for 神), where the parts make no word.
//   - Letters made of several signs (レヽ for い, |よ for は), as girls wrote mails around 2005.
//   - Small kana where only a large one can be read (ゃばぃ, かゎいい).
//   - Japanese written in Latin letters (baka), where the whole run reads as syllables and no English stands beside it.
//
// altered tells which code points of the original were put right.
func undisguise(plain View) (v View, altered map[int32]bool) {
	r := plain.Runes
	romaji := romanised(r)
	ampersand := -maxEntity // after one, a letter put right might make an HTML entity
	for i := 0; i < len(r); {
		switch r[i] {
		case '&':
			ampersand = i
		case ';', ' ', '\n':
			ampersand = i - maxEntity
		}
		n, by := posing(r, i)
		if i-ampersand < maxEntity && n > 0 && by[0] < 0x80 {
			n = 0
		}
		if n == 0 && romaji != nil && romaji[i].n > 0 {
			n, by = romaji[i].n, romaji[i].kana
		}
		if n == 0 {
			if altered != nil {
				v.push(r[i], plain.Start[i], plain.End[i])
			}
			i++
			continue
		}
		if altered == nil {
			v, altered = plain.cut(i), map[int32]bool{}
		}
		for _, c := range by {
			v.push(c, plain.Start[i], plain.End[i+n-1])
		}
		altered[plain.Start[i]] = true
		i += n
	}
	return v, altered
}

// cyrillic and Greek letters that look like Latin ones, in lower case.
var lookLatin = map[rune]rune{
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'һ': 'h', 'і': 'i', 'ј': 'j', 'к': 'k', 'м': 'm', 'п': 'n', 'о': 'o', 'р': 'p', 'ԛ': 'q', 'г': 'r',
	'ѕ': 's', 'т': 't', 'у': 'y', 'х': 'x', 'ѡ': 'w', 'α': 'a', 'β': 'b', 'ε': 'e', 'η': 'n', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't',
	'υ': 'u', 'χ': 'x', 'ω': 'w', 'γ': 'y', 'ı': 'i', 'ɡ': 'g', 'ʟ': 'l', 'ᴀ': 'a', 'ᴇ': 'e', 'ɪ': 'i', 'ᴏ': 'o', 'ᴜ': 'u',
}

// leet are signs that stand for Latin letters between Latin letters.
var leet = map[rune]rune{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', '$': 's', '!': 'i'}

// lookKatakana are kanji and signs that look like katakana.
var lookKatakana = map[rune]rune{
	// Only kanji that stand beside katakana in no common word: 力, 口, 二 and the like do (コミュ力, グルメ口コミ).
	'卜': 'ト', '厶': 'ム', '儿': 'ル', '丿': 'ノ', '乂': 'メ', '彡': 'ミ', '廾': 'サ', '巛': 'ツ', '匚': 'コ',
}

// parts are kanji written as what they are made of. Before some characters the parts are a word of their own.
var parts = []struct {
	of, by, notBefore string
}{
	{"タヒ", "死", "チボ"},
	{"ネ申", "神", ""},
	{"ネ土", "社", "会員内長外保"},
	{"カロ", "加", "リーチテ"},
	{"糸吉", "結", ""},
	{"言舌", "話", ""},
	{"弓虫", "強", ""},
	{"イ中", "仲", "国日韓米"},
	{"ナょ", "な", ""},
	{"レヽ", "い", ""},
	{"レ丶", "い", ""},
	{"ゝつ", "う", ""},
	{"|よ", "は", ""},
	{"|ま", "ほ", ""},
	{"|ナ", "け", ""},
	{"ナニ", "た", "カヨモガゴサシ"},
	{"ナこ", "た", ""},
	{"十ょ", "な", ""},
	{"千ょ", "ち", ""},
	{"l丶", "い", ""},
}

// madeOf are the parts by their first rune.
var madeOf = func() map[rune][]kanjiParts {
	m := map[rune][]kanjiParts{}
	for _, p := range parts {
		w := []rune(p.of)
		m[w[0]] = append(m[w[0]], kanjiParts{w, p.by, p.notBefore})
	}
	return m
}()

type kanjiParts struct {
	of            []rune
	by, notBefore string
}

// posing says how many runes at i pose as what.
func posing(r []rune, i int) (n int, by string) {
	c := r[i]
	at := func(k int) rune {
		if k < 0 || k >= len(r) {
			return 0
		}
		return r[k]
	}
	latinAt := func(k int) bool { return at(k) >= 'a' && at(k) <= 'z' }
	kataAt := func(k int) bool { return at(k) >= 'ァ' && at(k) <= 'ヺ' }
	switch {
	case hiraRune(c):
		if large, ok := smallKana[c]; ok && !follows(letterBefore(r, i), c) {
			return 1, large
		}
		return 0, "" // most of any text
	case c < 0x80:
		if l, ok := leet[c]; ok && latinAt(i-1) && latinAt(i+1) && !inLink(r, i) {
			return 1, string(l)
		}
		if c != '|' && c != 'l' {
			return 0, ""
		}
	}
	if l, ok := lookLatin[c]; ok {
		if latinAt(i-1) || latinAt(i+1) {
			return 1, string(l)
		}
		_, before := lookLatin[at(i-1)]
		_, after := lookLatin[at(i+1)]
		if (before && latinAt(i-2)) || (after && latinAt(i+2)) {
			return 1, string(l)
		}
		return 0, ""
	}
	for _, p := range madeOf[c] {
		if w := p.of; hasPrefix(r[i:], w) {
			next := at(i + len(w))
			if next == 0 || !strings.ContainsRune(p.notBefore, next) {
				if kataAt(i-1) && kataAt(i) || len(w) > 1 && kataAt(i+len(w)-1) && kataAt(i+len(w)) {
					continue // within a longer katakana word
				}
				return len(w), p.by
			}
		}
	}
	if k, ok := lookKatakana[c]; ok && k != c {
		// Between katakana, or after two of them at a word's end.
		if kataAt(i-1) && (kataAt(i+1) || at(i+1) == 'ー' || kataAt(i-2) && classOf(at(i+1)) != han) {
			return 1, string(k)
		}
	}
	return 0, ""
}

// smallKana are the small letters that join the syllable before them, with their large forms.
var smallKana = map[rune]string{'ゃ': "や", 'ゅ': "ゆ", 'ょ': "よ", 'ゎ': "わ", 'ぃ': "い"}

// maxApart bounds how far apart the marks between two letters may put them.
const maxApart = 8

// letterBefore is the nearest letter before i, whatever marks were put between; 0 if there is none near.
func letterBefore(r []rune, i int) rune {
	for k := i - 1; k >= 0 && k >= i-maxApart; k-- {
		if classOf(r[k]).letter() && !draws(r[k]) {
			return hiragana(r[k])
		}
	}
	return 0
}

// follows says whether the small letter c is read with the letter before it. After those of other vowels ぃ draws out a
// syllable or makes one (ねぃ, てぃ, うぃ); after an a, an o and itself it is the end of an adjective (ゃばぃ, すごぃ, かゎぃぃ).
func follows(before, c rune) bool {
	switch c {
	case 'ゎ':
		return before == 'く' || before == 'ぐ'
	case 'ぃ':
		return !strings.ContainsRune("かがさざただなはばまらわゎこごそともどのよろぼぃ", before)
	}
	return strings.ContainsRune("きぎしじちぢにひびぴみりふぶてでゔいう", before)
}

func hiraRune(r rune) bool { return r >= 0x3041 && r <= 0x3096 }

func hasPrefix(r, w []rune) bool {
	if len(r) < len(w) {
		return false
	}
	for i, c := range w {
		if r[i] != c {
			return false
		}
	}
	return true
}

// maxLink bounds how far a link is looked for, so that hostile texts stay linear.
const maxLink = 64

// linkable says whether a character may stand in a link.
func linkable(c rune) bool { return c > ' ' && c < 0x7f }

// linkableRun is the run of linkable characters around i, so far as maxLink lets it be seen. It begins at i or before.
func linkableRun(r []rune, i int) (from, to int) {
	from = i
	for from > 0 && linkable(r[from-1]) && from > i-maxLink {
		from--
	}
	to = from
	for to < len(r) && linkable(r[to]) && to < i+maxLink {
		to++
	}
	return from, to
}

// wordAt says whether a small Latin letter or a digit stands at k.
func wordAt(r []rune, k int) bool {
	return k >= 0 && k < len(r) && (r[k] >= 'a' && r[k] <= 'z' || r[k] >= '0' && r[k] <= '9')
}

// inLink says whether i lies in a run that is a link, a mention, a hashtag or an address. A full stop or slash at its end is none.
func inLink(r []rune, i int) bool {
	first, end := linkableRun(r, i)
	if r[first] == '@' && first < i || r[first] == '#' {
		return true
	}
	for k := first; k < end; k++ {
		switch r[k] {
		case '.', '/':
			if wordAt(r, k-1) && wordAt(r, k+1) || r[k] == '/' && k > first && r[k-1] == '/' {
				return true
			}
		case '@':
			if k > i && wordAt(r, k+1) {
				return true
			}
		}
	}
	return false
}

// inHost says whether a Latin letter at i lies in a run that has a scheme, or a full stop between words as a host has. Other than for inLink,
// single letters are no words: s.h.i.n.e is spaced out.
func inHost(r []rune, i int) bool {
	if classOf(r[i]) != latin {
		return false
	}
	for k, end := linkableRun(r, i); k < end; k++ {
		if r[k] == ':' && k+1 < len(r) && r[k+1] == '/' || r[k] == '.' && wordAt(r, k-2) && wordAt(r, k-1) && wordAt(r, k+1) && wordAt(r, k+2) {
			return true
		}
	}
	return false
}

// syllable is what a run of Latin letters reads as.
type syllable struct {
	n    int
	kana string
}

// leastRomanised is how many Latin letters it takes to be read as Japanese.
const leastRomanised = 4

// latinRun is a run of Latin letters.
type latinRun struct {
	i, j int
	kind int
}

// What a run of Latin letters is to romanised.
const (
	isRead    = iota // Japanese
	isShort          // of one or two letters: Japanese among others that are
	isEnglish        // or any other language
)

// eachLatinRun calls f for each run of Latin letters that is no part of a link or a tag and may count.
func eachLatinRun(r []rune, f func(latinRun)) {
	for i := 0; i < len(r); {
		j := i
		for j < len(r) && r[j] >= 'a' && r[j] <= 'z' {
			j++
		}
		if j == i {
			i++
			continue
		}
		if inLink(r, i) || i > 0 && (r[i-1] == '#' || r[i-1] == '_') {
			i = j
			continue
		}
		switch n := countSyllables(r[i:j]); {
		case j-i < 3:
			if n > 0 {
				f(latinRun{i, j, isShort})
			}
		case n > 1 && !ambiguous[string(r[i:j])]:
			f(latinRun{i, j, isRead})
		default:
			f(latinRun{i, j, isEnglish})
		}
		i = j
	}
}

// readsAsJapanese says whether the runs of Latin letters are Japanese rather than not, and whether any is English.
func readsAsJapanese(r []rune) (japanese, english bool) {
	letters := 0
	eachLatinRun(r, func(x latinRun) {
		switch x.kind {
		case isRead:
			letters += x.j - x.i
		case isEnglish:
			letters -= 2 * (x.j - x.i)
			english = true
		}
	})
	return letters >= leastRomanised, english
}

// romanised finds the runs of Latin letters that are Japanese: each letter that begins a syllable says so. It is nil where there
// are none.
func romanised(r []rune) []syllable {
	japanese, english := readsAsJapanese(r)
	if !japanese {
		return nil
	}
	out := make([]syllable, len(r))
	eachLatinRun(r, func(x latinRun) {
		if x.kind == isEnglish || x.kind == isShort && english { // particles: ka, wo, no
			return
		}
		for at := x.i; at < x.j; at += out[at].n {
			out[at] = nextSyllable(r[at:x.j])
		}
	})
	return out
}

// ambiguous are English and other common words that read as Japanese syllables.
var ambiguous = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(`are one use made take make same some come came name game time home nice wine line mine fine site note hope here more sure care
		date gate hate late rate base case tape cake bike hike like rise wise nose rose joke wake woke bake sake sale tale safe sane tune tone zone cone bone done gone none
		pine nine dine wide ride hide side tide mode made node code rude nude dude tube cube cute mute suite piano radio video audio studio menu banana panama canada
		kimono tofu sushi ramen manga anime karate judo tokyo kyoto osaka saitama wako omiya urawa kawaii emoji sudoku pokemon mario nintendo toyota honda yamaha
		data meta beta kana kanji romaji bonsai origami tsunami ninja samurai sake miso matcha panda koala tomato potato pizza soda cola cocoa mama papa baby
		ten men pen hen den zen sun run gun fun bun nun son won ton pin bin sin win min tan man pan ran fan van ban ken ben jan kan han
		anata sayonara arigato konnichiwa info demo memo promo logo auto moto robot hello hero zero taxi wifi ipad ipod google yahoo line insta zumba yoga bingo tango mango
		minato sakura hikari asahi bus`) {
		m[w] = true
	}
	return m
}()

var romanKana = func() map[string]string {
	m := map[string]string{
		"a": "あ", "i": "い", "u": "う", "e": "え", "o": "お", "shi": "し", "chi": "ち", "tsu": "つ", "ji": "じ", "fu": "ふ", "ja": "じゃ", "ju": "じゅ", "jo": "じょ",
		"sha": "しゃ", "shu": "しゅ", "sho": "しょ", "she": "しぇ", "cha": "ちゃ", "chu": "ちゅ", "cho": "ちょ", "che": "ちぇ", "je": "じぇ", "wa": "わ", "wo": "を",
		"ya": "や", "yu": "ゆ", "yo": "よ", "fa": "ふぁ", "fi": "ふぃ", "fe": "ふぇ", "fo": "ふぉ", "va": "ゔぁ", "vi": "ゔぃ", "vu": "ゔ", "ve": "ゔぇ", "vo": "ゔぉ", "thi": "てぃ", "dhi": "でぃ",
	}
	rows := map[string]string{
		"k": "かきくけこ", "s": "さしすせそ", "t": "たちつてと", "n": "なにぬねの", "h": "はひふへほ", "m": "まみむめも", "r": "らりるれろ", "g": "がぎぐげご", "z": "ざじずぜぞ",
		"d": "だぢづでど", "b": "ばびぶべぼ", "p": "ぱぴぷぺぽ",
	}
	for c, row := range rows {
		k := []rune(row)
		for v, vowel := range "aiueo" {
			m[c+string(vowel)] = string(k[v])
		}
		for v, y := range map[string]string{"ya": "ゃ", "yu": "ゅ", "yo": "ょ"} {
			m[c+v] = string(k[1]) + y
		}
	}
	return m
}()

// countSyllables is how many syllables of Japanese a run of Latin letters reads as, 0 where it does not.
func countSyllables(r []rune) int {
	n := 0
	for i := 0; i < len(r); n++ {
		s := nextSyllable(r[i:])
		if s.n == 0 {
			return 0
		}
		i += s.n
	}
	return n
}

// nextSyllable is the syllable that a run of Latin letters begins with; it has no letters where there is none.
func nextSyllable(r []rune) syllable {
	if len(r) > 1 && r[0] == r[1] && !strings.ContainsRune("aiueon", r[0]) {
		return syllable{1, "っ"}
	}
	for n := min(3, len(r)); n > 0; n-- {
		if k, ok := romanKana[string(r[:n])]; ok {
			return syllable{n, k}
		}
	}
	switch {
	case r[0] != 'n':
		return syllable{}
	case len(r) > 1 && r[1] == 'n' && (len(r) == 2 || !strings.ContainsRune("aiueoy", r[2])):
		return syllable{2, "ん"}
	}
	return syllable{1, "ん"}
}
