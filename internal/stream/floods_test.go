package stream

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/kotomori/kotomori/internal/event"
)

const floodText = "公園の桜の枝が歩道に垂れ下がり歩きにくくなっています"

// reply is a comment by an author under a post.
func reply(id, author, post, text string) event.Comment {
	c := comment(id, text)
	c.Author.ID, c.Post.ID = author, post
	return c
}

// recommended are all records of kotomori.recommendations in their order, but for when they were written.
func (e *env) recommended() []event.Recommendation {
	e.Helper()
	var all []event.Recommendation
	for _, m := range e.records(event.TopicRecommendations) {
		r, err := event.DecodeRecommendation(m.value)
		if err != nil {
			e.Fatal(err)
		}
		r.Recommended = time.Time{}
		all = append(all, r)
	}
	return all
}

// A worker that is given a partition in the middle of a flood judges as one that saw it from the beginning, however often and
// wherever the partition changes hands, in batches of any size, and as far back as the window reaches.
func TestFloodsAcrossRestarts(t *testing.T) {
	comments := []event.Comment{
		reply("1", "a", "p", floodText),
		reply("2", "a", "p", floodText+"！！"),
		reply("3", "b", "p", "楽しみにしています"),
		reply("4", "a", "q", floodText),
		reply("5", "a", "p", floodText), // the third
		reply("6", "b", "p", floodText),
		reply("7", "c", "p", floodText),                // the fifth of all
		reply("8", "c", "p", "[hide] "+floodText),      // breaks something else
		gone(reply("1", "a", "p", ""), 1),              // takes one back
		reply("9", "d", "p", floodText),                // the fifth again
		reply("10", "a", "p", "[panic]"+floodText),     // a dead letter
		edit(reply("9", "d", "p", ""), 2, "取り消します"),    // withdrawn
		reply("11", "a", "p", floodText),               // the third of a's that stand
		edit(reply("2", "a", "p", ""), 2, floodText),   // an edit, not a repeat
		edit(reply("4", "a", "q", ""), 2, "別の話になりました"), // under another post
	}
	for _, window := range []int64{0, 6} {
		t.Run(fmt.Sprint("window ", window), func(t *testing.T) {
			once := newEnv(t)
			once.topics(1)
			for c := range slices.Chunk(comments, 5) {
				once.raw(0, []byte("k"), []byte("broken")) // offsets count what is no comment too
				once.send(c...)
			}
			once.start(WorkerConfig{window: window})
			once.drained()
			want := once.recommended()
			var short []string
			for _, r := range want {
				s := r.CommentID + " " + string(r.Why)
				for _, f := range r.Findings {
					s += f.Reason
				}
				short = append(short, s)
			}
			expect := []string{"5 3件目 true", "7 5件目 false", "8 宣伝のため", "1 deleted", "9 5件目 false", "9 edited", "11 3件目 true", "2 edited", "4 edited"}
			if window > 0 { // the first ones are out of sight by then
				expect = []string{"5 3件目 true", "8 宣伝のため", "1 deleted", "9 edited", "2 edited", "4 edited"}
			}
			if !slices.Equal(short, expect) {
				t.Fatalf("got  %q\nwant %q", short, expect)
			}

			again := newEnv(t)
			again.topics(1)
			for c := range slices.Chunk(comments, 5) {
				again.raw(0, []byte("k"), []byte("broken"))
				for _, c := range c {
					again.send(c)
					w := again.start(WorkerConfig{window: window, BatchSize: 1})
					again.drained()
					w.stop()
				}
			}
			if got := again.recommended(); !reflect.DeepEqual(got, want) {
				t.Errorf("with restarts\n%+v\nwithout\n%+v", got, want)
			}
		})
	}
}

// Whatever a worker has counted before, it counts up to an offset as one that counts for the first time: read on from where it was,
// set back as after a commit that failed, or where the beginning is gone.
func TestRecount(t *testing.T) {
	e := newEnv(t)
	e.topics(1)
	for i := range 20 {
		e.send(reply(fmt.Sprint(i), "a", "p", floodText))
	}
	const window = 8
	fresh := func() *partition {
		w := &Worker{client: e.client, cfg: WorkerConfig{window: window}, pool: newPool(1)}
		return &partition{w: w, state: newState()}
	}
	check := func(p *partition, offset int64) {
		t.Helper()
		if err := p.recount(e.deadline(), offset); err != nil {
			t.Fatal(err)
		}
		want := fresh()
		if err := want.recount(e.deadline(), offset); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(p.state.floods, want.state.floods) || p.state.floods.next != offset {
			t.Errorf("up to %d: %+v, want %+v", offset, p.state.floods, want.state.floods)
		}
	}
	// count is what the next comment would be.
	count := func(p *partition) int {
		at := p.state.floods.next
		return p.state.floods.counter.Tell(at, replyOf(reply("new", "a", "p", floodText))).Count
	}
	p := fresh()
	for _, offset := range []int64{0, 3, 3, 20, 5, 18, 20} {
		check(p, offset)
	}
	if n := count(p); n != window {
		t.Errorf("%d in a window of %d", n, window)
	}
	if err := e.broker.DeleteRecords(event.TopicComments, 0, 16); err != nil {
		t.Fatal(err)
	}
	p = fresh()
	for _, offset := range []int64{2, 20, 17, 20} {
		check(p, offset)
	}
	if n := count(p); n != 5 {
		t.Errorf("the next is number %d, want 5", n)
	}
}
