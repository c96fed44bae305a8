package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kotomori/kotomori/internal/event"
)

// inlet starts an inlet, which is stopped at the end of the test or by stop.
func (e *env) inlet(cfg InletConfig) (i *Inlet, stop func()) {
	e.Helper()
	cfg.Client = e.client
	i, err := NewInlet(cfg)
	if err != nil {
		e.Fatal(err)
	}
	ctx, cancel := context.WithCancel(e.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := i.Run(ctx); err != nil {
			e.Errorf("run: %v", err)
		}
	}()
	stop = func() {
		cancel()
		<-done
	}
	e.Cleanup(stop)
	return i, stop
}

func records[E interface {
	Record(source string, at time.Time) (event.Record, error)
}](t *testing.T, events ...E) []event.Record {
	t.Helper()
	var out []event.Record
	for _, e := range events {
		r, err := e.Record("test", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// put sends and says how many were there before.
func (e *env) put(i *Inlet, records ...event.Record) int {
	e.Helper()
	repeated, err := i.Send(e.deadline(), records...)
	if err != nil {
		e.Fatal(err)
	}
	return repeated
}

// ids are the identities in a topic, in the order in which they lie there, by partition.
func (e *env) ids(topic string) []string {
	e.Helper()
	var all []string
	for _, m := range e.records(topic) {
		all = append(all, m.id)
	}
	return all
}

func (e *env) wantIDs(topic string, want ...string) {
	e.Helper()
	if got := e.ids(topic); strings.Join(got, " ") != strings.Join(want, " ") {
		e.Errorf("%s holds %v, want %v", topic, got, want)
	}
}

func TestInletOnce(t *testing.T) {
	e := newEnv(t)
	i, stop := e.inlet(InletConfig{Topics: TopicSettings{Partitions: 1}})
	one, two := comment("1", "よい"), comment("2", "よい")
	if n := e.put(i, records(t, one, two, one)...); n != 1 {
		t.Errorf("%d repeated in one call", n)
	}
	if n := e.put(i, records(t, two, edit(two, 2, "わるい"))...); n != 1 {
		t.Errorf("%d repeated in a later call", n)
	}
	want := []string{"x/saitama/1#1", "x/saitama/2#1", "x/saitama/2#2"}
	e.wantIDs(event.TopicComments, want...)

	// Somebody else writes: it is noticed after a while.
	three := comment("3", "よい")
	e.send(three)
	time.Sleep(lookEvery + 100*time.Millisecond)
	if n := e.put(i, records(t, three)...); n != 1 {
		t.Errorf("%d repeated of what another process wrote", n)
	}

	stop()
	if _, err := i.Send(t.Context(), records(t, one)...); !errors.Is(err, errEnded) {
		t.Errorf("after the end: %v", err)
	}
	again, _ := e.inlet(InletConfig{})
	if n := e.put(again, records(t, one, two, three, comment("4", "よい"))...); n != 3 {
		t.Errorf("%d repeated after a restart", n)
	}
	e.wantIDs(event.TopicComments, append(want, "x/saitama/3#1", "x/saitama/4#1")...)
}

// TestInletUnsure: a request whose answer is lost may have been carried out.
func TestInletUnsure(t *testing.T) {
	e := newEnv(t)
	i, _ := e.inlet(InletConfig{Topics: TopicSettings{Partitions: 1}})
	e.put(i, records(t, comment("0", "よい"))...)
	one := comment("1", "よい")
	var once sync.Once
	e.broker.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cut := false
		once.Do(func() {
			cut = true
			go func() { // stands for the request having been carried out
				if err := e.feeder.Send(context.Background(), one); err != nil {
					t.Error(err)
				}
			}()
		})
		if cut {
			return nil, errors.New("cut"), true
		}
		return nil, nil, false
	})
	e.put(i, records(t, one, comment("2", "よい"))...)
	e.wantIDs(event.TopicComments, "x/saitama/0#1", "x/saitama/1#1", "x/saitama/2#1")
	if err := i.Ready(); err != nil {
		t.Errorf("not ready afterwards: %v", err)
	}
}

func TestInletWaits(t *testing.T) {
	e := newEnv(t)
	i, _ := e.inlet(InletConfig{Topics: TopicSettings{Partitions: 2}})
	e.put(i, records(t, comment("1", "よい"))...)
	refuse := true
	var mu sync.Mutex
	e.broker.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		mu.Lock()
		defer mu.Unlock()
		e.broker.KeepControl()
		if refuse {
			return nil, errors.New("cut"), true
		}
		return nil, nil, false
	})
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	if _, err := i.Send(ctx, records(t, comment("2", "よい"))...); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while the broker refuses: %v", err)
	}
	if i.Ready() == nil {
		t.Error("ready while the broker refuses")
	}
	mu.Lock()
	refuse = false
	mu.Unlock()
	// Without a delivery too: a balancer sends none to a receiver that is not ready.
	if err := i.health.await(e.deadline(), func(err error) bool { return err == nil }); err != nil {
		t.Errorf("not ready again: %v", err)
	}
	if n := e.put(i, records(t, comment("3", "よい"))...); n != 0 {
		t.Errorf("%d repeated", n)
	}
	if strings.Contains(e.log.String(), "よい") {
		t.Error("the log tells what people wrote")
	}
}

