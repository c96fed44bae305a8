package automaton

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// An engine is one of the ways to the same matches.
type engine struct {
	name string
	find func(m *Matcher, dst []Match, text string) []Match
}

var engines = []engine{
	{"Find", (*Matcher).Find},
	{"linear", (*Matcher).linear},
	{"FindRunes", func(m *Matcher, dst []Match, text string) []Match { return m.FindRunes(dst, []rune(text)) }},
	{"linearRunes", func(m *Matcher, dst []Match, text string) []Match { return m.linearRunes(dst, []rune(text)) }},
}

// naive finds the same hits by looking for each pattern at each place.
func naive(patterns []string, text []rune) []Match {
	var hits []Match
	for i, p := range patterns {
		p := []rune(p)
		for start := 0; start+len(p) <= len(text); start++ {
			if slices.Equal(text[start:start+len(p)], p) {
				hits = append(hits, Match{int32(i), int32(start), int32(start + len(p))})
			}
		}
	}
	slices.SortFunc(hits, func(a, b Match) int {
		return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Pattern, b.Pattern))
	})
	return hits
}

func compile(t interface {
	Helper()
	Fatalf(string, ...any)
}, patterns []string,
) *Matcher {
	t.Helper()
	m, err := Compile(patterns)
	if err != nil {
		t.Fatalf("Compile(%q): %v", patterns, err)
	}
	return m
}

func TestFind(t *testing.T) {
	for _, tt := range []struct {
		name     string
		patterns []string
		text     string
		want     []Match
	}{
		{"no patterns", nil, "あいう", nil},
		{"no text", []string{"あ"}, "", nil},
		{"single", []string{"あ"}, "いあああ", []Match{{0, 1, 2}, {0, 2, 3}, {0, 3, 4}}},
		{"overlapping itself", []string{"ああ"}, "あああ", []Match{{0, 0, 2}, {0, 1, 3}}},
		{
			"suffixes, longest first",
			[]string{"く", "闇バイト募集", "バイト", "募集", "集"},
			"闇バイト募集中",
			[]Match{{2, 1, 4}, {1, 0, 6}, {3, 4, 6}, {4, 5, 6}},
		},
		{"equal patterns", []string{"死ね", "ね", "死ね"}, "死ね", []Match{{0, 0, 2}, {2, 0, 2}, {1, 1, 2}}},
		{"failure into another branch", []string{"かきく", "きくけ", "くけこ"}, "かきくけこ", []Match{{0, 0, 3}, {1, 1, 4}, {2, 2, 5}}},
		{"code point foreign to the patterns", []string{"ばか"}, "ば漢か ばか", []Match{{0, 4, 6}}},
		{"beyond the BMP", []string{"𠮟る", "😀"}, "😀𠮟る😀", []Match{{1, 0, 1}, {0, 1, 3}, {1, 3, 4}}},
		{"last code point of Unicode", []string{"\U0010FFFF"}, "a\U0010FFFF", []Match{{0, 1, 2}}},
		{"NUL is a code point like any other", []string{"\x00a", "\x00"}, "\x00a", []Match{{1, 0, 1}, {0, 0, 2}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := compile(t, tt.patterns)
			if got := m.Len(); got != len(tt.patterns) {
				t.Errorf("Len() = %d, want %d", got, len(tt.patterns))
			}
			for _, e := range engines {
				if got := e.find(m, nil, tt.text); !slices.Equal(got, tt.want) {
					t.Errorf("%s(%q) = %v, want %v", e.name, tt.text, got, tt.want)
				}
			}
		})
	}
}

func TestFindRunesThatAreNone(t *testing.T) {
	m := compile(t, []string{"\uFFFD", "ab"})
	// A rune is an int32: a caller may hand over what is no code point.
	got := m.FindRunes(nil, []rune{-1, 'a', 0x110000, 'b', 0xD800, 'a', 'b', 0x7FFFFFFF, 0xFFFD})
	if want := []Match{{1, 5, 7}, {0, 8, 9}}; !slices.Equal(got, want) {
		t.Errorf("Scan = %v, want %v", got, want)
	}
}

