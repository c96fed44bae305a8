// Package kernel has the inner loops that reading by the model spends its time in: weighted sums of rows, and the largest of sums of rows in lanes.
//
// They are written in Go, which is what they mean, and a second time in assembly for amd64 with AVX2, eight or sixteen numbers at a time: Go's compiler does not
// make such code itself. The assembly gives the same bits as Go does, so that what a comment is recommended for does not depend on the machine; the tests
// hold the two side by side. What reaches the assembly has been checked here to lie within its slices. The tag kotomori_checked builds without it.
package kernel

import "fmt"

// Sum adds rows of a table to out, one after the other, each times its weight: out[i] += by[k]·table[at[k]·n+i], where n is the length of out. It panics where
// a row is not in the table.
func Sum[number Number](out []float32, table []number, at []int32, by []float32) {
	if len(out) == 0 {
		return
	}
	check(len(out), len(table), at)
	by = by[:len(at)]
	if fast {
		sumFast(out, table, at, by)
	} else {
		sum(out, table, at, by)
	}
}

// Number is what a table can hold.
type Number interface{ int8 | float32 }

// check panics where a row of n numbers is not in a table of so many.
func check(n, table int, at []int32) {
	rows := table / n
	for _, row := range at {
		if uint(row) >= uint(rows) {
			panic(fmt.Sprintf("kernel: row %d of %d", row, rows))
		}
	}
}

// sum in Go. A conversion keeps a product from being fused with its sum, which some machines could and others could not.
func sum[number Number](out []float32, table []number, at []int32, by []float32) {
	n := len(out)
	k := 0
	for ; k+4 <= len(at); k += 4 { // out is read and written once for four rows
		a, b, c, d := table[int(at[k])*n:][:n], table[int(at[k+1])*n:][:n], table[int(at[k+2])*n:][:n], table[int(at[k+3])*n:][:n]
		p, q, r, s := by[k], by[k+1], by[k+2], by[k+3]
		for i, y := range out {
			y += float32(p * float32(a[i]))
			y += float32(q * float32(b[i]))
			y += float32(r * float32(c[i]))
			out[i] = y + float32(s*float32(d[i]))
		}
	}
	for ; k < len(at); k++ {
		a, p := table[int(at[k])*n:][:n], by[k]
		for i := range out {
			out[i] += float32(p * float32(a[i]))
		}
	}
}

// Lanes of a word in Largest, and the bits of each.
const (
	Lanes    = 4
	LaneBits = 16

	topBits  = 0x8000_8000_8000_8000
	eachLane = 0x0001_0001_0001_0001
)

// Largest puts into best, for each lane of its words, the largest sum over width rows in a row: that of the words at from in the first of them, and of those
// that follow these, as many, in the second, and so on. Into at, which is as long, it puts which row is the first of them, and of several with the same
// sum the earliest. Sums must keep below 1<<15, and so must the number of rows. These are of one length; there are width of them at least, or it panics.
func Largest(best, at []uint64, rows [][]uint64, width, from int) {
	end := from + width*len(best)
	for _, r := range rows {
		_ = r[from:end]
	}
	_ = rows[width-1]
	at = at[:len(best)]
	clear(best)
	clear(at)
	if fast {
		largestFast(best, at, rows, width, from)
	} else {
		largest(best, at, rows, width, from)
	}
}

// largest in Go: best and at are all zero.
func largest(best, at []uint64, rows [][]uint64, width, from int) {
	words := len(best)
	for i := uint64(0); len(rows) >= width; i, rows = i+1, rows[1:] {
		here := i * eachLane
		a := rows[0][from:][:words]
		switch width {
		case 1:
			for w := range best {
				best[w], at[w] = larger(best[w], at[w], a[w], here)
			}
			continue
		case 2:
			b := rows[1][from+words:][:words]
			for w := range best {
				best[w], at[w] = larger(best[w], at[w], a[w]+b[w], here)
			}
			continue
		}
		b, c := rows[1][from+words:][:words], rows[2][from+2*words:][:words]
		for w := range best {
			x := a[w] + b[w] + c[w]
			for k := 3; k < width; k++ {
				x += rows[k][from+k*words+w]
			}
			best[w], at[w] = larger(best[w], at[w], x, here)
		}
	}
}

// larger takes over, in each lane of 15 bits, x where it is larger than the best so far, and where that is.
func larger(best, at, x, here uint64) (uint64, uint64) {
	d := (best | topBits) - x // a lane's top bit stays where the best is not less
	t := d & topBits
	stays := t - t>>(LaneBits-1) // 15 bits where the top one is
	return x + d&stays, at&stays | here&^stays
}
