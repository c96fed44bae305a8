package morph

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func analyzer(t interface {
	Helper()
	Fatalf(string, ...any)
}, words ...Word,
) *Analyzer {
	t.Helper()
	a, err := New(words)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return a
}

func surfaces(tokens []Token) string {
	var s []string
	for _, t := range tokens {
		s = append(s, t.Surface)
	}
	return strings.Join(s, "|")
}

func TestTokens(t *testing.T) {
	a := analyzer(t)
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"お前はバカだ", "お前|は|バカ|だ"},
		{"人目をはばかる", "人目|を|はばかる"},        // no ばか
		{"ダークソウルをプレイ", "ダーク|ソウル|を|プレイ"}, // no クソ
		{"犬死にした", "犬死に|し|た"},            // no 死に
		{"早く死ねよ", "早く|死ね|よ"},
		{"a b\u3000c\n\nd", "a| |b|\u3000|c|\n\n|d"},
		{"死\xff\xffね", "死|\xff\xff|ね"},
		{"死\uFFFDね\xe3\x81", "死|\uFFFD|ね|\xe3\x81"},
		{"あ\x00い", "あ|\x00|い"},
		{"😀😀", "😀😀"},
	} {
		if got := surfaces(a.Tokens(tt.in)); got != tt.want {
			t.Errorf("%q is cut %q, want %q", tt.in, got, tt.want)
		}
		check(t, a, tt.in)
	}
}

func TestTokenFields(t *testing.T) {
	a := analyzer(t)
	for _, tt := range []struct {
		in   string
		i    int
		want Token
	}{
		{"早く死ねよ", 1, Token{2, 4, "死ね", "動詞,自立", "死ぬ", "五段・ナ行", "命令ｅ", "シネ", true}},
		{"楽に死ねた", 2, Token{2, 4, "死ね", "動詞,自立", "死ねる", "一段", "連用形", "シネ", true}},
		{"死ねばいい", 0, Token{0, 2, "死ね", "動詞,自立", "死ぬ", "五段・ナ行", "仮定形", "シネ", true}},
		{"田中さん", 0, Token{0, 2, "田中", "名詞,固有名詞,人名,姓", "田中", "", "", "タナカ", true}},
		{"xyzzy です", 0, Token{0, 5, "xyzzy", "名詞,固有名詞,組織", "xyzzy", "", "", "", false}},
		{"あ い", 1, Token{1, 2, " ", "記号,空白", " ", "", "", "", false}},
		{"死\xff", 1, Token{1, 2, "\xff", "記号,一般", "\xff", "", "", "", false}},
	} {
		tokens := a.Tokens(tt.in)
		if tt.i >= len(tokens) || tokens[tt.i] != tt.want {
			t.Errorf("token %d of %q is\n%+v, want\n%+v", tt.i, tt.in, tokens, tt.want)
		}
	}
}

// The imperative, where kagome itself sees the continuative of the potential verb in some cases.
func TestImperative(t *testing.T) {
	a := analyzer(t)
	for _, tt := range []struct{ in, surface, lemma, form string }{
		{"死ね", "死ね", "死ぬ", "命令ｅ"},
		{"しね", "しね", "しぬ", "命令ｅ"},
		{"死ね。", "死ね", "死ぬ", "命令ｅ"},
		{"市長死ね", "死ね", "死ぬ", "命令ｅ"},
		{"今すぐ死ね、ゴミ", "死ね", "死ぬ", "命令ｅ"},
		{"死ねや", "死ね", "死ぬ", "命令ｅ"},
		{"死ねカス", "死ね", "死ぬ", "命令ｅ"},
		{"死ね死ね", "死ね", "死ぬ", "命令ｅ"},
		{"死ねと言われた", "死ね", "死ぬ", "命令ｅ"},
		{"死ね\nばか", "死ね", "死ぬ", "命令ｅ"},
		{"潰せ", "潰せ", "潰す", "命令ｅ"},
		{"燃やせ！", "燃やせ", "燃やす", "命令ｅ"},
		{"消えろ", "消えろ", "消える", "命令ｒｏ"},

		{"安らかに死ねた", "死ね", "死ねる", "連用形"},
		{"ここで死ねます", "死ね", "死ねる", "連用形"},
		{"笑って死ねて幸せ", "死ね", "死ねる", "連用形"},
		{"笑って死ねそう", "死ね", "死ねる", "連用形"},
		{"安心して死ねない", "死ね", "死ねる", "未然形"},
		{"朝ご飯を食べ、出かけた", "食べ", "食べる", "連用形"}, // has no other form of that spelling
	} {
		tokens := a.Tokens(tt.in)
		i := slices.IndexFunc(tokens, func(t Token) bool { return t.Surface == tt.surface })
		if i < 0 || tokens[i].Lemma != tt.lemma || tokens[i].ConjForm != tt.form {
			t.Errorf("%q: %+v, want %s as the %s of %s", tt.in, tokens, tt.surface, tt.form, tt.lemma)
		}
	}
}

