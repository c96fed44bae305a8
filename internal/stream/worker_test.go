package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/rules"
)

// What a moderator needs is in the recommendation, and nothing of the author that a moderator does not need.
func TestRecommendation(t *testing.T) {
	e := newEnv(t)
	e.topics(3)
	pseudonyms, err := event.NewPseudonyms([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	w := e.start(WorkerConfig{Pseudonyms: pseudonyms})
	plain := comment("1", "[hide] お得です")
	plain.Post.Text = "講座のお知らせ"
	plain.URLs = []event.URL{{URL: "https://t.example/1", Expanded: "https://shop.example/"}}
	name, handle := comment("2", "[hide:name]"), comment("3", "[hide:handle]")
	clean := comment("4", "楽しみです")
	e.send(plain, name, handle, clean)
	e.drained()

	got := map[string]event.Recommendation{}
	for _, m := range e.records(event.TopicRecommendations) {
		r, err := event.DecodeRecommendation(m.value)
		if err != nil {
			t.Fatal(err)
		}
		if r.Recommended.IsZero() {
			t.Error("no time")
		}
		got[r.CommentID] = r
	}
	if len(got) != 3 {
		t.Fatalf("%d recommendations, want 3: %v", len(got), got)
	}
	r := got["1"]
	want := event.Recommendation{
		Schema: event.Version, ID: event.RecommendationID(plain.CommentKey(), 1, "r1"), CommentID: "1", Revision: 1,
		Account: "saitama", Platform: "x", Post: plain.Post, Status: event.Open, Action: rules.Hide,
		Findings: []classifier.Finding{{
			Category: "commercial", Clause: "7(5)", Confidence: 0.9, Reason: "宣伝のため",
			Evidence: []classifier.Evidence{{Start: 0, End: 1, Text: "[", Rule: "commercial.test"}},
		}},
		Policy: "saitama", Ruleset: "r1", Text: plain.Text, URLs: plain.URLs,
		Author: event.Author{Pseudonym: pseudonyms.Of("x", "author-id-1")}, Recommended: r.Recommended,
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
	if a := got["2"].Author; a.Name != "名前2" || a.Handle != "" {
		t.Errorf("evidence in the name: %+v", a)
	}
	if a := got["3"].Author; a.Name != "" || a.Handle != "handle3" {
		t.Errorf("evidence in the handle: %+v", a)
	}
	if a := got["2"].Abstained; !slices.Equal(a, []string{"tampering", "off-topic"}) {
		t.Errorf("abstained %v", a)
	}
	for _, m := range e.records(event.TopicRecommendations) {
		if strings.Contains(string(m.value), "author-id-") {
			t.Errorf("the author's id is in %s", m.value)
		}
	}
	for name, want := range map[string]float64{
		"kotomori_comments_total/saitama/x": 4, "kotomori_recommendations_total/commercial/hide": 3,
		"kotomori_rule_hits_total/commercial.test": 3, "kotomori_classification_seconds": 4,
		"kotomori_gate_passes_total": 1, "kotomori_dead_letters_total": 0, "kotomori_ruleset_info/r1": 1, "kotomori_consumer_lag": 0,
	} {
		labels := strings.Split(name, "/")
		if got := w.metric(t, labels[0], labels[1:]...); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if err := w.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	w.stop()
	if err := w.Ready(); err == nil {
		t.Error("ready after it was stopped")
	}
	if got := w.metric(t, "kotomori_consumer_lag"); got != 0 {
		t.Errorf("lag %v of partitions that are nobody's", got)
	}
}

// Every broken record is in the dead letters with its bytes and a reason; what surrounds it is judged.
func TestDeadLetters(t *testing.T) {
	e := newEnv(t)
	e.topics(2)
	good := comment("1", "[hide]")
	record, err := good.Record("test", time0)
	if err != nil {
		t.Fatal(err)
	}
	type want struct {
		reason event.Reason
		key    []byte
		value  []byte
		says   string
	}
	wants := map[string]want{}
	add := func(reason event.Reason, says string, key, value []byte) {
		offset := e.raw(0, key, value)
		wants["kotomori.comments/0/"+strconv.FormatInt(offset, 10)] = want{reason, key, value, says}
	}
	with := func(c event.Comment) ([]byte, []byte) {
		r, err := c.Record("test", time0)
		if err != nil {
			t.Fatal(err)
		}
		return r.Key, r.Value
	}
	add(event.ReasonJSON, "no value", []byte("k"), nil)
	add(event.ReasonJSON, "empty", []byte("k"), []byte{})
	add(event.ReasonJSON, "byte", nil, []byte("{,"))
	add(event.ReasonEncoding, "UTF-8", []byte("k"), []byte("{\"text\":\"\xff\xfe\"}"))
	add(event.ReasonSchema, "version 2", []byte("k"), []byte(`{"schema":"2.0"}`))
	add(event.ReasonField, "text", []byte("k"), []byte(`{"schema":"1.0","id":"1","account":"saitama","platform":"x","revision":1}`))
	add(event.ReasonKey, "platform/account", []byte("another"), record.Value)
	add(event.ReasonKey, "platform/account", nil, record.Value)
	c := comment("2", "[hide]")
	c.Account = "kawagoe"
	k, v := with(c)
	add(event.ReasonUnknownAccount, "policy", k, v)
	k, v = with(comment("3", "[panic] 秘密"))
	add(event.ReasonInternal, "report", k, v)
	k, v = with(comment("4", "[index] 秘密"))
	add(event.ReasonInternal, "report", k, v)
	k, v = with(comment("5", "[refuse] 秘密"))
	add(event.ReasonInput, "text: is odd; mend it", k, v)
	k, v = with(comment("6", "[odd] 秘密"))
	add(event.ReasonInternal, "report", k, v)
	e.raw(0, record.Key, record.Value)

	w := e.start(WorkerConfig{})
	e.drained()
	if h := e.history(); !maps.Equal(h, map[string]string{good.CommentKey(): "1 open"}) {
		t.Errorf("recommendations %v", h)
	}
	for _, d := range e.deadLetters() {
		want, ok := wants[d.Key()]
		if !ok {
			t.Errorf("dead letter %s twice or for nothing", d.Key())
			continue
		}
		delete(wants, d.Key())
		if d.Reason != want.reason || !strings.Contains(d.Error, want.says) {
			t.Errorf("reason %s, %q; want %s, …%s…", d.Reason, d.Error, want.reason, want.says)
		}
		if string(d.RecordKey) != string(want.key) || string(d.Value) != string(want.value) ||
			(d.RecordKey == nil) != (want.key == nil) || (d.Value == nil) != (want.value == nil) ||
			d.Size != len(want.value) || d.Truncated {
			t.Errorf("%+v does not hold the record's bytes", d)
		}
		if strings.Contains(d.Error, "秘密") {
			t.Errorf("%q quotes the comment", d.Error)
		}
	}
	for key, want := range wants {
		t.Errorf("no dead letter %s for %+v", key, want)
	}
	if got := w.metric(t, "kotomori_dead_letters_total", "internal"); got != 3 {
		t.Errorf("%v dead letters with reason internal, want 3", got)
	}
	for _, s := range []string{"秘密", "名前", "author-id", "handle3"} {
		if strings.Contains(e.log.String(), s) {
			t.Errorf("the log holds %s:\n%s", s, e.log)
		}
	}
}

// A record as long as the comments' topic takes comes whole into the dead letters, or in part where their topic takes
// less than it should; either way the next comment is judged.
func TestLongDeadLetters(t *testing.T) {
	long := make([]byte, 1_040_000)
	for _, limit := range []int{event.MaxDeadLetter, 100_000, 300} {
		t.Run(strconv.Itoa(limit), func(t *testing.T) {
			e := newEnv(t)
			if err := e.broker.CreateTopic(event.TopicDeadLetter, 1, map[string]string{
				"cleanup.policy": "compact", "compression.type": "uncompressed", "max.message.bytes": strconv.Itoa(limit),
			}); err != nil {
				t.Fatal(err)
			}
			if _, err := e.client.EnsureTopics(t.Context(), TopicSettings{Partitions: 1}); err != nil {
				t.Fatal(err)
			}
			e.raw(0, []byte("k1"), long)
			e.raw(0, []byte("k2"), []byte("{"))
			e.raw(0, []byte("k3"), long)
			good := comment("1", "[hide]")
			e.send(good)
			e.start(WorkerConfig{})
			e.drained()
			if h := e.history(); h[good.CommentKey()] != "1 open" {
				t.Errorf("recommendations %v", h)
			}
			dead := e.deadLetters()
			switch {
			case limit == 300: // not even the shortest fits
				if len(dead) != 0 || !strings.Contains(e.log.String(), "a dead letter is lost") {
					t.Errorf("%d dead letters, the log says\n%s", len(dead), e.log)
				}
			case len(dead) != 3:
				t.Fatalf("%d dead letters, want 3", len(dead))
			default:
				for i, size := range []int{len(long), 1, len(long)} {
					d := dead[i]
					truncated := size > limit
					if d.Size != size || d.Truncated != truncated || truncated == (len(d.Value) == size) || len(d.Value) == 0 {
						t.Errorf("dead letter %d: %d of %d bytes, truncated %v", i, len(d.Value), d.Size, d.Truncated)
					}
				}
			}
		})
	}
}

// A recommendation that would not fit is written without its least important parts, and where the topic takes not even
// that, the comment is a dead letter.
func TestLongRecommendations(t *testing.T) {
	e := newEnv(t)
	e.topics(1)
	c := comment("1", "[many]")
	c.Post.Text = "お知らせ"
	e.send(c)
	w := e.start(WorkerConfig{})
	e.drained()
	records := e.records(event.TopicRecommendations)
	if len(records) != 1 {
		t.Fatalf("%d recommendations", len(records))
	}
	r, err := event.DecodeRecommendation(records[0].value)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Trimmed || len(r.Findings[0].Evidence) != 100 || r.Post.Text != "" || r.Text != c.Text {
		t.Errorf("trimmed %v, %d pieces of evidence", r.Trimmed, len(r.Findings[0].Evidence))
	}
	w.stop()

	e = newEnv(t)
	if err := e.broker.CreateTopic(event.TopicRecommendations, 1, map[string]string{
		"cleanup.policy": "compact", "compression.type": "uncompressed", "max.message.bytes": "2000",
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.client.EnsureTopics(t.Context(), TopicSettings{Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	long, good := comment("1", "[hide]"+strings.Repeat("長", 1000)), comment("2", "[hide]")
	e.send(comment("0", "[hide]"), long, good)
	e.start(WorkerConfig{})
	e.drained()
	if h := e.history(); len(h) != 2 || h[good.CommentKey()] != "1 open" {
		t.Errorf("recommendations %v", h)
	}
	if d := e.deadLetters(); len(d) != 1 || d[0].Reason != event.ReasonSize {
		t.Errorf("dead letters %+v", d)
	}
}

// Edits and deletions, in whatever order they come.
func TestRevisions(t *testing.T) {
	e := newEnv(t)
	e.topics(2)
	var comments []event.Comment
	want := map[string]string{}
	add := func(story string, events ...func(event.Comment) event.Comment) {
		base := comment(strconv.Itoa(len(comments)), "")
		for _, f := range events {
			comments = append(comments, f(base))
		}
		if story != "" {
			want[base.CommentKey()] = story
		}
	}
	bad := func(r int) func(event.Comment) event.Comment {
		return func(c event.Comment) event.Comment { return edit(c, r, "[hide] "+strconv.Itoa(r)) }
	}
	clean := func(r int) func(event.Comment) event.Comment {
		return func(c event.Comment) event.Comment { return edit(c, r, "よい "+strconv.Itoa(r)) }
	}
	del := func(r int) func(event.Comment) event.Comment {
		return func(c event.Comment) event.Comment { return gone(c, r) }
	}
	add("", clean(1))
	add("1 open", bad(1))
	add("1 open", bad(1), bad(1))
	add("1 open, 2 open", bad(1), bad(2))
	add("1 open, 2 edited", bad(1), clean(2))
	add("1 open, 2 edited, 3 open", bad(1), clean(2), bad(3))
	add("2 edited", clean(2), bad(1))
	add("2 open", bad(2), bad(1), clean(1))
	add("2 open", clean(1), bad(2))
	add("1 open, 1 deleted", bad(1), del(1), bad(1), del(1))
	add("3 open", bad(3), del(1), bad(2))
	add("1 open, 5 deleted", bad(1), del(5), bad(4))
	add("1 open, 9007199254740991 deleted", bad(1), del(event.MaxRevision), bad(2), clean(3))
	add("1 deleted", del(1), bad(1))
	add("1 deleted", clean(1), del(1))
	add("1 open, 1 deleted, 2 open", bad(1), del(1), bad(2))
	add("2 edited, 3 edited", clean(2), clean(3), bad(2))
	add("1 deleted, 4 deleted", del(1), del(4), bad(3))
	e.send(comments...)
	w := e.start(WorkerConfig{BatchSize: 7})
	e.drained()
	if got := e.history(); !maps.Equal(got, want) {
		for k := range want {
			if got[k] != want[k] {
				t.Errorf("%s: %q, want %q", k, got[k], want[k])
			}
			delete(got, k)
		}
		if len(got) > 0 {
			t.Errorf("more: %v", got)
		}
	}
	var records []event.Record
	for _, m := range e.records(event.TopicRecommendations) {
		records = append(records, event.Record{Key: m.key, Value: m.value})
	}
	checkIDs(t, records)
	w.stop()

	// All once more, from the beginning, by a worker that has to find out what was said: nothing is said again.
	before := e.records(event.TopicRecommendations)
	e.rewind(2)
	e.start(WorkerConfig{Classifier: wordy{ruleset: "r2"}, BatchSize: 3})
	e.drained()
	if after := e.records(event.TopicRecommendations); len(after) != len(before) {
		t.Errorf("%d records, before %d", len(after), len(before))
	}
}

// checkIDs: an open record has an id of its own, a withdrawal that of what it withdraws; what is superseded was open.
func checkIDs(t rapid.TB, records []event.Record) {
	t.Helper()
	open := map[string]event.Recommendation{} // by key
	ids := map[string]bool{}
	for _, m := range records {
		r, err := event.DecodeRecommendation(m.Value)
		if err != nil {
			t.Fatal(err)
		}
		was, ok := open[r.Key()]
		switch {
		case r.Status == event.Open && ids[r.ID]:
			t.Errorf("%s: id %s twice", r.Key(), r.ID)
		case r.Status == event.Open && ok && r.Supersedes != was.ID, r.Status == event.Open && !ok && r.Supersedes != "":
			t.Errorf("%s, revision %d: supersedes %q, before there was %q", r.Key(), r.Revision, r.Supersedes, was.ID)
		case r.Status == event.Withdrawn && ok && r.ID != was.ID:
			t.Errorf("%s, revision %d: withdraws %s, open is %s", r.Key(), r.Revision, r.ID, was.ID)
		}
		ids[r.ID] = true
		delete(open, r.Key())
		if r.Status == event.Open {
			open[r.Key()] = r
		}
	}
}

// rewind sets the group back to the beginning.
func (e *env) rewind(partitions int) {
	e.Helper()
	var offsets []kafka.OffsetCommit
	for p := range partitions {
		offsets = append(offsets, kafka.OffsetCommit{Partition: p, Offset: 0})
	}
	r, err := e.client.kafka.OffsetCommit(e.Context(), &kafka.OffsetCommitRequest{
		GroupID: DefaultGroup, GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{event.TopicComments: offsets},
	})
	if err != nil {
		e.Fatal(err)
	}
	for _, p := range r.Topics[event.TopicComments] {
		if p.Error != nil {
			e.Fatal(p.Error)
		}
	}
}

// A comment is judged against the post that was there before it, and against the one it brings along before any other.
func TestPosts(t *testing.T) {
	e := newEnv(t)
	e.topics(2)
	var mu sync.Mutex
	saw := map[string]string{}
	e.start(WorkerConfig{Classifier: wordy{hold: func(c classifier.Comment) {
		mu.Lock()
		defer mu.Unlock()
		saw[c.ID] = c.Post.Text
	}}})
	post := func(id, text string) event.Post {
		return event.Post{ID: id, Account: "saitama", Platform: "x", Text: text}
	}
	under := func(id, post string) event.Comment {
		c := comment(id, "よい")
		c.Post.ID = post
		return c
	}
	sendPosts := func(posts ...event.Post) {
		t.Helper()
		if err := e.feeder.SendPosts(t.Context(), posts...); err != nil {
			t.Fatal(err)
		}
	}
	// The worker is at work by now: what it reads next is new to it.
	e.send(under("unknown", "a"))
	e.drained()
	sendPosts(post("a", "はじめの文"), post("b", "別の文"))
	e.send(under("known", "a"), under("other", "b"))
	own := under("own", "a")
	own.Post.Text = "添えた文"
	wako := under("wako", "a")
	wako.Account = "wako"
	nopost := under("nopost", "")
	e.send(own, wako, nopost)
	e.drained()
	sendPosts(post("a", "直した文"))
	e.send(under("changed", "a"))
	e.drained()
	if err := e.client.write(t.Context(), event.TopicPosts, 0, []event.Record{
		{Topic: event.TopicPosts, Key: []byte("x/saitama/c"), Value: []byte("broken")},
	}, nil); err != nil {
		t.Fatal(err)
	}
	e.send(under("after broken", "b"))
	e.drained()
	mu.Lock()
	defer mu.Unlock()
	want := map[string]string{
		"unknown": "", "known": "はじめの文", "other": "別の文", "own": "添えた文", "wako": "", "nopost": "",
		"changed": "直した文", "after broken": "別の文",
	}
	if !maps.Equal(saw, want) {
		t.Errorf("got %v\nwant %v", saw, want)
	}
}

// Nothing is committed before what follows from it is written, whatever the broker answers to writing; what was written
// although the broker said no is there twice, with the same id.
func TestCommitsFollowWrites(t *testing.T) {
	e := newEnv(t)
	e.topics(1)
	var comments []event.Comment
	for i := range 40 {
		text := "よい"
		if i%4 == 0 {
			text = "[hide]"
		}
		comments = append(comments, comment(strconv.Itoa(i), text))
	}
	e.send(comments...)
	for range 3 {
		e.raw(0, nil, []byte("broken"))
	}

	var mu sync.Mutex
	var committed []int64
	watcher := e.connect(Cluster{Brokers: e.broker.ListenAddrs()})
	distinct := func(topic string) int {
		seen := map[string]bool{}
		end, err := watcher.EndOffsets(t.Context(), topic)
		if err != nil {
			t.Error(err)
		}
		watcher.watchPartition(t.Context(), topic, 0, 0, end[0], true, func(m message) bool {
			seen[string(m.key)] = true
			return true
		})
		return len(seen)
	}
	e.broker.ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		offset := r.(*kmsg.OffsetCommitRequest).Topics[0].Partitions[0].Offset
		e.broker.SleepControl(func() { // while the commit waits, look at what is there
			mu.Lock()
			defer mu.Unlock()
			committed = append(committed, offset)
			// Of 40 comments every fourth is recommended; the three records after them are dead letters.
			recommended, dead := int(min(offset, 40)+3)/4, int(max(0, offset-40))
			if r, d := distinct(event.TopicRecommendations), distinct(event.TopicDeadLetter); r < recommended || d < dead {
				t.Errorf("%d are committed with %d of %d recommendations and %d of %d dead letters written", offset, r, recommended, d, dead)
			}
		})
		return nil, nil, false
	})
	e.broker.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: event.TopicRecommendations, Err: kerr.NotEnoughReplicas, Count: 2},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: event.TopicRecommendations, Err: kerr.NotEnoughReplicasAfterAppend, Count: 1},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: event.TopicDeadLetter, Err: kerr.NotLeaderForPartition, Count: 1},
	)
	w := e.start(WorkerConfig{BatchSize: 5})
	e.drained()
	w.stop()
	mu.Lock()
	defer mu.Unlock()
	if !slices.IsSorted(committed) || len(committed) < 9 || committed[len(committed)-1] != 43 {
		t.Errorf("committed %v", committed)
	}
	if got := w.metric(t, "kotomori_recommendations_total"); got != 10 {
		t.Errorf("%v recommendations counted, want 10", got)
	}
	if e.records(event.TopicRecommendations); len(e.records(event.TopicRecommendations)) <= 10 {
		t.Error("no record is there twice: the faults did nothing")
	}
}

func TestWrittenTwice(t *testing.T) {
	e := newEnv(t)
	e.topics(1)
	e.broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: event.TopicRecommendations, Err: kerr.NotEnoughReplicasAfterAppend})
	c := comment("1", "[hide]")
	e.send(c)
	w := e.start(WorkerConfig{})
	e.drained()
	if h := e.history(); h[c.CommentKey()] != "1 open, 1 open" {
		t.Fatalf("history %v: the broker did not keep what it refused, so this test shows nothing", h)
	}
	w.stop()
	n := 0
	if err := e.client.Watch(e.deadline(), WatchOptions{UntilEnd: true}, func(event.Recommendation) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	if n != 1 {
		t.Errorf("a watch shows it %d times", n)
	}
	e.send(edit(c, 2, "よい"))
	e.start(WorkerConfig{})
	e.drained()
	if h := e.history(); h[c.CommentKey()] != "1 open, 1 open, 2 edited" {
		t.Errorf("history %v", h)
	}
}

// Comments that take for ever in one partition, more of them than there are cores, do not keep another from going on.
func TestSlowPartition(t *testing.T) {
	e := newEnv(t)
	e.topics(2)
	release := make(chan struct{})
	free := sync.OnceFunc(func() { close(release) })
	slow := 4*runtime.GOMAXPROCS(0) + 10
	held := make(chan struct{}, slow)
	e.start(WorkerConfig{Classifier: wordy{hold: func(c classifier.Comment) {
		if strings.Contains(c.Text, "slow") {
			held <- struct{}{}
			<-release
		}
	}}})
	t.Cleanup(free)
	in := func(partition, n int, text string) (comments []event.Comment) {
		for i := 0; len(comments) < n; i++ {
			c := comment(fmt.Sprintf("%s%d", text, i), text)
			if partitionOf([]byte(c.Key()), 2) == partition {
				comments = append(comments, c)
			}
		}
		return comments
	}
	e.send(in(0, slow, "slow")...)
	for range runtime.GOMAXPROCS(0) + 1 { // all helpers and the partition's own goroutine are busy
		<-held
	}
	quick := in(1, 50, "[hide]")
	e.send(quick...)
	n := 0
	if err := e.client.Watch(e.deadline(), WatchOptions{}, func(event.Recommendation) error {
		if n++; n == len(quick) {
			return context.Canceled
		}
		return nil
	}); n != len(quick) {
		t.Errorf("%d of %d, %v", n, len(quick), err)
	}
	free()
	e.drained()
}

// Stopped, a worker finishes what it has in hand and commits it; what takes too long it leaves to others.
func TestStop(t *testing.T) {
	for _, finishes := range []bool{true, false} {
		t.Run(fmt.Sprint(finishes), func(t *testing.T) {
			e := newEnv(t)
			e.topics(1)
			c := comment("1", "[hide]")
			e.send(c)
			release, begun := make(chan struct{}), make(chan struct{})
			cfg := WorkerConfig{Classifier: wordy{hold: func(classifier.Comment) {
				close(begun)
				<-release
			}}}
			if !finishes {
				cfg.DrainTime = 1
			}
			w := e.start(cfg)
			free := sync.OnceFunc(func() { close(release) })
			t.Cleanup(free)
			<-begun
			stopped := make(chan struct{})
			go func() {
				w.stop()
				close(stopped)
			}()
			// The worker has been told to stop, or even given up, before it is allowed to go on.
			w.says(t, map[bool]string{true: "handing the partitions over", false: errAbandoned.Error()}[finishes])
			free()
			<-stopped
			done, err := e.client.Committed(t.Context(), DefaultGroup, event.TopicComments)
			if err != nil {
				t.Fatal(err)
			}
			h := e.history()
			if finishes && (done[0] != 1 || h[c.CommentKey()] != "1 open") {
				t.Errorf("committed %v, said %v\n%s", done, h, e.log)
			}
			if !finishes && (len(done) != 0 || len(h) != 0) {
				t.Errorf("committed %v, said %v\n%s", done, h, e.log)
			}
			if info := e.broker.GroupInfo(DefaultGroup); len(info.Members) != 0 {
				t.Errorf("%+v: the worker did not leave the group", info)
			}
			// Another one does the rest.
			e.start(WorkerConfig{})
			e.drained()
			if h := e.history(); h[c.CommentKey()] != "1 open" {
				t.Errorf("in the end %v", h)
			}
		})
	}
}

// Two workers share the partitions; one leaves, another comes. Every comment is judged, no offset is ever committed
// backwards, and everything is said once.
func TestGroup(t *testing.T) {
	e := newEnv(t)
	e.topics(4)
	at := map[int32]int64{} // only the broker's own goroutine uses it
	e.broker.ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		for _, topic := range r.(*kmsg.OffsetCommitRequest).Topics {
			for _, p := range topic.Partitions {
				if p.Offset < at[p.Partition] {
					t.Errorf("partition %d goes back from %d to %d", p.Partition, at[p.Partition], p.Offset)
				}
				at[p.Partition] = p.Offset
			}
		}
		return nil, nil, false
	})
	var by [3]atomic.Int64
	worker := func(i int) *running {
		return e.start(WorkerConfig{BatchSize: 16, Classifier: wordy{hold: func(classifier.Comment) { by[i].Add(1) }}})
	}
	want := map[string]string{}
	next := 0
	send := func(n int) {
		var comments []event.Comment
		for range n {
			c := comment(strconv.Itoa(next), "よい")
			if next%3 == 0 {
				c.Text = "[hide]"
				want[c.CommentKey()] = "1 open"
			}
			comments = append(comments, c)
			next++
		}
		e.send(comments...)
	}
	stable := func(members int) {
		t.Helper()
		// Stable says that everybody knows of each other; a heartbeat later everybody works.
		if _, err := e.broker.WaitGroupInfo(e.deadline(), DefaultGroup, func(g *kfake.GroupInfo) bool {
			return g != nil && g.State == "Stable" && len(g.Members) == members
		}); err != nil {
			t.Fatalf("%v\n%s", err, e.log)
		}
	}
	first := worker(0)
	send(400)
	stable(1)
	worker(1)
	stable(2)
	send(400)
	e.drained()
	if by[0].Load() == 0 || by[1].Load() == 0 {
		t.Errorf("judged %d and %d: not shared", by[0].Load(), by[1].Load())
	}
	send(400)
	first.stop()
	send(400)
	e.drained()
	worker(2)
	stable(2)
	send(400)
	e.drained()
	if by[2].Load() == 0 {
		t.Error("the third worker has nothing to do")
	}
	if got := e.history(); !maps.Equal(got, want) {
		t.Errorf("%d comments with recommendations, want %d\n%s", len(got), len(want), e.log)
	}
	if d := e.deadLetters(); len(d) != 0 {
		t.Errorf("dead letters %+v", d)
	}
}

