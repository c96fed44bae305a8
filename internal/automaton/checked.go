//go:build kotomori_checked

package automaton

// unsafe.go with bounds checks.

func load32(s string, i uint64) uint32 {
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
}

func at(s []uint64, i uint64) uint64 { return s[i] }

func at16(s []uint16, i uint64) uint16 { return s[i] }

func get(q *[queueLen]candidate, i uint64) candidate { return q[i] }

func put(q *[queueLen]candidate, i uint64, c candidate) { q[i] = c }
