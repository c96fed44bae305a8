// Package batch does work on all cores and keeps its order.
package batch

import "sync"

// Ordered takes items from next until it says false, does each on one of n goroutines, and gives the results
// to emit in the order of the items. next and emit are each called by one goroutine at a time. At most 2n
// items are on the way, so memory does not grow with their number.
//
// It returns the first error of emit, and then without waiting for a call of next that may hang in a read;
// next is not called again after that one.
func Ordered[T, R any](n int, next func() (T, bool), do func(T) R, emit func(R) error) error {
	type job struct {
		item   T
		result chan R // holds one
	}
	var (
		jobs  = make(chan job)
		order = make(chan chan R, 2*n)
		stop  = make(chan struct{})
		work  sync.WaitGroup
	)
	for range n {
		work.Go(func() {
			for j := range jobs {
				j.result <- do(j.item)
			}
		})
	}
	go func() {
		defer close(order)
		defer close(jobs)
		for {
			item, ok := next()
			if !ok {
				return
			}
			j := job{item, make(chan R, 1)}
			select {
			case order <- j.result:
			case <-stop:
				return
			}
			select {
			case jobs <- j:
			case <-stop:
				return
			}
		}
	}()
	for result := range order {
		if err := emit(<-result); err != nil {
			close(stop)
			return err
		}
	}
	work.Wait()
	return nil
}
