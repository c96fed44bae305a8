package model

import (
	"sort"

	"github.com/kotomori/kotomori/internal/text"
)

// mostDisguise is how many times higher the odds may be for the way a comment is written than they are for what it says. A disguise tells
// something, as few have reason for one; but a greeting with a space between its letters is still a greeting.
const mostDisguise = 100

// bare is a disguised comment as if it had been written plainly, and the memory that it takes to read it so.
type bare struct {
	text    text.Text
	reading Reading
	input   Input
}

// readOne reads a comment, or a part of one, and takes back what a disguise alone has put against it.
func (m *Model) readOne(in *Input, possible []bool, r *Reading) {
	m.readWhole(in, possible, r)
	v := &in.Text.Squeezed
	if len(v.Runes) == 0 || r.None > 0.5 {
		return
	}
	if r.bare == nil {
		r.bare = &bare{}
	}
	b := r.bare
	if b.text.Reset(string(v.Runes)); len(b.text.Squeezed.Runes) > 0 || len(b.text.Runes) != len(v.Runes) {
		return // there is more to it than can be taken off
	}
	signs := b.input.Signs[:0]
	for _, s := range in.Signs {
		from := sort.Search(len(v.Runes), func(i int) bool { return int(v.Start[i]) >= s.Start })
		to := sort.Search(len(v.Runes), func(i int) bool { return int(v.End[i]) > s.End })
		if from < to {
			s.Start, s.End = from, to
			signs = append(signs, s)
		}
	}
	b.input = *in
	b.input.Text, b.input.Signs = &b.text, signs
	m.readWhole(&b.input, possible, &b.reading)
	b.input = Input{Signs: signs[:0]} // it is kept for the next comment
	most := mostDisguise * (1 - b.reading.None) / max(b.reading.None, 1e-9)
	if (1-r.None)/max(r.None, 1e-9) <= most {
		return
	}
	none := 1 / (1 + most)
	for i := range r.Shares {
		r.Shares[i] *= (1 - none) / (1 - r.None)
	}
	r.None = none
}
