package delivery

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kotomori/kotomori/internal/event"
)

// v2 is a reply of the API v2 to an official post, with fields added or replaced.
func v2(fields string) string {
	return merge(`{"id":"100","author_id":"7","text":"@SaitamaCvcCoop よい","created_at":"2026-11-04T01:42:10.000Z","in_reply_to_user_id":"`+saitamaX+`",
		"referenced_tweets":[{"type":"replied_to","id":"9"}],"edit_history_tweet_ids":["100"]}`, fields)
}

// v1 is one of the API v1.1.
func v1(fields string) string {
	return merge(`{"id":100,"id_str":"100","text":"@SaitamaCvcCoop よい","created_at":"Wed Nov 04 01:42:10 +0000 2026","in_reply_to_status_id_str":"9",
		"in_reply_to_user_id_str":"`+saitamaX+`","user":{"id_str":"7","name":"みどり","screen_name":"midori"}}`, fields)
}

// merge replaces fields of an object; one that becomes null is taken away.
func merge(object, fields string) string {
	var v, more map[string]json.RawMessage
	for s, to := range map[string]*map[string]json.RawMessage{object: &v, "{" + fields + "}": &more} {
		if err := json.Unmarshal([]byte(s), to); err != nil {
			panic(fmt.Sprintf("%s: %v", s, err))
		}
	}
	for k, raw := range more {
		if v[k] = raw; string(raw) == "null" {
			delete(v, k)
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func stream(post, includes string) string {
	return `{"data":` + post + `,"includes":{` + includes + `},"matching_rules":[{"id":"1","tag":"saitama"}]}`
}

func activity(kind, payload string) string {
	return `{"data":{"event_uuid":"-27","filter":{"user_id":"` + saitamaX + `"},"event_type":"` + kind + `","payload":` + payload + `,"includes":{}}}`
}

func account(key, tweets string) string {
	return `{"for_user_id":"` + saitamaX + `","` + key + `":[` + tweets + `]}`
}

// The text as people see it.
func TestXText(t *testing.T) {
	links := func(pairs ...string) string {
		var all []string
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, fmt.Sprintf(`{"url":%q,"expanded_url":%q}`, pairs[i], pairs[i+1]))
		}
		return `"entities":{"urls":[` + strings.Join(all, ",") + `]}`
	}
	text := func(s string) string { b, _ := json.Marshal(s); return `"text":` + string(b) }
	long := "https://long.example/?" + strings.Repeat("q", 1500)
	for _, tt := range []struct {
		name, post, want string
		urls             []event.URL
	}{
		{"entities once", v2(text("&amp;lt; &lt;b&gt; &amp;amp; &quot; &#39; &amp")), `&lt; <b> &amp; &quot; &#39; &amp`, nil},
		{"handle", v2(text("@SaitamaCvcCoop よい")), "よい", nil},
		{"handle in other case", v2(text("@saitamacvccoop　よい")), "よい", nil},
		{"handle twice", v2(text("@SaitamaCvcCoop @SAITAMACVCCOOP よい")), "よい", nil},
		{"nothing but the handle", v2(text("@SaitamaCvcCoop")), "", nil},
		{"a longer handle", v2(text("@SaitamaCvcCoopX よい")), "@SaitamaCvcCoopX よい", nil},
		{"a longer handle with _", v2(text("@SaitamaCvcCoop_ よい")), "@SaitamaCvcCoop_ よい", nil},
		{"a shorter handle", v2(text("@SaitamaCvcCoo よい")), "@SaitamaCvcCoo よい", nil},
		{"somebody else's handle", v2(text("@other @SaitamaCvcCoop よい")), "@other @SaitamaCvcCoop よい", nil},
		{"own handle, then another", v2(text("@SaitamaCvcCoop @other よい")), "@other よい", nil},
		{"handle in the middle", v2(text("よい @SaitamaCvcCoop よい")), "よい @SaitamaCvcCoop よい", nil},
		{"handle at the end", v2(text("よい @SaitamaCvcCoop")), "よい @SaitamaCvcCoop", nil},
		{
			"link", v2(text("見て https://t.co/ab どう") + "," + links("https://t.co/ab", "https://a.example/?x=1&y=<2>")),
			"見て https://a.example/?x=1&y=<2> どう",
			[]event.URL{{URL: "https://t.co/ab", Expanded: "https://a.example/?x=1&y=<2>"}},
		},
		{
			"one link begins another", v2(text("https://t.co/ab https://t.co/abc https://t.co/ab。") + "," + links("https://t.co/ab", "https://one.example", "https://t.co/abc", "https://two.example")),
			"https://one.example https://two.example https://one.example。",
			[]event.URL{{URL: "https://t.co/ab", Expanded: "https://one.example"}, {URL: "https://t.co/abc", Expanded: "https://two.example"}},
		},
		{
			"unwound", v2(text("https://t.co/ab") + `,"entities":{"urls":[{"url":"https://t.co/ab","expanded_url":"https://bit.example/1","unwound_url":"https://shop.example/item"}]}`),
			"https://bit.example/1",
			[]event.URL{{URL: "https://t.co/ab", Expanded: "https://shop.example/item"}},
		},
		{"link without a target", v2(text("https://t.co/ab") + `,"entities":{"urls":[{"url":"https://t.co/ab"},{"url":""},{}]}`), "https://t.co/ab", nil},
		{"entities null", v2(text("a &lt; b") + `,"entities":null`), "a < b", nil},
		{"urls null", v2(text("a &lt; b") + `,"entities":{"urls":null,"mentions":null}`), "a < b", nil},
		{
			"media", v2(text("写真 https://t.co/m1 https://t.co/m2") + `,"entities":{"urls":[{"url":"https://t.co/m1","expanded_url":"https://x.com/a/status/100/photo/1","media_key":"3_1"},{"url":"https://t.co/m2","expanded_url":"https://twitter.com/a/status/100/video/1"}]}`),
			"写真", nil,
		},
		{
			"quoted", v2(text("これ https://t.co/q") + `,"referenced_tweets":[{"type":"quoted","id":"55"},{"type":"replied_to","id":"9"}],` + links("https://t.co/q", "https://twitter.com/SaitamaCvcCoop/status/55?s=20")),
			"これ", nil,
		},
		{
			"another post than the quoted", v2(text("これ https://t.co/q") + `,"referenced_tweets":[{"type":"replied_to","id":"9"},{"type":"quoted","id":"55"}],` + links("https://t.co/q", "https://x.com/a/status/556")),
			"これ https://x.com/a/status/556",
			[]event.URL{{URL: "https://t.co/q", Expanded: "https://x.com/a/status/556"}},
		},
		{
			"looks like the quoted post", v2(text("https://t.co/q") + `,"referenced_tweets":[{"type":"replied_to","id":"9"},{"type":"quoted","id":"55"}],` + links("https://t.co/q", "https://x.com.example/a/status/55")),
			"https://x.com.example/a/status/55",
			[]event.URL{{URL: "https://t.co/q", Expanded: "https://x.com.example/a/status/55"}},
		},
		{
			"note_tweet", v2(text("@SaitamaCvcCoop 長い… https://t.co/self") + `,"note_tweet":{"text":"@SaitamaCvcCoop 長い文章 https://t.co/in &amp; 終わり","entities":{"urls":[{"url":"https://t.co/in","expanded_url":"https://in.example"}]}},` + links("https://t.co/self", "https://x.com/i/status/100")),
			"長い文章 https://in.example & 終わり",
			[]event.URL{{URL: "https://t.co/in", Expanded: "https://in.example"}},
		},
		{"note_post", v2(text("長い…") + `,"note_post":{"text":"長い文章"}`), "長い文章", nil},
		{"empty note_tweet", v2(text("短い") + `,"note_tweet":{"text":""}`), "短い", nil},
		{
			"a link too long for an event", v2(text("https://t.co/ab") + "," + links("https://t.co/ab", "https://a.example/"+strings.Repeat("a", event.MaxURL))),
			"https://t.co/ab", nil,
		},
		{
			"one long link many times", v2(text(strings.TrimSpace(strings.Repeat("https://t.co/ab ", 60))) + "," + links("https://t.co/ab", long)),
			strings.TrimSpace(strings.Repeat("https://t.co/ab ", 60)),
			[]event.URL{{URL: "https://t.co/ab", Expanded: long}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := decode(X, stream(tt.post, ""))
			check(t, c)
			if err != nil || len(c.Comments) != 1 {
				t.Fatalf("%.300s, %v", summary(c, err), err)
			}
			if e := c.Comments[0]; e.Text != tt.want || !reflect.DeepEqual(e.URLs, tt.urls) {
				t.Errorf("got %.200q, %v\nwant %.200q, %v", e.Text, e.URLs, tt.want, tt.urls)
			}
		})
	}
	for _, tt := range []struct {
		name, post, want string
		urls             []event.URL
	}{
		{
			"v1.1 links and media", v1(text("@saitamacvccoop A&amp;B https://t.co/a https://t.co/m") + `,"entities":{"urls":[{"url":"https://t.co/a","expanded_url":"https://a.example","indices":[1,2]}],"media":[{"url":"https://t.co/m","expanded_url":"https://twitter.com/a/status/100/photo/1"}]},"extended_entities":{"media":[{"url":"https://t.co/m"},{"url":"https://t.co/m"}]}`),
			"A&B https://a.example",
			[]event.URL{{URL: "https://t.co/a", Expanded: "https://a.example"}},
		},
		{
			"v1.1 extended_tweet", v1(text("@SaitamaCvcCoop 長い… https://t.co/self") + `,"truncated":true,"entities":{"urls":[{"url":"https://t.co/self","expanded_url":"https://twitter.com/i/web/status/100"}]},"extended_tweet":{"full_text":"@SaitamaCvcCoop 長い文章 https://t.co/in https://t.co/m","display_text_range":[16,40],"entities":{"urls":[{"url":"https://t.co/in","expanded_url":"https://in.example"}]},"extended_entities":{"media":[{"url":"https://t.co/m"}]}}`),
			"長い文章 https://in.example",
			[]event.URL{{URL: "https://t.co/in", Expanded: "https://in.example"}},
		},
		{"v1.1 full_text", v1(text("短") + `,"full_text":"短くない"`), "短くない", nil},
		{
			"v1.1 quoted link among the entities", v1(text("これ https://t.co/q") + `,"is_quote_status":true,"quoted_status_id_str":"55","quoted_status":{"id_str":"55"},"entities":{"urls":[{"url":"https://t.co/q","expanded_url":"https://twitter.com/a/status/55"}]}`),
			"これ", nil,
		},
		{
			"v1.1 quoted permalink", v1(text("これ https://t.co/q") + `,"is_quote_status":true,"quoted_status_id_str":"55","quoted_status_permalink":{"url":"https://t.co/q","expanded":"https://twitter.com/a/status/55","display":"x"}`),
			"これ", nil,
		},
		{
			"v1.1 truncated without the rest", v1(text("長い… https://t.co/self") + `,"truncated":true,"entities":{"urls":[{"url":"https://t.co/self","expanded_url":"https://twitter.com/i/web/status/100"}]}`),
			"長い…", nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := decode(X, account("tweet_create_events", tt.post))
			check(t, c)
			if err != nil || len(c.Comments) != 1 {
				t.Fatalf("%s, %v", summary(c, err), err)
			}
			if e := c.Comments[0]; e.Text != tt.want || !reflect.DeepEqual(e.URLs, tt.urls) {
				t.Errorf("got %q, %v\nwant %q, %v", e.Text, e.URLs, tt.want, tt.urls)
			}
		})
	}
}

