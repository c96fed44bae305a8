package text

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestPlain(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"nothing to do", "今日はいい天気ですね。", "今日はいい天気ですね。"},
		{"empty", "", ""},
		{"case and full width", "ＤＭください LINE １２３", "dmください line 123"},
		{"half width with voicing marks", "ﾊﾞｶ ﾊﾟﾊﾟ活 ｶﾞ", "バカ パパ活 ガ"},
		{"half-width marks", "｢死ﾈ｣｡ｱ･ｲｰ､", "「死ネ」。ア・イー、"},
		{"voicing mark combining", "か\u3099は\u309a", "がぱ"},
		{"voicing mark spacing", "か゛は゜ハ゛", "がぱバ"},
		{"half-width voicing mark after hiragana", "かﾞ", "が"},
		{"voicing mark where none can be", "あ゛死\u3099ん゛がﾞ゛", "あ死んが"},
		{"voicing mark first", "゛あ", "あ"},
		{"voicing mark after an invisible", "か\u200b\u3099", "が"},
		{"voicing mark in a pile", "か\u0316\u0301\u0302\u3099\u0304", "が"},
		{"squared", "㈱ ㌔ ㍿ Ⅲ ① ℡ ㊙", "(株) キロ 株式会社 iii 1 tel 秘"},
		{"fraction", "½", "1⁄2"},
		{"compatibility kanji", "⼈ 神", "人 神"},
		{"math letters", "𝐃𝐌", "dm"},
		{"zero width", "死\u200bね\u200c\u200d\u2060\ufeff", "死ね"},
		{"soft hyphen, grapheme joiner", "死\u00adね\u034f", "死ね"},
		{"bidi", "\u202e死\u2066ね\u2069\u202c\u200f", "死ね"},
		{"variation selectors", "葛\U000E0100飾 ❤\ufe0f", "葛飾 ❤"},
		{"tags", "🏴\U000E0067\U000E0062\U000E007F", "🏴"},
		{"fillers", "死\u3164\u115f\uffa0ね", "死ね"},
		{"controls", "死\x00\x1b\x7f\u0080ね", "死ね"},
		{"family", "👨‍👩‍👧", "👨👩👧"},
		{"keycap", "1️⃣", "1"},
		{"zalgo on Latin", "s\u0337\u0301\u0302h\u0337\u0301\u0303i\u0301\u0337\u0316", "shi"},
		{"zalgo on kanji", "死\u0301\u0302ね\u0303\u0304\u0305", "死ね"},
		{"accents", "Cafe\u0301 É ế Ј\u030c й и\u0306", "café é ế ј й й"},
		{"Thai keeps its vowels", "ที่นี่", "ที่นี่"},
		{"Hangul", "\u1112\u1161\u11ab", "한"},
		{"white space", "a\u3000b\u00a0c\td\u2800e", "a b c d e"},
		{"line ends", "a\r\nb\rc\nd\u2028e\u0085f\r\r\n", "a\nb\nc\nd\ne\nf\n\n"},
		{"entity", "&lt;b&gt; &amp; &hearts; &quot;", "<b> & ♥ \""},
		{"entity twice", "&amp;lt; &amp;amp;amp;lt;", "< <"},
		{"entity numeric", "&#x30d0;&#12459; &#128;", "バカ €"},
		{"entity without semicolon", "&ltb &notit &copy2026 &#x6b7b", "<b ¬it ©2026 死"},
		{"entity with voicing mark", "か&#x3099;&#xff8a;&#xff9e;", "がバ"},
		{"entity invisible", "死&#8203;&zwj;&shy;ね", "死ね"},
		{"entity in full width", "＆ｌｔ；", "<"},
		{"entity with invisibles inside", "&\u200bl\u200dt;&l\u0335t;", "<<"},
		{"entity in upper case", "&NOT; &LT; &Omega;", "¬ < ω"},
		{"entity put together from entities", "&am&#112;lt; &#&#49;12;", "< p"},
		{"entity of a line end", "a&#13;&#10;b&NewLine;c", "a\nb\nc"},
		{"no entity", "Q&A & B&B &; &# &#x; &unknown; &#xyz;", "q&a & b&b &; &# \ufffd &unknown; &#xyz;"},
		{"sharp s and dotted I", "Straße İI", "straße ii"},
		{"invalid UTF-8", "死\xffね\xe3\x81", "死\ufffdね\ufffd\ufffd"},
		{"surrogate in UTF-8", "\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Plain(tt.in); got != tt.want {
				t.Errorf("Plain(%q) = %q, want %q", tt.in, got, tt.want)
			}
			check(t, tt.in)
		})
	}
}

