package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const testPolicy = `
policy: test
title: 試験方針
edition: 令和8年
effective: 2026-04-01
decides: 課長
accounts: [{platform: x, name: 試験市役所, handle: testcity}]
article: "7"
clauses:
  - {clause: 7(1), category: illegal, text: 法律に違反する内容, actions: {hide: 0.6, delete: 0.85, block: 0.97}}
  - {clause: 7(2), category: defamation, text: 誹謗中傷するもの, actions: {hide: 0.6}}
`

// ruleset makes a set of one rule with the given body (the lines under the rule, from when: on) and dictionary classes.
func ruleset(t *testing.T, classes, body string) *Set {
	t.Helper()
	set, err := Load(layer(classes, body))
	if err != nil {
		t.Fatalf("loading:\n%v", err)
	}
	return set
}

func layer(classes, body string) fstest.MapFS {
	rule := "rules:\n  - id: defamation.test\n    category: defamation\n    confidence: 0.9\n    reason: 試験\n    examples: {match: [あ], no-match: [い]}\n" + indent(body, 4)
	return fstest.MapFS{
		"dict/test.yaml":           {Data: []byte("classes:\n" + indent(classes, 2))},
		"rules/test.yaml":          {Data: []byte(rule)},
		"rules/policies/test.yaml": {Data: []byte(testPolicy)},
	}
}

func indent(s string, n int) string {
	var b strings.Builder
	for line := range strings.Lines(strings.Trim(s, "\n")) {
		b.WriteString(strings.Repeat(" ", n) + line)
	}
	return b.String() + "\n"
}

// evidence judges a text and gives the places as text, joined by |.
func evidence(set *Set, in Input) string {
	in.Policy = set.policies[0]
	var out []string
	for _, h := range set.Match(in).Hits {
		for _, p := range h.Places {
			out = append(out, Slice([...]string{in.Text, in.Name, in.Handle}[p.Field], p.Start, p.End))
		}
	}
	return strings.Join(out, "|")
}

func TestBoundaries(t *testing.T) {
	tests := []struct {
		word, text, want string
	}{
		{`バカ`, "お前はバカだ", "バカ"},
		{`ばか`, "お前はバカだ", "バカ"},
		{`ばか`, "人目をはばかる話", ""},
		{`クソ`, "ダークソウルが好き", ""},
		{`クソ`, "クソ野郎", "クソ"},
		{`{word: かす, script: exact}`, "このカスが", ""},
		{`{word: カス, script: exact}`, "このカスが", "カス"},
		{`{word: カス, script: exact}`, "本をかす", ""},
		{`{word: カス, not-in: [カステラ]}`, "カステラが好き", ""},
		{`{word: カス, not-in: [カステラ]}`, "カステラとカス", "カス"},
		{`sns`, "SNSで見た", "SNS"},
		{`sns`, "snsnsの", ""},
		{`ＤＭ`, "dmください", "dm"},
		{`{word: 死に, not-in: [犬死に]}`, "犬死にだった", ""},
		{`{word: 死ぬ, inflect: godan, forms: [imperative]}`, "お前なんか死ね", "死ね"},
		{`{word: 死ぬ, inflect: godan, forms: [imperative]}`, "楽に死ねたらいい", ""},
		{`{word: 死ぬ, inflect: godan, forms: [imperative]}`, "まだ死ねない", ""},
		{`{word: 殺す, inflect: godan}`, "殺さないで、殺した、殺せ", "殺さ|殺した|殺せ"},
		{`{word: 食べる, inflect: ichidan}`, "食べ物を食べて", "食べて"},
		{`{word: 勧誘する, inflect: suru, forms: [past]}`, "勧誘した", "勧誘した"},
		{`{word: うるさい, inflect: i-adj}`, "うるさくて困る", "うるさく"},
		{`{word: 死ぬ, reading: しぬ, inflect: godan, forms: [imperative]}`, "楽しいですしねー", ""},
		{`{word: 殺害予告, disguise: true}`, "殺○予告", "殺○予告"},
		{`{word: 殺害予告, disguise: true}`, "殺・害・予・告", "殺・害・予・告"},
		{`{word: 殺害予告, disguise: true}`, "殺 害 予 告 だ", "殺 害 予 告"},
		{`バカ`, "バ\u200bカ", "バ\u200bカ"},
		{`バカ`, "ﾊﾞｶ", "ﾊﾞｶ"},
		{`{word: 会, pos: 名詞}`, "会に出る", "会"},
		{`会`, "会議に出る", ""},
	}
	for _, tt := range tests {
		set := ruleset(t, "insult:\n  about: 試験\n  words: ["+tt.word+"]", "when: insult")
		if got := evidence(set, Input{Text: tt.text}); got != tt.want {
			t.Errorf("word %s in %q: got %q, want %q", tt.word, tt.text, got, tt.want)
		}
	}
}

