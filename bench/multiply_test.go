package bench

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/kotomori/kotomori/rules"
)

// multiplied is the shipped ruleset with so many times its rules: copies under other names lie over it. With the same words, whatever opens
// the way to one rule opens it to all copies, which is the hardest way to have more rules, and not what a city would do. With other words, each copy
// looks for words of its own, which stand in hardly any comment but take room beside the others.
func multiplied(times int, otherWords bool) (*rules.Set, error) {
	layer := fstest.MapFS{}
	m, err := newMultiplier()
	if err != nil {
		return nil, err
	}
	for i := 1; i < times; i++ {
		m.spell(i)
		for name, file := range m.files {
			at := fmt.Sprintf("%s-%d.yaml", strings.TrimSuffix(name, ".yaml"), i)
			switch {
			case otherWords && path.Dir(name) == "dict":
				layer[at] = &fstest.MapFile{Data: m.words(file, i)}
			case otherWords:
				layer[at] = &fstest.MapFile{Data: m.rules(file, i)}
			case path.Dir(name) == "rules" && ruleID.Match(file):
				layer[at] = &fstest.MapFile{Data: rename(conditions.ReplaceAll(file, []byte("rules:")), i)}
			}
		}
	}
	return rules.Load(rules.Embedded(), layer)
}

func rename(file []byte, i int) []byte {
	return ruleID.ReplaceAll(file, fmt.Appendf(nil, "  - id: ${1}-%d", i))
}

var (
	ruleID     = regexp.MustCompile(`(?m)^  - id: (\S+)`)
	conditions = regexp.MustCompile(`(?ms)^conditions:.*?^rules:`)
	examples   = regexp.MustCompile(`(?m)^    examples:\n(?:      .*\n)*`)
	header     = regexp.MustCompile(`(?m)^  ([a-z0-9-]+):`)
	name       = regexp.MustCompile(`(?:detector: )?[A-Za-z0-9.-]+`)
	literal    = regexp.MustCompile(`literal: (\[[^\]]*\]|[^\[,}\n]+)`)
	word       = regexp.MustCompile(`^      - (?:\{ *)?(?:word: )?("[^"]*"|[^,}]*)`)
)

type multiplier struct {
	files map[string][]byte // dictionary and rules
	names map[string]bool   // of classes and conditions
	other map[rune]rune     // another character of the same script for each
}

func newMultiplier() (*multiplier, error) {
	m := &multiplier{files: map[string][]byte{}, names: map[string]bool{}}
	for _, glob := range []string{"dict/*.yaml", "rules/*.yaml"} {
		err := eachShipped(glob, func(name string, file []byte) {
			m.files[name] = file
			head, _, _ := bytes.Cut(file, []byte("\nrules:"))
			for _, h := range header.FindAllSubmatch(head, -1) {
				m.names[string(h[1])] = true
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}

// spell exchanges characters for others of their script, so that words become nonsense of the same kind, different ones for each copy.
func (m *multiplier) spell(number int) {
	random := rand.New(rand.NewPCG(5, uint64(number)))
	scripts := map[*unicode.RangeTable]map[rune]bool{unicode.Han: {}, unicode.Hiragana: {}, unicode.Katakana: {}}
	for _, file := range m.files {
		for _, r := range string(file) {
			for script, seen := range scripts {
				if unicode.Is(script, r) {
					seen[r] = true
				}
			}
		}
	}
	m.other = map[rune]rune{}
	for _, script := range []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana} {
		from := slices.Sorted(maps.Keys(scripts[script]))
		for i, k := range random.Perm(len(from)) {
			m.other[from[i]] = from[k]
		}
	}
}

// nonsense is a word that hardly any text holds.
func (m *multiplier) nonsense(word string) string {
	out := strings.Map(func(r rune) rune {
		if o, ok := m.other[r]; ok {
			return o
		}
		return r
	}, strings.Trim(strings.TrimSpace(word), `"'`))
	return fmt.Sprintf("%q", out+"鑢")
}

func (m *multiplier) renamed(line string, number int) string {
	return name.ReplaceAllStringFunc(line, func(s string) string {
		if m.names[s] {
			return fmt.Sprintf("%s-%d", s, number)
		}
		return s
	})
}

// words is a file of the dictionary with other words, without what is said of single words.
func (m *multiplier) words(file []byte, number int) []byte {
	var b strings.Builder
	for line := range strings.Lines(string(file)) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\n"), " #")
		switch w := word.FindStringSubmatch(line); {
		case strings.HasPrefix(strings.TrimSpace(line), "#"), strings.HasPrefix(line, "        "):
		case w != nil:
			b.WriteString("      - " + m.nonsense(w[1]) + "\n")
		default:
			b.WriteString(m.renamed(line, number) + "\n")
		}
	}
	return []byte(b.String())
}

// rules is a file of rules that look for other words.
func (m *multiplier) rules(file []byte, number int) []byte {
	file = examples.ReplaceAll(rename(file, number), []byte("    examples: { match: [鑢], no-match: [鑣] }\n"))
	file = literal.ReplaceAllFunc(file, func(found []byte) []byte {
		var words []string
		for w := range strings.SplitSeq(strings.Trim(strings.TrimPrefix(string(found), "literal: "), "[]"), ",") {
			words = append(words, m.nonsense(w))
		}
		return []byte("literal: [" + strings.Join(words, ", ") + "]")
	})
	return []byte(m.renamed(string(file), number))
}

func TestMultiplied(t *testing.T) {
	if raceEnabled || testing.Short() {
		t.Skip("slow, and nothing here runs at once")
	}
	one, err := multiplied(1, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, otherWords := range []bool{false, true} {
		two, err := multiplied(2, otherWords)
		if err != nil {
			t.Fatal(err)
		}
		if n, m := len(one.Rules()), len(two.Rules()); m != 2*n || n < 100 {
			t.Errorf("%d rules became %d", n, m)
		}
	}
}
