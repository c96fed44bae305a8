// Package morph is kagome (IPA dictionary, with a user dictionary of our words)
// behind the smallest interface that serves: boundaries, lemmas, conjugation, parts of speech.
//
// What comes out differs from kagome's own answer in three ways:
//
//   - A byte that is not UTF-8, and U+FFFD itself, which kagome cuts wrongly, are marks of their own kind to it.
//   - Kagome groups unknown characters of one kind to words of any length, at a cost quadratic
//     in it. So a run of them is cut into pieces (see maxRun), and no word crosses such a cut.
//   - Kagome prefers the continuative of a potential verb to the imperative of the plain one in 死ね or
//     潰せ at the end of a text and in some other places. Where nothing follows that could follow a
//     continuative, it is the imperative here.
package morph

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/ikawaha/kagome-dict/dict"
	"github.com/ikawaha/kagome-dict/ipa"
	"github.com/ikawaha/kagome/v2/tokenizer"
)

// Token is a word as kagome cuts it.
type Token struct {
	Start, End int // runes of the analysed text, half open
	Surface    string
	POS        string // IPA part of speech, levels joined by a comma without the *: 名詞,固有名詞,人名,姓
	Lemma      string // 基本形, the surface where the dictionary has none
	ConjType   string // 活用型, such as 五段・ナ行; empty where it does not conjugate
	ConjForm   string // 活用形, such as 命令ｅ
	Reading    string // 読み in katakana; empty where unknown
	Known      bool   // in the system or the user dictionary
}

// Word is an entry of the user dictionary. Its reading may be empty; its part of speech has the
// form of Token.POS.
//
// Where a user entry stands, kagome considers no other word that begins there, and going through the entry
// costs nothing. So it wins against most other ways to cut a text: with an entry ばか, 泣くばかり is
// cut 泣く, ばか, り. Give whole words that begin no others, long ones rather than short.
type Word struct{ Surface, Reading, POS string }

// Analyzer cuts text into tokens. It may be shared between goroutines.
type Analyzer struct {
	tokenizer *tokenizer.Tokenizer
	user      *dict.UserDict // nil without words
}

// system loads the IPA dictionary, which takes about a second and 100 MB, once a process.
var system = sync.OnceValue(ipa.Dict)

// Preload loads the IPA dictionary, so that New finds it there. It may be called beside other work.
func Preload() { system() }

// New loads the IPA dictionary (once a process) with words as its user dictionary. The errors name the word.
// A word given twice alike counts once.
func New(words []Word) (*Analyzer, error) {
	a := &Analyzer{}
	options := []tokenizer.Option{tokenizer.OmitBosEos()}
	if len(words) > 0 {
		records, err := userRecords(words)
		if err != nil {
			return nil, err
		}
		if a.user, err = records.NewUserDict(); err != nil {
			return nil, fmt.Errorf("building kagome's user dictionary: %w", err)
		}
		options = append(options, tokenizer.UserDict(a.user))
	}
	var err error
	if a.tokenizer, err = tokenizer.New(system(), options...); err != nil {
		return nil, fmt.Errorf("starting kagome: %w", err)
	}
	return a, nil
}

// minWord is the least number of characters of a user entry. One character would cut every word that has it.
const minWord = 2

func userRecords(words []Word) (dict.UserDictRecords, error) {
	seen := make(map[string]Word, len(words))
	var records dict.UserDictRecords
	for _, w := range words {
		if other, ok := seen[w.Surface]; ok {
			if other != w {
				return nil, fmt.Errorf("user word %q is given twice, as %q %q and as %q %q: keep one of them",
					w.Surface, other.POS, other.Reading, w.POS, w.Reading)
			}
			continue
		}
		seen[w.Surface] = w
		switch n := utf8.RuneCountInString(w.Surface); {
		case !utf8.ValidString(w.Surface) || strings.ContainsAny(w.Surface, "\x00\uFFFD"):
			return nil, fmt.Errorf("user word %q is not clean UTF-8: write it anew", w.Surface)
		case strings.TrimSpace(w.Surface) != w.Surface:
			return nil, fmt.Errorf("user word %q begins or ends with white space: take it away", w.Surface)
		case n < minWord:
			return nil, fmt.Errorf("user word %q has %d character(s): it would cut every word that contains it, so give it at least %d, or leave it to the rules", w.Surface, n, minWord)
		case w.POS == "":
			return nil, fmt.Errorf("user word %q has no part of speech: give it one, such as 名詞,一般", w.Surface)
		}
		records = append(records, dict.UserDicRecord{
			Text: w.Surface, Tokens: []string{w.Surface}, Yomi: []string{w.Reading}, Pos: w.POS,
		})
	}
	return records, nil
}

// Tokens cuts s. Their surfaces joined are s: spaces come as tokens too. A byte that is not UTF-8
// counts as one rune, as in []rune(s).
func (a *Analyzer) Tokens(s string) []Token {
	clean := s
	if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
		clean = strings.Map(func(r rune) rune {
			if r == utf8.RuneError {
				return noncharacter
			}
			return r
		}, s)
	}
	tokens := make([]Token, 0, utf8.RuneCountInString(clean)/2+1)
	at := 0 // runes
	for rest := clean; len(rest) > 0; {
		bytes, runes := piece(rest)
		for _, t := range a.tokenizer.Analyze(rest[:bytes], tokenizer.Normal) {
			tokens = append(tokens, a.token(t, at))
		}
		at += runes
		rest = rest[bytes:]
	}
	for i := range tokens {
		if t := &tokens[i]; t.ConjForm == "連用形" && t.ConjType == "一段" && !continues(tokens, i) {
			imperative(t)
		}
	}
	if clean != s {
		restore(tokens, s)
	}
	return tokens
}

