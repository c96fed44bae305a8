package detect

import "strconv"

// findCards reports payment cards' numbers: 14 to 16 digits in one or in the groups that cards show, a prefix that
// is issued, and a right check digit.
func findCards(r []rune, found func(i, j int)) {
	for _, c := range chains(r, false) {
		for i := 0; i < len(c); i++ {
			for n := min(4, len(c)-i); n > 0; n-- {
				part := c[i : i+n]
				switch part.shape() {
				case "14", "15", "16", "4-4-4-4", "4-6-5", "4-6-4", "8-8":
				default:
					continue
				}
				if d := part.join(); issued(d) && luhn(d) && c.loose(r, i, i+n) && !otherCode(r, c[i].start) {
					found(c[i].start, part[n-1].end)
					i += n - 1
					break
				}
			}
		}
	}
}

var otherCodes = newWords("isbn", "jan", "伝票番号", "追跡番号", "お問い合わせ番号", "問い合わせ番号", "imei")

// otherCode reports that the digits at r[i] are introduced as something that has a check digit too.
func otherCode(r []rune, i int) bool {
	for i > 0 && (isBlank(r[i-1]) || r[i-1] == ':' || r[i-1] == 'は') {
		i--
	}
	return otherCodes.before(r, i) >= 0
}

// issued reports a prefix and length in use: Visa, Mastercard, American Express, JCB, Diners Club, Discover, UnionPay
// (ISO/IEC 7812 issuer ranges as the schemes publish them).
func issued(d string) bool {
	p, err := strconv.Atoi(d[:4])
	if err != nil {
		return false
	}
	switch len(d) {
	case 16:
		return p/1000 == 4 || p/100 >= 51 && p/100 <= 55 || p >= 2221 && p <= 2720 || p >= 3528 && p <= 3589 ||
			p == 6011 || p/10 >= 644 && p/10 <= 649 || p/100 == 65 || p/100 == 62 || p/100 == 36 || p/100 == 30 || p/100 == 38 || p/100 == 39
	case 15:
		return p/100 == 34 || p/100 == 37
	case 14:
		return p/10 >= 300 && p/10 <= 305 || p/10 == 309 || p/100 == 36 || p/100 == 38 || p/100 == 39
	}
	return false
}

// luhn checks the last digit (ISO/IEC 7812-1, annex B).
func luhn(d string) bool {
	sum := 0
	for i := range len(d) {
		v := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}
