package app

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/delivery"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/stream"
	"github.com/kotomori/kotomori/internal/webhook"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// secrets of the accounts that the recorded deliveries are for.
var recordedSecrets = map[string]string{
	delivery.X: "x-consumer-secret", delivery.Facebook: "facebook-app-secret", delivery.Blog: "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=",
}

func recordedAccounts() []webhook.Account {
	return []webhook.Account{
		{Platform: delivery.X, Name: "saitama", IDs: []string{"1580000000000000001"}, Secrets: []webhook.Secret{webhook.Secret(recordedSecrets[delivery.X])}},
		{Platform: delivery.Facebook, Name: "wako", IDs: []string{"104500000000001"}, Secrets: []webhook.Secret{webhook.Secret(recordedSecrets[delivery.Facebook])}, Tokens: []webhook.Secret{"token"}},
		{Platform: delivery.Blog, Name: "wako", Secrets: []webhook.Secret{webhook.Secret(recordedSecrets[delivery.Blog])}},
	}
}

// stories are the recorded deliveries that belong together, in the order in which they happened; see testdata/webhook/README.md.
var stories = []string{
	"x-activity-post-create", "x-activity-post-own-reply", "x-activity-post-edit", "x-stream-reply", "x-activity-post-reply",
	"x-stream-reply-violation", "x-stream-edit",
	"x-activity-post-create-long", "x-stream-long-reply", "x-stream-reply-no-includes", "x-activity-post-delete",
	"x-account-own-post", "x-account-own-post-edit", "x-account-reply", "x-account-quote-reply", "x-account-reply-violation",
	"x-account-edit", "x-account-delete", "x-account-several", "x-account-own-delete",
	"facebook-post-status", "facebook-comment-add", "facebook-post-edited", "facebook-comment-add-violation", "facebook-comment-hide",
	"facebook-comment-edited", "facebook-comment-unhide", "facebook-comment-edited-violation", "facebook-comment-remove",
	"facebook-comment-nested", "facebook-comment-remove-by-author", "facebook-post-trashed", "facebook-post-remove",
	"blog-post-published", "blog-post-edited", "blog-comment-created", "blog-comment-created-violation", "blog-comment-hidden",
	"blog-comment-edited", "blog-comment-shown", "blog-comment-created-nested", "blog-comment-deleted", "blog-post-deleted",
}

