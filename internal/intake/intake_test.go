package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func readAll(tb testing.TB, r io.Reader) (lines []Line) {
	tb.Helper()
	in := NewReader("f", r)
	for {
		line, err := in.Next()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			tb.Fatal(err)
		}
		lines = append(lines, line)
	}
}

func TestNext(t *testing.T) {
	for in, want := range map[string]string{
		"":                                  "",
		"\n\n  \n":                          "",
		"a":                                 "1:a",
		"a\nb\n":                            "1:a 2:b",
		"a\r\n\r\n b \r\n":                  "1:a 3:b",
		"\ufeffa\n\ufeffb\n":                "1:a 2:\ufeffb",
		"\ufeff\r\na":                       "2:a",
		"a\rb\n":                            "1:a\rb",
		"a\x00\xff\nb":                      "1:a\x00\xff 2:b",
		"\n\nlast without end":              "3:last without end",
		strings.Repeat("x", 70_000) + "\ny": "1:" + strings.Repeat("x", 70_000) + " 2:y",
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(in), "byte by byte": iotest.OneByteReader(strings.NewReader(in))} {
			var got []string
			for _, l := range readAll(t, r) {
				got = append(got, fmt.Sprintf("%d:%s", l.Number, l.Bytes))
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("%.40q, %s: got %.40q, want %.40q", in, name, s, want)
			}
		}
	}
}

func TestLongLine(t *testing.T) {
	fits := strings.Repeat("a", MaxLine)
	in := "x\n" + fits + "\r\n" + fits + "aaa\n" + strings.Repeat("b", 5*MaxLine) + "\ny\n" + fits + "aaa"
	lines := readAll(t, strings.NewReader(in))
	if len(lines) != 6 {
		t.Fatalf("got %d lines", len(lines))
	}
	for i, long := range []bool{false, false, true, true, false, true} {
		if lines[i].Long != long || lines[i].Number != i+1 || long != (lines[i].Bytes == nil) {
			t.Errorf("line %d: number %d, long %v, %d bytes", i+1, lines[i].Number, lines[i].Long, len(lines[i].Bytes))
		}
	}
	_, err := lines[3].Comment()
	if fault, ok := errors.AsType[*Fault](err); !ok || !strings.HasPrefix(fault.Error(), "f:4: longer than 1048576 bytes; ") {
		t.Errorf("got %v", err)
	}
}

func TestReadError(t *testing.T) {
	in := NewReader("f", io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if _, err := in.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Next(); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "reading f after line 1") {
		t.Errorf("got %v", err)
	}
}

func TestReady(t *testing.T) {
	r, w := io.Pipe()
	in := NewReader("f", r)
	go func() {
		_, _ = io.WriteString(w, "a\nb\nc")
		_ = w.Close()
	}()
	for i, want := range []bool{true, false, false} {
		line, err := in.Next()
		if err != nil {
			t.Fatal(err)
		}
		if in.Ready() != want {
			t.Errorf("after line %d (%s): ready %v", i+1, line.Bytes, !want)
		}
	}
}

func TestComment(t *testing.T) {
	for in, want := range map[string]string{
		`{"id":"1","text":"よい"}`:                              "",
		`{"id":"1","text":"よい","author":null,"extra":[1,{}]}`: "",
		`{"id":"1","text":"よ`:                                 "JSON",
		`[1]`:                                                 "object",
		`{"text":"よい"}`:                                       "id",
		`{"id":"1"}`:                                          "text",
		`{"id":1,"text":"よい"}`:                                "id",
		`{"id":"1","text":"よい"} {"id":"2","text":"よい"}`:             "JSON",
		"{\"id\":\"1\",\"text\":\"\xff\"}":                          "UTF-8",
		`{"id":"1","text":"` + strings.Repeat("a", 64<<10) + `"}`:   "",
		`{"id":"1","text":"` + strings.Repeat("a", 64<<10+1) + `"}`: "65536",
	} {
		lines := readAll(t, strings.NewReader("\n"+in+"\n"))
		_, err := lines[0].Comment()
		fault, ok := errors.AsType[*Fault](err)
		switch {
		case want == "" && err != nil:
			t.Errorf("%.60q: %v", in, err)
		case want != "" && (!ok || !strings.HasPrefix(fault.Error(), "f:2: ") || !strings.Contains(fault.What, want) || !strings.Contains(fault.What, "; ")):
			t.Errorf("%.60q: got %v, want a fault with %q and a mend", in, err, want)
		}
	}
}

func TestFaultIsOneSafeLine(t *testing.T) {
	l := Line{File: "f", Number: 7}
	got := l.Fault(errors.New("account: \"a\nb\x1b[2J\u202e\" has no policy")).Error()
	if got != "f:7: account: \"a b\ufffd[2J\ufffd\" has no policy" {
		t.Errorf("got %q", got)
	}
}

// TestLinesAreThose: whatever the lines, each comes with its number, and reading in pieces makes no difference.
func TestLinesAreThose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.StringMatching(`[ -~あ-ん]{0,40}`)).Draw(t, "lines")
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")
		in := NewReader("f", iotest.HalfReader(strings.NewReader(strings.Join(parts, end))))
		for i, part := range parts {
			want := strings.TrimSpace(part)
			if want == "" {
				continue
			}
			line, err := in.Next()
			if err != nil || line.Number != i+1 || string(line.Bytes) != want {
				t.Fatalf("got %d %q, %v, want %d %q", line.Number, line.Bytes, err, i+1, want)
			}
		}
		if _, err := in.Next(); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	})
}

func FuzzComment(f *testing.F) {
	f.Add([]byte(`{"id":"1","text":"よい","post":{"id":"p","text":"…"},"author":{"id":"a","name":"n","handle":"h"}}` + "\r\n"))
	f.Add([]byte("\xef\xbb\xbf{}\n\n[]\n\"\\ud800\""))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := readAll(t, bytes.NewReader(data))
		last := 0
		for _, line := range lines {
			if line.Number <= last {
				t.Fatalf("line %d comes after line %d", line.Number, last)
			}
			last = line.Number
			if _, err := line.Comment(); err != nil {
				fault, ok := errors.AsType[*Fault](err)
				if !ok || strings.ContainsAny(fault.Error(), "\r\n\x1b") {
					t.Fatalf("bad fault %q", err)
				}
			}
		}
	})
}
