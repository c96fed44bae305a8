package stream

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kotomori/kotomori/internal/event"
)

func TestConnect(t *testing.T) {
	for want, c := range map[string]Cluster{
		"none is named":     {},
		"host:port":         {Brokers: []string{"kafka.example"}},
		`":9092"`:           {Brokers: []string{":9092"}},
		`"kafka.example:0"`: {Brokers: []string{"kafka.example:0"}},
		"unknown mechanism": {Brokers: []string{"h:1"}, SASL: SASL{Mechanism: "gssapi", User: "u", Password: "geheim"}},
		"needs a user":      {Brokers: []string{"h:1"}, SASL: SASL{Mechanism: "plain", Password: "geheim"}},
		"needs a user and":  {Brokers: []string{"h:1"}, SASL: SASL{Mechanism: "plain", User: "u"}},
		"without a mech":    {Brokers: []string{"h:1"}, SASL: SASL{User: "u", Password: "geheim"}},
		"does not allow":    {Brokers: []string{"h:1"}, SASL: SASL{Mechanism: "scram-sha-256", User: "u\x00", Password: "geheim"}},
	} {
		if _, err := Connect(c); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%+v: error is %v, want …%s…", c.Brokers, err, want)
		}
	}
}

// certificate makes a self-signed certificate for 127.0.0.1 and writes certificate and key as PEM files.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: pkcs8},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestTLSFiles(t *testing.T) {
	cert, key := certificate(t)
	if c, err := TLSFiles("", "", "", "name"); err != nil || c.RootCAs != nil || c.ServerName != "name" || c.MinVersion < tls.VersionTLS12 {
		t.Errorf("%+v, %v", c, err)
	}
	for want, files := range map[string][3]string{
		"no such file":        {filepath.Join(t.TempDir(), "none"), "", ""},
		"holds no certifica":  {key, "", ""},
		"belong together":     {"", cert, ""},
		"client certificate:": {"", key, key},
	} {
		if _, err := TLSFiles(files[0], files[1], files[2], ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error is %v, want …%s…", files, err, want)
		}
	}
}

// A worker over TLS, logged in by each mechanism; with a wrong password it waits and does not tell it.
func TestTLSAndSASL(t *testing.T) {
	cert, key := certificate(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	for mechanism, name := range map[string]string{"plain": "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			e := &env{T: t, log: new(recorder)}
			if e.broker, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser(name, "alice", "geheim"),
				kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}})); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(e.broker.Close)
			config, err := TLSFiles(cert, "", "", "")
			if err != nil {
				t.Fatal(err)
			}
			cluster := Cluster{Brokers: e.broker.ListenAddrs(), TLS: config, SASL: SASL{mechanism, "alice", "geheim"}}
			e.client = e.connect(cluster)
			e.feeder = NewFeeder(e.client, "test", nil)
			e.start(WorkerConfig{Client: e.connect(cluster)})
			c := comment("1", "[hide]")
			e.send(c)
			e.drained()
			if h := e.history(); h[c.CommentKey()] != "1 open" {
				t.Errorf("history %v", h)
			}
			cluster.SASL.Password = "falschgeheim"
			w := e.start(WorkerConfig{Client: e.connect(cluster)})
			w.says(t, connecting)
			if strings.Contains(e.log.String()+w.Ready().Error(), "geheim") {
				t.Errorf("the log or the error holds a password: %v\n%s", w.Ready(), e.log)
			}
			cluster.TLS = nil
			if err := e.connect(cluster).Ping(t.Context()); err == nil {
				t.Error("a broker with TLS answers without")
			}
		})
	}
}

