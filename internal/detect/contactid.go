package detect

import (
	"strings"

	"github.com/kotomori/kotomori/internal/text"
)

var (
	// services are messengers and networks on which people are found by an id.
	services = newWords("line", "ライン", "らいん", "telegram", "テレグラム", "テレグラ", "kakao", "kakaotalk", "カカオ", "カカオトーク", "カカオtalk", "instagram", "insta", "インスタ", "インスタグラム", "signal", "シグナル", "wechat", "ウィーチャット", "微信", "discord", "ディスコード", "ディスコ", "skype", "スカイプ", "whatsapp", "ワッツアップ", "snapchat", "スナチャ", "viber", "バイバー")
	// ambiguous ones are everyday words too: only an explicit id, an @ or a _ counts after them.
	ambiguous = newWords("らいん", "カカオ", "signal", "シグナル", "ディスコ", "バイバー")
)

// idFillers may stand between a service's name and the id.
var (
	idFillers = newWords("の", "アカウント", "アカ", "ユーザー名", "ユーザーネーム", "ユーザ名", "追加", "友だち追加", "友達追加", "検索", "名", "は", "が", "こちら", "これ", "から", "で", "に", "まで", "→", "⇒", "➡", "👉", "▶", ":", "=", "-", "/", "|", "(", "「", "【", "[", ")", "]", "】", "!", "、", ",", "*", "・", " ", "\n", "追加して", "ください", "よろしく", "連絡", "先", "公式")
	idMarks   = newWords("id", "アイディー", "アイディ", "アイデー", "ⅰd", "あいでぃー", "user", "username", "ユーザー名", "ユーザーネーム", "アカウント名")
	plainIDs  = newWords("id", "line", "official", "follow", "app", "apps", "pay", "works", "stamp", "store", "please", "and", "the", "for", "user", "dm", "sns", "qr", "url", "http", "https", "www", "com", "pc", "ok", "ng", "new", "only", "or", "add", "vip", "web", "live", "news", "music", "manga", "free", "telegram", "instagram", "discord", "twitter", "facebook", "youtube", "tiktok", "wechat", "kakao", "kakaotalk", "skype", "whatsapp", "x", "is", "my", "group", "call", "chat", "name", "signal", "insta", "mail", "email", "tel", "japan", "open", "openchat", "post", "posts", "share", "like", "story", "stories", "reels")
)

// findContactIDs reports a service's name with an id: LINE ID: abc123, テレグラム @abc, カカオ:abc_1, and @abc (LINE).
// The office's own handles are none.
func findContactIDs(in *Input, found func(text.Span)) {
	v := &in.Text.Plain
	r := withoutLinks(v.Runes)
	own := func(i, j int) bool {
		id := strings.TrimPrefix(string(r[i:j]), "@")
		for _, h := range in.Office.Handles {
			if strings.EqualFold(id, strings.TrimPrefix(h, "@")) {
				return true
			}
		}
		return false
	}
	for i := 0; i < len(r); i++ {
		j := services.at(r, i)
		if j < 0 || !wholeWord(r, i, j) {
			continue
		}
		if s, e, ok := idAfter(r, j, ambiguous.is(r[i:j])); ok && !own(s, e) {
			found(v.Span(i, e))
			i = e - 1
			continue
		}
		if s, ok := idBefore(r, i); ok && !own(s, i) {
			if c := runeAt(r, j); c == ')' || c == ']' || c == '】' {
				j++
			}
			found(v.Span(s, j))
		}
		i = j - 1
	}
}

// wholeWord reports that r[i:j] touches no letter of its own script: オンライン and online hold no LINE.
func wholeWord(r []rune, i, j int) bool {
	same := func(a, b rune) bool {
		return isKata(a) && isKata(b) || isLatin(a) && isLatin(b)
	}
	if same(runeAt(r, i-1), r[i]) {
		return false
	}
	next := runeAt(r, j)
	return !same(r[j-1], next) || idMarks.at(r, j) >= 0 && isLatin(next) && !isLatin(runeAt(r, j+2)) || idFillers.at(r, j) >= 0 && isKata(next)
}

// idAfter reads fillers and an id from r[i] on.
func idAfter(r []rune, i int, loose bool) (start, end int, ok bool) {
	marked, pointed := false, false // the word id; a mark such as : or → that introduces
	for range 8 {
		if j := idMarks.at(r, i); j >= 0 && !isLatinOrDigit(runeAt(r, j)) && runeAt(r, j) != '_' {
			marked = true
			i = j
			continue
		}
		j := idFillers.at(r, i)
		if j < 0 {
			break
		}
		switch r[i] {
		case ':', '→', '⇒', '➡', '👉', '▶', '=', '【', '「', '(':
			pointed = true
		}
		i = j
	}
	start = i
	at := runeAt(r, i) == '@'
	if at {
		i++
	}
	body := i
	for i < len(r) && (isLatinOrDigit(r[i]) || r[i] == '_' || r[i] == '.' || r[i] == '-' || r[i] == '#' && i > body) {
		i++
	}
	for i > body && !isLatinOrDigit(r[i-1]) && r[i-1] != '_' {
		i--
	}
	id := r[body:i]
	if len(id) < 3 || len(id) > 32 || plainIDs.is(id) || isJapaneseUnit(r, i) {
		return 0, 0, false
	}
	letters, digits, marks := 0, 0, 0
	for _, c := range id {
		switch {
		case isLatin(c):
			letters++
		case isDigit(c):
			digits++
		default:
			marks++
		}
	}
	mixed := letters > 0 && digits+marks > 0
	switch {
	case at:
		ok = letters+marks > 0 || digits >= 5
	case marked:
		ok = letters > 0 && len(id) >= 4 || mixed || digits >= 6
	case pointed && loose:
		ok = letters >= 3 && marks > 0 && len(id) >= 5
	case pointed:
		ok = mixed && len(id) >= 4 || letters >= 6 && runeAt(r, i) != ' '
	}
	return start, i, ok
}

// isJapaneseUnit reports that what precedes r[i] was an amount: カカオ: 70%.
func isJapaneseUnit(r []rune, i int) bool {
	return percentWords.at(r, i) >= 0 || counters.at(r, i) >= 0
}

// idBefore reads "@abc (" and "@abc＠" right before a service's name at r[i].
func idBefore(r []rune, i int) (start int, ok bool) {
	j := i
	for j > 0 && isBlank(r[j-1]) {
		j--
	}
	if j == 0 || r[j-1] != '(' && r[j-1] != '[' && r[j-1] != '【' {
		return 0, false
	}
	j--
	for j > 0 && isBlank(r[j-1]) {
		j--
	}
	k := j
	for k > 0 && (isLatinOrDigit(r[k-1]) || r[k-1] == '_' || r[k-1] == '.' || r[k-1] == '-') {
		k--
	}
	if k == 0 || r[k-1] != '@' || j-k < 3 {
		return 0, false
	}
	return k - 1, true
}
