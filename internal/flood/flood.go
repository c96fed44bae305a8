// Package flood counts how often one text stands under one official post. It is told each comment in the log's own order, and
// what it answers is a function of the last records of that log and of nothing else: whoever tells it those again, after
// a restart or for a replay, gets the same answers.
package flood

import (
	"cmp"
	"slices"

	"github.com/kotomori/kotomori/classifier"
)

// Window is how many records of the log a comment is compared with, its own included. It bounds the memory (some 350 bytes a
// record) and how far a worker reads back when it is given a partition. The replies of a municipality's account to one post come
// within days; ten thousand are more than most have in a year.
const Window = 10_000

// A comment is part of a flood as the third with its text by the same author, or as the fifth by whomever.
//
// Two by one author happen to anybody: sent again after an error, or asked again because nobody answered. Of different people two or
// three may well write the same, or take over what a neighbour wrote, and do so within their rights; hence five, and only of texts
// that several people do not come to write by chance.
const (
	fromAuthor = 3
	fromAll    = 5
)

// Counter counts the comments of one log. It is for one goroutine.
type Counter struct {
	window   int64
	queue    []queued // the records in the window, oldest first
	comments map[hash]*comment
	same     map[hash][]*comment // by post and text: those that stand there now
}

// queued is one record in the window.
type queued struct {
	at int64
	of hash // the comment
}

// comment is what the window says of one comment.
type comment struct {
	records []record // oldest first
	latest  Reply    // of the highest revision
	first   int64    // where it had the text of latest first
}

type record struct {
	at int64
	Reply
}

// New makes a counter that compares a comment with the window-1 records before it.
func New(window int64) *Counter {
	return &Counter{window: window, comments: make(map[hash]*comment), same: make(map[hash][]*comment)}
}

// Tell tells of the record at an offset of the log; offsets rise from call to call. It answers whether the comment, as it stands now,
// is part of a flood and not among the first of it; the zero Flood otherwise.
//
// An edit is the same comment with another text, not another comment, and keeps its place as long as it keeps its text. A deleted
// one is not counted any more. A revision that comes after a later one changes nothing.
func (c *Counter) Tell(at int64, r Reply) classifier.Flood {
	c.expire(at - c.window)
	if r == (Reply{}) {
		return classifier.Flood{}
	}
	it := c.comments[r.comment]
	if it == nil {
		it = &comment{}
		c.comments[r.comment] = it
	}
	it.records = append(it.records, record{at, r})
	c.queue = append(c.queue, queued{at, r.comment})
	c.settle(it)
	if it.latest != r || !r.counts() {
		return classifier.Flood{}
	}
	all, own := 1, 1
	for _, other := range c.same[r.text] {
		if other.first < it.first {
			all++
			if r.author != (hash{}) && other.latest.author == r.author {
				own++
			}
		}
	}
	switch {
	case own >= fromAuthor:
		return classifier.Flood{Count: own, SameAuthor: true}
	case all >= fromAll && r.long:
		return classifier.Flood{Count: all}
	}
	return classifier.Flood{}
}

// expire forgets the records up to an offset.
func (c *Counter) expire(upTo int64) {
	for len(c.queue) > 0 && c.queue[0].at <= upTo {
		it := c.comments[c.queue[0].of]
		if len(it.records) == 1 {
			c.leave(it)
			delete(c.comments, c.queue[0].of)
		} else {
			it.records = slices.Delete(it.records, 0, 1)
			c.settle(it)
		}
		c.queue = c.queue[1:]
	}
}

// settle finds out where a comment stands by its records.
func (c *Counter) settle(it *comment) {
	c.leave(it)
	it.latest = slices.MaxFunc(it.records, func(a, b record) int {
		if n := cmp.Or(cmp.Compare(a.revision, b.revision), cmp.Compare(a.rank(), b.rank())); n != 0 {
			return n
		}
		return cmp.Compare(a.at, b.at)
	}).Reply
	if !it.latest.counts() {
		return
	}
	i := slices.IndexFunc(it.records, func(r record) bool { return r.text == it.latest.text })
	it.first = it.records[i].at
	c.same[it.latest.text] = append(c.same[it.latest.text], it)
}

// leave takes a comment from those of its text.
func (c *Counter) leave(it *comment) {
	group := c.same[it.latest.text]
	i := slices.Index(group, it)
	switch {
	case i < 0:
	case len(group) == 1:
		delete(c.same, it.latest.text)
	default:
		c.same[it.latest.text] = slices.Delete(group, i, i+1)
	}
}
