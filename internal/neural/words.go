package neural

import (
	"math"
	"math/rand/v2"

	"github.com/kotomori/kotomori/internal/kernel"
)

const (
	vectorsOfDirections  = 8000 // frequent rows whose directions count
	directionIterations  = 40
	vectorSpread         = 0.5  // root of the mean square of the numbers of frequent words
	vectorsMeasured      = 5000 // for it
	smallestVectorLength = 1e-6
)

// setDirections finds the directions along which word vectors differ most, by orthogonal iteration over the frequent ones, and scales them
// so that numbers of words are about as large as those of characters.
func (n *Net) setDirections(vectors Vectors, random *rand.Rand) {
	dims, kept := n.directions.rows, n.directions.cols
	counted := min(vectors.Rows(), vectorsOfDirections)
	rows := make([]float32, counted*dims)
	for i := range counted {
		vectors.Add(i, 1, rows[i*dims:(i+1)*dims])
	}
	// The columns of rows side by side, so that their products are products of rows.
	columns := make([]float32, dims*counted)
	for i := range counted {
		for d := range dims {
			columns[d*counted+i] = rows[i*dims+d]
		}
	}
	product := make([]float32, dims*dims)
	multiply(columns, dims, columns, dims, counted, product)
	basis := make([]float32, kept*dims) // a direction a row
	for i := range basis {
		basis[i] = float32(random.NormFloat64())
	}
	next := make([]float32, kept*dims)
	for range directionIterations {
		multiply(basis, kept, product, dims, dims, next) // the product is symmetric
		basis, next = next, basis
		orthogonal(basis, kept, dims)
	}
	for k := range kept {
		for d := range dims {
			n.directions.w[d*kept+k] = basis[k*dims+d]
		}
	}
	squares, count := 0.0, 0
	out, sum := make([]float32, kept), make([]float32, dims)
	for row := range min(vectors.Rows(), vectorsMeasured) {
		n.project(vectors, row, sum, out)
		for _, x := range out {
			squares += float64(x) * float64(x)
			count++
		}
	}
	if squares > 0 {
		by := float32(vectorSpread / math.Sqrt(squares/float64(count)))
		for i := range n.directions.w {
			n.directions.w[i] *= by
		}
	}
}

// orthogonal makes rows of length 1 and at right angles (Gram & Schmidt). A row that has nothing of its own becomes nothing.
func orthogonal(rows []float32, n, dims int) {
	for i := range n {
		a := rows[i*dims:][:dims]
		was := lengthOf(a)
		for j := range i {
			b := rows[j*dims:][:dims]
			add(a, b, -dot(a, b))
		}
		l := lengthOf(a)
		for d := range a {
			if a[d] /= l; l <= 1e-4*was {
				a[d] = 0
			}
		}
	}
}

// project gives a word's vector along the directions. Sum is memory for one vector.
func (n *Net) project(vectors Vectors, row int, sum, out []float32) {
	clear(sum)
	vectors.Add(row, 1, sum)
	clear(out)
	for d, x := range sum {
		add(out, n.directions.row(d), x)
	}
}

func lengthOf(x []float32) float32 {
	return max(float32(math.Sqrt(float64(dot(x, x)))), smallestVectorLength)
}

// nearest is the word of the post that is most like a vector, and how like: the cosine.
func (p *Post) nearest(vector []float32, length float32) (word int32, like float32) {
	d := len(vector)
	like = -1
	for i, l := range p.lengths {
		if c := dot(vector, p.vectors[i*d:][:d]) / (length * l); c > like {
			word, like = int32(i), c
		}
	}
	return word, like
}

// nearestTo is nearest as a reading finds it, all words of the post at once.
func (p *Post) nearestTo(vector []float32, length float32, every []int32, memory *[]float32) (word int32, like float32) {
	all := grow(memory, len(p.lengths))
	clear(all)
	kernel.Sum(all, p.turned, every, vector)
	like = all[0]
	for i, c := range all {
		if c > like {
			word, like = int32(i), c
		}
	}
	return word, like / length
}

func (p *Post) vector(word int32, dims int) []float32 {
	return p.vectors[int(word)*dims:][:dims]
}
