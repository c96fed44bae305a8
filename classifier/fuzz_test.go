package classifier_test

import (
	"testing"
	"unicode/utf8"

	"github.com/kotomori/kotomori/classifier"
)

// FuzzClassify: any comment gets a verdict that keeps its promises, or an error that names the field.
func FuzzClassify(f *testing.F) {
	f.Add("月50万稼げる副業、詳しくはDMへ https://bit.ly/x", "講座を5月29日に開きます", "和光市 公式", "wakokyodo_", true)
	f.Add("し・ね\u200b死 ね タヒね", "", "", "", false)
	f.Add("「参加は有料です」だって", "参加は無料です", "あ", "b", true)
	f.Add("&#x202e;ｶﾞｶﾞｶﾞ\x00👨‍👩‍👧", "\n\n", "\t", "@", true)
	// A worker that takes ten seconds for one input counts as hung, which the first would on a busy machine: load everything before.
	all := shipped()
	if _, err := all.Classify(classifier.Comment{ID: "f", Text: "月50万稼げる副業、詳しくはDMへ"}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, post, name, handle string, wako bool) {
		in := classifier.Comment{ID: "f", Text: text, Post: classifier.Post{Text: post}, Author: classifier.Author{Name: name, Handle: handle}}
		if wako {
			in.Account, in.Platform = "wako", "blog"
		}
		v, err := all.Classify(in)
		if err != nil {
			sound := text != "" && len(text)+len(post) < classifier.MaxText && len(name) <= classifier.MaxName && len(handle) <= classifier.MaxName
			for _, s := range []string{text, post, name, handle} {
				sound = sound && utf8.ValidString(s)
			}
			if sound {
				t.Fatalf("refused: %v", err)
			}
			return
		}
		checkVerdict(t, in, v, all.Ruleset())
	})
}
