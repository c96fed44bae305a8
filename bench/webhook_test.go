package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kotomori/kotomori/internal/delivery"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/stream"
	"github.com/kotomori/kotomori/internal/webhook"
)

// BenchmarkWebhook times deliveries from the request to the answer, which is given when the embedded broker has acknowledged
// the comment and written it to disk (way=receiver): signed Facebook bodies of one comment each, by so many senders who
// deliver one after the other. way=write is the peer: the same senders write the same comments to the same broker without
// HTTP, signature and the look whether they are there already. One operation is one delivery; p50-ms and p99-ms are over
// all of them.
func BenchmarkWebhook(b *testing.B) {
	for _, senders := range []int{1, 50} {
		for _, way := range []struct {
			name string
			open func(*testing.B, *stream.Client) func(delivered) error
		}{
			{"receiver", byReceiver},
			{"write", byWriting},
		} {
			b.Run("way="+way.name+"/senders="+strconv.Itoa(senders), func(b *testing.B) { deliver(b, senders, way.open) })
		}
	}
}

// delivered is a delivery and what it says.
type delivered struct {
	body    []byte
	comment event.Comment
}

const pageID, appSecret = "104500000000001", "bench"

func deliver(b *testing.B, senders int, open func(*testing.B, *stream.Client) func(delivered) error) {
	b.Helper()
	client := cluster(b, stream.TopicSettings{})
	send := open(b, client)
	made := comments(b, b.N)
	all := make([]delivered, len(made))
	for i, c := range made {
		e := eventOf(c, i)
		e.Account, e.Platform = "wako", delivery.Facebook
		body, err := json.Marshal(map[string]any{"object": "page", "entry": []any{map[string]any{
			"id": pageID, "time": 1_790_000_000 + i, "changes": []any{map[string]any{"field": "feed", "value": map[string]any{
				"item": "comment", "verb": "add", "comment_id": e.ID, "post_id": "p-" + strconv.Itoa(i%40), "created_time": 1_790_000_000 + i,
				"from": map[string]any{"id": e.Author.ID, "name": e.Author.Name}, "message": e.Text,
			}}},
		}}})
		if err != nil {
			b.Fatal(err)
		}
		all[i] = delivered{body, e}
	}
	took := make([]time.Duration, len(all))
	var next atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	for range senders {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(all)); i = next.Add(1) - 1 {
				begin := time.Now()
				if err := send(all[i]); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(begin)
			}
		})
	}
	group.Wait()
	b.StopTimer()
	slices.Sort(took)
	ms := func(share float64) float64 {
		return float64(took[min(len(took)-1, int(share*float64(len(took))))]) / float64(time.Millisecond)
	}
	b.ReportMetric(ms(0.50), "p50-ms")
	b.ReportMetric(ms(0.99), "p99-ms")
	b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "deliveries/s")
}

func byWriting(_ *testing.B, client *stream.Client) func(delivered) error {
	feeder := stream.NewFeeder(client, "bench", nil)
	return func(d delivered) error { return feeder.Send(context.Background(), d.comment) }
}

func byReceiver(b *testing.B, client *stream.Client) func(delivered) error {
	b.Helper()
	inlet, err := stream.NewInlet(stream.InletConfig{Client: client})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = inlet.Run(ctx) }) // has no error but the end
	server, err := webhook.New(webhook.Config{Sink: inlet, Accounts: []webhook.Account{{
		Platform: delivery.Facebook, Name: "wako", IDs: []string{pageID}, Secrets: []webhook.Secret{appSecret}, Tokens: []webhook.Secret{"token"},
	}}})
	if err != nil {
		b.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	listening, err := server.Serve(l, "", "")
	if err != nil {
		b.Fatal(err)
	}
	hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.Cleanup(func() {
		hc.CloseIdleConnections()
		if err := listening.Stop(context.Background()); err != nil {
			b.Error(err)
		}
		cancel()
		running.Wait()
	})
	address := "http://" + listening.Addr() + "/webhook/facebook/wako"
	for inlet.Ready() != nil {
		time.Sleep(time.Millisecond)
	}
	return func(d delivered) error {
		h, err := delivery.Sign(delivery.Facebook, appSecret, d.body, "", time.Time{})
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address, bytes.NewReader(d.body))
		if err != nil {
			return err
		}
		req.Header = h
		req.Header.Set("Content-Type", "application/json")
		res, err := hc.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK {
			b.Errorf("answered %d", res.StatusCode)
		}
		return nil
	}
}
