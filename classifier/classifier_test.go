package classifier_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/rules"
)

// shipped is the classifier of the shipped ruleset, compiled once.
var shipped = sync.OnceValue(func() *classifier.Classifier {
	c, err := classifier.Shipped()
	if err != nil {
		panic(err)
	}
	return c
})

// replies are the labelled comments of testdata and the examples of all rules: everything that the rules were written for.
func replies(t *testing.T) []classifier.Comment {
	t.Helper()
	var out []classifier.Comment
	for _, l := range labelled(t, "labelled/*.jsonl") {
		out = append(out, commentOf(l))
	}
	for _, rule := range shipped().Ruleset().Rules() {
		for i, e := range slices.Concat(rule.Match, rule.NoMatch) {
			account := e.Account
			if account == "" {
				account = []string{"saitama", "wako"}[i%2]
			}
			out = append(out, classifier.Comment{
				ID: rule.ID, Account: account, Post: classifier.Post{Text: e.Post},
				Author: classifier.Author{Name: e.Name, Handle: e.Handle}, Text: e.Text,
			})
		}
	}
	return out
}

// checkVerdict holds what is promised of every verdict.
func checkVerdict(t interface {
	Errorf(string, ...any)
}, in classifier.Comment, v classifier.Verdict, set *rules.Set,
) {
	platform := in.Platform
	if platform == "" {
		platform = "x"
	}
	if v.Action != rules.None && !rules.Can(platform, v.Action) {
		t.Errorf("%s: %v recommended on %s, which cannot", in.ID, v.Action, platform)
	}
	if (v.Action == rules.None) != (len(v.Findings) == 0) {
		t.Errorf("%s: action %v with %d findings", in.ID, v.Action, len(v.Findings))
	}
	policy, _ := set.Policy(v.Policy)
	for i, f := range v.Findings {
		clause, ok := policy.Clause(f.Category)
		if !ok || clause.Number != f.Clause {
			t.Errorf("%s: finding %s cites clause %s, which policy %s does not give it", in.ID, f.Category, f.Clause, v.Policy)
		}
		if f.Category == "off-topic" && (i > 0 || len(v.Findings) > 1) {
			t.Errorf("%s: off-topic beside another clause", in.ID)
		}
		if len(f.Evidence) == 0 || f.Reason == "" || f.Confidence <= 0 || f.Confidence > 1 {
			t.Errorf("%s: incomplete finding %+v", in.ID, f)
		}
		for _, e := range f.Evidence {
			field := []rune(map[string]string{"": in.Text, "author.name": in.Author.Name, "author.handle": in.Author.Handle}[e.In])
			if e.Start < 0 || e.End > len(field) || e.Start >= e.End || string(field[e.Start:e.End]) != e.Text {
				t.Errorf("%s: evidence %+v is not text[start:end]", in.ID, e)
			}
			if _, ok := set.Rule(e.Rule); !ok && e.Rule != classifier.SourceModel {
				t.Errorf("%s: evidence names an unknown rule %s", in.ID, e.Rule)
			}
		}
	}
}

// TestGate: evaluating every rule gives the verdict that the gate gives, on every comment there is.
func TestGate(t *testing.T) {
	c := shipped()
	flagged, gated := 0, 0
	for i, in := range replies(t) {
		if i%stride != 0 {
			continue
		}
		with, err := c.Classify(in)
		if err != nil {
			t.Fatalf("%s: %v", in.ID, err)
		}
		without, err := c.ClassifyExhaustively(in)
		if err != nil {
			t.Fatalf("%s: %v", in.ID, err)
		}
		if with.Gated {
			gated++
		}
		if len(with.Findings) > 0 {
			flagged++
		}
		with.Gated, without.Gated = false, false
		if !reflect.DeepEqual(with, without) {
			t.Errorf("%s: the gate changes the verdict\nwith    %+v\nwithout %+v", in.ID, with, without)
		}
		checkVerdict(t, in, with, c.Ruleset())
	}
	if flagged == 0 || gated == 0 && stride == 1 {
		t.Errorf("%d flagged, %d gated: the corpus tests nothing", flagged, gated)
	}
	t.Logf("%d flagged, %d decided by the gate alone", flagged, gated)
}

