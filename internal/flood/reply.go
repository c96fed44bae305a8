package flood

import (
	"cmp"
	"crypto/sha256"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/text"
)

// hash stands for a text, a comment, an author; zero for none. What is counted is kept as hashes, so that a counter
// holds neither texts nor names.
type hash [16]byte

func hashOf(parts ...string) hash {
	var room [512]byte // as much as most have
	all := room[:0]
	for _, p := range parts {
		all = append(append(all, p...), 0)
	}
	sum := sha256.Sum256(all)
	return hash(sum[:16])
}

// Reply is what a Counter needs of one record. The zero Reply is a record that is not counted.
type Reply struct {
	comment  hash
	author   hash // zero where unknown
	text     hash // of the post and the text; zero where it cannot be part of a flood
	long     bool // long enough for different people
	gone     bool
	revision int
}

func (r Reply) counts() bool { return !r.gone && r.text != hash{} }

// rank puts a deletion or hiding behind what else is said of the same revision.
func (r Reply) rank() int {
	if r.gone {
		return 1
	}
	return 0
}

// Letters that a text must have, set phrases of thanks and the like aside, to be counted: by one author, and by
// different ones. Twelve are a short sentence (駐車場は何台分ありますか), which several people may well come to ask; the same
// twenty they do not hit upon by chance. Fewer than leastKinds different letters are a cheer (わっしょいわっしょい…).
const (
	leastOwn   = 12
	leastAll   = 20
	leastKinds = 8
)

// Read takes from a comment what is counted: nothing where the comment names no post.
//
// Texts are the same if they are so in the view that undoes disguises, without marks, blanks, emoji, links, mentions, and
// without a number or code at the end, which programs add to get past a platform's own check for repeats.
func Read(c event.Comment) Reply {
	post := c.PostKey()
	if post == "" {
		return Reply{}
	}
	r := Reply{comment: hashOf(c.CommentKey()), gone: c.Gone(), revision: c.Revision}
	if c.Gone() {
		return r
	}
	if author := cmp.Or(c.Author.ID, strings.ToLower(strings.TrimPrefix(c.Author.Handle, "@"))); author != "" {
		r.author = hashOf(c.Platform, author)
	}
	letters := lettersOf(c.Text)
	rest := phrases().Replace(letters)
	if utf8.RuneCountInString(rest) < leastOwn || !manyKinds(rest) {
		return r
	}
	r.text = hashOf(post, letters)
	r.long = utf8.RuneCountInString(rest) >= leastAll
	return r
}

// Quotes says whether a text does no more than repeat the official post, or a part of it. That is nobody's flood, and so not
// recommended, however often it stands there. Counting does not depend on it, because it does not depend on what is known of a
// post at the time.
func Quotes(reply, post string) bool {
	r, p := lettersOf(reply), lettersOf(post)
	if p == "" {
		return false
	}
	if strings.Contains(p, r) {
		return true
	}
	before, after, found := strings.Cut(r, p)
	return found && utf8.RuneCountInString(before)+utf8.RuneCountInString(after) < leastOwn
}

var (
	links = regexp.MustCompile(`(?i)https?://[!-~]+|[@＠][0-9A-Za-z_.]+`)
	code  = regexp.MustCompile(`[^\p{L}\p{N}][0-9a-z]{0,8}[0-9][0-9a-z]{0,8}[^\p{L}\p{N}]*$`)
)

var texts = sync.Pool{New: func() any { return &text.Text{} }}

// keptText bounds, in bytes, the texts whose memory is kept for the next.
const keptText = 8 << 10