func TestEnsureTopics(t *testing.T) {
	e := newEnv(t)
	if _, err := e.client.EndOffsets(t.Context(), event.TopicComments); !errors.Is(err, kafka.UnknownTopicOrPartition) {
		t.Errorf("before there are topics: %v", err)
	}
	// Several processes at once.
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			c := e.connect(Cluster{Brokers: e.broker.ListenAddrs()})
			if problems, err := c.EnsureTopics(t.Context(), TopicSettings{Partitions: 4}); err != nil || len(problems) > 0 {
				t.Error(problems, err)
			}
			if err := NewFeeder(c, "test", nil).Send(t.Context(), comment("1", "よい")); err != nil {
				t.Errorf("the topics are not ready: %v", err)
			}
		})
	}
	wg.Wait()
	for _, s := range event.TopicSpecs(4) {
		info := e.broker.TopicInfo(s.Name)
		if info == nil || len(e.broker.PartitionInfos(s.Name)) != s.Partitions {
			t.Fatalf("%s: %+v", s.Name, info)
		}
		for k, v := range s.Config {
			if got := info.Configs[k]; got == nil || *got != v {
				t.Errorf("%s: %s is %v, want %s", s.Name, k, got, v)
			}
		}
	}
	// Another number later changes nothing.
	if problems, err := e.client.EnsureTopics(t.Context(), TopicSettings{Partitions: 9}); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}

// Topics made by others: what is wrong is said, with the mend; recommendations are made to fit the comments.
func TestTopicProblems(t *testing.T) {
	e := newEnv(t)
	for topic, config := range map[string]map[string]string{
		event.TopicComments:   {"cleanup.policy": "compact"},
		event.TopicPosts:      {"cleanup.policy": "delete"},
		event.TopicDecisions:  {"cleanup.policy": "compact,delete"},
		event.TopicDeadLetter: {"cleanup.policy": "compact", "compression.type": "zstd"},
	} {
		if err := e.broker.CreateTopic(topic, 5, config); err != nil {
			t.Fatal(err)
		}
	}
	problems, err := e.client.EnsureTopics(t.Context(), TopicSettings{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%v %s", p.Fatal, p.Error()))
	}
	slices.Sort(got)
	want := []string{
		"false kotomori.dead-letter: has compression.type=zstd, ",
		"false kotomori.dead-letter: has max.message.bytes=1048588, ",
		"false kotomori.decisions: has compression.type=producer, ",
		"false kotomori.posts: has compression.type=producer, ",
		"true kotomori.comments: has cleanup.policy=compact, which keeps one comment under each post",
		"true kotomori.decisions: has cleanup.policy=compact,delete, ",
		"true kotomori.posts: has cleanup.policy=delete, ",
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := len(e.broker.PartitionInfos(event.TopicRecommendations)); n != 5 {
		t.Errorf("the recommendations have %d partitions, the comments 5", n)
	}
}

func TestTopicsNotAllowed(t *testing.T) {
	e := newEnv(t)
	e.broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Topic: event.TopicPosts, Err: kerr.TopicAuthorizationFailed, Count: -1})
	problems, err := e.client.EnsureTopics(t.Context(), TopicSettings{})
	if err != nil || len(problems) != 1 || !problems[0].Fatal || !strings.Contains(problems[0].Error(), "cleanup.policy=compact") {
		t.Errorf("%v, %v", problems, err)
	}
}

// The partition of a key is that of Kafka's own clients. The hashes are those of the tests of Kafka's murmur2
// (org.apache.kafka.common.utils.UtilsTest).
func TestPartitionOf(t *testing.T) {
	for key, hash := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		for _, n := range []int{1, 3, 6, 50} {
			if got, want := partitionOf([]byte(key), n), int(uint32(hash)&0x7fffffff)%n; got != want {
				t.Errorf("%s lies in partition %d of %d, want %d", key, got, n, want)
			}
		}
	}
}

