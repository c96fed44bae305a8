package stream

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"golang.org/x/sync/errgroup"

	"github.com/kotomori/kotomori/internal/event"
)

// Inlet writes what comes from outside, each thing once: what a partition says already among its latest records, whoever
// wrote it, is not written again. So a platform may deliver twice, in any order and across a restart, and a request to a
// broker that broke off in the middle may be sent anew.
//
// A record is told by its identity ([event.Record.ID]). Each partition has one goroutine (a lane) that writes what waits
// for it in one request, and that knows what the partition says by reading it: at the start, when somebody else wrote
// there, and after every request of which the outcome is not known. Two inlets, of two processes, may both write a thing
// that reaches both within a second or so: readers go by revisions, so that does no harm.
type Inlet struct {
	cfg    InletConfig
	client *Client
	log    *slog.Logger
	health *health
	lanes  map[string][]*lane // by topic; made when the topics are there, see open
	opened chan struct{}
	ended  chan struct{}
}

// InletConfig says what an inlet needs. Client must be there, all else has defaults.
type InletConfig struct {
	Client *Client
	Topics TopicSettings // for topics that the inlet has to create
	Log    *slog.Logger  // nil: none

	// Window is how many records back a repeat is known, in each partition; default 50,000, some 5 MB. The longest that a
	// platform goes on trying is 36 hours (Facebook).
	Window int64
}

// inletTopics are those that an inlet writes.
var inletTopics = []string{event.TopicPosts, event.TopicComments, event.TopicDeadLetter}

