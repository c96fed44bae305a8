package stream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/rules"
)

// state is what was said so far about the comments of one partition: the fold of that partition of
// kotomori.recommendations. A comment of which nothing was said, because its first revision is acceptable, is not in it.
// Beside it, how often texts stand under one post: the fold of the end of the same partition of kotomori.comments.
type state struct {
	said   map[stateKey]said
	next   int64 // offset up to which the partition was read
	floods floods
}

// stateKey stands for a comment's key, which may be long.
type stateKey [16]byte

// said is the latest that was said about a comment.
type said struct {
	id       [16]byte // of the recommendation
	revision int64
	status   uint8
}

// The values of said.status.
const (
	saidOpen uint8 = iota
	saidEdited
	saidHidden
	saidDeleted
)

func newState() *state { return &state{said: make(map[stateKey]said)} }

func stateKeyOf(commentKey string) stateKey {
	sum := sha256.Sum256([]byte(commentKey))
	return stateKey(sum[:16])
}

// after tells whether s says more than t. About the same revision hiding comes after a verdict, a deletion after both.
func (s said) after(t said) bool {
	if s.revision != t.revision {
		return s.revision > t.revision
	}
	return s.status > t.status && s.status >= saidHidden
}

// statusOf is the status that a record tells of.
func statusOf(s event.Status, why event.Why) uint8 {
	switch {
	case s == event.Open:
		return saidOpen
	case why == event.Deleted:
		return saidDeleted
	case why == event.Hidden:
		return saidHidden
	}
	return saidEdited
}

// fold takes in a record of the partition. A record of an earlier revision after a later one, left by a worker that did
// not know yet that its partition had gone to another, changes nothing.
func (s *state) fold(key, value []byte) error {
	k := stateKeyOf(string(key))
	if value == nil { // removed by an administrator
		delete(s.said, k)
		return nil
	}
	var r struct {
		ID       string       `json:"id"`
		Revision int64        `json:"revision"`
		Status   event.Status `json:"status"`
		Why      event.Why    `json:"why"`
	}
	if err := json.Unmarshal(value, &r); err != nil {
		return errors.New("not JSON")
	}
	if r.Revision < 1 {
		return errors.New("without a revision")
	}
	now := said{revision: r.Revision, status: statusOf(r.Status, r.Why)}
	id, err := hex.DecodeString(r.ID)
	if err != nil || len(id) != len(now.id) {
		return errors.New("without an id")
	}
	now.id = [16]byte(id)
	if before, ok := s.said[k]; !ok || now.after(before) {
		s.said[k] = now
	}
	return nil
}

// say is what has to be said about a comment, given what was said before; false: nothing. v is the verdict, which a
// comment that is gone needs not. In the end what was said is the same in whatever order a comment's revisions come.
func (s *state) say(c event.Comment, v classifier.Verdict, at time.Time) (event.Recommendation, bool) {
	key := c.CommentKey()
	k := stateKeyOf(key)
	before, known := s.said[k]
	now := said{revision: int64(c.Revision)}
	violating := !c.Gone() && v.Action != rules.None
	switch {
	case c.Deleted:
		now.status = saidDeleted
	case c.Hidden:
		now.status = saidHidden
	case !violating:
		now.status = saidEdited
		if !known && c.Revision == 1 {
			return event.Recommendation{}, false
		}
	}
	if known && !now.after(before) {
		return event.Recommendation{}, false
	}
	r := event.Recommendation{
		CommentID: c.ID, Revision: c.Revision, Account: c.Account, Platform: c.Platform,
		Post: classifier.Post{ID: c.Post.ID}, Action: rules.None, Policy: v.Policy, Ruleset: v.Ruleset,
		Commented: c.Created, Recommended: at,
	}
	if violating {
		r.ID = event.RecommendationID(key, c.Revision, v.Ruleset)
		r.Status = event.Open
		if known && before.status == saidOpen {
			r.Supersedes = hex.EncodeToString(before.id[:])
		}
	} else {
		r.Status, r.Why = event.Withdrawn, event.Edited
		switch {
		case c.Deleted:
			r.Why = event.Deleted
		case c.Hidden:
			r.Why = event.Hidden
		}
		r.Withdraws = known && before.status == saidOpen
		if known {
			r.ID = hex.EncodeToString(before.id[:])
		} else {
			r.ID = event.RecommendationID(key, c.Revision, v.Ruleset)
		}
	}
	id, _ := hex.DecodeString(r.ID)
	now.id = [16]byte(id)
	s.said[k] = now
	return r, true
}

// load reads on in the partition of kotomori.recommendations, from where it was read before, to its present end.
func (s *state) load(ctx context.Context, c *Client, partition int) error {
	ends, err := c.listOffsets(ctx, event.TopicRecommendations, []int{partition}, kafka.LastOffset)
	if err != nil {
		return err
	}
	end := ends[partition]
	if s.next > end { // the topic was made anew
		*s = *newState()
	}
	s.next, err = c.readOn(ctx, event.TopicRecommendations, partition, s.next, end, func(m message) {
		if err := s.fold(m.key, m.value); err != nil {
			c.log.Warn("ignoring a record that is no recommendation", "topic", event.TopicRecommendations,
				"partition", partition, "offset", m.offset, "err", err)
		}
	})
	return err
}