func TestFold(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"katakana", "バカ ヴァカ ヶヵ", "ばか ゔぁか ゖゕ"},
		{"iteration marks", "ヽヾ", "ゝゞ"},
		{"rare katakana", "ヷヺ ㇱㇿ", "わを しろ"},
		{"half width", "ﾊﾞｰｶ", "ばーか"},
		{"long vowels", "しねーーー しね〜〜 しね～ー― しね~", "しねー しねー しねー しねー"},
		{"no long vowel", "5〜6時 東京～大阪 a~b", "5〜6時 東京~大阪 a~b"},
		{"long mark after what has no vowel", "死ーーね 死〜ー", "死ーね 死〜ー"},
		{"small vowels", "しねぇぇぇ うわぁァ", "しねぇ うわぁ"},
		{"repeats", "ばああああか 死死死死 草草草 ！！！！ ……", "ばああか 死死 草草 !! .."},
		{"two stay", "いいね 々々 !!", "いいね 々々 !!"},
		{"emoji", "😡😡😡😡", "😡😡"},
		{"digits and Latin stay", "10000円 www.example.jp wwwww", "10000円 www.example.jp wwwww"},
		{"blanks stay", "a   b\n\n\nc", "a   b\n\n\nc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Fold(tt.in); got != tt.want {
				t.Errorf("Fold(%q) = %q, want %q", tt.in, got, tt.want)
			}
			check(t, tt.in)
		})
	}
}

func TestSqueeze(t *testing.T) {
	for _, tt := range []struct{ in, want string }{ // "" where nothing goes
		{"し・ね", "しね"},
		{"死 ね", "死ね"},
		{"死　ねよ", "死ねよ"},
		{"死 ねばいいのに", "死ねばいいのに"},
		{"バ.カ", "ばか"},
		{"ﾊﾞ･ｶ", "ばか"},
		{"殺-す-ぞ", "殺すぞ"},
		{"や み き ん", "やみきん"},
		{"や、み、き、ん", "やみきん"},
		{"やみ★きん", "やみきん"},
		{"し♡ね", "しね"},
		{"死💀ね", "死ね"},
		{"死❤️‍🔥ね", "死ね"},
		{"し*ね し_ね し/ね し|ね し^ね し'ね し`ね し+ね し=ね", "しねしねしねしねしねしねしねしねしね"},
		{"おまえは死・ねよ", "おまえは死ねよ"},
		{"早く死 ね。", "早く死ね。"},
		{"お前はバ.カだ", "お前はばかだ"},
		{"お前はバ カだ", "お前はばかだ"},
		{"お前はバ・カヤロウ", "お前はばかやろう"},
		{"ば・かやろう", "ばかやろう"},
		{"おまえ、死・ねばいい", "おまえ、死ねばいい"},
		{"L.I.N.E で", "lineで"},
		{"L I N E", "line"},
		{"死\nね\nよ", "死ねよ"},
		{"殺\u3000\nす", "殺す"},
		{"か・あ・あ・あ・あ", "かああ"},
		{"ば・ー・か", "ばーか"},

		{"", ""},
		{"ふつうの文です。問題ない、はず。", ""},
		{"東京・大阪・名古屋市", "東京大阪・名古屋市"}, // two letters each: harmless, no word comes of it
		{"コーヒー・お茶の時間", ""},
		{"行くだし ねえ", ""},
		{"一緒だし、ねえ", ""},
		{"その話し ね", ""},
		{"その話し、ね。", ""},
		{"いい話し…ね", ""},
		{"お前ら し ね 馬鹿", "お前ら しね 馬鹿"},
		{"一緒だし…ね", ""},
		{"嬉しいし😭ねえ", ""},
		{"そうだよ。\nね、そう思う", ""},
		{"柿とかき も みかん も", "柿とかき も みかん も"},
		{"1.5 2-3 03-1234-5678 1・2", ""},
		{"5 月 3 日", ""},
		{"hello world, this is it", ""},
		{"殺○予告「死〇ね」死×ね", "殺予告「死〇ね」死×ね"},
		{"ケーキ・カード", ""},
		{"しーね し〜ね", ""},
		{"・し・", ""},
		{"Q&A 死 ね", "q&a 死ね"},
		{"詳しくは example.jp/a へ", ""},
		{"https://x/a-b www.example.com/s/h", ""},
		{"s.h.i.n.e　と s/h/i/n/e", "shineとshine"},
		{"&l・t;", ""}, // no entity may come of it
	} {
		t.Run(tt.in, func(t *testing.T) {
			x := New(tt.in)
			got := string(x.Squeezed.Runes)
			want := tt.want
			if want == string(x.Folded.Runes) {
				want = ""
			}
			if got != want {
				t.Errorf("squeezed %q is %q, want %q", tt.in, got, want)
			}
			check(t, tt.in)
		})
	}
}

