package streamtest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/stream"
	"github.com/kotomori/kotomori/rules"
)

// A worker that starts before its broker waits for it and says so; it is ready when it can work; SIGTERM ends it well,
// with a broker and without.
func TestReadyEmbedded(t *testing.T) { testReady(t, newEmbedded) }
func TestReadyKafka(t *testing.T)    { testReady(t, newApache) }

func testReady(t *testing.T, newBroker func(*testing.T) broker) { //nolint:thelper // it is the test
	b := newBroker(t)
	w := startWorker(t, "worker", b.addr())
	until(t, "the worker to say that it waits", func() bool {
		status, body := w.get("/readyz")
		if status == http.StatusOK {
			t.Fatalf("ready without a broker: %s", body)
		}
		return status == http.StatusServiceUnavailable
	})
	if status, body := w.get("/healthz"); status != http.StatusOK {
		t.Errorf("not healthy while it waits: %d %s", status, body)
	}
	startWorker(t, "another worker", b.addr()).stop()
	b.start()
	until(t, "the worker to be ready", func() bool {
		status, _ := w.get("/readyz")
		return status == http.StatusOK
	})
	w.stop()
}

// A compacted topic with compressed records, on which kafka-go's reader stops for ever (its issue 1416), and with records
// missing at the end of each batch: what reads it comes to the end.
func TestCompactedKafka(t *testing.T) {
	b := newApache(t)
	b.start()
	tr := &kafka.Transport{}
	defer tr.CloseIdleConnections()
	admin := &kafka.Client{Addr: kafka.TCP(b.addr()), Transport: tr, Timeout: 10 * time.Second}
	res, err := admin.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: event.TopicRecommendations, NumPartitions: 1, ReplicationFactor: 1, ConfigEntries: []kafka.ConfigEntry{
			{ConfigName: "cleanup.policy", ConfigValue: "compact"},
			{ConfigName: "compression.type", ConfigValue: "zstd"},
			{ConfigName: "min.cleanable.dirty.ratio", ConfigValue: "0.01"},
			{ConfigName: "segment.ms", ConfigValue: "100"},
			{ConfigName: "segment.bytes", ConfigValue: "1048576"},
		},
	}}})
	if err != nil || res.Errors[event.TopicRecommendations] != nil {
		t.Fatal(err, res)
	}
	producer, err := kgo.NewClient(kgo.SeedBrokers(b.addr()), kgo.ProducerBatchCompression(kgo.ZstdCompression()))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	// A long text makes a segment so large that Kafka does not join it with the next when it compacts. Every segment gets
	// a batch of its own, of which the first record stays; the others go, because the next batch repeats their key.
	long := make([]byte, 600<<10)
	_, _ = rand.NewChaCha8([32]byte{}).Read(long) // never fails
	at := time.Now().Add(-time.Hour)
	send := func(ids ...string) {
		t.Helper()
		at = at.Add(time.Second) // more than segment.ms
		var batch []*kgo.Record
		for _, id := range ids {
			r := event.Recommendation{
				ID: event.RecommendationID(id, 1, "r"), CommentID: id, Revision: 1, Account: "saitama", Platform: "x",
				Status: event.Open, Action: rules.Hide, Findings: []classifier.Finding{{Category: "commercial", Clause: "7(5)", Reason: "宣伝のため"}},
				Policy: "saitama", Ruleset: "r", Text: "宣伝", Recommended: at,
			}
			if len(batch) == 0 {
				r.Text = base64.StdEncoding.EncodeToString(long)
			}
			rec, err := r.Record("test")
			if err != nil {
				t.Fatal(err)
			}
			batch = append(batch, &kgo.Record{Topic: rec.Topic, Key: rec.Key, Value: rec.Value, Timestamp: at})
		}
		if err := producer.ProduceSync(t.Context(), batch...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	const segments = 5
	for i := range segments {
		send(fmt.Sprintf("stays%d", i), "goes", "goes", "goes")
	}
	until(t, "Kafka to compact the topic", func() bool {
		send("pulse") // a segment is closed when something new comes
		gone := 0
		for _, r := range readAll(t, b.addr(), event.TopicRecommendations) {
			if string(r.Key) == "x/saitama/goes" {
				gone++
			}
		}
		return gone == 1
	})
	client, err := stream.Connect(stream.Cluster{Brokers: []string{b.addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	seen := make(map[string]bool)
	if err := client.Watch(ctx, stream.WatchOptions{UntilEnd: true}, func(r event.Recommendation) error {
		seen[r.CommentID] = true
		return nil
	}); err != nil || ctx.Err() != nil {
		t.Fatal(errors.Join(err, ctx.Err()))
	}
	if want := segments + len([]string{"goes", "pulse"}); len(seen) != want {
		t.Errorf("%d comments, want %d", len(seen), want)
	}
}
