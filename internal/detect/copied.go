package detect

import (
	"slices"

	"github.com/kotomori/kotomori/internal/text"
)

// copiedLeast is how many characters, marks aside, make a copy.
const copiedLeast = 12

// findCopied reports stretches of at least copiedLeast characters that stand in the official post too, marks, spaces, links,
// mentions and hashtags aside.
func findCopied(in *Input, found func(text.Span)) {
	v := &in.Text.Plain
	if !in.Post.mayShare(v.Runes, oneRun) {
		return
	}
	a, b := strip(v.Runes), in.Post.strip()
	for _, s := range copies(a.runes, b.runes, copiedLeast) {
		found(v.Span(a.at[s[0]], a.at[s[1]-1]+1))
	}
}

// oneRun is what a copy shares with the post at the least.
func oneRun(int) int { return 1 }

// copies gives the stretches of a, [start,end), whose every n characters in a row stand in b. Linear in time: the hashes of
// a's stretches are looked for in b once, and each is done with when it is found.
func copies(a, b []rune, n int) [][2]int {
	if len(a) < n || len(b) < n {
		return nil
	}
	grams := map[uint64][]int{}
	rollingHash(a, n, func(i int, h uint64) { grams[h] = append(grams[h], i) })
	covered := make([]bool, len(a))
	rollingHash(b, n, func(j int, h uint64) {
		at, ok := grams[h]
		if !ok {
			return
		}
		delete(grams, h)
		for _, i := range at {
			if slices.Equal(a[i:i+n], b[j:j+n]) {
				for k := i; k < i+n; k++ {
					covered[k] = true
				}
			}
		}
	})
	var out [][2]int
	for i := 0; i < len(a); {
		if !covered[i] {
			i++
			continue
		}
		j := i
		for j < len(a) && covered[j] {
			j++
		}
		out = append(out, [2]int{i, j})
		i = j
	}
	return out
}

// rollingHash gives a hash of each n characters in a row.
func rollingHash(r []rune, n int, found func(i int, h uint64)) {
	const base = 0x9E3779B97F4A7C15 | 1
	var h, top uint64 = 0, 1
	for range n - 1 {
		top *= base
	}
	for i, c := range r {
		if i >= n {
			h -= uint64(r[i-n]+1) * top
		}
		h = h*base + uint64(c+1)
		if i >= n-1 {
			found(i-n+1, h)
		}
	}
}
