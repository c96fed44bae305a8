package detect

import (
	"fmt"
	"strings"

	"github.com/kotomori/kotomori/internal/text"
)

var (
	relativeDays = newWords("今日", "本日", "明日", "明後日", "昨日", "一昨日", "明々後日", "今週末", "来週末", "先週末", "今週", "来週", "先週", "再来週", "今月", "来月", "先月", "再来月", "今夜", "今晩", "明晩", "昨夜", "昨晩", "明朝", "今朝", "あさって", "おととい", "あした", "きのう", "しあさって")
	// relativeNot are names and other words that begin like one.
	relativeNot = newWords("今日子", "明日香", "明日美", "明日葉", "今日的", "今日日")
	eras        = newWords("令和", "平成", "昭和", "大正", "明治", "r", "h", "s")
	monthParts  = newWords("上旬", "中旬", "下旬", "末", "初旬", "初め", "半ば", "頃", "ごろ")
	dayParts    = newWords("に", "の", "から", "まで", "は", "開催", "締切", "締め切り", "必着", "当日", "以降", "〆", "夜", "朝", "午前", "午後", "(")
	slashParts  = newWords("(", "に", "まで", "から", "は", "開催", "締切", "締め切り", "必着", "以降", "〆", "~", "〜", "[", "付", "現在", "時点", "当日", "午前", "午後", "夜", "朝")
)

func datePossible(t *text.Text) bool {
	for i, c := range t.Plain.Runes {
		if isNumeral(c) || c == '曜' || relativeDays.at(t.Plain.Runes, i) >= 0 || eras.at(t.Plain.Runes, i) >= 0 && !isLatin(c) {
			return true
		}
	}
	return false
}

// scanDates reports dates: 2026年5月29日(金), 令和8年度, R8.5.29, 5/29(金), 29日(金), 5月中旬, 土曜日, 明日.
func scanDates(r []rune, found func(fact)) {
	for i := 0; i < len(r); {
		f, ok := dateAt(r, i)
		if !ok {
			i++
			continue
		}
		found(f)
		i = f.end
	}
}

func dateAt(r []rune, i int) (fact, bool) {
	c := r[i]
	if j := relativeDays.at(r, i); j >= 0 {
		if isHira(c) && isHira(runeAt(r, i-1)) && runeAt(r, i-1) != 'は' {
			return fact{}, false
		}
		if relativeNot.at(r, i) >= 0 || runeAt(r, i-1) == '再' || runeAt(r, i-1) == '一' {
			return fact{}, false
		}
		return fact{i, j, "date", string(r[i:j])}, true
	}
	if d, ok := weekdayAt(r, i); ok && !isHan(runeAt(r, i-1)) || ok && runeAt(r, i-1) == '週' {
		return d, true
	}
	if j := eras.at(r, i); j >= 0 {
		if f, ok := eraDate(r, i, j); ok {
			return f, true
		}
	}
	if !isNumeral(c) || isDigit(runeAt(r, i-1)) || isLatin(runeAt(r, i-1)) || isDigit(c) && (runeAt(r, i-1) == '.' || runeAt(r, i-1) == '/' || runeAt(r, i-1) == '-') && isDigit(runeAt(r, i-2)) {
		return fact{}, false
	}
	return numericDate(r, i)
}

// smallInt reads a whole number up to limit that begins at r[i]: Arabic digits without marks, or kanji.
func smallInt(r []rune, i, limit int) (v, end int, ok bool) {
	j := i
	for j < len(r) && isDigit(r[j]) && j-i < 5 {
		v = v*10 + int(r[j]-'0')
		j++
	}
	if j > i {
		return v, j, v <= limit && !isDigit(runeAt(r, j))
	}
	if kanjiDigit(runeAt(r, i)) < 0 && smallUnit(runeAt(r, i)) == 0 {
		return 0, i, false
	}
	// No such number has nine kanji; without a bound a long run of them would be read from each of its characters.
	bound := min(len(r), i+9)
	n, ok := scanNumeral(r[:bound], i)
	if !ok || n.arabic || n.value > float64(limit) || n.end == i+9 {
		return 0, i, false
	}
	return int(n.value), n.end, true
}

// dateFact closes a date at end, its weekday included.
func dateFact(r []rune, start, end, y, m, d int) fact {
	value := fmt.Sprintf("%d/%d", m, d)
	if m == 0 {
		value = fmt.Sprintf("y%d", y)
	}
	return fact{start, weekdayEnd(r, end), "date", value}
}

// eraDate reads 令和8年5月29日, 令和元年, R8.5.29 with the era in r[i:j].
func eraDate(r []rune, i, j int) (fact, bool) {
	letter := isLatin(r[i])
	if letter && (isLatinOrDigit(runeAt(r, i-1)) || !isDigit(runeAt(r, j))) {
		return fact{}, false
	}
	y, p, ok := smallInt(r, skipBlanks(r, j, 1), 99)
	if !ok {
		if letter || runeAt(r, j) != '元' {
			return fact{}, false
		}
		y, p = 1, j+1
	}
	year := fmt.Sprintf("%s%d", string(r[i:j]), y)
	if runeAt(r, p) == '年' {
		if f, ok := monthDay(r, i, skipBlanks(r, p+1, 1)); ok {
			return f, true
		}
		return fact{i, p + 1, "date", year}, true
	}
	if sep := runeAt(r, p); letter && (sep == '.' || sep == '/' || sep == '-') {
		m, q, ok := smallInt(r, p+1, 12)
		if ok && m > 0 && runeAt(r, q) == sep {
			if d, e, ok := smallInt(r, q+1, 31); ok && d > 0 {
				return dateFact(r, i, e, 0, m, d), true
			}
		}
	}
	return fact{}, false
}

