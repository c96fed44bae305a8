package model

import (
	"slices"

	"github.com/kotomori/kotomori/internal/text"
)

// A long comment may be fair in nearly all that it says and break a clause in one sentence. Read whole, the one is lost among the others, as
// each weighs less the more there are. So a long comment is read whole and by parts, each as if it were a comment, and the worst one counts
// if it is worse than the whole. As one of many parts looks bad by chance sooner than a single comment does, its odds are divided by their
// number (Bonferroni). Lengths are those of the folded view, so that what nobody sees makes no comment long and no part empty.
const (
	longText  = 60 // characters: what is longer is read by parts too
	leastPart = 30 // characters; and two sentences at least, as what one says may depend on the other
	mostUnit  = 80 // characters: a sentence that is longer counts as several
	mostParts = 64 // at most, and one more; they are longer where there would be more
	decided   = 50 // odds of the whole, from which on no part is asked what it adds
)

// wholeOnly are the categories of which only the whole comment can be: somebody who comes to the point later is not off-topic.
var wholeOnly = []string{"off-topic"}

// partly is what a reading by parts takes beside that of the whole.
type partly struct {
	retold           // the part that was read last
	leads  bool      // the worst part is worse than the whole
	span   text.Span // of it
	cuts   []cut
	spans  []text.Span
}

// A cut is where a sentence, or a piece of a long one, ends.
type cut struct {
	at      int // in code points of the original
	visible int // characters of the folded view up to there
}

// cutsOf appends where the sentences of a text end. One of more than most characters is cut behind a comma or a blank, or where there is
// none, but within a word of Latin letters or a link only if that has no end.
func cutsOf(t *text.Text, most int, out []cut) []cut {
	runes, start := t.Folded.Runes, t.Folded.Start
	k := 0
	for _, s := range t.Sentences {
		from := k
		for k < len(runes) && int(start[k]) < s.End {
			if k++; k-from <= most {
				continue
			}
			at := k
			for at > from+most/2 && !pauses(runes[at-1]) {
				at--
			}
			if at == from+most/2 { // no pause
				for at = k; at > k-most && at < len(runes) && isLatin(runes[at-1]) && isLatin(runes[at]); {
					at--
				}
				if at == k-most {
					if k-from < 3*most {
						continue
					}
					at = k
				}
			}
			if at < len(runes) && int(start[at]) < s.End {
				out = append(out, cut{int(start[at]), at})
				from = at
			}
		}
		if n := len(out); n == 0 || k > out[n-1].visible {
			out = append(out, cut{s.End, k})
		} else if n > 1 {
			out[n-1].at = s.End // there is nothing to see in it
		}
	}
	return out
}

// pauses says whether a sentence may be cut behind r.
func pauses(r rune) bool {
	return r == '、' || r == ',' || r == ' ' || r == '\n' || r == '・' || r == '…'
}

// isLatin says whether r may stand in a word of Latin letters, a number or a link.
func isLatin(r rune) bool { return r > ' ' && r < 0x7F }

// parts appends the parts of a text: each begins with a sentence, is long enough to say something, and overlaps with the next.
func (p *partly) parts(t *text.Text) []text.Span {
	p.spans = p.spans[:0]
	n := len(t.Folded.Runes)
	least := max(leastPart, (2*n+mostParts-1)/mostParts)
	p.cuts = cutsOf(t, max(mostUnit, least), append(p.cuts[:0], cut{}))
	cuts := p.cuts
	last := len(cuts) - 1
	for i := 0; i < last; {
		k := min(i+2, last)
		for k < last && cuts[k].visible-cuts[i].visible < least {
			k++
		}
		if k == last { // to the end, and long enough
			for i > 0 && (k-i < 2 || cuts[k].visible-cuts[i].visible < least) {
				i--
			}
		}
		p.spans = append(p.spans, text.Span{Start: cuts[i].at, End: cuts[k].at})
		if k == last {
			break
		}
		next := i + 1
		for next < k-1 && cuts[next].visible-cuts[i].visible < least/2 {
			next++
		}
		i = next
	}
	return p.spans
}

// readParts reads by parts what r has read whole.
func (m *Model) readParts(in *Input, possible []bool, r *Reading) {
	if r.partly == nil {
		r.partly = &partly{}
	}
	p := r.partly
	p.leads = false
	spans := p.parts(in.Text)
	if len(spans) < 2 {
		return
	}
	worst, last, none := -1, -1, 1.0
	m.lookAt(in.Text, &r.sight)
	fairBelow := m.fairBelow(possible)
	for i, s := range spans {
		if m.partIsFair(in.Text, s, fairBelow, &r.sight) {
			continue
		}
		m.readPart(in, s, len(spans), possible, p)
		if last = i; p.reading.None < none {
			worst, none = i, p.reading.None
		}
	}
	if odds := oddsOf(none) / float64(len(spans)); worst >= 0 && odds > oddsOf(r.None) {
		p.leads, p.span = true, spans[worst]
		if worst != last {
			m.readPart(in, p.span, len(spans), possible, p)
		}
		r.take(p.reading.Shares, none, odds)
	}
	p.forget()
}

// cutOut is the part of a text at a span of its code points. It takes no memory.
func cutOut(s string, at text.Span) string {
	start, end, n := len(s), len(s), 0
	for i := range s {
		if n == at.Start {
			start = i
		}
		if n == at.End {
			end = i
			break
		}
		n++
	}
	return s[start:end]
}

// readPart reads a part as if it were a comment.
func (m *Model) readPart(in *Input, s text.Span, among int, possible []bool, p *partly) {
	p.text.Reset(cutOut(in.Text.Original, s))
	p.tell(in, s, nil)
	r := &p.reading
	m.readOne(&p.input, possible, float64(among), r)
	for i, c := range m.Categories {
		if slices.Contains(wholeOnly, c) {
			r.None += r.Shares[i]
			r.Shares[i] = 0
		}
	}
}

// evidence is what weighed in the part that leads, by places in the whole; where nothing did, all of it.
func (p *partly) evidence(category int) []Span {
	spans := p.reading.Evidence(category)
	for i := range spans {
		spans[i].Start += p.span.Start
		spans[i].End += p.span.Start
	}
	if len(spans) == 0 {
		spans = append(spans, Span{Span: p.span})
	}
	return spans
}
