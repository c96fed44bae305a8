package bench

import (
	"runtime/debug"
	"strings"
	"testing"
	"unicode"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/text"
)

// promises are the operations that allocate nothing, once they have run. prepare gives one that goes through some inputs.
var promises = []struct {
	name    string
	prepare func(*testing.T) func()
}{
	{"matcher with room for the matches", func(t *testing.T) func() { //nolint:thelper // part of the test
		find := finder(compile(t, patterns(t, Sizes()[0])))
		texts := texts(comments(t, 300))
		return func() {
			for _, s := range texts {
				find(s)
			}
		}
	}},
	{"matcher on runes, with room", func(t *testing.T) func() { //nolint:thelper // part of the test
		find := runesFinder(compile(t, patterns(t, Sizes()[0])))
		var decoded [][]rune
		for _, s := range texts(comments(t, 300)) {
			decoded = append(decoded, []rune(s))
		}
		return func() {
			for _, s := range decoded {
				find(s)
			}
		}
	}},
	// Where the rules had to be asked, one in sixty of these, and where a disguise is undone, there is something to allocate for.
	{"verdict without a finding, in plain characters", func(t *testing.T) func() { //nolint:thelper // part of the test
		c := judge(t)
		// Preparing a post takes memory, and as many as are answered at a time stay prepared.
		posts := map[string]bool{}
		var clean []Comment
		for _, in := range comments(t, 3000) {
			if posts[in.Post.ID] = posts[in.Post.ID] || len(posts) < 60; !posts[in.Post.ID] {
				continue
			}
			v, err := c.Classify(in.Comment)
			if err != nil {
				t.Fatal(err)
			}
			if len(v.Findings) == 0 && v.Gated && plain(in.Comment) {
				clean = append(clean, in)
			}
		}
		if len(clean) < 50 {
			t.Fatalf("only %d comments have no finding", len(clean))
		}
		return func() {
			for _, in := range clean {
				_, _ = c.Classify(in.Comment) // which worked before
			}
		}
	}},
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would empty pools
	for _, p := range promises {
		t.Run(p.name, func(t *testing.T) {
			run := p.prepare(t)
			run()
			if n := testing.AllocsPerRun(3, run); n > 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// plain says whether the text needs no more than a look at each character: a combining mark, an entity or a disguise does.
func plain(c classifier.Comment) bool {
	for _, s := range []string{c.Text, c.Author.Name} {
		t := text.New(s)
		if len(t.Squeezed.Runes) > 0 || strings.ContainsFunc(s, func(r rune) bool { return r == '&' || unicode.Is(unicode.M, r) || r >= 0xFF66 && r <= 0xFF9F }) {
			return false
		}
	}
	return true
}
