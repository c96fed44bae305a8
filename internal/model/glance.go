package model

import (
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/kotomori/kotomori/internal/neural"
	"github.com/kotomori/kotomori/internal/text"
)

// glance tells of many a fair comment that it is one before anything else is looked at: a logistic regression over hashed runs of one to three
// characters, a byte each, small enough to stay in the cache.
//
// It may take no comment away that a reading would recommend. As it sees less, that is a matter of degree: below which score it says fair is set
// by violating comments that it has not seen and that the linear model, which had not seen them either, did not take for fair.
type glance struct {
	weights []int8
	quantum float32    // of a step of the weights
	bias    float32    // in logits, of which more is worse
	fair    [2]float32 // below which a comment is fair: for most policies, and for those under which an everyday sentence may break a clause
}

const (
	glanceBits    = 17
	glanceRuns    = 3
	glanceBesides = 30  // as in groupScale
	glanceMost    = 300 // characters
	glancePart    = 40  // characters: in so short a part of a long comment no fair words hide others

	glanceOpen   = 0.3   // share of none below which the linear model leaves it open; nearly all that is recommended has less
	glanceLoss   = 0.002 // of these violating comments may end at the first glance
	glanceLossOf = 0.01  // of those of one category

	glanceEpochs  = 8
	glanceRate    = 0.15
	glancePenalty = 1e-5
)

// ordinary are the categories that a sentence may break which would be fair elsewhere, or from somebody else.
var ordinary = []string{"off-topic", "impersonation"}

// glanceAt gives the places of the weights of a text's runs.
func glanceAt(runes []rune) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i := range runes {
			h := uint32(0)
			for _, r := range runes[i:min(i+glanceRuns, len(runes))] {
				h = mix(h, uint32(class(r)))
				if !yield(h >> (32 - glanceBits)) {
					return
				}
			}
		}
	}
}

// score is how bad a text looks, in logits.
func (g *glance) score(runes []rune) float32 {
	sum, n := int32(0), 0
	for k := range glanceAt(runes) {
		sum += int32(g.weights[k])
		n++
	}
	return g.bias + float32(sum)*g.quantum*glanceValue(n)
}

// glanceValue is what each of n runs counts.
func glanceValue(n int) float32 { return float32(1 / math.Sqrt(float64(n+glanceBesides))) }

// glanceable says whether a text may be judged at a glance: none that is very long, disguised, or may have a link or a mention.
func glanceable(t *text.Text) bool {
	n := len(t.Folded.Runes)
	return n > 0 && n <= glanceMost && len(t.Squeezed.Runes) == 0 && !mayLink(t.Folded.Runes)
}

// Fair reports whether a comment is fair at first glance, so that reading it would tell no more. Possible is as in Read. A character that
// training hardly met, as of another language, leaves it open. Of a long comment each part must be fair, or fair words could hide others.
func (m *Model) Fair(t *text.Text, possible []bool) bool {
	if len(m.glance.weights) == 0 || !glanceable(t) {
		return false
	}
	for _, r := range t.Folded.Runes {
		if m.second.symbol(r) == neural.Unknown {
			return false
		}
	}
	at := 0
	if m.counts(ordinary, possible) {
		at = 1
	}
	return m.glance.under(t.Folded.Runes, m.glance.fair[at])
}

// under says whether a text, or each part of a long one, is below a bound.
func (g *glance) under(runes []rune, bound float32) bool {
	if len(runes) > longText {
		for ; len(runes) > glancePart; runes = runes[glancePart/2:] {
			if !(g.score(runes[:glancePart]) < bound) {
				return false
			}
		}
	}
	return g.score(runes) < bound
}

// glanced is a comment to learn glancing from.
type glanced struct {
	runes []rune
	label int
	fold  int  // -1 where nothing is measured
	at    int  // which of the two bounds it is under
	open  bool // violating, and left open by a linear model that had not seen it
}

// trainGlance learns from all comments as they were written. Shares are those of linear models that have not seen the comment; only unseen comments
// have any.
func (t *trainer) trainGlance(unseen []bool, shares [][]float32) glance {
	var all []*glanced
	for i, c := range t.comments {
		x := text.New(c.Text)
		if c.MadeOf != "" || !glanceable(x) {
			continue
		}
		e := &glanced{runes: slices.Clone(x.Folded.Runes), label: t.examples[i].label, fold: -1}
		if t.possible(ordinary, &c) {
			e.at = 1
		}
		if unseen[i] {
			e.fold = t.foldOf(c.Post)
			e.open = e.label != none && !c.Probe && shares[i][none] < glanceOpen
		}
		all = append(all, e)
	}
	scores := make([]float32, len(all))
	inParallel(t.options.Folds, func(f int) {
		g := fitGlance(all, f)
		for i, e := range all {
			if e.fold == f {
				scores[i] = g.score(e.runes)
			}
		}
	})
	g := fitGlance(all, t.options.Folds) // of which there is none
	for at := range g.fair {
		of := make([][]float32, t.classes()) // by class, and of all in that of none
		for i, e := range all {
			if e.open && e.at == at {
				of[none] = append(of[none], scores[i])
				of[e.label] = append(of[e.label], scores[i])
			}
		}
		g.fair[at] = lowest(of[none], glanceLoss)
		for _, theirs := range of[none+1:] {
			if len(theirs) > 0 {
				g.fair[at] = min(g.fair[at], lowest(theirs, glanceLossOf))
			}
		}
	}
	return g
}

// lowest is the score that a share of some are below; that of none at all where there are too few to tell.
func lowest(scores []float32, share float64) float32 {
	if at := int(share * float64(len(scores))); at > 0 {
		slices.Sort(scores)
		return scores[at]
	}
	return float32(math.Inf(-1))
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
			keys = slices.AppendSeq(keys[:0], glanceAt(e.runes))
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
