package model

import "github.com/kotomori/kotomori/internal/text"

// mostDisguise is how many times higher the odds may be for the way a comment is written than they are for what it says. A disguise tells
// something, as few have reason for one; but a greeting with a space between its letters is still a greeting.
const mostDisguise = 100

// readOne reads a comment, or a part of one, and takes back what a disguise alone has put against it.
func (m *Model) readOne(in *Input, possible []bool, among float64, r *Reading) {
	m.readWhole(in, possible, among, r)
	v := &in.Text.Squeezed
	if len(v.Runes) == 0 || r.None > 0.5 {
		return
	}
	if r.bare == nil {
		r.bare = &retold{}
	}
	b := r.bare
	if b.text.Reset(string(v.Runes)); len(b.text.Squeezed.Runes) > 0 || len(b.text.Runes) != len(v.Runes) {
		return // there is more to it than can be taken off
	}
	b.tell(in, text.Span{}, v)
	m.readWhole(&b.input, possible, among, &b.reading)
	b.forget()
	if most := mostDisguise * oddsOf(b.reading.None); oddsOf(r.None) > most {
		r.take(r.Shares, r.None, most)
	}
}
