//go:build !amd64 || kotomori_checked

package kernel

const fast = false

func sumFast([]float32, []float32, []int32, []float32) {}

func sumBytesFast([]float32, []int8, []int32, []float32) {}

func largestFast(_, _ []uint64, _ [][]uint64, _, _ int) {}
