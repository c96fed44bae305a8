package delivery

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kotomori/kotomori/internal/event"
)

const entryTime = 1793841300 // 2026-11-05T01:15:00Z

// facebook is a delivery of one entry of the page with changes in its feed.
func facebook(values ...string) string {
	return facebookAt(fmt.Sprint(entryTime), values...)
}

func facebookAt(at string, values ...string) string {
	var changes []string
	for _, v := range values {
		changes = append(changes, `{"field":"feed","value":`+v+`}`)
	}
	return `{"object":"page","entry":[{"id":"` + wakoPage + `","time":` + at + `,"changes":[` + strings.Join(changes, ",") + `]}]}`
}

func fbComment(verb, fields string) string {
	return merge(`{"item":"comment","verb":"`+verb+`","comment_id":"1_2","post_id":"`+wakoPage+`_1","parent_id":"`+wakoPage+`_1",
		"from":{"id":"77","name":"みどり"},"message":"よい","created_time":1793841299}`, fields)
}

func fbPost(item, verb, fields string) string {
	return merge(`{"item":"`+item+`","verb":"`+verb+`","post_id":"`+wakoPage+`_1","from":{"id":"`+wakoPage+`","name":"和光市"},"message":"お知らせ","created_time":1793841299,"published":1}`, fields)
}

