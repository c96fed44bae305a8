package detect

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/kotomori/kotomori/internal/text"
)

// link is a URL or a bare domain name as it stands in plain text.
type link struct {
	start, end int        // runes of the plain text
	scheme     string     // as meant: hxxps and ttps are https; empty for a bare domain
	display    string     // the host as written, marks of disguise undone
	host       string     // the host in ASCII, without a port; an IPv6 address without brackets
	path       string     // from the first / ? or # on
	addr       netip.Addr // valid where the host is an address
}

// under reports whether the host is domain or lies below it.
func (l *link) under(domain string) bool {
	return l.host == domain || strings.HasSuffix(l.host, "."+domain)
}

// schemes maps what people write to what they mean. The truncated and the "hxxp" forms are
// common courtesies against accidental clicks, and common disguises.
var schemes = map[string]string{
	"http": "http", "https": "https", "ftp": "ftp", "ftps": "ftps",
	"hxxp": "http", "hxxps": "https", "ttp": "http", "ttps": "https", "tp": "http", "tps": "https",
	"line": "line", "tg": "tg", "intent": "intent",
}

// reserved top-level domains never exist in the public root (RFC 2606 and 6761); they count so that
// examples need no real domain.
func reservedTLD(tld string) bool { return tld == "example" || tld == "test" }

// linkPossible: no URL without a point, a spelled-out one, or "://".
func linkPossible(t *text.Text) bool { return mayLink(t.Plain.Runes) }

func mayLink(r []rune) bool {
	for i, c := range r {
		switch c {
		case '.', '。':
			if isHostRune(runeAt(r, i-1)) && isHostRune(runeAt(r, i+1)) {
				return true
			}
		case '[', '(', '{', '【': // [.]
			if runeAt(r, i+1) == '.' || runeAt(r, i+1) == ':' {
				return true
			}
		case '/':
			if runeAt(r, i+1) == '/' {
				return true
			}
		case 'd':
			if hasAt(r, i, "dot") {
				return true
			}
		case 'ド':
			if hasAt(r, i, "ドット") {
				return true
			}
		}
	}
	return false
}

// refanged is plain text with the marks of disguise undone: example[.]com reads example.com.
type refanged struct {
	runes    []rune
	from, to []int // runes[i] comes from the plain text's [from[i], to[i])
}

// fangs are the spelled-out marks and what they stand for. All but the bracketed ones need Latin letters on both sides.
var fangs = []struct {
	written   string
	meant     string
	bracketed bool
}{
	{"[.]", ".", true},
	{"(.)", ".", true},
	{"{.}", ".", true},
	{"[dot]", ".", true},
	{"(dot)", ".", true},
	{"{dot}", ".", true},
	{"[ドット]", ".", true},
	{"(ドット)", ".", true},
	{"【ドット】", ".", true},
	{"【.】", ".", true},
	{"ドットコム", ".com", false},
	{"ドットジェーピー", ".jp", false},
	{"ドットネット", ".net", false},
	{"ドット", ".", false},
	{"。", ".", false},
	{"[at]", "@", true},
	{"(at)", "@", true},
	{"{at}", "@", true},
	{"[アット]", "@", true},
	{"(アット)", "@", true},
	{"アットマーク", "@", false},
	{"[:]//", "://", true},
	{"[://]", "://", true},
}

func refang(r []rune) refanged {
	f := refanged{runes: make([]rune, 0, len(r)), from: make([]int, 0, len(r)), to: make([]int, 0, len(r))}
	put := func(c rune, i, j int) {
		f.runes = append(f.runes, c)
		f.from = append(f.from, i)
		f.to = append(f.to, j)
	}
next:
	for i := 0; i < len(r); {
		switch r[i] {
		case '[', '(', '{', '【', 'ド', '。', 'ア', ' ':
			k := skipBlanks(r, i, 1)
			for _, g := range fangs {
				if !hasAt(r, k, g.written) || k > i && !g.bracketed {
					continue
				}
				j := k + len([]rune(g.written))
				after := j
				if g.bracketed {
					after = skipBlanks(r, j, 1)
				}
				// ドットコム brings its own right side; a 。 is a point before a common ending only.
				right := isHostRune(runeAt(r, after)) || len(g.meant) > 3
				if e := commonTLDs.at(r, after); g.written == "。" && (e < 0 || isHostRune(runeAt(r, e))) {
					right = false
				}
				if len(f.runes) == 0 || !isHostRune(f.runes[len(f.runes)-1]) || !right {
					continue
				}
				for _, c := range g.meant {
					put(c, i, after)
				}
				i = after
				continue next
			}
			if j, meant := spelledDot(r, i); j > 0 && len(f.runes) > 0 && isHostRune(f.runes[len(f.runes)-1]) {
				put(meant, i, j)
				i = j
				continue next
			}
		}
		put(r[i], i, i+1)
		i++
	}
	return f
}

