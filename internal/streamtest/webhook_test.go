package streamtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kotomori/kotomori/internal/delivery"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/stream"
)

func TestWebhookEmbedded(t *testing.T) { testWebhook(t, newEmbedded) }
func TestWebhookKafka(t *testing.T)    { testWebhook(t, newApache) }

const (
	deliveries = 10_000
	senders    = 50
)

// What the receiver is set up with.
var hookSecrets = map[string]string{
	delivery.X: "the-consumer-secret", delivery.Facebook: "the-app-secret", delivery.Blog: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
}

var hookEnv = []string{
	"KOTOMORI_X_ACCOUNTS=saitama=1580000000000000001", "KOTOMORI_X_SECRETS=saitama=" + hookSecrets[delivery.X],
	"KOTOMORI_FACEBOOK_PAGES=wako=104500000000001", "KOTOMORI_FACEBOOK_SECRETS=wako=" + hookSecrets[delivery.Facebook], "KOTOMORI_FACEBOOK_VERIFY_TOKENS=wako=token",
	"KOTOMORI_BLOG_SECRETS=wako=" + hookSecrets[delivery.Blog],
}

var hookAccount = map[string]string{delivery.X: "saitama", delivery.Facebook: "wako", delivery.Blog: "wako"}

// dispatch is a delivery, and the identity of the one state of a comment that it tells of.
type dispatch struct {
	platform string
	body     []byte
	id       string
}

// told is what the senders were told.
type told struct {
	taken   atomic.Int64 // 200
	refused atomic.Int64 // another status
	lost    atomic.Int64 // no answer
}