// The cluster is away at first, and again later: the worker waits, says so, and goes on.
func TestBrokerAway(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr)
	l.Close()
	e := &env{T: t, log: new(recorder)}
	e.client = e.connect(Cluster{Brokers: []string{addr.String()}})
	w := e.start(WorkerConfig{Client: e.connect(Cluster{Brokers: []string{addr.String()}}), Topics: TopicSettings{Partitions: 2}})
	w.says(t, "refused")
	dir := t.TempDir()
	start := func() *kfake.Cluster {
		t.Helper()
		c, err := kfake.NewCluster(kfake.Ports(addr.Port), kfake.DataDir(dir))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	e.broker = start()
	e.feeder = NewFeeder(e.client, "test", nil)
	one, two, three := comment("1", "[hide]"), comment("2", "[hide]"), comment("3", "[hide]")
	e.send(one)
	e.drained()
	if err := w.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	e.broker.Close()
	w.says(t, "")
	e.broker = start()
	e.send(two, three)
	e.drained()
	want := map[string]string{one.CommentKey(): "1 open", two.CommentKey(): "1 open", three.CommentKey(): "1 open"}
	if got := e.history(); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	w.stop()
}

// The records that a group would go on with are gone: it goes on with those that are left.
func TestOffsetGone(t *testing.T) {
	e := newEnv(t)
	e.topics(1)
	last := comment("3", "[hide]")
	e.send(comment("1", "[hide]"), comment("2", "[hide]"), last)
	e.rewind(1)
	if err := e.broker.DeleteRecords(event.TopicComments, 0, 2); err != nil {
		t.Fatal(err)
	}
	e.start(WorkerConfig{})
	e.drained()
	if h := e.history(); !maps.Equal(h, map[string]string{last.CommentKey(): "1 open"}) {
		t.Errorf("history %v", h)
	}
	if !strings.Contains(e.log.String(), "going on with the earliest") {
		t.Errorf("the log does not tell:\n%s", e.log)
	}
}

