package detect

import "strings"

// group is a run of digits, kanji ones included where they are asked for.
type group struct {
	start, end int
	digits     string // in ASCII
}

// chain is a longest sequence of groups with nothing but separators between them: 048-000-0000, (03) 0000 0000.
type chain []group

// isGroupSep reports what stands between the groups of one number.
func isGroupSep(c rune) bool {
	return isHyphen(c) || isBlank(c) || c == '.' || c == '(' || c == ')'
}

// chains finds all chains. At most two separators stand between neighbours.
func chains(r []rune, kanji bool) []chain {
	digit := func(c rune) int {
		if isDigit(c) {
			return int(c - '0')
		}
		if kanji {
			return kanjiDigit(c)
		}
		return -1
	}
	var out []chain
	var cur chain
	for i := 0; i < len(r); {
		if digit(r[i]) < 0 {
			i++
			continue
		}
		var b strings.Builder
		g := group{start: i}
		for i < len(r) && digit(r[i]) >= 0 {
			b.WriteByte('0' + byte(digit(r[i])))
			i++
		}
		g.end, g.digits = i, b.String()
		if len(cur) > 0 && !separates(r[cur[len(cur)-1].end:g.start]) {
			out = append(out, cur)
			cur = nil
		}
		cur = append(cur, g)
	}
	if len(cur) > 0 {
		out = append(out, cur)
	}
	return out
}

func separates(sep []rune) bool {
	if len(sep) == 0 || len(sep) > 2 {
		return false
	}
	for _, c := range sep {
		if !isGroupSep(c) {
			return false
		}
	}
	return true
}

// joins reports that what parts two groups makes one number of them rather than two numbers side by side.
func joins(r []rune, a, b group) bool {
	for _, c := range r[a.end:b.start] {
		if isHyphen(c) || c == '.' {
			return true
		}
	}
	return false
}

// loose reports that groups [i,j) of c are no part of something longer: no letter, digit or joining mark touches them.
func (c chain) loose(r []rune, i, j int) bool {
	if i > 0 && joins(r, c[i-1], c[i]) || j < len(c) && joins(r, c[j-1], c[j]) {
		return false
	}
	before, after := runeAt(r, c[i].start-1), runeAt(r, c[j-1].end)
	if isLatin(before) || before == '_' || before == '/' && isDigit(runeAt(r, c[i].start-2)) {
		return false
	}
	if isHyphen(before) && before != 'ー' && isLatinOrDigit(runeAt(r, c[i].start-2)) {
		return false // ab-1234
	}
	return !isLatin(after) && after != '_' && (!isHyphen(after) || after == 'ー' || !isLatinOrDigit(runeAt(r, c[j-1].end+1)))
}

// join is the groups' digits in one.
func (c chain) join() string {
	var b strings.Builder
	for _, g := range c {
		b.WriteString(g.digits)
	}
	return b.String()
}

// shape is the groups' lengths: "3-4-4".
func (c chain) shape() string {
	var b strings.Builder
	for i, g := range c {
		if i > 0 {
			b.WriteByte('-')
		}
		if len(g.digits) > 20 {
			return ""
		}
		if n := len(g.digits); n >= 10 {
			b.WriteByte('0' + byte(n/10))
		}
		b.WriteByte('0' + byte(len(g.digits)%10))
	}
	return b.String()
}