// TestRecordedDeliveries: each recorded delivery, sent signed, ends as the right events, verdict and recommendation.
// The golden file shows them; its recommendations change with the rules and the model.
func TestRecordedDeliveries(t *testing.T) {
	names := slices.Clone(stories)
	files, err := filepath.Glob("../../testdata/webhook/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 80 {
		t.Fatalf("only %d files", len(files))
	}
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".json"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	dir := t.TempDir()
	a, err := New(Config{
		Embedded: &Embedded{Dir: BrokerDir(dir)}, Group: stream.DefaultGroup, Topics: stream.TopicSettings{Partitions: 2, Replication: 1},
		HTTP: "127.0.0.1:0", PseudonymKey: PseudonymFile(dir),
		Webhook: &Webhooks{Addr: "127.0.0.1:0", Receiver: webhook.Config{Accounts: recordedAccounts()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := a.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	}()
	if err := waitReady(ctx, a); err != nil {
		t.Fatal(err)
	}
	read := newLog(t, a)

	var got strings.Builder
	for _, name := range names {
		body, err := os.ReadFile("../../testdata/webhook/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		platform, _, _ := strings.Cut(name, "-")
		status, answer := post(t, a.WebhookAddr(), platform, body, name)
		fmt.Fprintf(&got, "== %s: %d %s\n", name, status, answer)
		if err := a.Client().WaitDrained(ctx, stream.DefaultGroup, nil); err != nil {
			t.Fatal(err)
		}
		read.new(ctx, &got)
		// Once more: nothing new comes of it.
		if status == http.StatusOK {
			if again, answer := post(t, a.WebhookAddr(), platform, body, name); again != status || !strings.Contains(answer, `"accepted":0,`) {
				t.Errorf("%s: the second time %d %s", name, again, answer)
			}
			var more strings.Builder
			read.new(ctx, &more)
			if more.Len() > 0 {
				t.Errorf("%s: the second time came\n%s", name, more.String())
			}
		}
	}

	const golden = "testdata/webhook.golden"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("not as %s says; look at the difference, then -update\n%s", golden, firstDifference(got.String(), string(want)))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d: got\n%s\nwant\n%s", i+1, g[i], w[i])
		}
	}
	return "one is longer"
}

// post signs and sends a body as its platform does.
func post(t *testing.T, addr, platform string, body []byte, id string) (status int, answer string) {
	t.Helper()
	account := "wako"
	if platform == delivery.X {
		account = "saitama"
	}
	h, err := delivery.Sign(platform, recordedSecrets[platform], body, id, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/webhook/"+platform+"/"+account, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = h
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p webhook.Problem
	if json.Unmarshal(b, &p) == nil && p.Detail != "" {
		return res.StatusCode, p.Detail
	}
	return res.StatusCode, strings.TrimSpace(string(b))
}

// log reads what is new in the topics.
type log struct {
	*testing.T
	client *kgo.Client
	own    *stream.Client
	next   map[string]int64 // by topic/partition
}

func newLog(t *testing.T, a *App) *log {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(a.Broker()), kgo.ConsumeTopics(logTopics...), kgo.FetchMaxWait(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &log{t, c, a.Client(), make(map[string]int64)}
}

var logTopics = []string{event.TopicPosts, event.TopicComments, event.TopicRecommendations, event.TopicDeadLetter}

// behind says whether there is something that was not read.
func (l *log) behind(ctx context.Context) bool {
	for _, topic := range logTopics {
		ends, err := l.own.EndOffsets(ctx, topic)
		if err != nil {
			l.Fatal(err)
		}
		for partition, end := range ends {
			if l.next[fmt.Sprint(topic, partition)] < end {
				return true
			}
		}
	}
	return false
}

// new writes what came since the last time, a line each, sorted: topics and partitions have no common order.
func (l *log) new(ctx context.Context, w *strings.Builder) {
	var lines []string
	for l.behind(ctx) {
		fetches := l.client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			l.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			lines = append(lines, l.line(r))
			l.next[fmt.Sprint(r.Topic, r.Partition)] = r.Offset + 1
		})
	}
	slices.Sort(lines)
	for _, line := range lines {
		w.WriteString("   " + line + "\n")
	}
}

func (l *log) line(r *kgo.Record) string {
	l.Helper()
	check := func(err error) {
		if err != nil {
			l.Fatalf("%s: %v", r.Topic, err)
		}
	}
	switch r.Topic {
	case event.TopicPosts:
		p, err := event.DecodePost(r.Value)
		check(err)
		return fmt.Sprintf("1 post %s#%d deleted=%v %q", p.Key(), p.Revision, p.Deleted, p.Text)
	case event.TopicComments:
		c, err := event.DecodeComment(r.Value)
		check(err)
		s := fmt.Sprintf("2 comment %s#%d under %q by %s/%s/%s", c.CommentKey(), c.Revision, c.Post.ID, c.Author.ID, c.Author.Handle, c.Author.Name)
		if c.Gone() {
			s += fmt.Sprintf(" hidden=%v deleted=%v", c.Hidden, c.Deleted)
		}
		if c.Post.Text != "" {
			s += " (with the post)"
		}
		s += fmt.Sprintf(" %q", c.Text)
		for _, u := range c.URLs {
			s += " " + u.URL + "→" + u.Expanded
		}
		return s
	case event.TopicRecommendations:
		rec, err := event.DecodeRecommendation(r.Value)
		check(err)
		if rec.Status == event.Withdrawn {
			if !rec.Withdraws {
				return fmt.Sprintf("3 nothing to withdraw of %s#%d: %s", rec.Key(), rec.Revision, rec.Why)
			}
			return fmt.Sprintf("3 withdrawn %s#%d: %s", rec.Key(), rec.Revision, rec.Why)
		}
		f := rec.Findings[0]
		return fmt.Sprintf("3 recommended %s#%d: %s for %s %s, evidence %q", rec.Key(), rec.Revision, rec.Action, f.Category, f.Clause, texts(f.Evidence))
	default:
		d, err := event.DecodeDeadLetter(r.Value)
		check(err)
		return fmt.Sprintf("4 dead letter %s: %s: %s", d.Key(), d.Reason, d.Error)
	}
}

func texts(evidence []classifier.Evidence) []string {
	var out []string
	for _, e := range evidence {
		out = append(out, e.Text)
	}
	return out
}
