package model

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kotomori/kotomori/internal/text"
)

// TestParts: whatever the sentences, the parts cover the text, overlap, begin and end with a sentence if these are not long, and are few.
func TestParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(1, 60).Draw(t, "sentences") {
			word := rapid.SampledFrom([]string{"花", "あ、", "a", "\u200b", "花火a b "}).Draw(t, "word")
			b.WriteString(strings.Repeat(word, rapid.IntRange(0, 300).Draw(t, "length")))
			b.WriteString(rapid.SampledFrom([]string{"。", "！？", "\n", "、"}).Draw(t, "end"))
		}
		in := text.New(b.String())
		n := len(in.Folded.Runes)
		var p partly
		got := p.parts(in)
		if len(got) > mostParts+1 {
			t.Errorf("%d parts of %d characters", len(got), n)
		}
		ends := map[int]bool{0: true, len(in.Runes): true}
		long := false
		for _, s := range in.Sentences {
			ends[s.Start], ends[s.End] = true, true
			long = long || s.End-s.Start > mostUnit
		}
		end := 0
		for i, s := range got {
			if i > 0 && (s.Start >= end || s.End < end || s.Start < got[i-1].Start || s == got[i-1]) {
				t.Errorf("part %v after one that ends at %d", s, end)
			}
			if len(got) > 1 && len(text.New(string(in.Runes[s.Start:s.End])).Folded.Runes) < leastPart-2 {
				t.Errorf("part %v of %d characters is too short", s, n)
			}
			if !long && !(ends[s.Start] && ends[s.End]) {
				t.Errorf("part %v cuts a sentence", s)
			}
			end = s.End
		}
		if n > 0 && (len(got) == 0 || end != len(in.Runes) || got[0].Start != 0) {
			t.Errorf("parts %v of %d code points", got, len(in.Runes))
		}
	})
}

// TestPartsOfLongSentence: a sentence of more than one unit is cut where one would take breath, and no link is cut.
func TestPartsOfLongSentence(t *testing.T) {
	link := "https://www.city.example.jp/" + strings.Repeat("a", 40)
	in := text.New(strings.Repeat("花火と祭りと", 10) + "、" + strings.Repeat("公園", 30) + link + strings.Repeat("図書館", 30))
	for _, c := range cutsOf(in, mostUnit, nil) {
		before := string(in.Runes[:c.at])
		if at := strings.Index(before, "https"); at >= 0 && !strings.Contains(before, link) {
			t.Errorf("a cut in the link: …%s", before[at:])
		}
	}
	if first := cutsOf(in, mostUnit, nil)[0]; !strings.HasSuffix(string(in.Runes[:first.at]), "、") {
		t.Errorf("the first piece is %s", string(in.Runes[:first.at]))
	}
	if cuts := cutsOf(text.New(strings.Repeat("a", 10_000)), mostUnit, nil); len(cuts) < 10_000/(4*mostUnit) {
		t.Errorf("%d cuts in 10,000 letters", len(cuts))
	}
}

