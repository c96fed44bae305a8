package rules

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kotomori/kotomori/internal/text"
)

// TestNullValues: a key without a value is a fault at its place, never a panic.
func TestNullValues(t *testing.T) {
	base := layer(abc, "when: {class: a, count: 1}\nunless: [{class: b, reach: sentence}]")
	for name, file := range base {
		lines := strings.Split(string(file.Data), "\n")
		for i, line := range lines {
			key, _, ok := strings.Cut(line, ":")
			if !ok {
				continue
			}
			cut := append([]string{}, lines...)
			cut[i] = key + ":"
			fs := layer(abc, "when: {class: a, count: 1}\nunless: [{class: b, reach: sentence}]")
			fs[name] = &fstest.MapFile{Data: []byte(strings.Join(cut, "\n"))}
			faults, err := Lint(fs)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range faults {
				if f.Line == 0 && f.File != "rules/policies" {
					t.Errorf("%s line %d without a value: a fault without its line: %v", name, i+1, f)
				}
			}
		}
	}
}

func TestLintOddFiles(t *testing.T) {
	tests := []struct{ name, path, data, want string }{
		{"not UTF-8", "dict/r.yaml", "classes:\n  q: {about: x, words: [\x83\x5c]}\n", "dict/r.yaml:2:1: the line is not UTF-8"},
		{"NaN", "rules/r.yaml", "rules: [{id: illegal.x, category: illegal, confidence: .nan, reason: x, when: a, examples: {match: [a], no-match: [b]}}]", "expected a number"},
		{"not alone in when", "rules/r.yaml", "rules: [{id: illegal.x, category: illegal, confidence: 0.9, reason: x, when: {not: a}, examples: {match: [a], no-match: [b]}}]", "not stands only inside all"},
		{"not as a named condition", "rules/r.yaml", "conditions: {n: {not: a}}", "not stands only inside all"},
		{"within and reach", "rules/r.yaml", "rules: [{id: illegal.x, category: illegal, confidence: 0.9, reason: x, when: a, unless: [{class: b, within: 3, reach: sentence}], examples: {match: [a], no-match: [b]}}]", "both say how far"},
	}
	for _, tt := range tests {
		fs := layer(abc, "when: a")
		fs[tt.path] = &fstest.MapFile{Data: []byte(tt.data)}
		faults, err := Lint(fs)
		if err != nil || !strings.Contains(faults.Error(), tt.want) {
			t.Errorf("%s: got %v, %v; want %q", tt.name, faults, err, tt.want)
		}
	}
	fs := layer(abc, "when: a")
	fs["dict/test.yaml"].Data = append([]byte("\ufeff"), fs["dict/test.yaml"].Data...)
	if faults, err := Lint(fs); err != nil || len(faults) > 0 {
		t.Errorf("a byte order mark: %v, %v", faults, err)
	}
}

// TestUseChains: conditions that use one another twice each, many levels deep, cost no more than their number.
func TestUseChains(t *testing.T) {
	var b strings.Builder
	b.WriteString("conditions:\n  c0: a\n")
	names := "abcdefghijklmnopqrstuvwxyz"
	last := "c0"
	for _, x := range names + names + names {
		next := last + string(x)
		b.WriteString("  " + next + ": {any: [{use: " + last + "}, {use: " + last + "}]}\n")
		last = next
	}
	fs := layer(abc, "when: {use: "+last+"}")
	fs["rules/chain.yaml"] = &fstest.MapFile{Data: []byte(b.String())}
	set, err := Load(fs)
	if err != nil {
		t.Fatal(err)
	}
	if got := evidence(set, Input{Text: "これは甲"}); got != "甲" {
		t.Errorf("got %q", got)
	}
}

// TestLemmaAtoms: what the gate looks for stands in every surface of the lemma, as kagome gives them.
func TestLemmaAtoms(t *testing.T) {
	for lemma, surfaces := range map[string][]string{
		"罰する": {"罰し", "罰せ", "罰する"}, "やってくる": {"やってき", "やってこ", "やってくる"}, "ない": {"ねえ", "なかっ", "無い"},
		"たい": {"てえ", "たく"}, "ぬ": {"ず", "ん"}, "来る": {"来い", "来"}, "すごい": {"すげえ", "すごく"}, "死ぬ": {"死ね", "死ん"},
		"する": {"し", "さ", "せよ"}, "少ない": {"少ねえ", "少なく"}, "いい": {"よかっ", "いい"}, "食べる": {"食べ", "食べろ"}, "行く": {"行っ", "行こ"},
	} {
		atom := lemmaAtom(lemma)
		for _, s := range surfaces {
			if !strings.Contains(text.Fold(s), atom) {
				t.Errorf("lemma %s: atom %q is not in its form %s", lemma, atom, s)
			}
		}
	}
}

// TestExhaustive: looking for everything finds what the gate finds, on texts where a wrong gate would show.
func TestExhaustive(t *testing.T) {
	for _, tt := range []struct{ when, text string }{
		{"when: {token: [{lemma: 罰する}]}", "罰しろ"},
		{"when: {token: [{lemma: やってくる}]}", "やってきた"},
		{"when: {token: [{lemma: [ない]}]}", "知らねえよ"},
		{"when: {token: [{surface: ＬＩＮＥ}]}", "LINEして"},
		{"when: {all: [a, {not: b}]}", "甲です"},
	} {
		set := ruleset(t, abc, tt.when)
		with, without := evidence(set, Input{Text: tt.text}), evidence(set, Input{Text: tt.text, Exhaustive: true})
		if with != without || with == "" {
			t.Errorf("%s on %q: gate %q, exhaustive %q", tt.when, tt.text, with, without)
		}
	}
}

func TestFreeAndPlaced(t *testing.T) {
	set := ruleset(t, abc, "when: {all: [a, {any: [{class: b, in: author.name}, c]}]}")
	for _, text := range []string{"これは甲です", "これは甲です。次は丙です"} {
		if got := evidence(set, Input{Text: text, Name: "乙さん"}); !strings.HasPrefix(got, "甲") {
			t.Errorf("%q by 乙さん: got %q", text, got)
		}
	}
	set = ruleset(t, abc, "when: {all: [{all: [a, b], scope: text}, c], scope: text}")
	if got := evidence(set, Input{Text: "甲と丙と乙"}); got != "甲|丙|乙" {
		t.Errorf("a part between the parts of another: got %q", got)
	}
	set = ruleset(t, abc, "when: {class: c}\nunless: [{all: [a, b], scope: text, reach: match}]")
	if got := evidence(set, Input{Text: "甲。丙です。乙"}); got != "丙" {
		t.Errorf("an exemption's parts shield what lies between them: got %q", got)
	}
	set = ruleset(t, abc, "when: {any: [{class: a, in: author.name}, {class: b, in: author.handle}], count: 2}")
	if got := evidence(set, Input{Text: "はい", Name: "甲", Handle: "乙"}); got != "甲|乙" {
		t.Errorf("name and handle of the same length: got %q", got)
	}
}
