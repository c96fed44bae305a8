package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ikawaha/kagome-dict/ipa"
	"github.com/ikawaha/kagome/v2/tokenizer"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/automaton"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/morph"
	"github.com/kotomori/kotomori/internal/text"
	"github.com/kotomori/kotomori/rules"
)

// mixed is how many comments a benchmark goes through before it begins again: more than the caches of a core hold.
const mixed = 5_000

var shipped = sync.OnceValues(classifier.Shipped)

func judge(tb testing.TB) *classifier.Classifier {
	tb.Helper()
	c, err := shipped()
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func only(tb testing.TB, source string) *classifier.Classifier {
	tb.Helper()
	c, err := judge(tb).Only(source)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// corpora are the comments by what they are: all as they come, those that are clean, and those that break a clause.
var corpora = sync.OnceValues(func() (map[string][]Comment, error) {
	s, err := seeds()
	if err != nil {
		return nil, err
	}
	out := map[string][]Comment{"mix": s.Comments(1, mixed)}
	for _, c := range out["mix"] {
		if c.Category == "" {
			out["clean"] = append(out["clean"], c)
		}
	}
	for _, c := range s.Comments(2, 10*mixed) {
		if c.Category != "" {
			out["violations"] = append(out["violations"], c)
		}
	}
	return out, nil
})

func ofKind(tb testing.TB, kind string) []Comment {
	tb.Helper()
	c, err := corpora()
	if err != nil {
		tb.Fatal(err)
	}
	return c[kind]
}

func mix(tb testing.TB) []Comment {
	tb.Helper()
	return ofKind(tb, "mix")
}

var kinds = []string{"mix", "clean", "violations"}

// each runs f over the inputs in turn and reports comments/s and MB/s.
func each[T any](b *testing.B, inputs []T, size func(T) int, f func(T)) {
	b.Helper()
	b.ReportAllocs()
	total := 0
	for _, in := range inputs {
		total += size(in)
	}
	b.SetBytes(int64(total / len(inputs)))
	i := 0
	for b.Loop() {
		f(inputs[i])
		if i++; i == len(inputs) {
			i = 0
		}
	}
	reportComments(b)
}

func reportComments(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "comments/s")
}

func bytesOf(c Comment) int { return len(c.Text) }

func texts(of []Comment) []string {
	out := make([]string, len(of))
	for i, c := range of {
		out[i] = c.Text
	}
	return out
}

func length(s string) int { return len(s) }

func compile(tb testing.TB, patterns []string) *automaton.Matcher {
	tb.Helper()
	m, err := automaton.Compile(patterns)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func patterns(tb testing.TB, n int) []string {
	tb.Helper()
	p, err := Patterns(n)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// BenchmarkMatcher finds all occurrences of all patterns in one comment after the other.
func BenchmarkMatcher(b *testing.B) {
	for _, n := range Sizes() {
		b.Run(fmt.Sprintf("patterns=%d", n), func(b *testing.B) {
			find := finder(compile(b, patterns(b, n)))
			hits := 0
			each(b, texts(mix(b)), length, func(s string) { hits += find(s) })
			b.ReportMetric(float64(hits)/float64(b.N), "hits/op")
		})
	}
}

// BenchmarkMatcherRunes does the same in comments that were decoded already, as the rules have them.
func BenchmarkMatcherRunes(b *testing.B) {
	for _, n := range Sizes() {
		b.Run(fmt.Sprintf("patterns=%d", n), func(b *testing.B) {
			find := runesFinder(compile(b, patterns(b, n)))
			var decoded [][]rune
			for _, c := range mix(b) {
				decoded = append(decoded, []rune(c.Text))
			}
			each(b, decoded, func(s []rune) int { return len(string(s)) }, func(s []rune) { find(s) })
		})
	}
}

// BenchmarkMatcherHard is what a matcher may be slow on. The inputs are explained at HardInputs.
func BenchmarkMatcherHard(b *testing.B) {
	inputs, err := HardInputs()
	if err != nil {
		b.Fatal(err)
	}
	for _, in := range inputs {
		for _, of := range []int{1, 10} {
			runes := []rune(in.Text)
			part := string(runes[:len(runes)/of])
			b.Run(fmt.Sprintf("input=%s/chars=%d", in.Name, utf8.RuneCountInString(part)), func(b *testing.B) {
				find := finder(compile(b, in.Patterns))
				each(b, []string{part}, length, func(s string) { find(s) })
			})
		}
	}
}

func BenchmarkMatcherBuild(b *testing.B) {
	for _, n := range Sizes() {
		b.Run(fmt.Sprintf("patterns=%d", n), func(b *testing.B) {
			list := patterns(b, n)
			before := Heap()
			m := compile(b, list)
			kept := Heap() - before
			runtime.KeepAlive(m)
			for b.Loop() {
				compile(b, list)
			}
			runtime.KeepAlive(list)
			b.ReportMetric(float64(kept)/1e6, "MB-kept")
		})
	}
}

func BenchmarkNormaliser(b *testing.B) {
	for _, kind := range kinds {
		b.Run("comments="+kind, func(b *testing.B) {
			each(b, texts(ofKind(b, kind)), length, func(s string) { text.New(s) })
		})
	}
}

// BenchmarkTokenizer compares kagome by itself (Normal mode, nothing judged), which every classifier pays that cuts Japanese into words
// first, with what this program makes of it.
func BenchmarkTokenizer(b *testing.B) {
	kagome, err := tokenizer.New(ipa.Dict(), tokenizer.OmitBosEos())
	if err != nil {
		b.Fatal(err)
	}
	own, err := morph.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, by := range []struct {
		name string
		cut  func(string)
	}{
		{"kagome", func(s string) { kagome.Analyze(s, tokenizer.Normal) }},
		{"kotomori", func(s string) { own.Tokens(s) }},
	} {
		b.Run("by="+by.name, func(b *testing.B) {
			each(b, texts(mix(b)), length, by.cut)
		})
	}
}

func classify(b *testing.B, c *classifier.Classifier, of []Comment) {
	b.Helper()
	each(b, of, bytesOf, func(in Comment) {
		if _, err := c.Classify(in.Comment); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkRules is the rules alone, BenchmarkModel the learned reader alone, BenchmarkVerdict both, pooled: what a user gets.
func BenchmarkRules(b *testing.B) { layer(b, only(b, classifier.SourceRules)) }

func BenchmarkModel(b *testing.B) { layer(b, only(b, classifier.SourceModel)) }

func BenchmarkVerdict(b *testing.B) { layer(b, judge(b)) }

func layer(b *testing.B, c *classifier.Classifier) {
	b.Helper()
	for _, kind := range kinds {
		b.Run("comments="+kind, func(b *testing.B) { classify(b, c, ofKind(b, kind)) })
	}
}

// BenchmarkVerdictHostile judges comments of 10,000 characters that are meant to be slow. x-mean is what a character of it costs
// against one of the mix.
func BenchmarkVerdictHostile(b *testing.B) {
	s, err := seeds()
	if err != nil {
		b.Fatal(err)
	}
	hostile, err := s.Hostile()
	if err != nil {
		b.Fatal(err)
	}
	c := judge(b)
	names := make([]string, 0, len(hostile))
	for name := range hostile {
		names = append(names, name)
	}
	slices.Sort(names)
	mean := sync.OnceValue(func() float64 {
		var chars int
		var begin time.Time
		for range 2 { // once to warm up
			chars, begin = 0, time.Now()
			for _, in := range mix(b)[:500] {
				chars += utf8.RuneCountInString(in.Text)
				if _, err := c.Classify(in.Comment); err != nil {
					b.Fatal(err)
				}
			}
		}
		return float64(time.Since(begin).Nanoseconds()) / float64(chars)
	})
	for _, name := range names {
		b.Run("comment="+name, func(b *testing.B) {
			in := mix(b)[0]
			in.Text = hostile[name]
			mean := mean()
			classify(b, c, []Comment{in})
			perChar := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / hardLength
			b.ReportMetric(perChar, "ns/char")
			b.ReportMetric(perChar/mean, "x-mean")
		})
	}
}

// BenchmarkVerdictTogether judges with several goroutines at once. x-one is how much faster that is than one, measured in turns.
func BenchmarkVerdictTogether(b *testing.B) {
	c := judge(b)
	classify := func(goroutines int) func([]Comment) {
		return func(part []Comment) {
			var wg sync.WaitGroup
			var next atomic.Int64
			for range goroutines {
				wg.Go(func() {
					for {
						i := int(next.Add(1)) - 1
						if i >= len(part) {
							return
						}
						if _, err := c.Classify(part[i].Comment); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		}
	}
	for _, goroutines := range []int{1, 2} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			took, one := inTurns(b, classify(goroutines), classify(1))
			b.ReportMetric(one/took, "x-one")
		})
	}
}

// BenchmarkVerdictRules judges with the shipped rules, and with ten times as many, as multiplied makes them. x-one is what a comment costs
// against the shipped rules, measured in turns.
func BenchmarkVerdictRules(b *testing.B) {
	with := func(times int, otherWords bool) func([]Comment) {
		set, err := multiplied(times, otherWords)
		if err != nil {
			b.Fatal(err)
		}
		model, err := classifier.ShippedModel()
		if err != nil {
			b.Fatal(err)
		}
		c := classifier.New(set, model)
		return func(part []Comment) {
			for _, in := range part {
				if _, err := c.Classify(in.Comment); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	shipped := with(1, false)
	for _, more := range []struct {
		name       string
		times      int
		otherWords bool
	}{{"rules=1x", 1, false}, {"rules=10x/words=same", 10, false}, {"rules=10x/words=others", 10, true}} {
		f := sync.OnceValue(func() func([]Comment) { return with(more.times, more.otherWords) }) // loading takes seconds
		b.Run(more.name, func(b *testing.B) {
			took, one := inTurns(b, f(), shipped)
			b.ReportMetric(took/one, "x-one")
		})
	}
}

// inTurns gives some comments to one function and the same to the other, and so on, so that both have the same share of whatever else the
// machine does. They take turns at being the first too, which finds official posts not yet prepared and memory not yet near. It gives the
// seconds that each took. One operation is one comment given to the first.
func inTurns(b *testing.B, first, second func([]Comment)) (a, z float64) {
	b.Helper()
	turn := min(256, max(1, b.N/8))
	in := mix(b)
	total := 0
	b.ResetTimer()
	for done := 0; done < b.N; {
		at := done % (len(in) - turn)
		part := in[at : at+min(turn, b.N-done)]
		turns := []struct {
			f    func([]Comment)
			took *float64
		}{{first, &a}, {second, &z}}
		if done/turn%2 == 1 {
			slices.Reverse(turns)
		}
		for _, t := range turns {
			begin := time.Now()
			t.f(part)
			*t.took += time.Since(begin).Seconds()
		}
		done += len(part)
		for _, c := range part {
			total += len(c.Text)
		}
	}
	b.ReportMetric(a*1e9/float64(b.N), "ns/op")
	b.ReportMetric(float64(b.N)/a, "comments/s")
	b.ReportMetric(float64(total)/1e6/a, "MB/s")
	return a, z
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := rules.Load(rules.Embedded()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode reads the JSON of comments as they travel through Kafka. by=standard-library is the standard library reading the same into
// the same type without any check.
func BenchmarkDecode(b *testing.B) {
	of := mix(b)
	records := make([][]byte, len(of))
	for i, c := range of {
		r, err := eventOf(c, i).Record("bench", time.Unix(0, 0))
		if err != nil {
			b.Fatal(err)
		}
		records[i] = r.Value
	}
	size := func(r []byte) int { return len(r) }
	b.Run("by=kotomori", func(b *testing.B) {
		each(b, records, size, func(r []byte) {
			if _, err := event.DecodeComment(r); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("by=standard-library", func(b *testing.B) {
		each(b, records, size, func(r []byte) {
			var c event.Comment
			if err := json.NewDecoder(bytes.NewReader(r)).Decode(&c); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// eventOf is a comment as it travels. The number makes its id one of its own.
func eventOf(c Comment, number int) event.Comment {
	e := event.Comment{Comment: c.Comment, Revision: 1}
	e.ID = fmt.Sprintf("c%d", number)
	return e
}
