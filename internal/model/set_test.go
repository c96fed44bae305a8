package model

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSet(t *testing.T) {
	var s set
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := random.IntN(300)
		s.reset(n)
		want := map[uint32]bool{}
		for range n {
			k := random.Uint32N(500)
			if got := s.add(k); got == want[k] {
				t.Fatalf("add(%d) = %v, want %v", k, got, !want[k])
			}
			want[k] = true
		}
		for k := range uint32(500) {
			if s.has(k) != want[k] {
				t.Fatalf("has(%d) = %v, want %v", k, s.has(k), want[k])
			}
		}
	}
}

func TestUnique(t *testing.T) {
	var s set
	random := rand.New(rand.NewPCG(7, 8))
	for range 500 {
		numbers := make([]int32, random.IntN(400))
		seen := map[int32]bool{}
		var want []int32
		of := 1 + random.Int32N(600)
		for i := range numbers {
			n := random.Int32N(of)
			numbers[i] = n
			if !seen[n] {
				seen[n] = true
				want = append(want, n)
			}
		}
		if got := numbers[:s.unique(numbers)]; !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestFirstFrom(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for range 20_000 {
		in := make([]int32, random.IntN(6))
		for i := range in {
			in[i] = random.Int32N(8)
		}
		slices.Sort(in)
		least := random.IntN(10)
		want, _ := slices.BinarySearch(in, int32(least))
		if got := firstFrom(in, least, random.IntN(10)); got != want {
			t.Fatalf("the first of %v from %d is %d, want %d", in, least, got, want)
		}
	}
}

// A set's marks wrap around after 2³² uses; what was in it before must not come back.
func TestSetWraps(t *testing.T) {
	s := set{}
	s.reset(1)
	s.add(7)
	s.mark = 1<<32 - 1
	s.add(8)
	s.reset(1)
	if s.has(7) || s.has(8) || !s.add(7) {
		t.Error("a key of an earlier use is in the set")
	}
}

func TestVocabulary(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 50, 40_000} {
		known := map[uint32]bool{}
		for len(known) < n {
			known[random.Uint32()] = true
		}
		var keys []uint32
		for k := range known {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		v := newVocabulary(keys)
		find := func(key uint32) int32 {
			if number, ok := v.resolve(key, v.at(key)); ok {
				return number
			}
			return v.walk(key)
		}
		taken := 0
		for want, k := range keys {
			switch got := find(k); {
			case got == unknown:
				t.Fatalf("of %d keys, %#x is not known", n, k)
			case int(got) != want:
				taken++
			}
		}
		if taken > n/1000 {
			t.Errorf("of %d keys, %d are taken for another", n, taken)
		}
		taken = 0
		for range 20_000 {
			if k := random.Uint32(); !known[k] && find(k) != unknown {
				taken++
			}
		}
		if taken > 20 {
			t.Errorf("of %d keys, %d of 20,000 unknown ones are taken for a known one", n, taken)
		}
	}
}

func TestAddRows(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	const classes = 18
	for _, n := range []int{0, 1, maxSums, maxSums + 1, 3000} {
		want := make([]float32, classes)
		var rows []row
		for range n {
			weights := make([]int8, classes)
			for k := range weights {
				weights[k] = int8(random.IntN(255) - 127)
				want[k] += float32(weights[k])
			}
			rows = append(rows, pack(weights))
		}
		got := make([]float32, classes)
		addRows(got, rows, 1)
		if !slices.Equal(got, want) {
			t.Errorf("%d rows: %v, want %v", n, got, want)
		}
	}
}
