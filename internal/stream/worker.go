package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/flood"
)

// Classifier judges comments; *classifier.Classifier is one. It is called from several goroutines at once. A new
// ruleset may take its place between two calls: wrap it in a type that loads an atomic pointer.
type Classifier interface {
	Classify(classifier.Comment) (classifier.Verdict, error)
	// WithFlood gives the verdict on a comment that repeats others under its post: [classifier.Classifier.WithFlood].
	WithFlood(classifier.Comment, classifier.Verdict, classifier.Flood) classifier.Verdict
}

// WorkerConfig says what a worker needs. Client and Classifier must be there, all else has defaults.
type WorkerConfig struct {
	Client     *Client
	Classifier Classifier
	Group      string            // consumer group; default DefaultGroup
	Topics     TopicSettings     // for topics that the worker has to create
	Pseudonyms *event.Pseudonyms // nil: recommendations carry no pseudonym
	Metrics    *Metrics          // nil: none
	Log        *slog.Logger      // nil: none
	BatchSize  int               // most comments judged between two commits of a partition; default 256
	DrainTime  time.Duration     // how long to finish what is in hand when stopping or handing a partition over; default 4 s

	window int64 // for counting floods; default flood.Window, smaller in tests
}

// DefaultGroup is the consumer group where none is named.
const DefaultGroup = "kotomori"

// A member that dies is noticed after the session timeout. A rebalance waits for every member for the rebalance timeout
// at most, which must leave time to notice it (a heartbeat) and to drain.
const (
	sessionTimeout    = 6 * time.Second
	rebalanceTimeout  = 6 * time.Second
	heartbeatInterval = time.Second
	defaultDrainTime  = 4 * time.Second
)

// Worker reads kotomori.comments as a member of a consumer group, judges each comment and writes recommendations.
type Worker struct {
	cfg    WorkerConfig
	client *Client
	log    *slog.Logger
	health *health
	pool   *pool
	posts  *posts
	states map[int]*state // of partitions that were this worker's, for when they are again
}

// NewWorker checks the configuration. Run starts the work.
func NewWorker(cfg WorkerConfig) (*Worker, error) {
	if cfg.Client == nil || cfg.Classifier == nil {
		return nil, errors.New("worker: needs a client and a classifier")
	}
	if cfg.BatchSize < 0 || cfg.DrainTime < 0 || cfg.Topics.Partitions < 0 || cfg.Topics.Replication < 0 {
		return nil, errors.New("worker: batch size, drain time, partitions and replication cannot be negative")
	}
	if cfg.Group == "" {
		cfg.Group = DefaultGroup
	}
	if cfg.BatchSize == 0 {
		cfg.BatchSize = 256
	}
	if cfg.DrainTime == 0 {
		cfg.DrainTime = defaultDrainTime
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.window == 0 {
		cfg.window = flood.Window
	}
	w := &Worker{
		cfg: cfg, client: cfg.Client, log: cfg.Log, health: newHealth(),
		pool: newPool(runtime.GOMAXPROCS(0)), states: make(map[int]*state),
	}
	w.health.set(joining, errors.New("not started"))
	return w, nil
}

var errAbandoned = errors.New("took too long and was given up")

// What a worker waits for, as Ready says it.
const (
	connecting   = "waiting for Kafka"
	preparing    = "preparing the topics"
	readingPosts = "reading the official posts"
	joining      = "joining the consumer group"
	finishing    = "finishing what is in hand"
)

// Ready is nil while the worker is a member of its group with everything it needs to judge; otherwise the error says
// what it waits for.
func (w *Worker) Ready() error { return w.health.err() }

// WaitReady waits until Ready is nil. The error, when ctx ends before, says what the worker waits for.
func (w *Worker) WaitReady(ctx context.Context) error {
	return w.health.await(ctx, func(err error) bool { return err == nil })
}

// Run works until ctx ends: then it fetches no more, finishes and commits what is in hand, leaves the group and returns
// nil. It never gives up on a cluster that is away or refuses it: it logs, waits with growing pauses and tries again. A
// worker runs once.
func (w *Worker) Run(ctx context.Context) error {
	defer w.health.set(joining, errors.New("stopped"))
	w.health.set(joining, errors.New("not yet"))
	if !w.client.prepare(ctx, w.health, w.cfg.Topics) {
		return nil
	}
	postsCtx, stopPosts := context.WithCancel(context.WithoutCancel(ctx)) // what is in hand may still need them
	w.posts = newPosts(w.client, w.log, w.health)
	defer w.posts.wait()
	defer stopPosts()
	if !w.client.persist(ctx, w.health, readingPosts, func(ctx context.Context) error {
		return errors.Join(w.posts.follow(postsCtx), w.posts.catchUp(ctx))
	}) {
		return nil
	}
	return w.consume(ctx, postsCtx)
}

// consume is the life as a member of the group, generation after generation.
func (w *Worker) consume(ctx, postsCtx context.Context) error {
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID:                     w.cfg.Group,
		Brokers:                w.client.brokers,
		Dialer:                 w.client.dialer,
		Topics:                 []string{event.TopicComments},
		HeartbeatInterval:      heartbeatInterval,
		SessionTimeout:         sessionTimeout,
		RebalanceTimeout:       rebalanceTimeout,
		JoinGroupBackoff:       250 * time.Millisecond,
		WatchPartitionChanges:  true,
		PartitionWatchInterval: 10 * time.Second,
		StartOffset:            kafka.FirstOffset,
		ErrorLogger:            kafka.LoggerFunc(func(msg string, args ...any) { w.log.Debug("consumer group", "says", fmt.Sprintf(msg, args...)) }),
	})
	if err != nil {
		return fmt.Errorf("joining group %s: %w", w.cfg.Group, err)
	}
	defer func() { _ = group.Close() }() // leaves the group; never fails
	var b backoff
	for {
		gen, err := group.Next(ctx)
		switch {
		case ctx.Err() != nil && err != nil:
			return nil
		case errors.Is(err, kafka.RebalanceInProgress): // the next try waits at the broker
			continue
		case err != nil:
			// As long as nobody asks for the next generation, the group does not try again.
			pause := b.next()
			w.health.set(joining, err)
			w.log.Warn("cannot join the consumer group", "group", w.cfg.Group, "err", err, "next_try_in", pause.String())
			if !sleep(ctx, pause) {
				return nil
			}
			continue
		}
		b.reset()
		if w.generation(ctx, postsCtx, group, gen) {
			return nil
		}
		w.health.set(joining, errors.New("partitions are being shared out anew"))
	}
}

