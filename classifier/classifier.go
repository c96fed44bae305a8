// Package classifier judges one comment: pure, no I/O. See doc/design.md.
package classifier

import "github.com/kotomori/kotomori/rules"

// Classifier judges comments by one compiled ruleset. It may be shared between goroutines.
type Classifier struct{ set *rules.Set }

// New makes a classifier of a compiled ruleset.
func New(set *rules.Set) *Classifier { return &Classifier{set: set} }

// Ruleset is the compiled ruleset in use.
func (c *Classifier) Ruleset() *rules.Set { return c.set }

// Classify judges one comment. The error is an *InputError: unknown account or platform, invalid UTF-8, text over MaxText.
func (c *Classifier) Classify(in Comment) (Verdict, error) { panic("TODO") }

// InputError says what is wrong with a comment, and the mend.
type InputError struct {
	Field string // JSON path: account, platform, text, author.name …
	What  string // what is wrong
	Mend  string // what to do about it
}

func (e *InputError) Error() string { return e.Field + ": " + e.What + "; " + e.Mend }
