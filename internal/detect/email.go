package detect

import (
	"strings"

	"github.com/kotomori/kotomori/internal/text"
)

// emailPossible: an address has an @ or spells it out.
func emailPossible(t *text.Text) bool { return mayEmail(t.Plain.Runes) }

func mayEmail(r []rune) bool {
	for i, c := range r {
		switch {
		case c == '@', c == 'a' && hasAt(r, i, "at") && i > 0 && !isLatin(r[i-1]), c == 'ア' && hasAt(r, i, "アット"):
			return true
		}
	}
	return false
}

func isLocalRune(c rune) bool { return isLatinOrDigit(c) || strings.ContainsRune("._%+-", c) }

// findEmails reports e-mail addresses, (at) and (dot) included. Points may follow one another and stand last in
// the local part: Japanese mobile carriers have given out such addresses.
func findEmails(r []rune, found func(i, j int)) {
	if !mayEmail(r) || !mayLink(r) {
		return
	}
	f := refang(r)
	t := f.runes
	for k, c := range t {
		if c != '@' {
			continue
		}
		i := k
		for i > 0 && isLocalRune(t[i-1]) && k-i < 64 {
			i--
		}
		for i < k && !isLatinOrDigit(t[i]) {
			i++
		}
		if i == k || hasAt(t, i-2, "//") { // https://name@host
			continue
		}
		j := k + 1
		for j < len(t) && (isHostRune(t[j]) || t[j] == '.') {
			j++
		}
		for j > k+1 && (t[j-1] == '.' || t[j-1] == '-') {
			j--
		}
		host := toASCII(string(t[k+1 : j]))
		if !validHost(host) || !hasPublicSuffix(host) {
			continue
		}
		found(f.from[i], f.to[j-1])
	}
}
