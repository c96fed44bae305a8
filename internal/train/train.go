// Package train makes the learned reader and the pooling of all readers from labelled comments.
//
// The model is trained on all comments, and measured by cross-validation over official posts: each comment is judged by a model that
// has seen no comment under its post. On these judgements, and on those of the rules, the pooling is fitted and the thresholds are
// set. Comments that the writers of the rules had in sight, and the rules' own examples, are learned from, but nothing is fitted on
// them: the rules do too well there. Nor is anything on probes, comments whose writers went where an earlier model erred.
//
// Some comments are made of others (made.go): acceptable ones put under another official post, which are off-topic there, and any with
// a courtesy, a laugh or another emoji at its end. They are in no measurement. The net on top of the linear model
// learns from all but those put under another post, as it needs the shares that models gave which had not seen the comment.
package train

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/evaluate"
	"github.com/kotomori/kotomori/internal/model"
	"github.com/kotomori/kotomori/rules"
)

// Options of training.
type Options struct {
	Model model.Options
	// Budgets are the shares of acceptable comments that may be flagged, by their kind. The writers of the rules mend false alarms on
	// the training part, so the budget for hard-negative is lower than what is aimed at on comments that nobody has seen.
	Budgets map[string]float64
	// Precision is what each category must keep to be recommended at all.
	Precision float64
	// Margin is how far the thresholds are raised above what the budgets call for, in log-odds: they are measured with models that learned
	// four comments in five, and on comments of the corpus' own writers. Of those by others more fair ones are flagged. The report is without it.
	Margin float64
}

// DefaultOptions are those of the shipped model.
func DefaultOptions() Options {
	return Options{Model: model.DefaultOptions(), Budgets: map[string]float64{"benign": 0.005, "hard-negative": 0.027}, Precision: 0.5, Margin: 0.13}
}

// Result is what training made.
type Result struct {
	Model  *model.Model
	Join   *classifier.Join
	Report Report
}

