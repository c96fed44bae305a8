package delivery

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kotomori/kotomori/internal/event"
)

func blog(kind, data string) string {
	return `{"type":"` + kind + `","timestamp":"2026-11-03T09:30:00.250+09:00","data":{` + data + `}}`
}

const blogBoth = `"comment":{"id":"12","text":"よい <b>","author":{"id":"u1","name":"みどり"},"parent_id":"11","url":"https://a.example","created":"2026-11-03T09:29:00+09:00"},"post":{"id":"34","title":"題","text":"本文","url":"https://a.example"}`

// 2026-11-03T09:30:00.250+09:00 in ms
const blogMilli = 1793665800250

var goodBlog = []struct{ name, body, want string }{
	{"created", blog("comment.created", blogBoth), `comment wako 12#1 under 34 by u1 みどり @ 2026-11-03T00:29:00Z "よい <b>" post="題\n本文"…`},
	{"created, the least", blog("comment.created", `"comment":{"id":"12","text":""},"post":{"id":"34"}`), `comment wako 12#1 under 34 by   @ 2026-11-03T00:30:00.25Z ""`},
	{"edited", blog("comment.edited", blogBoth), fmt.Sprintf(`comment wako 12#%d under 34 by u1 みどり @ 2026-11-03T00:30:00.25Z "よい <b>" post="題\n本文"…`, blogMilli)},
	{"shown", blog("comment.shown", blogBoth), fmt.Sprintf(`comment wako 12#%d under 34 by u1 みどり @ 2026-11-03T00:30:00.25Z "よい <b>" post="題\n本文"…`, blogMilli)},
	{"hidden", blog("comment.hidden", blogBoth), fmt.Sprintf(`comment wako 12#%d hidden under 34 by u1 みどり @ 2026-11-03T00:30:00.25Z ""`, blogMilli)},
	{"hidden without text", blog("comment.hidden", `"comment":{"id":"12"},"post":{"id":"34"}`), fmt.Sprintf(`comment wako 12#%d hidden under 34 by   @ 2026-11-03T00:30:00.25Z ""`, blogMilli)},
	{"deleted", blog("comment.deleted", `"comment":{"id":"12"},"post":{"id":"34"}`), fmt.Sprintf(`comment wako 12#%d deleted under 34 by   @ 2026-11-03T00:30:00.25Z ""`, event.MaxRevision)},
	{"title only, which is less than the post's event told", blog("comment.created", `"comment":{"id":"12","text":"a"},"post":{"id":"34","title":"題"}`), `comment wako 12#1 under 34 by   @ 2026-11-03T00:30:00.25Z "a"`},
	{"published", blog("post.published", `"post":{"id":"34","title":"題","text":"本文"}`), fmt.Sprintf(`post wako 34#%d 2026-11-03T00:30:00.25Z "題\n本文"`, blogMilli)},
	{"published, empty", blog("post.published", `"post":{"id":"34","text":""}`), fmt.Sprintf(`post wako 34#%d 2026-11-03T00:30:00.25Z ""`, blogMilli)},
	{"post edited", blog("post.edited", `"post":{"id":"34","text":"本文"}`), fmt.Sprintf(`post wako 34#%d 2026-11-03T00:30:00.25Z "本文"`, blogMilli)},
	{"post deleted", blog("post.deleted", `"post":{"id":"34"}`), fmt.Sprintf(`post wako 34#%d deleted 2026-11-03T00:30:00.25Z ""`, blogMilli)},
	{"post deleted, with its text", blog("post.deleted", `"post":{"id":"34","title":"題","text":"本文"}`), fmt.Sprintf(`post wako 34#%d deleted 2026-11-03T00:30:00.25Z ""`, blogMilli)},
	{"UTC without ms", `{"type":"comment.edited","timestamp":"2026-11-03T00:30:00Z","data":{"comment":{"id":"12","text":"a"},"post":{"id":"34"}}}`, `comment wako 12#1793665800000 under 34 by   @ 2026-11-03T00:30:00Z "a"`},
	{"other fields", `{"type":"comment.created","mood":1,"timestamp":"2026-11-03T00:30:00Z","data":{"x":[],"comment":{"id":"12","text":"a","y":{}},"post":{"id":"34","z":null}}}`, `comment wako 12#1 under 34 by   @ 2026-11-03T00:30:00Z "a"`},
}

