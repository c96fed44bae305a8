package stream

import (
	"sync"
	"sync/atomic"
)

// pool spreads the judging of comments over all cores. Each partition's own goroutine works on its own comments and is
// helped by as many others as are free: so a slow comment, or a thousand, in one partition cannot keep another one from
// going on.
type pool struct{ free chan struct{} }

func newPool(helpers int) *pool { return &pool{make(chan struct{}, helpers)} }

// each calls f for 0 to n-1 and returns when all calls have.
func (p *pool) each(n int, f func(i int)) {
	var next atomic.Int64
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			f(i)
		}
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for range n - 1 {
		select {
		case p.free <- struct{}{}:
			wg.Go(func() {
				defer func() { <-p.free }()
				work()
			})
			continue
		default:
		}
		break
	}
	work()
}
