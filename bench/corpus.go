package bench

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/evaluate"
	"github.com/kotomori/kotomori/rules"
)

// Comment is a generated comment with what it is.
type Comment struct {
	classifier.Comment
	Category string // of the clause that it breaks; empty for a clean one
	Kind     string // of the seed that it is made of: benign, hard-negative, plain, slang …
}

// What a stream of replies to a city is like.
const (
	violations    = 3 // of every block comments: 6 %
	block         = 50
	hardNegatives = 10  // one of so many clean comments only looks like a violation
	meanLength    = 168 // bytes
)

// Seeds are invented comments by kind, from which others are made. They may be shared between goroutines.
type Seeds struct {
	benign, hard []seed
	violating    map[string][]seed // by category
	fair         map[string][]string
}

type seed struct {
	comment  classifier.Comment
	category string
	kind     string
}

// ReadSeeds reads labelled comments: all *.jsonl of a file tree's root. The one meant is testdata/corpus/validation, the part of the
// corpus that the model has not learned.
func ReadSeeds(fsys fs.FS) (*Seeds, error) {
	files, err := fs.Glob(fsys, "*.jsonl")
	if err != nil {
		return nil, err
	}
	s := &Seeds{violating: map[string][]seed{}, fair: map[string][]string{}}
	for _, name := range files {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		labelled, err := evaluate.ParseAllLabelled(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, l := range labelled {
			s.add(l)
		}
	}
	for _, c := range rules.Categories {
		if len(s.violating[c]) == 0 {
			return nil, fmt.Errorf("no comment breaks %s", c)
		}
	}
	if len(s.benign) == 0 || len(s.hard) == 0 {
		return nil, fmt.Errorf("%d benign comments and %d that only look like violations: need some of each", len(s.benign), len(s.hard))
	}
	return s, nil
}

func (s *Seeds) add(l evaluate.Labelled) {
	x := seed{kind: l.Kind, comment: classifier.Comment{
		Account: l.Policy, Platform: l.Platform, Text: l.Text,
		Post:   classifier.Post{ID: "p" + hashed(l.Policy, l.Platform, l.Post), Text: l.Post},
		Author: classifier.Author{ID: "u" + hashed(l.Author.Handle), Name: l.Author.Name, Handle: l.Author.Handle},
	}}
	switch {
	case len(l.Labels) > 0:
		x.category = l.Labels[0]
		s.violating[x.category] = append(s.violating[x.category], x)
	case l.Kind == "benign":
		s.benign = append(s.benign, x)
		s.fair[x.comment.Post.ID] = append(s.fair[x.comment.Post.ID], x.comment.Text)
	default:
		s.hard = append(s.hard, x)
	}
}

func hashed(parts ...string) string {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p + "\n"))
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// Comments makes n comments, the same for the same number and n. 94 of 100 are clean; every tenth of those is one that only looks like
// a violation. The others break all categories evenly. Each is a seed, joined with fair lines under the same post and with
// phrases that fit under any, and varied, so that hardly any text comes twice: what repeats flatters caches. The seed decides about
// post, author, account and platform.
func (s *Seeds) Comments(number uint64, n int) []Comment {
	g := generator{Rand: rand.New(rand.NewPCG(number, uint64(n))), seeds: s, seen: make(map[string]bool, n)} //nolint:gosec // repeatable on purpose
	benign, hard := g.dealer(s.benign), g.dealer(s.hard)
	violating := make([]func() seed, len(rules.Categories))
	for i, c := range rules.Categories {
		violating[i] = g.dealer(s.violating[c])
	}
	out := make([]Comment, 0, n)
	var bad [block]bool
	clean, broken := 0, 0
	for i := range n {
		if i%block == 0 {
			bad = [block]bool{}
			for range violations {
				at := g.IntN(block)
				for bad[at] {
					at = g.IntN(block)
				}
				bad[at] = true
			}
		}
		var x seed
		switch {
		case bad[i%block]:
			x = violating[broken%len(violating)]()
			broken++
		case clean%hardNegatives == hardNegatives-1:
			x = hard()
			clean++
		default:
			x = benign()
			clean++
		}
		c := Comment{Comment: x.comment, Category: x.category, Kind: x.kind}
		c.ID = fmt.Sprintf("c%d", i)
		c.Text = g.text(x)
		out = append(out, c)
	}
	return out
}

type generator struct {
	*rand.Rand
	seeds *Seeds
	seen  map[string]bool
}

// answered is the share of the posts that are answered at a time. A city has some dozens of posts under which people write, not all it ever made.
const answered = 0.02

