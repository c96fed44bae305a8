//go:build kotomori_checked

package automaton

import "encoding/binary"

// unsafe.go with bounds checks.

func load32(s string, i uint64) uint32 {
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
}

func at(s []uint64, i uint64) uint64 { return s[i] }

func at16(s []uint16, i uint64) uint16 { return s[i] }

func load64(s string, i uint64) uint64 { return binary.LittleEndian.Uint64([]byte(s[i : i+8])) }

func get(q *[queueLen]place, i uint64) candidate { return q[i/placeWords].candidate }

func put(q *[queueLen]place, i uint64, c candidate) { q[i/placeWords].candidate = c }

func keep(q *[queueLen]place, i uint64, p place) { q[i/placeWords] = p }
