package rules

import "github.com/kotomori/kotomori/internal/text"

// Sign is a word of a dictionary class found in a reply.
type Sign struct {
	Class int // its place in Set.Classes
	text.Span
}

// Classes are the names of the dictionary's classes, sorted.
func (s *Set) Classes() []string { return s.classNames }

// EachSign calls sign for the words of all classes in the text, found by their letters alone, disguised ones too: no tokenizer says where
// words begin. So a sign is less than a hit of a rule; the learned reader weighs it among others.
func (e *Reading) EachSign(sign func(Sign)) {
	f := e.at(InText)
	if f == nil {
		return
	}
	raw := e.set.literals(f)
	for i := range raw {
		h := &raw[i]
		x := &e.set.looked[h.entry]
		if x.class >= 0 && (!x.within || within(f, h, &e.set.entries[h.entry]) == nil) {
			sign(Sign{int(x.class), f.placeOf(h)})
		}
	}
}
