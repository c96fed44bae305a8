package delivery

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
)

// What a page's webhook sends (developers.facebook.com/docs/graph-api/webhooks/reference/page, and what recorded
// deliveries show where the reference is silent): entries of a page, each with changes. An entry with messaging instead
// carries direct messages.
//
// Of hiding, showing and removing a comment, from and created_time are of whoever did that, and of when.

// facebookID is an id: a string, in older deliveries a number.
type facebookID string

func (id *facebookID) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err == nil {
		*id = facebookID(s)
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return &json.UnmarshalTypeError{Value: "value", Type: reflect.TypeFor[string]()}
	}
	*id = facebookID(n)
	return nil
}

// change is the value of a change in the field feed.
type change struct {
	Item    string     `json:"item"`
	Verb    string     `json:"verb"`
	Comment facebookID `json:"comment_id"`
	Post    facebookID `json:"post_id"`
	From    struct {
		ID   facebookID `json:"id"`
		Name string     `json:"name"`
	} `json:"from"`
	SenderID   facebookID      `json:"sender_id"` // instead of from, in older deliveries
	SenderName string          `json:"sender_name"`
	Message    *string         `json:"message"`
	Created    json.RawMessage `json:"created_time"` // seconds; of no other use than to be shown
	Hidden     bool            `json:"is_hidden"`
	Published  json.RawMessage `json:"published"` // 1 or 0
}

func decodeFacebook(body []byte, owners Owners) (Contents, error) {
	var top struct {
		Object string            `json:"object"`
		Entry  []json.RawMessage `json:"entry"`
	}
	var c Contents
	if err := unmarshal(body, &top, ""); err != nil {
		return c, err
	}
	switch {
	case top.Object == "":
		return c, missing("object", "send what a page's webhook sends")
	case top.Object != "page":
		c.unknown("object/"+top.Object, body, "is about an object other than a page")
		return c, nil
	case top.Entry == nil:
		return c, missing("entry", "send what a page's webhook sends")
	}
	states := make(map[moment]int)
	for i, raw := range top.Entry {
		at := fmt.Sprintf("entry[%d]", i)
		if err := decodeEntry(&c, raw, at, owners, states); err != nil {
			c.keep(raw, err)
		}
	}
	return c, nil
}

func decodeEntry(c *Contents, raw json.RawMessage, at string, owners Owners, states map[moment]int) error {
	var entry struct {
		ID        facebookID        `json:"id"`
		Time      json.Number       `json:"time"`
		Changes   []json.RawMessage `json:"changes"`
		Messaging json.RawMessage   `json:"messaging"`
		Standby   json.RawMessage   `json:"standby"`
		Changed   json.RawMessage   `json:"changed_fields"`
	}
	if err := unmarshal(raw, &entry, at); err != nil {
		return err
	}
	if !isNull(entry.Messaging) || !isNull(entry.Standby) {
		c.drop(KindDirectMessage)
	}
	if len(entry.Changes) == 0 {
		if !isNull(entry.Changed) {
			return missing(at+".changes", "switch on 'include values' where the webhook is set up")
		}
		return nil
	}
	owner, ours := owners[string(entry.ID)]
	switch {
	case entry.ID == "0": // the developer portal's test
		c.drop(KindNotice)
		return nil
	case !ours:
		c.stranger(string(entry.ID), raw, "facebook-pages")
		return nil
	}
	p := page{id: entry.ID, account: owner.Account, at: instant(entry.Time), states: states}
	for i, raw := range entry.Changes {
		at := fmt.Sprintf("%s.changes[%d]", at, i)
		var ch struct {
			Field string          `json:"field"`
			Value json.RawMessage `json:"value"`
		}
		err := unmarshal(raw, &ch, at)
		if err == nil && ch.Field == "feed" {
			err = p.feed(c, ch.Value, at+".value")
		} else if err == nil {
			p.other(c, ch.Field, raw)
		}
		if err != nil {
			c.keep(raw, err)
		}
	}
	return nil
}

// instant reads a time in seconds or, as some products have it, in milliseconds since 1970; zero where there is none.
func instant(n json.Number) time.Time {
	v, err := n.Int64()
	switch {
	case err != nil || v <= 0 || v > 253_402_300_799_000: // the end of the year 9999, after which JSON has no times
		return time.Time{}
	case v < 1e11:
		return time.Unix(v, 0).UTC()
	}
	return time.UnixMilli(v).UTC()
}

// page reads the changes of one entry.
type page struct {
	id      facebookID
	account string
	at      time.Time // of the notification
	states  map[moment]int
}

// moment is a time at which something happened to a comment or post.
type moment struct {
	of facebookID
	at int64
}

// revision numbers a later state of a comment or post. A delivery may tell of several with one time, in one entry or in
// several.
func (p *page) revision(id facebookID) int {
	m := moment{id, p.at.UnixMilli()}
	p.states[m]++
	return int(m.at) + p.states[m] - 1
}

