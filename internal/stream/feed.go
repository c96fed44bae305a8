package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kotomori/kotomori/internal/event"
)

// Feeder writes comments and posts. It may be shared between goroutines.
type Feeder struct {
	client *Client
	source string
	log    *slog.Logger
}

// NewFeeder makes a feeder. Source names the sender in the records' CloudEvents headers: "feed", "webhook/x" …
func NewFeeder(c *Client, source string, log *slog.Logger) *Feeder {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Feeder{c, source, log}
}

// Send writes comments and returns when all are acknowledged by all in-sync replicas. Comments with the same key keep
// their order; the partition follows from the key as in Kafka's own clients (murmur2). While the cluster is away it
// waits and tries again until ctx ends; then some comments may have been written, and sending all again is harmless.
// The topics must exist: see [Client.EnsureTopics].
func (f *Feeder) Send(ctx context.Context, comments ...event.Comment) error {
	now := time.Now()
	records := make([]event.Record, len(comments))
	for i, c := range comments {
		var err error
		if records[i], err = c.Record(f.source, now); err != nil {
			return err
		}
	}
	return f.SendRecords(ctx, records...)
}

// SendPosts writes official posts likewise.
func (f *Feeder) SendPosts(ctx context.Context, posts ...event.Post) error {
	now := time.Now()
	records := make([]event.Record, len(posts))
	for i, p := range posts {
		var err error
		if records[i], err = p.Record(f.source, now); err != nil {
			return err
		}
	}
	return f.SendRecords(ctx, records...)
}

// SendRecords writes raw records likewise, each to the topic it names and the partition of its key.
func (f *Feeder) SendRecords(ctx context.Context, records ...event.Record) error {
	type target struct {
		topic     string
		partition int
	}
	partitions := make(map[string]int)
	targets := make(map[target][]event.Record)
	for _, r := range records {
		if partitions[r.Topic] == 0 {
			n, err := f.awaitPartitions(ctx, r.Topic)
			if err != nil {
				return err
			}
			partitions[r.Topic] = n
		}
		for _, p := range partitionsOf(r, partitions[r.Topic]) {
			t := target{r.Topic, p}
			targets[t] = append(targets[t], r)
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	for t, records := range targets {
		g.Go(func() error {
			if err := f.client.write(ctx, t.topic, t.partition, records, nil); err != nil {
				return fmt.Errorf("sending to %s: %w", t.topic, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// awaitPartitions asks how many partitions a topic has, until the cluster tells.
func (f *Feeder) awaitPartitions(ctx context.Context, topic string) (int, error) {
	var b backoff
	for {
		n, err := f.client.partitions(ctx, topic)
		if err == nil {
			return n, nil
		}
		pause := b.next()
		if ctx.Err() == nil {
			f.log.Warn("cannot send yet", "topic", topic, "err", err, "next_try_in", pause.String())
		}
		if !sleep(ctx, pause) {
			return 0, errors.Join(ctx.Err(), err)
		}
	}
}

// Stream gathers comments for this long, or until there are this many.
const (
	linger    = 20 * time.Millisecond
	lingerMax = 500
)

// Stream sends what arrives on the channel until it is closed, gathering comments for a few milliseconds into batches.
// progress, which may be nil, is called after each batch with the number of comments acknowledged so far.
func (f *Feeder) Stream(ctx context.Context, in <-chan event.Comment, progress func(sent int)) error {
	sent := 0
	for {
		var batch []event.Comment
		select {
		case c, ok := <-in:
			if !ok {
				return nil
			}
			batch = append(batch, c)
		case <-ctx.Done():
			return ctx.Err()
		}
		timer := time.NewTimer(linger)
	gather:
		for len(batch) < lingerMax {
			select {
			case c, ok := <-in:
				if !ok {
					break gather // the next turn returns
				}
				batch = append(batch, c)
			case <-timer.C:
				break gather
			case <-ctx.Done():
				break gather
			}
		}
		timer.Stop()
		if err := f.Send(ctx, batch...); err != nil {
			return err
		}
		sent += len(batch)
		if progress != nil {
			progress(sent)
		}
	}
}
