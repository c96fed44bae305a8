package model

import (
	"math"
	"math/rand/v2"
)

// none is the class of acceptable comments; category i of the model's list is class i+1.
const none = 0

// example is one comment in numbers.
type example struct {
	features []int32 // in the vocabulary
	values   []float32
	mean     []float32 // the mean vector of its words
	label    int
	possible uint32 // bit by class: those of its policy, and none
}

// linear is a multinomial logistic regression. Weights of one feature lie side by side.
type linear struct {
	classes int
	weights []float32 // features × classes
	vector  []float32 // dimensions × classes
	bias    []float32 // by class
}

// score gives the logits.
func (m *linear) score(e *example, out []float32) {
	copy(out, m.bias)
	for i, f := range e.features {
		addRow(out, m.weights[int(f)*m.classes:], e.values[i])
	}
	for d, x := range e.mean {
		addRow(out, m.vector[d*m.classes:], x)
	}
}

func addRow(out, row []float32, by float32) {
	row = row[:len(out)]
	for k, w := range row {
		out[k] += by * w
	}
}

// softmax turns logits into shares; classes that are not possible get none.
func softmax(s []float32, possible uint32) {
	top := float32(math.Inf(-1))
	for k, x := range s {
		if possible>>k&1 == 1 {
			top = max(top, x)
		}
	}
	sum := 0.0
	for k, x := range s {
		p := 0.0
		if possible>>k&1 == 1 {
			p = math.Exp(float64(x - top))
		}
		sum += p
		s[k] = float32(p)
	}
	for k := range s {
		s[k] = float32(float64(s[k]) / sum)
	}
}

// fit trains on examples. Feature f weighs for the classes of only[f].
func fit(examples []*example, only []uint32, dims, classes int, o Options) *linear {
	m := &linear{classes: classes, weights: make([]float32, len(only)*classes), vector: make([]float32, dims*classes), bias: make([]float32, classes)}
	past := &linear{weights: make([]float32, len(m.weights)), vector: make([]float32, len(m.vector)), bias: make([]float32, classes)}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the order must be the same every time
	order := random.Perm(len(examples))
	gradient := make([]float32, classes)
	rate, penalty := float32(o.Rate), float32(o.Penalty)
	step := func(w, past *float32, g float32) {
		*past += g * g
		*w -= rate * g / (float32(math.Sqrt(float64(*past))) + 1e-4)
	}
	rows := func(w, past []float32, x float32, allowed uint32) {
		w, past = w[:classes], past[:classes]
		for k, g := range gradient {
			if g != 0 && allowed>>k&1 == 1 {
				step(&w[k], &past[k], g*x+penalty*w[k]*x*x)
			}
		}
	}
	// The mean over the ends of the last epochs is steadier than the last weights (Polyak & Juditsky 1992).
	mean := &linear{classes: classes, weights: make([]float32, len(m.weights)), vector: make([]float32, len(m.vector)), bias: make([]float32, classes)}
	averaged := min(averagedEpochs, o.Epochs)
	for epoch := range o.Epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, at := range order {
			e := examples[at]
			m.score(e, gradient)
			softmax(gradient, e.possible)
			gradient[e.label]--
			for k, g := range gradient {
				if max(g, -g) < 1e-4 {
					gradient[k] = 0 // nothing to learn, and much time to save
				}
			}
			for i, f := range e.features {
				rows(m.weights[int(f)*classes:], past.weights[int(f)*classes:], e.values[i], only[f])
			}
			for d, x := range e.mean {
				rows(m.vector[d*classes:], past.vector[d*classes:], x, ^uint32(0))
			}
			for k, g := range gradient {
				if g != 0 {
					step(&m.bias[k], &past.bias[k], g)
				}
			}
		}
		if epoch >= o.Epochs-averaged {
			mean.add(m, 1/float32(averaged))
		}
	}
	return mean
}

const averagedEpochs = 6

func (m *linear) add(o *linear, by float32) {
	for i, part := range [][]float32{o.weights, o.vector, o.bias} {
		into := [][]float32{m.weights, m.vector, m.bias}[i]
		for k, x := range part {
			into[k] += by * x
		}
	}
}