// Fifty senders deliver ten thousand times for three platforms, one in ten a repeat, one in twenty an edit or a deletion,
// in any order. Meanwhile the broker is killed and started again, and so is the receiver. Every delivery is sent until it
// is taken, as platforms do. In the end each state of each comment is in the stream once, and what is recommended is what
// the last state of each comment deserves.
func testWebhook(t *testing.T, newBroker func(*testing.T) broker) { //nolint:thelper // it is the test
	random := chance(t)

	b := newBroker(t)
	b.start()
	addr := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	receive := func() *worker {
		w := &worker{process: start(t, "receiver", hookEnv, program, "serve", "--roles", "webhook", "--brokers", b.addr(),
			"--webhook", addr, "--http", "127.0.0.1:0", "--log-format", "json")}
		w.awaitHTTP()
		return w
	}
	receiver := receive()
	judging := startWorker(t, "worker", b.addr())
	client, err := stream.Connect(stream.Cluster{Brokers: []string{b.addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	all, last := makeDispatches(random)
	queue := make(chan dispatch)
	var said told
	var group sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer group.Wait()
	defer cancel()
	for range senders {
		group.Go(func() { send(ctx, t, addr, queue, &said) })
	}
	group.Go(func() {
		defer close(queue)
		for _, d := range all {
			select {
			case queue <- d:
			case <-ctx.Done():
				return
			}
		}
	})
	for _, incident := range []struct {
		at   int64
		what string
		do   func()
	}{
		{int64(2000 + random.IntN(1000)), "the broker is killed and started again", func() {
			b.kill()
			time.Sleep(6 * time.Second) // longer than Facebook waits
			b.start()
		}},
		{int64(6000 + random.IntN(1000)), "the receiver is killed and started again", func() {
			receiver.kill()
			receiver = receive()
		}},
	} {
		until(t, fmt.Sprintf("%d deliveries", incident.at), func() bool { return said.taken.Load() >= incident.at })
		t.Logf("%6d taken: %s", said.taken.Load(), incident.what)
		incident.do()
	}
	group.Wait()
	if ctx.Err() != nil {
		t.Fatalf("%d of %d deliveries were taken in time", said.taken.Load(), len(all))
	}
	t.Logf("%d taken, %d refused, %d without an answer", said.taken.Load(), said.refused.Load(), said.lost.Load())
	if said.refused.Load() == 0 || said.lost.Load() == 0 {
		t.Error("nobody noticed that the broker and the receiver were away")
	}
	if err := client.WaitDrained(ctx, stream.DefaultGroup, nil); err != nil {
		t.Fatal(err)
	}
	receiver.stop()
	judging.stop()

	// Each state once.
	stands := make(map[string]int)
	for _, r := range readAll(t, b.addr(), event.TopicComments) {
		for _, h := range r.Headers {
			if h.Key == event.HeaderID {
				stands[string(h.Value)]++
			}
		}
	}
	want := make(map[string]int)
	for _, d := range all {
		want[d.id] = 1
		if d.platform == delivery.X && strings.HasSuffix(d.id, "-deleted") {
			want[d.id] = event.DefaultPartitions // X does not say where the comment lies
		}
	}
	for id := range want {
		if stands[id] != want[id] {
			t.Errorf("%s stands in the stream %d times, want %d", id, stands[id], want[id])
		}
	}
	if len(stands) != len(want) {
		t.Errorf("%d states are in the stream, %d were delivered", len(stands), len(want))
	}
	verifyOpen(t, b.addr(), last)
	if n := len(readAll(t, b.addr(), event.TopicDeadLetter)); n > 0 {
		t.Errorf("%d dead letters", n)
	}
}

// verifyOpen compares what is recommended with what the comments say in the end.
func verifyOpen(t *testing.T, addr string, last map[string]event.Comment) {
	t.Helper()
	var comments []made
	for _, key := range slices.Sorted(maps.Keys(last)) {
		if c := last[key]; !c.Gone() {
			comments = append(comments, made{last: c})
		}
	}
	want := make(map[string]bool)
	for i, v := range classify(t, comments) {
		want[comments[i].last.CommentKey()] = len(v.Findings) > 0
	}
	got := make(map[string]event.Recommendation)
	opened := make(map[string]int)
	for _, r := range readAll(t, addr, event.TopicRecommendations) {
		rec, err := event.DecodeRecommendation(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		if before, ok := got[rec.Key()]; !ok || rec.Revision >= before.Revision {
			got[rec.Key()] = rec
		}
		if rec.Status == event.Open {
			opened[rec.ID]++
			if opened[rec.ID] > 1 {
				t.Errorf("%s is recommended %d times", rec.Key(), opened[rec.ID])
			}
		}
	}
	if len(opened) < 100 {
		t.Errorf("only %d recommendations", len(opened))
	}
	for key, c := range last {
		if open := got[key].Status == event.Open; open != want[key] {
			t.Errorf("%s, gone %v: recommended %v, want %v", key, c.Gone(), open, want[key])
		}
	}
}

// makeDispatches makes the deliveries in the order in which they are sent, and what each comment is in the end.
func makeDispatches(random *rand.Rand) ([]dispatch, map[string]event.Comment) {
	var all []dispatch
	last := make(map[string]event.Comment)
	base := deliveries * 85 / 100
	for i := range base {
		platform := delivery.Platforms[i%3]
		// No text twice under one post: that would be a flood, which depends on the order.
		n := i
		id := func(revision int, suffix string) string {
			return fmt.Sprintf("%s/%s/%d#%d%s", platform, hookAccount[platform], n, revision, suffix)
		}
		say := func(text string) string { return fmt.Sprintf("%d番です。%s", n, text) }
		text := say(texts[random.IntN(len(texts))])
		all = append(all, dispatch{platform, bodyOf(platform, "add", n, text, 0), id(1, "")})
		var c event.Comment
		c.ID, c.Account, c.Platform, c.Text, c.Revision = strconv.Itoa(n), hookAccount[platform], platform, text, 1
		if i < deliveries*5/100 { // what happens to it later may arrive earlier
			at := 1_791_000_000 + n
			revision := 1000 * at
			if i%2 == 0 && platform != delivery.X {
				c.Text, c.Revision = say(texts[random.IntN(len(texts))]), revision
				all = append(all, dispatch{platform, bodyOf(platform, "edited", n, c.Text, at), id(revision, "")})
			} else if platform == delivery.X && i%2 == 0 {
				c.Text, c.Revision = say(texts[random.IntN(len(texts))]), 2
				all = append(all, dispatch{platform, bodyOf(platform, "edited", n, c.Text, at), id(2, "")})
			} else {
				c.Deleted, c.Revision = true, event.MaxRevision
				all = append(all, dispatch{platform, bodyOf(platform, "remove", n, "", at), id(event.MaxRevision, "-deleted")})
			}
		}
		last[c.CommentKey()] = c
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for len(all) < deliveries {
		at := random.IntN(len(all))
		all = slices.Insert(all, at+random.IntN(len(all)-at), all[at])
	}
	return all, last
}

// bodyOf is what a platform sends.
func bodyOf(platform, verb string, n int, text string, at int) []byte {
	post := fmt.Sprintf("post-%d", n%40)
	id := strconv.Itoa(n)
	var v any
	type m = map[string]any
	switch platform {
	case delivery.X:
		if verb == "remove" {
			v = m{"for_user_id": "1580000000000000001", "tweet_delete_events": []any{m{
				"status": m{"id": id, "user_id": "7" + id}, "timestamp_ms": "1",
			}}}
			break
		}
		tweet := m{
			"id_str": id, "text": "@SaitamaCvcCoop " + text, "in_reply_to_status_id_str": post, "in_reply_to_user_id_str": "1580000000000000001",
			"user": m{"id_str": "7" + id, "name": "市民", "screen_name": "exm_" + id}, "created_at": "Mon Nov 16 14:01:46 +0000 2026",
		}
		if verb == "edited" {
			tweet["id_str"] = id + "00000"
			tweet["edit_history"] = m{"initial_tweet_id": id, "edit_tweet_ids": []string{id, id + "00000"}}
		}
		v = m{"for_user_id": "1580000000000000001", "tweet_create_events": []any{tweet}}
	case delivery.Facebook:
		value := m{"item": "comment", "verb": verb, "comment_id": id, "post_id": post, "parent_id": post, "created_time": 1_790_000_000 + n, "from": m{"id": "7" + id, "name": "市民"}}
		if verb != "remove" {
			value["message"] = text
		}
		v = m{"object": "page", "entry": []any{m{"id": "104500000000001", "time": max(at, 1_790_000_000+n), "changes": []any{m{"field": "feed", "value": value}}}}}
	default:
		kind := map[string]string{"add": "comment.created", "edited": "comment.edited", "remove": "comment.deleted"}[verb]
		v = m{"type": kind, "timestamp": time.Unix(int64(max(at, 1_790_000_000+n)), 0).UTC(), "data": m{
			"comment": m{"id": id, "text": text, "author": m{"id": "7" + id, "name": "市民"}}, "post": m{"id": post},
		}}
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // of plain values
	}
	return b
}

// send sends what is in the queue, each delivery until it is taken.
func send(ctx context.Context, t *testing.T, addr string, queue <-chan dispatch, said *told) {
	t.Helper()
	hc := &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
	defer hc.CloseIdleConnections()
	for d := range queue {
		for ctx.Err() == nil {
			status, retry, err := post(ctx, hc, addr, d)
			switch {
			case ctx.Err() != nil:
			case err != nil:
				said.lost.Add(1)
			case status == http.StatusOK:
				said.taken.Add(1)
			case status == http.StatusServiceUnavailable && retry != "":
				said.refused.Add(1)
			default:
				t.Errorf("%s is answered %d", d.id, status)
				return
			}
			if err == nil && status == http.StatusOK {
				break
			}
			select { // sooner than a platform
			case <-time.After(200 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}

func post(ctx context.Context, hc *http.Client, addr string, d dispatch) (status int, retry string, err error) {
	h, err := delivery.Sign(d.platform, hookSecrets[d.platform], d.body, d.id, time.Now())
	if err != nil {
		return 0, "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/webhook/"+d.platform+"/"+hookAccount[d.platform], bytes.NewReader(d.body))
	if err != nil {
		return 0, "", err
	}
	req.Header = h
	req.Header.Set("Content-Type", "application/json")
	res, err := hc.Do(req)
	if err != nil {
		return 0, "", err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, res.Header.Get("Retry-After"), errors.Join(err, res.Body.Close())
}
