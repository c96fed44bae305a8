//go:build !race

package classifier_test

const stride = 1

const raceEnabled = false
