//go:build !kotomori_checked

package automaton

import (
	"encoding/binary"
	"unsafe"
)

// The accesses without bounds checks. Why they stay within bounds:
//
//   - load32, load64: the caller has compared i with the length of the text.
//   - at: a filter's index is masked or shifted to its size. A node's is a base plus a code; Compile lays as many free nodes
//     behind the highest base as there are codes, and the only numbers that are no base are in leaves, for which children is 0.
//   - at16: a table of 0x800 or 0x10000 entries, the index cut to 7 or 16 bits.
//   - get, put, keep: scan takes two characters where two places are left; the other callers write no more than they have read.

// load32 is the four bytes of s from i on, the first lowest.
func load32(s string, i uint64) uint32 {
	p := (*[4]byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))        //nolint:gosec // in bounds: see above
	return uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16 | uint32(p[3])<<24 // one load where the machine is little-endian
}

// load64 is the eight bytes of s from i on, the first lowest.
func load64(s string, i uint64) uint64 {
	p := (*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i)) //nolint:gosec // in bounds: see above
	return binary.LittleEndian.Uint64(p[:])
}

func at(s []uint64, i uint64) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(s)), i*8)) //nolint:gosec // in bounds: see above
}

func at16(s []uint16, i uint64) uint16 {
	return *(*uint16)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(s)), i*2)) //nolint:gosec // in bounds: see above
}

func get(q *[queueLen]place, i uint64) candidate {
	return *(*candidate)(unsafe.Add(unsafe.Pointer(q), i*8)) //nolint:gosec // in bounds: see above
}

func put(q *[queueLen]place, i uint64, c candidate) {
	*(*candidate)(unsafe.Add(unsafe.Pointer(q), i*8)) = c //nolint:gosec // in bounds: see above
}

func keep(q *[queueLen]place, i uint64, p place) {
	*(*place)(unsafe.Add(unsafe.Pointer(q), i*8)) = p //nolint:gosec // in bounds: see above
}