func TestSpans(t *testing.T) {
	for _, tt := range []struct{ in, view, find, want string }{
		{"＜ﾊﾞｶ＞", "plain", "バ", "ﾊﾞ"},
		{"＜ﾊﾞｶ＞", "folded", "ばか", "ﾊﾞｶ"},
		{"や㈱や", "plain", "株", "㈱"},
		{"a&#x6b7b;\u200bねb", "plain", "死ね", "&#x6b7b;\u200bね"},
		{"&amp;lt;", "plain", "<", "&amp;lt;"},
		{"あか\u3099き", "plain", "が", "か\u3099"},
		{"しねえーーー！", "folded", "ねえー", "ねえーーー"},
		{"ばああああか", "folded", "ばああか", "ばああああか"},
		{"お前は死・★ね。", "squeezed", "死ね", "死・★ね"},
		{"a\r\nb", "plain", "\n", "\r\n"},
		{"👨‍👩‍👧", "plain", "👨👩", "👨‍👩"},
		{"\ufeff死ね", "plain", "死", "死"},
	} {
		x := New(tt.in)
		v := map[string]View{"plain": x.Plain, "folded": x.Folded, "squeezed": x.Squeezed}[tt.view]
		at := strings.Index(string(v.Runes), tt.find)
		if at < 0 {
			t.Errorf("%q is not in the %s view of %q, which is %q", tt.find, tt.view, tt.in, string(v.Runes))
			continue
		}
		i := utf8.RuneCountInString(string(v.Runes)[:at])
		s := v.Span(i, i+utf8.RuneCountInString(tt.find))
		if got := string(x.Runes[s.Start:s.End]); got != tt.want {
			t.Errorf("%q in the %s view of %q comes from %q, want %q", tt.find, tt.view, tt.in, got, tt.want)
		}
	}
}

func TestSentences(t *testing.T) {
	for _, tt := range []struct{ in, want string }{ // cut at |
		{"", ""},
		{"あ", "あ"},
		{"行く。帰る。", "行く。|帰る。"},
		{"え！？なに⁉本当‼", "え！？|なに⁉|本当‼"},
		{"「死ね。」と言われた。", "「死ね。」|と言われた。"},
		{"本当？（笑）そう", "本当？|（笑）そう"},
		{"行く！  帰る", "行く！  |帰る"},
		{"一行目\n二行目\r\n\r\n三行目", "一行目\n|二行目\r\n\r\n|三行目"},
		{"終わり。\n\n次", "終わり。\n\n|次"},
		{"\n\n初め", "\n\n初め"},
		{" \n ", " \n "},
		{"See example.jp. It is 1.5. No. 5", "See example.jp. |It is 1.5. No. |5"},
		{"そう…でも。。。ね", "そう…でも。。。|ね"},
		{"すごい！ ！\u200b次", "すごい！ ！\u200b|次"},
		{"行く｡帰る&#x3002;次", "行く｡|帰る&#x3002;|次"},
		{"やめて❗️もう", "やめて❗️|もう"},
		{"He said \"no.\" \"Why?\" she", "He said \"no.\" \"Why?\" |she"},
		{"㏂ ", "㏂ "},
	} {
		x := New(tt.in)
		var parts []string
		for _, s := range x.Sentences {
			parts = append(parts, string(x.Runes[s.Start:s.End]))
		}
		if got := strings.Join(parts, "|"); got != tt.want {
			t.Errorf("sentences of %q: %q, want %q", tt.in, got, tt.want)
		}
		check(t, tt.in)
	}
}

