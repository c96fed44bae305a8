package bench

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ikawaha/kagome-dict/ipa"

	"github.com/kotomori/kotomori/rules"
)

// Sizes are the numbers of patterns at which matchers are compared.
func Sizes() []int { return []int{4_576, 45_760, 457_600} }

var (
	dictWord = regexp.MustCompile(`(?m)^ +- (?:word: )?([^\s#:{}\[\]"'&*!|>][^#:{}\[\]"'\n]*?) *(?:#.*)?$`)
	literals = regexp.MustCompile(`literal: \[([^\]"'{}]*)\]`)
)

// Words are the words of the shipped dictionary as written there and the literals of the shipped rules, without those of one character,
// sorted.
func Words() ([]string, error) {
	seen := map[string]bool{}
	add := func(w string) {
		if w = strings.TrimSpace(w); utf8.RuneCountInString(w) >= 2 {
			seen[w] = true
		}
	}
	for _, from := range []struct {
		glob string
		find func(file string)
	}{
		{"dict/*.yaml", func(file string) {
			for _, m := range dictWord.FindAllStringSubmatch(file, -1) {
				add(m[1])
			}
		}},
		{"rules/*.yaml", func(file string) {
			for _, m := range literals.FindAllStringSubmatch(file, -1) {
				for w := range strings.SplitSeq(m[1], ",") {
					add(w)
				}
			}
		}},
	} {
		if err := eachShipped(from.glob, func(_ string, file []byte) { from.find(string(file)) }); err != nil {
			return nil, err
		}
	}
	return sorted(seen), nil
}

// eachShipped calls f for the shipped files that match.
func eachShipped(glob string, f func(name string, file []byte)) error {
	names, err := fs.Glob(rules.Embedded(), glob)
	if err != nil {
		return err
	}
	for _, name := range names {
		file, err := fs.ReadFile(rules.Embedded(), name)
		if err != nil {
			return err
		}
		f(name, file)
	}
	return nil
}

func sorted(of map[string]bool) []string {
	out := make([]string, 0, len(of))
	for w := range of {
		out = append(out, w)
	}
	slices.Sort(out)
	return out
}

// Patterns gives n different patterns, the same for the same n: up to the least of Sizes words of the shipped dictionary and rules. What is
// more than that is pairs of nouns of kagome's IPA dictionary, which hardly ever match, because a list that grows tenfold does not find ten
// times as much in the same comments.
func Patterns(n int) ([]string, error) {
	words, err := Words()
	if err != nil {
		return nil, err
	}
	own := min(n, Sizes()[0])
	if len(words) < own {
		return nil, fmt.Errorf("%d words, fewer than %d", len(words), own)
	}
	random := rand.New(rand.NewPCG(2, 2)) //nolint:gosec // repeatable on purpose
	shuffle := func(s []string) { random.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] }) }
	shuffle(words)
	out := words[:own:own]
	if len(out) == n {
		return out, nil
	}
	seen := make(map[string]bool, n)
	for _, w := range out {
		seen[w] = true
	}
	nouns := nouns()
	for len(out) < n {
		pair := nouns[random.IntN(len(nouns))] + nouns[random.IntN(len(nouns))]
		if !seen[pair] {
			seen[pair] = true
			out = append(out, pair)
		}
	}
	shuffle(out)
	return out, nil
}

// nouns are those of the IPA dictionary of two to four characters, all Japanese.
func nouns() []string {
	d := ipa.Dict()
	seen := map[string]bool{}
	for id, c := range d.Contents {
		pos := d.POSTable.POSs[id]
		if d.POSTable.NameList[pos[0]] != "名詞" {
			continue
		}
		w := c[ipa.BaseForm-len(pos)]
		if n := utf8.RuneCountInString(w); n >= 2 && n <= 4 && strings.IndexFunc(w, foreign) < 0 {
			seen[w] = true
		}
	}
	return sorted(seen)
}

func foreign(r rune) bool {
	return !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) && r != 'ー'
}

