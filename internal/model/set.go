package model

import "math/bits"

// A set of 32-bit keys that is used again for each comment: open addressing, as Go's map costs more than all the rest. A key counts only with
// the mark of the current use, so that nothing has to be cleared.
type set struct {
	slots []uint64 // mark<<32 | key
	mark  uint64
}

// reset empties the set, and makes room for n keys.
func (s *set) reset(n int) {
	size := 64
	for size < 2*n {
		size *= 2
	}
	if s.mark++; cap(s.slots) < size || s.mark>>32 != 0 {
		s.slots, s.mark = make([]uint64, size), 1
	}
	s.slots = s.slots[:size] // and no more: the keys should lie close together
}

// add reports whether the key is new.
func (s *set) add(key uint32) bool {
	want := s.mark<<32 | uint64(key)
	for i := spread(key); ; i++ {
		switch at := &s.slots[i&uint32(len(s.slots)-1)]; {
		case *at == want:
			return false
		case *at>>32 != s.mark:
			*at = want
			return true
		}
	}
}

// unique empties the set, puts the different ones of some numbers first, in their order, and says how many they are.
func (s *set) unique(numbers []int32) int {
	s.reset(2 * len(numbers)) // so that most are alone at their place
	slots, n := s.slots, 0
	for _, number := range numbers {
		numbers[n] = number
		want := s.mark<<32 | uint64(number)
		at := &slots[spread(uint32(number))&uint32(len(slots)-1)]
		other := *at ^ want
		if other != 0 && other>>32 == 0 { // another number's place
			if s.add(uint32(number)) {
				n++
			}
			continue
		}
		*at = want
		n += int((other | -other) >> 63) // whether it is new cannot be guessed, so there is no branch
	}
	return n
}

// has reports whether the key is in the set.
func (s *set) has(key uint32) bool {
	if len(s.slots) == 0 {
		return false
	}
	mask := uint32(len(s.slots) - 1)
	want := s.mark<<32 | uint64(key)
	for i := spread(key) & mask; ; i = (i + 1) & mask {
		switch x := s.slots[i]; {
		case x == want:
			return true
		case x>>32 != s.mark:
			return false
		}
	}
}

// spread makes keys that are small numbers differ in their lower bits as hashes do.
func spread(key uint32) uint32 {
	key *= 0x9E3779B1
	return key ^ key>>16
}

// vocabulary numbers the features that a model knows, by their keys' order. A nil one knows all, and numbers none.
//
// It is a hash table of four bytes a slot, as most of what a lookup costs is the way to memory: a slot holds the number and as many of the
// key's upper bits as there is room for. The lower ones are where the slot is. So two keys are taken for one if they differ in
// nothing but how far they were put from their place: one in some ten thousand. Training sees the same.
type vocabulary struct {
	slots []uint32 // upper bits of the key, then number+1; 0 is empty
	bits  uint     // of a number
	lower uint32   // as many bits, set
}

// maxFeatures bounds a vocabulary: its numbers must leave room for bits of the key.
const maxFeatures = 1<<22 - 2

func newVocabulary(keys []uint32) *vocabulary {
	size := 64
	for size < 2*len(keys) {
		size *= 2
	}
	v := &vocabulary{slots: make([]uint32, size), bits: uint(bits.Len(uint(len(keys) + 1)))}
	v.lower = 1<<v.bits - 1
	mask := uint32(size - 1)
	for n, key := range keys {
		i := key & mask
		for v.slots[i] != 0 {
			i = (i + 1) & mask
		}
		v.slots[i] = key>>v.bits<<v.bits | uint32(n+1)
	}
	return v
}

// unknown is the number of a feature that is not in the vocabulary.
const unknown = -1

// slots are what lies at a key's place, and behind it.
type slots struct{ first, second uint32 }

// at gives the slots of a key. Asking for many before any is looked at lets memory answer them at once.
func (v *vocabulary) at(key uint32) slots {
	return slots{v.slots[key&uint32(len(v.slots)-1)], v.slots[(key+1)&uint32(len(v.slots)-1)]}
}

// resolve is the number of a key, given its slots, if these tell it; if not, walk does. Whether a key is known cannot be guessed, nor in which
// slot it is, so there is no branch.
func (v *vocabulary) resolve(key uint32, at slots) (number int32, ok bool) {
	ends := v.ends(at.first, key)
	slot := at.second ^ (at.first^at.second)&uint32(int32(ends)>>31)
	return int32(slot&v.lower) - 1, int32(ends|v.ends(at.second, key)) < 0
}

// ends has its upper bit set if a slot ends the search for a key: it is empty, or has the key's upper bits.
func (v *vocabulary) ends(slot, key uint32) uint32 {
	return (slot^key)>>(v.bits&31) - 1 | (slot-1)&^slot
}

// walk is the number of a key whose two slots are both others'.
func (v *vocabulary) walk(key uint32) int32 {
	for i := key + 2; ; i++ {
		slot := v.slots[i&uint32(len(v.slots)-1)]
		if slot == 0 {
			return unknown
		}
		if (slot^key)>>v.bits == 0 {
			return int32(slot&v.lower) - 1
		}
	}
}

// isKnown is 1 for the number of a feature that is known, otherwise 0: to count without a branch.
func isKnown(number int32) int { return int(^uint32(number) >> 31) }
