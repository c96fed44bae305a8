package detect

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kotomori/kotomori/internal/morph"
	"github.com/kotomori/kotomori/internal/text"
)

// office is the office of the tests.
var office = Office{
	Names:   []string{"さいたま市市民協働推進課", "わこらぼ／和光市市民協働推進センター（公式）ツイッター", "和光市市民協働推進センター"},
	Handles: []string{"SaitamaCvcCoop", "wakokyodo"},
	Sites:   []string{"city.saitama.lg.jp", "wakolabo.example"},
}

var analyzer = sync.OnceValue(func() *morph.Analyzer {
	a, err := morph.New(nil)
	if err != nil {
		panic(err)
	}
	return a
})

func tokens(r []rune) []morph.Token { return analyzer().Tokens(string(r)) }

// find runs a detector over a text and gives what it found, as written.
func find(t *testing.T, name, s, post string) []string {
	t.Helper()
	d, ok := Lookup(name)
	if !ok {
		t.Fatalf("no detector %q", name)
	}
	in := &Input{Text: text.New(s), Office: office}
	if post != "" {
		in.Post = NewPost(text.New(post))
	}
	if d.NeedsTokens {
		in.Tokens = tokens(in.Text.Plain.Runes)
		if in.Post != nil {
			in.PostTokens = tokens(in.Post.Text.Plain.Runes)
		}
	}
	var got []string
	for _, s := range d.Find(in) {
		got = append(got, string(in.Text.Runes[s.Start:s.End]))
	}
	if len(got) > 0 && d.Possible != nil && !d.Possible(in.Text) {
		t.Errorf("%s: Possible is false for %q, but Find reports %q", name, s, got)
	}
	return got
}

// a hit is a text in which a detector finds exactly the given stretches, all of the text where none is given.
type hit struct {
	text string
	want []string
}

func h(text string, want ...string) hit { return hit{text, want} }

// check runs a detector over hits and over near misses, in which it must find nothing.
func check(t *testing.T, name string, hits []hit, misses []string) {
	t.Helper()
	for _, c := range hits {
		want := c.want
		if want == nil {
			want = []string{c.text}
		}
		if got := find(t, name, c.text, ""); !slices.Equal(got, want) {
			t.Errorf("%s in %q: got %q, want %q", name, c.text, got, want)
		}
	}
	for _, s := range misses {
		if got := find(t, name, s, ""); len(got) > 0 {
			t.Errorf("%s in %q: got %q, want nothing", name, s, got)
		}
	}
}

func TestAll(t *testing.T) {
	want := strings.Fields("address author.official bank-account card contact-id date email emoji hashtag mention money mynumber number organization percent person phone phone.mobile place post.altered post.copied post.unrelated postal-code question quotation repetition time url url.download url.foreign url.ip url.messenger url.punycode url.shortener")
	var got []string
	for _, d := range All() {
		got = append(got, d.Name)
		if d.About == "" || d.find == nil {
			t.Errorf("%s lacks About or Find", d.Name)
		}
		if l, ok := Lookup(d.Name); !ok || l.Name != d.Name {
			t.Errorf("Lookup(%q) = %q, %v", d.Name, l.Name, ok)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("All() = %q, want %q", got, want)
	}
	if d, ok := Lookup("no.such"); ok {
		t.Errorf("Lookup(no.such) = %v", d.Name)
	}
	All()[0].Name = "changed"
	if _, ok := Lookup(want[0]); !ok {
		t.Error("changing what All returned changed the detectors")
	}
}

// Without a post, tokens or text, detectors abstain.
func TestAbstains(t *testing.T) {
	for _, d := range All() {
		for what, in := range map[string]Input{
			"no text": {}, "an empty text": {Text: text.New("")}, "a text without the post": {Text: text.New("5月29日の清掃活動は10時に和光市民会館の前に集合です")},
		} {
			if found := d.Find(&in); len(found) > 0 && (d.NeedsPost || in.Text == nil || in.Text.Original == "") {
				t.Errorf("%s found %v in %s", d.Name, found, what)
			}
		}
	}
}

// Every character that Plain drops or expands stays where it was.
func TestOriginalOffsets(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"url", "㈱サンプルはＨＴＴＰＳ：／／ｅｘａｍｐｌｅ．ｃｏｍ／ａ です", "ＨＴＴＰＳ：／／ｅｘａｍｐｌｅ．ｃｏｍ／ａ"},
		{"phone", "🎉🎉０９０\u200b－００００－０００１まで", "０９０\u200b－００００－０００１"},
		{"money", "㌔あたり⑤⓪⓪円", "⑤⓪⓪円"},
		{"hashtag", "e\u0301 ＃さいたま", "＃さいたま"},
	} {
		if got := find(t, c.name, c.text, ""); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s in %q: got %q, want %q", c.name, c.text, got, c.want)
		}
	}
}