func TestInletPosts(t *testing.T) {
	e := newEnv(t)
	i, stop := e.inlet(InletConfig{})
	post := func(revision int, text string) event.Post {
		return event.Post{ID: "p", Account: "saitama", Platform: "x", Text: text, Revision: revision, Deleted: text == ""}
	}
	e.put(i, records(t, post(2, "二"))...)
	if n := e.put(i, records(t, post(1, "一"))...); n != 1 {
		t.Errorf("an older revision is written after a newer one")
	}
	stop()
	i, _ = e.inlet(InletConfig{})
	if n := e.put(i, records(t, post(1, "一"), post(3, "三"), post(5, ""))...); n != 1 {
		t.Errorf("%d repeated after a restart", n)
	}
	e.wantIDs(event.TopicPosts, "x/saitama/p#2", "x/saitama/p#3", "x/saitama/p#5-deleted")
	posts := newPosts(e.client, e.client.log, newHealth())
	ctx, cancel := context.WithCancel(e.deadline())
	defer posts.wait()
	defer cancel()
	if err := errors.Join(posts.follow(ctx), posts.catchUp(ctx)); err != nil || posts.get("x/saitama/p") != "" {
		t.Errorf("a deleted post still has a text, %v", err)
	}
}

// TestInletEverywhere: a deletion that names no post reaches the comment wherever it lies.
func TestInletEverywhere(t *testing.T) {
	e := newEnv(t)
	e.topics(5)
	i, _ := e.inlet(InletConfig{})
	e.start(WorkerConfig{})
	var want []string
	for n := range 8 {
		c := comment(fmt.Sprint(n), "[hide]")
		e.put(i, records(t, c)...)
		c.Post.ID = ""
		del := records(t, gone(c, event.MaxRevision))
		e.put(i, del...)
		if again := e.put(i, del...); again != 1 {
			t.Errorf("%d repeated", again)
		}
		want = append(want, fmt.Sprint(n))
	}
	// Of a comment that comes later nothing is said.
	late := comment("late", "[hide]")
	before := late
	before.Post.ID = ""
	e.put(i, records(t, gone(before, event.MaxRevision))...)
	e.put(i, records(t, late)...)
	e.drained()
	for _, id := range want {
		// Each of the other partitions says for itself that nothing is to be decided.
		got := e.history()["x/saitama/"+id]
		if strings.Count(got, "open") != 1 || strings.Count(got, "deleted") != 5 {
			t.Errorf("%s: %s", id, got)
		}
	}
	if got := e.history()["x/saitama/late"]; strings.Contains(got, "open") {
		t.Errorf("late: %s", got)
	}
	standing := map[string]event.Status{}
	if err := e.client.Watch(e.deadline(), WatchOptions{UntilEnd: true}, func(r event.Recommendation) error {
		standing[r.CommentID] = r.Status
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for id, status := range standing {
		if status != event.Withdrawn {
			t.Errorf("%s is %s", id, status)
		}
	}
}

// TestInletTopicAnew: what a topic said that was deleted and made again is written again.
func TestInletTopicAnew(t *testing.T) {
	e := newEnv(t)
	i, _ := e.inlet(InletConfig{Topics: TopicSettings{Partitions: 1}})
	all := records(t, comment("1", "よい"), comment("2", "よい"), comment("3", "よい"))
	e.put(i, all...)
	res, err := e.client.kafka.DeleteTopics(e.deadline(), &kafka.DeleteTopicsRequest{Topics: []string{event.TopicComments}})
	if err != nil || res.Errors[event.TopicComments] != nil {
		t.Fatal(err, res)
	}
	other := e.connect(Cluster{Brokers: e.broker.ListenAddrs()}) // ours believes for a while that the topic is there
	if _, err := other.EnsureTopics(e.deadline(), TopicSettings{Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(lookEvery + 100*time.Millisecond)
	if n := e.put(i, all[:2]...); n != 0 {
		t.Errorf("%d repeated", n)
	}
	e.wantIDs(event.TopicComments, "x/saitama/1#1", "x/saitama/2#1")
}

// TestInletTooLarge: who sends the same at the same time is told the same.
func TestInletTooLarge(t *testing.T) {
	e := newEnv(t)
	e.topics(1)
	i, err := NewInlet(InletConfig{Client: e.client})
	if err != nil {
		t.Fatal(err)
	}
	l := newLane(i, event.TopicComments, 0) // nobody runs it
	big := records(t, comment("1", strings.Repeat("長", 400_000)))[0]
	var batch []*parcel
	for range 3 {
		batch = append(batch, &parcel{ctx: t.Context(), record: big, id: identityOf(big.ID()), done: make(chan outcome, 1)})
	}
	small := records(t, comment("2", "よい"))[0]
	batch = append(batch, &parcel{ctx: t.Context(), record: small, id: identityOf(small.ID()), done: make(chan outcome, 1)})
	e.broker.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		e.broker.KeepControl()
		req := r.(*kmsg.ProduceRequest)
		p := &req.Topics[0].Partitions[0]
		if len(p.Records) < 100_000 {
			return nil, nil, false
		}
		res := req.ResponseKind().(*kmsg.ProduceResponse)
		res.Topics = []kmsg.ProduceResponseTopic{{Topic: req.Topics[0].Topic, Partitions: []kmsg.ProduceResponseTopicPartition{{Partition: p.Partition, ErrorCode: 10}}}}
		return res, nil, true
	})
	if err := l.try(e.deadline(), batch); err != nil {
		t.Fatal(err)
	}
	for n, p := range batch {
		o := <-p.done
		var limit interface{ TooLarge() bool }
		if n < 3 && (!errors.As(o.err, &limit) || o.repeated) || n == 3 && (o.err != nil || o.repeated) {
			t.Errorf("%d: %+v", n, o)
		}
	}
	e.wantIDs(event.TopicComments, "x/saitama/2#1")
}

// TestInletRemoved: what an administrator removed may be sent again.
func TestInletRemoved(t *testing.T) {
	e := newEnv(t)
	i, _ := e.inlet(InletConfig{Topics: TopicSettings{Partitions: 1}})
	letter := event.DeadLetter{Topic: "webhook/x/saitama", Delivery: "abc", Value: []byte("{"), Size: 1, Reason: event.ReasonJSON, Error: "is not JSON", Failed: time.Now()}
	r, err := letter.Record("test")
	if err != nil {
		t.Fatal(err)
	}
	all := []event.Record{r}
	e.put(i, all...)
	if n := e.put(i, all...); n != 1 {
		t.Errorf("%d repeated", n)
	}
	if _, err := e.client.produce(e.deadline(), event.TopicDeadLetter, 0, []event.Record{{Topic: event.TopicDeadLetter, Key: all[0].Key}}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(lookEvery + 100*time.Millisecond)
	if n := e.put(i, all...); n != 0 {
		t.Errorf("%d repeated after it was removed", n)
	}
}

func TestInletRefuses(t *testing.T) {
	e := newEnv(t)
	i, _ := e.inlet(InletConfig{Topics: TopicSettings{Partitions: 1}})
	if _, err := i.Send(e.deadline(), event.Record{Topic: event.TopicRecommendations}); err == nil {
		t.Error("recommendations come from outside")
	}
	for _, cfg := range []InletConfig{{}, {Client: e.client, Window: -1}} {
		if _, err := NewInlet(cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}

func TestWindow(t *testing.T) {
	w := newWindow(3)
	for n := range 5 {
		w.add(identityOf(fmt.Sprint(n)))
		w.add(identityOf(fmt.Sprint(n)))
		w.add(identity{})
	}
	for n := range 5 {
		if got, want := w.has(identityOf(fmt.Sprint(n))), n >= 2; got != want {
			t.Errorf("%d: %v", n, got)
		}
	}
	if len(w.in) != 3 || len(w.ring) != 3 {
		t.Errorf("%d and %d are remembered", len(w.in), len(w.ring))
	}
}

// TestHidden: what a platform hides is withdrawn, and judged again when it is shown.
func TestHidden(t *testing.T) {
	e := newEnv(t)
	e.topics(1)
	e.start(WorkerConfig{})
	hidden := func(c event.Comment, revision int) event.Comment {
		c.Revision, c.Text, c.Hidden = revision, "", true
		return c
	}
	bad := comment("bad", "[hide]")
	late := comment("late", "[hide]")
	same := comment("same", "[hide]")
	picture := comment("picture", "")
	e.send(bad, hidden(bad, 5), edit(bad, 4, "[hide]"), edit(bad, 6, "[hide]"), gone(bad, event.MaxRevision), edit(bad, 9, "[hide]"))
	e.send(hidden(late, 5), late)
	e.send(edit(same, 5, "[hide]"), hidden(same, 5), gone(same, 5), hidden(same, 5))
	e.send(picture, edit(picture, 2, "[hide]"), edit(picture, 3, ""))
	e.drained()
	got := e.history()
	for id, want := range map[string]string{
		"bad":     "1 open, 5 hidden, 6 open, 9007199254740991 deleted",
		"late":    "5 hidden",
		"same":    "5 open, 5 hidden, 5 deleted",
		"picture": "2 open, 3 edited",
	} {
		if got["x/saitama/"+id] != want {
			t.Errorf("%s: %s, want %s", id, got["x/saitama/"+id], want)
		}
	}
	if d := e.deadLetters(); len(d) > 0 {
		t.Errorf("dead letters: %+v", d)
	}
}
