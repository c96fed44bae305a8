package detect

// runSet is a set of short runs of letters by their hash, so that some seem to be in it that are not.
type runSet [1 << (runSetBits - 6)]uint64

const runSetBits = 13 // a post has some hundred letters

// lettersOf puts a run into a number. The next run of the same length is that number with the next letter added and the first one taken off.
func lettersOf(run []rune) (letters uint64) {
	for _, r := range run {
		letters = letters<<runSetShift ^ uint64(r)
	}
	return letters
}

const runSetShift = 14

// placeOf is the word and the bit of a run.
func placeOf(letters uint64) (word, bit uint64) {
	h := letters * 0x9E3779B97F4A7C15 >> (64 - runSetBits)
	return h / 64, 1 << (h % 64)
}

func (s *runSet) add(run []rune) {
	word, bit := placeOf(lettersOf(run))
	s[word] |= bit
}

func (s *runSet) has(run []rune) bool { return s.hasLetters(lettersOf(run)) }

func (s *runSet) hasLetters(letters uint64) bool {
	word, bit := placeOf(letters)
	return s[word]&bit != 0
}