// Hard is an input on which a matcher may be slow.
type Hard struct {
	Name     string
	Patterns []string
	Text     string
}

// hardLength is the number of characters of a hard text.
const hardLength = 10_000

// HardInputs are texts of 10,000 characters with patterns that make a matcher go back, fall from failure link to failure link or find much.
func HardInputs() ([]Hard, error) {
	patterns, err := Patterns(Sizes()[0])
	if err != nil {
		return nil, err
	}
	// One character repeated, and patterns that begin with many of it and end otherwise.
	repeated := Hard{Name: "repeated", Text: strings.Repeat("あ", hardLength)}
	for i := range 100 {
		repeated.Patterns = append(repeated.Patterns, strings.Repeat("あ", 1+i)+"い")
	}
	// Patterns of which each begins the next, so that many end at one place.
	prefixes := Hard{Name: "prefixes", Text: strings.Repeat("かき", hardLength/2)}
	for i := 2; i <= 128; i *= 2 {
		prefixes.Patterns = append(prefixes.Patterns, strings.Repeat("かき", i/2))
	}
	// Every pattern but for its last character.
	var b strings.Builder
	cut := slices.Clone(patterns)
	rand.New(rand.NewPCG(3, 3)).Shuffle(len(cut), func(i, j int) { cut[i], cut[j] = cut[j], cut[i] }) //nolint:gosec // repeatable on purpose
	for i, n := 0, 0; n < hardLength; i++ {
		p := []rune(cut[i%len(cut)])
		p = p[:min(len(p)-1, hardLength-n)]
		b.WriteString(string(p))
		n += len(p)
	}
	return []Hard{repeated, prefixes, {Name: "cut-off", Patterns: patterns, Text: b.String()}}, nil
}

// Hostile are comments of 10,000 characters written to be slow, by name: everything that rules look for in a row, quotations in
// quotations, letters with marks above and below, and so on.
func (s *Seeds) Hostile() (map[string]string, error) {
	words, err := Words()
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(4, 4)) //nolint:gosec // repeatable on purpose
	random.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	var bad []string
	for _, c := range rules.Categories {
		for _, x := range s.violating[c][:5] {
			bad = append(bad, x.comment.Text)
		}
	}
	random.Shuffle(len(bad), func(i, j int) { bad[i], bad[j] = bad[j], bad[i] })

	nested := ""
	for i := 0; utf8.RuneCountInString(nested) < hardLength; i++ {
		nested = "「" + nested + "『" + words[i%len(words)] + "』" + bad[i%len(bad)] + "」と書く人がいるのは困ります。"
	}
	zalgo := strings.Map(func(r rune) rune { return r }, strings.Join(bad, "。"))
	marked := strings.Builder{}
	for _, r := range zalgo {
		marked.WriteRune(r)
		for range 1 + random.IntN(4) {
			marked.WriteRune(rune(0x300 + random.IntN(0x70)))
		}
	}
	masked := strings.Builder{}
	for _, w := range words {
		r := []rune(w)
		r[len(r)/2] = []rune("○●◯*＊x〇")[random.IntN(7)]
		masked.WriteString(string(r))
	}
	out := map[string]string{
		"words":      strings.Join(words, ""),
		"violations": strings.Join(bad, "。"),
		"nested":     nested,
		"marks":      marked.String(),
		"masked":     masked.String(),
		"spaced":     strings.Join(strings.Split(strings.Join(bad, ""), ""), "・"),
		"repeated":   "死",
		"brackets":   "「『（【",
		"numbers":    "090-1234-5678、3丁目2-1、￥50,000、12月9日、",
		"halfwidth":  "ﾊﾞｶ死ﾈﾀﾋﾈｺﾞﾐ",
		"entities":   "&#27515;&#12397;&amp;lt;",
	}
	for name, text := range out {
		r := []rune(text)
		for len(r) < hardLength {
			r = append(r, r[:min(len(r), hardLength-len(r))]...)
		}
		out[name] = string(r[:hardLength])
	}
	return out, nil
}
