package detect

import (
	"strings"
	"testing"

	"github.com/kotomori/kotomori/internal/morph"
	"github.com/kotomori/kotomori/internal/text"
)

// FuzzDetectors runs every detector over arbitrary bytes, the post and the author's name included.
func FuzzDetectors(f *testing.F) {
	for _, s := range []string{
		"", "\xff\xfe", "090-0000-0001 〒330-0061 さいたま市浦和区高砂3-1-4", "https://xn--.example/?q=a%", "http://[::1", "「『「」", "5月29日(土)10時から3万円",
		cleaning, "公式:" + cleaning, "＞", "〇〇〇-〇〇〇〇", "+81", "+81(0)", "@", "#", ">>", "1️⃣⃣", "割割割", "数万", "マソ", "R8.", "10:", "a@b.example", "[.]", "x[.]y", "ドットコム", "℡㍿①⑩㍘", "さんさんさん", strings.Repeat("「", 50), "line id", "\u3099\u309a", "http://0x/", "…。．", "株式会社", "会", "の会",
	} {
		f.Add(s, cleaning, []byte(s))
	}
	f.Fuzz(func(t *testing.T, reply, post string, name []byte) {
		if len(reply) > 2000 || len(post) > 2000 || len(name) > 2000 {
			return
		}
		in := Input{Text: text.New(reply), Post: NewPost(text.New(post)), Office: office}
		in.Office.Names = append([]string{string(name)}, office.Names...)
		in.Tokens = roughTokens(in.Text.Plain.Runes, name)
		in.PostTokens = roughTokens(in.Post.Text.Plain.Runes, name)
		for _, d := range All() {
			last := 0
			for _, s := range d.Find(&in) {
				if s.Start < last || s.Start >= s.End || s.End > len(in.Text.Runes) {
					t.Errorf("%s found %v after %d in %q of %d code points", d.Name, s, last, reply, len(in.Text.Runes))
				}
				last = s.Start
				if d.Possible != nil && !d.Possible(in.Text) {
					t.Errorf("%s found %v in %q, where Possible says nothing can be", d.Name, s, reply)
				}
			}
		}
	})
}

// roughTokens cuts where the script changes and gives parts of speech by turns: loading kagome's dictionary would take the
// fuzzer's time, and it says little of what the detectors can meet.
func roughTokens(r []rune, turns []byte) []morph.Token {
	kinds := []string{"名詞,一般", "名詞,固有名詞,人名,姓", "名詞,固有名詞,人名,名", "名詞,接尾,人名", "名詞,固有名詞,地域,一般", "名詞,接尾,地域", "名詞,固有名詞,組織", "動詞,自立", "助詞,格助詞", "名詞,サ変接続", "接頭詞,名詞接続", "記号,一般", ""}
	var out []morph.Token
	for i := 0; i < len(r); {
		j := i + 1
		for j < len(r) && !edge(r[j-1], r[j]) && j-i < 4 {
			j++
		}
		k := len(out)
		if len(turns) > 0 {
			k = int(turns[len(out)%len(turns)])
		}
		out = append(out, morph.Token{Start: i, End: j, Surface: string(r[i:j]), Lemma: string(r[i:j]), POS: kinds[k%len(kinds)], Known: k%2 == 0})
		i = j
	}
	return out
}

// Tokens that do not fit the text must not bring a detector down.
func TestStrayTokens(t *testing.T) {
	in := Input{Text: text.New("短い文"), Post: NewPost(text.New(cleaning)), Office: office}
	in.Tokens = tokens(in.Post.Text.Plain.Runes)
	in.PostTokens = in.Tokens
	for _, d := range All() {
		for _, s := range d.Find(&in) {
			if s.End > len(in.Text.Runes) {
				t.Errorf("%s found %v in %d code points", d.Name, s, len(in.Text.Runes))
			}
		}
	}
}

// Long texts made to be slow: whatever the detectors do must stay near linear, or this test does not end in time.
func TestLongTexts(t *testing.T) {
	for _, unit := range []string{"w", "あ", "1", "1-", "1 ", "0120-", "「", "」", ">", "http://", "a.", "@", "#a", "マンション", "市", "区1-", "一", "〇", "万", "かか", "?", "か\n", "line:", "銀行", "(dot)", ".com", "ドット", "[", "公式:", "5/", "月", "時", "円", "さん", "xn--", "草w", "あい"} {
		s := strings.Repeat(unit, 10000/len(unit))
		in := Input{Text: text.New(s), Post: NewPost(text.New(s[:len(s)/2])), Office: office}
		for _, d := range All() {
			if n := len(d.Find(&in)); n > len(in.Text.Runes) {
				t.Errorf("%s found %d stretches in %d characters", d.Name, n, len(in.Text.Runes))
			}
		}
	}
}

// BenchmarkDetectors runs all detectors over an ordinary reply, tokens given.
func BenchmarkDetectors(b *testing.B) {
	in := Input{Text: text.New("5月29日(土)の清掃、娘と2人で参加します！詳しくは https://shop.example/a を見ました。軍手は百円ショップで買えばいいですか？😊 #和光市"), Post: NewPost(text.New(cleaning)), Office: office}
	in.Tokens, in.PostTokens = tokens(in.Text.Plain.Runes), tokens(in.Post.Text.Plain.Runes)
	all := All()
	b.ReportAllocs()
	for b.Loop() {
		for i := range all {
			if p := all[i].Possible; p == nil || p(in.Text) {
				all[i].Find(&in)
			}
		}
	}
}
