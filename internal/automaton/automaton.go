// Package automaton finds all literals of all rules in one pass over a text.
package automaton

// Matcher is an immutable Aho–Corasick automaton over code points. It may be shared between goroutines.
type Matcher struct{}

// Compile builds the automaton. A pattern's number is its index; equal patterns each keep theirs.
// An empty pattern is an error.
func Compile(patterns []string) (*Matcher, error) { panic("TODO") }

// Scan calls hit for every occurrence of every pattern, overlapping ones too, in order of their end
// and, for the same end, the longer first: text[start:end] is the pattern. It stops early when hit
// returns false. It does not allocate.
func (m *Matcher) Scan(text []rune, hit func(pattern, start, end int) bool) { panic("TODO") }

// Len is the number of patterns.
func (m *Matcher) Len() int { panic("TODO") }
