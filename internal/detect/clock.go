package detect

import (
	"fmt"

	"github.com/kotomori/kotomori/internal/text"
)

var (
	dayHalves = newWords("午前", "午後", "am", "pm", "a.m.", "p.m.", "深夜", "早朝", "朝", "昼", "夕方", "夜", "未明", "夕", "夜中", "朝の", "夜の")
	// hourNot make something else of N時.
	hourNot   = newWords("時間", "時代", "時々", "時期", "時点", "時給", "時差", "時折", "時刻", "時速", "時短", "時計", "時事", "時限", "時効")
	hourParts = newWords("半", "から", "まで", "頃", "ごろ", "に", "過ぎ", "前", "集合", "開始", "開演", "〜", "~", "ちょうど")
)

func clockPossible(t *text.Text) bool {
	r := t.Plain.Runes
	for i, c := range r {
		if c == '時' || c == ':' || hasAt(r, i, "正午") || c == 'm' && i > 0 {
			return true
		}
	}
	return false
}

// scanClocks reports times of day: 15:00, 午後3時半, 3時, 10am, 正午.
func scanClocks(r []rune, found func(fact)) {
	for i := 0; i < len(r); {
		f, ok := clockAt(r, i)
		if !ok {
			i++
			continue
		}
		found(f)
		i = f.end
	}
}

// clockAt reads the time of day that begins at r[i]. Its value is the minute of the day, with a ? where the half of the day is not said.
func clockAt(r []rune, i int) (fact, bool) {
	if hasAt(r, i, "正午") {
		return fact{i, i + 2, "time", "720"}, true
	}
	start := i
	half := ""
	if j := dayHalves.at(r, i); j >= 0 {
		if isLatin(r[i]) && isLatin(runeAt(r, i-1)) {
			return fact{}, false
		}
		half = string(r[i:j])
		i = skipBlanks(r, j, 1)
		if runeAt(r, i) == '.' {
			i++
		}
	}
	before := runeAt(r, i-1)
	if isDigit(before) || half == "" && (isLatin(before) || isNumeral(before) || (before == ':' || before == '.') && isDigit(runeAt(r, i-2))) {
		return fact{}, false
	}
	h, p, ok := smallInt(r, i, 30)
	if !ok {
		return fact{}, false
	}
	minute := 0
	switch {
	case runeAt(r, p) == ':':
		m, q, ok := smallInt(r, p+1, 59)
		if !ok || q-p != 3 || !isDigit(r[i]) {
			return fact{}, false
		}
		minute, p = m, q
		if runeAt(r, p) == ':' {
			s, q, ok := smallInt(r, p+1, 59)
			if !ok || q-p != 3 || s > 59 {
				return fact{}, false
			}
			p = q
		}
		if isDigit(runeAt(r, p)) {
			return fact{}, false
		}
	case runeAt(r, p) == '時' && hourNot.at(r, p) < 0:
		kanji := !isDigit(r[i])
		p++
		if kanji && half == "" && h <= 1 && hourParts.at(r, p) < 0 || hasAt(r, p, "的") || hasAt(r, p, "停止") {
			return fact{}, false
		}
		if runeAt(r, p) == '半' {
			minute, p = 30, p+1
		} else if m, q, ok := smallInt(r, p, 59); ok && runeAt(r, q) == '分' {
			minute, p = m, q+1
		}
	case half == "am" || half == "pm" || half == "a.m." || half == "p.m.":
		if isLatinOrDigit(runeAt(r, p)) {
			return fact{}, false
		}
	default:
		q := skipBlanks(r, p, 1)
		if !hasAt(r, q, "am") && !hasAt(r, q, "pm") || isLatin(runeAt(r, q+2)) || !isDigit(r[i]) || h > 12 {
			return fact{}, false
		}
	}
	if q := skipBlanks(r, p, 1); half == "" && (hasAt(r, q, "am") || hasAt(r, q, "pm")) && !isLatinOrDigit(runeAt(r, q+2)) {
		half, p = string(r[q:q+2]), q+2
	}
	sure := "?"
	switch half {
	case "午後", "pm", "p.m.", "夕方", "夕", "夜", "夜の":
		if h < 12 {
			h += 12
		}
		sure = ""
	case "午前", "am", "a.m.", "朝", "早朝", "朝の":
		sure = ""
	}
	if h > 12 {
		sure = ""
	}
	return fact{start, p, "time", fmt.Sprintf("%d%s", h*60+minute, sure)}, true
}