var badBlog = []struct {
	name, body, field string
	reason            event.Reason
	schema            bool // whether the JSON Schema can tell, too
}{
	{"no type", `{"timestamp":"2026-11-03T09:30:00Z","data":{}}`, "type", event.ReasonField, true},
	{"empty type", blog("", blogBoth), "type", event.ReasonField, true},
	{"type a number", `{"type":1,"timestamp":"2026-11-03T09:30:00Z","data":{}}`, "type", event.ReasonField, true},
	{"no timestamp", `{"type":"comment.created","data":{` + blogBoth + `}}`, "timestamp", event.ReasonField, true},
	{"timestamp a number", `{"type":"comment.created","timestamp":1793665800,"data":{` + blogBoth + `}}`, "timestamp", event.ReasonField, true},
	{"timestamp no time", `{"type":"comment.created","timestamp":"yesterday","data":{` + blogBoth + `}}`, "timestamp", event.ReasonField, true},
	{"timestamp without a zone", `{"type":"comment.created","timestamp":"2026-11-03T09:30:00","data":{` + blogBoth + `}}`, "timestamp", event.ReasonField, true},
	{"timestamp with a blank", `{"type":"comment.created","timestamp":"2026-11-03 09:30:00Z","data":{` + blogBoth + `}}`, "timestamp", event.ReasonField, false},
	{"timestamp before 1970", `{"type":"comment.edited","timestamp":"1969-11-03T09:30:00Z","data":{` + blogBoth + `}}`, "timestamp", event.ReasonField, false},
	{"no data", `{"type":"comment.created","timestamp":"2026-11-03T09:30:00Z"}`, "data", event.ReasonField, true},
	{"data null", `{"type":"comment.created","timestamp":"2026-11-03T09:30:00Z","data":null}`, "data", event.ReasonField, true},
	{"data an array", `{"type":"comment.created","timestamp":"2026-11-03T09:30:00Z","data":[]}`, "data", event.ReasonField, true},
	{"no comment", blog("comment.created", `"post":{"id":"34"}`), "data.comment", event.ReasonField, true},
	{"comment null", blog("comment.created", `"comment":null,"post":{"id":"34"}`), "data.comment", event.ReasonField, true},
	{"no comment id", blog("comment.deleted", `"comment":{"text":"a"},"post":{"id":"34"}`), "data.comment.id", event.ReasonField, true},
	{"empty comment id", blog("comment.deleted", `"comment":{"id":""},"post":{"id":"34"}`), "data.comment.id", event.ReasonField, true},
	{"comment id a number", blog("comment.created", `"comment":{"id":12,"text":"a"},"post":{"id":"34"}`), "data.comment.id", event.ReasonField, true},
	{"no text", blog("comment.created", `"comment":{"id":"12"},"post":{"id":"34"}`), "data.comment.text", event.ReasonField, true},
	{"text null", blog("comment.edited", `"comment":{"id":"12","text":null},"post":{"id":"34"}`), "data.comment.text", event.ReasonField, true},
	{"shown without text", blog("comment.shown", `"comment":{"id":"12"},"post":{"id":"34"}`), "data.comment.text", event.ReasonField, true},
	{"text an array", blog("comment.shown", `"comment":{"id":"12","text":["a"]},"post":{"id":"34"}`), "data.comment.text", event.ReasonField, true},
	{"author a string", blog("comment.created", `"comment":{"id":"12","text":"a","author":"u1"},"post":{"id":"34"}`), "data.comment.author", event.ReasonField, true},
	{"author id a number", blog("comment.created", `"comment":{"id":"12","text":"a","author":{"id":5}},"post":{"id":"34"}`), "data.comment.author.id", event.ReasonField, true},
	{"created no time", blog("comment.created", `"comment":{"id":"12","text":"a","created":"now"},"post":{"id":"34"}`), "data.comment.created", event.ReasonField, true},
	{"no post", blog("comment.created", `"comment":{"id":"12","text":"a"}`), "data.post.id", event.ReasonField, true},
	{"no post id", blog("comment.created", `"comment":{"id":"12","text":"a"},"post":{}`), "data.post.id", event.ReasonField, true},
	{"post title too long", blog("post.edited", `"post":{"id":"34","text":"a","title":"`+strings.Repeat("a", event.MaxName+1)+`"}`), "data.post.title", event.ReasonSize, true},
	{"post event without post", blog("post.published", ``), "data.post", event.ReasonField, true},
	{"post event without id", blog("post.deleted", `"post":{"title":"a"}`), "data.post.id", event.ReasonField, true},
	{"published without text", blog("post.published", `"post":{"id":"34","title":"a"}`), "data.post.text", event.ReasonField, true},
	{"post edited without text", blog("post.edited", `"post":{"id":"34"}`), "data.post.text", event.ReasonField, true},
	// What the stream's own bounds refuse: the whole is one thing, so nothing of it can be read.
	{"comment text too long", blog("comment.created", `"comment":{"id":"12","text":"`+strings.Repeat("a", event.MaxText+1)+`"},"post":{"id":"34"}`), "text", event.ReasonSize, true},
	{"comment id too long", blog("comment.deleted", `"comment":{"id":"`+strings.Repeat("1", event.MaxID+1)+`"},"post":{"id":"34"}`), "id", event.ReasonSize, true},
	{"comment id with a line break", blog("comment.deleted", `"comment":{"id":"1\n2"},"post":{"id":"34"}`), "id", event.ReasonField, true},
}

