package text

import "testing"

func TestUndisguise(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"早くタヒね", "早く死ね"},
		{"ネ申社", "神社"},
		{"vіruѕを送る", "virusを送る"},
		{"v1rusつき", "virusつき"},
		{"korosu zo.", "ころす ぞ."},
		{"ク儿ド人", "くるど人"},
		{"ムスリ厶は", "むすりむは"},
		{"baka ka omae", "ばか か おまえ"},
		{"おまえbakaだろ", "おまえばかだろ"},
		{"korosu zo", "ころす ぞ"},
		{"「ト」「ラ」「ッ」「ク」に", "「とらっく」に"},
		{"よ(・∀・)る(・∀・)の", "よるの"},
		{"ゎたしとゃりませんか", "わたしとやりませんか"},
		{"かゎぃぃ子ゃばぃ、すごぃ", "かわいい子やばい、すごい"},
		{"ち・ゃ・ん・と・し・ろ・よ", "ちゃんとしろよ"},
		{"し・ょ・う・が・く・せ・い", "しょうがくせい"},
		{"&amp; v1rus;v1rus", "& virus;virus"},
	} {
		x := New(c.in)
		if got := string(x.Squeezed.Runes); got != c.want {
			t.Errorf("%s: got %q, want %q", c.in, got, c.want)
		}
		for i := range x.Squeezed.Runes {
			if x.Squeezed.Start[i] >= x.Squeezed.End[i] || int(x.Squeezed.End[i]) > len(x.Runes) {
				t.Errorf("%s: rune %d comes from [%d,%d)", c.in, i, x.Squeezed.Start[i], x.Squeezed.End[i])
			}
		}
	}
}

// What looks like a disguise and is none stays as it is.
func TestUndisguiseGuards(t *testing.T) {
	for _, in := range []string{
		"タヒチの写真展", "タヒボ茶", "ナニカ食べたい", "カロリーが高い", "社会の二ュース欄", "エコバッグ一つ", "Thank you so much for the nice time",
		"I like sushi", "https://example.jp/bakaniv1rus", "@baka_tarou さんへ", "6日(土)10時", "第1回「まち」(仮称)", "協力ありがとう", "一口メモ",
		"ピアノ二台", "テスト二回", "ゲーム千円", "コロナ下", "プロ口調", "ロシア語のПривет", "α波とβ波", "iPhone15で撮影", "CO2削減",
		"マスク/タオル", "ゲーム/アニメ", "コミュ力アップ", "グルメ口コミサイト", "女子きれい", "彼女未だ", "子供は米唐揚げ", "ホームページへアクセス", "2026.4.1から",
		"きゃー、しゃれたカフェ", "しーょうがない", "「ち」ょっと", "ち\nょっと", "くゎんおん", "パーティー", "ウィルス", "ねぇ、まぁいいか", "ティッシュ", "デュエット", "いやぁ、じぃじもニョキニョキ", "ぎゃああ", "メディア", "フュージョン",
	} {
		if got := New(in); len(got.Squeezed.Runes) != 0 {
			t.Errorf("%s became %q", in, string(got.Squeezed.Runes))
		}
	}
}
