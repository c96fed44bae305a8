package detect

import (
	"strconv"
)

// numeral is a number as written: 1,200, 3.5, 3万5千, 百二十, 二〇二六, 50マソ.
type numeral struct {
	start, end int
	value      float64
	arabic     bool // has an Arabic digit
	units      int  // how many of 十 百 千 万 億 兆, and of slang for 万
	big        bool // has 万, 億 or 兆
	slang      bool // has マン or マソ, which only money is counted in
}

// isNumeral reports a character with which a numeral can begin.
func isNumeral(c rune) bool {
	if c >= 'ぁ' && c <= 'ヿ' { // most characters are kana
		return false
	}
	return isDigit(c) || kanjiDigit(c) >= 0 || smallUnit(c) > 0 || bigUnit(c) > 0
}

// kanjiDigit is the value of a kanji digit, or -1.
func kanjiDigit(c rune) int {
	switch c {
	case '〇', '零', '○', '◯':
		return 0
	case '一', '壱':
		return 1
	case '二', '弐':
		return 2
	case '三', '参':
		return 3
	case '四':
		return 4
	case '五':
		return 5
	case '六':
		return 6
	case '七':
		return 7
	case '八':
		return 8
	case '九':
		return 9
	}
	return -1
}

func smallUnit(c rune) float64 {
	switch c {
	case '十', '拾':
		return 10
	case '百':
		return 100
	case '千':
		return 1000
	}
	return 0
}

func bigUnit(c rune) float64 {
	switch c {
	case '万', '萬':
		return 1e4
	case '億':
		return 1e8
	case '兆':
		return 1e12
	}
	return 0
}

// scanArabic reads 1200, 1,200 and 3.5 at r[i], which is a digit. A point belongs to the number
// only where it stands alone: 2026.5.29 and 1.2.0 are no decimals.
func scanArabic(r []rune, i int) (value float64, end int) {
	j := i
	for j < len(r) && isDigit(r[j]) {
		value = value*10 + float64(r[j]-'0')
		j++
	}
	if j-i <= 3 {
		for runeAt(r, j) == ',' && isDigit(runeAt(r, j+1)) && isDigit(runeAt(r, j+2)) && isDigit(runeAt(r, j+3)) && !isDigit(runeAt(r, j+4)) {
			for _, c := range r[j+1 : j+4] {
				value = value*10 + float64(c-'0')
			}
			j += 4
		}
	}
	if runeAt(r, j) == '.' && isDigit(runeAt(r, j+1)) && (runeAt(r, i-1) != '.' || !isDigit(runeAt(r, i-2))) {
		k, scale := j+1, 0.1
		frac := 0.0
		for k < len(r) && isDigit(r[k]) {
			frac += float64(r[k]-'0') * scale
			scale /= 10
			k++
		}
		if runeAt(r, k) != '.' || !isDigit(runeAt(r, k+1)) {
			return value + frac, k
		}
	}
	return value, j
}

// scanNumeral reads the numeral that begins at r[i].
func scanNumeral(r []rune, i int) (numeral, bool) {
	n := numeral{start: i, end: i}
	var total, section float64
	cur := -1.0 // the digits not yet counted; none
	kanji := false
	p := i
	for p < len(r) {
		c := r[p]
		if isDigit(c) {
			if cur >= 0 {
				break
			}
			cur, p = scanArabic(r, p)
			n.arabic, kanji = true, false
			continue
		}
		if d := kanjiDigit(c); d >= 0 {
			switch {
			case cur < 0:
				cur = float64(d)
			case kanji:
				cur = cur*10 + float64(d)
			default:
				d = -1
			}
			if d < 0 {
				break
			}
			kanji = true
			p++
			continue
		}
		if u := smallUnit(c); u > 0 {
			if cur < 0 {
				cur = 1
			}
			section += cur * u
			cur = -1
			n.units++
			p++
			continue
		}
		u, w := bigUnit(c), 1
		if u == 0 && n.arabic || u == 0 && n.units > 0 {
			if hasAt(r, p, "マソ") || hasAt(r, p, "マン") && !isKata(runeAt(r, p+2)) {
				u, w = 1e4, 2
				n.slang = true
			}
		}
		if u == 0 || cur < 0 && section == 0 {
			break
		}
		total += (section + max(cur, 0)) * u
		section, cur = 0, -1
		n.units++
		n.big = true
		p += w
	}
	n.end = p
	n.value = total + section + max(cur, 0)
	return n, p > i
}