var commonTLDs = newWords("com", "net", "org", "jp", "co", "ne", "or", "info", "biz", "xyz", "me", "io", "gd", "ly", "example", "test")

// spelledDot reads " dot com" and " at example" … with spaces around, where a common ending follows.
func spelledDot(r []rune, i int) (end int, meant rune) {
	if !hasAt(r, i, " dot ") {
		return 0, 0
	}
	j := i + len(" dot ")
	if k := commonTLDs.at(r, j); k < 0 || isHostRune(runeAt(r, k)) {
		return 0, 0
	}
	return j, '.'
}

// isHostRune reports the letters of host names in the scripts that can pass for Latin. Japanese
// letters belong to a host only behind "://", or else no host could stand in a Japanese sentence.
func isHostRune(c rune) bool {
	return isLatinOrDigit(c) || c == '-' || c >= 0x80 && c < 0x2000 && unicode.In(c, unicode.Latin, unicode.Cyrillic, unicode.Greek)
}

// links finds all URLs and bare domains of plain text, in order and without overlaps.
func links(r []rune) []link {
	if !mayLink(r) {
		return nil
	}
	f := refang(r)
	t := f.runes
	var out []link
	for i := 0; i < len(t); {
		if !isHostRune(t[i]) && t[i] != '.' && !hasAt(t, i, "://") {
			i++
			continue
		}
		j := i
		for j < len(t) && (isHostRune(t[j]) || t[j] == '.') {
			j++
		}
		read := bareLink
		if hasAt(t, j, "://") {
			read = schemeLink
		}
		l, end := read(t, i, j)
		if end == 0 {
			i = max(j, i+1)
			if hasAt(t, j, "://") {
				i = j + len("://")
			}
			continue
		}
		l.end = f.to[end-1]
		l.start = f.from[l.start]
		out = append(out, l)
		i = end
	}
	return out
}

// schemeLink reads a URL whose "://" is at t[j:] and whose scheme ends there; end is 0 where it is none.
func schemeLink(t []rune, i, j int) (l link, end int) {
	l.start = j
	for k := i; k < j; k++ { // URLはhttps://…: the longest known scheme
		if s, ok := schemes[string(t[k:j])]; ok {
			l.start, l.scheme = k, s
			break
		}
	}
	known := l.scheme != ""
	if !known {
		// h**p://example.com: the host must speak for itself.
		l.scheme = "http"
	}
	p := j + len("://")
	// What stands before an @ is a user's name, however much it looks like a host.
	for k := p; k < len(t) && isURLRune(t[k]) && t[k] != '/' && t[k] != '?' && t[k] != '#'; k++ {
		if t[k] == '@' {
			p = k + 1
		}
	}
	switch {
	case runeAt(t, p) == '[':
		k := slices.Index(t[p:], ']')
		if k < 0 {
			return l, 0
		}
		a, err := netip.ParseAddr(string(t[p+1 : p+k]))
		if err != nil || !a.Is6() {
			return l, 0
		}
		l.addr, l.host, l.display = a, a.String(), a.String()
		end = p + k + 1
	default:
		k := p
		for k < len(t) && isIDNRune(t[k]) {
			k++
		}
		end = p + cutHost(t[p:k])
		if end == p {
			return l, 0
		}
		l.display = strings.TrimSuffix(string(t[p:end]), ".")
		if a, ok := parseIPv4(l.display); ok {
			l.addr, l.host = a, a.String()
			break
		}
		l.host = toASCII(l.display)
		switch {
		case l.scheme == "line" || l.scheme == "tg" || l.scheme == "intent": // line://ti/p/…: any word
		case !validHost(l.host), !known && !hasPublicSuffix(l.host):
			return l, 0
		case !strings.Contains(l.host, ".") && l.host != "localhost":
			return l, 0
		}
	}
	return l, l.readPath(t, end)
}

