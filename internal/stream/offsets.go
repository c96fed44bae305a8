package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/kotomori/kotomori/internal/event"
)

// EndOffsets are the offsets after the last record of each partition of a topic, by partition number.
func (c *Client) EndOffsets(ctx context.Context, topic string) (map[int]int64, error) {
	return c.allOffsets(ctx, topic, kafka.LastOffset)
}

func (c *Client) allOffsets(ctx context.Context, topic string, which int64) (map[int]int64, error) {
	n, err := c.partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	return c.listOffsets(ctx, topic, numbers(n), which)
}

func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// listOffsets asks for the first or the last offset (kafka.FirstOffset, kafka.LastOffset) of partitions.
func (c *Client) listOffsets(ctx context.Context, topic string, partitions []int, which int64) (map[int]int64, error) {
	req := make([]kafka.OffsetRequest, len(partitions))
	for i, p := range partitions {
		req[i] = kafka.OffsetRequest{Partition: p, Timestamp: which}
	}
	res, err := c.kafka.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{topic: req}, IsolationLevel: kafka.ReadCommitted,
	})
	if err != nil {
		return nil, fmt.Errorf("asking for the offsets of %s: %w", topic, err)
	}
	offsets := make(map[int]int64, len(partitions))
	for _, p := range res.Topics[topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("asking for the offsets of %s/%d: %w", topic, p.Partition, p.Error)
		}
		if which == kafka.FirstOffset {
			offsets[p.Partition] = p.FirstOffset
		} else {
			offsets[p.Partition] = p.LastOffset
		}
	}
	if len(offsets) != len(partitions) {
		return nil, fmt.Errorf("asking for the offsets of %s: the broker answered for %d of %d partitions", topic, len(offsets), len(partitions))
	}
	return offsets, nil
}

// Committed are the offsets up to which a group has worked through a topic, by partition number; partitions without a
// commit are missing.
func (c *Client) Committed(ctx context.Context, group, topic string) (map[int]int64, error) {
	n, err := c.partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	res, err := c.kafka.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: numbers(n)}})
	if err == nil {
		err = res.Error
	}
	offsets := make(map[int]int64)
	if errors.Is(err, kafka.GroupIdNotFound) {
		return offsets, nil // a broker that never heard of the group: nothing is committed
	}
	if err != nil {
		return nil, fmt.Errorf("asking how far group %s is: %w", group, err)
	}
	for _, p := range res.Topics[topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("asking how far group %s is in %s/%d: %w", group, topic, p.Partition, p.Error)
		}
		if p.CommittedOffset >= 0 {
			offsets[p.Partition] = p.CommittedOffset
		}
	}
	return offsets, nil
}

// Lag is how many records of TopicComments each partition has that the group has not worked through, by partition number.
// All zero means: every recommendation for what was sent before the call is in TopicRecommendations.
func (c *Client) Lag(ctx context.Context, group string) (map[int]int64, error) {
	ends, err := c.EndOffsets(ctx, event.TopicComments)
	if err != nil {
		return nil, err
	}
	return c.lagTo(ctx, group, ends)
}

func (c *Client) lagTo(ctx context.Context, group string, ends map[int]int64) (map[int]int64, error) {
	done, err := c.Committed(ctx, group, event.TopicComments)
	if err != nil {
		return nil, err
	}
	first, err := c.allOffsets(ctx, event.TopicComments, kafka.FirstOffset)
	if err != nil {
		return nil, err
	}
	lag := make(map[int]int64, len(ends))
	for p, end := range ends {
		lag[p] = max(0, end-max(done[p], first[p]))
	}
	return lag, nil
}

// WaitDrained waits until the group has worked through what TopicComments held at the time of the call. progress, which
// may be nil, is called with the number of records still to do, a few times a second. While the cluster is away it goes
// on trying; the error is ctx's.
func (c *Client) WaitDrained(ctx context.Context, group string, progress func(left int64)) error {
	const pause = 100 * time.Millisecond
	var ends map[int]int64
	for {
		err := func() (err error) {
			if ends == nil {
				if ends, err = c.EndOffsets(ctx, event.TopicComments); err != nil {
					return err
				}
			}
			lag, err := c.lagTo(ctx, group, ends)
			if err != nil {
				return err
			}
			var left int64
			for _, n := range lag {
				left += n
			}
			if progress != nil {
				progress(left)
			}
			if left == 0 {
				return errDrained
			}
			return nil
		}()
		switch {
		case errors.Is(err, errDrained):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			c.log.Debug("asking for the group's progress", "err", err)
		}
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

var errDrained = errors.New("drained")
