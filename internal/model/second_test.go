package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kotomori/kotomori/internal/neural"
	"github.com/kotomori/kotomori/internal/text"
)

// eitherButNotBoth are comments that break a clause if one of two characters stands in them, and not if both do or none: no sum of signs
// tells which.
func eitherButNotBoth(n int, seed uint64) []Comment {
	random := rand.New(rand.NewPCG(seed, 1))
	var out []Comment
	for i := range n {
		runes := make([]rune, 8+random.IntN(6))
		for k := range runes {
			runes[k] = []rune("川山空海森林石")[random.IntN(7)]
		}
		category := ""
		if i%4 == 1 || i%4 == 2 {
			category = "sale"
		}
		at := random.Perm(len(runes))
		if i%4 == 1 || i%4 == 3 {
			runes[at[0]] = '甲'
		}
		if i%4 >= 2 {
			runes[at[1]] = '乙'
		}
		out = append(out, Comment{Text: string(runes), Post: fmt.Sprint("お知らせ", i), Name: "市民", Handle: "shimin", Category: category, Possible: []bool{true, true}})
	}
	return out
}

// fewOptions are for few comments: a small net, weighed by one other.
func fewOptions() Options {
	o := DefaultOptions()
	o.NetFolds = 1
	o.Net.Shape = neural.Shape{
		CharDims: 12, CharFilters: 16, WordDims: 8, WordFilters: 4, Hidden: 32, CopyDims: 4, CopyFilters: 4, Pairs: 4, CompareHidden: 4,
	}
	return o
}

// TestSecondReading: the net finds what the linear model cannot, is asked only where that is in doubt, and says what it went by.
func TestSecondReading(t *testing.T) {
	vectors := fewVectors(t)
	o := fewOptions()
	o.Net.Epochs, o.Net.Rate, o.Net.Dropout, o.NetFolds = 80, 6e-3, 0.1, 2
	trained, _, err := Train(eitherButNotBoth(600, 1), categories, vectors, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := trained.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	m, err := Load(file, vectors)
	if err != nil {
		t.Fatal(err)
	}
	right, cited := 0, 0
	var r, before Reading
	fresh := eitherButNotBoth(200, 2)
	for _, c := range fresh {
		in := &Input{Text: text.New(c.Text), Name: c.Name, Handle: c.Handle}
		m.Read(in, c.Possible, &r)
		if !r.again.asked {
			t.Fatalf("%s was not read again", c.Text)
		}
		if (r.None < 0.5) == (c.Category != "") {
			right++
		}
		if c.Category != "" {
			for _, s := range r.Evidence(0) {
				for _, x := range in.Text.Runes[s.Start:s.End] {
					if x == '甲' || x == '乙' {
						cited++
					}
				}
			}
		}
		trained.Read(in, c.Possible, &before)
		if !(math.Abs(before.None-r.None) <= 1e-5) {
			t.Errorf("%s: none has %v, and %v once written and loaded", c.Text, before.None, r.None)
		}
	}
	if right < 160 || cited < 65 { // a linear model gets half of them right
		t.Errorf("%d of %d right, evidence in %d of %d", right, len(fresh), cited, len(fresh)/2)
	}
	sure, _, err := Train(fewComments(), categories, vectors, fewOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	sure.Calibration.Shift[1], sure.Calibration.Shift[2] = -20, -20
	sure.Read(&Input{Text: text.New("花火、楽しみにしています")}, []bool{true, true}, &r)
	if r.again.asked || r.None < doubtful {
		t.Errorf("none has %v and the comment was read again: %v", r.None, r.again.asked)
	}
}

// TestSecondReadingOfOddInput: nothing is too short, too long or too strange to be read again.
func TestSecondReadingOfOddInput(t *testing.T) {
	// Categories for which the post and the name count.
	comments := fewComments()
	named := map[string]string{"sale": "off-topic", "insult": "impersonation", "": ""}
	for i := range comments {
		comments[i].Category = named[comments[i].Category]
	}
	m, _, err := Train(comments, []string{"off-topic", "impersonation"}, fewVectors(t), fewOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	m.Calibration = Calibration{Heat: 0, Shift: []float64{0, 0, 0}} // in doubt about everything
	long := ""
	for range 400 {
		long += "格安販売1234、"
	}
	posts := []*Official{nil, m.Official(text.New("")), m.Official(text.New("！？")), m.Official(text.New("花火の祭りは公園で7月30日")), m.Official(text.New(long))}
	var r Reading
	for _, s := range []string{"", "、", "花", "花火", long, "\u0000\ufffd😊", "https://example.com/a", "花火の祭りは公園で7月31日"} {
		for _, post := range posts {
			for _, name := range []string{"", "市公式", long} {
				m.Read(&Input{Text: text.New(s), Post: post, Name: name, Handle: name}, []bool{true, true}, &r)
				sum := r.None
				for _, p := range r.Shares {
					sum += p
				}
				if !r.again.asked || !(math.Abs(sum-1) <= 1e-4) {
					t.Errorf("%.20q: read again %v, shares add up to %v", s, r.again.asked, sum)
				}
				if post != nil && len(r.seen.post) != facts {
					t.Errorf("%d facts, want %d", len(r.seen.post), facts)
				}
				r.Evidence(0)
				r.Evidence(1)
			}
		}
	}
}

// TestMarks: each character knows how it stands to the post.
func TestMarks(t *testing.T) {
	m, _ := trained(t)
	o := m.Official(text.New("花火大会は7月30日に荒川の河川敷で"))
	const none, two, three, six, same, other = neural.Own, neural.Copied2, neural.Copied3, neural.Copied6, neural.SameNumber, neural.OtherNumber
	for s, want := range map[string][]uint8{
		"":         {none, none},
		"猫":        {none, none, none},
		"花火と":      {none, two, two, none, none},
		"花火大と":     {none, three, three, three, none, none},
		"猫花火大会は7":  {none, none, six, six, six, six, six, same, none},
		"30や31":    {none, same, same, none, other, other, none},
		"荒川の河川敷です": {none, six, six, six, six, six, six, six, none, none},
	} {
		if got := o.marks([]rune(s), nil); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", s, got, want)
		}
	}
}