const abc = `
a: {about: 試験, words: [甲]}
b: {about: 試験, words: [乙]}
c: {about: 試験, words: [丙]}
x: {about: 試験, words: [戊戊]}
`

func TestConditions(t *testing.T) {
	tests := []struct {
		name, when, text, want string
	}{
		{"all in a sentence", "when: {all: [a, b]}", "甲と乙", "甲|乙"},
		{"any order", "when: {all: [a, b]}", "乙と甲", "乙|甲"},
		{"another sentence", "when: {all: [a, b]}", "甲です。乙です", ""},
		{"neighbouring sentence", "when: {all: [a, b], scope: adjacent}", "甲です。乙です", "甲|乙"},
		{"two sentences on", "when: {all: [a, b], scope: adjacent}", "甲です。はい。乙です", ""},
		{"anywhere", "when: {all: [a, b], scope: text}", "甲です。はい。乙です", "甲|乙"},
		{"near enough", "when: {all: [a, b], within: 2}", "甲とと乙", "甲|乙"},
		{"too far", "when: {all: [a, b], within: 2}", "甲ととと乙", ""},
		{"nearest", "when: {all: [a, b], within: 3}", "乙ととと甲と乙", "甲|乙"},
		{"ordered", "when: {all: [a, b], ordered: true}", "甲と乙", "甲|乙"},
		{"out of order", "when: {all: [a, b], ordered: true}", "乙と甲", ""},
		{"ordered, a later start", "when: {all: [a, b, c], ordered: true, within: 2}", "甲とととと甲と乙と丙", "甲|乙|丙"},
		{"ordered, a later middle", "when: {all: [a, b, c], ordered: true, within: 3}", "甲と乙と乙とと丙", "甲|乙|丙"},
		{"not", "when: {all: [a, {not: b}]}", "甲です。乙です", "甲"},
		{"not, but it is", "when: {all: [a, {not: b}]}", "甲は乙です", ""},
		{"not near", "when: {all: [a, {not: b}], within: 2}", "甲とととと乙", "甲"},
		{"any", "when: {any: [a, b]}", "乙です", "乙"},
		{"nested", "when: {all: [a, {any: [b, c]}]}", "甲と丙", "甲|丙"},
		{"nested all", "when: {all: [a, {all: [b, c], within: 1}], scope: text}", "甲。乙と丙", "甲|乙|丙"},
		{"going back for a later part", "when: {all: [a, {any: [b, c]}, b]}", "甲と乙と丙", "甲|乙|丙"},
		{"count", "when: {class: a, count: 2}", "甲と甲", "甲|甲"},
		{"count too few", "when: {class: a, count: 3}", "甲と甲", ""},
		{"literal", "when: {literal: [とと, ぬぬ], boundary: none}", "甲とと乙", "とと"},
		{"at end", "when: {class: a, at: end}", "これは甲！！", "甲"},
		{"not at end", "when: {class: a, at: end}", "甲です", ""},
		{"at start", "when: {class: a, at: start}", "「甲です", "甲"},
		{"detector", "when: {all: [a, {detector: url}], scope: text}", "甲 https://abc.example/x", "甲|https://abc.example/x"},
		{"token", "when: {token: [{lemma: 来る, form: 命令}]}", "早く来い", "来い"},
		{"token past", "when: {token: [{lemma: 来る, form: 命令}]}", "昨日来た", ""},
		{"tokens", "when: {token: [{pos: 名詞}, {surface: を}, {lemma: 売る}]}", "本を売ります", "本を売り"},
		{"exempt match", "when: {class: a, count: 2}\nunless: [{literal: 甲です}]", "甲です。甲", ""},
		{"exempt sentence", "when: a\nunless: [{class: x, reach: sentence}]", "甲は戊戊。甲", "甲"},
		{"exempt adjacent", "when: a\nunless: [{class: x, reach: adjacent}]", "甲。戊戊。はい。甲", "甲"},
		{"exempt within", "when: a\nunless: [{class: x, within: 2}]", "甲と戊戊とととと甲", "甲"},
		{"exemption masks one of two", "when: {all: [a, b]}\nunless: [{literal: 甲が}]", "甲が乙と甲", "乙|甲"},
		{"exemption masks what must not be", "when: {all: [a, {not: b}]}\nunless: [{class: x, within: 2}]", "甲ととと乙と戊戊", "甲"},
		{"exemption masks the nearest", "when: {all: [{all: [a, b]}, c], within: 2}\nunless: [{class: x, within: 2}]", "戊戊と乙と甲とととととと乙と丙", "甲|乙|丙"},
		{"no match without text", "when: a", "！？", ""},
	}
	for _, tt := range tests {
		set := ruleset(t, abc, tt.when)
		if got := evidence(set, Input{Text: tt.text}); got != tt.want {
			t.Errorf("%s: %s on %q: got %q, want %q", tt.name, tt.when, tt.text, got, tt.want)
		}
	}
}

