// Package intake reads comments as JSON Lines, as people, spreadsheets and programs write them: with CRLF
// or a byte order mark, with empty lines, with lines that are broken. It says of a bad line where it is, what
// is wrong and the mend, and goes on with the next.
package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kotomori/kotomori/internal/event"
)

// MaxLine is the longest line that is read, in bytes (1 MiB). It has room for the longest comment under the
// longest official post, with every character written as \uXXXX.
const MaxLine = 1 << 20

// Reader cuts its input into lines.
type Reader struct {
	name   string
	r      *bufio.Reader
	number int
	long   []byte // a line that did not fit into the buffer
}

// NewReader reads from r; name is what faults call it.
func NewReader(name string, r io.Reader) *Reader {
	return &Reader{name: name, r: bufio.NewReaderSize(r, 64<<10)}
}

// Line is one line of the input that is not empty.
type Line struct {
	File   string
	Number int    // from 1
	Bytes  []byte // without the line's end; a copy of the caller's own
	Long   bool   // longer than MaxLine: Bytes is nil
}

// Next gives the next line that is not empty. At the end the error is io.EOF; another error comes from
// the input and names it.
func (r *Reader) Next() (Line, error) {
	for {
		raw, long, err := r.read()
		if err != nil {
			return Line{}, err
		}
		if r.number == 1 {
			raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
		}
		if long {
			return Line{File: r.name, Number: r.number, Long: true}, nil
		}
		if raw = bytes.TrimSpace(raw); len(raw) > 0 {
			return Line{File: r.name, Number: r.number, Bytes: bytes.Clone(raw)}, nil
		}
	}
}

// read gives the next line, valid until the next call. It keeps no more than MaxLine bytes of it.
func (r *Reader) read() (line []byte, long bool, err error) {
	r.long = r.long[:0]
	for {
		part, err := r.r.ReadSlice('\n')
		if len(r.long)+len(part) > MaxLine+len("\r\n") {
			long = true
		}
		if !long && (errors.Is(err, bufio.ErrBufferFull) || len(r.long) > 0) {
			r.long = append(r.long, part...)
			part = r.long
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			if len(part) == 0 && len(r.long) == 0 && !long {
				return nil, false, io.EOF
			}
		case err != nil:
			return nil, false, fmt.Errorf("reading %s after line %d: %w", r.name, r.number, err)
		}
		r.number++
		return part, long, nil
	}
}

// Ready says whether a whole line is at hand, so that Next will not wait for more input.
func (r *Reader) Ready() bool {
	buffered, _ := r.r.Peek(r.r.Buffered())
	return bytes.IndexByte(buffered, '\n') >= 0
}

// Fault is what is wrong with a line, and the mend, on one line. It never quotes the comment.
type Fault struct {
	File string
	Line int
	What string // "field: what; mend"
}

func (f *Fault) Error() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.What) }

// Fault makes a fault of an error about the line.
func (l Line) Fault(err error) *Fault {
	return &Fault{File: l.File, Line: l.Number, What: Clean(err.Error())}
}

// Comment reads the line as a comment. The error is a *Fault.
func (l Line) Comment() (event.Comment, error) {
	if l.Long {
		return event.Comment{}, l.Fault(fmt.Errorf("longer than %d bytes; put one comment on a line, with a text of at most 64 KiB", MaxLine))
	}
	c, err := event.ParseComment(l.Bytes)
	if err != nil {
		return event.Comment{}, l.Fault(err)
	}
	return c, nil
}

// Clean keeps a message on one line, and the terminal safe from what the input put into it.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return '\ufffd'
		}
		return r
	}, s)
}
