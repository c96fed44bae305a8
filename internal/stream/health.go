package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// health is what keeps a worker from working, by what it is doing.
type health struct {
	mu      sync.Mutex
	trouble map[string]error
	changed chan struct{} // closed when trouble changes
}

func newHealth() *health {
	return &health{trouble: make(map[string]error), changed: make(chan struct{})}
}

// set says that something does not work; the nil error that it does.
func (h *health) set(doing string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, was := h.trouble[doing]
	switch {
	case err != nil:
		h.trouble[doing] = err
	case was:
		delete(h.trouble, doing)
	default:
		return
	}
	close(h.changed)
	h.changed = make(chan struct{})
}

// await waits until what err says is as wanted, or ctx ends.
func (h *health) await(ctx context.Context, wanted func(error) bool) error {
	for {
		h.mu.Lock()
		changed := h.changed
		h.mu.Unlock()
		if wanted(h.err()) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), h.err())
		}
	}
}

func (h *health) clear(doing string) { h.set(doing, nil) }

// err is nil when everything works.
func (h *health) err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	for doing, err := range h.trouble {
		errs = append(errs, fmt.Errorf("%s: %w", doing, err))
	}
	return errors.Join(errs...)
}