// lettersOf are the letters and digits of a text by which it is compared. Every comment pays for it, so the regular expressions are asked only where
// they can match.
func lettersOf(s string) string {
	if strings.Contains(s, "://") || strings.Contains(s, "@") || strings.Contains(s, "＠") {
		s = links.ReplaceAllString(s, " ")
	}
	var t *text.Text
	if len(s) <= keptText {
		t = texts.Get().(*text.Text)
		defer texts.Put(t)
	} else {
		t = &text.Text{}
	}
	t.Reset(s)
	v := t.Folded.Runes
	if len(t.Squeezed.Runes) > 0 {
		v = t.Squeezed.Runes
	}
	// A code at the end stands apart; marks show that, so look before they go.
	if slices.ContainsFunc(v, func(r rune) bool { return r >= '0' && r <= '9' }) {
		v = []rune(code.ReplaceAllString(string(v), ""))
	}
	var letters strings.Builder
	letters.Grow(3 * len(v))
	for _, r := range v {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			letters.WriteRune(r)
		}
	}
	return letters.String()
}

// manyKinds says whether there are leastKinds different letters.
func manyKinds(s string) bool {
	var seen [leastKinds]rune
	n := 0
	for _, r := range s {
		if slices.Contains(seen[:n], r) {
			continue
		}
		seen[n] = r
		if n++; n == leastKinds {
			return true
		}
	}
	return false
}

// phrases takes out what everybody says: many people thank in the same words, and that is no flood.
var phrases = sync.OnceValue(func() *strings.Replacer {
	var said []string
	for _, p := range []string{
		"ありがとうございます", "ありがとうございました", "ありがとう", "ありがとね", "ありがたいです", "感謝します", "感謝しています", "感謝いたします", "感謝です",
		"お疲れ様です", "お疲れ様でした", "お疲れさまです", "お疲れさまでした", "おつかれさまです", "おつかれさまでした", "ご苦労様です", "ご苦労さまです",
		"お世話になります", "お世話になっています", "お世話になっております", "お世話になりました",
		"了解です", "了解しました", "了解いたしました", "承知しました", "承知いたしました", "わかりました", "分かりました", "確認しました", "拝見しました",
		"楽しみにしています", "楽しみにしてます", "楽しみにしております", "楽しみです", "楽しみ", "楽しかったです", "待ってます", "待っています", "お待ちしています",
		"参加します", "参加しました", "参加したいです", "参加させていただきます", "参加してみたいです", "行きます", "行ってみます", "行ってきます", "行きたいです", "行ってみたいです", "伺います",
		"申し込みました", "申込みました", "申し込みます", "応募しました", "応募します", "予約しました", "登録しました",
		"応援しています", "応援してます", "応援しております", "頑張ってください", "がんばってください", "頑張りましょう", "がんばりましょう",
		"おめでとうございます", "おめでとう", "よろしくお願いします", "よろしくお願いいたします", "よろしくお願い致します", "宜しくお願いします", "宜しくお願い致します", "よろしくです", "お願いします", "お願いいたします",
		"助かります", "助かりました", "勉強になりました", "勉強になります", "参考になりました", "参考になります", "参考にします",
		"素敵です", "素敵ですね", "素晴らしいです", "素晴らしいですね", "素晴らしい", "すばらしい", "いいですね", "良いですね", "すごいですね", "嬉しいです", "うれしいです", "よかったです", "良かったです",
		"こんにちは", "こんばんは", "おはようございます", "はじめまして", "初めまして", "失礼します", "失礼いたします", "気をつけます", "気を付けます", "シェアします", "シェアさせていただきます", "拡散します", "フォローしました",
		"情報", "お知らせ", "教えていただき", "教えてくださり", "教えてくださって", "知らせていただき", "いつも", "毎年", "毎回", "今年も", "今回も", "今日も", "本日も", "次回も", "本当に", "ほんとに", "とても", "大変", "早速", "さっそく", "みなさん", "皆さん", "みなさま", "皆様", "職員の", "スタッフの",
		"Thank you so much", "Thank you very much", "Thank you", "Thanks", "Looking forward to it", "Congratulations",
	} {
		said = append(said, lettersOf(p))
	}
	// The longest first: a Replacer takes the first that fits.
	slices.SortStableFunc(said, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	said = slices.Compact(said)
	var pairs []string
	for _, p := range said {
		pairs = append(pairs, p, "")
	}
	return strings.NewReplacer(pairs...)
})
