package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kotomori/kotomori/internal/broker"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/intake"
	"github.com/kotomori/kotomori/internal/stream"
	"github.com/kotomori/kotomori/rules"
)

// replies makes JSON Lines of n replies, of which every third breaks a clause.
func replies(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		text := "参加します"
		if i%3 == 0 {
			text = lure
		}
		fmt.Fprintf(&b, "{\"id\":\"r-%d\",\"account\":\"wako\",\"platform\":\"x\",\"post\":{\"id\":\"p-%d\"},\"text\":\"%s\"}\n", i, i%7, text)
	}
	return b.Bytes()
}

// run is one run of Up on a folder: what it showed, what it found, how it ended.
type run struct {
	shown    []string
	standing Standing
	summary  *Summary
}

// start runs on dir; started, which may be nil, is called in between.
func start(t *testing.T, ctx context.Context, dir string, sample []byte, once bool, started func(*App)) run {
	t.Helper()
	var r run
	u := &Up{
		App: Config{
			Embedded: &Embedded{Dir: BrokerDir(dir)}, Group: "kotomori", Topics: stream.TopicSettings{Partitions: 3, Replication: 1},
			HTTP: "127.0.0.1:0", PseudonymKey: PseudonymFile(dir), shipped: small,
		},
		Once: once,
		Show: func(rec event.Recommendation) { r.shown = append(r.shown, rec.CommentID) },
		Started: func(a *App, s Standing) {
			r.standing = s
			if started != nil {
				started(a)
			}
		},
		Through: func(s Summary) { r.summary = &s },
	}
	if sample != nil {
		var err error
		if u.Sample, err = NewSample(sample, dir); err != nil {
			t.Fatal(err)
		}
	}
	if err := u.Run(ctx); err != nil {
		t.Fatal(err)
	}
	slices.Sort(r.shown)
	return r
}

func TestUp(t *testing.T) {
	dir := t.TempDir()
	sample := replies(45)

	// All at once: each violating reply is shown once, and counted.
	first := start(t, t.Context(), dir, sample, true, nil)
	if len(first.shown) != 15 || len(slices.Compact(first.shown)) != 15 {
		t.Errorf("shown: %v", first.shown)
	}
	if first.standing != (Standing{}) {
		t.Errorf("an empty folder holds %+v", first.standing)
	}
	want := []Count{{Account: "wako", Action: rules.Hide, Clause: "11(5)", Category: "commercial", N: 15}}
	if first.summary == nil || first.summary.Replies != 45 || !slices.Equal(first.summary.Open, want) || first.summary.Took <= 0 {
		t.Errorf("summary: %+v", first.summary)
	}

	// Again: nothing is fed, judged or shown twice.
	again := start(t, t.Context(), dir, sample, true, nil)
	if len(again.shown) != 0 || again.standing != (Standing{Fed: 45, Open: 15}) || again.summary.Replies != 0 {
		t.Errorf("the second time: %+v, %+v", again, again.summary)
	}

	// A kill between sending replies and noting it: they are sent again, which brings nothing new.
	if err := os.WriteFile(filepath.Join(dir, "sample.json"), bytes.Replace(mustRead(t, dir), []byte(`"fed":45`), []byte(`"fed":16`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	torn := start(t, t.Context(), dir, sample, true, nil)
	if len(torn.shown) != 0 || torn.standing.Fed != 16 || torn.summary.Replies != 29 {
		t.Errorf("after a kill: %+v, %+v", torn, torn.summary)
	}

	// Another sample is fed, on top of what stands.
	other := start(t, t.Context(), dir, replies(48), true, nil)
	if !slices.Equal(other.shown, []string{"r-45"}) || other.standing.Fed != 0 || other.standing.Open != 15 {
		t.Errorf("another sample: %+v", other)
	}

	// With its data gone the broker has nothing, whatever the note says.
	if err := os.RemoveAll(BrokerDir(dir)); err != nil {
		t.Fatal(err)
	}
	if anew := start(t, t.Context(), dir, replies(48), true, nil); len(anew.shown) != 16 {
		t.Errorf("after its data was removed: %+v", anew)
	}
}

func mustRead(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "sample.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(`"fed":45`)) {
		t.Fatalf("the note says %s", b)
	}
	return b
}

// TestUpTakesFurtherInput feeds a running desk, edits and deletes, and stops it.
func TestUpTakesFurtherInput(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	var faults []string
	fed := make(chan error, 1)
	r := start(t, ctx, dir, nil, false, func(a *App) {
		client := a.Client()
		go func() {
			defer cancel()
			fed <- func() error {
				in := string(replies(4)) + "broken\n" +
					`{"id":"r-0","account":"wako","post":{"id":"p-0"},"revision":2,"text":"参加します"}` + "\n" +
					`{"id":"r-3","account":"wako","post":{"id":"p-3"},"revision":2,"deleted":true}` + "\n" +
					`{"id":"x","account":"nowhere","text":"x"}` + "\n"
				n, err := Feed(ctx, intake.NewReader("f", strings.NewReader(in)), stream.NewFeeder(client, "test", nil), a.Judge().Check, func(f *intake.Fault) {
					faults = append(faults, f.Error())
				}, nil)
				if err != nil {
					return err
				}
				if n != (Fed{Sent: 6, Bad: 2}) {
					return fmt.Errorf("fed %+v", n)
				}
				return client.WaitDrained(ctx, "kotomori", nil)
			}()
		}()
	})
	if err := <-fed; err != nil {
		t.Fatal(err)
	}
	if len(faults) != 2 || !strings.HasPrefix(faults[0], "f:5: ") || !strings.HasPrefix(faults[1], "f:8: account: ") {
		t.Errorf("faults: %q", faults)
	}
	// What was not shown before the end is there at the next start: both were withdrawn.
	again := start(t, t.Context(), dir, nil, true, nil)
	if again.standing.Open != 0 || again.standing.Left != 0 || len(again.shown) != 0 {
		t.Errorf("after an edit and a deletion: %+v (shown before: %v)", again, r.shown)
	}
}

func TestAppListens(t *testing.T) {
	dir := t.TempDir()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := Config{Embedded: &Embedded{Dir: dir}, Group: "kotomori", HTTP: taken.Addr().String(), shipped: small}

	// A port that is taken is an error, after which nothing runs: the folder is free again.
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Fatalf("got %v", err)
	}
	if a.Broker() != "" || a.HTTPAddr() != "" {
		t.Error("something runs after a failed start")
	}

	// Or, where the user has not asked for it, a free one is taken.
	cfg.HTTPFallback = true
	if a, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	if status := status(t, "http://"+a.HTTPAddr()+"/healthz"); status != http.StatusOK {
		t.Errorf("healthz: %d", status)
	}

	// A second one on the same folder is told who has it.
	b, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	err = b.Start(t.Context())
	if locked, ok := errors.AsType[*broker.LockedError](err); !ok || locked.Addr != a.Broker() {
		t.Errorf("got %v", err)
	}
	if err := waitReady(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if status := status(t, "http://"+a.HTTPAddr()+"/readyz"); status != http.StatusOK {
		t.Errorf("readyz: %d", status)
	}
}

func status(t *testing.T, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestStopWithoutStart(t *testing.T) {
	a, err := New(Config{shipped: small})
	if err != nil {
		t.Fatal(err)
	}
	if a.Ready() == nil {
		t.Error("ready before it is started")
	}
	for range 2 {
		if err := a.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
