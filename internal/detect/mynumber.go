package detect

import "strings"

// findMyNumbers reports Individual Numbers: twelve digits, in one or by fours, with a right check digit. One in
// ten other twelve-digit numbers passes too, so those that are plainly something else are left out; a rule should
// still ask for a word beside it.
func findMyNumbers(r []rune, found func(i, j int)) {
	for _, c := range chains(r, false) {
		for i := 0; i < len(c); i++ {
			var n int
			switch {
			case len(c[i].digits) == 12:
				n = 1
			case i+3 <= len(c) && c[i:i+3].shape() == "4-4-4":
				n = 3
			default:
				continue
			}
			d := c[i : i+n].join()
			if !myNumber(d) || !c.loose(r, i, i+n) || runeAt(r, c[i].start-1) == '+' || stamp(d) || otherCode(r, c[i].start) || strings.Count(d, d[:1]) == len(d) {
				continue
			}
			if after := c[i+n-1].end; counters.at(r, after) >= 0 || i+n < len(c) && len(c[i+n].digits) == 4 {
				continue // an amount, a card
			}
			if i > 0 && n == 3 && len(c[i-1].digits) == 4 {
				continue
			}
			found(c[i].start, c[i+n-1].end)
			i += n - 1
		}
	}
}

// myNumber checks the twelfth digit: with P(n) the n-th digit from the right, the check digit aside, and Q(n) = n+1 up
// to the sixth and n-5 from there on, it is 11 - ΣP·Q mod 11, and 0 where that remainder is 0 or 1
// (平成26年総務省令第85号 第5条).
func myNumber(d string) bool {
	if len(d) != 12 {
		return false
	}
	sum := 0
	for n := 1; n <= 11; n++ {
		p := int(d[11-n] - '0')
		q := n + 1
		if n > 6 {
			q = n - 5
		}
		sum += p * q
	}
	check := 0
	if rest := sum % 11; rest > 1 {
		check = 11 - rest
	}
	return int(d[11]-'0') == check
}

// stamp reports digits that read as a date and time: 202605291530.
func stamp(d string) bool {
	return (d[:2] == "19" || d[:2] == "20") && d[4:6] >= "01" && d[4:6] <= "12" && d[6:8] >= "01" && d[6:8] <= "31" && d[8:10] < "24" && d[10:12] < "60"
}
