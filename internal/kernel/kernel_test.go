package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// plain is Sum as its doc says it.
func plain[N Number](out []float32, table []N, at []int32, by []float32) {
	for k, row := range at {
		for i := range out {
			out[i] += float32(by[k] * float32(table[int(row)*len(out)+i]))
		}
	}
}

func sameBits(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }

// TestSum holds the sums as they are on this machine, and in Go, to what the doc says, to the bit.
func TestSum(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	number := func() float32 { return float32(random.NormFloat64()) }
	byteOf := func() int8 { return int8(random.Uint32()) }
	for n := range 150 {
		for _, count := range []int{0, 1, 3, 4, 5, 40, 601} {
			testSum(t, random, n, count, number, map[string]func([]float32, []float32, []int32, []float32){"sum": sum[float32], "Sum": Sum[float32]})
			testSum(t, random, n, count, byteOf, map[string]func([]float32, []int8, []int32, []float32){"sum of bytes": sum[int8], "Sum of bytes": Sum[int8]})
		}
	}
}

func testSum[N Number](t *testing.T, random *rand.Rand, n, count int, draw func() N, ways map[string]func([]float32, []N, []int32, []float32)) {
	t.Helper()
	const rows = 50
	table, out := make([]N, rows*n), make([]float32, n+1)
	for i := range table {
		table[i] = draw()
	}
	for i := range out {
		out[i] = float32(random.NormFloat64())
	}
	at, by := make([]int32, count), make([]float32, count)
	for k := range at {
		at[k], by[k] = int32(random.IntN(rows)), float32(random.NormFloat64())
	}
	want := slices.Clone(out)
	plain(want[:n], table, at, by)
	for name, way := range ways {
		got := slices.Clone(out)
		way(got[:n], table, at, by)
		for i := range got {
			if !sameBits(got[i], want[i]) {
				t.Fatalf("%s, %d rows of %d: %g at %d, want %g", name, count, n, got[i], i, want[i])
			}
		}
	}
}

// lanesOf are the lanes of some words.
func lanesOf(words []uint64) (out []int) {
	for _, w := range words {
		for lane := range Lanes {
			out = append(out, int(w>>(LaneBits*lane)&0xFFFF))
		}
	}
	return out
}

// TestLargest likewise.
func TestLargest(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for words := range 40 {
		for width := 1; width <= 7; width++ {
			for _, places := range []int{1, 2, 9, 300} {
				testLargest(t, random, words, width, places)
			}
		}
	}
}

func testLargest(t *testing.T, random *rand.Rand, words, width, places int) {
	t.Helper()
	from := random.IntN(5)
	limit := (1<<15 - 1) / width
	if random.IntN(2) == 0 {
		limit = 3 // so that several places have the same sum
	}
	rows := make([][]uint64, places+width-1)
	for i := range rows {
		rows[i] = make([]uint64, from+width*words)
		for k := range rows[i] {
			for lane := range Lanes {
				rows[i][k] |= uint64(random.IntN(limit+1)) << (LaneBits * lane)
			}
		}
	}
	wantBest, wantAt := make([]int, Lanes*words), make([]int, Lanes*words)
	for i := range places {
		sums := make([]int, Lanes*words)
		for k := range width {
			for lane, x := range lanesOf(rows[i+k][from+k*words:][:words]) {
				sums[lane] += x
			}
		}
		for lane, x := range sums {
			if x > wantBest[lane] {
				wantBest[lane], wantAt[lane] = x, i
			}
		}
	}
	for name, way := range map[string]func(best, at []uint64, rows [][]uint64, width, from int){"largest": largest, "Largest": Largest} {
		best, at := make([]uint64, words+1), make([]uint64, words+1)
		best[words], at[words] = 7, 8
		if name == "Largest" {
			for w := range words {
				best[w], at[w] = random.Uint64(), random.Uint64()
			}
		}
		way(best[:words], at[:words], rows, width, from)
		if best[words] != 7 || at[words] != 8 {
			t.Errorf("%s of %d words writes behind them", name, words)
		}
		if got := lanesOf(best[:words]); !slices.Equal(got, wantBest) {
			t.Fatalf("%s of %d words, width %d, %d places: %d, want %d", name, words, width, places, got, wantBest)
		}
		if got := lanesOf(at[:words]); !slices.Equal(got, wantAt) {
			t.Fatalf("%s of %d words, width %d, %d places: at %d, want %d", name, words, width, places, got, wantAt)
		}
	}
}

