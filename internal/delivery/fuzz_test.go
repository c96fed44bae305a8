package delivery

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kotomori/kotomori/internal/event"
)

func fuzz(f *testing.F, platform string) {
	f.Helper()
	for _, body := range recorded(f, platform) {
		f.Add(body)
	}
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"data":{"event_type":"post.create","filter":{"user_id":"` + saitamaX + `"},"payload":` + v2(``) + `}}`))
	f.Add([]byte(account("tweet_create_events", v1(``))))
	f.Add([]byte(facebook(fbComment("edited", ``), fbPost("status", "edited", ``))))
	f.Add([]byte(blog("comment.edited", blogBoth)))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := Decode(platform, body, accountOf(platform), owners(platform))
		if err != nil {
			e, ok := errors.AsType[*event.Error](err)
			if !ok || e.Reason == "" || e.What == "" || e.Mend == "" || e.Reason == event.ReasonInternal {
				t.Fatalf("%q: %#v", body, err)
			}
			return // nothing of it is taken, all of it is kept
		}
		if !json.Valid(body) {
			t.Fatalf("%q is taken", body)
		}
		check(t, c)
		if again, err := Decode(platform, body, accountOf(platform), owners(platform)); summary(again, err) != summary(c, nil) {
			t.Fatalf("%q: %s, then %s", body, summary(c, nil), summary(again, err))
		}
		for _, k := range c.Kept {
			// A body that may hold direct messages is not kept.
			if k.Err.Reason == event.ReasonInternal || k.Body != nil && !json.Valid(k.Body) {
				t.Fatalf("%q: kept %q, %v", body, k.Body, k.Err)
			}
		}
		if summary(c, nil) == "" && says(platform, body) {
			t.Fatalf("%q is lost", body)
		}
	})
}

// says tells whether there is something in a delivery: an element of a list, or a list that is none.
func says(platform string, body []byte) bool {
	var top map[string]json.RawMessage
	if json.Unmarshal(body, &top) != nil {
		return true
	}
	var lists []json.RawMessage
	switch platform {
	case X:
		for key, raw := range top {
			if strings.HasSuffix(key, "_events") || key == "data" {
				lists = append(lists, raw)
			}
		}
	case Facebook:
		// Keys are matched as encoding/json does it, whatever their case.
		var body2 struct {
			Entry []struct {
				Changes []json.RawMessage `json:"changes"`
			} `json:"entry"`
		}
		if json.Unmarshal(body, &body2) != nil {
			return true
		}
		for _, e := range body2.Entry {
			lists = append(lists, e.Changes...)
		}
		return len(lists) > 0
	default:
		return true
	}
	for _, raw := range lists {
		var all []json.RawMessage
		if json.Unmarshal(raw, &all) != nil || len(all) > 0 {
			return true
		}
	}
	return false
}

func FuzzX(f *testing.F)        { fuzz(f, X) }
func FuzzFacebook(f *testing.F) { fuzz(f, Facebook) }
func FuzzBlog(f *testing.F)     { fuzz(f, Blog) }

// Nothing is accepted that was not signed, whatever the headers hold, and no header makes it panic.
func FuzzVerify(f *testing.F) {
	const signed = `{}` // the only body a signature is made for; the fuzzer finds it, as it should
	for _, platform := range Platforms {
		h, err := Sign(platform, secretsOf(platform)[0], []byte(signed), "msg_1", time.Now())
		if err != nil {
			f.Fatal(err)
		}
		for _, body := range []string{signed, `{"a":1}`} {
			f.Add(h.Get(HeaderX)+h.Get(HeaderFacebook)+h.Get(HeaderBlog), h.Get(HeaderBlogID), h.Get(HeaderBlogTime), []byte(body))
		}
	}
	f.Add("sha256=", "", "-1", []byte{})
	f.Add("v1,", "a", "9223372036854775807", []byte{0xff})
	f.Fuzz(func(t *testing.T, signature, id, at string, body []byte) {
		h := http.Header{}
		for _, name := range []string{HeaderX, HeaderFacebook, HeaderBlog} {
			h.Set(name, signature)
		}
		h.Set(HeaderBlogID, id)
		h.Set(HeaderBlogTime, at)
		for _, platform := range Platforms {
			_, err := Verify(platform, secretsOf(platform), h, body)
			if err == nil {
				if string(body) != signed {
					t.Fatalf("%s: accepted without a signature", platform)
				}
				continue
			}
			e, ok := errors.AsType[*SignatureError](err)
			if !ok || e.What == "" || e.Mend == "" {
				t.Fatalf("%s: %v", platform, err)
			}
			if len(signature) > 12 && strings.Contains(err.Error(), signature) {
				t.Fatalf("%v quotes the signature", err)
			}
		}
	})
}
