package dict

import (
	"slices"
	"strings"
)

// Conjugations that Inflect may name, by the terms of Japanese-as-a-second-language grammars.
var Conjugations = []string{"godan", "ichidan", "suru", "kuru", "i-adj", "na-adj"}

// Forms that a word may be narrowed to.
var Forms = []string{
	"dictionary", "negative", "continuative", "te", "past", "conditional", "imperative", "prohibitive",
	"volitional", "potential", "passive", "causative", "desire", "request", "polite",
}

// inflected is one conjugated spelling. Where not is set, the spelling followed by one of these strings is another
// form: 死ね before た is the potential's past, not a command.
type inflected struct {
	text string
	not  []string
}

// rows of the godan conjugation: the endings あ, い, う, え, お and the sound change before て and た.
var rows = map[rune]struct{ a, i, u, e, o, te, ta string }{
	'く': {"か", "き", "く", "け", "こ", "いて", "いた"},
	'ぐ': {"が", "ぎ", "ぐ", "げ", "ご", "いで", "いだ"},
	'す': {"さ", "し", "す", "せ", "そ", "して", "した"},
	'つ': {"た", "ち", "つ", "て", "と", "って", "った"},
	'ぬ': {"な", "に", "ぬ", "ね", "の", "んで", "んだ"},
	'ぶ': {"ば", "び", "ぶ", "べ", "ぼ", "んで", "んだ"},
	'む': {"ま", "み", "む", "め", "も", "んで", "んだ"},
	'る': {"ら", "り", "る", "れ", "ろ", "って", "った"},
	'う': {"わ", "い", "う", "え", "お", "って", "った"},
}

var (
	negatives   = []string{"ない", "なか", "なく", "なけ", "ず", "ぬ", "ん", "ねえ", "ねー", "ねぇ"}
	requests    = []string{"ください", "下さい", "くれ", "ほしい", "欲しい", "ちょうだい", "ちょーだい", "もらえ", "いただ", "頂", "よ", "ね", "な"}
	afterE      = []string{"ば", "る", "た", "て", "な", "ま", "ず", "ぬ", "ん", "そう", "ちゃ", "っこ"}
	afterDontDo = []string{"ら", "ん", "の", "ど", "が", "あ"}
)

// conjugate lists the spellings of the wanted forms of a word in dictionary form; without wanted, short prefixes that
// together cover all of them. It says false where the word does not end as the conjugation asks.
func conjugate(word, conjugation string, wanted []string) ([]inflected, bool) {
	r := []rune(word)
	if len(r) < 2 {
		return nil, false
	}
	if len(wanted) == 0 && (conjugation == "ichidan" || conjugation == "kuru") {
		// Their stem alone may be one letter, part of any number of words: so all forms but the bare stem.
		every := slices.DeleteFunc(slices.Clone(Forms), func(f string) bool { return f == "continuative" })
		out, ok := conjugate(word, conjugation, every)
		return prefixes(out), ok
	}
	stem, last := string(r[:len(r)-1]), r[len(r)-1]
	switch conjugation {
	case "godan":
		row, ok := rows[last]
		if !ok {
			return nil, false
		}
		te, ta := row.te, row.ta
		if strings.HasSuffix(word, "行く") || strings.HasSuffix(word, "いく") {
			te, ta = "って", "った"
		}
		if len(wanted) == 0 {
			// The sound change alone would be a lone い or っ; with て or た it is a word.
			return forms(stem, row.a, row.i, row.u, row.e, row.o, te, ta, strings.TrimSuffix(te, "て")+"ちゃ", strings.TrimSuffix(te, "て")+"と"), true
		}
		return pick(wanted, paradigm{
			dictionary: []string{stem + row.u}, ma: stem + row.a, masu: stem + row.i, te: stem + te, ta: stem + ta, ba: stem + row.e + "ば",
			imperative: []inflected{{stem + row.e, afterE}, {text: stem + row.i + "なさい"}, {text: stem + row.i + "やがれ"}},
			volitional: forms(stem, row.o+"う", row.o+"ー", row.o+"ぜ"), potential: forms(stem+row.e, "る", "た", "て", "な", "ま"),
			passive: forms(stem+row.a, "れ"), causative: forms(stem+row.a, "せ"),
		}), true
	case "ichidan":
		if last != 'る' {
			return nil, false
		}
		return pick(wanted, paradigm{
			dictionary: []string{word}, ma: stem, masu: stem, te: stem + "て", ta: stem + "た", ba: stem + "れば",
			imperative: []inflected{{text: stem + "ろ"}, {stem + "よ", []string{"う", "ー", "り"}}, {text: stem + "なさい"}, {text: stem + "やがれ"}},
			volitional: forms(stem, "よう", "よー", "よっか"), potential: forms(stem, "られ", "れる", "れた", "れて", "れな"),
			passive: forms(stem, "られ"), causative: forms(stem, "させ"),
		}), true
	case "suru":
		base, ok := strings.CutSuffix(word, "する")
		if !ok {
			return nil, false
		}
		if len(wanted) == 0 {
			return forms(base, "し", "す", "さ", "せ", "でき", "出来", "をし", "をす", "をさ", "をせ"), true
		}
		return pick(wanted, paradigm{
			dictionary: []string{base + "する", base + "をする"}, ma: base + "し", masu: base + "し", te: base + "して", ta: base + "した", ba: base + "すれば",
			imperative: forms(base, "しろ", "せよ", "しなさい", "しやがれ", "をしろ"),
			volitional: forms(base, "しよう", "しよー", "しよっか", "しようぜ", "をしよう"), potential: forms(base, "でき", "出来"),
			passive: forms(base, "され"), causative: forms(base, "させ"),
		}), true
	case "kuru":
		base, ok := strings.CutSuffix(word, "る")
		if !ok || (!strings.HasSuffix(base, "来") && !strings.HasSuffix(base, "く")) {
			return nil, false
		}
		ki, ko := base, base
		if kana, ok := strings.CutSuffix(base, "く"); ok {
			ki, ko = kana+"き", kana+"こ"
		}
		return pick(wanted, paradigm{
			dictionary: []string{word}, ma: ko, masu: ki, te: ki + "て", ta: ki + "た", ba: base + "れば",
			imperative: forms("", ko+"い", ki+"なさい"), volitional: forms(ko, "よう"), potential: forms(ko, "られ", "れ"),
			passive: forms(ko, "られ"), causative: forms(ko, "させ"),
		}), true
	case "i-adj":
		if last != 'い' {
			return nil, false
		}
		if len(wanted) == 0 {
			return forms(stem, "い", "く", "かっ", "かろ", "け", "さ", "す", "そ", "っ", "み", "き"), true
		}
		var out []inflected
		for _, form := range wanted {
			switch form {
			case "dictionary":
				out = append(out, inflected{text: word})
			case "negative":
				out = append(out, forms(stem, "くない", "くなか", "くね", "くあり")...)
			case "continuative":
				out = append(out, inflected{text: stem + "く"})
			case "te":
				out = append(out, forms(stem, "くて", "くって")...)
			case "past":
				out = append(out, inflected{text: stem + "かった"})
			case "conditional":
				out = append(out, forms(stem, "ければ", "かったら")...)
			}
		}
		return out, len(out) > 0
	case "na-adj":
		base := strings.TrimSuffix(strings.TrimSuffix(word, "だ"), "な")
		return []inflected{{text: base}}, base != ""
	}
	return nil, false
}