// scanNumerals reports every numeral; one begins where the one before has ended.
func scanNumerals(r []rune, found func(numeral)) {
	for i := 0; i < len(r); {
		if isNumeral(r[i]) {
			if n, ok := scanNumeral(r, i); ok {
				found(n)
				i = n.end
				continue
			}
		}
		i++
	}
}

// key is the value in a form that can be compared.
func (n numeral) key() string { return strconv.FormatFloat(n.value, 'g', 10, 64) }

// counters make a number even of a lone kanji digit.
var counters = newWords("人", "名", "円", "回", "個", "件", "歳", "才", "枚", "台", "匹", "冊", "票", "倍", "団体", "世帯", "箇所", "か所", "ヶ所", "カ所", "パーセント", "%")

// numberNames are names that begin with what looks like a kanji number.
var numberNames = newWords("八千代", "五十嵐", "五十鈴", "九十九", "三千院", "百十四", "八百屋", "八百長", "八百万", "千一夜", "二十世紀梨", "百万石", "五十音", "五百蔵", "五百旗頭", "一二三", "三十三間堂", "八十島", "百千")

// scanCounted reports the numerals that are numbers: Arabic ones that are no part of a Latin word, and kanji ones
// that a unit, a 〇 or a counter tells from the many words and names with 一, 十 or 千 in them.
func scanCounted(r []rune, found func(numeral)) {
	scanNumerals(r, func(n numeral) {
		before := runeAt(r, n.start-1)
		if n.arabic {
			if !isLatin(before) && before != '_' && !isDigit(before) {
				found(n)
			}
			return
		}
		if numberNames.at(r, n.start) >= 0 {
			return
		}
		zero := false
		digits := 0
		for _, c := range r[n.start:n.end] {
			if d := kanjiDigit(c); d >= 0 {
				digits++
				zero = zero || c == '〇'
			}
		}
		counted := counters.at(r, n.end) >= 0
		switch {
		case digits == 0 && n.units == 1: // 十分, 百合, 千葉
			if !counted || hasAt(r, n.start, "千人力") {
				return
			}
		case n.units > 0: // 二十, 三百
		case digits >= 2 && (zero && kanjiDigit(r[n.start]) > 0 || counted):
		case digits == 1 && counted && r[n.start] != '○' && r[n.start] != '◯' && r[n.start] != '〇':
		default:
			return
		}
		found(n)
	})
}

func findNumbers(r []rune, found func(i, j int)) {
	scanCounted(r, func(n numeral) { found(n.start, n.end) })
}

var (
	percentWords = newWords("%", "パーセント", "ぱーせんと", "percent", "٪")
	tenthNot     = newWords("割る", "割れ", "割ろ", "割っ", "割り勘", "割りか", "割そば", "割蕎麦", "割合")
)

// scanPercents reports 5%, 5パーセント, 10パー, 二割, 3割5分.
func scanPercents(r []rune, found func(fact)) {
	scanNumerals(r, func(n numeral) {
		if isLatin(runeAt(r, n.start-1)) {
			return
		}
		p := skipBlanks(r, n.end, 1)
		if j := percentWords.at(r, p); j >= 0 {
			found(fact{n.start, j, "percent", n.key()})
			return
		}
		if hasAt(r, p, "パー") && n.arabic && !isKata(runeAt(r, p+2)) {
			found(fact{n.start, p + 2, "percent", n.key()})
			return
		}
		if runeAt(r, n.end) != '割' || n.value > 10 || n.value <= 0 || tenthNot.at(r, n.end) >= 0 || runeAt(r, n.start-1) == '分' {
			return
		}
		if hasAt(r, n.end, "割り") && !hasAt(r, n.end, "割り引") && !hasAt(r, n.end, "割り増") {
			return
		}
		f := fact{n.start, n.end + 1, "percent", ""}
		value := n.value * 10
		if m, ok := scanNumeral(r, f.end); ok && runeAt(r, m.end) == '分' && m.value < 10 {
			value += m.value
			f.end = m.end + 1
		}
		f.value = numeral{value: value}.key()
		found(f)
	})
}