// generation works on the partitions assigned in one generation until it ends or ctx does (true).
func (w *Worker) generation(ctx, postsCtx context.Context, group *kafka.ConsumerGroup, gen *kafka.Generation) (stopped bool) {
	done := make(chan struct{})
	drained := make(chan struct{})
	gen.Start(func(genCtx context.Context) {
		defer close(done)
		w.work(ctx, genCtx, postsCtx, gen)
		if ctx.Err() == nil {
			return // which ends the generation, had it not ended yet
		}
		// Returning now would join the group again. Leave it first.
		close(drained)
		<-genCtx.Done()
	})
	select {
	case <-done:
		return ctx.Err() != nil
	case <-drained:
		_ = group.Close()
		<-done
		return true
	}
}

// work runs the assigned partitions until ctx or genCtx ends or one of them fails, and then lets each finish what it has
// in hand.
func (w *Worker) work(ctx, genCtx, postsCtx context.Context, gen *kafka.Generation) {
	assigned := gen.Assignments[event.TopicComments]
	ids := make([]int, len(assigned))
	for i, a := range assigned {
		ids[i] = a.ID
	}
	log := w.log.With("group", w.cfg.Group, "generation", gen.ID, "partitions", ids)

	// fetching ends first, working some time after.
	fetching, stop := context.WithCancel(genCtx)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	working, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()

	// The topics may have grown since the last generation.
	err := w.checkPartitions(fetching)
	if err == nil {
		err = w.posts.follow(postsCtx)
	}
	if err != nil {
		if fetching.Err() == nil {
			w.health.set(joining, err)
			log.Error("cannot work on the partitions", "err", err)
			sleep(fetching, 5*time.Second) // then join again, and look again
		}
		return
	}

	commits := &committer{gen: gen}
	var wg sync.WaitGroup
	for _, a := range assigned {
		st := w.states[a.ID]
		delete(w.states, a.ID)
		if st == nil {
			st = newState()
		}
		p := &partition{w: w, id: a.ID, state: st, commits: commits, log: w.log.With("partition", a.ID)}
		p.doing = "partition " + strconv.Itoa(a.ID)
		w.health.set(p.doing, errors.New("reading what was recommended before"))
		wg.Go(func() {
			defer stop() // one for all: what is wrong with one partition is wrong with the generation
			if err := p.run(fetching, working, a.Offset); err != nil && fetching.Err() == nil {
				p.log.Warn("giving the partitions back", "err", err)
				sleep(fetching, time.Second) // not to join again in a tight loop
			}
		})
		defer func() {
			w.health.clear(p.doing)
			w.cfg.Metrics.dropLag(p.id)
			if !p.dirty {
				w.states[p.id] = p.state
			}
		}()
	}
	log.Info("working")
	w.health.clear(joining)
	<-fetching.Done()
	w.health.set(joining, errors.New("handing the partitions over"))
	finished := make(chan struct{})
	go func() {
		wg.Wait()
		close(finished)
	}()
	drain := time.NewTimer(w.cfg.DrainTime)
	defer drain.Stop()
	select {
	case <-finished:
	case <-drain.C:
		abandon()
		log.Warn("giving up what is in hand, because it takes too long")
		w.health.set(finishing, errAbandoned)
		<-finished
		w.health.clear(finishing)
	}
	log.Info("partitions handed over")
}

func (w *Worker) checkPartitions(ctx context.Context) error {
	comments, err := w.client.partitions(ctx, event.TopicComments)
	if err != nil {
		return err
	}
	recommendations, err := w.client.partitions(ctx, event.TopicRecommendations)
	if err != nil {
		return err
	}
	if p, ok := partitionProblem(comments, recommendations); ok {
		return p
	}
	return nil
}

// committer commits offsets for the partitions of one generation, one request at a time, and never backwards.
type committer struct {
	gen  *kafka.Generation
	mu   sync.Mutex
	done map[int]int64
}

// commit says that everything before the offset is done. It blocks for the group's time-out at most.
func (c *committer) commit(partition int, offset int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if offset <= c.done[partition] {
		return nil
	}
	if err := c.gen.CommitOffsets(map[string]map[int]int64{event.TopicComments: {partition: offset}}); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	if c.done == nil {
		c.done = make(map[int]int64)
	}
	c.done[partition] = offset
	return nil
}
