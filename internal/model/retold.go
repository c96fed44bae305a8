package model

import "github.com/kotomori/kotomori/internal/text"

// retold is something of a comment that is read as if it were one, and the memory that it takes: a part of it, or what it says without
// its disguise.
type retold struct {
	text    text.Text
	reading Reading
	input   Input
}

// tell makes the input of what stands in x.text. Place says where in it a span of the comment is, if it is there.
func (x *retold) tell(in *Input, place func(text.Span) (text.Span, bool)) {
	signs := x.input.Signs[:0]
	for _, s := range in.Signs {
		if at, ok := place(s.Span); ok {
			s.Span = at
			signs = append(signs, s)
		}
	}
	x.input = *in
	x.input.Text, x.input.Signs = &x.text, signs
}

// forget lets go of the comment: x is kept for the next one.
func (x *retold) forget() { x.input = Input{Signs: x.input.Signs[:0]} }

// oddsOf are the odds of any violation against a share of none.
func oddsOf(none float64) float64 { return (1 - none) / max(none, 1e-9) }

// take takes over shares beside a share of none, so that all of them together have the odds given.
func (r *Reading) take(shares []float64, none, odds float64) {
	r.None = 1 / (1 + odds)
	for i, share := range shares {
		r.Shares[i] = share / (1 - none) * (1 - r.None)
	}
}
