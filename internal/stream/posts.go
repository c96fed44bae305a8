package stream

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/kotomori/kotomori/internal/event"
)

// post is what is known of an official post; of one that is gone, its text is empty.
type post struct {
	text     string
	revision int // 0: not known
}

// posts are the texts of all official posts, kept up to date.
type posts struct {
	client *Client
	log    *slog.Logger
	health *health

	mu      sync.Mutex
	known   map[string]post // by event.Post.Key
	seen    []int64         // offset up to which each partition was read
	changed chan struct{}   // closed when seen changes
	wg      sync.WaitGroup
}

func newPosts(c *Client, log *slog.Logger, h *health) *posts {
	return &posts{client: c, log: log, health: h, known: make(map[string]post), changed: make(chan struct{})}
}

// follow reads every partition from its beginning until ctx ends. It may be called again when the topic has grown.
func (p *posts) follow(ctx context.Context) error {
	n, err := p.client.partitions(ctx, event.TopicPosts)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.seen); i < n; i++ {
		p.seen = append(p.seen, 0)
		p.wg.Go(func() { p.read(ctx, i) })
	}
	return nil
}

// wait waits until the readers have ended, which they do when the context given to follow has.
func (p *posts) wait() { p.wg.Wait() }

func (p *posts) read(ctx context.Context, partition int) {
	const name = "reading the official posts"
	var offset int64
	var b backoff
	for ctx.Err() == nil {
		f, err := p.client.fetch(ctx, event.TopicPosts, partition, offset)
		if outOfRange(err) {
			first, ferr := p.client.firstOffset(ctx, event.TopicPosts, partition)
			if ferr == nil {
				offset = first
				continue
			}
			err = ferr
		}
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			pause := b.next()
			p.health.set(name, err)
			p.log.Warn("cannot read the official posts", "partition", partition, "err", err, "next_try_in", pause.String())
			sleep(ctx, pause)
			continue
		}
		b.reset()
		p.health.clear(name)
		p.take(partition, f)
		offset = f.next
	}
}

func (p *posts) take(partition int, f fetched) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range f.messages {
		if m.value == nil {
			delete(p.known, string(m.key))
			continue
		}
		e, err := event.DecodePost(m.value)
		if err != nil {
			p.log.Warn("ignoring a record that is no post", "topic", event.TopicPosts, "partition", partition, "offset", m.offset, "err", err)
			continue
		}
		key := e.Key()
		if before, ok := p.known[key]; !ok || e.Revision == 0 || e.Revision >= before.revision {
			p.known[key] = post{e.Text, e.Revision}
		}
	}
	seen := f.next
	if f.dry { // nothing more up to the end, even where offsets are missing before it
		seen = max(seen, f.end)
	}
	if seen > p.seen[partition] {
		p.seen[partition] = seen
		close(p.changed)
		p.changed = make(chan struct{})
	}
}

// get is the text of a post, empty where it is not known.
func (p *posts) get(key string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[key].text
}

var errNoPosts = errors.New("the official posts are not known yet")

// catchUp waits until everything is known that was written before the call: a comment that was sent after its post was
// acknowledged is judged against it.
func (p *posts) catchUp(ctx context.Context) error {
	ends, err := p.client.EndOffsets(ctx, event.TopicPosts)
	if err != nil {
		return err
	}
	for {
		p.mu.Lock()
		changed, behind := p.changed, len(p.seen) == 0
		for i, seen := range p.seen {
			behind = behind || seen < ends[i]
		}
		p.mu.Unlock()
		if !behind {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return errors.Join(errNoPosts, ctx.Err())
		}
	}
}