// other is a change in another field than feed.
func (p *page) other(c *Contents, field string, raw json.RawMessage) {
	switch {
	case strings.HasPrefix(field, "messag"), strings.HasPrefix(field, "standby"), field == "inbox_labels":
		c.drop(KindDirectMessage)
	case field == "mention":
		c.drop(KindMention)
	case field == "ratings", field == "live_videos", field == "videos", field == "group_feed":
		c.drop(KindOther)
	case field == "name", field == "picture", field == "description", field == "about", field == "hours", field == "phone",
		field == "website", field == "location", field == "category", field == "email", field == "parking", field == "general_info":
		c.drop(KindProfile)
	default:
		c.unknown("field/"+field, raw, "is a change in a field of the page that is not known")
	}
}

func (p *page) feed(c *Contents, raw json.RawMessage, at string) error {
	if isNull(raw) {
		return missing(at, "switch on 'include values' where the webhook is set up")
	}
	var v change
	if err := unmarshal(raw, &v, at); err != nil {
		return err
	}
	if v.From.ID == "" {
		v.From.ID, v.From.Name = v.SenderID, v.SenderName
	}
	switch v.Item {
	case "comment":
		return p.comment(c, v, raw, at)
	case "status", "post", "photo", "video", "share", "link", "note", "album", "event", "milestone", "story":
		return p.post(c, v, raw)
	case "like", "reaction":
		c.drop(KindLike)
	case "mention", "tag":
		c.drop(KindMention)
	case "rating", "question", "coupon", "page", "connection", "relationship-status", "platform-story", "interest":
		c.drop(KindOther)
	default:
		c.unknown("item/"+v.Item, raw, "is a kind of item in the feed that is not known")
	}
	return nil
}

func (p *page) comment(c *Contents, v change, raw json.RawMessage, at string) error {
	switch {
	case v.Comment == "":
		return missing(at+".comment_id", "send what a page's webhook sends")
	case v.Post == "":
		return missing(at+".post_id", "send what a page's webhook sends")
	}
	var e event.Comment
	e.ID, e.Account, e.Platform = string(v.Comment), p.account, Facebook
	e.Post.ID = string(v.Post)
	own := v.From.ID == p.id
	if !own {
		e.Author.ID, e.Author.Name = string(v.From.ID), v.From.Name
	}
	if v.Message != nil {
		e.Text = *v.Message
	}
	timed := func() error {
		if p.at.IsZero() {
			return missing("entry.time", "send what a page's webhook sends: the states of a comment are put in order by it")
		}
		e.Revision, e.Created = p.revision(v.Comment), p.at
		return nil
	}
	switch v.Verb {
	case "add":
		if own {
			c.drop(KindOwnComment)
			return nil
		}
		e.Revision, e.Created, e.Hidden = 1, instant(json.Number(v.Created)), v.Hidden
	case "edited", "edit", "update":
		if own {
			c.drop(KindOwnComment)
			return nil
		}
		if err := timed(); err != nil {
			return err
		}
		e.Hidden = v.Hidden
	case "hide":
		if err := timed(); err != nil {
			return err
		}
		e.Hidden, e.Text = true, ""
		e.Author = classifier.Author{} // from is whoever hid it
	case "unhide":
		if v.Message == nil {
			return missing(at+".message", "give the app the permission pages_read_user_content; without the text the comment that is shown again cannot be judged")
		}
		if err := timed(); err != nil {
			return err
		}
		e.Author = classifier.Author{} // from is whoever showed it again
	case "remove", "delete":
		e.Deleted, e.Revision, e.Text, e.Created = true, event.MaxRevision, "", p.at
		e.Author = classifier.Author{}
	default:
		c.unknown("comment/"+v.Verb, raw, "is a verb for comments that is not known")
		return nil
	}
	c.comment(e, raw)
	return nil
}

func (p *page) post(c *Contents, v change, raw json.RawMessage) error {
	removed := v.Verb == "remove" || v.Verb == "delete"
	switch {
	case v.From.ID != p.id && v.Item == "share":
		c.drop(KindShare)
		return nil
	case v.From.ID != p.id:
		c.drop(KindVisitorPost)
		return nil
	case v.Post == "":
		// A video that is still being encoded, a cover picture: nothing that anybody could comment on.
		c.drop(KindUnpublished)
		return nil
	case !removed && (string(v.Published) == "0" || string(v.Published) == "false"):
		c.drop(KindUnpublished)
		return nil
	}
	e := event.Post{ID: string(v.Post), Account: p.account, Platform: Facebook, Created: instant(json.Number(v.Created))}
	switch v.Verb {
	case "add":
		e.Revision = 1
	case "edited", "edit", "update":
		if v.Message == nil { // moved to the bin, or a change of something other than the text
			c.drop(KindUnpublished)
			return nil
		}
		if p.at.IsZero() {
			return missing("entry.time", "send what a page's webhook sends: the states of a post are put in order by it")
		}
		e.Revision = p.revision(v.Post)
	case "remove", "delete":
		e.Revision, e.Deleted = event.MaxRevision, true
	case "hide", "unhide", "block", "unblock", "mute":
		c.drop(KindUnpublished)
		return nil
	default:
		c.unknown(v.Item+"/"+v.Verb, raw, "is a verb for posts that is not known")
		return nil
	}
	if v.Message != nil && !e.Deleted {
		e.Text = *v.Message
	}
	c.post(e, raw)
	return nil
}