// check fails t where New breaks a promise that holds for every text.
func check(t interface {
	Helper()
	Errorf(string, ...any)
}, s string,
) {
	t.Helper()
	x := New(s)
	if x.Original != s || !slices.Equal(x.Runes, []rune(s)) {
		t.Errorf("New(%q) changed the original", s)
	}
	for _, n := range []struct {
		name string
		v    View
	}{{"Plain", x.Plain}, {"Folded", x.Folded}, {"Squeezed", x.Squeezed}} {
		v := n.v
		if len(v.Start) != len(v.Runes) || len(v.End) != len(v.Runes) {
			t.Errorf("%q: %s has %d runes, %d starts, %d ends", s, n.name, len(v.Runes), len(v.Start), len(v.End))
			return
		}
		for i := range v.Runes {
			if v.Start[i] < 0 || v.Start[i] >= v.End[i] || int(v.End[i]) > len(x.Runes) ||
				i > 0 && (v.Start[i] < v.Start[i-1] || v.End[i] < v.End[i-1]) {
				t.Errorf("%q: %s rune %d comes from [%d,%d) of %d", s, n.name, i, v.Start[i], v.End[i], len(x.Runes))
				return
			}
		}
	}
	if len(x.Squeezed.Runes) > 0 && slices.Equal(x.Squeezed.Runes, x.Folded.Runes) {
		t.Errorf("%q: Squeezed equals Folded and is not empty", s)
	}

	if again := New(string(x.Plain.Runes)).Plain.Runes; !slices.Equal(again, x.Plain.Runes) {
		t.Errorf("%q: Plain is %q, and of that %q", s, string(x.Plain.Runes), string(again))
	}
	if again := New(string(x.Folded.Runes)); !slices.Equal(again.Folded.Runes, x.Folded.Runes) || !slices.Equal(again.Plain.Runes, x.Folded.Runes) {
		t.Errorf("%q: Folded is %q, and of that %q", s, string(x.Folded.Runes), string(again.Folded.Runes))
	}
	if again := New(string(x.Squeezed.Runes)).Folded.Runes; !slices.Equal(again, x.Squeezed.Runes) {
		t.Errorf("%q: Squeezed is %q, which folds to %q", s, string(x.Squeezed.Runes), string(again))
	}

	at := 0
	for _, s2 := range x.Sentences {
		if s2.Start != at || s2.End <= s2.Start {
			t.Errorf("%q: sentences %v have a gap or an empty one", s, x.Sentences)
			return
		}
		at = s2.End
	}
	if at != len(x.Runes) {
		t.Errorf("%q: sentences end at %d of %d", s, at, len(x.Runes))
	}
}

// pieces are what texts are made of that make trouble with one another.
var pieces = []string{
	"し", "ね", "死", "バ", "カ", "ﾊ", "ﾞ", "ﾟ", "゛", "゜", "\u3099", "\u309a", "か", "が", "ー", "〜", "~", "～", "ｰ", "ぁ", "ァ", "ぇ", "は", "ハ",
	"・", "･", ".", "．", "。", "｡", ",", "、", " ", "\u3000", "\n", "\r", "\r\n", "\u2028", "-", "*", "★", "♡", "😀", "👨‍👩‍👧", "1️⃣",
	"A", "a", "ｗ", "w", "1", "１", "L", "İ", "ß", "\u0301", "\u0337", "\u20dd", "e", "é", "J", "\u030c", "ト", "ㇷ゚", "ヷ", "ヾ", "\u0345",
	"&", "＆", "#", "x", "X", ";", "；", "&lt;", "&amp;", "amp", "lt", "NOT", "not", "in", "&#38;", "&#", "&#x", "&#x26;", "49;", "12;", "&am", "&NUM;",
	"㈱", "㌔", "½", "Ⅲ", "⁉", "…", "㏂", "№", "™", "ﬁ", "\u200b", "\u00ad", "\ufe0f", "\U000E0041", "\u202e", "\u034f", "\u3164",
	"\u1112", "\u1161", "\u11ab", "한", "가", "ที่", "\u0e34", "ا", "\u064b", "क", "\u093c", "\u094d", "שּׁ",
	"!", "！", "?", "」", "\"", "〇", "○", "\xff", "\xe3\x81", "\x00", "々", "草", "…", "\u2800",
}

func drawText(t *rapid.T, label string) string {
	s := rapid.SliceOfN(rapid.OneOf(
		rapid.SampledFrom(pieces), rapid.SampledFrom(pieces), rapid.SampledFrom(pieces),
		rapid.Map(rapid.Rune(), func(r rune) string { return string(r) }),
	), 0, 40).Draw(t, label)
	return strings.Join(s, "")
}

func TestEveryTextKeepsThePromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { check(t, drawText(t, "text")) })
}