// TestProperties draws comments from pieces of real ones, with noise between, and holds the promises on each.
func TestProperties(t *testing.T) {
	c := shipped()
	var pieces []string
	for _, in := range replies(t) {
		r := []rune(in.Text)
		for i := 0; i < len(r); i += 12 {
			pieces = append(pieces, string(r[i:min(len(r), i+12)]))
		}
	}
	noise := []string{"", "", "。", "\n", "・", " ", "○", "w", "👍🏽", "\u200b", "&amp;", "ｶﾞ", "が", "?", "！！！", "http://a.example/x.apk", "12", "ー", "\u202e"}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(1, 8).Draw(t, "n") {
			b.WriteString(rapid.SampledFrom(pieces).Draw(t, "piece"))
			b.WriteString(rapid.SampledFrom(noise).Draw(t, "noise"))
		}
		in := classifier.Comment{
			ID: "p", Text: b.String(), Account: rapid.SampledFrom([]string{"saitama", "wako"}).Draw(t, "account"),
			Author: classifier.Author{Name: rapid.SampledFrom(pieces).Draw(t, "name"), Handle: rapid.SampledFrom([]string{"", "wakokyodo_", "abc"}).Draw(t, "handle")},
			Post:   classifier.Post{Text: rapid.SampledFrom([]string{"", "講座を5月29日に開きます。参加は無料です。"}).Draw(t, "post")},
		}
		with, err := c.Classify(in)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := c.Classify(in)
		if !reflect.DeepEqual(with, again) {
			t.Errorf("judged twice, two verdicts on %q", in.Text)
		}
		without, _ := c.ClassifyExhaustively(in)
		without.Gated = with.Gated
		if !reflect.DeepEqual(with, without) {
			t.Errorf("the gate changes the verdict on %q\nwith    %+v\nwithout %+v", in.Text, with, without)
		}
		checkVerdict(t, in, with, c.Ruleset())
	})
}

func TestInputErrors(t *testing.T) {
	c := shipped()
	ok := classifier.Comment{ID: "1", Text: "こんにちは"}
	tests := []struct {
		name   string
		change func(*classifier.Comment)
		field  string
	}{
		{"no id", func(c *classifier.Comment) { c.ID = "" }, "id"},
		{"no text", func(c *classifier.Comment) { c.Text = "" }, "text"},
		{"too long", func(c *classifier.Comment) { c.Text = strings.Repeat("あ", classifier.MaxText/3+1) }, "text"},
		{"not UTF-8", func(c *classifier.Comment) { c.Text = "あ\xff" }, "text"},
		{"post not UTF-8", func(c *classifier.Comment) { c.Post.Text = "\xff" }, "post.text"},
		{"long name", func(c *classifier.Comment) { c.Author.Name = strings.Repeat("a", classifier.MaxName+1) }, "author.name"},
		{"unknown account", func(c *classifier.Comment) { c.Account = "osaka" }, "account"},
		{"unknown platform", func(c *classifier.Comment) { c.Platform = "mixi" }, "platform"},
		{"platform not covered", func(c *classifier.Comment) { c.Platform = "blog" }, "platform"},
	}
	if _, err := c.Classify(ok); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		in := ok
		tt.change(&in)
		_, err := c.Classify(in)
		ie, is := errors.AsType[*classifier.InputError](err)
		if !is || ie.Field != tt.field || ie.What == "" || ie.Mend == "" {
			t.Errorf("%s: got %v, want an InputError for %s", tt.name, err, tt.field)
		}
	}
	if v, err := c.Classify(classifier.Comment{ID: "1", Text: strings.Repeat("あ", classifier.MaxText/3)}); err != nil || v.ID != "1" {
		t.Errorf("the longest text allowed: %v", err)
	}
}

