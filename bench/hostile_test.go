package bench

import (
	"testing"
	"time"
	"unicode/utf8"
)

// mostOfMean is how much more a character of a hostile comment may cost than one of the mix.
const mostOfMean = 20

// TestHostile: a comment of 10,000 characters takes no more than its length explains, so no rule is quadratic in it. What something else on the
// machine takes cannot fail it: the shortest of three tries counts, and the bound is far off.
func TestHostile(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector slows down some of it more than the rest")
	}
	s, err := seeds()
	if err != nil {
		t.Fatal(err)
	}
	hostile, err := s.Hostile()
	if err != nil {
		t.Fatal(err)
	}
	c := judge(t)
	perChar := func(of []Comment) time.Duration {
		shortest, chars := time.Duration(0), 0
		for _, in := range of {
			chars += utf8.RuneCountInString(in.Text)
		}
		for try := range 3 {
			begin := time.Now()
			for _, in := range of {
				if _, err := c.Classify(in.Comment); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(begin); try == 0 || took < shortest {
				shortest = took
			}
		}
		return shortest / time.Duration(chars)
	}
	mean := perChar(comments(t, 300))
	for name, text := range hostile {
		in := comments(t, 1)[0]
		in.Text = text
		if got := perChar([]Comment{in}); got > mostOfMean*mean {
			t.Errorf("%s: %v a character, %.1f times the mean", name, got, float64(got)/float64(mean))
		}
	}
}
