package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/rules"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wordy is a classifier whose verdict follows from marks in the text:
//
//	[hide]    a violation; [hide:name] and [hide:handle] with evidence there
//	[panic]   a panic, with the text as its value
//	[index]   a run-time panic
//	[refuse]  an input error
//	[odd]     another error
//	[many]    a violation with a thousand long pieces of evidence
//
// It knows the accounts saitama and wako. hold, where set, is called first.
type wordy struct {
	ruleset string
	hold    func(classifier.Comment)
}

func (w wordy) Classify(c classifier.Comment) (classifier.Verdict, error) {
	if w.hold != nil {
		w.hold(c)
	}
	v := classifier.Verdict{ID: c.ID, Policy: c.Account, Ruleset: w.ruleset, Findings: []classifier.Finding{}}
	if v.Ruleset == "" {
		v.Ruleset = "r1"
	}
	if c.Account != "saitama" && c.Account != "wako" {
		return v, &classifier.InputError{Field: "account", What: "no policy covers it", Mend: "add a policy"}
	}
	if c.Post.Text == "" {
		v.Abstained = []string{"tampering", "off-topic"}
	}
	finding := classifier.Finding{Category: "commercial", Clause: "7(5)", Confidence: 0.9, Reason: "宣伝のため"}
	e := classifier.Evidence{Start: 0, End: 1, Text: "[", Rule: "commercial.test"}
	switch {
	case strings.Contains(c.Text, "[panic]"):
		panic(c.Text)
	case strings.Contains(c.Text, "[index]"):
		_ = c.Text[len(c.Text)+len(c.ID):]
	case strings.Contains(c.Text, "[refuse]"):
		return v, &classifier.InputError{Field: "text", What: "is odd", Mend: "mend it"}
	case strings.Contains(c.Text, "[odd]"):
		return v, errors.New("odd: " + c.Text)
	case strings.Contains(c.Text, "[hide:name]"):
		e.In = "author.name"
	case strings.Contains(c.Text, "[hide:handle]"):
		e.In = "author.handle"
	case strings.Contains(c.Text, "[many]"):
		e.Text = strings.Repeat("長い", 1000)
		for range 999 {
			finding.Evidence = append(finding.Evidence, e)
		}
	case strings.Contains(c.Text, "[hide]"):
	default:
		v.Gated = true
		return v, nil
	}
	finding.Evidence = append(finding.Evidence, e)
	v.Action, v.Findings = rules.Hide, []classifier.Finding{finding}
	return v, nil
}

// WithFlood hides what has no finding.
func (w wordy) WithFlood(c classifier.Comment, v classifier.Verdict, f classifier.Flood) classifier.Verdict {
	if len(v.Findings) > 0 {
		return v
	}
	v.Action, v.Gated = rules.Hide, false
	v.Findings = []classifier.Finding{{
		Category: "tos-violation", Clause: "7(14)", Confidence: 0.7, Reason: fmt.Sprintf("%d件目 %v", f.Count, f.SameAuthor),
		Evidence: []classifier.Evidence{{End: len([]rune(c.Text)), Text: c.Text, Rule: classifier.SourceFlood}},
	}}
	return v
}

var time0 = time.Date(2026, 11, 3, 9, 30, 0, 0, time.UTC)

// env is a cluster of one broker in this process.
type env struct {
	*testing.T
	broker *kfake.Cluster
	client *Client
	feeder *Feeder
	log    *recorder
}

func newEnv(t *testing.T, opts ...kfake.Opt) *env {
	t.Helper()
	broker, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	e := &env{T: t, broker: broker, log: new(recorder)}
	e.client = e.connect(Cluster{Brokers: broker.ListenAddrs()})
	e.feeder = NewFeeder(e.client, "test", slog.New(e.log))
	return e
}

func (e *env) connect(c Cluster) *Client {
	e.Helper()
	c.Log = slog.New(e.log)
	client, err := Connect(c)
	if err != nil {
		e.Fatal(err)
	}
	e.Cleanup(client.Close)
	return client
}

// topics makes the topics with a number of partitions.
func (e *env) topics(partitions int) {
	e.Helper()
	problems, err := e.client.EnsureTopics(e.Context(), TopicSettings{Partitions: partitions})
	if err != nil || len(problems) > 0 {
		e.Fatal(problems, err)
	}
}

// running is a worker at work.
type running struct {
	*Worker
	stop func() // ends it and waits
	reg  *prometheus.Registry
}

// start starts a worker, which is stopped at the end of the test.
func (e *env) start(cfg WorkerConfig) *running {
	e.Helper()
	reg := prometheus.NewRegistry()
	m, err := NewMetrics(reg)
	if err != nil {
		e.Fatal(err)
	}
	if cfg.Client == nil {
		cfg.Client = e.connect(Cluster{Brokers: e.broker.ListenAddrs()})
	}
	if cfg.Classifier == nil {
		cfg.Classifier = wordy{}
	}
	cfg.Metrics, cfg.Log = m, slog.New(e.log)
	w, err := NewWorker(cfg)
	if err != nil {
		e.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	var once sync.Once
	r := &running{Worker: w, reg: reg, stop: func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				e.Errorf("the worker ended with %v", err)
			}
		})
	}}
	e.Cleanup(r.stop)
	return r
}