// noncharacter stands for what is no character. Kagome takes it for an unknown mark.
const noncharacter = '\uFFFF'

// The longest runs of one kind of character that kagome gets in one piece. In hiragana, where it tries unknown words
// only if there is no known one, sentences without a kanji or a mark can be long.
const (
	maxRun         = 64
	maxHiraganaRun = 128
)

// piece is how much of s, which is not empty, to give to kagome at once.
func piece(s string) (bytes, runes int) {
	d := system()
	kind, run := byte(0), 0
	for i, r := range s {
		k := d.CharacterCategory(r)
		if k != kind {
			kind, run = k, 0
		}
		limit := maxRun
		if !d.InvokeList[k] {
			limit = maxHiraganaRun
		}
		if run == limit && d.GroupList[k] {
			return i, runes
		}
		run++
		runes++
	}
	return len(s), runes
}

// Where the features of a system word are: the levels of its part of speech, its type and form of conjugation …
const (
	featureConjType = ipa.InflectionalType
	featureConjForm = ipa.InflectionalForm
	featureLemma    = ipa.BaseForm
	featureReading  = ipa.Reading
)

// token makes a Token of one of kagome's, whose offsets count from rune at of the text.
func (a *Analyzer) token(k tokenizer.Token, at int) Token {
	t := Token{Start: at + k.Start, End: at + k.End, Surface: k.Surface, Lemma: k.Surface}
	if k.Class == tokenizer.USER {
		c := a.user.Contents[k.ID]
		t.POS, t.Reading, t.Known = c.Pos, c.Yomi[0], true
		return t
	}
	t.Known = k.Class == tokenizer.KNOWN
	feature := func(i int) string {
		f, _ := k.FeatureAt(i)
		if f == "*" {
			return ""
		}
		return f
	}
	if t.Known {
		t.POS = partsOfSpeech()[levelsOf(k.ID)]
	} else {
		t.POS = joined(feature)
	}
	t.ConjType, t.ConjForm, t.Reading = feature(featureConjType), feature(featureConjForm), feature(featureReading)
	if lemma := feature(featureLemma); lemma != "" {
		t.Lemma = lemma
	}
	return t
}

// joined is a part of speech as Token has it, given its levels.
func joined(level func(int) string) string {
	var levels []string
	for i := range ipa.POSHierarchy {
		if l := level(i); l != "" {
			levels = append(levels, l)
		}
	}
	return strings.Join(levels, ",")
}

// levels of a part of speech, as the dictionary numbers them.
type levels [ipa.POSHierarchy]dict.POSID

func levelsOf(word int) (l levels) {
	copy(l[:], system().POSTable.POSs[word])
	return l
}

// partsOfSpeech has what is joined of the levels that the dictionary's words have. There are some seventy, and four hundred thousand words.
var partsOfSpeech = sync.OnceValue(func() map[levels]string {
	d := system()
	out := make(map[levels]string)
	for word, pos := range d.POSTable.POSs {
		l := levelsOf(word)
		if _, ok := out[l]; ok {
			continue
		}
		out[l] = joined(func(i int) string {
			if i >= len(pos) || d.POSTable.NameList[pos[i]] == "*" {
				return ""
			}
			return d.POSTable.NameList[pos[i]]
		})
	}
	return out
})

// continues reports whether what follows tokens[i] can follow the continuative of a potential verb:
// 死ねた, 死ねます, 死ねて, 死ねそう, 死ねもしない.
func continues(tokens []Token, i int) bool {
	if i+1 == len(tokens) {
		return false
	}
	t := tokens[i+1]
	switch pos, _, _ := strings.Cut(t.POS, ","); pos {
	case "助動詞":
		return t.ConjType != "特殊・ヤ" // 死ねや
	case "助詞":
		return !strings.HasPrefix(t.POS, "助詞,終助詞") && !strings.HasPrefix(t.POS, "助詞,格助詞") // 死ねよ, 死ねと言われた
	case "動詞":
		return t.Surface != tokens[i].Surface // 死ね死ね
	case "名詞":
		return strings.HasPrefix(t.POS, "名詞,接尾") || strings.HasPrefix(t.POS, "名詞,非自立")
	case "形容詞":
		return true
	}
	return false
}

// imperative makes t the imperative with its surface, if the dictionary has one.
func imperative(t *Token) {
	d := system()
	for _, id := range d.Index.Search(t.Surface) {
		c := d.Contents[id]
		at := func(feature int) string { return c[feature-len(d.POSTable.POSs[id])] }
		if at(featureConjForm) == "命令ｅ" {
			t.ConjType, t.ConjForm = at(featureConjType), at(featureConjForm)
			t.Lemma, t.Reading = at(featureLemma), at(featureReading)
			return
		}
	}
}

// restore gives the tokens of a text made clean the surfaces that they have in s.
func restore(tokens []Token, s string) {
	for i := range tokens {
		t := &tokens[i]
		n := 0
		for range t.End - t.Start {
			_, size := utf8.DecodeRuneInString(s[n:])
			n += size
		}
		if t.Lemma == t.Surface {
			t.Lemma = s[:n]
		}
		t.Surface = s[:n]
		s = s[n:]
	}
}