func TestUserWords(t *testing.T) {
	words := []Word{
		{"ヤミバイト", "ヤミバイト", "名詞,一般"},
		{"ぴえんマン", "", "名詞,固有名詞,人名"},
		{"ヤミバイト", "ヤミバイト", "名詞,一般"}, // the same again
	}
	before := slices.Clone(words)
	a := analyzer(t, words...)
	if !slices.Equal(words, before) {
		t.Errorf("New changed its argument to %v", words)
	}
	tokens := a.Tokens("昨日のぴえんマンはヤミバイトだ")
	if got, want := surfaces(tokens), "昨日|の|ぴえんマン|は|ヤミバイト|だ"; got != want {
		t.Fatalf("cut %q, want %q", got, want)
	}
	if got, want := tokens[2], (Token{3, 8, "ぴえんマン", "名詞,固有名詞,人名", "ぴえんマン", "", "", "", true}); got != want {
		t.Errorf("token %+v, want %+v", got, want)
	}
	if got := tokens[4].Reading; got != "ヤミバイト" {
		t.Errorf("reading %q, want ヤミバイト", got)
	}
	// Another analyzer does not know the words of this one.
	for _, tok := range analyzer(t).Tokens("ぴえんマン") {
		if tok.Surface == "ぴえんマン" {
			t.Error("a user word of one analyzer is in another")
		}
	}
}

// What the documentation of Word warns of. If kagome learns better, the warning can go.
func TestUserWordsHideOthers(t *testing.T) {
	a := analyzer(t, Word{"ばか", "バカ", "名詞,一般"})
	if got, want := surfaces(a.Tokens("泣くばかり")), "泣く|ばか|り"; got != want {
		t.Errorf("cut %q, want %q", got, want)
	}
}

func TestNewErrors(t *testing.T) {
	for _, tt := range []struct {
		words []Word
		want  string
	}{
		{[]Word{{"死", "シ", "名詞"}}, `user word "死" has 1 character`},
		{[]Word{{"", "", "名詞"}}, `user word "" has 0 character`},
		{[]Word{{"ヤミ金", "", ""}}, `user word "ヤミ金" has no part of speech`},
		{[]Word{{" ヤミ金", "", "名詞"}}, "white space"},
		{[]Word{{"ヤミ\x00金", "", "名詞"}}, "not clean UTF-8"},
		{[]Word{{"ヤミ\xff金", "", "名詞"}}, "not clean UTF-8"},
		{[]Word{{"ヤミ金", "ヤミキン", "名詞"}, {"ヤミ金", "", "名詞"}}, "given twice"},
	} {
		if _, err := New(tt.words); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("New(%+v): error %v, want one with %q", tt.words, err, tt.want)
		}
	}
}

