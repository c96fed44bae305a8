package app

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/batch"
	"github.com/kotomori/kotomori/internal/flood"
	"github.com/kotomori/kotomori/internal/intake"
)

// Classifier judges a comment; it is called by several goroutines at once.
type Classifier interface {
	Classify(classifier.Comment) (classifier.Verdict, error)
	WithFlood(classifier.Comment, classifier.Verdict, classifier.Flood) classifier.Verdict
}

// chunk is some lines that are judged together; a line by itself costs more to hand over than to read.
type chunk struct {
	lines []intake.Line
	last  bool // no further line is at hand: whoever reads the output should see it now
}

const (
	chunkLines = 64
	chunkBytes = 64 << 10
)

type judged struct {
	lines  []judgedLine
	out    []byte // JSON Lines
	faults []*intake.Fault
	last   bool
}

// judgedLine is a comment with its verdict.
type judgedLine struct {
	comment classifier.Comment
	reply   flood.Reply
	verdict classifier.Verdict
	end     int // of its verdict in out; that of the line before where it has none
}

// Classify judges the comments of in, on all cores and in constant memory, and writes a verdict for each to out,
// as JSON Lines in the same order. A bad line has no verdict: fault is called with what is wrong with it, in
// order too. The error comes from in or out; everything before it is written.
//
// Floods of one text under a post are counted over the comments in their order, as a worker counts them over a partition.
func Classify(in *intake.Reader, out io.Writer, c Classifier, fault func(*intake.Fault)) error {
	var readErr error
	next := func() (chunk, bool) {
		var ch chunk
		if readErr != nil {
			return ch, false
		}
		for size := 0; len(ch.lines) < chunkLines && size < chunkBytes; {
			line, err := in.Next()
			if err != nil {
				readErr = err
				ch.last = true
				break
			}
			ch.lines = append(ch.lines, line)
			size += len(line.Bytes)
			if !in.Ready() {
				ch.last = true
				break
			}
		}
		return ch, len(ch.lines) > 0
	}
	w := bufio.NewWriterSize(out, 64<<10)
	floods, at := flood.New(flood.Window), int64(0)
	err := batch.Ordered(runtime.GOMAXPROCS(0), next, func(ch chunk) judged { return judge(ch, c) }, func(j judged) error {
		for _, f := range j.faults {
			fault(f)
		}
		begin := 0
		for _, l := range j.lines {
			at++
			found := floods.Tell(at, l.reply)
			verdict := j.out[begin:l.end]
			begin = l.end
			if len(verdict) > 0 && found.Count > 0 && !flood.Quotes(l.comment.Text, l.comment.Post.Text) {
				var buf bytes.Buffer
				if err := encoder(&buf).Encode(c.WithFlood(l.comment, l.verdict, found)); err != nil {
					return fmt.Errorf("writing verdicts: %w", err)
				}
				verdict = buf.Bytes()
			}
			if _, err := w.Write(verdict); err != nil {
				return fmt.Errorf("writing verdicts: %w", err)
			}
		}
		if j.last {
			if err := w.Flush(); err != nil {
				return fmt.Errorf("writing verdicts: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing verdicts: %w", err)
	}
	if !errors.Is(readErr, io.EOF) {
		return readErr
	}
	return nil
}

func judge(ch chunk, c Classifier) judged {
	out := judged{last: ch.last}
	var buf bytes.Buffer
	enc := encoder(&buf)
	for _, line := range ch.lines {
		l, err := judgeLine(line, c)
		if err == nil {
			mark := buf.Len()
			if err = enc.Encode(l.verdict); err != nil {
				buf.Truncate(mark)
			}
		}
		if f, ok := errors.AsType[*intake.Fault](err); ok {
			out.faults = append(out.faults, f)
		} else if err != nil {
			out.faults = append(out.faults, line.Fault(err))
		}
		l.end = buf.Len()
		out.lines = append(out.lines, l)
	}
	out.out = buf.Bytes()
	return out
}

func encoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

func judgeLine(line intake.Line, c Classifier) (l judgedLine, err error) {
	comment, err := line.Comment()
	if err != nil {
		return l, err
	}
	defer func() {
		// One comment that trips the program must not take the others with it. The panic's text stays out of the
		// message: it may hold a piece of the comment.
		if recover() != nil {
			err = errors.New("the program failed on this comment; please report it")
		}
	}()
	l.comment = comment.Comment
	l.reply = flood.Read(comment)
	l.verdict, err = c.Classify(comment.Comment)
	return l, err
}