// NewInlet checks the configuration. Run starts the work.
func NewInlet(cfg InletConfig) (*Inlet, error) {
	if cfg.Client == nil || cfg.Window < 0 {
		return nil, errors.New("inlet: needs a client and no negative window")
	}
	if cfg.Window == 0 {
		cfg.Window = 50_000
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	i := &Inlet{
		cfg: cfg, client: cfg.Client, log: cfg.Log, health: newHealth(),
		opened: make(chan struct{}), ended: make(chan struct{}),
	}
	i.health.set(connecting, errors.New("not started"))
	return i, nil
}

// Ready is nil while the inlet takes records; otherwise the error says what is missing. After a record that was not
// acknowledged it is an error until the cluster answers again: whether it acknowledges, too, shows with the next record.
func (i *Inlet) Ready() error { return i.health.err() }

// Run works until ctx ends. It waits for a cluster that is away. An inlet runs once.
func (i *Inlet) Run(ctx context.Context) error {
	defer close(i.ended)
	defer i.health.set(connecting, errors.New("stopped"))
	if !i.client.prepare(ctx, i.health, i.cfg.Topics) {
		return nil
	}
	i.lanes = make(map[string][]*lane)
	for _, topic := range inletTopics {
		if !i.client.persist(ctx, i.health, preparing, func(ctx context.Context) error {
			n, err := i.client.partitions(ctx, topic)
			for p := len(i.lanes[topic]); p < n; p++ {
				i.lanes[topic] = append(i.lanes[topic], newLane(i, topic, p))
			}
			return err
		}) {
			return nil
		}
	}
	var g errgroup.Group
	for _, lanes := range i.lanes {
		for _, l := range lanes {
			g.Go(func() error { l.run(ctx); return nil })
		}
	}
	close(i.opened)
	return g.Wait()
}

// errEnded: whoever still sends gets it, once the inlet has stopped.
var errEnded = errors.New("the inlet has stopped")

// Send returns when all records stand in their topics, acknowledged by all in-sync replicas, and tells how many of them
// stood there before. Records with one key keep their order, within one call. When ctx ends before, the error says what
// was waited for; some records may stand there all the same, and sending all of them again is right.
func (i *Inlet) Send(ctx context.Context, records ...event.Record) (repeated int, err error) {
	select {
	case <-i.opened:
	case <-i.ended:
		return 0, errEnded
	case <-ctx.Done():
		return 0, i.late(ctx)
	}
	var parcels [][]*parcel // by record
	for _, r := range records {
		lanes := i.lanes[r.Topic]
		if lanes == nil {
			return 0, fmt.Errorf("sending to %s: not a topic that is written from outside", r.Topic)
		}
		var all []*parcel
		for _, n := range partitionsOf(r, len(lanes)) {
			p := &parcel{ctx: ctx, record: r, id: identityOf(r.ID()), done: make(chan outcome, 1)}
			select {
			case lanes[n].queue <- p:
				all = append(all, p)
			case <-i.ended:
				return 0, errEnded
			case <-ctx.Done():
				return 0, i.late(ctx)
			}
		}
		parcels = append(parcels, all)
	}
	for _, all := range parcels {
		old := true
		for _, p := range all {
			select {
			case o := <-p.done:
				if o.err != nil {
					return 0, o.err
				}
				old = old && o.repeated
			case <-i.ended:
				return 0, errEnded
			case <-ctx.Done():
				return 0, i.late(ctx)
			}
		}
		if old {
			repeated++
		}
	}
	return repeated, nil
}

// late says why a sender waits no longer, and what the cluster's trouble is where it has any.
func (i *Inlet) late(ctx context.Context) error {
	if err := i.health.err(); err != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return ctx.Err()
}

// parcel is a record on its way.
type parcel struct {
	ctx    context.Context // of whoever waits for it
	record event.Record
	id     identity
	done   chan outcome // has room for the one outcome

	outcome *outcome // once there is one
}

func (p *parcel) settle(o outcome) {
	if p.outcome == nil {
		p.outcome = &o
		p.done <- o
	}
}

type outcome struct {
	repeated bool
	err      error
}

// identity stands for an event.Record.ID, which may be long. The zero identity is that of a record without one.
type identity [16]byte

func identityOf(id string) identity {
	if id == "" {
		return identity{}
	}
	sum := sha256.Sum256([]byte(id))
	return identity(sum[:16])
}

// lane writes to one partition.
type lane struct {
	inlet     *Inlet
	topic     string
	partition int
	queue     chan *parcel
	doing     string // its name in health

	known   window
	highest map[stateKey]int64 // revision said last of a post; nil in other topics
	next    int64              // offset up to which the partition is known; -1 before the first look
	looked  time.Time          // when that was the end
	unsure  bool               // a request may have been carried out or not
}

// Waiting parcels per lane: more wait with their senders.
const laneQueue = 64

// lookEvery is how long a lane that is written to trusts that nobody else writes there.
const lookEvery = time.Second

func newLane(i *Inlet, topic string, partition int) *lane {
	l := &lane{
		inlet: i, topic: topic, partition: partition, queue: make(chan *parcel, laneQueue),
		doing: "writing " + topic + "/" + strconv.Itoa(partition), known: newWindow(i.cfg.Window), next: -1,
	}
	if topic == event.TopicPosts {
		l.highest = make(map[stateKey]int64)
	}
	i.health.set(l.doing, errors.New("reading what is there"))
	return l
}

func (l *lane) run(ctx context.Context) {
	if !l.inlet.client.persist(ctx, l.inlet.health, l.doing, l.look) {
		return
	}
	var b backoff
	for {
		// Whoever waited has given up. The inlet is not ready until the cluster answers again, so find out when it does.
		var again <-chan time.Time
		if l.unsure {
			again = time.After(b.next())
		}
		select {
		case <-ctx.Done():
			return
		case <-again:
			err := l.look(ctx)
			if ctx.Err() != nil {
				return
			}
			l.inlet.health.set(l.doing, err)
			l.unsure = err != nil
		case p := <-l.queue:
			b.reset()
			batch := []*parcel{p}
			size := recordSize(p.record)
		gather:
			for size < maxBatch {
				select {
				case p := <-l.queue:
					batch = append(batch, p)
					size += recordSize(p.record)
				default:
					break gather
				}
			}
			l.write(ctx, batch)
		}
	}
}

// write sees to it that a batch stands in the partition, trying again as long as somebody waits for it.
func (l *lane) write(ctx context.Context, batch []*parcel) {
	var b backoff
	for try := 1; ; try++ {
		batch = waiting(batch)
		if len(batch) == 0 {
			return
		}
		err := l.try(ctx, batch)
		if ctx.Err() != nil {
			return
		}
		l.inlet.health.set(l.doing, err)
		if err == nil {
			if try > 1 {
				l.inlet.log.Info("writing again", "topic", l.topic, "partition", l.partition, "tries", try)
			}
			return
		}
		l.unsure = true
		pause := min(b.next(), time.Second) // platforms wait for seconds only
		l.inlet.log.Warn("cannot write", "topic", l.topic, "partition", l.partition, "records", len(batch), "try", try, "err", err, "next_try_in", pause.String())
		if !sleep(ctx, pause) {
			return
		}
	}
}

// waiting are the parcels without an outcome that somebody still waits for.
func waiting(batch []*parcel) []*parcel {
	var still []*parcel
	for _, p := range batch {
		if p.ctx.Err() == nil && p.outcome == nil {
			still = append(still, p)
		}
	}
	return still
}

// try writes what is not there yet. After an error some of it may be.
func (l *lane) try(ctx context.Context, batch []*parcel) error {
	if l.unsure || time.Since(l.looked) > lookEvery {
		if err := l.look(ctx); err != nil {
			return err
		}
		l.unsure = false
	}
	var fresh []*parcel
	var twins []*parcel // say what another of the batch says
	size := 0
	coming := make(map[identity]*parcel)
	for _, p := range batch {
		switch {
		case l.stands(p):
			p.settle(outcome{repeated: true})
		case coming[p.id] != nil && p.id != identity{}:
			twins = append(twins, p)
		case size > 0 && size+recordSize(p.record) > maxBatch:
			// At most one parcel too many was gathered.
			if err := l.put(ctx, fresh); err != nil {
				return err
			}
			coming[p.id], fresh, size = p, []*parcel{p}, recordSize(p.record)
		default:
			coming[p.id] = p
			fresh = append(fresh, p)
			size += recordSize(p.record)
		}
	}
	if err := l.put(ctx, fresh); err != nil {
		return err
	}
	for _, p := range twins {
		o := *coming[p.id].outcome
		o.repeated = o.err == nil
		p.settle(o)
	}
	return nil
}

// stands says whether the partition says already what a parcel says, or something later.
func (l *lane) stands(p *parcel) bool {
	if l.known.has(p.id) {
		return true
	}
	revision, ok := postRevision(p.record.ID(), p.record.Key)
	return ok && l.highest != nil && revision < l.highest[stateKeyOf(string(p.record.Key))]
}

// put sends one request.
func (l *lane) put(ctx context.Context, fresh []*parcel) error {
	if len(fresh) == 0 {
		return nil
	}
	records := make([]event.Record, len(fresh))
	for i, p := range fresh {
		records[i] = p.record
	}
	base, err := l.inlet.client.produce(ctx, l.topic, l.partition, records)
	if tooLarge(err) {
		if len(fresh) > 1 { // a topic with a lower limit than usual: find out which it is
			for i := range fresh {
				if err := l.put(ctx, fresh[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}
		fresh[0].settle(outcome{err: &tooLargeError{record: fresh[0].record}})
		return nil
	}
	if err != nil {
		return err
	}
	if base < l.next { // the topic was made anew a moment ago
		l.restart(base)
	}
	for _, p := range fresh {
		l.learn(p.id, p.record.ID(), p.record.Key)
		p.settle(outcome{})
	}
	if base == l.next {
		l.next += int64(len(fresh))
	} else {
		l.looked = time.Time{} // somebody else wrote here too
	}
	return nil
}

func (l *lane) learn(id identity, text string, key []byte) {
	l.known.add(id)
	if revision, ok := postRevision(text, key); ok && l.highest != nil {
		k := stateKeyOf(string(key))
		l.highest[k] = max(l.highest[k], revision)
	}
}

// postRevision reads the revision from the identity of a post's record.
func postRevision(id string, key []byte) (int64, bool) {
	rest, ok := strings.CutPrefix(id, string(key)+"#")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(rest, "-deleted"), 10, 64)
	return n, err == nil
}

// restart begins at an offset, with nothing known: what another topic said before does not count.
func (l *lane) restart(at int64) {
	l.known = newWindow(l.inlet.cfg.Window)
	clear(l.highest)
	l.next = at
}

// look reads on to the present end of the partition. At first it begins a window before it, with posts at the beginning.
func (l *lane) look(ctx context.Context) error {
	c := l.inlet.client
	ends, err := c.listOffsets(ctx, l.topic, []int{l.partition}, kafka.LastOffset)
	if err != nil {
		return err
	}
	end := ends[l.partition]
	if l.next < 0 || l.next > end { // the first look, or the topic was made anew
		first, err := c.firstOffset(ctx, l.topic, l.partition)
		if err != nil {
			return err
		}
		l.restart(first)
		if l.highest == nil {
			l.next = max(first, end-l.inlet.cfg.Window)
		}
	}
	l.next, err = c.readOn(ctx, l.topic, l.partition, l.next, end, func(m message) {
		if m.value == nil { // removed by an administrator, who may send it again
			l.known.forget(identityOf(string(m.key))) // the identity of a dead letter is its key
			delete(l.highest, stateKeyOf(string(m.key)))
			return
		}
		l.learn(identityOf(m.id), m.id, m.key)
	})
	if err != nil {
		return err
	}
	l.next = max(l.next, end)
	l.looked = time.Now()
	return nil
}

// window remembers the latest identities.
type window struct {
	size int
	ring []identity // in the order of arrival; once it is full, at is the oldest
	at   int
	in   map[identity]struct{}
}

func newWindow(size int64) window { return window{size: int(size), in: make(map[identity]struct{})} }

func (w *window) has(id identity) bool {
	_, ok := w.in[id]
	return ok
}

// forget leaves the place in the ring, which says nothing by itself.
func (w *window) forget(id identity) { delete(w.in, id) }

func (w *window) add(id identity) {
	if id == (identity{}) || w.has(id) {
		return
	}
	if len(w.ring) < w.size {
		w.ring = append(w.ring, id)
	} else {
		delete(w.in, w.ring[w.at])
		w.ring[w.at] = id
		w.at = (w.at + 1) % w.size
	}
	w.in[id] = struct{}{}
}
