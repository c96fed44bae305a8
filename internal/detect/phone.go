package detect

import (
	"slices"
	"strings"
)

// Japan's numbering plan (総務省告示 電気通信番号計画): fixed numbers have ten digits, of which area and exchange make six;
// 050 and the mobile 060 (in use from 2026), 070, 080 and 090 have eleven; 0120, 0570, 0990 have ten, 0800 eleven.

// findPhones reports Japanese telephone numbers.
func findPhones(r []rune, found func(i, j int)) {
	scanPhones(r, func(i, j int, _ bool) { found(i, j) })
}

// findMobiles reports mobile ones.
func findMobiles(r []rune, found func(i, j int)) {
	scanPhones(r, func(i, j int, mobile bool) {
		if mobile {
			found(i, j)
		}
	})
}

func scanPhones(r []rune, found func(i, j int, mobile bool)) {
	for _, c := range chains(r, true) {
		for i := 0; i < len(c); {
			i += phoneAt(r, c, i, found)
		}
	}
}

// phoneAt tries the groups of c from i on and gives how many are done with.
func phoneAt(r []rune, c chain, i int, found func(i, j int, mobile bool)) int {
	if runeAt(r, c[i].start-1) == '+' {
		return abroadAt(r, c, i, found)
	}
	if c[i].digits[0] != '0' {
		return 1
	}
	for n := min(3, len(c)-i); n > 0; n-- {
		part := c[i : i+n]
		ok, mobile := numbered(part)
		if !ok {
			continue
		}
		if telBefore(r, c[i].start) {
			if after := runeAt(r, c[i+n-1].end); isLatin(after) {
				continue
			}
		} else if !c.loose(r, i, i+n) || n == 1 && counterAfter(r, c[i].end) || n == 1 && otherID(r, c[i].start) {
			continue
		}
		if masked(r[c[i].start:c[i+n-1].end]) {
			continue
		}
		start := c[i].start
		if runeAt(r, start-1) == '(' && runeAt(r, c[i].end) == ')' {
			start--
		}
		found(start, c[i+n-1].end, mobile)
		return n
	}
	return 1
}

// abroadAt reads +81-90-0000-0000, +81(0)90…, +819000000000 at c[i], before which a plus stands.
func abroadAt(r []rune, c chain, i int, found func(i, j int, mobile bool)) int {
	if !strings.HasPrefix(c[i].digits, "81") {
		return 1
	}
	start := c[i].start - 1
	rest := append(chain(nil), c[i:]...)
	switch {
	case len(rest[0].digits) > 2:
		rest[0].digits = rest[0].digits[2:]
	case len(rest) < 2:
		return 1
	default:
		rest = rest[1:]
		if rest[0].digits == "0" && len(rest) > 1 { // +81 (0)90
			rest = rest[1:]
		}
	}
	used := len(c) - i - len(rest)
	if rest[0].digits[0] != '0' {
		rest[0].digits = "0" + rest[0].digits
	}
	for n := min(3, len(rest)); n > 0; n-- {
		if ok, mobile := numbered(rest[:n]); ok && (n == len(rest) || !joins(r, rest[n-1], rest[n])) && !isLatin(runeAt(r, rest[n-1].end)) {
			found(start, rest[n-1].end, mobile)
			return used + n
		}
	}
	return max(used, 1)
}

// numbered reports whether the groups make a number of the plan, written the way such a number is.
func numbered(c chain) (ok, mobile bool) {
	d, shape := c.join(), c.shape()
	if len(d) < 10 || len(d) > 11 || d[0] != '0' {
		return false, false
	}
	has := func(shapes ...string) bool { return slices.Contains(shapes, shape) }
	switch d[:3] {
	case "050", "060", "070", "080", "090":
		if d[:4] == "0800" && len(d) == 11 && has("11", "4-3-4", "4-7") {
			return true, false
		}
		return len(d) == 11 && has("11", "3-4-4", "3-8", "7-4"), d[:3] != "050"
	}
	switch d[:4] {
	case "0120", "0570", "0990":
		return len(d) == 10 && has("10", "4-3-3", "4-6", "4-2-4", "3-3-4"), false
	}
	if len(d) != 10 || d[1] == '0' {
		return false, false
	}
	switch d[:2] {
	case "03", "04", "06":
		if has("2-4-4", "2-8", "6-4") {
			return true, false
		}
	}
	return has("10", "3-3-4", "4-2-4", "5-1-4", "3-7", "4-6", "6-4"), false
}

// masked reports a run of circles: 090-○○○○-○○○○ tells nobody's number.
func masked(r []rune) bool {
	run := 0
	for _, c := range r {
		if c != '○' && c != '◯' && c != '〇' {
			run = 0
			continue
		}
		if run++; run == 3 {
			return true
		}
	}
	return false
}

var telWords = newWords("tel", "fax", "phone", "tel.", "tel:", "fax:", "call")

// telBefore reports a word for telephone that touches the number: tel0480000000.
func telBefore(r []rune, i int) bool { return telWords.before(r, i) >= 0 }

func counterAfter(r []rune, i int) bool { return counters.at(r, i) >= 0 || runeAt(r, i) == '点' }

var (
	idWords  = newWords("id", "no", "no.", "番号", "コード", "番", "#", "code", "isbn", "jan", "ナンバー")
	telNames = newWords("電話番号", "携帯番号", "でんわ番号", "連絡先番号", "tel番号", "ケータイ番号", "番号電話", "携帯の番号", "電話の番号", "スマホの番号", "スマホ番号", "fax番号")
)

// otherID reports that the digits at r[i] are introduced as some other number: 受付番号:0123456789.
func otherID(r []rune, i int) bool {
	for i > 0 && (isBlank(r[i-1]) || r[i-1] == ':' || r[i-1] == 'は' || r[i-1] == '「' || r[i-1] == '=') {
		i--
	}
	return idWords.before(r, i) >= 0 && telNames.before(r, i) < 0 && telWords.before(r, i) < 0
}
