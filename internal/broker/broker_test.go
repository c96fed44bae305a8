package broker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/goleak"

	"github.com/kotomori/kotomori/internal/event"
)

// With this variable set the test binary is a process that runs a broker on the folder it names, prints its address and
// waits for its input to end.
const childEnv = "KOTOMORI_TEST_BROKER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		b, err := Start(Config{Dir: dir})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(b.Addr())
		_, _ = io.Copy(io.Discard, os.Stdin)
		if err := b.Close(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func start(t *testing.T, cfg Config) *Broker {
	t.Helper()
	b, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// child starts a broker in another process and returns its address and a way to kill it.
func child(t *testing.T, dir string) (addr string, kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "127.0.0.1:") {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	killed := false
	kill = func() {
		if !killed {
			killed = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // it was killed, and says so
			in.Close()
		}
	}
	t.Cleanup(kill)
	return strings.TrimSpace(line), kill
}

func client(t *testing.T, addr string) *kafka.Client {
	t.Helper()
	tr := &kafka.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &kafka.Client{Addr: kafka.TCP(addr), Transport: tr, Timeout: 10 * time.Second}
}

func produce(t *testing.T, addr, topic, value string) int64 {
	t.Helper()
	r, err := client(t, addr).Produce(t.Context(), &kafka.ProduceRequest{
		Topic: topic, Partition: 0, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Key: kafka.NewBytes([]byte("k")), Value: kafka.NewBytes([]byte(value))}),
	})
	if err == nil {
		err = r.Error
	}
	if err != nil {
		t.Fatal(err)
	}
	return r.BaseOffset
}

func end(t *testing.T, addr, topic string) int64 {
	t.Helper()
	r, err := client(t, addr).ListOffsets(t.Context(), &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{topic: {kafka.LastOffsetOf(0)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r.Topics[topic][0].LastOffset
}

// What was acknowledged is there after the process was killed, on the same port, and so are the topics.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	addr, kill := child(t, dir)
	for i := range 3 {
		if got := produce(t, addr, event.TopicRecommendations, fmt.Sprint(i)); got != int64(i) {
			t.Fatalf("offset %d, want %d", got, i)
		}
	}
	kill()
	b := start(t, Config{Dir: dir})
	if b.Addr() != addr {
		t.Errorf("listens on %s, before on %s", b.Addr(), addr)
	}
	if got := end(t, b.Addr(), event.TopicRecommendations); got != 3 {
		t.Errorf("%d records, want 3", got)
	}
	m, err := client(t, addr).Metadata(t.Context(), &kafka.MetadataRequest{})
	if err != nil {
		t.Fatal(err)
	}
	partitions := map[string]int{}
	for _, topic := range m.Topics {
		partitions[topic.Name] = len(topic.Partitions)
	}
	for _, s := range event.TopicSpecs(0) {
		if partitions[s.Name] != s.Partitions {
			t.Errorf("%s has %d partitions, want %d", s.Name, partitions[s.Name], s.Partitions)
		}
	}
}

// As on Windows, where kfake cannot rename its files: they cannot be written at all here, and nothing gets lost.
func TestWithoutRename(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"meta", "topics", "acls", "sasl", "broker_configs", "quotas", "seq_windows", "session_state"} {
		if err := os.MkdirAll(filepath.Join(dir, dataDir, name+".json.tmp", "in the way"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, dataDir, "groups.log.tmp", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		b := start(t, Config{Dir: dir})
		if got := produce(t, b.Addr(), event.TopicComments, "v"); got != int64(i) {
			t.Fatalf("offset %d, want %d", got, i)
		}
		c := client(t, b.Addr())
		r, err := c.OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{
			GroupID: "g", GenerationID: -1,
			Topics: map[string][]kafka.OffsetCommit{event.TopicComments: {{Partition: 0, Offset: int64(i)}}},
		})
		if err == nil {
			err = r.Topics[event.TopicComments][0].Error
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	b := start(t, Config{Dir: dir})
	r, err := client(t, b.Addr()).OffsetFetch(t.Context(), &kafka.OffsetFetchRequest{
		GroupID: "g", Topics: map[string][]int{event.TopicComments: {0}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Topics[event.TopicComments][0].CommittedOffset; got != 2 {
		t.Errorf("the group is at %d, want 2", got)
	}
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	addr, kill := child(t, dir)
	_, err := Start(Config{Dir: dir})
	var locked *LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("a second broker: %v", err)
	}
	if locked.Addr != addr || locked.PID == 0 || locked.PID == os.Getpid() || !strings.Contains(err.Error(), addr) {
		t.Errorf("%+v, %v; want address %s and the other process", locked, err, addr)
	}
	if got, err := Find(t.Context(), dir); got != addr || err != nil {
		t.Errorf("found %q, %v; want %s", got, err, addr)
	}
	kill()
	if got, err := Find(t.Context(), dir); err == nil {
		t.Errorf("found %s, which was killed", got)
	}
	b := start(t, Config{Dir: dir})
	if got, err := Find(t.Context(), dir); got != b.Addr() || err != nil {
		t.Errorf("found %q, %v; want %s", got, err, b.Addr())
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "kotomori up") {
		t.Errorf("after it was closed: %v", err)
	}
	if _, err := Find(t.Context(), t.TempDir()); err == nil {
		t.Error("found a broker in an empty folder")
	}
}

// Find waits for a broker that is starting.
func TestFindWaits(t *testing.T) {
	dir := t.TempDir()
	lock, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Find(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody listens yet: %v", err)
	}
	found := make(chan string)
	go func() {
		addr, err := Find(t.Context(), dir)
		found <- fmt.Sprint(addr, err)
	}()
	if err := writeJSON(filepath.Join(dir, infoFile), info{PID: 1, Addr: "127.0.0.1:9"}); err != nil {
		t.Fatal(err)
	}
	if got := <-found; got != "127.0.0.1:9<nil>" {
		t.Errorf("found %s", got)
	}
}

func TestListen(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:9092", "9092", "127.0.0.1:99999", "127.0.0.1", "[::1]:1", "city.example:9092"} {
		if _, err := Start(Config{Dir: t.TempDir(), Listen: listen}); err == nil || !strings.Contains(err.Error(), "127.0.0.1:") {
			t.Errorf("listen on %s: %v", listen, err)
		}
	}
	b := start(t, Config{Dir: t.TempDir()})
	other := t.TempDir()
	if _, err := Start(Config{Dir: other, Listen: b.Addr()}); err == nil || !strings.Contains(err.Error(), "choose another port") {
		t.Errorf("a port in use: %v", err)
	}
	// The port used last time is taken by somebody else: any other will do.
	if err := writeJSON(filepath.Join(other, infoFile), b.info); err != nil {
		t.Fatal(err)
	}
	if c := start(t, Config{Dir: other}); c.Addr() == b.Addr() {
		t.Errorf("two brokers on %s", c.Addr())
	}
	if _, err := Start(Config{}); err == nil {
		t.Error("started without a folder")
	}
}

func TestBrokenFiles(t *testing.T) {
	for name, content := range map[string]string{infoFile: "{", dataDir + "/topics.json": "[]", dataDir + "/meta.json": "{"} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, dataDir), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Start(Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), filepath.Base(name)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, dataDir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, dataDir, "topics.json"), []byte(`{"version":2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "format 2") {
		t.Errorf("a newer format: %v", err)
	}
}
