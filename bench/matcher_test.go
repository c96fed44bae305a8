package bench

import "github.com/kotomori/kotomori/internal/automaton"

// finder counts the hits in a text.
func finder(m *automaton.Matcher) func(string) int {
	var found []automaton.Match
	return func(s string) int {
		found = m.Find(found[:0], s)
		return len(found)
	}
}

// runesFinder does the same in a text that was decoded already.
func runesFinder(m *automaton.Matcher) func([]rune) int {
	var found []automaton.Match
	return func(s []rune) int {
		found = m.FindRunes(found[:0], s)
		return len(found)
	}
}
