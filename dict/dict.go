// Package dict holds the word lists as data, by class, with their reader.
//
// A word is written once, in its dictionary form; the spellings to look for are
// generated: conjugated forms (inflect.go) and masked ones (disguise.go). The
// format is described in doc/rules.md.
package dict

import (
	"slices"
	"strings"

	"github.com/kotomori/kotomori/internal/text"
	"github.com/kotomori/kotomori/internal/yamldoc"
)

// Boundary says which ends of a hit must lie on a word boundary.
type Boundary uint8

// The boundaries. Auto decides by the scripts that meet at the edge; see doc/rules.md.
const (
	Auto Boundary = iota
	Free
	AtStart
	AtEnd
	AtBoth
)

var boundaries = map[string]Boundary{"auto": Auto, "none": Free, "start": AtStart, "end": AtEnd, "word": AtBoth}

func (b Boundary) String() string { return [...]string{"auto", "none", "start", "end", "word"}[b] }

// Word is one entry of a class.
type Word struct {
	Text     string
	Reading  string   // kana spelling to look for too
	Exact    bool     // hiragana and katakana count as different
	Boundary Boundary // which ends must be word boundaries
	POS      string   // IPA part of speech that the token at the hit's start must have
	NotIn    []string // longer strings in which the word is no hit
	Inflect  string   // conjugation, "" for none
	Forms    []string // conjugated forms to look for; empty for all
	Disguise bool     // look for masked spellings too
	UserDict bool     // teach the tokenizer the word
	Note     string

	at yamldoc.Node
}

// At is where the word stands, for faults.
func (w *Word) At() yamldoc.Node { return w.at }

// Class is a named set of words.
type Class struct {
	Name    string
	About   string
	Include []Reference
	Words   []Word

	at yamldoc.Node
}

// Reference names another class.
type Reference struct {
	Name string
	At   yamldoc.Node
}

// At is where the class is defined, for faults.
func (c *Class) At() yamldoc.Node { return c.at }

var wordKeys = []string{"word", "reading", "script", "boundary", "pos", "not-in", "inflect", "forms", "disguise", "userdict", "note"}

// Read reads one word-list file. Its faults are added to faults; what is sound is returned all the same.
func Read(file string, data []byte, faults *yamldoc.Faults) []Class {
	root, ok := yamldoc.Parse(file, data, faults)
	if !ok {
		return nil
	}
	var classes []Class
	for _, f := range root.Fields() {
		if f.Key != "classes" {
			f.Unknown("classes")
			continue
		}
		for _, c := range f.Value.Fields() {
			classes = append(classes, readClass(c))
		}
	}
	return classes
}

// ValidName says whether s can name a class, a rule part or a policy: lower-case letters, digits, hyphens.
func ValidName(s string) bool {
	return s != "" && s[0] >= 'a' && s[0] <= 'z' &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && !strings.HasSuffix(s, "-")
}

func readClass(f yamldoc.Field) Class {
	c := Class{Name: f.Key, at: f.KeyAt}
	if !ValidName(c.Name) {
		f.KeyAt.Fault("use lower-case letters, digits and hyphens", "bad class name %q", c.Name)
	}
	var defaults Word
	var words yamldoc.Node
	for _, f := range f.Value.Fields() {
		switch f.Key {
		case "about":
			c.About = f.Value.Str()
		case "include":
			if !f.Value.IsList() {
				f.Value.Fault("write include: [class, …]", "include wants a list of class names")
				break
			}
			for _, n := range f.Value.List() {
				c.Include = append(c.Include, Reference{n.Str(), n})
			}
		case "words":
			words = f.Value
		case "word", "reading":
			f.KeyAt.Fault("move it into the list under words:", "%q belongs to a word, not to a class", f.Key)
		default:
			if !defaults.set(f) {
				f.Unknown(append([]string{"about", "include", "words"}, wordKeys[2:]...)...)
			}
		}
	}
	if c.About == "" {
		c.at.Fault("add a line about: …", "class %q does not say what it is about", c.Name)
	}
	if words.IsZero() && len(c.Include) == 0 {
		c.at.Fault("add a list words:", "class %q has no words", c.Name)
	}
	seen := map[string]bool{}
	for _, n := range words.List() {
		w := defaults
		w.NotIn, w.Forms = slices.Clone(w.NotIn), slices.Clone(w.Forms)
		w.at = n
		if n.IsMap() {
			for _, f := range n.Fields() {
				switch f.Key {
				case "word":
					w.Text = f.Value.Str()
				case "reading":
					w.Reading = f.Value.Str()
				default:
					if !w.set(f) {
						f.Unknown(wordKeys...)
					}
				}
			}
		} else {
			w.Text = n.Str()
		}
		w.check(len(defaults.NotIn))
		key := w.Text + "\x00" + w.Inflect + "\x00" + strings.Join(w.Forms, ",")
		if seen[key] {
			n.Fault("remove one of them", "%q stands twice in class %q", w.Text, c.Name)
			continue
		}
		seen[key] = true
		if w.Text != "" {
			c.Words = append(c.Words, w)
		}
	}
	return c
}