// No number of links breaks a comment: as many are listed as an event holds, and one that is too long takes nobody's place.
func TestXManyLinks(t *testing.T) {
	reply := func(first string) string {
		words, all := []string{"https://t.co/first"}, []string{`{"url":"https://t.co/first","expanded_url":"` + first + `"}`}
		for i := range 1000 {
			words = append(words, fmt.Sprintf("https://t.co/%d", i))
			all = append(all, fmt.Sprintf(`{"url":"https://t.co/%d","expanded_url":"https://shop.example/%d/%s"}`, i, i, strings.Repeat("x", 300)))
		}
		return stream(v2(`"text":"`+strings.Join(words, " ")+`","entities":{"urls":[`+strings.Join(all, ",")+`]}`), "")
	}
	for name, first := range map[string]string{
		"many":               "https://first.example",
		"one too long first": "https://first.example/" + strings.Repeat("x", event.MaxText-1000),
		"media first":        "https://x.com/" + strings.Repeat("a", event.MaxText-1000) + "/status/100/photo/1",
	} {
		c, err := decode(X, reply(first))
		check(t, c)
		if err != nil || len(c.Comments) != 1 {
			t.Fatalf("%s: %.300s", name, summary(c, err))
		}
		e, size := c.Comments[0], 0
		for _, u := range e.URLs {
			size += len(u.Expanded)
		}
		if len(e.URLs) < 150 || len(e.URLs) > event.MaxURLs || size > event.MaxText || len(e.Text) > event.MaxText || !strings.Contains(e.Text, "https://shop.example/0/x") {
			t.Errorf("%s: %d links of %d bytes, %d bytes of text", name, len(e.URLs), size, len(e.Text))
		}
	}
}

