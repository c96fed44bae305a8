package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kotomori/kotomori/internal/text"
)

// glances are comments to glance at: the violating ones have one of three words among the others.
func glances(n int, seed uint64) []Comment {
	random := rand.New(rand.NewPCG(seed, 1))
	pick := func(words string) string {
		w := strings.Fields(words)
		return w[random.IntN(len(w))]
	}
	fair := "花火 祭り 公園 図書館 掃除 散歩 子ども 楽しみ 駐車場 申込 写真 今年 去年 雨 家族 ベンチ 芝生 午前"
	var out []Comment
	for i := range n {
		c := Comment{Post: fmt.Sprint("post ", i%97), Possible: []bool{true, i%2 == 0}}
		c.Text = pick(fair) + "の" + pick(fair) + "は" + pick(fair)
		if i%3 == 0 {
			c.Text += "、" + pick("格安 馬鹿 無能") + "だ"
			c.Category = "sale"
		}
		out = append(out, c)
	}
	return out
}

// TestGlance: most fair comments end at the first glance, of the violating ones next to none.
func TestGlance(t *testing.T) {
	categories := []string{"sale", "off-topic"}
	comments := glances(12_000, 1)
	tr := &trainer{options: fewOptions(), categories: categories, comments: comments}
	tr.options.Folds = 5
	unseen, shares, characters := make([]bool, len(comments)), make([][]float32, len(comments)), map[rune]int{}
	for i, c := range comments {
		e := &example{possible: tr.mask(&c)}
		unseen[i], shares[i] = true, []float32{1, 0, 0}
		if c.Category != "" {
			e.label = 1
			shares[i] = []float32{0.01, 0.99, 0}
		}
		tr.examples = append(tr.examples, e)
		for _, r := range c.Text {
			characters[class(r)]++
		}
	}
	m := &Model{Categories: categories, glance: tr.trainGlance(unseen, shares), second: newSecond(characters)}
	ended := map[string]int{}
	fresh := glances(3000, 2)
	for _, c := range fresh {
		if m.Fair(text.New(c.Text), c.Possible) {
			ended[c.Category]++
		}
	}
	if ended[""] < 1500 || ended["sale"] > 10 {
		t.Errorf("%d of %d fair comments and %d of %d others ended at the first glance", ended[""], len(fresh)*2/3, ended["sale"], len(fresh)/3)
	}
	const fair = "公園の掃除は楽しみ"
	for s, want := range map[string]bool{
		fair:                          true,
		fair + "、馬鹿だ":                 false,
		strings.Repeat(fair, 50):      false, // too long
		fair + " https://example.com": false,
		fair + " @example_user":       false,
		"公・園・の・掃・除・は・楽・し・み":               false, // disguised
		strings.Repeat("馬鹿だ", longText/3): false,
		"꺼져":                              false, // characters it does not know
		fair + "🖕":                        false,
		"":                                false,
	} {
		if got := m.Fair(text.New(s), []bool{true, false}); got != want {
			t.Errorf("%.20s: fair at first glance is %v, want %v", s, got, want)
		}
	}
}

// TestGlanceOfTooFew: with too little to set its bounds by, nothing ends at the first glance.
func TestGlanceOfTooFew(t *testing.T) {
	m, _ := trained(t)
	for _, c := range fewComments() {
		if m.Fair(text.New(c.Text), c.Possible) {
			t.Errorf("%s is fair at first glance", c.Text)
		}
	}
}

// TestDamagedGlance: bounds that would make everything fair are no bounds, and a model that was written glances as before.
func TestDamagedGlance(t *testing.T) {
	m, _ := trained(t)
	in := func(g glance) error {
		m.glance = g
		file, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(file, fewVectors(t))
		if err == nil && !reflect.DeepEqual(loaded.glance, g) {
			t.Errorf("written %v, loaded %v", g.fair, loaded.glance.fair)
		}
		return err
	}
	inf := float32(math.Inf(1))
	sound := glance{weights: make([]int8, 1<<glanceBits), quantum: 0.5, bias: -1, fair: [2]float32{-2, -inf}}
	sound.weights[7] = -3
	if err := in(sound); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*glance){
		"a negative step":      func(g *glance) { g.quantum = -0.5 },
		"an endless step":      func(g *glance) { g.quantum = inf },
		"a bias of no measure": func(g *glance) { g.bias = -inf },
		"a bias that is none":  func(g *glance) { g.bias = float32(math.NaN()) },
		"everything fair":      func(g *glance) { g.fair[1] = inf },
		"a bound that is none": func(g *glance) { g.fair[0] = float32(math.NaN()) },
	} {
		g := sound
		change(&g)
		if in(g) == nil {
			t.Errorf("%s is loaded", name)
		}
	}
}

// TestGlanceOfLongText: of a long comment every part must be fair, and a very long one is read.
func TestGlanceOfLongText(t *testing.T) {
	fair, bad := []rune(strings.Repeat("公園の掃除は楽しみ", 20)), []rune("馬鹿だろ")
	g := glance{quantum: 1, weights: make([]int8, 1<<glanceBits)}
	for k := range glanceAt(fair) {
		g.weights[k] = -1
	}
	for k := range glanceAt(bad) {
		g.weights[k] = 20
	}
	const bound = -1
	if !g.under(fair, bound) {
		t.Error("a long fair text is not fair at first glance")
	}
	for at := 0; at <= len(fair); at += 7 {
		mixed := slices.Concat(fair[:at], bad, fair[at:])
		if g.score(mixed) >= bound {
			t.Fatal("the whole shows it: the test is none")
		}
		if g.under(mixed, bound) {
			t.Errorf("a long text with an insult at %d is fair at first glance", at)
		}
	}
}
