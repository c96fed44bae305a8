package main

import "github.com/kotomori/kotomori/internal/automaton"

func find(m *automaton.Matcher, texts []string) pass {
	var found []automaton.Match
	return counting(texts, func() (hits int) {
		for _, s := range texts {
			found = m.Find(found[:0], s)
			hits += len(found)
		}
		return hits
	})
}