// What one rule or part of a rule has looked for, another finds looked for.
func TestAlikeConditionsAreOne(t *testing.T) {
	kids := ruleset(t, abc, "when: {any: [{all: [a, b]}, {all: [a, b]}, {all: [b, a]}, {all: [a, b], within: 2}, {all: [a, {not: b}]}]}").rules[0].when.kids
	for i, kid := range kids {
		if one := kid == kids[0]; one != (i <= 1) {
			t.Errorf("part %d is the first: %v", i, one)
		}
	}
	if kids[4].kids[1].kids[0] != kids[0].kids[1] {
		t.Error("what must not hold is looked for anew")
	}
}

func TestAuthorFields(t *testing.T) {
	set := ruleset(t, abc, "when: {all: [a, {class: b, in: author.name}]}")
	if got := evidence(set, Input{Text: "これは甲", Name: "乙さん"}); got != "甲|乙" {
		t.Errorf("name and text: got %q", got)
	}
	if got := evidence(set, Input{Text: "これは甲と乙", Name: "丙さん"}); got != "" {
		t.Errorf("name without the word: got %q", got)
	}
	set = ruleset(t, abc, "when: {class: b, in: author.handle}")
	if got := evidence(set, Input{Text: "はい", Handle: "乙"}); got != "乙" {
		t.Errorf("handle alone: got %q", got)
	}
	// A detector reads the name before it is squeezed; a word is still found in it, behind a disguise too.
	set = ruleset(t, "insult: {about: 試験, words: [{word: 殺すぞ, disguise: true}]}\n", "when: {all: [{detector: url, in: author.name}, {class: insult, in: author.name}]}")
	if got := evidence(set, Input{Text: "はい", Name: "殺・す・ぞ https://abc.example/x"}); !strings.Contains(got, "殺・す・ぞ") || !strings.Contains(got, "abc.example") {
		t.Errorf("detector and disguised word in the name: got %q", got)
	}
}

func TestUse(t *testing.T) {
	fs := layer(abc, "when: {all: [a, {use: two}]}")
	fs["rules/named.yaml"] = &fstest.MapFile{Data: []byte("conditions:\n  two: {any: [b, {use: three}]}\n  three: c\n")}
	set, err := Load(fs)
	if err != nil {
		t.Fatal(err)
	}
	if got := evidence(set, Input{Text: "甲と丙"}); got != "甲|丙" {
		t.Errorf("got %q", got)
	}
}

