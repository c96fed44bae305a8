package train

import (
	"cmp"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/kotomori/kotomori/internal/evaluate"
	"github.com/kotomori/kotomori/internal/morph"
	"github.com/kotomori/kotomori/internal/text"
	"github.com/kotomori/kotomori/rules"
)

// line is a line of the corpus with the place it stands at.
type line struct {
	evaluate.Labelled
	at string
}

// written is what was written to be learned from or measured on.
var written = []string{"corpus/*/*.jsonl", "probes/*.jsonl", "fresh/*.jsonl"}

// readAll reads the comments of the files that match, from the repository's testdata.
func readAll(t *testing.T, patterns ...string) []line {
	t.Helper()
	if raceEnabled {
		t.Skip("nothing is shared between goroutines, and it takes ten times longer")
	}
	var files []string
	for _, p := range patterns {
		some, err := filepath.Glob("../../testdata/" + p)
		if err != nil || len(some) == 0 {
			t.Fatalf("no files match %s: %v", p, err)
		}
		files = append(files, some...)
	}
	var out []line
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		comments, err := evaluate.ParseAllLabelled(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, l := range comments {
			out = append(out, line{l, filepath.Base(name) + " " + l.ID})
		}
	}
	return out
}

// TestCorpusLabels holds what the labelling guidelines say of a record.
func TestCorpusLabels(t *testing.T) {
	set, err := rules.Load(rules.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, l := range readAll(t, written...) {
		if seen[l.ID] {
			t.Errorf("%s: the id is used twice", l.at)
		}
		seen[l.ID] = true
		policy, ok := set.Policy(l.Policy)
		if !ok || !policy.Covers(l.Platform) {
			t.Errorf("%s: no policy %s for %s", l.at, l.Policy, l.Platform)
			continue
		}
		for _, c := range l.Labels {
			if _, ok := policy.Clause(c); !ok {
				t.Errorf("%s: the policy %s has no clause for %s", l.at, l.Policy, c)
			}
		}
		if fair := l.Kind == "benign" || l.Kind == "hard-negative"; fair != (len(l.Labels) == 0) {
			t.Errorf("%s: kind %s with labels %v", l.at, l.Kind, l.Labels)
		}
		if slices.Contains(l.Labels, "off-topic") && len(l.Labels) > 1 {
			t.Errorf("%s: off-topic stands only alone", l.at)
		}
	}
}

// TestCorpusSize holds the corpus to the size and the mix that its figures speak of.
func TestCorpusSize(t *testing.T) {
	all := readAll(t, "corpus/*/*.jsonl")
	if len(all) < 8000 {
		t.Errorf("%d lines, want 8000", len(all))
	}
	kinds, categories, hidden := map[string]int{}, map[string]int{}, map[string]int{}
	for _, l := range all {
		kinds[l.Kind]++
		if len(l.Labels) > 0 {
			categories[l.Labels[0]]++
			if l.Kind == "implicit" || l.Kind == "obfuscated" {
				hidden[l.Labels[0]]++
			}
		}
	}
	if kinds["benign"] < 2000 || kinds["hard-negative"] < 1500 {
		t.Errorf("%d benign and %d hard-negative lines, want 2000 and 1500", kinds["benign"], kinds["hard-negative"])
	}
	for _, c := range rules.Categories {
		if categories[c] < 250 || 3*hidden[c] < categories[c] {
			t.Errorf("%s: %d violating lines, %d of them implicit or obfuscated; want 250 and a third", c, categories[c], hidden[c])
		}
	}
}

// TestCorpusSplit: no official post of what is measured on is in what is trained on, or the figures would flatter.
func TestCorpusSplit(t *testing.T) {
	trained := map[string]string{}
	for _, l := range readAll(t, "corpus/train/*.jsonl", "probes/*.jsonl") {
		trained[l.Post] = l.at
	}
	for _, part := range []string{"corpus/validation/*.jsonl", "fresh/*.jsonl", "protected.jsonl"} {
		for _, l := range readAll(t, part) {
			if at, ok := trained[l.Post]; ok {
				t.Errorf("%s answers the same post as %s, which is trained on", l.at, at)
			}
		}
	}
}

// mostAlike is how much of two texts' character trigrams may be the same (Jaccard).
const mostAlike = 0.35

// TestCorpusDiffers refuses two texts that are nearly the same: a corpus made of templates measures the templates.
//
// Not all pairs are compared: two sets with a Jaccard of j or more have a gram in common among the n - ⌈jn⌉ + 1 rarest of each
// (Bayardo, Ma & Srikant, Scaling up all pairs similarity search, WWW 2007).
func TestCorpusDiffers(t *testing.T) {
	all := readAll(t, written...)
	grams := make([]map[string]bool, len(all))
	often := map[string]int{}
	for i, l := range all {
		grams[i] = trigrams(l.Text)
		for g := range grams[i] {
			often[g]++
		}
	}
	index := map[string][]int{}
	for i, mine := range grams {
		rarest := slices.SortedFunc(maps.Keys(mine), func(a, b string) int { return cmp.Or(cmp.Compare(often[a], often[b]), cmp.Compare(a, b)) })
		rarest = rarest[:len(rarest)-int(math.Ceil(mostAlike*float64(len(rarest))))+1]
		candidates := map[int]bool{}
		for _, g := range rarest {
			for _, j := range index[g] {
				candidates[j] = true
			}
			index[g] = append(index[g], i)
		}
		for j := range candidates {
			n := 0
			for g := range mine {
				if grams[j][g] {
					n++
				}
			}
			if alike := float64(n) / float64(len(mine)+len(grams[j])-n); alike >= mostAlike {
				t.Errorf("%s and %s are nearly the same (%.2f)", all[i].at, all[j].at, alike)
			}
		}
	}
}

func trigrams(s string) map[string]bool {
	r := slices.DeleteFunc([]rune(text.Plain(s)), unicode.IsSpace)
	out := map[string]bool{}
	for i := 0; i+3 <= len(r); i++ {
		out[string(r[i:i+3])] = true
	}
	if len(out) == 0 {
		out[string(r)] = true
	}
	return out
}

// frameLetters is how many letters of a text must be left beside its nouns and numbers for them to be a frame: りんごです has none.
const frameLetters = 10

// TestCorpusFrames refuses a frame, a text with its nouns and numbers masked, that is used three times.
func TestCorpusFrames(t *testing.T) {
	analyzer, err := morph.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	frames := map[string][]string{}
	for _, l := range readAll(t, written...) {
		if f := frame(analyzer, l.Text); f != "" {
			frames[f] = append(frames[f], l.at)
		}
	}
	for f, at := range frames {
		if len(at) >= 3 {
			t.Errorf("the frame %q is used %d times: %s", f, len(at), strings.Join(at, ", "))
		}
	}
}

func frame(a *morph.Analyzer, s string) string {
	var b strings.Builder
	letters, masked := 0, false
	for _, tok := range a.Tokens(text.Plain(s)) {
		if strings.HasPrefix(tok.POS, "名詞") {
			if !masked {
				b.WriteString("＿")
			}
			masked = true
			continue
		}
		masked = false
		for _, r := range tok.Surface {
			if unicode.IsLetter(r) {
				letters++
			}
		}
		b.WriteString(tok.Surface)
	}
	if letters < frameLetters {
		return ""
	}
	return b.String()
}
