package detect

import "github.com/kotomori/kotomori/internal/text"

const (
	floodLetter  = 15 // times one letter, in a row
	floodStretch = 4  // times a stretch, in a row
	maxStretch   = 40 // letters of such a stretch
)

// findRepetition reports a flood: one letter fifteen times or a stretch of 2 to 40 letters four times in a row, where such
// make up half of the reply. Marks and spaces between are passed over. Laughter (www, 草) is no flood.
func findRepetition(in *Input, found func(text.Span)) {
	v := &in.Text.Plain
	if !repeats(v.Runes) {
		return
	}
	var s []rune
	var at []int
	for i, c := range v.Runes {
		if counts(c) {
			s = append(s, c)
			at = append(at, i)
		}
	}
	runs, covered := floods(s)
	if covered*2 < len(s) {
		return
	}
	for _, x := range runs {
		found(v.Span(at[x[0]], at[x[1]-1]+1))
	}
}

// floods are the stretches of s that flood, and how many letters they cover.
func floods(s []rune) (runs [][2]int, covered int) {
	for i := 0; i < len(s); {
		// Laughter as a whole, or long laughter would cost its length squared.
		if e := sameRun(s, i); e-i >= floodLetter && (s[i] == 'w' || s[i] == '草' || s[i] == '笑') {
			i = e
			continue
		}
		end := floodAt(s, i)
		if end == i {
			i++
			continue
		}
		runs = append(runs, [2]int{i, end})
		covered += end - i
		i = end
	}
	return runs, covered
}

// counts says whether r is a letter that a flood may consist of.
func counts(r rune) bool { return isWord(r) && r != 'ー' }

// repeats is a necessary condition for floods that make up half of the letters of s: a quarter of their pairs of neighbours were there before. A
// flood of n letters, eight or more, has n-1 pairs, of which a quarter of n at most are new. It takes no memory.
func repeats(s []rune) bool {
	var seen runSet
	letters, again := 0, 0
	var pair [2]rune
	for _, r := range s {
		if !counts(r) {
			continue
		}
		pair[0], pair[1] = pair[1], r
		if letters++; letters < 2 {
			continue
		}
		if seen.has(pair[:]) {
			again++
		}
		seen.add(pair[:])
	}
	return 4*again >= letters
}

// sameRun is the end of the run of one letter that begins at s[i].
func sameRun(s []rune, i int) int {
	j := i
	for j < len(s) && s[j] == s[i] {
		j++
	}
	return j
}

// floodAt is the end of the flood that begins at s[i] with the shortest period, or i.
func floodAt(s []rune, i int) int {
	same := sameRun(s, i)
	if same-i >= floodLetter {
		return same
	}
	for p := 2; p <= maxStretch && i+p < len(s); p++ {
		if same >= i+p {
			continue // one letter
		}
		e := i + p
		for e < len(s) && s[e] == s[e-p] {
			e++
		}
		if times := (e - i) / p; times >= floodStretch {
			return i + times*p
		}
	}
	return i
}