func TestFeeder(t *testing.T) {
	e := newEnv(t)
	e.topics(3)
	in := make(chan event.Comment)
	var last int
	done := make(chan error)
	go func() {
		done <- e.feeder.Stream(t.Context(), in, func(sent int) {
			if sent <= last {
				t.Errorf("%d sent after %d", sent, last)
			}
			last = sent
		})
	}()
	want := map[string][]string{}
	for i := range 1200 {
		c := comment("c"+strconv.Itoa(i), "よい")
		c.Post.ID = strconv.Itoa(i % 20)
		want[c.Key()] = append(want[c.Key()], c.ID)
		in <- c
	}
	close(in)
	if err := <-done; err != nil || last != 1200 {
		t.Fatalf("%d sent, %v", last, err)
	}
	got := map[string][]string{}
	for _, m := range e.records(event.TopicComments) {
		c, err := event.DecodeComment(m.value)
		if err != nil {
			t.Fatal(err)
		}
		got[string(m.key)] = append(got[string(m.key)], c.ID)
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.feeder.Stream(ctx, make(chan event.Comment), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	e.broker.Close()
	if err := e.feeder.Send(ctx, comment("1", "よい")); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped while the cluster is away: %v", err)
	}
}

func TestOffsets(t *testing.T) {
	e := newEnv(t)
	e.topics(2)
	if lag, err := e.client.Lag(t.Context(), DefaultGroup); err != nil || !maps.Equal(lag, map[int]int64{0: 0, 1: 0}) {
		t.Errorf("lag %v, %v of nothing", lag, err)
	}
	var comments []event.Comment
	for i := range 50 {
		comments = append(comments, comment(strconv.Itoa(i), "よい"))
	}
	e.send(comments...)
	ends, err := e.client.EndOffsets(t.Context(), event.TopicComments)
	if err != nil || ends[0]+ends[1] != 50 || len(ends) != 2 {
		t.Fatalf("ends %v, %v", ends, err)
	}
	lag, err := e.client.Lag(t.Context(), DefaultGroup)
	if err != nil || !maps.Equal(lag, ends) {
		t.Errorf("lag %v, %v, want %v", lag, err, ends)
	}
	// What is gone does not count.
	if err := e.broker.DeleteRecords(event.TopicComments, 0, ends[0]); err != nil {
		t.Fatal(err)
	}
	if lag, err = e.client.Lag(t.Context(), DefaultGroup); err != nil || lag[0] != 0 || lag[1] != ends[1] {
		t.Errorf("lag %v, %v", lag, err)
	}
	var left []int64
	ctx, cancel := context.WithCancel(t.Context())
	if err := e.client.WaitDrained(ctx, DefaultGroup, func(n int64) {
		left = append(left, n)
		cancel()
	}); !errors.Is(err, context.Canceled) || !slices.Equal(left, []int64{ends[1]}) {
		t.Errorf("left %v, %v", left, err)
	}
	e.start(WorkerConfig{})
	e.drained()
	done, err := e.client.Committed(t.Context(), DefaultGroup, event.TopicComments)
	if err != nil || done[1] != ends[1] {
		t.Errorf("committed %v, %v, want %v", done, err, ends)
	}
}

func TestWatch(t *testing.T) {
	e := newEnv(t)
	e.topics(2)
	w := e.start(WorkerConfig{})
	a, b := comment("a", "[hide]"), comment("b", "[hide]")
	e.send(a, b, edit(a, 2, "よい"), comment("c", "よい"))
	e.raw(0, nil, []byte("broken"))
	e.drained()
	w.stop()
	if err := e.client.write(t.Context(), event.TopicRecommendations, 0, []event.Record{
		{Topic: event.TopicRecommendations, Key: []byte("odd"), Value: []byte("{}")},
		{Topic: event.TopicRecommendations, Key: []byte("removed")},
	}, nil); err != nil {
		t.Fatal(err)
	}

	watch := func(o WatchOptions) (seen []string) {
		t.Helper()
		o.UntilEnd = true
		if err := e.client.Watch(e.deadline(), o, func(r event.Recommendation) error {
			seen = append(seen, fmt.Sprint(r.CommentID, r.Revision, r.Status))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(seen)
		return seen
	}
	if seen := watch(WatchOptions{}); !slices.Equal(seen, []string{"a1open", "a2withdrawn", "b1open"}) {
		t.Errorf("from the beginning: %v", seen)
	}
	if seen := watch(WatchOptions{FromEnd: true}); len(seen) != 0 {
		t.Errorf("from the end to the end: %v", seen)
	}
	ends, err := e.client.EndOffsets(t.Context(), event.TopicRecommendations)
	if err != nil {
		t.Fatal(err)
	}
	if seen := watch(WatchOptions{Offsets: ends}); len(seen) != 0 {
		t.Errorf("from the end's offsets to the end: %v", seen)
	}
	if !strings.Contains(e.log.String(), "ignoring a record") {
		t.Error("the log does not tell of the odd record")
	}

	var dead []string
	if err := e.client.WatchDeadLetters(e.deadline(), WatchOptions{UntilEnd: true}, func(d event.DeadLetter) error {
		dead = append(dead, d.Key())
		return nil
	}); err != nil || len(dead) != 1 {
		t.Errorf("dead letters %v, %v", dead, err)
	}

	// fn's error ends it, and so does ctx, which is none.
	odd := errors.New("odd")
	if err := e.client.Watch(t.Context(), WatchOptions{}, func(event.Recommendation) error { return odd }); !errors.Is(err, odd) {
		t.Errorf("error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := e.client.Watch(ctx, WatchOptions{}, func(event.Recommendation) error {
		cancel()
		return nil
	}); err != nil {
		t.Errorf("error is %v", err)
	}

	// What is written while it watches arrives.
	live := make(chan string)
	ctx, cancel = context.WithCancel(e.deadline())
	watching := make(chan error)
	go func() {
		watching <- e.client.Watch(ctx, WatchOptions{Offsets: ends}, func(r event.Recommendation) error {
			live <- r.CommentID
			return nil
		})
	}()
	e.start(WorkerConfig{})
	e.send(comment("d", "[hide]"))
	if id := <-live; id != "d" {
		t.Errorf("arrived %s", id)
	}
	cancel()
	if err := <-watching; err != nil {
		t.Error(err)
	}
}

// Records of transactions: what was aborted is not there, and the marks at the end do not keep a worker from it.
func TestTransactions(t *testing.T) {
	e := newEnv(t)
	e.topics(1)
	producer, err := kgo.NewClient(kgo.SeedBrokers(e.broker.ListenAddrs()...), kgo.TransactionalID("t"), kgo.DefaultProduceTopic(event.TopicComments))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	transaction := func(commit kgo.TransactionEndTry, comments ...event.Comment) {
		t.Helper()
		if err := producer.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for _, c := range comments {
			r, err := c.Record("test", time0)
			if err != nil {
				t.Fatal(err)
			}
			if err := producer.ProduceSync(t.Context(), &kgo.Record{Key: r.Key, Value: r.Value}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		if err := producer.EndTransaction(t.Context(), commit); err != nil {
			t.Fatal(err)
		}
	}
	a, b, c, d := comment("a", "[hide]"), comment("b", "[hide]"), comment("c", "[hide]"), comment("d", "[hide]")
	transaction(kgo.TryCommit, a)
	transaction(kgo.TryAbort, b, b)
	e.send(c)
	transaction(kgo.TryCommit, d)
	transaction(kgo.TryAbort, b)
	e.start(WorkerConfig{})
	e.drained()
	want := map[string]string{a.CommentKey(): "1 open", c.CommentKey(): "1 open", d.CommentKey(): "1 open"}
	if got := e.history(); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if d := e.deadLetters(); len(d) != 0 {
		t.Errorf("dead letters %v", d)
	}
}

// Compaction leaves holes anywhere, also before the end; whoever reads from the beginning comes to the end.
func TestCompacted(t *testing.T) {
	e := newEnv(t)
	e.topics(1)
	c := comment("1", "")
	var events []event.Comment
	for i := range 40 {
		events = append(events, edit(c, i+1, "[hide]"), comment("x"+strconv.Itoa(i), "[hide]"))
	}
	w := e.start(WorkerConfig{BatchSize: 7})
	e.send(events...)
	e.drained()
	w.stop()
	before := len(e.records(event.TopicRecommendations))
	e.broker.Compact()
	after := e.records(event.TopicRecommendations)
	if len(after) >= before || len(after) < 41 {
		t.Fatalf("%d records became %d: nothing was compacted", before, len(after))
	}
	s := newState()
	if err := s.load(e.deadline(), e.client, 0); err != nil {
		t.Fatal(err)
	}
	if len(s.said) != 41 || s.said[stateKeyOf(c.CommentKey())].revision != 40 {
		t.Errorf("%d comments are known, of the edited one revision %d", len(s.said), s.said[stateKeyOf(c.CommentKey())].revision)
	}
	// Made anew, the topic is shorter than what was read.
	if err := e.broker.DeleteTopic(event.TopicRecommendations); err != nil {
		t.Fatal(err)
	}
	if err := e.broker.CreateTopic(event.TopicRecommendations, 1, map[string]string{"cleanup.policy": "compact"}); err != nil {
		t.Fatal(err)
	}
	if err := s.load(e.deadline(), e.client, 0); err != nil || len(s.said) != 0 {
		t.Errorf("%d comments are known, %v", len(s.said), err)
	}
}