// bareLink reads a domain name without a scheme in t[i:j].
func bareLink(t []rune, i, j int) (l link, end int) {
	if c := runeAt(t, i-1); c == '@' || c == '_' || c == '%' || c == '\\' {
		return l, 0 // a mention's or an address's end, a file's path
	}
	if c := runeAt(t, j); c == '@' || c == '_' {
		return l, 0
	}
	// An ellipsis (… is ... here) parts words.
	for k := i; k+1 < j; k++ {
		if t[k] == '.' && t[k+1] == '.' {
			i = k + 1
		}
	}
	for i < j && (t[i] == '.' || t[i] == '-') {
		i++
	}
	e := j
	for e > i && (t[e-1] == '.' || t[e-1] == '-') {
		e--
	}
	if e == i {
		return l, 0
	}
	l.start = i
	l.display = string(t[i:e])
	followed := runeAt(t, e) == '/' && isURLRune(runeAt(t, e+1)) && e == j || runeAt(t, e) == ':' && isDigit(runeAt(t, e+1))
	if a, ok := dottedQuad(l.display); ok {
		// Four numbers are as likely a section or a version.
		if !followed && !slices.ContainsFunc(a.AsSlice(), func(b byte) bool { return b >= 100 }) {
			return l, 0
		}
		l.addr, l.host = a, a.String()
		return l, l.readPath(t, e)
	}
	l.host = toASCII(l.display)
	if !validHost(l.host) || !hasPublicSuffix(l.host) {
		return l, 0
	}
	if !followed && !bareDomain(t, i, e, l.host) {
		return l, 0
	}
	return l, l.readPath(t, e)
}

var (
	// abbreviations stand before a point in Latin text within Japanese: No.One, Mr.Cat, Dr.Care.
	abbreviations = newWords("no", "mr", "mrs", "ms", "dr", "st", "mt", "vol", "ver", "vs", "fig", "ft", "feat", "prof", "jr", "sr", "inc", "ltd", "etc", "ch", "pp", "tel", "fax", "ex", "cf", "al", "op", "ep", "rev", "gen", "dept", "est", "max", "min", "approx", "ph")
	// fileTLDs are top-level domains that are better known as file name extensions.
	fileTLDs = newWords("md", "rs", "sh", "py", "pl", "zip", "mov", "ps", "so", "cc", "mk", "ai", "app")
	// coreTLDs are hardly ever an English word after a missing space.
	coreTLDs = newWords("com", "net", "org", "info", "biz", "jp", "xyz", "io", "gd", "ly", "edu", "gov", "example", "test")
	// platforms are trade names with a point in them.
	platforms = newWords("asp.net", "vb.net", "ado.net", "ml.net", "b.league")
)

// bareDomain tells a domain name that nothing follows from a file's name, an abbreviation and an English sentence
// whose space is missing.
func bareDomain(t []rune, i, e int, host string) bool {
	labels := strings.Split(host, ".")
	tld := labels[len(labels)-1]
	first, last := []rune(labels[0]), []rune(tld)
	if platforms.is([]rune(host)) {
		return false
	}
	if reservedTLD(tld) || shorteners[host] || messengerHosts[host] {
		return true
	}
	if len(labels) == 2 {
		if fileTLDs.is(last) && tld != "ai" && tld != "app" && tld != "cc" {
			return false
		}
		if abbreviations.is(first) {
			return false
		}
		if len(first) == 1 && !coreTLDs.is(last) {
			return false
		}
	} else if !slices.ContainsFunc(labels[:len(labels)-1], func(s string) bool { return len(s) > 1 }) {
		return false // F.C.Tokyo
	}
	if coreTLDs.is(last) {
		return true
	}
	// "see you.me too"
	latinBefore := runeAt(t, i-1) == ' ' && isLatin(runeAt(t, i-2))
	latinAfter := runeAt(t, e) == ' ' && isLatin(runeAt(t, e+1)) || runeAt(t, e) == '\''
	return !latinBefore && !latinAfter
}

// readPath reads port, path, query and fragment from t[i] on and gives the URL's end.
func (l *link) readPath(t []rune, i int) int {
	if runeAt(t, i) == ':' && isDigit(runeAt(t, i+1)) {
		j := i + 1
		for j < len(t) && isDigit(t[j]) && j-i <= 5 {
			j++
		}
		i = j
	}
	c := runeAt(t, i)
	if c != '/' && c != '#' && (c != '?' || !isLatinOrDigit(runeAt(t, i+1))) {
		return i
	}
	if c == '#' && l.scheme == "" {
		return i // a hashtag glued to a bare domain
	}
	j := i
	for j < len(t) && isURLRune(t[j]) {
		j++
	}
	// Closing marks belong to the sentence unless the URL opened them itself.
	for j > i {
		switch c := t[j-1]; c {
		case '.', ',', ';', ':', '!', '?', '\'', '*', '_', '~', '(', '[', '&', '@':
			j--
			continue
		case ')', ']':
			open := map[rune]rune{')': '(', ']': '['}[c]
			if count(t[i:j], c) > count(t[i:j], open) {
				j--
				continue
			}
		}
		break
	}
	l.path = string(t[i:j])
	return j
}

func count(r []rune, c rune) (n int) {
	for _, x := range r {
		if x == c {
			n++
		}
	}
	return n
}