func TestScanStops(t *testing.T) {
	m := compile(t, []string{"a", "aa", "a"})
	for stop := 1; stop <= 7; stop++ {
		calls := 0
		m.Scan([]rune("aaa"), func(_, _, _ int) bool {
			calls++
			return calls < stop
		})
		if calls != stop {
			t.Errorf("hit returned false at call %d, but there were %d calls", stop, calls)
		}
	}
}

func TestCompileFolded(t *testing.T) {
	fold := func(r rune) rune {
		switch {
		case r >= 'ァ' && r <= 'ヶ':
			return r - 'ァ' + 'ぁ'
		case r >= 'Ａ' && r <= 'Ｚ':
			return r - 'Ａ' + 'a'
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r == '𠮟':
			return '叱'
		}
		return r
	}
	m, err := CompileFolded([]string{"バカ", "Line", "叱る", "ば"}, fold)
	if err != nil {
		t.Fatal(err)
	}
	const text = "ばカＬIne𠮟ル"
	want := []Match{{3, 0, 1}, {0, 0, 2}, {1, 2, 6}, {2, 6, 8}}
	for _, e := range engines {
		if got := e.find(m, nil, text); !slices.Equal(got, want) {
			t.Errorf("%s(%q) = %v, want %v", e.name, text, got, want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	var wide strings.Builder
	for r := range rune(maxRunes) {
		wide.WriteRune(0x20000 + r)
	}
	for want, pattern := range map[string]string{
		"pattern 0 has 65536 characters":           strings.Repeat("草", 1<<16),
		"patterns have 32512 different characters": wide.String(),
	} {
		if _, err := Compile([]string{pattern}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Compile: error %v, want one that says %q", err, want)
		}
	}
}

func TestCompileEmptyPattern(t *testing.T) {
	_, err := Compile([]string{"あ", ""})
	if err == nil || !strings.Contains(err.Error(), "pattern 1 is empty") {
		t.Errorf("Compile with an empty pattern 1: error %v, want one that names it", err)
	}
}

// texts draws patterns and a text over a small alphabet, so that hits, nesting and failures are the rule.
func texts(t *rapid.T) (patterns []string, text string) {
	alphabet := rapid.SampledFrom([][]rune{
		[]rune("a"),
		[]rune("ab"),
		[]rune("あいaア"),
		[]rune("死ねしね・ 😀𠮟\x00\U0010FFFF"),
	}).Draw(t, "alphabet")
	word := rapid.StringOfN(rapid.SampledFrom(alphabet), 1, 12, -1)
	patterns = rapid.SliceOfN(word, 0, 30).Draw(t, "patterns")
	if rapid.Bool().Draw(t, "nested") { // all prefixes and suffixes of one word
		w := []rune(word.Draw(t, "word"))
		for i := range w {
			patterns = append(patterns, string(w[i:]), string(w[:i+1]))
		}
	}
	text = rapid.StringOfN(rapid.OneOf(rapid.SampledFrom(alphabet), rapid.SampledFrom(alphabet), rapid.Rune()), 0, 200, -1).Draw(t, "text")
	if rapid.Bool().Draw(t, "ill-formed") {
		patterns = append(patterns, "\uFFFD")
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		text = text[:at] + rapid.StringOfN(rapid.SampledFrom([]rune("xyz")), 0, 6, -1).Draw(t, "bad") + text[at:]
		text = strings.NewReplacer("x", "\xe0", "y", "\xed\xa0", "z", "\x80").Replace(text)
	}
	return patterns, text
}

// likeNaive asks every engine, behind a match that is none of its business.
func likeNaive(t *rapid.T, patterns []string, text string) {
	t.Helper()
	m, want := compile(t, patterns), naive(patterns, []rune(text))
	before := Match{-1, 0, math.MaxInt32}
	for _, e := range engines {
		got := e.find(m, []Match{before}, text)
		if got[0] != before || !slices.Equal(got[1:], want) {
			t.Fatalf("%s: patterns %q in %q: %v, want %v", e.name, patterns, text, got[1:], want)
		}
	}
}

func TestFindLikeNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		patterns, text := texts(t)
		likeNaive(t, patterns, text)
	})
}

