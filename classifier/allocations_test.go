package classifier_test

import (
	"testing"

	"github.com/kotomori/kotomori/classifier"
)

// A comment with which nothing is wrong, as most are, costs no memory: what is needed to read it is used again.
func TestNoAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	c := shipped()
	post := classifier.Post{Text: "市民まつりを11月3日(日)10時から、市役所前の広場で開催します。雨天中止。駐車場はありません。"}
	for _, s := range []string{
		"ありがとうございます！楽しみにしています😊",
		"駐車場がないのは残念です。臨時のバスは出ますか？",
		"去年は雨で中止だったので、今年は晴れてほしいなぁ〜",
		"１１月３日の１０時からですね。母と行きます。",
		"もう少し早く知らせてほしかった。告知が遅いと思います。",
		"毎年…楽しみ❤️ #市民まつり",
	} {
		for _, account := range []string{"saitama", "wako"} {
			in := classifier.Comment{ID: "1", Account: account, Text: s, Post: post, Author: classifier.Author{Name: "さくら", Handle: "sakura_2024"}}
			var v classifier.Verdict
			n := testing.AllocsPerRun(20, func() { v, _ = c.Classify(in) })
			if len(v.Findings) > 0 || !v.Gated {
				t.Errorf("%s: %+v: not what is tested here", s, v.Findings)
			}
			if n > 0 {
				t.Errorf("%s (%s): %v allocations, want none", s, account, n)
			}
		}
	}
}
