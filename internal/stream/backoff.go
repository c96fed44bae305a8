package stream

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff counts growing pauses between tries: 100 ms, doubled up to 5 s, a quarter more or less so that many workers
// do not come at once.
type backoff struct{ last time.Duration }

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, 100*time.Millisecond), 5*time.Second)
	pause := b.last*3/4 + rand.N(b.last/2) //nolint:gosec // nobody gains by guessing it
	return pause.Round(time.Millisecond)
}

func (b *backoff) reset() { b.last = 0 }

// sleep pauses; false means that ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