// A worker does not start on topics that would make it forget or lose something; it says what is wrong, and starts when
// it is mended.
func TestUnfitTopics(t *testing.T) {
	e := newEnv(t)
	if err := e.broker.CreateTopic(event.TopicComments, 3, nil); err != nil {
		t.Fatal(err)
	}
	if err := e.broker.CreateTopic(event.TopicRecommendations, 2, map[string]string{"cleanup.policy": "compact"}); err != nil {
		t.Fatal(err)
	}
	w := e.start(WorkerConfig{})
	w.says(t, "has 2 partitions, kotomori.comments has 3; give both equally many")
	r, err := e.client.kafka.CreatePartitions(t.Context(), &kafka.CreatePartitionsRequest{
		Topics: []kafka.TopicPartitionsConfig{{Name: event.TopicRecommendations, Count: 3}},
	})
	if err == nil {
		err = r.Errors[event.TopicRecommendations]
	}
	if err != nil {
		t.Fatal(err)
	}
	e.client = e.connect(Cluster{Brokers: e.broker.ListenAddrs()}) // which has not heard of two partitions
	c := comment("1", "[hide]")
	e.send(c)
	e.drained()
	if h := e.history(); h[c.CommentKey()] != "1 open" {
		t.Errorf("history %v", h)
	}
}

func TestConfig(t *testing.T) {
	c, err := Connect(Cluster{Brokers: []string{"127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]WorkerConfig{
		"nothing": {}, "no classifier": {Client: c}, "no client": {Classifier: wordy{}},
		"batch": {Client: c, Classifier: wordy{}, BatchSize: -1},
	} {
		if _, err := NewWorker(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	b, err := json.Marshal(SASL{Mechanism: "plain", User: "u", Password: "geheim"})
	if err != nil || strings.Contains(string(b)+fmt.Sprintf("%v %+v %#v", SASL{"plain", "u", "geheim"}, SASL{"plain", "u", "geheim"}, SASL{"plain", "u", "geheim"}), "geheim") {
		t.Errorf("%s, %v: a password is shown", b, err)
	}
}