// A version of a post is named by the first of them, and numbered by its place.
func TestXRevisions(t *testing.T) {
	for _, tt := range []struct {
		name, body, id string
		revision       int
	}{
		{"v2 first", stream(v2(`"edit_history_tweet_ids":["100"]`), ""), "100", 1},
		{"v2 second", stream(v2(`"id":"101","edit_history_tweet_ids":["100","101"]`), ""), "100", 2},
		{"v2 a former one, late", stream(v2(`"id":"101","edit_history_tweet_ids":["100","101","102"]`), ""), "100", 2},
		{"v2 no list", stream(v2(`"edit_history_tweet_ids":null`), ""), "100", 1},
		{"v2 empty list", stream(v2(`"edit_history_tweet_ids":[]`), ""), "100", 1},
		{"v2 list without itself", stream(v2(`"id":"102","edit_history_tweet_ids":["100","101"]`), ""), "100", 3},
		{"v2 renamed", stream(v2(`"id":"101","edit_history_tweet_ids":null,"edit_history_post_ids":["100","101"]`), ""), "100", 2},
		{"v1.1 none", account("tweet_create_events", v1(``)), "100", 1},
		{"v1.1 first", account("tweet_create_events", v1(`"edit_history":{"initial_tweet_id":"100","edit_tweet_ids":["100"]}`)), "100", 1},
		{"v1.1 second", account("tweet_create_events", v1(`"id_str":"101","edit_history":{"initial_tweet_id":"100","edit_tweet_ids":["100","101"]}`)), "100", 2},
		{"v1.1 only the first", account("tweet_create_events", v1(`"id_str":"101","edit_history":{"initial_tweet_id":"100"}`)), "100", 2},
		{"v1.1 list without itself", account("tweet_create_events", v1(`"id_str":"101","edit_history":{"initial_tweet_id":"100","edit_tweet_ids":["100"]}`)), "100", 2},
		{"v1.1 list without the first, second", account("tweet_create_events", v1(`"id_str":"101","edit_history":{"initial_tweet_id":"100","edit_tweet_ids":["101","102"]}`)), "100", 2},
		{"v1.1 list without the first, third", account("tweet_create_events", v1(`"id_str":"102","edit_history":{"initial_tweet_id":"100","edit_tweet_ids":["101","102"]}`)), "100", 3},
		{"v1.1 only the list", account("tweet_create_events", v1(`"id_str":"102","edit_history":{"edit_tweet_ids":["100","101","102"]}`)), "100", 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := decode(X, tt.body)
			check(t, c)
			if err != nil || len(c.Comments) != 1 || c.Comments[0].ID != tt.id || c.Comments[0].Revision != tt.revision {
				t.Errorf("%s, want %s#%d", summary(c, err), tt.id, tt.revision)
			}
		})
	}
	// A reply names the version of the official post that it answers, so each version is there with the newest text.
	for name, body := range map[string]string{
		"v2":                   stream(v2(`"author_id":"`+saitamaX+`","id":"101","edit_history_tweet_ids":["100","101"],"in_reply_to_user_id":null,"referenced_tweets":null`), ""),
		"v1.1":                 account("tweet_create_events", v1(`"user":{"id_str":"`+saitamaX+`"},"id_str":"101","edit_history":{"initial_tweet_id":"100","edit_tweet_ids":["100","101"]}`)),
		"v1.1, only the first": account("tweet_create_events", v1(`"user":{"id_str":"`+saitamaX+`"},"id_str":"101","edit_history":{"initial_tweet_id":"100"}`)),
	} {
		c, err := decode(X, body)
		check(t, c)
		var got []string
		for _, p := range c.Posts {
			got = append(got, fmt.Sprintf("%s#%d", p.ID, p.Revision))
		}
		slices.Sort(got)
		if err != nil || !slices.Equal(got, []string{"100#2", "101#2"}) {
			t.Errorf("official post, %s: %s", name, summary(c, err))
		}
	}
}

