package detect

// runSet is a set of short runs of letters by their hash, so that some seem to be in it that are not.
type runSet [1 << (runSetBits - 6)]uint64

const runSetBits = 13 // a post has some hundred letters

// placeOf is the word and the bit of a run.
func placeOf(run []rune) (word, bit uint64) {
	h := uint64(0)
	for _, r := range run {
		h = h<<14 ^ uint64(r)
	}
	h = h * 0x9E3779B97F4A7C15 >> (64 - runSetBits)
	return h / 64, 1 << (h % 64)
}

func (s *runSet) add(run []rune) {
	word, bit := placeOf(run)
	s[word] |= bit
}

func (s *runSet) has(run []rune) bool {
	word, bit := placeOf(run)
	return s[word]&bit != 0
}
