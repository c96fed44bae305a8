package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/intake"
	"github.com/kotomori/kotomori/internal/stream"
)

// Fed is what became of the lines of an input.
type Fed struct {
	Sent int // comments acknowledged by the cluster
	Bad  int // lines that were left out
}

// Feed sends the comments of in to the cluster, in order. A bad line, or one that check refuses, is left out:
// fault is called with what is wrong with it. progress, which may be nil, is called with the number of comments
// acknowledged so far. It waits for a cluster that is away until ctx ends.
func Feed(ctx context.Context, in *intake.Reader, f *stream.Feeder, check func(event.Comment) error, fault func(*intake.Fault), progress func(sent int)) (Fed, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		fed     Fed
		queue   = make(chan event.Comment, 256)
		sendErr = make(chan error, 1)
	)
	go func() {
		sendErr <- f.Stream(ctx, queue, func(sent int) {
			fed.Sent = sent
			if progress != nil {
				progress(sent)
			}
		})
	}()
	readErr := readComments(ctx, in, sendErr, func(line intake.Line) (event.Comment, bool) {
		c, err := line.Comment()
		if err == nil {
			if err = check(c); err != nil {
				err = line.Fault(err)
			}
		}
		if bad, ok := errors.AsType[*intake.Fault](err); ok {
			fed.Bad++
			fault(bad)
		}
		return c, err == nil
	}, queue)
	close(queue)
	if errors.Is(readErr, errSender) {
		readErr = nil // what the sender says is the cause
	}
	if err := errors.Join(<-sendErr, readErr); err != nil {
		return fed, fmt.Errorf("feeding: %w", err)
	}
	return fed, nil
}

var errSender = errors.New("the sender has ended")

// readComments puts the comments of in into queue. It returns as soon as the sender ends, even if a read hangs: a
// person may be typing the input.
func readComments(ctx context.Context, in *intake.Reader, sender chan error, parse func(intake.Line) (event.Comment, bool), queue chan<- event.Comment) error {
	type read struct {
		line intake.Line
		err  error
	}
	lines := make(chan read)
	go func() {
		for {
			line, err := in.Next()
			select {
			case lines <- read{line, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for {
		select {
		case err := <-sender:
			sender <- err // for the caller
			return errSender
		case r := <-lines:
			if errors.Is(r.err, io.EOF) {
				return nil
			}
			if r.err != nil {
				return r.err
			}
			c, ok := parse(r.line)
			if !ok {
				continue
			}
			select {
			case queue <- c:
			case err := <-sender:
				sender <- err
				return errSender
			}
		}
	}
}
