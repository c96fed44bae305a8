package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"

	"github.com/kotomori/kotomori/internal/event"
)

// fetchBytes is how much is fetched from a partition at once; a single larger record batch is sent whole by the broker.
const fetchBytes = 1 << 20

// fetchWait is how long a broker waits for something new before it answers that there is nothing.
const fetchWait = 500 * time.Millisecond

// message is a record as read. Key and value are nil where the record has none.
type message struct {
	offset     int64
	key, value []byte
	id         string // event.Record.ID; empty where the record has none
}

// fetched is the answer of one fetch.
type fetched struct {
	messages []message
	next     int64 // where to go on
	end      int64 // of what may be read: the offset after the last committed record
	// Nothing is there at or after the offset that was asked for, although end may be greater: the end of a compacted
	// partition can consist of removed records.
	dry bool
}

// fetch reads from one partition, waiting for something new for at most fetchWait. Records of aborted transactions and
// control records are left out.
func (c *Client) fetch(ctx context.Context, topic string, partition int, offset int64) (fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWait+requestTimeout)
	defer cancel()
	m, err := c.transport.RoundTrip(ctx, c.addr, &fetchapi.Request{
		ReplicaID:      -1,
		MaxWaitTime:    int32(fetchWait.Milliseconds()),
		MinBytes:       1,
		MaxBytes:       fetchBytes,
		IsolationLevel: int8(kafka.ReadCommitted),
		SessionEpoch:   -1, // no fetch session
		Topics: []fetchapi.RequestTopic{{
			Topic: topic,
			Partitions: []fetchapi.RequestPartition{{
				Partition:          int32(partition),
				CurrentLeaderEpoch: -1,
				FetchOffset:        offset,
				LogStartOffset:     -1,
				PartitionMaxBytes:  fetchBytes,
			}},
		}},
	})
	if err != nil {
		return fetched{}, fmt.Errorf("reading %s/%d: %w", topic, partition, err)
	}
	res := m.(*fetchapi.Response)
	if res.ErrorCode != 0 {
		return fetched{}, fmt.Errorf("reading %s/%d: %w", topic, partition, kafka.Error(res.ErrorCode))
	}
	if len(res.Topics) != 1 || len(res.Topics[0].Partitions) != 1 {
		return fetched{}, fmt.Errorf("reading %s/%d: the broker answered for another partition", topic, partition)
	}
	p := &res.Topics[0].Partitions[0]
	if p.ErrorCode != 0 {
		return fetched{}, fmt.Errorf("reading %s/%d at %d: %w", topic, partition, offset, kafka.Error(p.ErrorCode))
	}
	f := fetched{next: offset, end: p.LastStableOffset}
	batches := recordBatches(p.RecordSet.Records)
	if len(batches) == 0 {
		// A broker that slows us down answers with nothing too: that says nothing about what is there.
		f.dry = res.ThrottleTimeMs == 0
		return f, nil
	}
	if err := f.read(batches, offset, p.AbortedTransactions); err != nil {
		return fetched{}, fmt.Errorf("reading %s/%d at %d: %w", topic, partition, offset, err)
	}
	if f.next == offset {
		// The batch that holds this offset has lost the records from here to its end to compaction. How far it reaches is
		// not told, so go on one by one; the offset itself is certainly gone.
		f.next++
	}
	return f, nil
}

// readOn calls each with every message of a partition from one offset to another, in order, and tells how far it got, which
// is where to go on after an error too. Records that are not there any more are passed over: of a compacted partition next
// may be before the end, with nothing between.
func (c *Client) readOn(ctx context.Context, topic string, partition int, from, end int64, each func(message)) (next int64, err error) {
	for next = from; next < end; {
		f, err := c.fetch(ctx, topic, partition, next)
		if outOfRange(err) { // it begins later
			first, err := c.firstOffset(ctx, topic, partition)
			if err != nil {
				return next, err
			}
			if first <= next {
				return next, fmt.Errorf("reading %s/%d: there is nothing at %d, between %d and %d", topic, partition, next, first, end)
			}
			next = first
			continue
		}
		if err != nil {
			return next, err
		}
		for _, m := range f.messages {
			each(m)
		}
		next = f.next
		if f.dry { // the rest was removed by compaction
			break
		}
	}
	return next, nil
}

func recordBatches(r protocol.RecordReader) []protocol.RecordReader {
	switch r := r.(type) {
	case nil:
		return nil
	case *protocol.RecordStream:
		return r.Records
	}
	return []protocol.RecordReader{r}
}

// read collects the messages from an offset on.
func (f *fetched) read(batches []protocol.RecordReader, from int64, aborted []fetchapi.ResponseTransaction) error {
	slices.SortFunc(aborted, func(a, b fetchapi.ResponseTransaction) int { return int(a.FirstOffset - b.FirstOffset) })
	inAborted := make(map[int64]bool) // producers whose present transaction was aborted
	for _, batch := range batches {
		skip, control := false, false
		switch b := batch.(type) {
		case *protocol.ControlBatch:
			control = true
			delete(inAborted, b.ProducerID) // its transaction ends here
		case *protocol.RecordBatch:
			for len(aborted) > 0 && aborted[0].FirstOffset <= b.BaseOffset {
				inAborted[aborted[0].ProducerID] = true
				aborted = aborted[1:]
			}
			skip = b.Attributes.Transactional() && inAborted[b.ProducerID]
		}
		for {
			r, err := batch.ReadRecord()
			if err != nil {
				if errors.Is(err, io.EOF) {
					break
				}
				return err
			}
			m := message{offset: r.Offset}
			if m.key, err = readBytes(r.Key); err != nil {
				return err
			}
			if m.value, err = readBytes(r.Value); err != nil {
				return err
			}
			for _, h := range r.Headers {
				if h.Key == event.HeaderID {
					m.id = string(h.Value)
				}
			}
			if m.offset < from { // the broker sends whole batches
				continue
			}
			f.next = max(f.next, m.offset+1)
			if !skip && !control {
				f.messages = append(f.messages, m)
			}
		}
	}
	return nil
}

func readBytes(b protocol.Bytes) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	defer b.Close()
	return protocol.ReadAll(b)
}

// firstOffset is where a partition begins.
func (c *Client) firstOffset(ctx context.Context, topic string, partition int) (int64, error) {
	offsets, err := c.listOffsets(ctx, topic, []int{partition}, kafka.FirstOffset)
	return offsets[partition], err
}

// outOfRange: the offset does not exist any more, or does not exist yet.
func outOfRange(err error) bool { return errors.Is(err, kafka.OffsetOutOfRange) }
