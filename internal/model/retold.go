package model

import "github.com/kotomori/kotomori/internal/text"

// retold is something of a comment that is read as if it were one, and the memory that it takes: a part of it, or what it says without
// its disguise.
type retold struct {
	text    text.Text
	reading Reading
	input   Input

	of   *Input
	part text.Span  // of the comment, in code points,
	view *text.View // or what it says, if that is not nil
	fill func(*Input)
}

// tell makes the input of what stands in x.text, which is a part of a comment or, if view is not nil, what it says in that.
func (x *retold) tell(in *Input, part text.Span, view *text.View) {
	if x.fill == nil {
		x.fill = x.fillInput
	}
	x.of, x.part, x.view = in, part, view
	signs := x.input.Signs[:0]
	x.input = *in
	x.input.Text, x.input.Signs, x.input.Fill = &x.text, signs, x.fill
}

func (x *retold) fillInput(in *Input) {
	of := x.of.filled()
	in.Post = of.Post
	for _, s := range of.Signs {
		if x.place(&s.Span) {
			in.Signs = append(in.Signs, s)
		}
	}
}

// place makes a span of the comment one of what is read, if it is there.
func (x *retold) place(s *text.Span) bool {
	if x.view != nil {
		from, to := rangeOf(x.view, *s)
		*s = text.Span{Start: int(from), End: int(to)}
		return from < to
	}
	inside := s.Start >= x.part.Start && s.End <= x.part.End
	s.Start, s.End = s.Start-x.part.Start, s.End-x.part.Start
	return inside
}

// forget lets go of the comment: x is kept for the next one.
func (x *retold) forget() {
	x.of, x.view = nil, nil
	x.input = Input{Signs: x.input.Signs[:0]}
}

// oddsOf are the odds of any violation against a share of none.
func oddsOf(none float64) float64 { return (1 - none) / max(none, 1e-9) }

// take takes over shares beside a share of none, so that all of them together have the odds given.
func (r *Reading) take(shares []float64, none, odds float64) {
	r.None = 1 / (1 + odds)
	for i, share := range shares {
		r.Shares[i] = share / (1 - none) * (1 - r.None)
	}
}
