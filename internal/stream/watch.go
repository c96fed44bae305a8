package stream

import (
	"context"
	"encoding/hex"
	"errors"
	"sync"

	"github.com/segmentio/kafka-go"

	"github.com/kotomori/kotomori/internal/event"
)

// WatchOptions say where a watch begins and ends.
type WatchOptions struct {
	FromEnd  bool          // only what is written from now on; otherwise from the beginning
	Offsets  map[int]int64 // begin there instead, by partition (as from EndOffsets)
	UntilEnd bool          // return nil after what was there at the time of the call
}

// Watch calls fn with each recommendation as it arrives, one after the other, until ctx ends (then it returns nil), fn
// returns an error (which it returns), or the end is reached. Kafka may hold a recommendation twice: a record that says
// nothing new about its comment is left out, and so is one about an earlier revision than the last. Withdrawals are
// passed on too, even where the watch began after what they withdraw. Records that are no recommendations are logged and
// skipped. While the cluster is away it goes on trying.
func (c *Client) Watch(ctx context.Context, o WatchOptions, fn func(event.Recommendation) error) error {
	type shown struct {
		said
		withdraws bool
	}
	last := make(map[stateKey]shown)
	return c.watch(ctx, event.TopicRecommendations, o, func(m message) error {
		if m.value == nil {
			delete(last, stateKeyOf(string(m.key)))
			return nil
		}
		r, err := event.DecodeRecommendation(m.value)
		if err != nil {
			return skip{err}
		}
		now := shown{said{revision: int64(r.Revision), status: statusOf(r.Status, r.Why)}, r.Withdraws}
		if id, err := hex.DecodeString(r.ID); err == nil && len(id) == len(now.id) {
			now.id = [16]byte(id)
		}
		key := stateKeyOf(r.Key())
		// Of a deletion that names no post every partition tells, but only one withdraws something.
		if before, ok := last[key]; ok && !now.after(before.said) && !(now.withdraws && !before.withdraws && now.revision == before.revision) {
			return nil
		}
		last[key] = now
		return fn(r)
	})
}

// WatchDeadLetters is Watch for the dead letters. One that is there twice is passed on once.
func (c *Client) WatchDeadLetters(ctx context.Context, o WatchOptions, fn func(event.DeadLetter) error) error {
	seen := make(map[stateKey]bool)
	return c.watch(ctx, event.TopicDeadLetter, o, func(m message) error {
		if m.value == nil {
			return nil
		}
		d, err := event.DecodeDeadLetter(m.value)
		if err != nil {
			return skip{err}
		}
		if key := stateKeyOf(d.Key()); !seen[key] {
			seen[key] = true
			return fn(d)
		}
		return nil
	})
}

// skip says that a record is not what it should be.
type skip struct{ error }

func (c *Client) watch(ctx context.Context, topic string, o WatchOptions, fn func(message) error) error {
	var starts, ends map[int]int64
	if !c.retry(ctx, topic, func() (err error) {
		if starts, err = c.allOffsets(ctx, topic, kafka.FirstOffset); err != nil {
			return err
		}
		ends, err = c.EndOffsets(ctx, topic)
		return err
	}) {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex // fn is called by one reader at a time
	var failed error
	var wg sync.WaitGroup
	defer wg.Wait()
	for p, offset := range starts {
		if o.FromEnd {
			offset = ends[p]
		}
		if o.Offsets != nil {
			offset = o.Offsets[p]
		}
		wg.Go(func() {
			c.watchPartition(ctx, topic, p, offset, ends[p], o.UntilEnd, func(m message) bool {
				mu.Lock()
				defer mu.Unlock()
				if ctx.Err() != nil {
					return false
				}
				err := fn(m)
				if s, ok := errors.AsType[skip](err); ok {
					c.log.Warn("ignoring a record that does not belong here", "topic", topic, "partition", p, "offset", m.offset, "err", s.error)
				} else if err != nil {
					failed = err
					cancel()
					return false
				}
				return true
			})
		})
	}
	wg.Wait()
	return failed
}

// watchPartition passes on the records of a partition until ctx ends, fn returns false or the end is reached.
func (c *Client) watchPartition(ctx context.Context, topic string, partition int, offset, end int64, untilEnd bool, fn func(message) bool) {
	for !untilEnd || offset < end {
		var f fetched
		if !c.retry(ctx, topic, func() (err error) {
			f, err = c.fetch(ctx, topic, partition, offset)
			if outOfRange(err) {
				var first int64
				if first, err = c.firstOffset(ctx, topic, partition); err == nil {
					f = fetched{next: first}
				}
			}
			return err
		}) {
			return
		}
		for _, m := range f.messages {
			if untilEnd && m.offset >= end || !fn(m) {
				return
			}
		}
		offset = f.next
		if f.dry && untilEnd {
			return
		}
	}
}

// retry reads from a topic until it works, with growing pauses; false means that ctx ended first.
func (c *Client) retry(ctx context.Context, topic string, do func() error) bool {
	var b backoff
	for {
		err := do()
		switch {
		case err == nil:
			return true
		case ctx.Err() != nil:
			return false
		}
		pause := b.next()
		c.log.Warn("cannot read", "topic", topic, "err", err, "next_try_in", pause.String())
		if !sleep(ctx, pause) {
			return false
		}
	}
}
