//go:build race

package classifier_test

// stride: under the race detector, which is ten times slower, every tenth comment will do.
const stride = 10

const raceEnabled = true
