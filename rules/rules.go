// Package rules is the rule language: reading, linting, compiling, evaluating; with the shipped rules and policies.
package rules

import (
	"io/fs"
)

// Set is a compiled ruleset: policies, rules, dictionary. Immutable.
type Set struct{}

// Load reads, lints and compiles the layers, the first being the shipped files (Embedded()), the later ones
// laid over it. The error is a Faults with every fault at once.
func Load(layers ...fs.FS) (*Set, error) { panic("TODO") }

// Embedded is the shipped dictionary, rules and policies as one file tree: dict/, rules/, rules/policies/.
func Embedded() fs.FS { panic("TODO") }

// Hash identifies the ruleset: the first 12 hex digits of the SHA-256 over its files.
func (s *Set) Hash() string { panic("TODO") }

// Policies in the order of their ids.
func (s *Set) Policies() []*Policy { panic("TODO") }

// Policy looks up a policy by its id (the account of a comment).
func (s *Set) Policy(id string) (*Policy, bool) { panic("TODO") }

// Policy is a city's own clauses and what each leads to.
type Policy struct {
	ID, Title, Edition, Effective, Decides string
	Accounts                               []Account
	Sites                                  []string
	Never                                  []string
	Clauses                                []Clause
}

// Account is an official account that a policy covers.
type Account struct{ Platform, Name, Handle, URL string }

// Clause is one prohibition in the city's own words.
type Clause struct {
	Number   string // as cited: 7(5)
	Category string
	Text     string
	Actions  map[Action]float64 // least confidence for each action
}

// Clause looks up the clause of a category.
func (p *Policy) Clause(category string) (Clause, bool) { panic("TODO") }

// Faults are all faults of a ruleset.
type Faults []Fault

// Fault is one fault of a file: place, what is wrong, the mend.
type Fault struct {
	File         string
	Line, Column int // from 1
	What, Mend   string
}

func (f Faults) Error() string { panic("TODO") }

// Action is what is recommended, from none (do nothing) up to block.
type Action uint8

// The actions, lightest first.
const (
	None Action = iota
	Hide
	Delete
	Block
)

func (a Action) String() string { return [...]string{"none", "hide", "delete", "block"}[a] }

// MarshalText writes the action's name.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads it.
func (a *Action) UnmarshalText(b []byte) error { panic("TODO") }

// Categories are the seventeen categories in the order of the annotation guidelines.
var Categories = []string{
	"illegal", "defamation", "politics-religion", "ip-infringement", "commercial", "discrimination", "public-order",
	"misinformation", "privacy", "impersonation", "malware", "obscenity", "crime-incitement", "tampering",
	"tos-violation", "off-topic", "other-inappropriate",
}
