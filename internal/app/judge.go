package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/rules"
)

// Judge is the classifier in use. With a folder of rules it follows what changes there: Follow. It may be
// shared between goroutines.
type Judge struct {
	current atomic.Pointer[classifier.Classifier]
	shipped fs.FS
	dir     string
	log     *slog.Logger

	// Of the follower.
	inUse   digest // what current was made of, or what was refused last
	pending digest // what was there at the last look

	reloads *prometheus.CounterVec
	faulty  prometheus.Gauge
}

// digest is over the content of a folder of rules.
type digest [sha256.Size]byte

// NewJudge reads the shipped rules and those of dir laid over them; dir may be empty for none. Faults of the
// rules are a rules.Faults.
func NewJudge(dir string, log *slog.Logger) (*Judge, error) {
	return newJudge(rules.Embedded(), dir, log)
}

func newJudge(shipped fs.FS, dir string, log *slog.Logger) (*Judge, error) {
	j := &Judge{
		shipped: shipped, dir: dir, log: log,
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kotomori_ruleset_reloads_total", Help: "Changes of the rules on disk, by result: taken or refused.",
		}, []string{"result"}),
		faulty: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kotomori_ruleset_faulty", Help: "1 while the rules on disk are faulty and an older set is in use.",
		}),
	}
	j.reloads.WithLabelValues("taken")
	j.reloads.WithLabelValues("refused")
	layers, err := layers(shipped, dir)
	if err != nil {
		return nil, err
	}
	if dir != "" {
		// Before reading: a change in between is seen as one.
		if j.inUse, err = digestOf(layers[len(layers)-1]); err != nil {
			return nil, err
		}
		j.pending = j.inUse
	}
	go classifier.PreloadModel()
	set, err := rules.Load(layers...)
	if err != nil {
		return nil, err
	}
	c, err := judging(set)
	if err != nil {
		return nil, err
	}
	j.current.Store(c)
	return j, nil
}

// judging is the classifier of a ruleset and the shipped model.
func judging(set *rules.Set) (*classifier.Classifier, error) {
	m, err := classifier.ShippedModel()
	if err != nil {
		return nil, err
	}
	return classifier.New(set, m), nil
}

// Layers are the shipped rules and, unless dir is empty, those of dir.
func Layers(dir string) ([]fs.FS, error) { return layers(rules.Embedded(), dir) }

func layers(shipped fs.FS, dir string) ([]fs.FS, error) {
	if dir == "" {
		return []fs.FS{shipped}, nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the rules: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("opening the rules: %s is no folder; name the one that holds dict/, rules/ and rules/policies/", dir)
	}
	return []fs.FS{shipped, os.DirFS(dir)}, nil
}

// Classify judges a comment by the rules in use.
func (j *Judge) Classify(c classifier.Comment) (classifier.Verdict, error) {
	return j.current.Load().Classify(c)
}

// WithFlood gives the verdict on a comment that repeats others under its post.
func (j *Judge) WithFlood(c classifier.Comment, v classifier.Verdict, f classifier.Flood) classifier.Verdict {
	return j.current.Load().WithFlood(c, v, f)
}

// Check says whether a worker would take the comment, without judging its text, whose bounds event.ParseComment has
// checked already. The error is that of Classify.
func (j *Judge) Check(c event.Comment) error {
	probe := c.Comment
	if probe.Text != "" || c.Gone() {
		probe.Text = "."
	}
	probe.Post.Text = ""
	_, err := j.current.Load().Classify(probe)
	return err
}

// Classifier is the classifier in use.
func (j *Judge) Classifier() *classifier.Classifier { return j.current.Load() }

// Ruleset is the ruleset in use.
func (j *Judge) Ruleset() *rules.Set { return j.current.Load().Ruleset() }

func (j *Judge) collectors() []prometheus.Collector {
	return []prometheus.Collector{j.reloads, j.faulty}
}

// Follow looks for changes of the folder every so often until ctx ends, and takes them: taken, which may be
// nil, is called with the new ruleset's hash. A faulty change is refused with its faults in the log, and the
// rules in use stay. Without a folder it returns at once.
func (j *Judge) Follow(ctx context.Context, every time.Duration, taken func(hash string)) {
	if j.dir == "" {
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if j.look() && taken != nil {
				taken(j.Classifier().Version())
			}
		}
	}
}

// look takes a change of the folder once it is the same at two looks, so that a file is not read while it is
// being written. It says whether it took one.
func (j *Judge) look() bool {
	now, err := digestOf(os.DirFS(j.dir))
	if err != nil {
		j.log.Warn("cannot look for changes of the rules; those in use stay", "dir", j.dir, "err", err)
		return false
	}
	settled := now == j.pending
	j.pending = now
	if now == j.inUse || !settled {
		return false
	}
	j.inUse = now
	layers, err := layers(j.shipped, j.dir)
	var set *rules.Set
	if err == nil {
		set, err = rules.Load(layers...)
	}
	if err != nil {
		j.refuse(err)
		return false
	}
	old := j.Classifier().Version()
	c, err := judging(set)
	if err != nil {
		j.refuse(err)
		return false
	}
	j.current.Store(c)
	j.reloads.WithLabelValues("taken").Inc()
	j.faulty.Set(0)
	j.log.Info("rules changed on disk and are in use", "ruleset", c.Version(), "before", old)
	return true
}

func (j *Judge) refuse(err error) {
	j.reloads.WithLabelValues("refused").Inc()
	j.faulty.Set(1)
	j.log.Error("rules changed on disk but are faulty; the ones before stay in use", "ruleset", j.Classifier().Version(), "dir", j.dir)
	faults, ok := errors.AsType[rules.Faults](err)
	if !ok {
		j.log.Error("reading the rules", "err", err)
		return
	}
	for _, f := range faults {
		j.log.Error("fault", "file", f.File, "line", f.Line, "column", f.Column, "what", f.What, "mend", f.Mend)
	}
}

// digestOf sums up the files of a folder that rules.Load reads.
func digestOf(dir fs.FS) (digest, error) {
	sum := sha256.New()
	for _, pattern := range []string{"dict/*.yaml", "rules/*.yaml", "rules/policies/*.yaml"} {
		names, err := fs.Glob(dir, pattern) // sorted
		if err != nil {
			return digest{}, err
		}
		for _, name := range names {
			content, err := fs.ReadFile(dir, name)
			if errors.Is(err, fs.ErrNotExist) {
				continue // an editor replaced it just now; the next look sees the result
			}
			if err != nil {
				return digest{}, err
			}
			_, _ = fmt.Fprintf(sum, "%s %d\n", name, len(content)) // a hash takes everything
			sum.Write(content)
		}
	}
	return digest(sum.Sum(nil)), nil
}
