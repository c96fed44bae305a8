package model

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/kotomori/kotomori/internal/text"
)

// glance tells of many a fair comment that it is one before anything else is looked at: a logistic regression over hashed runs of one to three
// characters, a byte each, small enough to stay in the cache. Links and mentions are a character each, as in the other readings.
//
// It may take no comment away that a reading would recommend. As it sees less, that is a matter of degree: below which score it says fair is set
// by violating comments that it has not seen and of which the other readings together, which had not seen them either, were sure.
type glance struct {
	weights []int8
	quantum float32    // of a step of the weights
	bias    float32    // in logits, of which more is worse
	fair    [2]float32 // below which a comment is fair: for most policies, and for those under which an everyday sentence may break a clause
}

const (
	glanceBits    = 19
	glanceRuns    = 3
	glanceBesides = 30  // as in groupScale
	glanceMost    = 300 // characters
	glancePart    = 40  // characters: in so short a part of a long comment no fair words hide others

	glanceSure   = 0.1   // share of none that hardly a comment which is recommended has
	glanceLoss   = 0.004 // of the violating comments with less may end at the first glance
	glanceLossOf = 0.02  // of those of one category

	glanceEpochs  = 8
	glanceRate    = 0.15
	glancePenalty = 1e-5
)

// ordinary are the categories that a sentence may break which would be fair elsewhere, or from somebody else.
var ordinary = []string{"off-topic", "impersonation"}

// runsOf is how many runs begin at the characters [from,to) of a text of n. The last ones of the text are cut short.
func runsOf(from, to, n int) int {
	runs := glanceRuns * (to - from)
	for k := 1; k < glanceRuns; k++ {
		runs -= max(0, to-max(from, n-k))
	}
	return runs
}

// glanceAt gives the places of the weights of a text's runs, by where they begin.
func glanceAt(runes []rune) iter.Seq2[int, uint32] {
	return func(yield func(int, uint32) bool) {
		for i := range runes {
			h := uint32(0)
			for _, r := range runes[i:min(i+glanceRuns, len(runes))] {
				h = mix(h, uint32(class(r)))
				if !yield(i, h>>(32-glanceBits)) {
					return
				}
			}
		}
	}
}

// glanceValue is what each of n runs counts.
func glanceValue(n int) float32 { return float32(1 / math.Sqrt(float64(n+glanceBesides))) }

// sight is what a glance sees of a comment, so that each part of it can be judged at one subtraction.
type sight struct {
	view, memory text.View
	sums         []int32 // by character: what the runs that begin before it weigh
	strange      []int   // places of characters that training hardly met
}

// see weighs what stands in s.view.
func (s *sight) see(g *glance, known func(rune) bool) {
	s.sums, s.strange = s.sums[:0], s.strange[:0]
	sum := int32(0)
	for i, k := range glanceAt(s.view.Runes) {
		for len(s.sums) <= i {
			s.sums = append(s.sums, sum)
		}
		sum += int32(g.weights[k])
	}
	s.sums = append(s.sums, sum)
	for i, r := range s.view.Runes {
		if !known(r) {
			s.strange = append(s.strange, i)
		}
	}
}

// score is how bad the characters [from,to) look, in logits.
func (s *sight) score(g *glance, from, to int) float32 {
	return g.bias + float32(s.sums[to]-s.sums[from])*g.quantum*glanceValue(runsOf(from, to, len(s.sums)-1))
}

// under says whether the characters [from,to) and, if they are many, each stretch of them are below a bound. Very many are not, nor is anything
// with a strange character.
func (s *sight) under(g *glance, from, to int, bound float32) bool {
	if from >= to || to-from > glanceMost {
		return false
	}
	if at, _ := slices.BinarySearch(s.strange, from); at < len(s.strange) && s.strange[at] < to {
		return false
	}
	if to-from > longText {
		for at := from; ; at += glancePart / 2 {
			at = min(at, to-glancePart)
			if !(s.score(g, at, at+glancePart) < bound) {
				return false
			}
			if at == to-glancePart {
				break
			}
		}
	}
	return s.score(g, from, to) < bound
}

// Fair reports whether a comment is fair at first glance, so that reading it would tell no more. Possible is as in Read, and r is what it
// would be read into. A disguise leaves it open, and so does a character that training hardly met, as of another language. Of a long comment each
// stretch must be fair, or fair words could hide others.
func (m *Model) Fair(t *text.Text, possible []bool, r *Reading) bool {
	if len(t.Squeezed.Runes) > 0 {
		return false
	}
	m.lookAt(t, &r.sight)
	return r.sight.under(&m.glance, 0, len(r.sight.view.Runes), m.fairBelow(possible))
}

// lookAt weighs a text, so that it or its parts can be judged.
func (m *Model) lookAt(t *text.Text, s *sight) {
	s.view = told(&t.Folded, &s.memory)
	s.see(&m.glance, m.second.knows)
}

// partIsFair says whether a part of the text that was looked at is fair at first glance, which is to be below a bound.
func (m *Model) partIsFair(t *text.Text, part text.Span, bound float32, s *sight) bool {
	from, to := rangeOf(&s.view, part)
	return s.under(&m.glance, int(from), int(to), bound) && asWritten(t, part)
}

// asWritten says whether there is no disguise in a part of a text.
func asWritten(t *text.Text, part text.Span) bool {
	if len(t.Squeezed.Runes) == 0 {
		return true
	}
	a, b := rangeOf(&t.Folded, part)
	c, d := rangeOf(&t.Squeezed, part)
	return slices.Equal(t.Folded.Runes[a:b], t.Squeezed.Runes[c:d])
}

