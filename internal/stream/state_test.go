package stream

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kotomori/kotomori/internal/event"
)

// Whatever happens to comments, in whatever order and however often it is told, in the end each one's recommendation is
// that of its latest state; what a worker reads back is what the one before it knew; and telling all again says nothing.
func TestStateProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// What happens to three comments: revisions that break the policy or do not, and deletions.
		type happening struct {
			comment  int
			revision int
			deleted  bool
			bad      bool
		}
		var story []happening
		for c := range 3 {
			for r := range rapid.IntRange(1, 4).Draw(t, "revisions") {
				story = append(story, happening{c, r + 1, false, rapid.Bool().Draw(t, "bad")})
				if rapid.IntRange(0, 3).Draw(t, "deleted") == 0 {
					story = append(story, happening{c, r + 1, true, false})
				}
			}
		}
		told := slices.Concat(story, rapid.SliceOfN(rapid.SampledFrom(story), 0, 5).Draw(t, "told again"))
		told = rapid.Permutation(told).Draw(t, "order")
		event4 := func(h happening) event.Comment {
			text := "よい"
			if h.bad {
				text = "[hide]"
			}
			c := edit(comment(string(rune('a'+h.comment)), ""), h.revision, text)
			c.Deleted = h.deleted
			return c
		}
		s := newState()
		var log []event.Record
		tell := func(h happening) bool {
			c := event4(h)
			v, err := wordy{}.Classify(c.Comment)
			if err != nil {
				t.Fatal(err)
			}
			r, ok := s.say(c, v, time0)
			if ok {
				rec, err := r.Record("test")
				if err != nil {
					t.Fatal(err)
				}
				log = append(log, rec)
			}
			return ok
		}
		for _, h := range told {
			tell(h)
			if rapid.IntRange(0, 4).Draw(t, "crash") == 0 { // the next worker knows what is in the log
				read := newState()
				for _, r := range log {
					if err := read.fold(r.Key, r.Value); err != nil {
						t.Fatal(err)
					}
				}
				if !maps.Equal(read.said, s.said) {
					t.Fatalf("read back %v, known %v", read.said, s.said)
				}
				s = read
			}
		}
		for c := range 3 {
			latest := slices.MaxFunc(slices.DeleteFunc(slices.Clone(story), func(h happening) bool { return h.comment != c }), func(a, b happening) int {
				if n := cmp.Compare(a.revision, b.revision); n != 0 {
					return n
				}
				return cmp.Compare(map[bool]int{true: 1}[a.deleted], map[bool]int{true: 1}[b.deleted])
			})
			key := event4(latest).CommentKey()
			var last event.Recommendation
			for _, r := range log {
				if string(r.Key) == key {
					var err error
					if last, err = event.DecodeRecommendation(r.Value); err != nil {
						t.Fatal(err)
					}
				}
			}
			switch open := last.Status == event.Open; {
			case open != latest.bad:
				t.Errorf("%s ends as %+v; its latest state is %+v", key, last, latest)
			case open && last.Revision != latest.revision:
				t.Errorf("%s: revision %d is open, the latest is %d", key, last.Revision, latest.revision)
			}
		}
		checkIDs(t, log)
		for _, h := range told {
			if tell(h) {
				t.Errorf("told again, %+v makes it speak", h)
			}
		}
	})
}

// A worker that lost its partition without knowing writes what is out of date after what is up to date.
func TestFoldLate(t *testing.T) {
	c := comment("1", "[hide]")
	v, err := wordy{}.Classify(c.Comment)
	if err != nil {
		t.Fatal(err)
	}
	late, _ := newState().say(c, v, time0)
	s := newState()
	s.say(c, v, time0)
	withdrawn, _ := s.say(edit(c, 2, "よい"), wordyClean, time0)
	read := newState()
	for _, r := range []event.Recommendation{late, withdrawn, late} {
		rec, err := r.Record("test")
		if err != nil {
			t.Fatal(err)
		}
		if err := read.fold(rec.Key, rec.Value); err != nil {
			t.Fatal(err)
		}
	}
	if !maps.Equal(read.said, s.said) {
		t.Errorf("read back %v, want %v", read.said, s.said)
	}
	key := []byte(c.CommentKey())
	if err := read.fold(key, nil); err != nil || len(read.said) != 0 {
		t.Errorf("a record without a value does not remove the comment: %v, %v", read.said, err)
	}
	for _, bad := range []string{"", "{", "[]", "{}", `{"id":"zz","revision":1}`, `{"id":"` + strings.Repeat("0", 32) + `","revision":0}`, `{"revision":"1"}`} {
		if err := read.fold(key, []byte(bad)); err == nil || len(read.said) != 0 {
			t.Errorf("%q is taken for a recommendation", bad)
		}
	}
}

var wordyClean, _ = wordy{}.Classify(comment("1", "よい").Comment)