// Every code point alone, after a letter and before a mark.
func TestEveryCodePoint(t *testing.T) {
	for r := rune(0); r <= 0xE0FFF; r++ { // private use from there on
		if r == 0x32000 {
			r = 0xE0000 // unassigned in between
		}
		s := string(r)
		p := Plain(s)
		if settled(r) && p != s {
			t.Errorf("%U is settled, but becomes %q", r, p)
		}
		if p != s || Fold(s) != s || !alone(r) {
			check(t, s)
			check(t, "か"+s+"\u3099\u0301A")
		}
	}
}

// A word is found, folded, in the Folded view of whatever text it stands in.
func TestFoldedWordIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, word, after := drawText(t, "before"), drawText(t, "word"), drawText(t, "after")
		folded := string(New(before + "[ " + word + " ]" + after).Folded.Runes)
		if want := Fold(word); !strings.Contains(folded, want) {
			t.Fatalf("Fold(%q) = %q is not in %q", word, want, folded)
		}
	})
}

// The same within running text, for words of letters as the dictionary has them.
func TestFoldedWordIsFoundAmongLetters(t *testing.T) {
	letters := rapid.SliceOfN(rapid.SampledFrom([]rune("ばかバカｱーｰしネ死殺草ぁァぇaDw1９！")), 1, 8)
	rapid.Check(t, func(t *rapid.T) {
		before, word, after := letters.Draw(t, "before"), letters.Draw(t, "word"), letters.Draw(t, "after")
		folded := string(New(string(before) + string(word) + string(after)).Folded.Runes)
		if want := Fold(string(word)); !strings.Contains(folded, want) {
			t.Fatalf("Fold(%q) = %q is not in %q", string(word), want, folded)
		}
	})
}

// Where decoding once leaves nothing to decode, entities count as html.UnescapeString counts them.
func TestEntitiesLikeHTML(t *testing.T) {
	parts := []string{"&", "#", "x", "lt", "amp", "not", "in", ";", "30d0", "49", "notin", "hearts", "copy", "z", "あ", " ", "&lt", "&#x6b7b;", "&nbsp;", "&CounterClockwiseContourIntegral;"}
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 12).Draw(t, "text"), "")
		once := html.UnescapeString(s)
		if html.UnescapeString(once) != once {
			t.Skip("nested")
		}
		if got, want := Plain(s), Plain(once); got != want {
			t.Fatalf("Plain(%q) = %q, want %q", s, got, want)
		}
	})
}

// What an attacker would send to keep a worker busy must take time linear in its length. No clock here: were one of
// these quadratic, the test binary's own time limit would end it.
func TestLongTexts(t *testing.T) {
	const n = 1 << 18
	for _, unit := range []string{
		"a", "ー", "か\u3099", "\u0301", "&", "&amp;", "amp;", "&#", "&#&#49;", "1", "し・", "・", "\u1161", "\ufdfa", "\n", "!", "ﾊﾞ", "\u200b", "&\u0301a",
		"\u064b",
	} {
		s := "&#" + strings.Repeat(unit, n/len(unit))
		x := New(s)
		if len(x.Runes) == 0 || x.Sentences[len(x.Sentences)-1].End != len(x.Runes) {
			t.Errorf("%q repeated: sentences do not reach the end", unit)
		}
	}
}

func FuzzNew(f *testing.F) {
	for _, p := range pieces {
		f.Add(p)
	}
	f.Add("&amp;lt;死・ね\r\nﾊﾞｰｰｶ！？」 か\u3099\u0301&#x3099;")
	f.Fuzz(func(t *testing.T, s string) { check(t, s) })
}

func BenchmarkNew(b *testing.B) {
	for _, bb := range []struct{ name, text string }{
		{"settled", "今日は市役所のまつりに行きました。たくさんの人がいて、とても楽しかったです。"},
		{"katakana", "イベントのスケジュールをホームページでチェックしました！ありがとうございます。"},
		{"masked", "お前ら全員し・ね　バ.カ　&lt;ﾊﾞｰｰｰｶ&gt;　👨‍👩‍👧"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.text)))
			b.ReportAllocs()
			for b.Loop() {
				New(bb.text)
			}
		})
	}
}

func ExampleNew() {
	t := New("お前はﾊﾞ･ｶだ")
	i := strings.Index(string(t.Squeezed.Runes), "ばか") / len("ば")
	s := t.Squeezed.Span(i, i+2)
	fmt.Println(string(t.Squeezed.Runes), string(t.Runes[s.Start:s.End]))
	// Output: お前はばかだ ﾊﾞ･ｶ
}
