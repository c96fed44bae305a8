package text

import (
	"reflect"
	"slices"
	"testing"
)

// slowly makes the views without any table.
func slowly(s string) *Text {
	t := &Text{Original: s, Runes: []rune(s)}
	t.Plain = plain(t.Runes)
	var classes []class
	t.Folded, classes = fold(t.Plain)
	folded := t.Folded
	var honest View
	if honest, t.altered = undisguise(t.Plain); t.altered != nil {
		folded, classes = fold(honest)
	}
	if t.Squeezed = squeeze(folded, classes); len(t.Squeezed.Runes) == 0 && t.altered != nil {
		t.Squeezed = folded
	}
	if slices.Equal(t.Squeezed.Runes, t.Folded.Runes) {
		t.Squeezed, t.altered = View{}, nil
	}
	t.Sentences = sentences(nil, t.Plain, len(t.Runes))
	return t
}

// same fails where a text's views are not those made without tables, nor if the memory was another text's before.
func same(t *testing.T, used *Text, s string) {
	t.Helper()
	want := slowly(s)
	used.Reset(s)
	for _, got := range []*Text{New(s), used} {
		for _, v := range []struct {
			name      string
			got, want View
		}{{"Plain", got.Plain, want.Plain}, {"Folded", got.Folded, want.Folded}, {"Squeezed", got.Squeezed, want.Squeezed}} {
			if !slices.Equal(v.got.Runes, v.want.Runes) || !slices.Equal(v.got.Start, v.want.Start) || !slices.Equal(v.got.End, v.want.End) {
				t.Errorf("%s of %q:\n got %q %v %v\nwant %q %v %v", v.name, s, string(v.got.Runes), v.got.Start, v.got.End, string(v.want.Runes), v.want.Start, v.want.End)
			}
		}
		if !slices.Equal(got.Sentences, want.Sentences) || !slices.Equal(got.Runes, want.Runes) || !reflect.DeepEqual(got.altered, want.altered) {
			t.Errorf("%q: sentences %v, want %v; altered %v, want %v", s, got.Sentences, want.Sentences, got.altered, want.altered)
		}
	}
}

func TestTablesGiveTheSameViews(t *testing.T) {
	used := &Text{}
	for r := rune(1); r < 0x20000; r++ {
		same(t, used, "あ"+string(r)+"か")
		if r > 0x3400 && r < 0xF000 {
			r += 96
		}
	}
	for _, s := range []string{
		"", "a", "ー", "ーー", "すごーーーい～～", "かわぃぃょ", "ゃばぃ", "死 ね", "し・ね", "ﾀﾋね", "タヒね", "ＡＢＣ＆ｌｔ；", "が゛か゛", "わーーい!!!！", "ababa baka yarou", "vіrus",
		"か\u3099", "\r\nあ\r\n", "❤️ありがとう✨", "…ええ…", "㈱山田", "カタカナーーッ", "aaーー", "~~か~~", "テスト〜〜テスト", "っっっっ", "ぁぁぁ", "wwwwww", "草草草草",
		"🚗💨🥺🥺🥺", "\xff\xfe", "１２：３０～１３：００", "な\nん\nで\nや\nね\nん",
	} {
		same(t, used, s)
	}
	if n := testing.AllocsPerRun(50, func() {
		used.Reset("素敵なイベントですね！次回も１０月に参加します…楽しみー")
	}); n > 0 {
		t.Errorf("%v allocations for a text in plain words, want none", n)
	}
}
