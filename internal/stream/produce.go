package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/kotomori/kotomori/internal/event"
)

// maxBatch is how many bytes go into one produce request. Kafka's default limit (message.max.bytes) is 1048588 for a
// batch, whatever it holds.
const maxBatch = 900 << 10

// tooLargeError says that a topic does not take a record because of its size.
type tooLargeError struct {
	index  int // among the records given to write
	record event.Record
}

// TooLarge tells it from other errors without its type.
func (*tooLargeError) TooLarge() bool { return true }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("%s: does not take a record of %d bytes; raise the topic's max.message.bytes", e.record.Topic, recordSize(e.record))
}

// write writes records to one partition, in order, and returns when all in-sync replicas have them. It tries again with
// growing pauses until ctx ends; trouble, which may be nil, is told of every failure and of the end of it (nil). The
// error is a *tooLargeError, with everything before that record written, or ctx's.
//
// A request that failed may have been carried out all the same, so a record can be written twice.
func (c *Client) write(ctx context.Context, topic string, partition int, records []event.Record, trouble func(error)) error {
	for written := 0; len(records) > 0; {
		n, size := 1, recordSize(records[0])
		for n < len(records) && size+recordSize(records[n]) <= maxBatch {
			size += recordSize(records[n])
			n++
		}
		err := c.writeBatch(ctx, topic, partition, records[:n], trouble)
		if tooLarge(err) && n > 1 {
			// A topic with a lower limit than usual.
			for i := range n {
				if err = c.writeBatch(ctx, topic, partition, records[i:i+1], trouble); err != nil {
					n = i + 1
					break
				}
			}
		}
		if tooLarge(err) {
			return &tooLargeError{written + n - 1, records[n-1]}
		}
		if err != nil {
			return err
		}
		records, written = records[n:], written+n
	}
	return nil
}

// recordSize is the size of a record in a batch, or a little more.
func recordSize(r event.Record) int {
	n := 32 + len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += 8 + len(h.Key) + len(h.Value)
	}
	return n
}

func tooLarge(err error) bool {
	return errors.Is(err, kafka.MessageSizeTooLarge) || errors.Is(err, kafka.RecordListTooLarge)
}

func (c *Client) writeBatch(ctx context.Context, topic string, partition int, records []event.Record, trouble func(error)) error {
	var b backoff
	for try := 1; ; try++ {
		if ctx.Err() != nil { // kafka-go would send the request all the same
			return ctx.Err()
		}
		_, err := c.produce(ctx, topic, partition, records)
		switch {
		case err == nil:
			if try > 1 {
				c.log.Info("writing again", "topic", topic, "partition", partition, "tries", try)
				if trouble != nil {
					trouble(nil)
				}
			}
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case tooLarge(err):
			return err
		}
		if trouble != nil {
			trouble(err)
		}
		pause := b.next()
		c.log.Warn("cannot write", "topic", topic, "partition", partition, "records", len(records), "try", try, "err", err, "next_try_in", pause.String())
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

// produce sends one request and tells the offset of the first record. An error does not mean that nothing was written.
func (c *Client) produce(ctx context.Context, topic string, partition int, records []event.Record) (int64, error) {
	out := make([]kafka.Record, len(records))
	for i, r := range records {
		out[i] = kafka.Record{Key: kafka.NewBytes(r.Key), Value: kafka.NewBytes(r.Value)}
		for _, h := range r.Headers {
			out[i].Headers = append(out[i].Headers, kafka.Header{Key: h.Key, Value: h.Value})
		}
	}
	res, err := c.kafka.Produce(ctx, &kafka.ProduceRequest{
		Topic: topic, Partition: partition, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(out...),
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return 0, fmt.Errorf("writing %s/%d: %w", topic, partition, err)
	}
	return res.BaseOffset, nil
}

// partitionsOf are the partitions that a record goes to, of so many.
func partitionsOf(r event.Record, partitions int) []int {
	if r.Everywhere {
		return numbers(partitions)
	}
	return []int{partitionOf(r.Key, partitions)}
}

// partitionOf is where Kafka's own clients put a record with this key (murmur2).
func partitionOf(key []byte, partitions int) int {
	all := make([]int, partitions)
	for i := range all {
		all[i] = i
	}
	return kafka.Murmur2Balancer{Consistent: true}.Balance(kafka.Message{Key: key}, all...)
}
