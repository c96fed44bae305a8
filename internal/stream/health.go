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

// persist does something until it works, with growing pauses; false means that ctx ended first.
func (c *Client) persist(ctx context.Context, h *health, doing string, do func(context.Context) error) bool {
	var b backoff
	for {
		err := do(ctx)
		if ctx.Err() != nil {
			return false
		}
		h.set(doing, err)
		if err == nil {
			return true
		}
		pause := b.next()
		c.log.Warn("not ready", "doing", doing, "err", err, "next_try_in", pause.String())
		if !sleep(ctx, pause) {
			return false
		}
	}
}

// prepare waits for the cluster and for topics that are as they have to be; false means that ctx ended first.
func (c *Client) prepare(ctx context.Context, h *health, topics TopicSettings) bool {
	return c.persist(ctx, h, connecting, c.Ping) && c.persist(ctx, h, preparing, func(ctx context.Context) error {
		problems, err := c.EnsureTopics(ctx, topics)
		if err != nil {
			return err
		}
		var fatal []error
		for _, p := range problems {
			if p.Fatal {
				fatal = append(fatal, p)
			} else {
				c.log.Warn("topic", "topic", p.Topic, "what", p.What, "mend", p.Mend)
			}
		}
		return errors.Join(fatal...)
	})
}
