package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

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
	shares, characters := make([][]float64, len(comments)), map[rune]int{aLink: 99, ' ': 99}
	for i, c := range comments {
		e := &example{possible: tr.mask(&c)}
		shares[i] = []float64{1, 0, 0}
		if c.Category != "" {
			e.label = 1
			shares[i] = []float64{0.01, 0.99, 0}
		}
		tr.examples = append(tr.examples, e)
		for _, r := range c.Text {
			characters[class(r)]++
		}
	}
	m := &Model{Categories: categories, glance: tr.trainGlance(shares, func(string) {}), second: newSecond(characters)}
	ended := map[string]int{}
	fresh := glances(3000, 2)
	for _, c := range fresh {
		if m.Fair(text.New(c.Text), c.Possible, &Reading{}) {
			ended[c.Category]++
		}
	}
	if ended[""] < 1500 || ended["sale"] > 10 {
		t.Errorf("%d of %d fair comments and %d of %d others ended at the first glance", ended[""], len(fresh)*2/3, ended["sale"], len(fresh)/3)
	}
	const fair, office = "公園の掃除は楽しみ", "https://www.city.wako.lg.jp/event/"
	for s, want := range map[string]bool{
		fair:                          true,
		fair + "、馬鹿だ":                 false,
		strings.Repeat(fair, 50):      false, // too long
		fair + " " + office:           true,
		office:                        false, // nothing to judge
		fair + " https://example.com": true,  // a link that training met weighs what it learned: here nothing
		fair + " @example_user":       false, // it met no mention
		"公・園・の・掃・除・は・楽・し・み":               false, // disguised
		strings.Repeat("馬鹿だ", longText/3): false,
		"꺼져":                              false, // characters it does not know
		fair + "🖕":                        false,
		"":                                false,
	} {
		if got := m.Fair(text.New(s), []bool{true, false}, &Reading{}); got != want {
			t.Errorf("%.20s: fair at first glance is %v, want %v", s, got, want)
		}
	}
}

// TestGlanceOfTooFew: with too little to set its bounds by, nothing ends at the first glance.
func TestGlanceOfTooFew(t *testing.T) {
	m, _ := trained(t)
	for _, c := range fewComments() {
		if m.Fair(text.New(c.Text), c.Possible, &Reading{}) {
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

// looked is a glance by hand: so much for each run of the fair letters and of the bad ones.
func looked(fair, bad string) glance {
	g := glance{quantum: 1, weights: make([]int8, 1<<glanceBits)}
	for _, k := range glanceAt([]rune(bad)) {
		g.weights[k] = 20
	}
	for _, k := range glanceAt([]rune(fair)) { // what both have is fair
		g.weights[k] = -1
	}
	return g
}

func everywhere(g *glance, runes []rune) *sight {
	s := &sight{view: text.View{Runes: runes}}
	s.see(g, everything)
	return s
}

// TestGlanceOfLongText: of a long comment every stretch must be fair, and a very long one is read.
func TestGlanceOfLongText(t *testing.T) {
	const bad, bound = "馬鹿だろ", -1
	all := []rune(strings.Repeat("公園の掃除は楽しみ", 40))
	g := looked(string(all), bad)
	for _, n := range []int{longText / 2, longText, longText + 1, 79, 80, 81, 100, 101, glanceMost - len([]rune(bad)), glanceMost + 1} {
		fair := all[:n]
		if got := everywhere(&g, fair).under(&g, 0, n, bound); got != (n <= glanceMost) {
			t.Errorf("%d fair characters: %v", n, got)
		}
		if n > glanceMost {
			continue
		}
		for at := 0; at <= n; at++ {
			mixed := slices.Concat(fair[:at], []rune(bad), fair[at:])
			s := everywhere(&g, mixed)
			if n > 99 && s.score(&g, 0, len(mixed)) >= bound {
				t.Fatal("the whole shows it: the test is none")
			}
			if s.under(&g, 0, len(mixed), bound) {
				t.Errorf("%d characters with an insult at %d are fair at first glance", len(mixed), at)
			}
		}
	}
}

// TestSight: a part is judged as if the runs that begin in it were looked up one by one, and one strange character leaves it open.
func TestSight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runes := []rune(rapid.StringOfN(rapid.SampledFrom([]rune("あいう1 \n漢")), 1, 90, -1).Draw(t, "text"))
		from := rapid.IntRange(0, len(runes)-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(runes)).Draw(t, "to")
		g := glance{quantum: 0.25, bias: 0.5, weights: make([]int8, 1<<glanceBits)}
		for i := range g.weights {
			g.weights[i] = int8(i*31%255 - 127)
		}
		sum, n := float32(0), 0
		for i, k := range glanceAt(runes) {
			if i >= from && i < to {
				sum += float32(g.weights[k])
				n++
			}
		}
		s := everywhere(&g, runes)
		want := g.bias + sum*g.quantum*glanceValue(n)
		if got := s.score(&g, from, to); math.Abs(float64(got-want)) > 1e-3 {
			t.Errorf("[%d,%d) of %q scores %v, want %v", from, to, string(runes), got, want)
		}
		s.see(&g, func(r rune) bool { return r != '漢' })
		if got, want := s.under(&g, from, to, 1e9), !slices.Contains(runes[from:to], '漢'); got != want {
			t.Errorf("[%d,%d) of %q is under any bound: %v, want %v", from, to, string(runes), got, want)
		}
	})
}

// TestShippedGlance: what is shipped glances. A bound falls to nothing where training has too little to set it by.
func TestShippedGlance(t *testing.T) {
	m, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, bound := range m.glance.fair {
		if !(bound > -5) {
			t.Errorf("bounds %v", m.glance.fair)
		}
	}
}