// ReadLiteral reads the word fields that a rule's literal may carry; it says false for a key that it does not know.
func (w *Word) ReadLiteral(f yamldoc.Field) bool {
	switch f.Key {
	case "script", "boundary", "pos", "not-in", "disguise":
		return w.set(f)
	}
	return false
}

func (w *Word) set(f yamldoc.Field) bool {
	switch f.Key {
	case "script":
		switch s := f.Value.Str(); s {
		case "exact":
			w.Exact = true
		case "any":
			w.Exact = false
		default:
			f.Value.Fault("write exact or any", "unknown script %q", s)
		}
	case "boundary":
		s := f.Value.Str()
		b, ok := boundaries[s]
		if !ok {
			f.Value.Fault("write auto, none, start, end or word", "unknown boundary %q", s)
		}
		w.Boundary = b
	case "pos":
		w.POS = f.Value.Str()
	case "not-in":
		w.NotIn = append(w.NotIn, f.Value.Strs()...)
	case "inflect":
		w.Inflect = f.Value.Str()
		if w.Inflect == "none" {
			w.Inflect = ""
		} else if !slices.Contains(Conjugations, w.Inflect) {
			f.Value.Fault("write one of "+strings.Join(Conjugations, ", "), "unknown conjugation %q", w.Inflect)
			w.Inflect = ""
		}
	case "forms":
		w.Forms = nil
		items := []yamldoc.Node{f.Value}
		if f.Value.IsList() {
			items = f.Value.List()
		}
		for _, n := range items {
			form := n.Str()
			if !slices.Contains(Forms, form) {
				mend := "write some of " + strings.Join(Forms, ", ")
				n.Fault(mend, "unknown form %q", form)
				continue
			}
			w.Forms = append(w.Forms, form)
		}
	case "disguise":
		w.Disguise = f.Value.Bool()
	case "userdict":
		w.UserDict = f.Value.Bool()
	case "note":
		w.Note = f.Value.Str()
	default:
		return false
	}
	return true
}

// check reports what is wrong with a word; the first inherited entries of NotIn are its class's, meant for some of its words.
func (w *Word) check(inherited int) {
	folded := text.Fold(w.Text)
	if strings.TrimSpace(folded) == "" {
		w.at.Fault("write the word", "no word, or nothing that is left of it after normalising")
		w.Text = ""
		return
	}
	for _, s := range w.NotIn[inherited:] {
		if !strings.Contains(text.Fold(s), stemOf(w, folded)) {
			w.at.Fault("a not-in entry is a longer string that contains the word", "not-in %q does not contain %q", s, w.Text)
		}
	}
	if w.Inflect == "" && len(w.Forms) > 0 {
		w.Forms = nil
	}
	if w.Inflect != "" {
		if _, ok := conjugate(w.Text, w.Inflect, w.Forms); !ok {
			w.at.Fault("give the dictionary form, or another conjugation", "%q does not conjugate as %s", w.Text, w.Inflect)
			w.Inflect = ""
		}
	}
	if plain := text.Plain(w.Text); w.UserDict && (len([]rune(plain)) < 3 || plain != strings.TrimSpace(plain)) {
		w.at.Fault("leave userdict out, or add the longer compounds", "%q is too short for the tokenizer's user dictionary, where it would win everywhere", w.Text)
		w.UserDict = false
	}
}

// stemOf is the part of a word that each of its forms has.
func stemOf(w *Word, folded string) string {
	r := []rune(folded)
	if w.Inflect == "" || len(r) < 2 {
		return folded
	}
	if w.Inflect == "suru" && len(r) > 2 {
		return string(r[:len(r)-2])
	}
	return string(r[:len(r)-1])
}