// TestBounds: what is not there is told, not read.
func TestBounds(t *testing.T) {
	table, out := make([]float32, 16*3), make([]float32, 16)
	rows := [][]uint64{make([]uint64, 8), make([]uint64, 8), make([]uint64, 7)}
	four := make([]uint64, 4)
	for name, call := range map[string]func(){
		"a row behind the table":       func() { Sum(out, table, []int32{0, 3}, []float32{1, 1}) },
		"a row before the table":       func() { Sum(out, table, []int32{-1}, []float32{1}) },
		"half a row":                   func() { Sum(out, table[:40], []int32{2}, []float32{1}) },
		"fewer weights":                func() { Sum(out, table, []int32{0, 1}, make([]float32, 1)) },
		"a row of bytes behind":        func() { Sum(out, make([]int8, 16*3), []int32{3}, []float32{1}) },
		"rows fewer than the width":    func() { Largest(four, four, rows[:1], 2, 0) },
		"no width":                     func() { Largest(four, four, rows[:2], 0, 0) },
		"a short row":                  func() { Largest(four, four, rows, 2, 0) },
		"words behind the row":         func() { Largest(four, four, rows[:2], 2, 1) },
		"words before the row":         func() { Largest(four, four, rows[:2], 2, -1) },
		"fewer places than there were": func() { Largest(four, make([]uint64, 3), rows[:2], 2, 0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
}

// FuzzSum holds the sums of this machine to those in Go, whatever numbers are added.
func FuzzSum(f *testing.F) {
	f.Add(uint64(1), 48, 64)
	f.Fuzz(func(t *testing.T, seed uint64, n, count int) {
		if n < 1 || n > 300 || count < 0 || count > 700 {
			t.Skip()
		}
		random := rand.New(rand.NewPCG(seed, 5))
		table, out := make([]float32, 9*n), make([]float32, n)
		for _, x := range [][]float32{table, out} {
			for i := range x {
				x[i] = math.Float32frombits(random.Uint32())
			}
		}
		at, by := make([]int32, count), make([]float32, count)
		for k := range at {
			at[k], by[k] = int32(random.IntN(9)), math.Float32frombits(random.Uint32())
		}
		want := slices.Clone(out)
		sum(want, table, at, by)
		Sum(out, table, at, by)
		for i := range out {
			if !sameBits(out[i], want[i]) && !math.IsNaN(float64(want[i])) { // which of several NaNs is left nobody says
				t.Fatalf("%g at %d, want %g", out[i], i, want[i])
			}
		}
	})
}

// FuzzLargest likewise.
func FuzzLargest(f *testing.F) {
	f.Add(uint64(1), 16, 5, 60)
	f.Fuzz(func(t *testing.T, seed uint64, words, width, places int) {
		if words < 0 || words > 100 || width < 1 || width > 12 || places < 1 || places > 400 {
			t.Skip()
		}
		testLargest(t, rand.New(rand.NewPCG(seed, 7)), words, width, places)
	})
}

// The sizes are those of the net's layer over what its filters found, and of its filters over a comment of 56 characters.

func BenchmarkSum(b *testing.B) {
	const n, rows = 128, 300
	table, out := make([]float32, n*rows), make([]float32, n)
	at, by := make([]int32, rows), make([]float32, rows)
	for k := range at {
		at[k], by[k] = int32(k), 1
	}
	b.Run("way=machine", func(b *testing.B) {
		for b.Loop() {
			Sum(out, table, at, by)
		}
	})
	b.Run("way=go", func(b *testing.B) {
		for b.Loop() {
			sum(out, table, at, by)
		}
	})
}

func BenchmarkLargest(b *testing.B) {
	const words, width, places = 16, 5, 56
	rows := make([][]uint64, places+width-1)
	for i := range rows {
		rows[i] = make([]uint64, width*words)
	}
	best, at := make([]uint64, words), make([]uint64, words)
	b.Run("way=machine", func(b *testing.B) {
		for b.Loop() {
			Largest(best, at, rows, width, 0)
		}
	})
	b.Run("way=go", func(b *testing.B) {
		for b.Loop() {
			largest(best, at, rows, width, 0)
		}
	})
}
