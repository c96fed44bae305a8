package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/flood"
)

// partition works on one partition of kotomori.comments during one generation of the group.
type partition struct {
	w       *Worker
	id      int
	state   *state
	dirty   bool // state says more than what is certainly in kotomori.recommendations
	commits *committer
	log     *slog.Logger
	doing   string // its name in health
}

// source names the workers in CloudEvents headers.
const source = "worker"

// run works from an offset on until fetching ends, or working does: then nothing may be written or committed any more.
// An error means that the generation cannot go on.
func (p *partition) run(fetching, working context.Context, offset int64) error {
	if !p.retry(fetching, func() error { return p.state.load(fetching, p.w.client, p.id) }) {
		return nil
	}
	if offset < 0 { // nothing committed yet
		if !p.retry(fetching, func() (err error) {
			offset, err = p.w.client.firstOffset(fetching, event.TopicComments, p.id)
			return err
		}) {
			return nil
		}
	}
	if !p.retry(fetching, func() error { return p.recount(fetching, offset) }) {
		return nil
	}
	for {
		var f fetched
		if !p.retry(fetching, func() (err error) {
			f, err = p.w.client.fetch(fetching, event.TopicComments, p.id, offset)
			if outOfRange(err) {
				var first int64
				if first, err = p.w.client.firstOffset(fetching, event.TopicComments, p.id); err == nil {
					err = p.recount(fetching, first)
				}
				if err == nil {
					p.log.Warn("the records to go on with are gone; going on with the earliest that are kept", "offset", offset, "earliest", first)
					offset = first
					f = fetched{next: first}
				}
			}
			return err
		}) {
			return nil
		}
		for batch := range slices.Chunk(f.messages, p.w.cfg.BatchSize) {
			if fetching.Err() != nil {
				return nil
			}
			if err := p.process(working, batch); err != nil {
				return err
			}
			next := batch[len(batch)-1].offset + 1
			if err := p.commits.commit(p.id, next); err != nil {
				return err
			}
			offset = next
			p.w.cfg.Metrics.setLag(p.id, f.end-offset)
		}
		if f.next > offset { // what follows is no comment: the marks of transactions
			if err := p.commits.commit(p.id, f.next); err != nil {
				return err
			}
			offset = f.next
		}
		p.w.cfg.Metrics.setLag(p.id, max(0, f.end-offset))
	}
}

// retry does something until it works, with growing pauses; false means that ctx ended.
func (p *partition) retry(ctx context.Context, do func() error) bool {
	var b backoff
	for {
		err := do()
		if ctx.Err() != nil {
			return false
		}
		p.w.health.set(p.doing, err)
		if err == nil {
			return true
		}
		pause := b.next()
		p.log.Warn("cannot read", "err", err, "next_try_in", pause.String())
		if !sleep(ctx, pause) {
			return false
		}
	}
}

// judged is what became of one record: a comment with its verdict, or what is wrong with it.
type judged struct {
	comment event.Comment
	reply   flood.Reply
	verdict classifier.Verdict
	took    time.Duration
	err     *event.Error
}

// process judges a batch and writes everything that follows from it. Only when it returns nil may the batch be
// committed.
func (p *partition) process(ctx context.Context, batch []message) error {
	results := make([]judged, len(batch))
	p.w.pool.each(len(batch), func(i int) { results[i] = p.decode(batch[i]) })
	p.findPosts(ctx, results)
	p.w.pool.each(len(batch), func(i int) { p.judge(&results[i]) })
	p.dirty = true
	p.countFloods(batch, results)

	now := time.Now().UTC().Truncate(time.Millisecond)
	var said []event.Recommendation
	var records []event.Record
	var dead []event.DeadLetter
	for i, r := range results {
		if r.err != nil {
			dead = append(dead, p.deadLetter(batch[i], r.err, now))
			continue
		}
		rec, ok := p.state.say(r.comment, r.verdict, now)
		if !ok {
			continue
		}
		if rec.Status == event.Open {
			p.fill(&rec, r.comment, r.verdict)
		}
		record, err := encodeRecommendation(&rec)
		if err != nil {
			dead = append(dead, p.deadLetter(batch[i], internalError("cannot be encoded"), now))
			continue
		}
		said, records = append(said, rec), append(records, record)
	}
	tooLarge, err := p.writeRecommendations(ctx, records)
	if err != nil {
		return err
	}
	for _, key := range tooLarge {
		i := slices.IndexFunc(results, func(r judged) bool { return r.err == nil && r.comment.CommentKey() == string(key) })
		dead = append(dead, p.deadLetter(batch[i], &event.Error{
			Reason: event.ReasonSize, What: "gives a recommendation that " + event.TopicRecommendations + " does not take",
			Mend: "raise the topic's max.message.bytes to at least 1048588",
		}, now))
	}
	if err := p.writeDeadLetters(ctx, dead); err != nil {
		return err
	}
	p.dirty = len(tooLarge) > 0
	p.count(results, said, dead)
	return nil
}