// TestLintListsAllFaults breaks many things at once: each is named, with its line, column and a mend.
func TestLintListsAllFaults(t *testing.T) {
	fs := layer("insult:\n  words: [バカ, バカ]\n  wrong: 1\nBad_Name:\n  about: x\n  words: [{word: 走る, inflect: ichi}]\n", `
when: {all: [insolt, {detector: urll}], withn: 3}
unless: [{class: insult, reach: text}]
`)
	fs["rules/loop.yaml"] = &fstest.MapFile{Data: []byte("conditions:\n  one: {use: two}\n  two: {use: one}\n")}
	fs["rules/broken.yaml"] = &fstest.MapFile{Data: []byte("rules:\n  - id: [\n")}
	faults, err := Lint(fs)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"dict/test.yaml:3:17", `"バカ" stands twice`, `unknown key "wrong"`, `class "insult" does not say what it is about`,
		`bad class name "Bad_Name"`, `unknown conjugation "ichi"`, `unknown class "insolt"; did you mean "insult"?`,
		`unknown detector "urll"; did you mean "url"?`, `unknown key "withn"; did you mean "within"?`, `unknown reach "text"`,
		"uses itself", "rules/broken.yaml:2:", "rules/test.yaml:7:18",
	} {
		if !strings.Contains(faults.Error(), want) {
			t.Errorf("lint does not say %q; it says:\n%v", want, faults)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	tests := []struct{ name, path, data, want string }{
		{"clause twice", "rules/policies/p.yaml", strings.ReplaceAll(strings.Replace(testPolicy, "7(2)", "7(1)", 1), "policy: test", "policy: p"), "clause 7(1) stands twice"},
		{"same policy", "rules/policies/p.yaml", testPolicy, `policy "test" stands in`},
		{"unknown category", "rules/r.yaml", "rules: [{id: defamatio.x, category: defamatio, confidence: 2, reason: x, when: a, examples: {match: [a], no-match: [b]}}]", "did you mean defamation?"},
		{"no examples", "rules/r.yaml", "rules: [{id: illegal.x, category: illegal, confidence: 0.9, reason: x, when: a}]", "lacks examples"},
		{"not alone", "rules/r.yaml", "rules: [{id: illegal.x, category: illegal, confidence: 0.9, reason: x, when: {any: [{not: a}, b]}, examples: {match: [a], no-match: [b]}}]", "not stands only inside all"},
		{"token without text", "rules/r.yaml", "rules: [{id: illegal.x, category: illegal, confidence: 0.9, reason: x, when: {token: [{pos: 名詞}]}, examples: {match: [a], no-match: [b]}}]", "can be looked for"},
		{"short user word", "dict/r.yaml", "classes: {q: {about: x, words: [{word: 闇, userdict: true}]}}", "too short"},
		{"not-in without the word", "dict/r.yaml", "classes: {q: {about: x, words: [{word: 闇, not-in: [光]}]}}", "does not contain"},
		{"include loop", "dict/r.yaml", "classes: {q: {about: x, include: [r]}, r: {about: x, include: [q]}}", "includes itself"},
		{"empty file", "dict/r.yaml", "# nothing\n", "empty"},
	}
	for _, tt := range tests {
		fs := layer(abc, "when: a")
		fs[tt.path] = &fstest.MapFile{Data: []byte(tt.data)}
		_, err := Load(fs)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

func TestLayers(t *testing.T) {
	base, over := layer(abc, "when: a"), fstest.MapFS{"dict/test.yaml": {Data: []byte("classes: {a: {about: 試験, words: [己]}}")}}
	one, err := Load(base)
	if err != nil {
		t.Fatal(err)
	}
	two, err := Load(base, over)
	if err != nil {
		t.Fatal(err)
	}
	if one.Hash() == two.Hash() {
		t.Error("another dictionary, the same hash")
	}
	if got := evidence(one, Input{Text: "これは甲"}); got != "甲" {
		t.Errorf("the first layer's word is not found: %q", got)
	}
	if got := evidence(two, Input{Text: "これは己"}); got != "己" {
		t.Errorf("the layer's word is not found: %q", got)
	}
}

func TestAction(t *testing.T) {
	c := Clause{Actions: map[Action]float64{Hide: 0.6, Delete: 0.85, Block: 0.97}}
	for _, tt := range []struct {
		platform   string
		confidence float64
		want       Action
	}{
		{"x", 0.5, None},
		{"x", 0.6, Hide},
		{"x", 0.9, Hide},
		{"x", 0.98, Block},
		{"facebook", 0.9, Delete},
		{"blog", 0.98, Block},
		{"facebook", 0.7, Hide},
	} {
		if got := c.Action(tt.platform, tt.confidence); got != tt.want {
			t.Errorf("%s at %v: got %v, want %v", tt.platform, tt.confidence, got, tt.want)
		}
	}
}

func TestMatchOnHostileText(t *testing.T) {
	set := ruleset(t, abc, "when: {all: [a, b, c], within: 5, ordered: true}")
	hostile := strings.Repeat("甲と乙と", 2500)
	if got := evidence(set, Input{Text: hostile}); got != "" {
		t.Errorf("got %d bytes of evidence", len(got))
	}
	set = ruleset(t, abc, "when: {all: [a, b, c], scope: text}")
	if got := evidence(set, Input{Text: hostile + "丙"}); !strings.HasSuffix(got, "丙") {
		t.Error("no evidence in a long text")
	}
}

func ExampleSet_Match() {
	set, err := Load(layer(abc, "when: {all: [a, b]}"))
	if err != nil {
		fmt.Println(err)
		return
	}
	policy, _ := set.Policy("test")
	for _, hit := range set.Match(Input{Text: "甲と乙", Policy: policy}).Hits {
		fmt.Println(hit.Rule.ID, hit.Places)
	}
	// Output: defamation.test [{text 0 1} {text 2 3}]
}

// Words are cut by the sentence, so that a sentence has the same ones whether it is asked for alone or with the others.
func TestSentenceWords(t *testing.T) {
	set, err := Load(Embedded())
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{"うちの前!?体が痛い。で、いつ直すの？", "㏂に来た。⁉", "。。。", " \n \nああ\n\n「いい。」と言った！ 家は遠い", "cafe.exampleを見た. Next one"}
	for _, r := range set.rules {
		for _, x := range append(slices.Clip(r.Match), r.NoMatch...) {
			texts = append(texts, x.Text)
		}
	}
	var whole, alone Reading
	several := 0
	for _, s := range texts {
		in := Input{Text: s, Policy: set.policies[0]}
		set.Read(in, &whole)
		all := whole.normalise(InText)
		whole.tokenize(all)
		set.Read(in, &alone)
		f := alone.normalise(InText)
		if len(f.text.Sentences) > 1 {
			several++
		}
		var got words
		for i, span := range slices.Backward(f.text.Sentences) {
			w := alone.sentence(f, span.Start)
			for k := range i {
				if len(f.sentences[k].tokens) > 0 {
					t.Fatalf("%q: sentence %d was cut with sentence %d", s, k, i)
				}
			}
			got.tokens = slices.Concat(w.tokens, got.tokens)
			got.starts, got.ends = slices.Concat(w.starts, got.starts), slices.Concat(w.ends, got.ends)
		}
		if !slices.Equal(got.tokens, all.all.tokens) || !slices.Equal(got.starts, all.all.starts) || !slices.Equal(got.ends, all.all.ends) {
			t.Errorf("%q is cut\n%v, and whole\n%v", s, got, all.all)
		}
		for i, token := range got.tokens {
			if want := string(f.text.Plain.Runes[token.Start:token.End]); token.Surface != want {
				t.Errorf("%q: token %d is %q, and there stands %q", s, i, token.Surface, want)
			}
		}
	}
	if several < 100 {
		t.Errorf("only %d texts have several sentences", several)
	}
}
