package dict

import (
	"slices"
	"strings"
	"testing"

	"github.com/kotomori/kotomori/internal/yamldoc"
)

func TestConjugate(t *testing.T) {
	tests := []struct {
		word, conjugation, form string
		has, hasNot             []string
	}{
		{"書く", "godan", "te", []string{"書いて"}, nil},
		{"行く", "godan", "past", []string{"行った", "行きました"}, []string{"行いた"}},
		{"泳ぐ", "godan", "past", []string{"泳いだ"}, nil},
		{"話す", "godan", "conditional", []string{"話せば", "話したら"}, nil},
		{"待つ", "godan", "negative", []string{"待たない", "待ちません"}, nil},
		{"死ぬ", "godan", "imperative", []string{"死ね", "死になさい"}, nil},
		{"飛ぶ", "godan", "desire", []string{"飛びたい"}, nil},
		{"読む", "godan", "volitional", []string{"読もう", "読みましょ"}, nil},
		{"売る", "godan", "polite", []string{"売ります"}, nil},
		{"買う", "godan", "negative", []string{"買わない"}, []string{"買あない"}},
		{"買う", "godan", "passive", []string{"買われ"}, nil},
		{"食べる", "ichidan", "imperative", []string{"食べろ", "食べよ"}, nil},
		{"食べる", "ichidan", "volitional", []string{"食べよう"}, nil},
		{"勧誘する", "suru", "passive", []string{"勧誘され"}, nil},
		{"来る", "kuru", "imperative", []string{"来い"}, nil},
		{"くる", "kuru", "negative", []string{"こない"}, []string{"くない"}},
		{"醜い", "i-adj", "negative", []string{"醜くない"}, nil},
		{"馬鹿だ", "na-adj", "", []string{"馬鹿"}, nil},
	}
	for _, tt := range tests {
		var wanted []string
		if tt.form != "" {
			wanted = []string{tt.form}
		}
		got, ok := conjugate(tt.word, tt.conjugation, wanted)
		if !ok {
			t.Errorf("%s does not conjugate as %s", tt.word, tt.conjugation)
			continue
		}
		var texts []string
		for _, f := range got {
			texts = append(texts, f.text)
		}
		for _, want := range tt.has {
			if !slices.Contains(texts, want) {
				t.Errorf("%s %s: no %s in %v", tt.word, tt.form, want, texts)
			}
		}
		for _, not := range tt.hasNot {
			if slices.Contains(texts, not) {
				t.Errorf("%s %s: %s in %v", tt.word, tt.form, not, texts)
			}
		}
	}
}

// TestAllFormsCoverEach checks that the short prefixes generated without forms cover every form: what a narrowed word
// finds, the unnarrowed one finds too.
func TestAllFormsCoverEach(t *testing.T) {
	for word, conjugation := range map[string]string{
		"書く": "godan", "行く": "godan", "泳ぐ": "godan", "話す": "godan", "待つ": "godan", "死ぬ": "godan", "飛ぶ": "godan",
		"読む": "godan", "売る": "godan", "買う": "godan", "見る": "ichidan", "食べる": "ichidan", "勧誘する": "suru", "来る": "kuru",
		"くる": "kuru", "醜い": "i-adj",
	} {
		all, _ := conjugate(word, conjugation, nil)
		for _, form := range Forms {
			each, ok := conjugate(word, conjugation, []string{form})
			if !ok {
				continue // an adjective has no imperative
			}
			for _, f := range each {
				if form == "continuative" && (conjugation == "ichidan" || conjugation == "kuru") {
					continue // the bare stem would be part of too many words
				}
				if !slices.ContainsFunc(all, func(a inflected) bool { return strings.HasPrefix(f.text, a.text) }) {
					t.Errorf("%s: the form %s of %s is not covered", word, f.text, form)
				}
			}
		}
	}
}

func TestNotConjugable(t *testing.T) {
	for word, conjugation := range map[string]string{"静か": "godan", "書く": "ichidan", "走る": "suru", "走": "godan", "早く": "i-adj", "行く": "kuru"} {
		if got, ok := conjugate(word, conjugation, nil); ok {
			t.Errorf("%s conjugates as %s: %v", word, conjugation, got)
		}
	}
}

func TestReadPlaces(t *testing.T) {
	var faults yamldoc.Faults
	classes := Read("dict/x.yaml", []byte("classes:\n  a:\n    about: x\n    disguise: true\n    words:\n      - 甲乙丙\n      - {word: 丁, wrod: 戊}\n"), &faults)
	if len(classes) != 1 || len(classes[0].Words) != 2 || !classes[0].Words[0].Disguise {
		t.Fatalf("got %+v", classes)
	}
	if len(faults) != 1 || faults[0].Line != 7 || !strings.Contains(faults[0].Mend, `"word"`) {
		t.Errorf("got faults %v", faults)
	}
}

func TestMaskedSpellings(t *testing.T) {
	w := Word{Text: "殺害予告", Disguise: true}
	var texts []string
	for _, p := range w.Patterns() {
		texts = append(texts, p.Text)
	}
	for _, want := range []string{"殺害予告", "殺○予告", "○害予告", "殺害予○"} {
		if !slices.Contains(texts, want) {
			t.Errorf("no %s", want)
		}
	}
	short := Word{Text: "死ね", Disguise: true}
	if n := len(short.Patterns()); n != 1 {
		t.Errorf("a word of two letters has %d spellings: one letter does not tell it", n)
	}
}

func TestBackwards(t *testing.T) {
	for word, want := range map[string]string{
		"口座売買": "買売座口", "マッチングアプリ": "りぷあぐんちっま", "闇バイト求人": "人求といば闇",
		// Other words both ways, or no disguise at all.
		"闇バイト": "", "クスリ運": "", "死ねカス": "", "買います": "", "売りたい": "", "ルート": "", "トマトトマト": "", "殺害害殺": "", "sale": "", "個人融資します": "",
	} {
		if got := backwards(word); got != want {
			t.Errorf("%s backwards is %q, want %q", word, got, want)
		}
	}
	w := Word{Text: "口座売買", Disguise: true}
	found := false
	for _, p := range w.Patterns() {
		found = found || p.Text == "買売座口"
		if p.Masked && strings.Contains(p.Text, "売座") {
			t.Errorf("%s: masked and backwards at once", p.Text)
		}
	}
	if !found {
		t.Error("口座売買 is not looked for backwards")
	}
	if n := len((&Word{Text: "口座売買"}).Patterns()); n != 1 {
		t.Errorf("a word that is not to be looked for in disguise has %d spellings", n)
	}
}