// prefixes keeps the spellings that no other one begins.
func prefixes(in []inflected) []inflected {
	var out []inflected
	for _, f := range in {
		if !slices.ContainsFunc(in, func(p inflected) bool { return p.text != f.text && strings.HasPrefix(f.text, p.text) }) &&
			!slices.ContainsFunc(out, func(p inflected) bool { return p.text == f.text }) {
			out = append(out, inflected{text: f.text})
		}
	}
	return out
}

func forms(stem string, endings ...string) []inflected {
	out := make([]inflected, len(endings))
	for i, e := range endings {
		out[i].text = stem + e
	}
	return out
}

// paradigm holds a verb's stems, from which the regular forms follow.
type paradigm struct {
	dictionary                                            []string
	ma, masu                                              string // before ない, before ます
	te, ta, ba                                            string
	imperative, volitional, potential, passive, causative []inflected
}

func pick(wanted []string, p paradigm) []inflected {
	var out []inflected
	for _, form := range wanted {
		switch form {
		case "dictionary":
			for _, d := range p.dictionary {
				out = append(out, inflected{text: d})
			}
		case "negative":
			out = append(out, forms(p.ma, negatives...)...)
			out = append(out, inflected{text: p.masu + "ません"})
		case "continuative":
			out = append(out, inflected{text: p.masu})
		case "te":
			out = append(out, inflected{text: p.te})
		case "past":
			out = append(out, inflected{text: p.ta}, inflected{text: p.masu + "ました"})
		case "conditional":
			out = append(out, inflected{text: p.ba}, inflected{text: p.ta + "ら"})
		case "imperative":
			out = append(out, p.imperative...)
		case "prohibitive":
			for _, d := range p.dictionary {
				out = append(out, inflected{d + "な", afterDontDo})
			}
		case "volitional":
			out = append(out, p.volitional...)
			out = append(out, inflected{text: p.masu + "ましょ"})
		case "potential":
			out = append(out, p.potential...)
		case "passive":
			out = append(out, p.passive...)
		case "causative":
			out = append(out, p.causative...)
		case "desire":
			out = append(out, forms(p.masu, "たい", "たく", "たかっ", "てえ", "てー")...)
		case "request":
			out = append(out, forms(p.te, requests...)...)
			out = append(out, forms(p.te+"は", requests[:4]...)...)
		case "polite":
			out = append(out, forms(p.masu, "ます", "ませ", "まし")...)
		}
	}
	return out
}
