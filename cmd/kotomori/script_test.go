package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kotomori": main})
}

// race says that the race detector is on.
var race bool

// TestScript drives the program as a user does. The scripts use, besides testscript's own commands:
//
//	exits CODE COMMAND…    run a command, which must exit with this code
//	freeport NAME          put a free port of loopback into the variable
//	await STATUS URL       wait until the URL answers with this status
//	awaitline TEXT FILE    wait until the file, or what the URL answers, holds the text
//
// and the condition [race], for scripts of commands that hardly share anything between goroutines: each start of the
// program takes several times as long with the race detector.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, "home")
			for _, name := range []string{"HOME", "USERPROFILE", "AppData", "LocalAppData"} {
				env.Setenv(name, home)
			}
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
			env.Setenv("XDG_DATA_HOME", filepath.Join(home, "data"))
			env.Setenv("COLUMNS", "100")
			env.Setenv("TZ", "Asia/Tokyo")
			return os.MkdirAll(home, 0o700)
		},
		Condition: func(cond string) (bool, error) {
			if cond == "race" {
				return race, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "freeport": freeport, "await": await, "awaitline": awaitline,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

func freeport(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: freeport NAME")
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	ts.Check(err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(errors.Join(err, l.Close()))
	ts.Setenv(args[0], port)
}

// patience is for a machine under load; a test that waits for it in vain has failed.
const patience = 2 * time.Minute

func poll(ts *testscript.TestScript, what string, done func() (bool, string)) {
	deadline := time.Now().Add(patience)
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		ok, seen := done()
		if ok {
			tick.Stop()
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("waited %v in vain for %s; last seen: %s", patience, what, seen)
		}
	}
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await STATUS URL")
	}
	poll(ts, args[0]+" from "+args[1], func() (bool, string) {
		status, body, err := get(args[1])
		if err != nil {
			return false, err.Error()
		}
		return strconv.Itoa(status) == args[0], fmt.Sprintf("%d %s", status, body)
	})
}

func get(url string) (int, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func awaitline(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaitline REGEXP FILE-OR-URL")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	poll(ts, args[0]+" in "+args[1], func() (bool, string) {
		if strings.HasPrefix(args[1], "http://") {
			_, body, err := get(args[1])
			return err == nil && want.MatchString(body), body
		}
		b, err := os.ReadFile(ts.MkAbs(args[1]))
		return err == nil && want.Match(b), string(b)
	})
}
