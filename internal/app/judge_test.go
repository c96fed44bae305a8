package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/rules"
)

const (
	ramen = "ことり軒ラーメンの半額クーポンを配っています"

	ramenRule = `rules:
  - id: commercial.test-ramen
    category: commercial
    confidence: 0.9
    reason: 飲食店を宣伝している
    when:
      all: [{ literal: ことり軒ラーメン }, { literal: 半額クーポン }]
      scope: text
    examples:
      match: [ことり軒ラーメンの半額クーポンを配っています]
      no-match: [ことり軒ラーメンはおいしい]
`
	faultyRule = `rules:
  - id: commercial.test-ramen
    category: commercal
    confidence: 7
`
)

// put writes a file of a rules folder.
func put(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func flags(t *testing.T, j *Judge, text string) bool {
	t.Helper()
	v, err := j.Classify(classifier.Comment{ID: "1", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return len(v.Findings) > 0
}

func counted(t *testing.T, m prometheus.Metric) float64 {
	t.Helper()
	var d dto.Metric
	if err := m.Write(&d); err != nil {
		t.Fatal(err)
	}
	return d.GetCounter().GetValue() + d.GetGauge().GetValue()
}

func TestJudgeTakesChanges(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	j, err := newJudge(small, dir, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	shipped := j.Ruleset().Hash()
	if j.look() || flags(t, j, ramen) {
		t.Fatal("there is nothing to take yet")
	}

	// A change is taken when it has settled.
	put(t, dir, "rules/city.yaml", ramenRule)
	if j.look() {
		t.Error("a change is taken at its first sight")
	}
	if !j.look() {
		t.Fatal("a change is not taken")
	}
	if j.Ruleset().Hash() == shipped || !flags(t, j, ramen) {
		t.Error("the new rule is not in use")
	}
	if j.look() || counted(t, j.reloads.WithLabelValues("taken")) != 1 {
		t.Error("the change is taken twice")
	}

	// A faulty one is refused with its faults, once, and the rules before it stay.
	good := j.Ruleset().Hash()
	put(t, dir, "rules/city.yaml", faultyRule)
	for range 4 {
		if j.look() {
			t.Error("a faulty change is taken")
		}
	}
	if j.Ruleset().Hash() != good || !flags(t, j, ramen) {
		t.Error("the rules before are not in use any more")
	}
	if counted(t, j.faulty) != 1 || counted(t, j.reloads.WithLabelValues("refused")) != 1 {
		t.Error("the metrics do not tell")
	}
	for _, want := range []string{"file=rules/city.yaml line=3 column=15", "file=rules/city.yaml line=4 column=17"} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}

	// Back to what is in use already, and then to nothing of one's own.
	put(t, dir, "rules/city.yaml", ramenRule)
	j.look()
	j.look()
	if counted(t, j.faulty) != 0 || !flags(t, j, ramen) {
		t.Error("mended rules count as faulty")
	}
	if err := os.Remove(filepath.Join(dir, "rules", "city.yaml")); err != nil {
		t.Fatal(err)
	}
	j.look()
	if !j.look() || j.Ruleset().Hash() != shipped || flags(t, j, ramen) {
		t.Error("a rule that was taken away is still in use")
	}

	// A folder that is gone is a fault of the machine, no wish for the shipped rules.
	put(t, dir, "rules/city.yaml", ramenRule)
	j.look()
	if !j.look() {
		t.Fatal("a change is not taken")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	j.look()
	if j.look() || !flags(t, j, ramen) || counted(t, j.faulty) != 1 {
		t.Error("with the folder gone the rules are dropped")
	}
}

func TestJudgeFollows(t *testing.T) {
	dir := t.TempDir()
	j, err := newJudge(small, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	taken, done := make(chan string), make(chan struct{})
	go func() {
		defer close(done)
		j.Follow(ctx, time.Millisecond, func(hash string) { taken <- hash })
	}()
	put(t, dir, "rules/city.yaml", ramenRule)
	if hash := <-taken; hash != j.Classifier().Version() || !flags(t, j, ramen) {
		t.Errorf("taken is %s, in use is %s", hash, j.Classifier().Version())
	}
	cancel()
	<-done
}

func TestNewJudgeFaults(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "rules/city.yaml", faultyRule)
	_, err := newJudge(small, dir, slog.New(slog.DiscardHandler))
	if faults, ok := errors.AsType[rules.Faults](err); !ok || len(faults) < 2 {
		t.Errorf("got %v", err)
	}
	if _, err := newJudge(small, filepath.Join(dir, "nowhere"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := newJudge(small, filepath.Join(dir, "rules", "city.yaml"), nil); err == nil || !strings.Contains(err.Error(), "is no folder; name the one") {
		t.Errorf("got %v", err)
	}
}

func TestCheck(t *testing.T) {
	j, err := newJudge(small, "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		comment event.Comment
		field   string // that is wrong
	}{
		{event.Comment{Comment: classifier.Comment{ID: "1", Account: "wako", Platform: "blog", Text: "x"}}, ""},
		{event.Comment{Comment: classifier.Comment{ID: "1"}, Deleted: true}, ""},
		{event.Comment{Comment: classifier.Comment{ID: "1", Account: "nowhere", Text: "x"}}, "account"},
		{event.Comment{Comment: classifier.Comment{ID: "1", Platform: "facebook", Text: "x"}}, "platform"},
	} {
		err := j.Check(tc.comment)
		input, ok := errors.AsType[*classifier.InputError](err)
		if tc.field == "" && err != nil || tc.field != "" && (!ok || input.Field != tc.field) {
			t.Errorf("%+v: got %v", tc.comment, err)
		}
	}
}
