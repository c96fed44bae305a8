package detect

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// shorteners are hosts that hide where a link leads. t.co is none of them: X puts it before every link.
var shorteners = map[string]bool{
	"bit.ly": true, "j.mp": true, "bitly.com": true, "tinyurl.com": true, "is.gd": true, "v.gd": true,
	"x.gd": true, "onl.bz": true, "onl.la": true, "onl.sc": true, "onl.tw": true, "ux.nu": true, "qr.paps.jp": true,
	"goo.gl": true, "ow.ly": true, "buff.ly": true, "cutt.ly": true, "rb.gy": true, "rebrand.ly": true,
	"shorturl.at": true, "shorturl.asia": true, "short.io": true, "tiny.cc": true, "tiny.one": true, "t.ly": true,
	"s.id": true, "clck.ru": true, "u.to": true, "00m.in": true, "p.tl": true, "urx.red": true, "urx.space": true,
	"urx.blue": true, "urx.mobi": true, "ur0.link": true, "ur0.biz": true, "ur0.work": true, "ur0.jp": true,
	"urx3.nu": true, "bl.ink": true, "lnk.to": true, "lnkd.in": true, "dlvr.it": true, "ift.tt": true,
	"adf.ly": true, "bc.vc": true, "ouo.io": true, "ouo.press": true, "shrinkme.io": true, "linkvertise.com": true,
	"soo.gd": true, "bit.do": true, "mcaf.ee": true, "su.pr": true, "po.st": true, "trib.al": true,
	"qr.ae": true, "amzn.to": false, "youtu.be": false, // these two lead to one known site
	"s.yam.com": true, "reurl.cc": true, "lihi.cc": true, "pse.is": true, "ppt.cc": true, "0rz.tw": true,
	"urlz.fr": true, "kutt.it": true, "gg.gg": true, "hyperurl.co": true, "tr.ee": true, "da.gd": true,
	"2u.pw": true, "4.gp": true, "bre.is": true, "n9.cl": true, "acortar.link": true, "t2m.io": true,
	"shorten.so": true, "shorten.ee": true, "2no.co": true, "grabify.link": true, "iplogger.org": true, "iplogger.com": true,
}

func (l *link) shortener(*Office) bool { return shorteners[strings.TrimPrefix(l.host, "www.")] }

func (l *link) rawAddress(*Office) bool { return l.addr.IsValid() }

// downloads are extensions of what runs, unpacks or mounts on a click. Plain documents (.pdf, .xlsx) are none: cities link to them daily.
var downloads = map[string]bool{
	".exe": true, ".msi": true, ".msix": true, ".msixbundle": true, ".appx": true, ".appinstaller": true, ".scr": true, ".bat": true, ".cmd": true, ".com": true,
	".pif": true, ".cpl": true, ".dll": true, ".hta": true, ".js": true, ".jse": true, ".vbs": true, ".vbe": true,
	".wsf": true, ".ps1": true, ".jar": true, ".lnk": true, ".reg": true, ".inf": true, ".chm": true, ".url": true,
	".apk": true, ".xapk": true, ".apkm": true, ".aab": true, ".ipa": true, ".mobileconfig": true,
	".dmg": true, ".pkg": true, ".app": true, ".command": true, ".sh": true, ".run": true, ".deb": true, ".rpm": true, ".appimage": true,
	".zip": true, ".7z": true, ".rar": true, ".tar": true, ".gz": true, ".tgz": true, ".xz": true, ".bz2": true, ".lzh": true, ".cab": true, ".ace": true, ".arj": true, ".z": true,
	".iso": true, ".img": true, ".vhd": true, ".vhdx": true, ".one": true,
	".docm": true, ".dotm": true, ".xlsm": true, ".xltm": true, ".xlam": true, ".xlsb": true, ".xll": true, ".pptm": true, ".ppsm": true, ".potm": true, ".ppam": true,
}

// download reports a file of such an extension as the path's last part or as a value of the query.
func (l *link) download(*Office) bool {
	rest, _, _ := strings.Cut(l.path, "#")
	file, query, _ := strings.Cut(rest, "?")
	if downloads[path.Ext(path.Base(file))] && strings.HasPrefix(file, "/") {
		return true
	}
	for _, kv := range strings.FieldsFunc(query, func(c rune) bool { return c == '&' || c == ';' }) {
		_, v, _ := strings.Cut(kv, "=")
		if downloads[path.Ext(path.Base(v))] && path.Ext(v) != ".com" {
			return true
		}
	}
	return false
}