// monthDay reads 5月29日, 5月中旬 and 5月 at r[p:]; the date began at start.
func monthDay(r []rune, start, p int) (fact, bool) {
	m, p, ok := smallInt(r, p, 12)
	if !ok || m == 0 || runeAt(r, p) != '月' {
		return fact{}, false
	}
	p++
	if d, q, ok := smallInt(r, skipBlanks(r, p, 1), 31); ok && d > 0 && runeAt(r, q) == '日' && runeAt(r, q+1) != '間' {
		return dateFact(r, start, q+1, 0, m, d), true
	}
	if q := monthParts.at(r, p); q >= 0 {
		return fact{start, q, "date", fmt.Sprintf("%d/%s", m, string(r[p:q]))}, true
	}
	if c := runeAt(r, p); c == '曜' || c == '見' || c == '間' {
		return fact{}, false
	}
	return fact{start, p, "date", fmt.Sprintf("%d/", m)}, true
}

// numericDate reads the dates that begin with a number.
func numericDate(r []rune, i int) (fact, bool) {
	if f, ok := monthDay(r, i, i); ok {
		return f, true
	}
	n, p, ok := smallInt(r, i, 2999)
	if !ok {
		return fact{}, false
	}
	sep := runeAt(r, p)
	if p-i == 4 && n >= 1800 {
		switch sep {
		case '年':
			if f, ok := monthDay(r, i, skipBlanks(r, p+1, 1)); ok {
				return f, true
			}
			if runeAt(r, p+1) == '間' {
				return fact{}, false
			}
			return dateFact(r, i, p+1, n, 0, 0), true
		case '/', '-', '.':
			m, q, ok := smallInt(r, p+1, 12)
			if ok && m > 0 && runeAt(r, q) == sep {
				if d, e, ok := smallInt(r, q+1, 31); ok && d > 0 && (!isHyphen(runeAt(r, e)) || !isDigit(runeAt(r, e+1))) {
					return dateFact(r, i, e, n, m, d), true
				}
			}
			if ok && m > 0 && sep == '/' && !isDigit(runeAt(r, q)) {
				return fact{i, q, "date", fmt.Sprintf("%d/", m)}, true
			}
		}
		return fact{}, false
	}
	if sep == '日' && n >= 1 && n <= 31 {
		if w := weekdayEnd(r, p+1); w > p+1 || dayParts.at(r, p+1) >= 0 && isDigit(r[i]) {
			return fact{i, w, "date", fmt.Sprintf("/%d", n)}, true
		}
		return fact{}, false
	}
	if sep == '/' && n >= 1 && n <= 12 && isDigit(r[i]) && runeAt(r, i-1) != '/' {
		d, e, ok := smallInt(r, p+1, 31)
		if !ok || d == 0 || runeAt(r, e) == '/' || isLatin(runeAt(r, e)) || runeAt(r, e) == '.' && isDigit(runeAt(r, e+1)) {
			return fact{}, false
		}
		// 1/2 is a fraction more often than a date; a day beyond the twelfth or what follows decides.
		next := skipBlanks(r, e, 1)
		_, timed := clockAt(r, next)
		if d > 12 || slashParts.at(r, next) >= 0 || timed || isTilde(runeAt(r, i-1)) {
			if counterAfter(r, e) || percentWords.at(r, e) >= 0 {
				return fact{}, false
			}
			return dateFact(r, i, e, 0, n, d), true
		}
	}
	return fact{}, false
}

func isWeekday(c rune) bool { return c != 0 && strings.ContainsRune("月火水木金土日", c) }

// weekdayAt reads 土曜日 and 土曜, and 土日 before 祝 or に.
func weekdayAt(r []rune, i int) (fact, bool) {
	if !isWeekday(r[i]) || runeAt(r, i+1) != '曜' {
		return fact{}, false
	}
	j := i + 2
	if hasAt(r, j, "大工") || hasAt(r, j, "学校") {
		return fact{}, false
	}
	if runeAt(r, j) == '日' {
		j++
	}
	return fact{i, j, "weekday", string(r[i])}, true
}

// weekdayEnd is the end of a weekday that belongs to a date which ends at i: (土), (土・祝), 土曜日.
func weekdayEnd(r []rune, i int) int {
	p := skipBlanks(r, i, 1)
	if isWeekday(runeAt(r, p)) && runeAt(r, p+1) == '曜' {
		if runeAt(r, p+2) == '日' {
			return p + 3
		}
		return p + 2
	}
	open := runeAt(r, p)
	if open != '(' && open != '[' && open != '【' || !isWeekday(runeAt(r, p+1)) {
		return i
	}
	for j := p + 2; j < len(r) && j < p+8; j++ {
		switch c := r[j]; c {
		case ')', ']', '】':
			return j + 1
		case '曜', '日', '・', '祝', '/', '、', '休', '振', '替':
		default:
			return i
		}
	}
	return i
}

// scanWeekdays reports the weekdays of dates by themselves, for comparing 29日(土) with 29日(日).
func scanWeekdays(r []rune, found func(fact)) {
	for i, c := range r {
		if !isWeekday(c) {
			continue
		}
		if f, ok := weekdayAt(r, i); ok && !isHan(runeAt(r, i-1)) || ok && (runeAt(r, i-1) == '日' || runeAt(r, i-1) == '週') {
			found(f)
			continue
		}
		if b := runeAt(r, i-1); b == '(' || b == '[' || b == '【' {
			if a := runeAt(r, i+1); a == ')' || a == ']' || a == '】' || a == '・' || a == '祝' {
				found(fact{i, i + 1, "weekday", string(c)})
			}
		}
	}
}
