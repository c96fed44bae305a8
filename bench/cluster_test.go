package bench

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/kotomori/kotomori/internal/broker"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/stream"
)

// brokersEnv names a Kafka cluster to measure on instead of the embedded broker. Its topics are DELETED before each benchmark,
// so it must be one for nothing else: internal/streamtest starts one and runs the benchmarks there.
const brokersEnv = "KOTOMORI_BENCH_BROKERS"

// cluster is a connection to empty topics.
func cluster(b *testing.B, topics stream.TopicSettings) *stream.Client {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	brokers := strings.Split(os.Getenv(brokersEnv), ",")
	if brokers[0] == "" {
		br, err := broker.Start(broker.Config{Dir: b.TempDir(), Partitions: topics.Partitions, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := br.Close(); err != nil {
				b.Error(err)
			}
		})
		brokers = []string{br.Addr()}
	} else {
		empty(ctx, b, brokers)
	}
	client, err := stream.Connect(stream.Cluster{Brokers: brokers})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.Close)
	for {
		problems, err := client.EnsureTopics(ctx, topics)
		switch {
		case err == nil && len(problems) == 0:
			return client
		case ctx.Err() != nil || len(problems) > 0:
			b.Fatal(problems, err)
		}
		time.Sleep(100 * time.Millisecond) // the topics of the last benchmark are still going
	}
}

// empty deletes the topics and waits until they are gone.
func empty(ctx context.Context, b *testing.B, brokers []string) {
	b.Helper()
	tr := &kafka.Transport{MetadataTTL: 50 * time.Millisecond}
	defer tr.CloseIdleConnections()
	admin := &kafka.Client{Addr: kafka.TCP(brokers...), Transport: tr}
	var names []string
	for _, t := range event.TopicSpecs(0) {
		names = append(names, t.Name)
	}
	if _, err := admin.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: names}); err != nil {
		b.Fatal(err)
	}
	// Offsets outlive their topics.
	if _, err := admin.DeleteGroups(ctx, &kafka.DeleteGroupsRequest{GroupIDs: []string{stream.DefaultGroup}}); err != nil {
		b.Fatal(err)
	}
	for {
		m, err := admin.Metadata(ctx, &kafka.MetadataRequest{})
		if err != nil {
			b.Fatal(err)
		}
		left := 0
		for _, t := range m.Topics {
			for _, name := range names {
				if t.Name == name {
					left++
				}
			}
		}
		if left == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