// Write writes the report as a table.
func (r *Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d comments, %d features\n", r.Comments, r.Features)
	for _, part := range []struct {
		name    string
		figures evaluate.Figures
	}{{"rules alone", r.Rules}, {"model alone", r.Learned}, {"both", r.Pooled}} {
		fmt.Fprintf(&b, "\n# %s\n", part.name)
		if err := part.figures.WriteText(&b); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		name string
		bins []model.Bin
	}{{"model", r.Reliability}, {"both", r.PooledBins}} {
		fmt.Fprintf(&b, "\n# reliability of the leading category: %s\nfrom  comments  said  right\n", part.name)
		for _, x := range part.bins {
			fmt.Fprintf(&b, "%.2f  %8d  %.2f  %.2f\n", x.From, x.Comments, x.Said, x.Right)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Report is how well each reader, and all together, did on comments that the model had not seen. The pooling's few weights, shifts and
// thresholds are fitted on the same judgements, and the writers of the rules may have seen the comments: the figures that count are
// those on the validation part.
type Report struct {
	Comments    int
	Features    int
	Rules       evaluate.Figures
	Learned     evaluate.Figures
	Pooled      evaluate.Figures
	Reliability []model.Bin // of the model's shares
	PooledBins  []model.Bin // of the pooled shares
}

// Corpus is what there is to learn from.
type Corpus struct {
	Comments []evaluate.Labelled // learned from, and measured on
	Probes   []evaluate.Labelled // written to mislead an earlier model: learned from, not measured on
	Known    []evaluate.Labelled // that the writers of the rules had in sight: learned from by the linear model, not measured on
}

// Run trains. Progress, which may be nil, is told each step in words.
func Run(set *rules.Set, corpus Corpus, vectors []byte, o Options, progress func(string)) (*Result, error) {
	if progress == nil {
		progress = func(string) {}
	}
	comments := corpus.Comments
	written := len(comments) + len(corpus.Probes)
	all := slices.Concat(comments, corpus.Probes, corpus.Known, examples(set))
	inputs := make([]model.Comment, len(all))
	for i, l := range all {
		policy, ok := set.Policy(l.Policy)
		if !ok {
			return nil, fmt.Errorf("comment %s: no policy %q", l.ID, l.Policy)
		}
		inputs[i] = model.Comment{
			Text: l.Text, Post: l.Post, Name: l.Author.Name, Handle: l.Author.Handle,
			Probe: i >= len(comments) && i < written, Known: i >= written,
			Possible: classifier.Possible(policy, rules.Categories),
		}
		inputs[i].Signs = classifier.Signs(set, l.Text)
		if len(l.Labels) > 0 {
			inputs[i].Category = l.Labels[0]
		}
	}
	made := slices.Concat(courteous(inputs[:len(comments)]), ended(inputs[:written]))
	for i := range made {
		made[i].Signs = classifier.Signs(set, made[i].Text)
	}
	inputs = slices.Concat(inputs, strays(inputs[:len(comments)], vectors), made)
	m, measured, err := model.Train(inputs, rules.Categories, vectors, o.Model, progress)
	if err != nil {
		return nil, err
	}
	if _, err := m.Bytes(); err != nil { // gives it its version
		return nil, fmt.Errorf("packing the model: %w", err)
	}
	progress("asking the rules")
	var cases []sample
	for i, l := range comments {
		if measured.Shares[i] == nil {
			continue
		}
		policy, _ := set.Policy(l.Policy)
		c := sample{gold: l, categories: classifier.Categories(policy), odds: map[string][]float64{}}
		res := set.Match(rules.Input{Text: l.Text, Name: l.Author.Name, Handle: l.Author.Handle, Post: l.Post, Policy: policy})
		c.odds[classifier.SourceRules] = classifier.LogOdds(classifier.RuleOpinions(res), false, c.categories)
		c.odds[classifier.SourceModel] = classifier.LogOdds(opinions(measured.Shares[i]), true, c.categories)
		cases = append(cases, c)
	}
	if len(cases) == 0 {
		return nil, errors.New("no comment is measured: more comments under more official posts are wanted")
	}
	progress("fitting the pooling")
	r := &Result{Model: m, Join: fitJoin(cases)}
	setThresholds(r.Join, cases, o)
	r.Report = Report{Comments: len(cases), Features: measured.Features, Reliability: measured.Reliability}
	for source, figures := range map[string]*evaluate.Figures{classifier.SourceRules: &r.Report.Rules, classifier.SourceModel: &r.Report.Learned} {
		alone := fitJoin(only(cases, source))
		setThresholds(alone, only(cases, source), o)
		if source != classifier.SourceRules {
			r.Join.Alone = map[string]*classifier.Join{source: alone}
		}
		*figures = score(alone, only(cases, source))
	}
	r.Join.Rules, r.Join.Model = classifier.RuleHashes(set), m.Version()
	r.Report.Pooled = score(r.Join, cases)
	r.Report.PooledBins = bins(r.Join, cases)
	raise(r.Join, o.Margin)
	for _, alone := range r.Join.Alone {
		raise(alone, o.Margin)
	}
	return r, nil
}

// raise raises the thresholds by a margin in log-odds.
func raise(j *classifier.Join, margin float64) {
	for c, least := range j.Least {
		j.Least[c] = ceil(1 / (1 + math.Exp(-(logit(least) + margin))))
	}
}

// examples are the rules' own examples as comments: those that match, and those that no rule holds for. They are what a word's friends and
// enemies look like beside each other.
func examples(set *rules.Set) []evaluate.Labelled {
	var out []evaluate.Labelled
	for _, r := range set.Rules() {
		account := ""
		for _, p := range set.Policies() {
			if _, ok := p.Clause(r.Category); ok {
				account = p.ID
				break
			}
		}
		add := func(x rules.Example, kind string, labels ...string) {
			l := evaluate.Labelled{ID: fmt.Sprintf("%s:%d", r.File, x.Line), Policy: cmp.Or(x.Account, account), Post: x.Post, Text: x.Text, Kind: kind, Labels: labels}
			l.Author.Name, l.Author.Handle = x.Name, x.Handle
			out = append(out, l)
		}
		for _, x := range r.Match {
			add(x, "plain", r.Category)
		}
		for _, x := range r.NoMatch {
			fair := true
			for _, p := range set.Policies() {
				res := set.Match(rules.Input{Text: x.Text, Name: x.Name, Handle: x.Handle, Post: x.Post, Policy: p})
				fair = fair && len(res.Hits) == 0
			}
			if fair { // else it may be a fault by another clause
				add(x, "hard-negative")
			}
		}
	}
	return out
}

// opinions of the model from its shares, none first, as its reader gives them.
func opinions(shares []float64) []classifier.Opinion {
	var out []classifier.Opinion
	for i, c := range rules.Categories {
		if p := shares[i+1]; p >= classifier.LeastShare {
			out = append(out, classifier.Opinion{Category: c, Confidence: p})
		}
	}
	return out
}

// sample is a comment with what each reader says of it.
type sample struct {
	gold       evaluate.Labelled
	categories []string
	odds       map[string][]float64
}

func (s *sample) label() string {
	if len(s.gold.Labels) == 0 {
		return ""
	}
	return s.gold.Labels[0]
}

// only leaves one reader.
func only(samples []sample, source string) []sample {
	out := slices.Clone(samples)
	for i := range out {
		out[i].odds = map[string][]float64{source: out[i].odds[source]}
	}
	return out
}

// fitJoin fits weights and shifts to the least mean log loss.
func fitJoin(samples []sample) *classifier.Join {
	sources := slices.Sorted(maps.Keys(samples[0].odds))
	join := func(x []float64) *classifier.Join {
		j := &classifier.Join{Weights: map[string]float64{}, Shift: map[string]float64{}, Least: map[string]float64{}}
		for i, source := range sources {
			j.Weights[source] = x[i]
		}
		for i, c := range rules.Categories {
			j.Shift[c] = x[len(sources)+i]
		}
		return j
	}
	number := map[string]int{}
	for i, c := range rules.Categories {
		number[c] = len(sources) + i
	}
	n := float64(len(samples))
	start := make([]float64, len(sources)+len(rules.Categories))
	for i := range sources {
		start[i] = 0.5
	}
	// In plain slices: this is gone through some 800 times.
	type row struct {
		odds   [][]float64 // by source and category
		number []int       // of each category's shift
		label  int
	}
	rows := make([]row, len(samples))
	for i := range samples {
		s := &samples[i]
		r := row{label: slices.Index(s.categories, s.label())}
		for _, source := range sources {
			r.odds = append(r.odds, s.odds[source])
		}
		for _, c := range s.categories {
			r.number = append(r.number, number[c])
		}
		rows[i] = r
	}
	shares := make([]float64, len(rules.Categories))
	return join(model.Minimise(start, func(x, gradient []float64) {
		for i := range rows {
			r := &rows[i]
			top, sum := 0.0, 0.0
			shares := shares[:len(r.number)]
			for k, at := range r.number {
				shares[k] = x[at]
				for source, odds := range r.odds {
					shares[k] += x[source] * odds[k]
				}
				top = max(top, shares[k])
			}
			for k := range shares {
				shares[k] = math.Exp(shares[k] - top)
				sum += shares[k]
			}
			sum += math.Exp(-top)
			for k, at := range r.number {
				g := shares[k] / sum / n
				if k == r.label {
					g -= 1 / n
				}
				gradient[at] += g
				for source, odds := range r.odds {
					gradient[source] += g * odds[k]
				}
			}
		}
		for i := len(sources); i < len(x); i++ {
			gradient[i] += 3e-4 * x[i]
		}
	}))
}

// judged is a sample's leading category with the pool's certainty of any violation at all.
type judged struct {
	s    *sample
	lead string
	any  float64
	own  float64 // share of the leading category
}

func judge(j *classifier.Join, samples []sample) []judged {
	out := make([]judged, len(samples))
	for i := range samples {
		s := &samples[i]
		shares, none := j.Pool(s.odds, s.categories)
		lead := 0
		for k := range shares {
			if shares[k] > shares[lead] {
				lead = k
			}
		}
		out[i] = judged{s, s.categories[lead], 1 - none, shares[lead]}
	}
	return out
}

// setThresholds sets the thresholds by the budgets, and a higher one for a category that would else be wrong too often. All let
// through the same share of fair comments at their margin: where the pool is as sure of two comments, but more often wrong where one
// category leads than where another does, their thresholds differ.
func setThresholds(j *classifier.Join, samples []sample, o Options) {
	for source, w := range j.Weights {
		j.Weights[source] = round(w)
	}
	for c, s := range j.Shift {
		j.Shift[c] = round(s)
	}
	all := judge(j, samples)
	lines := margins(all)
	least := math.Inf(-1) // in log-odds of the lines
	for kind, budget := range o.Budgets {
		var alarms []float64
		kinds := 0
		for _, x := range all {
			if x.s.gold.Kind != kind {
				continue
			}
			kinds++
			if x.s.label() == "" && x.any > 0.5 {
				alarms = append(alarms, lines[x.lead].at(x.any))
			}
		}
		slices.Sort(alarms)
		slices.Reverse(alarms)
		if n := int(budget * float64(kinds)); n < len(alarms) {
			least = max(least, math.Nextafter(alarms[n], math.Inf(1)))
		}
	}
	for _, c := range rules.Categories {
		from := lines[c].from(least)
		j.Least[c] = ceil(categoryThreshold(all, c, max(0.5, from), o.Precision))
	}
}

// margin turns log-odds of any violation into those where one category leads.
type margin struct{ slope, shift float64 }

func logit(p float64) float64 {
	p = min(max(p, 1e-6), 1-1e-6)
	return math.Log(p / (1 - p))
}

func (l margin) at(sure float64) float64 { return l.slope*logit(sure) + l.shift }

// from is the certainty at which the line has reached log-odds.
func (l margin) from(odds float64) float64 {
	return 1 / (1 + math.Exp(-(odds-l.shift)/l.slope))
}

const (
	priorLines = 40  // how hard a category's line is drawn towards the common one
	leastSlope = 0.3 // or its threshold would have no bound
)

// margins fits a line to each category, near where thresholds lie: Platt's, drawn towards the one of all categories together.
func margins(all []judged) map[string]margin {
	fit := func(mine []judged, prior margin, weight float64) margin {
		x := model.Minimise([]float64{prior.slope, prior.shift}, func(x, gradient []float64) {
			for _, m := range mine {
				z := logit(m.any)
				p := 1 / (1 + math.Exp(-(x[0]*z + x[1])))
				y := 0.0
				if m.s.label() != "" {
					y = 1
				}
				gradient[0] += (p - y) * z / float64(len(all))
				gradient[1] += (p - y) / float64(len(all))
			}
			gradient[0] += weight * (x[0] - prior.slope) / float64(len(all))
			gradient[1] += weight * 0.1 * (x[1] - prior.shift) / float64(len(all))
		})
		if x[0] >= leastSlope {
			return margin{x[0], x[1]}
		}
		// Hardly any slope: no certainty tells right from wrong here.
		x = model.Minimise([]float64{x[1]}, func(x, gradient []float64) {
			for _, m := range mine {
				p := 1 / (1 + math.Exp(-(leastSlope*logit(m.any) + x[0])))
				if m.s.label() != "" {
					p--
				}
				gradient[0] += p / float64(len(all))
			}
		})
		return margin{leastSlope, x[0]}
	}
	var near []judged
	for _, x := range all {
		if x.any > nearMargin {
			near = append(near, x)
		}
	}
	common := fit(near, margin{1, 0}, 1)
	out := map[string]margin{}
	for _, c := range rules.Categories {
		var mine []judged
		for _, x := range near {
			if x.lead == c {
				mine = append(mine, x)
			}
		}
		out[c] = fit(mine, common, priorLines)
	}
	return out
}

const nearMargin = 0.7

// categoryThreshold is the least threshold from least on at which so many of the comments that c leads are right.
func categoryThreshold(all []judged, c string, least, precision float64) float64 {
	var mine []judged
	for _, x := range all {
		if x.lead == c && x.any >= least {
			mine = append(mine, x)
		}
	}
	slices.SortStableFunc(mine, func(a, b judged) int { return cmp.Compare(a.any, b.any) })
	right := 0
	for _, x := range mine {
		if slices.Contains(x.s.gold.Labels, c) {
			right++
		}
	}
	for i, x := range mine {
		if float64(right) >= precision*float64(len(mine)-i) {
			if i == 0 {
				return least
			}
			return x.any
		}
		if slices.Contains(x.s.gold.Labels, c) {
			right--
		}
	}
	if len(mine) == 0 {
		return least
	}
	return 1.1 // never
}

func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }
func ceil(x float64) float64  { return math.Ceil(x*1e4) / 1e4 }

func score(j *classifier.Join, samples []sample) evaluate.Figures {
	var gold []evaluate.Labelled
	var predicted []evaluate.Prediction
	for _, x := range judge(j, samples) {
		p := evaluate.Prediction{ID: x.s.gold.ID}
		if x.any >= j.Least[x.lead] {
			p.Labels = []string{x.lead}
		}
		gold = append(gold, x.s.gold)
		predicted = append(predicted, p)
	}
	return evaluate.Score(gold, predicted)
}

func bins(j *classifier.Join, samples []sample) []model.Bin {
	out := model.Bins()
	for _, x := range judge(j, samples) {
		if x.any > 0.5 {
			model.Count(out, x.own, slices.Contains(x.s.gold.Labels, x.lead))
		}
	}
	model.Finish(out)
	return out
}
