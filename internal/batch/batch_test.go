package batch

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// from gives the items one by one.
func from(items []int) func() (int, bool) {
	return func() (int, bool) {
		if len(items) == 0 {
			return 0, false
		}
		item := items[0]
		items = items[1:]
		return item, true
	}
}

func TestOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOf(rapid.Int()).Draw(t, "items")
		var got []int
		err := Ordered(rapid.IntRange(1, 8).Draw(t, "n"), from(items), func(i int) int { return i ^ 1 }, func(i int) error {
			got = append(got, i^1)
			return nil
		})
		if err != nil || !slices.Equal(got, items) {
			t.Fatalf("got %v, %v, want %v", got, err, items)
		}
	})
}

// TestOrderedIsParallel holds every item until n of them are in work at once.
func TestOrderedIsParallel(t *testing.T) {
	const n = 4
	var meet sync.WaitGroup
	meet.Add(n)
	err := Ordered(n, from(make([]int, n)), func(i int) int {
		meet.Done()
		meet.Wait()
		return i
	}, func(int) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
}

// TestOrderedIsBounded: while the first item is in work, only so many others are taken.
func TestOrderedIsBounded(t *testing.T) {
	const n = 2
	var taken atomic.Int64
	full := make(chan struct{})
	release := make(chan struct{})
	items := make([]int, 1000)
	for i := range items {
		items[i] = i
	}
	next := from(items)
	go func() {
		<-full
		close(release)
	}()
	// One item is awaited, 2n stand in order, and one more is in the hand of whoever takes them.
	const most = 2*n + 2
	err := Ordered(n, func() (int, bool) {
		item, ok := next()
		select {
		case <-release:
		default:
			if now := taken.Add(1); now == most {
				close(full)
			} else if now > most {
				t.Error("more items are on the way than there is room for")
			}
		}
		return item, ok
	}, func(i int) int {
		if i == 0 {
			<-release
		}
		return i
	}, func(int) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
}

func TestOrderedStopsAtAnError(t *testing.T) {
	broken := errors.New("broken")
	var emitted int
	i := 0
	err := Ordered(3, func() (int, bool) { i++; return i, true }, func(i int) int { return i }, func(i int) error {
		emitted++
		if i == 5 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || emitted != 5 {
		t.Errorf("got %v after %d", err, emitted)
	}
}
