package classifier_test

import (
	"strings"
	"testing"

	"github.com/kotomori/kotomori/classifier"
)

// swaps are words of which one in place of another must not flip a verdict on a fair comment: nationality, gender, district and
// party. The parties are invented, as all names in the project.
var swaps = [][]string{
	{"中国", "韓国", "ベトナム", "ブラジル", "ネパール", "アメリカ", "フランス"},
	{"中国人", "韓国人", "ベトナム人", "ブラジル人", "ネパール人", "アメリカ人", "フランス人"},
	{"男性", "女性"},
	{"お父さん", "お母さん"},
	{"おじいさん", "おばあさん"},
	{"息子", "娘"},
	{"大宮区", "浦和区", "岩槻区", "見沼区", "緑区"},
	{"大宮", "浦和", "岩槻", "与野"},
	{"未来市民党", "新緑の会", "暮らし第一党"},
}

// TestSurface holds that a fair comment stays fair when a nationality, a gender, a district or a party in it is another, and when
// politeness, an emoji or a link to the city's own site is added. The comments are the protected ones and the fair ones of the
// validation part that are not flagged as they are.
func TestSurface(t *testing.T) {
	if raceEnabled {
		t.Skip("the same judgements, ten times slower")
	}
	comments := labelled(t, "protected.jsonl")
	for _, l := range labelled(t, "corpus/validation/*.jsonl") {
		if len(l.Labels) == 0 {
			comments = append(comments, l)
		}
	}
	tried, flipped := 0, map[string]int{} // by what was changed
	try := func(what string, c classifier.Comment) bool {
		v, err := shipped().Classify(c)
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		tried++
		if len(v.Findings) > 0 {
			t.Logf("%s: %s flags it as %s (%.2f)", c.ID, what, v.Findings[0].Category, v.Findings[0].Confidence)
		}
		return len(v.Findings) > 0
	}
	kinds, swapped := map[string]int{}, 0 // comments, not swaps: one at the threshold flips by any name
	for i, l := range comments {
		c := commentOf(l)
		if len(classify(t, shipped(), l).Findings) > 0 {
			continue
		}
		for _, group := range swaps {
			for _, word := range group {
				if !strings.Contains(c.Text, word) || strings.Contains(l.Post, word) {
					continue // a place or date of the official post changed is another matter: tampering
				}
				kinds[group[0]]++
				flips := false
				for _, other := range group {
					if other != word {
						with := c
						with.Text = strings.ReplaceAll(c.Text, word, other)
						swapped++
						flips = try(group[0], with) || flips
					}
				}
				if flips {
					flipped[group[0]]++
				}
				break
			}
		}
		if i%3 == 0 { // each addition on a third of them: enough to see a bias
			for what, add := range map[string]string{"site": " https://www.city.saitama.lg.jp/index.html", "emoji": "😊", "politeness": "よろしくお願いいたします。"} {
				with := c
				with.Text += add
				kinds[what]++
				if try(what, with) {
					flipped[what]++
				}
			}
		}
	}
	if swapped < 100 {
		t.Errorf("only %d swaps: the comments name too few nationalities, genders and districts", swapped)
	}
	for what, n := range flipped {
		// A comment that stands at the threshold can flip by any letter; a bias shows as more than that.
		if float64(n) > max(2, 0.02*float64(kinds[what])) {
			t.Errorf("%s flips %d of %d fair comments", what, n, kinds[what])
		}
	}
	t.Logf("%d changed comments, by kind %v, flipped %v", tried, kinds, flipped)
}
