package model

import "math"

// Calibration turns a model's logits into shares that hold what they say: each is multiplied by Heat and shifted by its class.
type Calibration struct {
	Heat  float64
	Shift []float64 // by class; that of none is 0
}

func (c *Calibration) apply(logits []float32) {
	for k := range logits {
		logits[k] = float32(c.Heat*float64(logits[k]) + c.Shift[k])
	}
}

// calibrate fits a Calibration on logits of comments that the model had not seen.
func calibrate(logits [][]float32, examples []*example, classes int) Calibration {
	shares := make([]float32, classes)
	// The heat, and the shifts of the classes but none.
	best := Minimise(append([]float64{1}, make([]float64, classes-1)...), func(x, gradient []float64) {
		c := Calibration{x[0], append([]float64{0}, x[1:]...)}
		n := float64(len(examples))
		for i, e := range examples {
			copy(shares, logits[i])
			c.apply(shares)
			softmax(shares, e.possible)
			e.descend(shares, n, gradient, logits[i])
		}
		for k := 1; k < classes; k++ {
			gradient[k] += 1e-4 * x[k] // a category with few comments is shifted little
		}
	})
	return Calibration{max(best[0], 0.05), append([]float64{0}, best[1:]...)}
}

// descend adds an example's part, one of n, of the gradient of the mean log loss: first by what each of the inputs counts, then by the shifts
// of the classes but none. Inputs are by class.
func (e *example) descend(shares []float32, n float64, gradient []float64, inputs ...[]float32) {
	for k, p := range shares {
		if e.possible>>k&1 == 0 {
			continue
		}
		g := float64(p) / n
		if k == e.label {
			g -= 1 / n
		}
		for i, in := range inputs {
			gradient[i] += g * float64(in[k])
		}
		if k > 0 {
			gradient[len(inputs)-1+k] += g
		}
	}
}

// Minimise finds the least value of a convex function by its gradient, from a start, by Adam (Kingma & Ba 2015) with a falling
// step: crude, but the functions here have few parameters.
func Minimise(x []float64, gradient func(x, gradient []float64)) []float64 {
	first, second, g := make([]float64, len(x)), make([]float64, len(x)), make([]float64, len(x))
	const rounds = 800
	for round := 1; round <= rounds; round++ {
		clear(g)
		gradient(x, g)
		step := 0.05 * (1 - float64(round)/(rounds+1))
		for i := range x {
			first[i] = 0.9*first[i] + 0.1*g[i]
			second[i] = 0.99*second[i] + 0.01*g[i]*g[i]
			m, v := first[i]/(1-math.Pow(0.9, float64(round))), second[i]/(1-math.Pow(0.99, float64(round)))
			x[i] -= step * m / (math.Sqrt(v) + 1e-9)
		}
	}
	return x
}

// Bin is a part of a reliability figure: comments whose leading category was given a share from From on.
type Bin struct {
	From     float64
	Comments int
	Said     float64 // mean share
	Right    float64 // how many of them were right
}

// Bins are empty parts of a reliability figure.
func Bins() []Bin {
	return []Bin{{From: 0}, {From: 0.3}, {From: 0.5}, {From: 0.6}, {From: 0.7}, {From: 0.8}, {From: 0.9}, {From: 0.95}}
}

// Count counts a judgement of some certainty.
func Count(bins []Bin, p float64, right bool) {
	b := &bins[0]
	for k := range bins {
		if p >= bins[k].From {
			b = &bins[k]
		}
	}
	b.Comments++
	b.Said += p
	if right {
		b.Right++
	}
}

// Finish turns sums into means.
func Finish(bins []Bin) {
	for k := range bins {
		if n := float64(bins[k].Comments); n > 0 {
			bins[k].Said /= n
			bins[k].Right /= n
		}
	}
}

// leading is the category with the largest share, if all together outweigh none.
func leading(shares []float64) int {
	if shares[none] > 0.5 {
		return none
	}
	best := 1
	for k := 2; k < len(shares); k++ {
		if shares[k] > shares[best] {
			best = k
		}
	}
	return best
}
