package train

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kotomori/kotomori/internal/model"
	"github.com/kotomori/kotomori/rules"
)

// TestStrays: what is made of a comment stands under a post that it has nothing to do with, and is learned where its own post is.
func TestStrays(t *testing.T) {
	comment := func(post, text, category string, offTopic bool) model.Comment {
		possible := make([]bool, len(rules.Categories))
		possible[slices.Index(rules.Categories, "off-topic")] = offTopic
		return model.Comment{Text: text, Post: post, Category: category, Possible: possible}
	}
	const soccer, library = "少年サッカー大会を市民体育館で開きます。試合は朝九時から、優勝チームには賞状があります。", "図書館の絵本の読み聞かせ会。児童書の司書が絵本を三冊読みます。"
	fair := comment(soccer, "息子のサッカーの試合、ゴールを決めて優勝したチームの主将でした", "", true)
	for _, c := range []struct {
		name    string
		comment model.Comment
		want    int
	}{
		{"fair", fair, 1},
		{"breaks a clause", comment(soccer, fair.Text, "defamation", true), 0},
		{"no such clause", comment(soccer, fair.Text, "", false), 0},
		{"says too little", comment(soccer, "サッカー！！", "", true), 0},
		{"is not about its own post", comment(soccer, "朝ごはんに納豆と焼き魚、みそ汁の豆腐が煮崩れました", "", true), 0},
		{"is about the other post too", comment(soccer, "サッカーの試合で優勝したので、図書館の絵本と児童書を司書に選んでもらいました", "", true), 0},
	} {
		all := []model.Comment{c.comment}
		for i := range 20 { // of posts, one of which is drawn
			all = append(all, comment(fmt.Sprint(library, i), "はい", "", true))
		}
		made := strays(all, model.ShippedVectors())
		for _, x := range made {
			if x.Category != "off-topic" || !strings.HasPrefix(x.Post, library) || x.MadeOf != soccer || x.Text != c.comment.Text {
				t.Errorf("%s: made %+v", c.name, x)
			}
		}
		if len(made) != c.want {
			t.Errorf("%s: %d strays, want %d", c.name, len(made), c.want)
		}
	}
}

// TestEnded: only the end is another, and the label stays.
func TestEnded(t *testing.T) {
	var all []model.Comment
	for i := range 600 {
		all = append(all, model.Comment{Post: "post", Text: fmt.Sprint("いいね", i, "。"), Category: []string{"", "illegal"}[i%2]})
	}
	kinds, ends := map[string]int{}, map[string]bool{}
	for range 100 { // of which nothing can be made
		all = append(all, model.Comment{Text: "。！", Post: "post"}, model.Comment{Text: "https://example.com/", Post: "post"}, model.Comment{Text: "@someone_wako", Post: "post"})
	}
	for _, c := range ended(all) {
		kinds[c.Category]++
		var n int
		if _, err := fmt.Sscanf(c.Text, "いいね%d", &n); err != nil || c.MadeOf != c.Post {
			t.Fatalf("made %+v", c)
		}
		ends[strings.TrimLeft(c.Text, "いね0123456789")] = true
	}
	if kinds[""] < 20 || kinds["illegal"] < 20 || len(ends) < 12 || ends["。"] {
		t.Errorf("made %v with %d endings", kinds, len(ends))
	}
}
