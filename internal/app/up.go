package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/stream"
	"github.com/kotomori/kotomori/rules"
)

// Up is everything on one machine: an embedded broker, a worker, and a view of what comes back.
type Up struct {
	App    Config
	Sample *Sample // fed once; nil for none
	Once   bool    // end when everything that is there is judged, and Sample fed

	// Show is called with each recommendation of this run as it comes back from the broker, one at a time.
	Show func(event.Recommendation)
	// Started, if not nil, is called when all runs, before anything is shown.
	Started func(*App, Standing)
	// Through, if not nil, is called when everything that was there at the start, and Sample, is judged and shown.
	Through func(Summary)
}

// Standing is what a data folder held at the start.
type Standing struct {
	Fed  int   // replies of the sample that were fed before
	Open int   // recommendations that stand
	Left int64 // replies that are not judged yet
}

// Summary is what became of the replies of one run.
type Summary struct {
	Replies int64         // judged in this run
	Took    time.Duration // from the first reply fed to the last offset committed
	Open    []Count       // recommendations that this run brought, by action and clause
}

// Count is how many recommendations have an action and a leading clause.
type Count struct {
	Account  string
	Action   rules.Action
	Clause   string
	Category string
	N        int
}

// Run runs until ctx ends or, with Once, all is through.
func (u *Up) Run(ctx context.Context) (err error) {
	a, err := New(u.App)
	if err != nil {
		return err
	}
	view := &view{show: u.Show}
	var standing Standing
	a.cfg.Prepare = func(ctx context.Context, c *stream.Client) (err error) {
		standing, view.from, err = u.look(ctx, c)
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Stop(context.WithoutCancel(ctx))) }()
	if u.Started != nil {
		u.Started(a, standing)
	}

	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	var watchErr error
	watching.Go(func() {
		if watchErr = a.Client().Watch(ctx, stream.WatchOptions{Offsets: view.from}, view.take); watchErr != nil {
			cancel() // without the view there is nothing to run for
		}
	})
	defer func() {
		cancel()
		watching.Wait()
		err = errors.Join(err, watchErr)
	}()

	if err := u.through(ctx, a, standing, view); err != nil {
		if ctx.Err() != nil {
			return nil // stopped by the user, or by the watch, whose error is reported
		}
		return err
	}
	if !u.Once {
		<-ctx.Done()
	}
	return nil
}

// look tells what is there before the worker starts, and where its recommendations will begin.
func (u *Up) look(ctx context.Context, c *stream.Client) (s Standing, from map[int]int64, err error) {
	problems, err := c.EnsureTopics(ctx, u.App.Topics)
	if err != nil {
		return s, nil, fmt.Errorf("creating topics: %w", err)
	}
	for _, p := range problems {
		if p.Fatal {
			return s, nil, p
		}
	}
	if from, err = c.EndOffsets(ctx, event.TopicRecommendations); err != nil {
		return s, nil, err
	}
	lag, err := c.Lag(ctx, u.App.Group)
	if err != nil {
		return s, nil, err
	}
	s.Left = total(lag)
	if u.Sample != nil {
		if s.Fed, err = u.Sample.Fed(ctx, c); err != nil {
			return s, nil, err
		}
	}
	open := map[string]bool{}
	err = c.Watch(ctx, stream.WatchOptions{UntilEnd: true}, func(r event.Recommendation) error {
		open[r.Key()] = r.Status == event.Open
		return nil
	})
	for _, o := range open {
		if o {
			s.Open++
		}
	}
	return s, from, err
}

// through feeds the sample and waits until all is judged and shown.
func (u *Up) through(ctx context.Context, a *App, s Standing, v *view) error {
	if err := waitReady(ctx, a); err != nil {
		return err
	}
	replies, begin := s.Left, time.Now()
	if u.Sample != nil {
		if err := u.Sample.Feed(ctx, stream.NewFeeder(a.Client(), "sample", a.log), s.Fed); err != nil {
			return err
		}
		replies += int64(u.Sample.Len() - s.Fed)
	}
	if err := a.Client().WaitDrained(ctx, u.App.Group, nil); err != nil {
		return fmt.Errorf("waiting for the replies to be judged: %w", err)
	}
	took := time.Since(begin)
	// The other watch shows them as they come; this one shows what it has not come to yet.
	if err := a.Client().Watch(ctx, stream.WatchOptions{Offsets: v.from, UntilEnd: true}, v.take); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if u.Through != nil {
		u.Through(Summary{Replies: replies, Took: took, Open: v.counts()})
	}
	return nil
}

// waitReady waits until the worker takes comments.
func waitReady(ctx context.Context, a *App) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for a.Ready() != nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// view shows each state of a recommendation once, however often it comes.
type view struct {
	from map[int]int64
	show func(event.Recommendation)

	mu    sync.Mutex
	state map[string]shown // by key
}

// shown is what was shown last of a comment.
type shown struct {
	id       string
	revision int
	status   event.Status
	count    Count
}

func (v *view) take(r event.Recommendation) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.state == nil {
		v.state = map[string]shown{}
	}
	now := shown{id: r.ID, revision: r.Revision, status: r.Status, count: Count{Account: r.Account, Action: r.Action}}
	if len(r.Findings) > 0 {
		now.count.Clause, now.count.Category = r.Findings[0].Clause, r.Findings[0].Category
	}
	old, seen := v.state[r.Key()]
	if seen && (now.revision < old.revision || now.id == old.id && now.status == old.status) {
		return nil
	}
	v.state[r.Key()] = now
	v.show(r)
	return nil
}

// counts sums up what stands of what was shown.
func (v *view) counts() []Count {
	v.mu.Lock()
	defer v.mu.Unlock()
	sums := map[Count]int{}
	for _, s := range v.state {
		if s.status == event.Open {
			sums[s.count]++
		}
	}
	out := make([]Count, 0, len(sums))
	for _, c := range sortedCounts(maps.Keys(sums)) {
		c.N = sums[c]
		out = append(out, c)
	}
	return out
}

// sortedCounts orders by account, then the heavier action first, then in the order of the categories.
func sortedCounts(counts iter.Seq[Count]) []Count {
	return slices.SortedFunc(counts, func(a, b Count) int {
		return cmp.Or(
			cmp.Compare(a.Account, b.Account),
			cmp.Compare(b.Action, a.Action),
			cmp.Compare(slices.Index(rules.Categories, a.Category), slices.Index(rules.Categories, b.Category)),
			cmp.Compare(a.Clause, b.Clause),
		)
	})
}
