//go:build !kotomori_checked

package kernel

import "golang.org/x/sys/cpu"

var fast = cpu.X86.HasAVX2

// The assembly takes eight numbers, or four words, at once, and leaves what is over to Go. Why it stays within bounds: it reads of a row and of out what is
// said here, which Sum and Largest have checked to be there.

func sumFast[number Number](out []float32, table []number, at []int32, by []float32) {
	n := len(out)
	if whole := n &^ 7; whole > 0 && len(at) > 0 {
		switch table := any(table).(type) {
		case []float32:
			sumAVX2(&out[0], &table[0], n, whole, &at[0], &by[0], len(at))
		case []int8:
			sumBytesAVX2(&out[0], &table[0], n, whole, &at[0], &by[0], len(at))
		}
	}
	sumRest(out, table, at, by)
}

// sumRest is Sum for the last numbers, which are no eight.
func sumRest[number Number](out []float32, table []number, at []int32, by []float32) {
	n := len(out)
	for i := n &^ 7; i < n; i++ {
		y := out[i]
		for k, row := range at {
			y += float32(by[k] * float32(table[int(row)*n+i]))
		}
		out[i] = y
	}
}

func largestFast(best, at []uint64, rows [][]uint64, width, from int) {
	words := len(best)
	if whole := words &^ 3; whole > 0 {
		largestAVX2(&best[0], &at[0], words, whole, &rows[0], len(rows)-width+1, width, from)
	}
	for w := words &^ 3; w < words; w++ {
		for i := range len(rows) - width + 1 {
			x := uint64(0)
			for k := range width {
				x += rows[i+k][from+k*words+w]
			}
			best[w], at[w] = larger(best[w], at[w], x, uint64(i)*eachLane)
		}
	}
}

// sumAVX2 is Sum for the first whole numbers of rows of n; whole is a multiple of 8, count of rows at least 1.
//
//go:noescape
func sumAVX2(out, table *float32, n, whole int, at *int32, by *float32, count int)

// sumBytesAVX2 is likewise Sum of bytes.
//
//go:noescape
func sumBytesAVX2(out *float32, table *int8, n, whole int, at *int32, by *float32, count int)

// largestAVX2 is Largest for the first whole of words; whole is a multiple of 4, places at least 1.
//
//go:noescape
func largestAVX2(best, at *uint64, words, whole int, rows *[]uint64, places, width, from int)
