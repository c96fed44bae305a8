package detect

import (
	"sort"
	"strings"

	"github.com/kotomori/kotomori/internal/text"
)

func questionPossible(t *text.Text) bool {
	for _, c := range t.Plain.Runes {
		switch c {
		case '?', 'か', 'け', '❓', '❔', '¿':
			return true
		}
	}
	return false
}

var (
	// asks end a question that has no ？. They are long enough not to end a statement's last word.
	asks = newWords(
		"ですか", "ますか", "でしたか", "ましたか", "ませんか", "でしょうか", "ましょうか", "でしょか", "だろうか", "のだろうか", "んだろうか",
		"んですか", "のですか", "っすか", "すか", "ないか", "たいか", "いいか", "よいか", "良いか", "しいか", "だったか", "ったか", "たのか", "るのか", "のか", "んか",
		"るか", "たか", "うか", "くか", "つか", "ぶか", "むか",
		"かな", "かなあ", "かなぁ", "かなー", "かしら", "かしらね", "ですかね", "ますかね", "ましたかね", "でしょうかね", "のかね", "るかね", "たかね", "んかね", "ないかね", "かねぇ", "ですかねえ", "ますかねえ",
		"のかい", "るかい", "んかい", "ですかい", "ないかい", "いいかい", "だっけ", "たっけ", "ましたっけ", "ですっけ", "っけか", "かのう", "ねえか", "ねぇか",
		"ですかぁ", "ますかぁ", "ですかあ", "ますかあ", "やろか", "やろうか", "ますのん", "ですのん", "へんか", "はりますか",
	)
	// statements end like a question and are none.
	statements = newWords(
		"はるか", "ほのか", "したたか", "さかな", "なかな", "たしかな", "静かな", "豊かな", "確かな", "かすかな", "細かな", "わずかな", "僅かな", "おろか", "愚か", "明らかな", "のどかな", "にぎやかな", "賑やかな", "爽やかな", "さわやかな", "穏やかな", "速やかな", "健やかな", "滑らかな", "柔らかな", "いかな", "ばかな", "遥かな",
		"かどうか", "そうか", "なるほどそうか", "どころか", "なんか", "なにか", "みんか", "けんか", "しか", "とか", "いくつか", "いつか", "どうか", "何とか", "なんとか", "誰か", "だれか", "どこか", "いくらか", "ぶんか", "こうか", "がっこうか", "じょうか", "りょうか", "すいか", "あたたか", "ゆたか", "だんか", "せっかな", "さやか", "いかんか", "はなはだしいか", "市民課か", "いちおうか",
	)
	laughs = newWords("笑", "w", "ww", "www", "草", "汗", "泣", "爆", "涙", "怒", "(笑)", "(汗)", "(泣)", "(爆)", "(涙)", "(怒)", "苦笑", "(苦笑)", "(^^)", "(^_^)", "(^^;)", "(^_^;)", "^^", "^^;", "笑笑")
)

// findQuestions reports sentences that end in ？, or in か, でしょうか, かな and the like; emoji, laughter, hashtags and links
// may follow. A rhetorical question is a question.
func findQuestions(in *Input, found func(text.Span)) {
	v := &in.Text.Plain
	r := withoutLinks(v.Runes)
	for _, s := range in.Text.Sentences {
		i := sort.Search(len(r), func(k int) bool { return int(v.Start[k]) >= s.Start })
		j := sort.Search(len(r), func(k int) bool { return int(v.Start[k]) >= s.End })
		for i < j && isSpace(r[i]) {
			i++
		}
		for j > i && isSpace(r[j-1]) {
			j--
		}
		if i < j && asksIn(r[i:j]) {
			found(v.Span(i, j))
		}
	}
}

// asksIn reports that the sentence s asks.
func asksIn(s []rune) bool {
	words := false
	for _, c := range s {
		words = words || isWord(c)
	}
	if !words {
		return false
	}
	n := len(s)
	for n > 0 {
		c := s[n-1]
		if c == '?' || c == '❓' || c == '❔' {
			return true
		}
		if k := laughs.before(s, n); k > 0 && (c != 'w' || !isLatin(runeAt(s, k-1))) {
			n = k
			continue
		}
		if k := tagBefore(s, n); k > 0 {
			n = k
			continue
		}
		if isWord(c) && c != 'ー' && !isMarkLike(c) {
			break
		}
		n--
	}
	s = s[:n]
	k := asks.before(s, n)
	if k < 0 {
		return false
	}
	if q := statements.before(s, n); q >= 0 && q <= k {
		return false
	}
	// A bare plain form (行くか) needs something before it, or it is a word by itself.
	return k > 0 || n-k > 2
}

// isMarkLike reports letters by Unicode that serve as marks.
func isMarkLike(c rune) bool { return strings.ContainsRune("〜ぁぇっッ", c) }

// tagBefore is the start of a hashtag or mention that ends right before s[n], or -1.
func tagBefore(s []rune, n int) int {
	k := n
	for k > 0 && isTagRune(s[k-1]) {
		k--
	}
	if k > 0 && k < n && (s[k-1] == '#' || s[k-1] == '@') {
		return k - 1
	}
	return -1
}
