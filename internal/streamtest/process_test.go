package streamtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// program is the built binary.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "kotomori")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		program = filepath.Join(dir, "kotomori")
		if runtime.GOOS == "windows" {
			program += ".exe"
		}
		build := exec.CommandContext(context.Background(), "go", "build", "-o", program, "../../cmd/kotomori")
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "building the program:", err)
			return 1
		}
		code := m.Run()
		if code == 0 {
			if err := goleak.Find(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		return code
	}())
}

// process is a running program.
type process struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // of Wait, once done

	mu  sync.Mutex
	log bytes.Buffer // stderr, and stdout where it is not read
	new chan struct{}
}

// start starts a program, which is killed at the end of the test at the latest. What it prints is shown when the test
// fails.
func start(t *testing.T, name string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, done: make(chan struct{}), new: make(chan struct{})}
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), args[0], args[1:]...) // the cleanup below kills it
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.WaitDelay = 5 * time.Second
	dieWithParent(p.cmd)
	started := make(chan error)
	go func() {
		// The kernel ends the child with the thread that started it, so the thread has to stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			p.mu.Lock()
			defer p.mu.Unlock()
			text := p.log.String()
			if len(text) > 20_000 {
				text = text[:5_000] + "\n…\n" + text[len(text)-15_000:]
			}
			t.Logf("%s:\n%s", name, text)
		}
	})
	return p
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.new)
	p.new = make(chan struct{})
	return p.log.Write(b)
}

// output is what it printed so far.
func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// kill ends it at once, as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // or it has ended
	<-p.done
}

// stop asks it to end (SIGTERM) and waits. It must end with status 0.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		p.t.Fatalf("%s does not stop", p.name)
	}
	if p.err != nil {
		p.t.Errorf("%s ended with %v", p.name, p.err)
	}
}

// line waits for a line of output that find takes.
func (p *process) line(find func(string) bool) string {
	p.t.Helper()
	timeout := time.After(time.Minute)
	for {
		p.mu.Lock()
		text, more := p.log.String(), p.new
		p.mu.Unlock()
		for l := range strings.Lines(text) {
			if strings.HasSuffix(l, "\n") && find(strings.TrimSpace(l)) {
				return strings.TrimSpace(l)
			}
		}
		select {
		case <-more:
		case <-p.done:
			p.t.Fatalf("%s ended: %v", p.name, p.err)
		case <-timeout:
			p.t.Fatalf("%s does not print what was expected", p.name)
		}
	}
}

// worker is a process of kotomori serve.
type worker struct {
	*process
	http string // its address, once known
}

func startWorker(t *testing.T, name, brokers string) *worker {
	t.Helper()
	w := &worker{process: start(t, name, nil, program, "serve", "--brokers", brokers, "--http", "127.0.0.1:0", "--log-format", "json")}
	w.awaitHTTP()
	return w
}

// awaitHTTP waits until it says where its HTTP server is.
func (w *worker) awaitHTTP() {
	w.t.Helper()
	w.line(func(l string) bool {
		var v struct {
			HTTP string `json:"http"`
		}
		if json.Unmarshal([]byte(l), &v) != nil || v.HTTP == "" {
			return false
		}
		w.http = v.HTTP
		return true
	})
}

// get asks the worker's HTTP server.
func (w *worker) get(path string) (status int, body string) {
	w.t.Helper()
	tr := &http.Transport{DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+w.http+path, http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := (&http.Client{Transport: tr, Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// until calls f until it returns true, for at most a few minutes.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-ctx.Done():
			t.Fatalf("waiting for %s: %v", what, ctx.Err())
		case <-tick.C:
		}
	}
}

// run runs a command of the program to its end and returns what it printed.
func run(t *testing.T, in io.Reader, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &errs
	dieWithParent(cmd)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		t.Fatalf("kotomori %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

// lines calls f with each line of JSON.
func lines[T any](t *testing.T, text string, f func(T)) {
	t.Helper()
	s := bufio.NewScanner(strings.NewReader(text))
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		var v T
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", s.Text(), err)
		}
		f(v)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// chance skips a long test where it cannot or should not run, and gives what happens in it by chance: each time something
// else, and the same again with KOTOMORI_TEST_SEED as the log tells it.
func chance(t *testing.T) *rand.Rand {
	t.Helper()
	if testing.Short() {
		t.Skip("takes up to a minute")
	}
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGTERM to stop a worker with")
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("KOTOMORI_TEST_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("KOTOMORI_TEST_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}
