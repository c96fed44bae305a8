package rules

import "github.com/kotomori/kotomori/internal/text"

// Sign is a word of a dictionary class found in a reply.
type Sign struct {
	Class string
	text.Span
}

// Signs finds the words of all classes in a text by their letters alone, disguised ones too: no tokenizer says where words begin.
// So a sign is less than a hit of a rule; the learned reader weighs it among others.
func (s *Set) Signs(str string) []Sign {
	f := s.scan(str)
	var out []Sign
	for i := range f.raw {
		h := &f.raw[i]
		en := &s.entries[h.entry]
		if !s.classes[en.class] || within(f, h, en) != nil {
			continue
		}
		out = append(out, Sign{en.class, h.place})
	}
	return out
}