// TestReadParts: one sentence counts that is lost in a long comment read whole, and it is what is cited.
func TestReadParts(t *testing.T) {
	m, _ := trained(t)
	fair := strings.Repeat("公園の清掃おつかれさまです。楽しみにしています。花火がきれいでした。", 4)
	const bad = "格安で販売しています、今なら割引です、DMください。"
	whole := &Reading{}
	in := func(s string) *Input { return &Input{Text: text.New(s)} }
	both := []bool{true, true}
	if r := read(m, fair); r.None < 0.5 || r.partly == nil {
		t.Errorf("none has %.3f in a long fair comment", r.None)
	}
	for name, s := range map[string]string{"at the beginning": bad + fair, "in the middle": fair + bad + fair, "at the end": fair + bad} {
		m.readWhole(in(s), both, 1, whole)
		r := read(m, s)
		if !r.partly.leads || r.None >= whole.None || r.Shares[0] <= whole.Shares[0] {
			t.Errorf("%s: none has %.3f, and %.3f where it is read whole", name, r.None, whole.None)
			continue
		}
		sum := r.None
		for _, p := range r.Shares {
			sum += p
		}
		if sum < 1-1e-6 || sum > 1+1e-6 {
			t.Errorf("%s: the shares add up to %v", name, sum)
		}
		runes := []rune(s)
		at := len([]rune(s[:strings.Index(s, bad)]))
		evidence := r.Evidence(0)
		if len(evidence) == 0 {
			t.Errorf("%s: no evidence", name)
		}
		for _, e := range evidence {
			if e.Start < at || e.End > at+len([]rune(bad)) {
				t.Errorf("%s: evidence %s", name, string(runes[e.Start:e.End]))
			}
		}
		// The memory of a long comment says nothing of a short one that is read after it.
		m.Read(in("花火がきれいでした"), both, r)
		if fresh := read(m, "花火がきれいでした"); r.None != fresh.None || len(r.Evidence(0)) != len(fresh.Evidence(0)) {
			t.Errorf("none has %v after a long comment, and %v without one", r.None, fresh.None)
		}
	}
}

// TestReadPartsWholeOnly: a part may wander where the whole does not.
func TestReadPartsWholeOnly(t *testing.T) {
	comments := fewComments()
	for i, c := range comments {
		if c.Category == "sale" {
			comments[i].Category = "off-topic"
		}
	}
	m, _, err := Train(comments, []string{"off-topic", "insult"}, fewVectors(t), fewOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	fair := strings.Repeat("公園の清掃おつかれさまです。楽しみにしています。花火がきれいでした。", 4)
	r := read(m, fair+"格安で販売しています、今なら割引です、DMください。")
	if r.partly.leads && r.Shares[0] > 0 {
		t.Errorf("off-topic has %.3f for one part", r.Shares[0])
	}
}

// TestFairPartsAreSkipped: parts that are fair at a glance are not read, whatever stands before and behind them, and the others are as before.
func TestFairPartsAreSkipped(t *testing.T) {
	m, _ := trained(t)
	const fair, bad = "公園の清掃おつかれさまです。楽しみにしています。花火がきれいでした。", "格安で販売しています、今なら割引です、DMください。"
	const link, disguised = "https://www.city.wako.lg.jp/event/ を見ました。", "お・つ・か・れ・さ・ま、と東・京から来た人が言いました。"
	long := strings.Repeat(fair, 3)
	texts := map[string]string{
		"in the middle": long + bad + long, "behind a link": link + long + bad + long, "beside a disguise": disguised + long + bad + long, "at the end": long + bad,
	}
	without := map[string]*Reading{}
	for name, s := range texts {
		without[name] = read(m, s)
	}
	m.glance = looked(fair+link, bad)
	m.glance.fair = [2]float32{-0.5, -0.5}
	for name, s := range texts {
		r := read(m, s)
		if w := without[name]; !r.partly.leads || !slices.Equal(r.Shares, w.Shares) || r.partly.span != w.partly.span || !slices.Equal(r.Evidence(0), w.Evidence(0)) {
			t.Errorf("%s: %v of %v with a glance, %v of %v without", name, r.Shares, r.partly.span, w.Shares, w.partly.span)
		}
		x := text.New(s)
		m.lookAt(x, &r.sight)
		skipped := 0
		for _, part := range r.partly.parts(x) {
			words := string(x.Runes[part.Start:part.End])
			clean := !strings.Contains(words, "格安") && !strings.Contains(words, "割引") && !strings.Contains(words, "・")
			if m.partIsFair(x, part, m.fairBelow([]bool{true, true}), &r.sight) {
				skipped++
				if !clean {
					t.Errorf("%s: fair at a glance: %s", name, words)
				}
			}
		}
		if skipped < 3 {
			t.Errorf("%s: %d parts fair at a glance", name, skipped)
		}
	}
}
