// Package morph is kagome (IPA dictionary, with a user dictionary of our words)
// behind the smallest interface that serves: boundaries, lemmas, conjugation, parts of speech.
package morph

// Token is a word as kagome cuts it.
type Token struct {
	Start, End int    // runes of the analysed text, half open
	Surface    string
	POS        string // IPA part of speech, levels joined by a comma without the *: 名詞,固有名詞,人名,姓
	Lemma      string // 基本形, the surface where the dictionary has none
	ConjType   string // 活用型, such as 五段・ナ行; empty where it does not conjugate
	ConjForm   string // 活用形, such as 命令ｅ
	Reading    string // 読み in katakana; empty where unknown
	Known      bool   // in the system or the user dictionary
}

// Word is an entry of the user dictionary.
type Word struct{ Surface, Reading, POS string }

// Analyzer cuts text into tokens. It may be shared between goroutines.
type Analyzer struct{}

// New loads the IPA dictionary (once a process) with words as its user dictionary.
func New(words []Word) (*Analyzer, error) { panic("TODO") }

// Tokens cuts s. Their surfaces joined are s: spaces come as tokens too.
func (a *Analyzer) Tokens(s string) []Token { panic("TODO") }