func (p *partition) count(results []judged, said []event.Recommendation, dead []event.DeadLetter) {
	m := p.w.cfg.Metrics
	for _, r := range results {
		if r.err == nil && !r.comment.Gone() {
			m.judged(r.comment, r.verdict, r.took)
		}
	}
	for _, r := range said {
		m.written(r)
	}
	const most = 5 // a broken sender must not flood the log: all are in the dead letters
	for i, d := range dead {
		m.deadLetter(d.Reason)
		if i < most {
			p.log.Warn("a record cannot be judged", "topic", d.Topic, "offset", d.Offset, "reason", d.Reason, "err", d.Error)
		}
	}
	if n := len(dead) - most; n > 0 {
		p.log.Warn("more records cannot be judged", "topic", event.TopicComments, "records", n)
	}
}

func (p *partition) decode(m message) judged {
	if m.value == nil {
		return judged{err: &event.Error{
			Reason: event.ReasonJSON, What: "has no value", Mend: `tell of a deletion by a comment with "deleted":true`,
		}}
	}
	c, err := event.DecodeComment(m.value)
	if err != nil {
		var e *event.Error
		if !errors.As(err, &e) {
			e = internalError("cannot be decoded")
		}
		return judged{err: e}
	}
	// A comment with another key may lie in another partition than its edits, where nobody keeps their order.
	if key := c.Key(); !bytes.Equal(m.key, []byte(key)) {
		return judged{err: &event.Error{
			Reason: event.ReasonKey, What: "has another key than its comment",
			Mend: "use platform/account/post id, or platform/account/id where the comment names no post",
		}}
	}
	return judged{comment: c, reply: replyOf(c)}
}

// findPosts fills in the texts of the official posts, as they were when the comments were sent or later.
func (p *partition) findPosts(ctx context.Context, results []judged) {
	caughtUp := false
	for i := range results {
		c := &results[i].comment
		key := c.PostKey()
		if results[i].err != nil || key == "" || c.Post.Text != "" || c.Gone() {
			continue
		}
		if !caughtUp {
			// When it cannot be told in time, what is known will have to do; of a post that is not, the classifier says so.
			caughtUp = true
			waiting, cancel := context.WithTimeout(ctx, 5*time.Second)
			if err := p.w.posts.catchUp(waiting); err != nil {
				p.log.Warn("judging without the latest official posts", "err", err)
			}
			cancel()
		}
		c.Post.Text = p.w.posts.get(key)
	}
}

// judge calls the classifier; a panic there must not stop the other comments.
func (p *partition) judge(r *judged) {
	// A picture or a sticker alone has no text, and so nothing that could be judged.
	if r.err != nil || r.comment.Gone() || r.comment.Text == "" {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			// The value may hold what the comment says; a runtime error does not.
			what := fmt.Sprintf("panic of type %T", v)
			if e, ok := v.(runtime.Error); ok {
				what = e.Error()
			}
			p.log.Error("the classifier failed", "panic", what, "stack", string(debug.Stack()))
			r.err = internalError("made the program fail")
		}
	}()
	start := time.Now()
	v, err := p.w.cfg.Classifier.Classify(r.comment.Comment)
	r.took = time.Since(start)
	r.verdict = v
	if err == nil {
		return
	}
	var in *classifier.InputError
	if !errors.As(err, &in) {
		p.log.Error("the classifier failed", "err_type", fmt.Sprintf("%T", err))
		r.err = internalError("made the program fail")
		return
	}
	reason := event.ReasonInput
	if in.Field == "account" {
		reason = event.ReasonUnknownAccount
	}
	r.err = &event.Error{Reason: reason, Field: in.Field, What: in.What, Mend: in.Mend}
}

func internalError(what string) *event.Error {
	return &event.Error{Reason: event.ReasonInternal, What: what, Mend: "report it with the program's log; send the record again to a mended version"}
}