func TestFacebook(t *testing.T) {
	const (
		ms       = entryTime * 1000
		byPage   = `"from":{"id":"` + wakoPage + `","name":"和光市"}`
		under    = ` under ` + wakoPage + `_1 by `
		comment  = `comment wako 1_2#`
		post     = `post wako ` + wakoPage + `_1#`
		received = ` 2026-11-05T01:15:00Z `
		created  = ` 2026-11-05T01:14:59Z `
	)
	final := fmt.Sprint(event.MaxRevision)
	added := comment + "1" + under + "77 みどり @" + created + `"よい"`
	rev := func(n int) string { return fmt.Sprint(ms + n) }
	for _, tt := range []struct{ name, body, want string }{
		{"add", facebook(fbComment("add", "")), added},
		{"edited", facebook(fbComment("edited", `"message":"よくない"`)), comment + rev(0) + under + "77 みどり @" + received + `"よくない"`},
		{"edit", facebook(fbComment("edit", "")), comment + rev(0) + under + "77 みどり @" + received + `"よい"`},
		{"update", facebook(fbComment("update", "")), comment + rev(0) + under + "77 みどり @" + received + `"よい"`},
		{"hide", facebook(fbComment("hide", byPage)), comment + rev(0) + " hidden" + under + "  @" + received + `""`},
		{"hide, from its writer", facebook(fbComment("hide", "")), comment + rev(0) + " hidden" + under + "  @" + received + `""`},
		{"unhide by the page", facebook(fbComment("unhide", byPage)), comment + rev(0) + under + "  @" + received + `"よい"`},
		{"unhide without a message", facebook(fbComment("unhide", `"message":null`)), `kept  field entry[0].changes[0].value.message: is missing`},
		{"remove by the page", facebook(fbComment("remove", byPage+`,"message":null`)), comment + final + " deleted" + under + "  @" + received + `""`},
		{"delete", facebook(fbComment("delete", "")), comment + final + " deleted" + under + "  @" + received + `""`},
		{"remove without a time", facebookAt("null", fbComment("remove", "")), comment + final + " deleted" + under + `  @ - ""`},
		{"own comment", facebook(fbComment("add", byPage)), `dropped own-comment 1`},
		{"own comment edited", facebook(fbComment("edited", byPage)), `dropped own-comment 1`},
		{"no from", facebook(fbComment("add", `"from":null`)), comment + "1" + under + " " + " @" + created + `"よい"`},
		{"from empty", facebook(fbComment("add", `"from":{}`)), comment + "1" + under + " " + " @" + created + `"よい"`},
		{"from without a name", facebook(fbComment("add", `"from":{"id":"77"}`)), comment + "1" + under + "77  @" + created + `"よい"`},
		{"sender_id", facebook(fbComment("add", `"from":null,"sender_id":77,"sender_name":"みどり"`)), added},
		{"sender_id of the page", facebook(fbComment("add", `"from":null,"sender_id":`+wakoPage)), `dropped own-comment 1`},
		{"ids as numbers", facebook(fbComment("add", `"from":{"id":77,"name":"みどり"},"post_id":`+wakoPage+`,"comment_id":122141721440024251`)), strings.ReplaceAll(strings.ReplaceAll(added, "1_2#", "122141721440024251#"), "_1 by", " by")},
		{"nested", facebook(fbComment("add", `"parent_id":"1_9"`)), added},
		{"no message", facebook(fbComment("add", `"message":null,"photo":"https://a.example/1.jpg"`)), comment + "1" + under + "77 みどり @" + created + `""`},
		{"hidden from the start", facebook(fbComment("add", `"is_hidden":true`)), comment + "1 hidden" + under + "77 みどり @" + created + `"よい"`},
		{"no created_time", facebook(fbComment("add", `"created_time":null`)), comment + "1" + under + `77 みどり @ - "よい"`},
		{"no time in the entry, new", facebookAt("null", fbComment("add", "")), added},
		{"no time in the entry, edited", facebookAt("null", fbComment("edited", "")), `kept  field entry.time: is missing`},
		{"time 0", facebookAt("0", fbComment("hide", "")), `kept  field entry.time: is missing`},
		{"time in ms", facebookAt(fmt.Sprint(entryTime*1000+250), fbComment("edited", "")), comment + rev(250) + under + `77 みどり @ 2026-11-05T01:15:00.25Z "よい"`},
		{"time a string", facebookAt(`"1793841300"`, fbComment("edited", "")), comment + rev(0) + under + "77 みどり @" + received + `"よい"`},
		{
			"two states in one entry", facebook(fbComment("add", ""), fbComment("edited", `"message":"a"`), fbComment("hide", byPage), fbComment("edited", `"comment_id":"1_3","message":"b"`)),
			added + "\n" + comment + rev(0) + under + "77 みどり @" + received + "\"a\"\n" + comment + rev(1) + " hidden" + under + "  @" + received + "\"\"\n" + `comment wako 1_3#` + rev(0) + under + "77 みどり @" + received + `"b"`,
		},
		{
			"one change is broken", facebook(`{"item":"comment","verb":"add","comment_id":{},"post_id":"1"}`, fbComment("add", ""), `"x"`, fbComment("add", `"comment_id":null`), fbComment("add", `"post_id":null`), `{"item":"like"}`),
			added + "\ndropped like 1\nkept  field entry[0].changes[0].value.comment_id: is a JSON value\nkept  field entry[0].changes[2].value: is a JSON string\nkept  field entry[0].changes[3].value.comment_id: is missing\nkept  field entry[0].changes[4].value.post_id: is missing",
		},
		{
			"one entry is broken", `{"object":"page","entry":["x",{"id":[1]},` + strings.TrimPrefix(facebook(fbComment("add", "")), `{"object":"page","entry":[`),
			added + "\nkept  field entry[0]: is a JSON string\nkept  field entry[1].id: is a JSON value",
		},
		{"id with a control character", facebook(fbComment("add", `"comment_id":"1\u0000"`), fbComment("add", "")), added + "\nkept  field id: holds a control character"},
		{"message too long", facebook(fbComment("add", `"message":"`+strings.Repeat("a", event.MaxText+1)+`"`)), `kept  size text: has`},
		{"no value", facebook("null"), `kept  field entry[0].changes[0].value: is missing`},
		{"verb not known", facebook(fbComment("explode", "")), `kept comment/explode kind : is a verb`},
		{"item not known", facebook(`{"item":"hologram","verb":"add"}`), `kept item/hologram kind : is a kind of item`},
		{"lenient: created_time ISO", facebook(fbComment("add", `"created_time":"2026-11-04T23:14:59+0000","published":true`)), comment + "1" + under + "77 みどり @"},
		{"changed_fields", `{"object":"page","entry":[{"id":"` + wakoPage + `","time":1793841300,"changed_fields":["feed"]}]}`, `kept  field entry[0].changes: is missing`},

		{"status", facebook(fbPost("status", "add", "")), post + "1" + created + `"お知らせ"`},
		{"post", facebook(fbPost("post", "add", "")), post + "1" + created + `"お知らせ"`},
		{"photo", facebook(fbPost("photo", "add", `"message":null`)), post + "1" + created + `""`},
		{"video", facebook(fbPost("video", "add", "")), post + "1" + created + `"お知らせ"`},
		{"share", facebook(fbPost("share", "add", "")), post + "1" + created + `"お知らせ"`},
		{"published missing", facebook(fbPost("status", "add", `"published":null`)), post + "1" + created + `"お知らせ"`},
		{"scheduled", facebook(fbPost("status", "add", `"published":0`)), `dropped unpublished 1`},
		{"video being encoded", facebook(fbPost("video", "edited", `"published":0,"message":null`)), `dropped unpublished 1`},
		{"post edited", facebook(fbPost("status", "edited", "")), post + rev(0) + created + `"お知らせ"`},
		{"post edit", facebook(fbPost("post", "edit", "")), post + rev(0) + created + `"お知らせ"`},
		{"post in the bin", facebook(fbPost("status", "edited", `"message":null`)), `dropped unpublished 1`},
		{"post edited, no time", facebookAt("null", fbPost("status", "edited", "")), `kept  field entry.time: is missing`},
		{"post removed", facebook(fbPost("post", "remove", `"message":null`)), post + final + " deleted" + created + `""`},
		{"unpublished post removed", facebook(fbPost("post", "remove", `"published":0`)), post + final + " deleted" + created + `""`},
		{"post hidden", facebook(fbPost("status", "hide", "")), `dropped unpublished 1`},
		{"post's verb not known", facebook(fbPost("status", "explode", "")), `kept status/explode kind : is a verb`},
		{"visitor's", facebook(fbPost("post", "add", `"from":{"id":"77"}`)), `dropped visitor-post 1`},
		{"visitor's, no from", facebook(fbPost("post", "add", `"from":null`)), `dropped visitor-post 1`},
		{"shared by another", facebook(fbPost("share", "add", `"from":{"id":"77"}`)), `dropped share 1`},
		{"like", facebook(`{"item":"like","verb":"add","user_id":5}`), `dropped like 1`},
		{"reaction", facebook(`{"item":"reaction","verb":"add","reaction_type":"angry"}`), `dropped like 1`},

		{"not configured", strings.Replace(facebook(fbComment("add", "")), `"id":"`+wakoPage, `"id":"999900000000009`, 1), `kept  unknown-account : concerns`},
		{"one page of two not configured", `{"object":"page","entry":[{"id":"9","changes":[{}]},` + strings.TrimPrefix(facebook(fbComment("add", "")), `{"object":"page","entry":[`), added + "\nkept  unknown-account : concerns"},
		{"the portal's test", `{"object":"page","entry":[{"id":"0","time":1,"changes":[{"field":"feed","value":{"item":"status"}}]}]}`, `dropped notice 1`},
		{"mention", `{"object":"page","entry":[{"id":"` + wakoPage + `","changes":[{"field":"mention","value":{}}]}]}`, `dropped mention 1`},
		{"parking", `{"object":"page","entry":[{"id":"` + wakoPage + `","changes":[{"field":"parking"}]}]}`, `dropped profile 1`},
		{"ratings", `{"object":"page","entry":[{"id":"` + wakoPage + `","changes":[{"field":"ratings","value":5}]}]}`, `dropped other 1`},
		{"field not known", `{"object":"page","entry":[{"id":"` + wakoPage + `","changes":[{"field":"hologram","value":5}]}]}`, `kept field/hologram kind : is a change`},
		{"instagram", `{"object":"instagram","entry":[]}`, `kept object/instagram kind : is about an object`},
		{"no object", `{"entry":[]}`, `error object: is missing`},
		{"no entry", `{"object":"page"}`, `error entry: is missing`},
		{"entry an object", `{"object":"page","entry":{}}`, `error entry: is a JSON object`},
		{"no entries", `{"object":"page","entry":[]}`, ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := decode(Facebook, tt.body)
			check(t, c)
			got := strings.TrimSpace(summary(c, err))
			prefix := strings.HasPrefix(tt.want, "error") || strings.Contains(tt.want, "kept") || strings.HasSuffix(tt.want, "@")
			if !prefix && got != tt.want || !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %.600s\nwant %.600s", got, tt.want)
			}
		})
	}
}