// fairBelow is the bound under a policy.
func (m *Model) fairBelow(possible []bool) float32 {
	if m.counts(ordinary, possible) {
		return m.glance.fair[1]
	}
	return m.glance.fair[0]
}

// glanced is a comment to learn glancing from.
type glanced struct {
	runes []rune
	label int
	fold  int  // -1 if it is in every model
	at    int  // which of the two bounds it is under
	sure  bool // violating, and the readings together, which had not seen it, were sure of that
	score float32
}

// trainGlance learns from all comments as they were written. Shares are those of models that have not seen the comment, nil where there are none.
func (t *trainer) trainGlance(shares [][]float64, progress func(string)) glance {
	var all []*glanced
	var memory text.View
	sure := make([]bool, t.options.Folds) // by fold: whether there are such comments
	for i, c := range t.comments {
		x := text.New(c.Text)
		view := told(&x.Folded, &memory)
		if c.MadeOf != "" || len(view.Runes) == 0 || len(x.Squeezed.Runes) > 0 {
			continue
		}
		e := &glanced{runes: slices.Clone(view.Runes), label: t.examples[i].label, fold: -1}
		if t.possible(ordinary, &c) {
			e.at = 1
		}
		if !c.Known {
			e.fold = t.foldOf(c.Post)
		}
		if e.sure = e.label != none && shares[i] != nil && shares[i][none] < glanceSure; e.sure {
			sure[e.fold] = true
		}
		all = append(all, e)
	}
	var g glance
	inParallel(t.options.Folds+1, func(f int) {
		if f == t.options.Folds {
			g = fitGlance(all, f) // of which there is none
			return
		}
		if !sure[f] {
			return
		}
		others := fitGlance(all, f)
		var s sight
		for _, e := range all {
			if e.sure && e.fold == f {
				s.view.Runes = e.runes
				s.see(&others, everything)
				e.score = s.score(&others, 0, len(e.runes))
			}
		}
	})
	for at := range g.fair {
		of := make([][]float32, t.classes()) // by class, and of all in that of none
		for _, e := range all {
			if e.sure && e.at == at {
				of[none] = append(of[none], e.score)
				of[e.label] = append(of[e.label], e.score)
			}
		}
		g.fair[at] = lowest(of[none], glanceLoss)
		strictest := "all together"
		for c, theirs := range of[none+1:] {
			if len(theirs) == 0 {
				continue
			}
			if x := lowest(theirs, glanceLossOf); x < g.fair[at] {
				g.fair[at], strictest = x, t.categories[c]
			}
		}
		progress(fmt.Sprintf("fair at a glance: below %.2f, set by %s among %d comments", g.fair[at], strictest, len(of[none])))
	}
	return g
}

func everything(rune) bool { return true }

// leastOfBound is how many comments a bound can be set by.
const leastOfBound = 50

// lowest is the score that a share of some are below; that of none at all where there are too few to tell.
func lowest(scores []float32, share float64) float32 {
	if len(scores) < leastOfBound {
		return float32(math.Inf(-1))
	}
	slices.Sort(scores)
	return scores[int(share*float64(len(scores)))]
}

// fitGlance learns from what is not of a fold.
func fitGlance(all []*glanced, fold int) glance {
	weights, past := make([]float32, 1<<glanceBits), make([]float32, 1<<glanceBits)
	g := glance{weights: make([]int8, 1<<glanceBits)}
	random := rand.New(rand.NewPCG(17, 19)) //nolint:gosec // the order must be the same every time
	order := random.Perm(len(all))
	var keys []uint32
	for range glanceEpochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, at := range order {
			e := all[at]
			if e.fold == fold {
				continue
			}
			keys = keys[:0]
			for _, k := range glanceAt(e.runes) {
				keys = append(keys, k)
			}
			value, z := glanceValue(len(keys)), g.bias
			for _, k := range keys {
				z += weights[k] * value
			}
			d := float32(1 / (1 + math.Exp(-float64(z))))
			if e.label != none {
				d--
			}
			g.bias -= 0.002 * d
			for _, k := range keys {
				s := d*value + glancePenalty*weights[k]
				past[k] += s * s
				weights[k] -= glanceRate * s / (float32(math.Sqrt(float64(past[k]))) + 1e-4)
			}
		}
	}
	for _, w := range weights {
		g.quantum = max(g.quantum, w/127, -w/127)
	}
	for k, w := range weights {
		if g.quantum > 0 {
			g.weights[k] = int8(math.Round(float64(w / g.quantum)))
		}
	}
	return g
}

// put writes the glance behind the second reading.
func (g *glance) put(put func(any)) {
	put(g.quantum)
	put(g.bias)
	put(g.fair[:])
	put(g.weights)
}

// readGlance reads what put wrote.
func readGlance(d *reader, get func(any)) (g glance) {
	get(&g.quantum)
	get(&g.bias)
	get(g.fair[:])
	g.weights = make([]int8, 1<<glanceBits)
	get(g.weights)
	ok := g.quantum >= 0 && g.quantum <= mostWeight && math.Abs(float64(g.bias)) <= mostWeight
	for _, x := range g.fair {
		ok = ok && x <= mostWeight // below any number where nothing is fair
	}
	if d.err == nil && !ok {
		d.fail(errors.New("the first glance is beyond all measure: the file is damaged"))
	}
	return g
}
