package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/intake"
)

// fake judges by a function.
type fake func(classifier.Comment) (classifier.Verdict, error)

func (f fake) Classify(c classifier.Comment) (classifier.Verdict, error) { return f(c) }

func (f fake) WithFlood(_ classifier.Comment, v classifier.Verdict, n classifier.Flood) classifier.Verdict {
	v.Ruleset = fmt.Sprintf("flood %d %v", n.Count, n.SameAuthor)
	return v
}

// echo gives each comment a verdict that repeats its text.
var echo = fake(func(c classifier.Comment) (classifier.Verdict, error) {
	return classifier.Verdict{ID: c.ID, Policy: c.Text, Findings: []classifier.Finding{}}, nil
})

func TestClassifyKeepsOrder(t *testing.T) {
	var in strings.Builder
	const n = 5000
	for i := range n {
		fmt.Fprintf(&in, "{\"id\":\"%d\",\"text\":\"%s\"}\n", i, strings.Repeat("あ", i%97+1))
		if i%10 == 3 {
			in.WriteString("broken\n")
		}
	}
	var out bytes.Buffer
	var faults []int
	err := Classify(intake.NewReader("f", strings.NewReader(in.String())), &out, echo, func(f *intake.Fault) { faults = append(faults, f.Line) })
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(&out)
	for i := range n {
		var v classifier.Verdict
		if err := dec.Decode(&v); err != nil || v.ID != fmt.Sprint(i) || len(v.Policy) != 3*(i%97+1) {
			t.Fatalf("verdict %d: %+v, %v", i, v, err)
		}
	}
	if dec.More() {
		t.Error("too many verdicts")
	}
	if len(faults) != n/10 {
		t.Errorf("%d faults", len(faults))
	}
	for i, line := range faults {
		if line != 11*i+5 {
			t.Fatalf("fault %d is on line %d", i, line)
		}
	}
}

func TestClassifyWritesPlainJSON(t *testing.T) {
	var out bytes.Buffer
	in := `{"id":"<1>","text":"A&B<br>\u2028"}`
	if err := Classify(intake.NewReader("f", strings.NewReader(in)), &out, echo, func(f *intake.Fault) { t.Error(f) }); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), `{"id":"<1>","action":"none","findings":[],"policy":"A&B<br>\u2028","ruleset":""}`+"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestClassifyAnswersAtOnce: a verdict is written as soon as no further line is at hand, so that a program that waits for
// it before it writes the next comment does not wait for ever.
func TestClassifyAnswersAtOnce(t *testing.T) {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	done := make(chan error)
	go func() {
		err := Classify(intake.NewReader("f", inR), outW, echo, func(f *intake.Fault) { t.Error(f) })
		_ = outW.Close()
		done <- err
	}()
	dec := json.NewDecoder(outR)
	for i := range 5 {
		_, _ = fmt.Fprintf(inW, "{\"id\":\"%d\",\"text\":\"x\"}\n", i) // a failure leaves the decoder without a verdict
		var v classifier.Verdict
		if err := dec.Decode(&v); err != nil || v.ID != fmt.Sprint(i) {
			t.Fatalf("got %+v, %v", v, err)
		}
	}
	_ = inW.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestClassifyFaults(t *testing.T) {
	c := fake(func(c classifier.Comment) (classifier.Verdict, error) {
		switch c.Text {
		case "unknown":
			return classifier.Verdict{}, &classifier.InputError{Field: "account", What: `"x" has no policy`, Mend: "use saitama"}
		case "panic":
			panic("secret text of a comment")
		}
		return echo(c)
	})
	in := "{\"id\":\"1\",\"text\":\"a\"}\n\n{\"id\":\"2\",\"text\":\"unknown\"}\n{\"id\":\"3\",\"text\":\"panic\"}\n{\"id\":\"4\",\"text\":\"b\"}"
	var out bytes.Buffer
	var faults []string
	if err := Classify(intake.NewReader("f", strings.NewReader(in)), &out, c, func(f *intake.Fault) { faults = append(faults, f.Error()) }); err != nil {
		t.Fatal(err)
	}
	want := []string{`f:3: account: "x" has no policy; use saitama`, "f:4: the program failed on this comment; please report it"}
	if strings.Join(faults, "|") != strings.Join(want, "|") {
		t.Errorf("got %q", faults)
	}
	if got := strings.Count(out.String(), "\n"); got != 2 {
		t.Errorf("%d verdicts", got)
	}
}

func TestClassifyEndsWithItsReader(t *testing.T) {
	var mu sync.Mutex
	calls := 0
	c := fake(func(c classifier.Comment) (classifier.Verdict, error) {
		mu.Lock()
		defer mu.Unlock()
		calls++
		return echo(c)
	})
	endless := strings.Repeat("{\"id\":\"1\",\"text\":\"a\"}\n", 1_000_000)
	err := Classify(intake.NewReader("f", strings.NewReader(endless)), errWriter{syscall.EPIPE}, c, func(f *intake.Fault) { t.Error(f) })
	if !errors.Is(err, syscall.EPIPE) {
		t.Errorf("got %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if calls > 100_000 {
		t.Errorf("%d comments were judged for nobody", calls)
	}
}

type errWriter struct{ err error }

func (w errWriter) Write([]byte) (int, error) { return 0, w.err }

// TestClassifyCountsFloods: repeats are counted in the order of the input over many chunks, bad lines among them.
func TestClassifyCountsFloods(t *testing.T) {
	var in strings.Builder
	line := func(id int, post, author, text string) {
		fmt.Fprintf(&in, "{\"id\":\"%d\",\"post\":{\"id\":\"%s\",\"text\":\"図書館の蔵書点検で休館する期間と返却口のご案内です\"},\"author\":{\"id\":\"%s\"},\"text\":\"%s\"}\n", id, post, author, text)
	}
	const repeated = "公園の桜の枝が歩道に垂れ下がり歩きにくくなっています"
	want := map[string]string{} // by id
	const n, every = 1000, 100
	for i := range n {
		switch k := i / every; i % every {
		case 7:
			line(i, "p", fmt.Sprint("a", i), repeated)
			if k >= 4 {
				want[fmt.Sprint(i)] = fmt.Sprintf("flood %d false", k+1)
			}
		case 8:
			line(i, "q", "same", repeated+"！！")
			if k >= 2 {
				want[fmt.Sprint(i)] = fmt.Sprintf("flood %d true", k+1)
			}
		case 9: // the post's own words
			line(i, "p", "same", "蔵書点検で休館する期間と返却口のご案内です")
		case 10:
			in.WriteString("broken\n")
		default:
			line(i, "p", "same", fmt.Sprintf("駐輪場の%d番の区画に古い自転車があります", i))
		}
	}
	var out bytes.Buffer
	faults := 0
	if err := Classify(intake.NewReader("f", strings.NewReader(in.String())), &out, echo, func(*intake.Fault) { faults++ }); err != nil {
		t.Fatal(err)
	}
	if faults != n/every {
		t.Errorf("%d faults", faults)
	}
	got := map[string]string{}
	lines := 0
	for dec := json.NewDecoder(&out); dec.More(); lines++ {
		var v classifier.Verdict
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if v.Ruleset != "" {
			got[v.ID] = v.Ruleset
		}
	}
	if !maps.Equal(got, want) || lines != n-n/every {
		t.Errorf("%d lines, got  %v\nwant %v", lines, got, want)
	}
}