// fill puts into an open recommendation what a moderator has to see.
func (p *partition) fill(r *event.Recommendation, c event.Comment, v classifier.Verdict) {
	r.Action, r.Findings, r.Abstained = v.Action, v.Findings, v.Abstained
	r.Post, r.Text, r.URLs = c.Post, c.Text, c.URLs
	r.Author.Pseudonym = p.w.cfg.Pseudonyms.Of(c.Platform, c.Author.ID)
	for _, f := range v.Findings {
		for _, e := range f.Evidence {
			switch e.In {
			case "author.name":
				r.Author.Name = c.Author.Name
			case "author.handle":
				r.Author.Handle = c.Author.Handle
			}
		}
	}
}

// encodeRecommendation encodes a recommendation so that a topic with Kafka's usual limit takes it. It leaves out the
// post's text and evidence, the least important first, only where it must: a comment of 64 KiB can hold thousands of
// words of evidence.
func encodeRecommendation(r *event.Recommendation) (event.Record, error) {
	record, err := r.Record(source)
	for _, most := range []int{100, 10, 1, 0} {
		if err != nil || recordSize(record) <= maxBatch {
			break
		}
		r.Trimmed = true
		r.Post.Text = ""
		r.Findings = slices.Clone(r.Findings) // they are the classifier's
		for i := range r.Findings {
			f := &r.Findings[i]
			f.Evidence = f.Evidence[:min(most, len(f.Evidence))]
		}
		record, err = r.Record(source)
	}
	return record, err
}

// writeRecommendations writes to the partition of the same number, where load will find them. It returns the keys of
// those that the topic does not take.
func (p *partition) writeRecommendations(ctx context.Context, records []event.Record) (tooLarge [][]byte, err error) {
	for {
		err := p.w.client.write(ctx, event.TopicRecommendations, p.id, records, p.trouble)
		var large *tooLargeError
		if !errors.As(err, &large) {
			return tooLarge, err
		}
		p.log.Error("a recommendation is lost to a limit of its topic", "err", large)
		tooLarge = append(tooLarge, large.record.Key)
		records = records[large.index+1:]
	}
}

func (p *partition) trouble(err error) { p.w.health.set(p.doing, err) }

func (p *partition) deadLetter(m message, e *event.Error, now time.Time) event.DeadLetter {
	return event.DeadLetter{
		Topic: event.TopicComments, Partition: p.id, Offset: m.offset, RecordKey: m.key, Value: m.value, Size: len(m.value),
		Reason: e.Reason, Error: e.Error(), Failed: now,
	}
}

// writeDeadLetters writes dead letters whole where they fit, otherwise their beginning.
func (p *partition) writeDeadLetters(ctx context.Context, dead []event.DeadLetter) error {
	if len(dead) == 0 {
		return nil
	}
	var n int
	if !p.retry(ctx, func() (err error) {
		n, err = p.w.client.partitions(ctx, event.TopicDeadLetter)
		return err
	}) {
		return ctx.Err()
	}
	byPartition := make(map[int][]event.DeadLetter)
	for _, d := range dead {
		to := partitionOf([]byte(d.Key()), n)
		byPartition[to] = append(byPartition[to], d)
	}
	for to, dead := range byPartition {
		if err := p.writeDeadLettersTo(ctx, to, dead); err != nil {
			return err
		}
	}
	return nil
}

func (p *partition) writeDeadLettersTo(ctx context.Context, to int, dead []event.DeadLetter) error {
	encode := func(d *event.DeadLetter, most int) (event.Record, error) {
		d.Truncate(most)
		return d.Record(source)
	}
	records := make([]event.Record, len(dead))
	for i := range dead {
		var err error
		// Half of what the topic should take leaves room for base64.
		if records[i], err = encode(&dead[i], event.MaxDeadLetter/2); err != nil {
			return err
		}
	}
	// What the topic takes less than it should.
	smaller := []int{512 << 10, 64 << 10, 1 << 10, 0}
	for next, try := 0, 0; ; {
		err := p.w.client.write(ctx, event.TopicDeadLetter, to, records[next:], p.trouble)
		var large *tooLargeError
		if !errors.As(err, &large) {
			return err
		}
		at := next + large.index
		if at != next {
			next, try = at, 0
		}
		if try == len(smaller) {
			p.log.Error("a dead letter is lost to a limit of its topic", "offset", dead[at].Offset, "err", large)
			next, try = at+1, 0
			continue
		}
		if records[at], err = encode(&dead[at], smaller[try]); err != nil {
			return err
		}
		try++
	}
}