// What a post is to the city.
func TestXStream(t *testing.T) {
	users := `"users":[{"id":"8","name":"ほか","username":"other"},{"id":"7","name":"みどり","username":"midori"}]`
	for _, tt := range []struct{ name, body, want string }{
		{"reply", stream(v2(``), users), `comment saitama 100#1 under 9 by 7 みどり @midori 2026-11-04T01:42:10Z "よい"`},
		{"reply without includes", `{"data":` + v2(``) + `}`, `comment saitama 100#1 under 9 by 7  @ 2026-11-04T01:42:10Z "よい"`},
		{"includes of another shape", `{"data":` + v2(``) + `,"includes":[1]}`, `comment saitama 100#1 under 9 by 7  @ 2026-11-04T01:42:10Z "よい"`},
		{"users of another shape", stream(v2(``), `"users":[1,{"data":{"id":"7"}},null]`), `comment saitama 100#1 under 9 by 7  @ 2026-11-04T01:42:10Z "よい"`},
		{"errors beside", `{"errors":[{"title":"Not Found"}],"data":` + v2(``) + `}`, `comment saitama 100#1 under 9 by 7  @ 2026-11-04T01:42:10Z "よい"`},
		{"created missing", stream(v2(`"created_at":null`), ""), `comment saitama 100#1 under 9 by 7  @ - "よい"`},
		{"created no time", stream(v2(`"created_at":"yesterday"`), ""), `comment saitama 100#1 under 9 by 7  @ - "よい"`},
		{"reply that quotes", stream(v2(`"referenced_tweets":[{"type":"quoted","id":"55"},{"type":"replied_to","id":"9"}]`), ""), `comment saitama 100#1 under 9 by 7  @ 2026-11-04T01:42:10Z "よい"`},
		{"renamed fields", stream(v2(`"referenced_tweets":null,"referenced_posts":[{"type":"replied_to","id":"9"}]`), ""), `comment saitama 100#1 under 9 by 7  @ 2026-11-04T01:42:10Z "よい"`},
		{"in_reply_to_tweet_id only", stream(v2(`"referenced_tweets":null,"in_reply_to_tweet_id":"9"`), ""), `comment saitama 100#1 under 9 by 7  @ 2026-11-04T01:42:10Z "よい"`},
		{"empty text", stream(v2(`"text":""`), ""), `comment saitama 100#1 under 9 by 7  @ 2026-11-04T01:42:10Z ""`},
		{"quote", stream(v2(`"in_reply_to_user_id":null,"referenced_tweets":[{"type":"quoted","id":"9"}]`), ""), `dropped quote 1`},
		{"repost", stream(v2(`"referenced_tweets":[{"type":"retweeted","id":"9"}]`), ""), `dropped share 1`},
		{"repost of a reply to us", stream(v2(`"referenced_tweets":[{"type":"replied_to","id":"9"},{"type":"retweeted","id":"8"}]`), ""), `dropped share 1`},
		{"repost of a quote", stream(v2(`"referenced_tweets":[{"type":"quoted","id":"9"},{"type":"retweeted","id":"8"}]`), ""), `dropped share 1`},
		{"repost by the account", stream(v2(`"author_id":"`+saitamaX+`","referenced_tweets":[{"type":"retweeted","id":"8"}]`), ""), `dropped share 1`},
		{"reply to another", stream(v2(`"in_reply_to_user_id":"8"`), ""), `dropped reply-to-other 1`},
		{"reply to another account of the city, not configured", stream(v2(`"in_reply_to_user_id":"`+wakoX+`"`), ""), `dropped reply-to-other 1`},
		{"reply to oneself", stream(v2(`"in_reply_to_user_id":"7"`), ""), `dropped reply-to-other 1`},
		{"mention", stream(v2(`"in_reply_to_user_id":null,"referenced_tweets":null`), ""), `dropped mention 1`},
		{"mention at the beginning", stream(v2(`"referenced_tweets":null`), ""), `dropped mention 1`},
		{"own post", stream(v2(`"author_id":"`+saitamaX+`","in_reply_to_user_id":null,"referenced_tweets":null,"text":"お知らせ &amp; お願い"`), ""), `post saitama 100#1 2026-11-04T01:42:10Z "お知らせ & お願い"`},
		{"own reply to oneself", stream(v2(`"author_id":"`+saitamaX+`"`), ""), `post saitama 100#1 2026-11-04T01:42:10Z "よい"`},
		{"own reply to a citizen", stream(v2(`"author_id":"`+saitamaX+`","in_reply_to_user_id":"7","text":"@midori はい"`), ""), `post saitama 100#1 2026-11-04T01:42:10Z "@midori はい"`},
		{"own quote", stream(v2(`"author_id":"`+saitamaX+`","in_reply_to_user_id":null,"referenced_tweets":[{"type":"quoted","id":"8"}]`), ""), `post saitama 100#1 2026-11-04T01:42:10Z "@SaitamaCvcCoop よい"`},
		{"only errors", `{"errors":[{"title":"ConnectionException"}]}`, `dropped notice 1`},
		{"no author_id", stream(v2(`"author_id":null`), ""), `error data.author_id: is missing`},
		{"no in_reply_to_user_id", stream(v2(`"in_reply_to_user_id":null`), ""), `error data.in_reply_to_user_id: is missing`},
		{"no id", stream(v2(`"id":null`), ""), `error data.id: is missing`},
		{"id a number", stream(v2(`"id":100`), ""), `error data.id: is a JSON number`},
		{"text an array", stream(v2(`"text":["a"]`), ""), `error data.text: is a JSON array`},
		{"data null", `{"data":null}`, `error data: is missing`},
		{"data an array", `{"data":[{}]}`, `error data: is a JSON array`},
		{"nothing known", `{"hello":"world"}`, `error data: is missing`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := decode(X, tt.body)
			check(t, c)
			got := strings.TrimSpace(summary(c, err))
			if got != tt.want && !strings.HasPrefix(tt.want, "error") || !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	// The mend of what was not asked for names the parameter.
	if _, err := decode(X, stream(v2(`"author_id":null`), "")); err == nil || !strings.Contains(err.Error(), "tweet.fields=author_id,in_reply_to_user_id,referenced_tweets") {
		t.Errorf("got %v", err)
	}
}

// The official post comes beside the reply, but only the account's own words are official.
func TestXParents(t *testing.T) {
	beside := func(key, post string) string { return `"` + key + `":[{"id":"1","text":"x"},` + post + `]` }
	own := `{"id":"9","author_id":"` + saitamaX + `","text":"講座&amp;相談 https://t.co/a","entities":{"urls":[{"url":"https://t.co/a","expanded_url":"https://a.example"}]}}`
	for _, tt := range []struct{ name, includes, id, text string }{
		{"own", beside("tweets", own), "9", "講座&相談 https://a.example"},
		{"own, renamed", beside("posts", own), "9", "講座&相談 https://a.example"},
		{"own, edited", beside("tweets", merge(own, `"edit_history_tweet_ids":["5","9"]`)), "9", "講座&相談 https://a.example"},
		{"own, long", beside("tweets", merge(own, `"note_tweet":{"text":"長いお知らせ"}`)), "9", "長いお知らせ"},
		{"by somebody else", beside("tweets", merge(own, `"author_id":"8"`)), "9", ""},
		{"by nobody", beside("tweets", merge(own, `"author_id":null`)), "9", ""},
		{"by another city's account", beside("tweets", merge(own, `"author_id":"`+wakoX+`"`)), "9", ""},
		{"another post", beside("tweets", merge(own, `"id":"10"`)), "9", ""},
		{"broken", beside("tweets", `{"id":9}`), "9", ""},
		{"not there", ``, "9", ""},
	} {
		c, err := decode(X, stream(v2(``), tt.includes))
		check(t, c)
		if err != nil || len(c.Comments) != 1 || c.Comments[0].Post.ID != tt.id || c.Comments[0].Post.Text != tt.text {
			t.Errorf("%s: %s, %+v", tt.name, summary(c, err), c.Comments)
		}
		if len(c.Posts) != 0 {
			t.Errorf("%s: the parent became a post of its own", tt.name)
		}
	}
	// v1.1 has the quoted post inside: no official text either.
	c, err := decode(X, account("tweet_create_events", v1(`"quoted_status_id_str":"55","quoted_status":{"id_str":"55","text":"x","user":{"id_str":"`+saitamaX+`"}}`)))
	if err != nil || len(c.Comments) != 1 || c.Comments[0].Post.Text != "" || c.Comments[0].Post.ID != "9" {
		t.Errorf("%s", summary(c, err))
	}
}

// Every kind of event of the X Activity API.
func TestXActivity(t *testing.T) {
	reply, own := v2(``), v2(`"author_id":"`+saitamaX+`","in_reply_to_user_id":null,"referenced_tweets":null,"text":"お知らせ"`)
	isComment := `comment saitama 100#1 under 9 by 7  @ 2026-11-04T01:42:10Z "よい"`
	for _, tt := range []struct{ kind, payload, want string }{
		{"post.create", own, `post saitama 100#1 2026-11-04T01:42:10Z "お知らせ"`},
		{"post.create", v2(`"author_id":"` + saitamaX + `","referenced_tweets":[{"type":"retweeted","id":"8"}]`), `dropped share 1`},
		{"post.reply.create", reply, isComment},
		{"post.mention.create", reply, isComment},
		{"post.mention.create", v2(`"in_reply_to_user_id":null,"referenced_tweets":null`), `dropped mention 1`},
		{"post.quote.create", v2(`"in_reply_to_user_id":null,"referenced_tweets":[{"type":"quoted","id":"9"}]`), `dropped quote 1`},
		{"post.repost.create", v2(`"in_reply_to_user_id":null,"referenced_tweets":null`), `dropped share 1`},
		{"post.repost.create", v2(`"referenced_tweets":[{"type":"retweeted","id":"9"}]`), `dropped share 1`},
		{"post.delete", `{"id":"100","author_id":"` + saitamaX + `"}`, fmt.Sprintf(`post saitama 100#%d deleted - ""`, event.MaxRevision)},
		{"post.delete", `{"id":"100"}`, fmt.Sprintf(`post saitama 100#%d deleted - ""`, event.MaxRevision)},
		{"post.delete", `{"id":"100","author_id":"7"}`, fmt.Sprintf(`comment saitama 100#%d deleted under  by   @ - ""`, event.MaxRevision)},
		{"post.delete", `{"author_id":"7"}`, `error data.payload.id: is missing`},
		{"post.create", `{"id":"1"}`, `error data.payload.author_id: is missing`},
		{"post.create", `[]`, `error data.payload: is a JSON array`},
		{"post.reply.create", v2(`"in_reply_to_user_id":null`), `error data.payload.in_reply_to_user_id: is missing`},
		{"post.shout", own, `kept activity/post.shout kind : is an event_type`},
		{"hologram.open", `{}`, `kept activity/hologram.open kind : is an event_type`},
		{"dm.received", `"secret"`, `dropped direct-message 1`},
		{"dm.sent", `[1]`, `dropped direct-message 1`},
		{"dm.read", `null`, `dropped direct-message 1`},
		{"dm.indicate_typing", `{}`, `dropped direct-message 1`},
		{"chat.received", `{"encoded_event":5}`, `dropped direct-message 1`},
		{"chat.sent", `{}`, `dropped direct-message 1`},
		{"chat.conversation_join", `{}`, `dropped direct-message 1`},
		{"like.create", `{}`, `dropped like 1`},
		{"follow.follow", `{}`, `dropped follow 1`},
		{"follow.unfollow", `{}`, `dropped follow 1`},
		{"mute.mute", `{}`, `dropped block 1`},
		{"mute.unmute", `{}`, `dropped block 1`},
		{"block.block", `{}`, `dropped block 1`},
		{"block.unblock", `{}`, `dropped block 1`},
		{"profile.update.bio", `{}`, `dropped profile 1`},
		{"profile.update.verified_badge", `{}`, `dropped profile 1`},
		{"news.new", `{}`, `dropped other 1`},
		{"spaces.start", `{}`, `dropped other 1`},
		{"spaces.end", `{}`, `dropped other 1`},
		{"broadcast.start", `{}`, `dropped other 1`},
		{"broadcast.chat", `{}`, `dropped other 1`},
		{"oauth.revoke", `{"user_id":"1"}`, "dropped notice 1\nrevoked"},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			c, err := decode(X, activity(tt.kind, tt.payload))
			check(t, c)
			got := strings.TrimSpace(summary(c, err))
			exact := !strings.HasPrefix(tt.want, "error") && !strings.HasPrefix(tt.want, "kept")
			if exact && got != tt.want || !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	// By whichever way it comes, a reply is the same one.
	a, _ := decode(X, stream(reply, ""))
	b, _ := decode(X, activity("post.reply.create", reply))
	if len(a.Comments) != 1 || !reflect.DeepEqual(a, b) {
		t.Errorf("%s\n%s", summary(a, nil), summary(b, nil))
	}
	c, err := decode(X, strings.Replace(activity("post.reply.create", reply), saitamaX, "12345", 1))
	if got := summary(c, err); !strings.HasPrefix(got, "kept  unknown-account") || len(ids(c)) > 0 {
		t.Errorf("another user's: %s", got)
	}
}

// Every key of the Account Activity API.
func TestXAccount(t *testing.T) {
	isComment := `comment saitama 100#1 under 9 by 7 みどり @midori 2026-11-04T01:42:10Z "よい"`
	deleted := func(user string) string {
		return `{"status":{"id":"100","user_id":"` + user + `"},"timestamp_ms":"1794972700000"}`
	}
	for _, tt := range []struct{ name, body, want string }{
		{"reply", account("tweet_create_events", v1(``)), isComment},
		{"two", account("tweet_create_events", v1(``)+","+v1(`"in_reply_to_user_id_str":"8"`)), isComment + "\ndropped reply-to-other 1"},
		{"one of them broken", account("tweet_create_events", `{"id_str":5},`+v1(``)+`,null,"x"`), isComment + "\nkept  field tweet_create_events.id_str: is a JSON number\nkept  field tweet_create_events.id_str: is missing\nkept  field tweet_create_events: is a JSON string"},
		{"no writer", account("tweet_create_events", v1(`"user":null`)), `kept  field tweet_create_events.user.id_str: is missing`},
		{"blocked, as the documentation has it", merge(account("tweet_create_events", v1(``)), `"user_has_blocked":"false"`), isComment},
		{"blocked, as it is", merge(account("tweet_create_events", v1(``)), `"user_has_blocked":false,"is_blocked_by":{}`), isComment},
		{"retweet of our post", account("tweet_create_events", v1(`"in_reply_to_user_id_str":null,"in_reply_to_status_id_str":null,"retweeted_status":{"id_str":"9"}`)), `dropped share 1`},
		{"retweet of a reply to us", account("tweet_create_events", v1(`"retweeted_status":{"id_str":"9"}`)), `dropped share 1`},
		{"retweet of a quote", account("tweet_create_events", v1(`"is_quote_status":true,"quoted_status_id_str":"3","retweeted_status":{"id_str":"9","in_reply_to_user_id_str":"`+saitamaX+`"}`)), `dropped share 1`},
		{"quote", account("tweet_create_events", v1(`"in_reply_to_user_id_str":null,"in_reply_to_status_id_str":null,"quoted_status_id_str":"9"`)), `dropped quote 1`},
		{"reply that quotes", account("tweet_create_events", v1(`"quoted_status_id_str":"9"`)), isComment},
		{"mention at the beginning", account("tweet_create_events", v1(`"in_reply_to_status_id_str":null`)), `dropped mention 1`},
		{"own", account("tweet_create_events", v1(`"user":{"id_str":"`+saitamaX+`"}`)), `post saitama 100#1 2026-11-04T01:42:10Z "よい"`},
		{"deletion by the account", account("tweet_delete_events", deleted(saitamaX)), fmt.Sprintf(`post saitama 100#%d deleted - ""`, event.MaxRevision)},
		{"deletion by another", account("tweet_delete_events", deleted("7")), fmt.Sprintf(`comment saitama 100#%d deleted under  by   @ - ""`, event.MaxRevision)},
		{"deletion without an id", account("tweet_delete_events", `{"status":{}},`+deleted("7")), fmt.Sprintf("comment saitama 100#%d deleted under  by   @ - \"\"\nkept  field tweet_delete_events.status.id: is missing", event.MaxRevision)},
		{"no array", `{"for_user_id":"` + saitamaX + `","tweet_create_events":{}}`, `kept  field tweet_create_events: is a JSON object`},
		{"likes", account("favorite_events", `{}`), `dropped like 1`},
		{"follows", account("follow_events", `{"type":"unfollow"}`), `dropped follow 1`},
		{"unfollows", account("unfollow_events", `{}`), `dropped follow 1`},
		{"blocks", account("block_events", `{}`), `dropped block 1`},
		{"unblocks", account("unblock_events", `{}`), `dropped block 1`},
		{"mutes", account("mute_events", `{}`), `dropped block 1`},
		{"unmutes", account("unmute_events", `{}`), `dropped block 1`},
		{"typing", account("direct_message_indicate_typing_events", `{}`), `dropped direct-message 1`},
		{"read", account("direct_message_mark_read_events", `{}`), `dropped direct-message 1`},
		{"replay", `{"replay_job_status":{"job_state":"Complete"}}`, `dropped notice 1`},
		{"revoked", `{"user_event":{"revoke":{"date_time":"2018-05-24T09:48:12+00:00","target":{"app_id":"1"},"source":{"user_id":"` + saitamaX + `"}}}}`, "dropped notice 1\nrevoked"},
		{"another user event", `{"user_event":{"renamed":{}}}`, `dropped notice 1`},
		{"unknown", account("hologram_events", `{}`), `kept account/hologram_events kind : is a kind of event`},
		{"another user", strings.Replace(account("tweet_create_events", v1(``)), saitamaX, "12345", 1), `kept  unknown-account : concerns the account "12345", which is not configured, or has another secret`},
		{"user a number", `{"for_user_id":5,"tweet_create_events":[]}`, `error for_user_id: is a JSON number`},
		{"two kinds", merge(account("favorite_events", `{}`), `"follow_events":[],"tweet_create_events":[`+v1(``)+`]`), isComment + "\ndropped follow 1\ndropped like 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := decode(X, tt.body)
			check(t, c)
			got := strings.TrimSpace(summary(c, err))
			if tt.name == "two kinds" {
				if len(c.Comments) != 1 || len(c.Dropped) != 2 {
					t.Errorf("got %s", got)
				}
				return
			}
			if got != tt.want && !strings.HasPrefix(tt.want, "error") && !strings.HasPrefix(tt.want, "kept acc") || !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Of direct messages nothing is read, whatever they are, and nothing is in what comes of the delivery.
func TestDirectMessagesAreNotRead(t *testing.T) {
	for _, value := range []string{`"ひみつ"`, `5`, `[["ひみつ"]]`, `{"text":{"a":["ひみつ"]}}`, `null`, `[{"message_create":{"sender_id":7,"message_data":{"text":"ひみつ"}}}]`} {
		for platform, body := range map[string]string{
			X:               `{"for_user_id":"` + saitamaX + `","direct_message_events":` + value + `,"users":` + value + `,"apps":` + value + `}`,
			X + " ":         activity("dm.received", value),
			X + "  ":        activity("chat.received", value),
			X + "   ":       `{"for_user_id":"12345","direct_message_events":` + value + `}`,
			Facebook:        `{"object":"page","entry":[{"id":"` + wakoPage + `","time":1793841300812,"messaging":` + value + `}]}`,
			Facebook + " ":  `{"object":"page","entry":[{"id":"` + wakoPage + `","time":1793841300812,"standby":` + value + `}]}`,
			Facebook + "  ": `{"object":"page","entry":[{"id":"` + wakoPage + `","time":1,"changes":[{"field":"messages","value":` + value + `}]}]}`,
		} {
			if strings.HasPrefix(platform, Facebook) && value == "null" && !strings.HasSuffix(platform, "  ") {
				continue // nothing is there
			}
			c, err := decode(strings.TrimSpace(platform), body)
			if err != nil || c.Dropped[KindDirectMessage] != 1 || len(c.Dropped) != 1 || len(c.Kept) > 0 || strings.Contains(fmt.Sprintf("%+v", c), "ひみつ") {
				t.Errorf("%s: %s", body, summary(c, err))
			}
		}
	}
	for _, platform := range []string{X, Facebook} { // of the recorded ones, too
		for name, body := range recorded(t, platform) {
			c, err := decode(platform, string(body))
			if direct := strings.Contains(name, "-dm") || strings.Contains(name, "direct-message") || strings.Contains(name, "messaging"); !direct {
				continue
			}
			if err != nil || c.Dropped[KindDirectMessage] != 1 || len(c.Comments)+len(c.Posts)+len(c.Kept) != 0 {
				t.Errorf("%s: %s", name, summary(c, err))
			}
		}
	}
}

// One app serves two accounts; what is signed with one's secret cannot speak of the other.
func TestXOwners(t *testing.T) {
	both := Owners{saitamaX: {"saitama", "SaitamaCvcCoop"}, wakoX: {"wako", "wako_kyodo"}}
	only := Owners{wakoX: {"wako", "wako_kyodo"}}
	toWako := v2(`"in_reply_to_user_id":"` + wakoX + `","text":"@Wako_Kyodo よい"`)
	for _, tt := range []struct {
		name, body string
		owners     Owners
		want       string
	}{
		{"both, to the one", stream(v2(``), ""), both, `comment saitama 100#1`},
		{"both, to the other", stream(toWako, ""), both, `comment wako 100#1 under 9 by 7  @ 2026-11-04T01:42:10Z "よい"`},
		{"only the other", stream(v2(``), ""), only, `dropped reply-to-other 1`},
		{"one official account answers the other", stream(v2(`"author_id":"`+wakoX+`"`), ""), both, `post wako 100#1`},
		{"signed by the other: its posts", stream(v2(`"author_id":"`+saitamaX+`"`), ""), only, `dropped reply-to-other 1`},
		{"signed by the other: its account's activity", account("tweet_create_events", v1(``)), only, `kept  unknown-account`},
		{"signed by the other: a deletion", activity("post.delete", `{"id":"9","author_id":"`+saitamaX+`"}`), only, `kept  unknown-account`},
		{"nobody", stream(v2(``), ""), nil, `dropped reply-to-other 1`},
	} {
		c, err := Decode(X, []byte(tt.body), "wako", tt.owners)
		if got := summary(c, err); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
