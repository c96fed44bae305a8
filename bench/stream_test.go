package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/app"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/intake"
	"github.com/kotomori/kotomori/internal/stream"
)

// BenchmarkStream lets comments wait in a topic of the embedded broker (or of the cluster that KOTOMORI_BENCH_BROKERS names) and times their way from there to the last commit: read, decode, judge,
// write what is recommended, commit. way=memory judges the same from JSON Lines to JSON Lines without a broker, on as many
// cores; way=round-trip is what a worker would get that writes and commits after every comment. One operation is one comment.
func BenchmarkStream(b *testing.B) {
	for _, way := range []struct {
		name string
		run  func(*testing.B, []event.Comment)
	}{
		{"backlog", func(b *testing.B, c []event.Comment) { backlog(b, c, 4, 0) }}, //nolint:thelper // it is the benchmark
		{"memory", inMemory},
		{"round-trip", func(b *testing.B, c []event.Comment) { backlog(b, c, 1, 1) }}, //nolint:thelper // likewise
	} {
		b.Run("way="+way.name, func(b *testing.B) {
			judge(b)
			made := comments(b, b.N)
			total := 0
			events := make([]event.Comment, len(made))
			for i, c := range made {
				events[i] = eventOf(c, i)
				total += len(c.Text)
			}
			b.SetBytes(int64(total / len(made)))
			way.run(b, events)
			reportComments(b)
		})
	}
}

func inMemory(b *testing.B, comments []event.Comment) {
	b.Helper()
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, c := range comments {
		if err := enc.Encode(c.Comment); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	err := app.Classify(intake.NewReader("comments", &in), io.Discard, judge(b), func(f *intake.Fault) { b.Error(f) })
	if err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
}

// backlog times a worker from the first comment that it judges, because joining a group has waiting times of its own.
func backlog(b *testing.B, comments []event.Comment, partitions, batch int) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	topics := stream.TopicSettings{Partitions: partitions}
	client := cluster(b, topics)
	if err := stream.NewFeeder(client, "bench", nil).Send(ctx, comments...); err != nil {
		b.Fatal(err)
	}

	gate := &gated{Classifier: judge(b), begun: make(chan struct{}), open: make(chan struct{})}
	worker, err := stream.NewWorker(stream.WorkerConfig{Client: client, Classifier: gate, Topics: topics, BatchSize: batch})
	if err != nil {
		b.Fatal(err)
	}
	working, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := worker.Run(working); err != nil {
			b.Error(err)
		}
	})
	defer wg.Wait()
	defer stop()
	select {
	case <-gate.begun:
	case <-ctx.Done():
		b.Fatal("the worker judges nothing: ", errors.Join(ctx.Err(), worker.Ready()))
	}
	b.ResetTimer()
	close(gate.open)
	if err := drained(ctx, client, int64(len(comments))); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
}

// gated holds the first comments back until it is opened.
type gated struct {
	*classifier.Classifier
	begun, open chan struct{}
	once        sync.Once
}

func (g *gated) Classify(c classifier.Comment) (classifier.Verdict, error) {
	g.once.Do(func() { close(g.begun) })
	<-g.open
	return g.Classifier.Classify(c)
}

// drained waits until n comments are committed. It asks often, because what it waits for is timed, but leaves the broker in peace.
func drained(ctx context.Context, client *stream.Client, n int64) error {
	for {
		committed, err := client.Committed(ctx, stream.DefaultGroup, event.TopicComments)
		if err != nil {
			return err
		}
		var done int64
		for _, offset := range committed {
			done += max(0, offset)
		}
		if done >= n {
			return nil
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%d of %d comments committed: %w", done, n, ctx.Err())
		}
	}
}
