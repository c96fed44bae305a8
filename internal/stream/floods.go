package stream

import (
	"context"

	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/flood"
)

// floods counts the comments of one partition in the order of their offsets.
type floods struct {
	counter *flood.Counter
	next    int64 // offset up to which it was told
}

// recount makes the counts what they are for whoever has read the partition from its beginning to an offset. What a comment is
// compared with reaches back over the window only, so reading that is enough; and where the partition was this worker's
// before, reading on from there.
func (p *partition) recount(ctx context.Context, offset int64) error {
	f := &p.state.floods
	from := max(0, offset-p.w.cfg.window)
	if f.counter == nil || f.next > offset || f.next < from {
		*f = floods{counter: flood.New(p.w.cfg.window), next: from}
	}
	for f.next < offset {
		got, err := p.w.client.fetch(ctx, event.TopicComments, p.id, f.next)
		if outOfRange(err) { // it begins later, or the topic was made anew
			first, err := p.w.client.firstOffset(ctx, event.TopicComments, p.id)
			if err != nil {
				return err
			}
			if first <= f.next || first >= offset {
				break
			}
			f.next = first
			continue
		}
		if err != nil {
			return err
		}
		messages := got.messages
		for len(messages) > 0 && messages[len(messages)-1].offset >= offset {
			messages = messages[:len(messages)-1]
		}
		replies := make([]flood.Reply, len(messages))
		p.w.pool.each(len(messages), func(i int) { replies[i] = p.decode(messages[i]).reply })
		for i, m := range messages {
			f.counter.Tell(m.offset, replies[i])
		}
		f.next = got.next
		if got.dry {
			break
		}
	}
	f.next = offset
	return nil
}

// countFloods counts a batch that was judged, and adds to the verdicts what only the count tells. Every comment that can be read counts,
// even one that cannot be judged: so counting depends on the log alone, not on the ruleset.
func (p *partition) countFloods(batch []message, results []judged) {
	f := &p.state.floods
	for i := range results {
		r := &results[i]
		found := f.counter.Tell(batch[i].offset, r.reply)
		f.next = batch[i].offset + 1
		if found.Count == 0 || r.err != nil || flood.Quotes(r.comment.Text, r.comment.Post.Text) {
			continue
		}
		r.verdict = p.w.cfg.Classifier.WithFlood(r.comment.Comment, r.verdict, found)
	}
}

// replyOf must not end the program at a comment that judging fails at: there the failure is told.
func replyOf(c event.Comment) (r flood.Reply) {
	defer func() {
		if recover() != nil {
			r = flood.Reply{}
		}
	}()
	return flood.Read(c)
}
