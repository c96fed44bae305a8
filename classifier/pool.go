package classifier

import (
	"math"
	"slices"

	"github.com/kotomori/kotomori/rules"
)

// pool is a Join made ready for one policy and the readers of a classifier.
type pool struct {
	readers    []Reader
	unruled    bool
	categories []string
	shift      []float64
	least      []float64 // by category: Join.Least
	lowest     float64   // of least
	terms      []term    // by source: those of the readers and of the rules
	at         []int     // by reader: its term
	rules      int       // the rules' term
	ceiling    []float64 // by category: the odds of the rules that put the most into the pool
	sources    []string  // by term
	// One reader with shared certainty that gives none this much decides, whatever the rules say. 2 where that cannot be said.
	enough float64
}

func (c *Classifier) newPool(policy *rules.Policy) *pool {
	p := &pool{readers: c.readers, unruled: c.unruled, categories: Categories(policy), lowest: 1}
	p.shift = c.join.shifts(p.categories)
	surest := map[string]float64{}
	for _, r := range c.set.Rules() {
		surest[r.Category] = max(surest[r.Category], r.Confidence)
	}
	for _, category := range p.categories {
		least := c.join.Least[category]
		p.least = append(p.least, least)
		p.lowest = min(p.lowest, least)
	}
	for _, r := range c.readers {
		p.sources = append(p.sources, r.Source())
	}
	if !c.unruled {
		p.sources = append(p.sources, SourceRules)
	}
	slices.Sort(p.sources)
	for i, source := range p.sources {
		p.terms = append(p.terms, c.join.term(source, nil))
		if source == SourceRules {
			p.rules = i
		}
	}
	for _, r := range c.readers {
		p.at = append(p.at, slices.Index(p.sources, r.Source()))
	}
	for _, category := range p.categories {
		most := surest[category]
		if !p.unruled && p.terms[p.rules].adds(1) < 0 {
			most = 0 // the less they say, the more it is
		}
		p.ceiling = append(p.ceiling, math.Log((most+doubt)/(1-most+doubt)))
	}
	p.enough = p.certainty()
	return p
}

// certainty is how sure the only reader must be of none for the pool to stay below every threshold, whatever categories it gives the
// rest to and whatever the rules say.
func (p *pool) certainty() float64 {
	if len(p.readers) != 1 || !p.readers[0].Shared() {
		return 2
	}
	t := &p.terms[p.at[0]]
	undecided := func(none float64) bool {
		sum := 0.0
		for i := range p.categories {
			x := p.shift[i] + t.adds(math.Log((1-none+doubt)/(none+doubt))) // as if each had all the rest
			if !p.unruled {
				x += p.terms[p.rules].adds(p.ceiling[i])
			}
			sum += math.Exp(x)
		}
		return sum/(1+sum) >= p.lowest
	}
	if t.fitted && t.weight < 0 || undecided(1) {
		return 2
	}
	low, high := 0.0, 1.0
	for range 30 {
		if mid := (low + high) / 2; undecided(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// ask asks the readers beside the rules.
func (p *pool) ask(r *Reading) {
	for len(r.opinions) < len(p.readers) {
		r.opinions, r.memory = append(r.opinions, nil), append(r.memory, nil)
	}
	for i, reader := range p.readers {
		r.opinions[i] = reader.Read(r, &r.memory[i], r.opinions[i][:0])
	}
}

// weigh puts what the readers said into numbers.
func (p *pool) weigh(r *Reading) {
	for len(r.odds) < len(p.terms) {
		r.odds = append(r.odds, nil)
	}
	for i, reader := range p.readers {
		at := p.at[i]
		r.odds[at] = appendLogOdds(r.odds[at][:0], r.opinions[i], reader.Shared(), p.categories)
	}
}

// undecided says whether what the rules say could lead to a finding.
func (p *pool) undecided(r *Reading) bool {
	if p.enough <= 1 {
		none := 1.0
		for _, o := range r.opinions[0] {
			none -= o.Confidence
		}
		if none >= p.enough {
			return false
		}
	}
	p.weigh(r)
	if !p.unruled {
		r.odds[p.rules] = append(r.odds[p.rules][:0], p.ceiling...)
	}
	return 1-p.share(r) >= p.lowest
}

// hear takes in what the rules say.
func (p *pool) hear(r *Reading, res rules.Result) {
	p.weigh(r)
	if !p.unruled {
		r.odds[p.rules] = appendLogOdds(r.odds[p.rules][:0], RuleOpinions(res), false, p.categories)
	}
}

// share pools what was heard into r.shares.
func (p *pool) share(r *Reading) (none float64) {
	var terms [4]term
	all := terms[:0]
	for i, t := range p.terms {
		t.odds = r.odds[i]
		all = append(all, t)
	}
	r.shares = append(r.shares[:0], p.shift...)
	return pooled(p.shift, all, r.shares)
}

// Pooled is what all readers together say of a category.
type Pooled struct {
	Category string
	Share    float64            // of certainty that this is the clause to cite
	Least    float64            // how sure the pool must be of any clause at all for a recommendation, where this one leads
	LogOdds  map[string]float64 // by reader, against none
}

// pooled is the pool for explaining.
func (p *pool) pooled(r *Reading) []Pooled {
	p.share(r)
	out := make([]Pooled, len(p.categories))
	for i, category := range p.categories {
		out[i] = Pooled{Category: category, Share: r.shares[i], Least: p.least[i], LogOdds: map[string]float64{}}
		for k, source := range p.sources {
			out[i].LogOdds[source] = r.odds[k][i]
		}
	}
	return out
}