// dealer gives the seeds in a random order that goes from post to post, and in another when all have been given.
func (g *generator) dealer(of []seed) func() seed {
	var order []int
	return func() seed {
		if len(order) == 0 {
			order = g.Perm(len(of))
			at := make([]float64, len(of))
			for i, x := range of {
				h := fnv.New32a()
				_, _ = h.Write([]byte(x.comment.Post.ID)) // a hash takes everything
				at[i] = float64(h.Sum32())/(1<<32) + answered*g.Float64()
			}
			slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(at[a], at[b]) })
		}
		at := order[0]
		order = order[1:]
		return of[at]
	}
}

// text makes a text that was not there before, if a few tries are enough.
func (g *generator) text(x seed) string {
	text := ""
	for range 8 {
		if text = g.compose(x); !g.seen[text] {
			break
		}
	}
	g.seen[text] = true
	return text
}

// The length that a comment is to have is log-normal. The mean is less than meanLength, because no comment is shorter than its seed.
const (
	meanDrawn = 146
	spread    = 0.55
)

func (g *generator) compose(x seed) string {
	length := int(meanDrawn * math.Exp(spread*g.NormFloat64()-spread*spread/2))
	parts := []string{g.vary(x, x.comment.Text)}
	fair := g.seeds.fair[x.comment.Post.ID]
	order := g.Perm(len(fair))
	for have := len(parts[0]); ; {
		var part string
		if len(order) > 0 && fair[order[0]] == x.comment.Text {
			order = order[1:]
		}
		if len(order) > 0 && g.IntN(3) > 0 {
			part = g.vary(x, fair[order[0]])
			order = order[1:]
		} else {
			part = g.phrase()
		}
		if have+len(part)/2 > length {
			break
		}
		if have += len(part); g.IntN(3) == 0 {
			parts = append([]string{part}, parts...)
		} else {
			parts = append(parts, part)
		}
	}
	return g.join(parts)
}

// join ends every part but the last with a mark or a line's end, where it has none.
func (g *generator) join(parts []string) string {
	var b strings.Builder
	for i, p := range parts {
		b.WriteString(p)
		if i == len(parts)-1 {
			break
		}
		if last := []rune(p); strings.ContainsRune("。！？!?…、」』）)w笑ｗ\n", last[len(last)-1]) || last[len(last)-1] > 0x1F000 {
			if g.IntN(4) == 0 {
				b.WriteString(pick(g, "\n", " ", "　"))
			}
			continue
		}
		b.WriteString(pick(g, "。", "。", "。", "。", "、", "！", "\n", " ", "…"))
	}
	if g.IntN(3) == 0 {
		end := pick(g, endings...)
		if text := b.String(); !strings.HasSuffix(text, end) {
			b.WriteString(end)
		}
	}
	return b.String()
}

var (
	// What is longer, or hangs together with letters or marks, is a date, an amount, a telephone number or an address.
	smallNumber = regexp.MustCompile(`(^|[^0-9０-９A-Za-z.,:/@_月年日#\-－ー‐])([0-9]{1,2})([人個回本枚冊台分歳才店匹組周杯階])`)
	address     = regexp.MustCompile(`(` + strings.Join(surnames, "|") + `)(さん|氏|様|くん|君|ちゃん|先生)`)
)

// vary changes numbers and names. Those of the official post stay, and what tampers with it says something else than it on purpose.
func (g *generator) vary(x seed, text string) string {
	if x.category != "tampering" {
		text = smallNumber.ReplaceAllStringFunc(text, func(found string) string {
			m := smallNumber.FindStringSubmatch(found)
			if strings.Contains(x.comment.Post.Text, m[2]) || g.IntN(2) == 0 {
				return found
			}
			digits := strconv.Itoa(1 + g.IntN(9))
			if len(m[2]) == 2 {
				digits += strconv.Itoa(g.IntN(10))
			}
			return m[1] + digits + m[3]
		})
	}
	return address.ReplaceAllStringFunc(text, func(found string) string {
		m := address.FindStringSubmatch(found)
		if strings.Contains(x.comment.Post.Text, m[1]) || g.IntN(2) == 0 {
			return found
		}
		return pick(g, surnames...) + m[2]
	})
}

// phrase fills a template's gaps.
func (g *generator) phrase() string {
	var b strings.Builder
	rest := pick(g, templates...)
	for {
		before, after, ok := strings.Cut(rest, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, tail, _ := strings.Cut(after, "}")
		b.WriteString(pick(g, gaps[name]...))
		rest = tail
	}
}

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }
