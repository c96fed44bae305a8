//go:build !amd64 || kotomori_checked

package kernel

const fast = false

func sumFast[number Number]([]float32, []number, []int32, []float32) {}

func largestFast(_, _ []uint64, _ [][]uint64, _, _ int) {}
