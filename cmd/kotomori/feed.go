package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/kotomori/kotomori/internal/app"
	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/intake"
	"github.com/kotomori/kotomori/internal/show"
	"github.com/kotomori/kotomori/internal/stream"
)

type feedCmd struct {
	config.Cluster
	config.Stream
	config.Ruleset
	config.Data
	config.Log
	File string `arg:"" help:"Comments as JSON Lines, - for the standard input."`
}

func (*feedCmd) Help() string {
	return `Each line is a comment as 'kotomori classify' takes it, and may say besides: revision (1 as first written, more for every edit), deleted (true: gone from the platform), urls (a list of {"url":…,"expanded":…}), created (RFC 3339). A bad line is left out with a line on stderr, and the exit status is 1.`
}

func (c *feedCmd) Run(e *env) error {
	if err := c.Stream.Check(); err != nil {
		return misuse(err, settingsHint)
	}
	var size int64 = -1
	var in *intake.Reader
	counted := &counter{r: e.stdin}
	if c.File == "-" {
		in = intake.NewReader("stdin", counted)
	} else {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
		counted.r = f
		in = intake.NewReader(c.File, counted)
	}
	log := logger(c.Log, e.stderr)
	judge, err := app.NewJudge(c.Rules, log)
	if err != nil {
		return placed(err, c.Rules)
	}
	client, err := e.connect(c.Cluster, c.DataDir, log)
	if err != nil {
		return err
	}
	defer client.Close()
	problems, err := client.EnsureTopics(e.ctx, topics(c.Stream, c.Replicas))
	if err != nil {
		return hint(err, "create the topics by hand, or give the user the right to")
	}
	for _, p := range problems {
		if p.Fatal {
			return p
		}
	}

	bar := newBar(e.stderr, size)
	fed, err := app.Feed(e.ctx, in, stream.NewFeeder(client, "feed", log), judge.Check, func(f *intake.Fault) {
		bar.clear()
		_, _ = fmt.Fprintln(e.stderr, f)
	}, func(sent int) { bar.update(counted.n.Load(), sent) })
	bar.clear()
	if e.ctx.Err() != nil {
		return hint(fmt.Errorf("stopped after %d comments", fed.Sent), "feed the file again: what was sent already has no further effect")
	}
	if err != nil {
		return err
	}
	if show.Terminal(e.stderr) {
		_, _ = fmt.Fprintf(e.stderr, "sent %d comments, left out %d bad lines\n", fed.Sent, fed.Bad)
	}
	if fed.Bad > 0 {
		return errSaid
	}
	return nil
}

// bar is a progress bar on a terminal, and nothing elsewhere.
type bar struct{ b *progressbar.ProgressBar }

func newBar(w io.Writer, size int64) bar {
	if !show.Terminal(w) {
		return bar{}
	}
	return bar{progressbar.NewOptions64(
		size,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription("feeding"),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(size >= 0),
	)}
}

func (b bar) update(read int64, sent int) {
	if b.b == nil {
		return
	}
	b.b.Describe(fmt.Sprintf("%d comments", sent))
	_ = b.b.Set64(read) // only drawing
}

func (b bar) clear() {
	if b.b != nil {
		_ = b.b.Clear() // only drawing
	}
}

// counter counts the bytes read.
type counter struct {
	r io.Reader
	n atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