// says waits until the worker is not ready for a reason that holds the words.
func (r *running) says(t *testing.T, words string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if err := r.health.await(ctx, func(err error) bool { return err != nil && strings.Contains(err.Error(), words) }); err != nil {
		t.Fatalf("it does not say %q: %v", words, err)
	}
}

// metric is the sum of a metric's values (for a histogram its count) over all label values that contain the given ones.
func (r *running) metric(t *testing.T, name string, labels ...string) float64 {
	t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if hasLabels(m, labels) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return sum
}

func hasLabels(m *dto.Metric, values []string) bool {
	for _, v := range values {
		found := false
		for _, l := range m.GetLabel() {
			found = found || l.GetValue() == v
		}
		if !found {
			return false
		}
	}
	return true
}

func (e *env) send(comments ...event.Comment) {
	e.Helper()
	if err := e.feeder.Send(e.Context(), comments...); err != nil {
		e.Fatal(err)
	}
}

// drained waits until the group has worked through everything.
func (e *env) drained() {
	e.Helper()
	if err := e.client.WaitDrained(e.deadline(), DefaultGroup, nil); err != nil {
		e.Fatalf("waiting for the worker: %v\n%s", err, e.log)
	}
}

// deadline is a context for what would otherwise be waited for until the test binary is killed without a word.
func (e *env) deadline() context.Context {
	ctx, cancel := context.WithTimeout(e.Context(), 60*time.Second)
	e.Cleanup(cancel)
	return ctx
}

// records are all records of a topic, by partition, as they lie there.
func (e *env) records(topic string) []message {
	e.Helper()
	n, err := e.client.partitions(e.Context(), topic)
	if err != nil {
		e.Fatal(err)
	}
	ends, err := e.client.EndOffsets(e.Context(), topic)
	if err != nil {
		e.Fatal(err)
	}
	var all []message
	for p := range n {
		e.client.watchPartition(e.deadline(), topic, p, 0, ends[p], true, func(m message) bool {
			all = append(all, m)
			return true
		})
	}
	return all
}

// history is what the recommendations say about each comment, in order, in short: "1 open", "2 edited" …
func (e *env) history() map[string]string {
	e.Helper()
	h := make(map[string]string)
	for _, m := range e.records(event.TopicRecommendations) {
		r, err := event.DecodeRecommendation(m.value)
		if err != nil {
			e.Fatal(err)
		}
		if string(m.key) != r.Key() {
			e.Errorf("key %s on a record of %s", m.key, r.Key())
		}
		s := fmt.Sprintf("%d open", r.Revision)
		if r.Status == event.Withdrawn {
			s = fmt.Sprintf("%d %s", r.Revision, r.Why)
		}
		if h[r.Key()] != "" {
			s = h[r.Key()] + ", " + s
		}
		h[r.Key()] = s
	}
	return h
}

func (e *env) deadLetters() []event.DeadLetter {
	e.Helper()
	var all []event.DeadLetter
	for _, m := range e.records(event.TopicDeadLetter) {
		d, err := event.DecodeDeadLetter(m.value)
		if err != nil {
			e.Fatal(err)
		}
		if string(m.key) != d.Key() {
			e.Errorf("key %s on the dead letter %s", m.key, d.Key())
		}
		all = append(all, d)
	}
	return all
}

// comment is one under a post of its own.
func comment(id, text string) event.Comment {
	return event.Comment{
		Comment: classifier.Comment{
			ID: id, Account: "saitama", Platform: "x", Text: text, Post: classifier.Post{ID: "p" + id},
			Author: classifier.Author{ID: "author-id-" + id, Name: "名前" + id, Handle: "handle" + id},
		},
		Revision: 1,
	}
}

func edit(c event.Comment, revision int, text string) event.Comment {
	c.Revision, c.Text = revision, text
	return c
}

func gone(c event.Comment, revision int) event.Comment {
	c.Revision, c.Text, c.Deleted = revision, "", true
	return c
}

// raw writes a record of any content to a partition of kotomori.comments and returns its offset.
func (e *env) raw(partition int, key, value []byte) int64 {
	e.Helper()
	r := kafka.Record{}
	if key != nil {
		r.Key = kafka.NewBytes(key)
	}
	if value != nil {
		r.Value = kafka.NewBytes(value)
	}
	res, err := e.client.kafka.Produce(e.Context(), &kafka.ProduceRequest{
		Topic: event.TopicComments, Partition: partition, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(r),
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		e.Fatal(err)
	}
	return res.BaseOffset
}

// recorder keeps the log, to be shown when a test fails and to be searched for what must not be there.
type recorder struct {
	mu   sync.Mutex
	text strings.Builder
}

func (r *recorder) Enabled(context.Context, slog.Level) bool { return true }
func (r *recorder) WithAttrs(attrs []slog.Attr) slog.Handler {
	return with{r, fmt.Sprint(attrs) + " "}
}
func (r *recorder) WithGroup(string) slog.Handler { return r }

func (r *recorder) Handle(_ context.Context, rec slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.text, "%s %s %s", rec.Time.Format("15:04:05.000"), rec.Level, rec.Message)
	rec.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&r.text, " %s", a)
		return true
	})
	r.text.WriteByte('\n')
	return nil
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

type with struct {
	*recorder
	attrs string
}

func (w with) Handle(ctx context.Context, rec slog.Record) error {
	rec.Message = w.attrs + rec.Message
	return w.recorder.Handle(ctx, rec)
}
