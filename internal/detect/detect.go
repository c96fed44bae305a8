// Package detect finds what no word list holds: URLs, telephone numbers, addresses,
// amounts of money, persons, altered quotations of the official post, an author who
// poses as the office. Detectors are pure functions; they report and do not judge.
package detect

import (
	"github.com/kotomori/kotomori/internal/morph"
	"github.com/kotomori/kotomori/internal/text"
)

// Office is what a policy says of the account replied to.
type Office struct {
	Names   []string // the official accounts' names and the office's
	Handles []string // without @
	Sites   []string // the city's own sites: registrable domains or hosts
}

// Input is what a detector may look at.
type Input struct {
	Text       *text.Text
	Tokens     []morph.Token // of Text.Plain; nil unless the detector says NeedsTokens
	Post       *text.Text    // nil where the official post's text is not known
	PostTokens []morph.Token
	Office     Office
}

// Detector is one named way of looking.
type Detector struct {
	Name        string
	About       string // one line, English
	NeedsTokens bool
	NeedsPost   bool // abstains without the official post
	// Possible is a cheap necessary condition over the plain text, for the gate: false means Find reports nothing.
	// nil means always possible.
	Possible func(t *text.Text) bool
	// Find reports spans of the original text, in order of their start.
	Find func(in *Input, found func(text.Span))
}

// All lists the detectors by name.
func All() []Detector { panic("TODO") }

// Lookup finds a detector by its name.
func Lookup(name string) (Detector, bool) { panic("TODO") }
