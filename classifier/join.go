package classifier

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/kotomori/kotomori/rules"
)

// Join pools what several readers say of one comment into one share of certainty for each category, and none: logarithmic
// opinion pooling (Genest & Zidek 1986). Each reader's odds of a category against none are raised to its weight and multiplied,
// with a shift for each category. Weights and shifts are fitted on comments that neither the model nor the writers of the rules
// had seen, so the pooled shares are calibrated again.
type Join struct {
	// Weights of the readers' log-odds by source. A reader without one has 1, and its silence means nothing.
	Weights map[string]float64 `json:"weights"`
	// Shift of the log-odds of each category.
	Shift map[string]float64 `json:"shift"`
	// Least is how sure the pool must be that any clause is broken at all, by the category that leads, for a recommendation. It is set by
	// the share of acceptable comments that may be flagged.
	Least map[string]float64 `json:"least"`
	// Model is the version of the model that it was fitted with.
	Model string `json:"model,omitempty"`
	// Rules are the rules that it was fitted with, as RuleHashes gives them. Another rule, such as one of a city's own, stands by its
	// own confidence: nothing is known of it but what its writer says.
	Rules []string `json:"rules,omitempty"`
	// Alone are the poolings of one reader by itself, by source, for measuring what each brings.
	Alone map[string]*Join `json:"alone,omitempty"`
}

//go:embed join.json
var joinFile []byte

// ShippedJoin is the pooling fitted for the shipped rules and model.
func ShippedJoin() (*Join, error) {
	var j Join
	if err := json.Unmarshal(joinFile, &j); err != nil {
		return nil, fmt.Errorf("reading join.json: %w", err)
	}
	return &j, nil
}

// RuleHashes names the rules of a set with what decides in them: id@hash, sorted.
func RuleHashes(set *rules.Set) []string {
	var out []string
	for _, r := range set.Rules() {
		out = append(out, ruleHash(r))
	}
	slices.Sort(out)
	return out
}

func ruleHash(r *rules.Rule) string {
	sum := sha256.Sum256([]byte(r.Judgement))
	return r.ID + "@" + hex.EncodeToString(sum[:4])
}

// doubt keeps odds finite: a reader is never surer than 1 in 50, and silence is no proof.
const doubt = 0.02

// LogOdds are a reader's opinions as log-odds of each category against none. Where the opinions share one certainty, none has
// the rest of it; else each stands by itself, as those of rules do.
func LogOdds(opinions []Opinion, shared bool, categories []string) []float64 {
	return appendLogOdds(make([]float64, 0, len(categories)), opinions, shared, categories)
}

func appendLogOdds(out []float64, opinions []Opinion, shared bool, categories []string) []float64 {
	rest := 1.0
	for _, o := range opinions {
		rest -= o.Confidence
	}
	for _, c := range categories {
		sure := 0.0
		for _, o := range opinions {
			if o.Category == c {
				sure = max(sure, o.Confidence)
			}
		}
		none := 1 - sure
		if shared {
			none = max(rest, 0)
		}
		out = append(out, math.Log((sure+doubt)/(none+doubt)))
	}
	return out
}

// Pool gives each category's share; they and that of none add up to 1. Odds are the readers' LogOdds by source.
func (j *Join) Pool(odds map[string][]float64, categories []string) (shares []float64, none float64) {
	var terms []term
	for _, source := range slices.Sorted(maps.Keys(odds)) { // sums of floats depend on their order
		terms = append(terms, j.term(source, odds[source]))
	}
	shares = make([]float64, len(categories))
	none = pooled(j.shifts(categories), terms, shares)
	return shares, none
}

// term is what one reader adds to the pool.
type term struct {
	odds   []float64
	weight float64
	fitted bool // else nothing is known of what its silence means
}

// adds is what odds put into the pool.
func (t *term) adds(odds float64) float64 {
	if !t.fitted {
		return max(0, odds)
	}
	return t.weight * odds
}

func (j *Join) term(source string, odds []float64) term {
	w, ok := j.Weights[source]
	return term{odds, w, ok}
}

func (j *Join) shifts(categories []string) []float64 {
	out := make([]float64, len(categories))
	for i, c := range categories {
		out[i] = j.Shift[c]
	}
	return out
}

func pooled(shift []float64, terms []term, shares []float64) (none float64) {
	top := 0.0
	for i := range shares {
		shares[i] = shift[i]
		for k := range terms {
			shares[i] += terms[k].adds(terms[k].odds[i])
		}
		top = max(top, shares[i])
	}
	none = math.Exp(-top)
	sum := none
	for i := range shares {
		shares[i] = math.Exp(shares[i] - top)
		sum += shares[i]
	}
	for i := range shares {
		shares[i] /= sum
	}
	return none / sum
}
