package automaton

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type hit struct{ Pattern, Start, End int }

func scan(m *Matcher, text []rune) []hit {
	var hits []hit
	m.Scan(text, func(p, start, end int) bool {
		hits = append(hits, hit{p, start, end})
		return true
	})
	return hits
}

// naive finds the same hits by looking for each pattern at each place.
func naive(patterns []string, text []rune) []hit {
	var hits []hit
	for i, p := range patterns {
		p := []rune(p)
		for start := 0; start+len(p) <= len(text); start++ {
			if slices.Equal(text[start:start+len(p)], p) {
				hits = append(hits, hit{i, start, start + len(p)})
			}
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
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

func TestScan(t *testing.T) {
	for _, tt := range []struct {
		name     string
		patterns []string
		text     string
		want     []hit
	}{
		{"no patterns", nil, "あいう", nil},
		{"no text", []string{"あ"}, "", nil},
		{"single", []string{"あ"}, "いあああ", []hit{{0, 1, 2}, {0, 2, 3}, {0, 3, 4}}},
		{"overlapping itself", []string{"ああ"}, "あああ", []hit{{0, 0, 2}, {0, 1, 3}}},
		{
			"suffixes, longest first",
			[]string{"く", "闇バイト募集", "バイト", "募集", "集"},
			"闇バイト募集中",
			[]hit{{2, 1, 4}, {1, 0, 6}, {3, 4, 6}, {4, 5, 6}},
		},
		{"equal patterns", []string{"死ね", "ね", "死ね"}, "死ね", []hit{{0, 0, 2}, {2, 0, 2}, {1, 1, 2}}},
		{"failure into another branch", []string{"かきく", "きくけ", "くけこ"}, "かきくけこ", []hit{{0, 0, 3}, {1, 1, 4}, {2, 2, 5}}},
		{"code point foreign to the patterns", []string{"ばか"}, "ば漢か ばか", []hit{{0, 4, 6}}},
		{"beyond the BMP", []string{"𠮟る", "😀"}, "😀𠮟る😀", []hit{{1, 0, 1}, {0, 1, 3}, {1, 3, 4}}},
		{"last code point of Unicode", []string{"\U0010FFFF"}, "a\U0010FFFF", []hit{{0, 1, 2}}},
		{"NUL is a code point like any other", []string{"\x00a", "\x00"}, "\x00a", []hit{{1, 0, 1}, {0, 0, 2}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := compile(t, tt.patterns)
			if got := m.Len(); got != len(tt.patterns) {
				t.Errorf("Len() = %d, want %d", got, len(tt.patterns))
			}
			if got := scan(m, []rune(tt.text)); !slices.Equal(got, tt.want) {
				t.Errorf("Scan(%q) = %v, want %v", tt.text, got, tt.want)
			}
		})
	}
}

func TestScanRunesThatAreNone(t *testing.T) {
	m := compile(t, []string{"\uFFFD", "ab"})
	// A rune is an int32: a caller may hand over what is no code point.
	got := scan(m, []rune{-1, 'a', 0x110000, 'b', 0xD800, 'a', 'b', 0x7FFFFFFF, 0xFFFD})
	if want := []hit{{1, 5, 7}, {0, 8, 9}}; !slices.Equal(got, want) {
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
	return patterns, text
}

func TestScanLikeNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		patterns, text := texts(t)
		got, want := scan(compile(t, patterns), []rune(text)), naive(patterns, []rune(text))
		if !slices.Equal(got, want) {
			t.Fatalf("patterns %q in %q: %v, want %v", patterns, text, got, want)
		}
	})
}

// Patterns drawn from all of Unicode, and a text put together from pieces of them.
func TestScanLikeNaiveWideAlphabet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		patterns := rapid.SliceOfN(rapid.StringN(1, 6, -1), 1, 200).Draw(t, "patterns")
		var text []rune
		for range rapid.IntRange(0, 30).Draw(t, "pieces") {
			p := []rune(rapid.SampledFrom(patterns).Draw(t, "piece"))
			i := rapid.IntRange(0, len(p)).Draw(t, "from")
			j := rapid.IntRange(i, len(p)).Draw(t, "to")
			text = append(text, p[i:j]...)
		}
		got, want := scan(compile(t, patterns), text), naive(patterns, text)
		if !slices.Equal(got, want) {
			t.Fatalf("patterns %q in %q: %v, want %v", patterns, string(text), got, want)
		}
	})
}

func TestScanOneRepeatedCharacter(t *testing.T) {
	const n, longest = 2000, 60
	var patterns []string
	for i := range longest {
		patterns = append(patterns, strings.Repeat("草", i+1))
	}
	// Every pattern at the end of its own run too: a failure chain of the full depth at each mismatch.
	patterns = append(patterns, strings.Repeat("草", longest)+"生")
	text := []rune(strings.Repeat("草", n) + "生" + strings.Repeat("草", longest-1) + "生")
	if got, want := scan(compile(t, patterns), text), naive(patterns, text); !slices.Equal(got, want) {
		t.Errorf("%d hits, want %d, or their order differs", len(got), len(want))
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
	if len(m.slots) > 4*len(states) {
		t.Errorf("%d slots for %d states", len(m.slots), len(states))
	}
	t.Logf("%d patterns, %d states, %d slots", len(patterns), len(states), len(m.slots))
}

func TestScanAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m := compile(t, words(r, 1000))
	text := japanese(r, 5000)
	hits := 0
	allocs := testing.AllocsPerRun(10, func() {
		m.Scan(text, func(_, _, _ int) bool { hits++; return true })
	})
	if hits == 0 {
		t.Error("no hit: the text tests nothing")
	}
	if allocs != 0 {
		t.Errorf("%v allocations a scan, want none", allocs)
	}
}

func FuzzScan(f *testing.F) {
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
		if got, want := scan(m, []rune(text)), naive(patterns, []rune(text)); !slices.Equal(got, want) {
			t.Fatalf("patterns %q in %q: %v, want %v", patterns, text, got, want)
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

func BenchmarkScan(b *testing.B) {
	for _, n := range []int{100, 3000, 100000} {
		b.Run(fmt.Sprintf("patterns=%d", n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			m := compile(b, words(r, n))
			text := japanese(r, 100000)
			b.SetBytes(int64(len(string(text))))
			b.ReportAllocs()
			hits := 0
			for b.Loop() {
				m.Scan(text, func(_, _, _ int) bool { hits++; return true })
			}
			b.ReportMetric(float64(hits)/float64(b.N), "hits/op")
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	patterns := words(rand.New(rand.NewPCG(1, 2)), 100000)
	b.ReportAllocs()
	for b.Loop() {
		compile(b, patterns)
	}
}