func TestBlog(t *testing.T) {
	for _, tt := range goodBlog {
		c, err := decode(Blog, tt.body)
		check(t, c)
		if got := strings.TrimSpace(summary(c, err)); got != tt.want {
			t.Errorf("%s: got  %s\nwant %s", tt.name, got, tt.want)
		}
	}
	for _, tt := range badBlog {
		c, err := decode(Blog, tt.body)
		e, ok := errors.AsType[*event.Error](err)
		if !ok || e.Reason != tt.reason || e.Field != tt.field || e.Mend == "" || len(ids(c)) > 0 || len(c.Kept) > 0 {
			t.Errorf("%s: %+v, %s; want %s of %s", tt.name, err, summary(c, nil), tt.reason, tt.field)
		}
	}
	c, err := decode(Blog, blog("comment.liked", blogBoth))
	if got := summary(c, err); !strings.HasPrefix(got, "kept type/comment.liked kind") || len(ids(c)) > 0 {
		t.Errorf("unknown type: %s", got)
	}
}

// A later state has a higher revision, to the millisecond; deletion stands above all.
func TestBlogOrder(t *testing.T) {
	last := 0
	for i, tt := range []struct{ kind, at string }{
		{"comment.created", "2026-11-03T09:30:00+09:00"},
		{"comment.edited", "2026-11-03T09:30:00.001+09:00"},
		{"comment.hidden", "2026-11-03T00:30:00.002Z"},
		{"comment.shown", "2026-11-03T09:30:01+09:00"},
		{"comment.deleted", "2026-11-03T09:30:00+09:00"},
	} {
		c, err := decode(Blog, strings.Replace(blog(tt.kind, blogBoth), "2026-11-03T09:30:00.250+09:00", tt.at, 1))
		if err != nil || len(c.Comments) != 1 || c.Comments[0].Revision <= last {
			t.Fatalf("%d: %s after %d", i, summary(c, err), last)
		}
		last = c.Comments[0].Revision
	}
}