// Patterns drawn from all of Unicode, and a text put together from pieces of them.
func TestFindLikeNaiveWideAlphabet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		patterns := rapid.SliceOfN(rapid.StringN(1, 6, -1), 1, 200).Draw(t, "patterns")
		var text []rune
		for range rapid.IntRange(0, 30).Draw(t, "pieces") {
			p := []rune(rapid.SampledFrom(patterns).Draw(t, "piece"))
			i := rapid.IntRange(0, len(p)).Draw(t, "from")
			j := rapid.IntRange(i, len(p)).Draw(t, "to")
			text = append(text, p[i:j]...)
		}
		likeNaive(t, patterns, string(text))
	})
}

func TestFindOneRepeatedCharacter(t *testing.T) {
	const n, longest = 2000, 60
	var patterns []string
	for i := range longest {
		patterns = append(patterns, strings.Repeat("草", i+1))
	}
	// Every pattern at the end of its own run too: a failure chain of the full depth at each mismatch.
	patterns = append(patterns, strings.Repeat("草", longest)+"生")
	text := strings.Repeat("草", n) + "生" + strings.Repeat("草", longest-1) + "生"
	m, want := compile(t, patterns), naive(patterns, []rune(text))
	for _, e := range engines {
		if got := e.find(m, nil, text); !slices.Equal(got, want) {
			t.Errorf("%s: %d matches, want %d, or their order differs", e.name, len(got), len(want))
		}
	}
}

// A large dictionary, as the rules make one: every word must be found in itself, and the table must
// keep to the size that the package promises.
func TestCompileLarge(t *testing.T) {
	patterns := words(rand.New(rand.NewPCG(1, 2)), 30000)
	m := compile(t, patterns)
	states := map[string]bool{"": true}
	for i, p := range patterns {
		text := []rune(p)
		found := false
		m.Scan(text, func(q, start, end int) bool {
			found = found || q == i && start == 0 && end == len(text)
			return true
		})
		if !found {
			t.Fatalf("pattern %d %q is not found in itself", i, p)
		}
		for j := range text {
			states[string(text[:j+1])] = true
		}
	}
	if len(m.nodes) > len(states)+len(states)/8+2*0x8000 {
		t.Errorf("%d nodes for %d states", len(m.nodes), len(states))
	}
	t.Logf("%d patterns, %d states, %d nodes", len(patterns), len(states), len(m.nodes))
}

func TestFindAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m := compile(t, words(r, 1000))
	text := string(japanese(r, 5000))
	runes, dst := []rune(text), make([]Match, 0, 10000)
	for name, find := range map[string]func(){
		"Find":      func() { dst = m.Find(dst[:0], text) },
		"FindRunes": func() { dst = m.FindRunes(dst[:0], runes) },
	} {
		allocs := testing.AllocsPerRun(10, find)
		if len(dst) == 0 {
			t.Errorf("%s: no match: the text tests nothing", name)
		}
		if allocs != 0 {
			t.Errorf("%s: %v allocations, want none", name, allocs)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add("死ね\nね\n死", "死ね死ね")
	f.Add("aaa\naa\na", "aaaa")
	f.Add("😀\n\U0010FFFF", "\xff😀\U0010FFFF")
	f.Fuzz(func(t *testing.T, list, text string) {
		if len(list) > 1000 || len(text) > 1000 { // the naive search takes their product
			return
		}
		patterns := strings.FieldsFunc(list, func(r rune) bool { return r == '\n' })
		m, err := Compile(patterns)
		if err != nil {
			t.Fatalf("Compile(%q): %v", patterns, err)
		}
		want := naive(patterns, []rune(text))
		for _, e := range engines {
			if got := e.find(m, nil, text); !slices.Equal(got, want) {
				t.Fatalf("%s: patterns %q in %q: %v, want %v", e.name, patterns, text, got, want)
			}
		}
	})
}

// japanese makes n code points of the mixture that replies have: mostly hiragana, then kanji,
// katakana, marks and a little Latin.
func japanese(r *rand.Rand, n int) []rune {
	text := make([]rune, n)
	for i := range text {
		switch k := r.IntN(100); {
		case k < 55:
			text[i] = 'ぁ' + rune(r.IntN(83))
		case k < 80: // few kanji make up most of a text
			text[i] = '一' + rune(r.ExpFloat64()*400)
		case k < 90:
			text[i] = 'ァ' + rune(r.IntN(83))
		case k < 96:
			text[i] = []rune("。、！？ー「」\n")[r.IntN(8)]
		default:
			text[i] = 'a' + rune(r.IntN(26))
		}
	}
	return text
}

// words makes n patterns of two to six code points of such text.
func words(r *rand.Rand, n int) []string {
	words := make([]string, n)
	for i := range words {
		words[i] = string(japanese(r, 2+r.IntN(5)))
	}
	return words
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{100, 3000, 100000} {
		r := rand.New(rand.NewPCG(1, 2))
		m := compile(b, words(r, n))
		runes := japanese(r, 100000)
		text := string(runes)
		for _, e := range []struct {
			name string
			find func(dst []Match) []Match
		}{
			{"Find", func(dst []Match) []Match { return m.Find(dst, text) }},
			{"FindRunes", func(dst []Match) []Match { return m.FindRunes(dst, runes) }},
			{"linear", func(dst []Match) []Match { return m.linear(dst, text) }},
		} {
			b.Run(fmt.Sprintf("%s/patterns=%d", e.name, n), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				dst := make([]Match, 0, 1<<20)
				for b.Loop() {
					dst = e.find(dst[:0])
				}
				b.ReportMetric(float64(len(dst)), "matches")
			})
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	patterns := words(rand.New(rand.NewPCG(1, 2)), 100000)
	b.ReportAllocs()
	for b.Loop() {
		compile(b, patterns)
	}
}

// Every character has a code of its own, and the bits of those that are patterns by themselves are no others'.
func TestNumber(t *testing.T) {
	for _, x := range []struct{ runes, alone int }{
		{1, 0},
		{1, 1},
		{63, 1},
		{64, 63},
		{2000, 0},
		{2000, 1},
		{2000, 1000},
		{2000, 1999},
		{maxRunes - 1, 0},
		{maxRunes - 1, 1},
		{maxRunes - 1, 700},
		{maxRunes - 1, maxRunes / 2},
		{maxRunes - 1, maxRunes - 2},
		{maxRunes - 1, maxRunes - 1},
	} {
		used, alone := map[rune]int{}, map[rune]bool{}
		for r := range rune(x.runes) {
			used[r] = int(r) % 100
			if len(alone) < x.alone {
				alone[r] = true
			}
		}
		codes, own, err := number(used, alone)
		if err != nil {
			t.Fatalf("number of %+v: %v", x, err)
		}
		seen := map[uint16]rune{}
		for r := range rune(x.runes) {
			c := codes[r]
			if other, ok := seen[c]; ok || c%64 == 0 || c > noLabel-64 || own>>(c%64)&1 == 1 != alone[r] {
				t.Errorf("number of %+v: character %d has code %d (in use by %d: %v), bits %x", x, r, c, other, ok, own)
				break
			}
			seen[c] = r
		}
	}
}

// A pattern's number may be higher than any node's.
func TestFindBehindManyEqual(t *testing.T) {
	patterns := make([]string, 5000, 5002)
	for i := range patterns {
		patterns[i] = "あ"
	}
	m := compile(t, append(patterns, "いう", "う"))
	got := m.Find(nil, "いうう")
	if want := []Match{{5000, 0, 2}, {5001, 1, 2}, {5001, 2, 3}}; !slices.Equal(got, want) {
		t.Errorf("Find = %v, want %v", got, want)
	}
}
