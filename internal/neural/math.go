package neural

// multiply puts the product of a (n rows) and the transpose of b (m rows), both rows of dims numbers, into out: n × m.
func multiply(a []float32, n int, b []float32, m, dims int, out []float32) {
	for i := 0; i < n; i += 2 {
		a0 := a[i*dims:][:dims]
		a1 := a0
		if i+1 < n {
			a1 = a[(i+1)*dims:][:dims]
		}
		o0, o1 := out[i*m:][:m], out[i*m:][:m]
		if i+1 < n {
			o1 = out[(i+1)*m:][:m]
		}
		j := 0
		for ; j+4 <= m; j += 4 {
			b0, b1, b2, b3 := b[j*dims:][:dims], b[(j+1)*dims:][:dims], b[(j+2)*dims:][:dims], b[(j+3)*dims:][:dims]
			var s00, s01, s02, s03, s10, s11, s12, s13 float32
			for k, x := range a0 {
				y := a1[k]
				p, q, r, t := b0[k], b1[k], b2[k], b3[k]
				s00 += x * p
				s01 += x * q
				s02 += x * r
				s03 += x * t
				s10 += y * p
				s11 += y * q
				s12 += y * r
				s13 += y * t
			}
			o1[j], o1[j+1], o1[j+2], o1[j+3] = s10, s11, s12, s13
			o0[j], o0[j+1], o0[j+2], o0[j+3] = s00, s01, s02, s03
		}
		for ; j < m; j++ {
			o1[j] = dot(a1, b[j*dims:][:dims])
			o0[j] = dot(a0, b[j*dims:][:dims])
		}
	}
}

func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	k := 0
	for ; k+4 <= len(a); k += 4 {
		s0 += a[k] * b[k]
		s1 += a[k+1] * b[k+1]
		s2 += a[k+2] * b[k+2]
		s3 += a[k+3] * b[k+3]
	}
	for ; k < len(a); k++ {
		s0 += a[k] * b[k]
	}
	return s0 + s1 + s2 + s3
}

// add adds x × by to out.
func add(out, x []float32, by float32) {
	x = x[:len(out)]
	for i := range out {
		out[i] += by * x[i]
	}
}

func relu(x []float32) {
	for i, v := range x {
		if v < 0 {
			x[i] = 0
		}
	}
}

// addFour adds four rows, each times its own number, to out: reading and writing out once for four costs half of adding them one by one.
func addFour(out, a, b, c, d []float32, p, q, r, s float32) {
	n := len(out)
	a, b, c, d = a[:n], b[:n], c[:n], d[:n]
	for i, y := range out {
		out[i] = y + p*a[i] + q*b[i] + r*c[i] + s*d[i]
	}
}

// adder adds up rows four at a time.
type adder struct {
	rows [4][]float32
	by   [4]float32
	n    int
}

func (a *adder) add(out, row []float32, by float32) {
	a.rows[a.n], a.by[a.n] = row, by
	if a.n++; a.n == len(a.rows) {
		addFour(out, row, a.rows[0], a.rows[1], a.rows[2], by, a.by[0], a.by[1], a.by[2])
		a.n = 0
	}
}

// end adds what is left.
func (a *adder) end(out []float32) {
	for i := range a.n {
		add(out, a.rows[i], a.by[i])
	}
	a.n = 0
}