// isURLRune reports the characters of RFC 3986, in lower case. Anything else ends a URL: the Japanese sentence goes on there.
func isURLRune(c rune) bool {
	return isLatinOrDigit(c) || c < 0x80 && strings.ContainsRune("-._~:/?#[]@!$&'()*+,;=%", c) && c != 0
}

func isIDNRune(c rune) bool { return isHostRune(c) || c == '.' || isJapanese(c) || unicode.IsLetter(c) }

// cutHost gives the length of the host at h's start. A host with Japanese labels ends where its last label is a
// top-level domain: 日本語.jpを見て is 日本語.jp.
func cutHost(h []rune) int {
	ascii := 0
	for ascii < len(h) && h[ascii] < 0x80 {
		ascii++
	}
	for e := len(h); e > 0; e-- {
		if e < len(h) && !edge(h[e-1], h[e]) {
			continue
		}
		if h[e-1] == '.' || h[e-1] == '-' {
			continue
		}
		if s := string(h[:e]); !isASCII(s) && strings.Contains(s, ".") && hasPublicSuffix(toASCII(s)) {
			return e
		}
	}
	for ascii > 0 && (h[ascii-1] == '.' || h[ascii-1] == '-') {
		ascii--
	}
	return ascii
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c >= 0x80 }) < 0
}

// edge reports a change of script between neighbours.
func edge(a, b rune) bool {
	class := func(c rune) int {
		switch {
		case c < 0x80:
			return 0
		case isHan(c):
			return 1
		case isHira(c):
			return 2
		case isKata(c):
			return 3
		}
		return 4
	}
	return class(a) != class(b)
}

// toASCII is a host in lower-case ASCII, or as it is where IDNA forbids it.
func toASCII(host string) string {
	if isASCII(host) {
		return host
	}
	if s, err := idna.Lookup.ToASCII(host); err == nil {
		return s
	}
	if s, err := idna.Punycode.ToASCII(host); err == nil {
		return s
	}
	return host
}

func validHost(host string) bool {
	if len(host) == 0 || len(host) > 253 {
		return false
	}
	labels := strings.Split(host, ".")
	for _, s := range labels {
		if len(s) == 0 || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' || !isASCII(s) {
			return false
		}
	}
	return strings.IndexFunc(labels[len(labels)-1], isLatin) >= 0
}

// hasPublicSuffix reports a name below a suffix of the public suffix list, or below a reserved one.
func hasPublicSuffix(host string) bool {
	i := strings.LastIndexByte(host, '.')
	if i <= 0 {
		return false
	}
	if reservedTLD(host[i+1:]) {
		return true
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	// A private suffix (github.io) hangs on an ICANN one; an unlisted one has no point.
	return (icann || strings.Contains(suffix, ".")) && suffix != host
}

// dottedQuad reads 203.0.113.5.
func dottedQuad(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Is4()
}

// parseIPv4 reads what browsers take for an IPv4 address: one to four decimal, octal or hexadecimal parts, the last
// of which fills the rest (WHATWG URL, "IPv4 parser").
func parseIPv4(s string) (netip.Addr, bool) {
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var ip uint64
	for i, p := range parts {
		base := 10
		switch {
		case strings.HasPrefix(p, "0x"):
			p, base = p[2:], 16
		case len(p) > 1 && p[0] == '0':
			p, base = p[1:], 8
		}
		v, err := strconv.ParseUint(p, base, 32)
		if err != nil {
			return netip.Addr{}, false
		}
		if i < len(parts)-1 {
			if v > 255 {
				return netip.Addr{}, false
			}
			ip |= v << (24 - 8*i)
			continue
		}
		if v >= 1<<(8*(5-len(parts))) {
			return netip.Addr{}, false
		}
		ip |= v
	}
	return netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}), true
}

// linksWhere makes a detector of a property of links.
func linksWhere(is func(*link, *Office) bool) finder {
	return func(in *Input, found func(text.Span)) {
		v := &in.Text.Plain
		for _, l := range links(v.Runes) {
			if is(&l, &in.Office) {
				found(v.Span(l.start, l.end))
			}
		}
	}
}

// blank stands for a character that was taken out.
const blank = '\uFFFC'

// withoutLinks is r with its URLs and e-mail addresses blanked out; r itself where it has none.
func withoutLinks(r []rune) []rune {
	out := r
	wipe := func(i, j int) {
		if &out[0] == &r[0] {
			out = slices.Clone(r)
		}
		for k := i; k < j; k++ {
			out[k] = blank
		}
	}
	for _, l := range links(r) {
		wipe(l.start, l.end)
	}
	findEmails(r, wipe)
	return out
}