// messengerHosts open a chat with someone, whatever the path.
var messengerHosts = map[string]bool{
	"line.me": true, "lin.ee": true, "liff.line.me": true, "line.naver.jp": true, "line.worksmobile.com": true,
	"t.me": true, "telegram.me": true, "telegram.dog": true, "telegram.im": true,
	"discord.gg": true, "discord.me": true, "discord.io": true,
	"wa.me": true, "chat.whatsapp.com": true, "api.whatsapp.com": true, "wa.link": true,
	"open.kakao.com": true, "qr.kakao.com": true, "pf.kakao.com": true,
	"signal.me": true, "signal.group": true, "m.me": true,
	"u.wechat.com": true, "weixin.qq.com": true, "invite.viber.com": true, "join.skype.com": true, "zalo.me": true, "threema.id": true,
}

func (l *link) messenger(*Office) bool {
	if l.scheme == "line" || l.scheme == "tg" {
		return true
	}
	if messengerHosts[strings.TrimPrefix(l.host, "www.")] {
		return true
	}
	switch {
	case l.under("discord.com"), l.under("discordapp.com"):
		return strings.HasPrefix(l.path, "/invite/")
	case l.under("line.me"):
		// store., news. and social-plugins.line.me are shops, articles and share buttons.
		return strings.HasPrefix(l.path, "/r/ti/") || strings.HasPrefix(l.path, "/ti/")
	}
	return false
}

// lookalike reports a host that a reader can take for another: punycode that does not decode to a plain Japanese
// name, Latin mixed with Cyrillic, Greek or Japanese letters in one label, a label of nothing but letters that pass
// for Latin ones. A wholly Japanese label (日本語.jp) deceives nobody.
func (l *link) lookalike(*Office) bool {
	if l.addr.IsValid() {
		return false
	}
	for s := range strings.SplitSeq(l.host, ".") {
		if !strings.HasPrefix(s, "xn--") {
			continue
		}
		u, err := idna.Punycode.ToUnicode(s)
		if err != nil || u == s || !japaneseLabel(u) {
			return true
		}
	}
	return false
}

// japaneseLabel reports a label of Japanese letters, digits and hyphens. The letters ノ and ー alone between Latin ones
// pass for / and -, hence no Latin.
func japaneseLabel(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool {
		return !isJapanese(c) && !isDigit(c) && c != '-' && c != '・'
	}) < 0 && strings.IndexFunc(s, isJapanese) >= 0
}

// publicBodies are the suffixes that Japan's registry gives to public bodies and schools only.
var publicBodies = []string{"lg.jp", "go.jp", "ed.jp", "ac.jp"}

// ownPages are platforms on which the office's own account is no foreign page: x.com/HANDLE.
var ownPages = []string{"x.com", "twitter.com", "facebook.com", "instagram.com", "youtube.com", "note.com"}

// foreign reports a link that leads neither to a public body nor to the policy's sites. Social networks, video sites
// and forms (x.com, youtube.com, forms.gle …) are foreign unless the page is the office's own; t.co leads nowhere known,
// so it is not called foreign: platforms hand over the expanded URL.
func (l *link) foreign(o *Office) bool {
	if l.addr.IsValid() {
		return true
	}
	if l.host == "t.co" {
		return false
	}
	if slices.ContainsFunc(publicBodies, l.under) || municipal(l.host) {
		return false
	}
	for _, s := range o.Sites {
		if site := toASCII(strings.ToLower(s)); site != "" && l.under(site) {
			return false
		}
	}
	if slices.ContainsFunc(ownPages, l.under) {
		page, _, _ := strings.Cut(strings.TrimLeft(l.path, "/@"), "/")
		page = strings.TrimRightFunc(strings.TrimPrefix(page, "@"), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '_' })
		if page, _, _ = strings.Cut(page, "?"); page != "" {
			for _, h := range o.Handles {
				if strings.EqualFold(page, strings.TrimPrefix(h, "@")) {
					return false
				}
			}
		}
	}
	return true
}

// municipal reports the geographic names kept for prefectures and large cities before .lg.jp: city.saitama.jp,
// pref.saitama.jp, metro.tokyo.jp. The public suffix list tells them from city.example.jp, which anyone can have.
func municipal(host string) bool {
	suffix, icann := publicsuffix.PublicSuffix(host)
	area, ok := strings.CutSuffix(suffix, ".jp")
	if !icann || !ok {
		return false
	}
	switch area {
	case "co", "or", "ne", "gr", "ad":
		return false
	}
	own := strings.TrimSuffix(host, "."+suffix)
	switch own[strings.LastIndexByte(own, '.')+1:] {
	case "city", "pref", "metro":
		return true
	}
	return false
}