// Runs that kagome by itself takes many seconds for, and whose tokens still must make up the text.
func TestLongRuns(t *testing.T) {
	a := analyzer(t)
	for _, unit := range []string{"a", "1", "ー", "ｱ", "ゔ", "っ", "死", "々", " ", "\u3000", "。", "！", "α", "я", "😀", "\u0301", "\xff", "死ね", "aー"} {
		check(t, a, strings.Repeat(unit, 1<<16/len(unit)))
	}
}

// A cut must not fall into what is neither long nor unknown.
func TestPiece(t *testing.T) {
	for _, tt := range []struct {
		in    string
		runes int
	}{
		{strings.Repeat("あ", 100) + "漢", 101},
		{strings.Repeat("あ", 200), maxHiraganaRun},
		{strings.Repeat("漢", 1000), 1000},
		{strings.Repeat("漢a", 1000), 2000},
		{"漢字" + strings.Repeat("ア", 100), 2 + maxRun},
		{strings.Repeat("ア", maxRun) + "a", maxRun + 1},
	} {
		bytes, runes := piece(tt.in)
		if runes != tt.runes || utf8.RuneCountInString(tt.in[:bytes]) != runes {
			t.Errorf("piece of %.20q… has %d runes in %d bytes, want %d", tt.in, runes, bytes, tt.runes)
		}
	}
}

func TestConcurrency(t *testing.T) {
	texts := []string{"早く死ねよ", "お前はバカだ", "市役所のまつりに行きました。", strings.Repeat("ア", 200), "死\xffね"}
	want := make([][]Token, len(texts))
	for i, s := range texts {
		want[i] = analyzer(t).Tokens(s)
	}
	shared := analyzer(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			own, err := New([]Word{{"ヤミバイト", "", "名詞,一般"}})
			if err != nil {
				t.Errorf("New: %v", err)
				return
			}
			for range 20 {
				for i, s := range texts {
					if !slices.Equal(shared.Tokens(s), want[i]) || !slices.Equal(own.Tokens(s), want[i]) {
						t.Errorf("tokens of %q differ between goroutines", s)
					}
				}
			}
		})
	}
	wg.Wait()
}

// check fails t where Tokens breaks a promise that holds for every text.
func check(t interface {
	Helper()
	Errorf(string, ...any)
}, a *Analyzer, s string,
) {
	t.Helper()
	var b strings.Builder
	at := 0
	for _, tok := range a.Tokens(s) {
		b.WriteString(tok.Surface)
		if tok.Start != at || tok.End-tok.Start != utf8.RuneCountInString(tok.Surface) || tok.Surface == "" || tok.Lemma == "" || tok.POS == "" {
			t.Errorf("%.60q: token %+v after rune %d", s, tok, at)
			return
		}
		at = tok.End
	}
	if b.String() != s {
		t.Errorf("%.60q: the surfaces make %.60q", s, b.String())
	}
}

func TestEveryTextKeepsThePromises(t *testing.T) {
	plain, user := analyzer(t), analyzer(t, Word{"死ね", "シネ", "名詞,一般"}, Word{"aa", "", "名詞,一般"})
	pieces := rapid.OneOf(
		rapid.SampledFrom([]string{"死ね", "死", "ばか", "は", "る", "ア", "ー", "aa", "1", " ", "\n", "。", "\xff", "\uFFFD", "\x00", "\uFFFF", "😀", strings.Repeat("ア", 70)}),
		rapid.StringN(0, 3, -1),
	)
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(pieces, 0, 30).Draw(t, "text"), "")
		check(t, plain, s)
		check(t, user, s)
	})
}

func FuzzTokens(f *testing.F) {
	a := analyzer(f, Word{"闇バイト", "ヤミバイト", "名詞,一般"})
	for _, s := range []string{"", "早く死ねよ", "闇バイト", "死\xffね\uFFFD", "a b\n\x00", "ーーーー", "\U0010FFFF"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { check(t, a, s) })
}

func BenchmarkTokens(b *testing.B) {
	a := analyzer(b)
	const s = "今日は市役所のまつりに行きました。たくさんの人がいて、とても楽しかったです。お前らは早く死ねよ。"
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		a.Tokens(s)
	}
}