// TestAbstains: without the official post's text, what can only be judged against it is not, and the verdict says so.
func TestAbstains(t *testing.T) {
	v, err := shipped().Classify(classifier.Comment{ID: "1", Account: "wako", Text: "昨日のラーメンはうまかった"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"off-topic", "tampering"} {
		if !slices.Contains(v.Abstained, want) {
			t.Errorf("%s is not said to abstain: %v", want, v.Abstained)
		}
	}
	v, err = shipped().Classify(classifier.Comment{ID: "1", Account: "wako", Text: "昨日のラーメンはうまかった", Post: classifier.Post{Text: "講座を開きます。"}})
	if err != nil || len(v.Abstained) > 0 {
		t.Errorf("abstains with the post known: %v, %v", v.Abstained, err)
	}
}

// TestCategoriesOfPolicies: a category that a policy lacks is never reported for it.
func TestCategoriesOfPolicies(t *testing.T) {
	c := shipped()
	for account, lacks := range map[string][]string{"saitama": {"impersonation", "off-topic"}, "wako": {"crime-incitement", "tos-violation"}} {
		p, ok := c.Ruleset().Policy(account)
		if !ok || len(p.Clauses) != 15 {
			t.Fatalf("policy %s: %v, %d clauses", account, ok, len(p.Clauses))
		}
		for _, category := range lacks {
			if _, ok := p.Clause(category); ok {
				t.Errorf("policy %s has a clause for %s", account, category)
			}
		}
	}
}

// TestOfficialAccount: the office's own account does not impersonate itself; a look-alike does.
func TestOfficialAccount(t *testing.T) {
	text := "お申し込みの受付は終了しました。"
	for handle, want := range map[string]bool{"wakokyodo": false, "@WakoKyodo": false, "wakokyod0": true} {
		v, err := shipped().Classify(classifier.Comment{
			ID: "1", Account: "wako", Text: text, Author: classifier.Author{Name: "わこらぼ／和光市市民協働推進センター（公式）ツイッター", Handle: handle},
		})
		if err != nil {
			t.Fatal(err)
		}
		got := slices.ContainsFunc(v.Findings, func(f classifier.Finding) bool { return f.Category == "impersonation" })
		if got != want {
			t.Errorf("handle %s: impersonation %v, want %v", handle, got, want)
		}
	}
}

// TestHostile: the longest text allowed, made of violations throughout, is judged with bounded evidence.
func TestHostile(t *testing.T) {
	for _, unit := range []string{"お前はバカ", "死ね", "死 ね", "「バカ」", "月50万稼げるDMください", "a-", ".1", "a/", "@a", "baka ", "1a1", "(・∀・)あ"} {
		in := classifier.Comment{ID: "h", Text: strings.Repeat(unit, classifier.MaxText/len(unit))}
		v, err := shipped().Classify(in)
		if err != nil {
			t.Fatal(err)
		}
		checkVerdict(t, in, v, shipped().Ruleset())
		for _, f := range v.Findings {
			if len(f.Evidence) > 16 {
				t.Errorf("%q: %d pieces of evidence", unit, len(f.Evidence))
			}
		}
	}
}

// TestLongLetter: what a long and friendly letter ends with, or hides in its middle, is found, cited by its own words, and the letter without it is fair.
func TestLongLetter(t *testing.T) {
	const thanks = "先日の見学会ではたいへんお世話になりました。子どもたちも職員の皆さんの説明に聞き入っていました。"
	const wishes = "来年は夏休みのうちに開いていただけると、学童の子も参加しやすいと思います。駐車場の案内もありがたかったです。"
	letter := func(bad string) classifier.Comment {
		return classifier.Comment{
			ID: "1", Account: "saitama", Platform: "x", Text: thanks + bad + wishes,
			Post: classifier.Post{Text: "水道施設の見学会を開きました。ご参加くださった皆さま、ありがとうございました。"},
		}
	}
	v, err := shipped().Classify(letter(""))
	if err != nil || len(v.Findings) > 0 {
		t.Errorf("the letter itself: %v, %v", v.Findings, err)
	}
	for category, bad := range map[string]string{
		"commercial": "ところで、会計に悩む団体の方へ。私の投資サロンなら元本保証で毎月一割の配当が出ます。入会金は三万円、申し込みはDMまで。",
		"illegal":    "それと、余っている銀行口座とキャッシュカードを一枚五万円で買い取ります。身分証は要りません、連絡ください。",
		"defamation": "それにしても水道課の森本は頭の足りない無能で、給料泥棒の能なしだ。",
	} {
		v, err := shipped().Classify(letter(bad))
		if err != nil || len(v.Findings) == 0 || v.Findings[0].Category != category {
			t.Errorf("%s: %v, %v", category, v.Findings, err)
			continue
		}
		from := utf8.RuneCountInString(thanks)
		to := from + utf8.RuneCountInString(bad)
		for _, e := range v.Findings[0].Evidence {
			if e.Rule == classifier.SourceModel && (e.Start < from || e.End > to) {
				t.Errorf("%s: the evidence is 「%s」", category, e.Text)
			}
		}
	}
}

// TestSpelledOut: letters apart or down the lines make no fair comment a bad one, and hide no bad one.
func TestSpelledOut(t *testing.T) {
	apart := func(between string) func(string) string {
		return func(s string) string { return strings.Join(strings.Split(s, ""), between) }
	}
	ways := map[string]func(string) string{"full-width spaces": apart("　"), "spaces": apart(" "), "dots": apart("・"), "down the lines": apart("\n")}
	for s, bad := range map[string]bool{
		"おめでとうございます": false, "ありがとうございました": false, "楽しみにしています": false, "図書館は何時までですか": false, "花火がきれいでした": false,
		"課長の田代は死ね": true, "余った銀行口座を五万円で買い取ります": true,
	} {
		for way, write := range ways {
			v, err := shipped().Classify(classifier.Comment{ID: "1", Account: "saitama", Platform: "x", Post: classifier.Post{Text: "市民まつりを開きました。"}, Text: write(s)})
			if err != nil || (len(v.Findings) > 0) != bad {
				t.Errorf("%s with %s: %v, %v", s, way, v.Findings, err)
			}
		}
	}
}