// Nothing that the page does to a comment is taken for the page's own comment, nor the page for its writer.
func TestFacebookActorIsNoAuthor(t *testing.T) {
	for _, verb := range []string{"hide", "unhide", "remove"} {
		c, err := decode(Facebook, facebook(fbComment(verb, `"from":{"id":"`+wakoPage+`","name":"和光市"}`)))
		if err != nil || len(c.Comments) != 1 || c.Comments[0].Author.ID != "" || c.Comments[0].Author.Name != "" {
			t.Errorf("%s: %s", verb, summary(c, err))
		}
	}
	// Not even where it is a person: somebody who works for the page.
	for _, verb := range []string{"hide", "unhide", "remove"} {
		c, err := decode(Facebook, facebook(fbComment(verb, `"from":{"id":"5","name":"編集者"}`)))
		if err != nil || len(c.Comments) != 1 || c.Comments[0].Author.ID != "" || c.Comments[0].Author.Name != "" {
			t.Errorf("%s: %s", verb, summary(c, err))
		}
	}
}

// Several states of one comment with one time stay apart, in one entry and in several.
func TestFacebookSameTime(t *testing.T) {
	one := facebook(fbComment("edited", `"message":"一"`), fbComment("edited", `"message":"二"`))
	entry := strings.TrimSuffix(strings.TrimPrefix(one, `{"object":"page","entry":[`), `]}`)
	c, err := decode(Facebook, `{"object":"page","entry":[`+entry+`,`+strings.ReplaceAll(strings.ReplaceAll(entry, "一", "三"), "二", "四")+`]}`)
	if err != nil || len(c.Comments) != 4 {
		t.Fatal(summary(c, err))
	}
	for i, e := range c.Comments {
		if e.Revision != c.Comments[0].Revision+i || e.Text != []string{"一", "二", "三", "四"}[i] {
			t.Errorf("%d: revision %d, %s", i, e.Revision, e.Text)
		}
	}
}
