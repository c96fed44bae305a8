package delivery

import (
	"embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
)

// Schemas holds schema/blog.json, the JSON Schema (draft 2020-12) of what a blog sends.
//
//go:embed schema/blog.json
var Schemas embed.FS

// There is no standard for the comments of blogs, so the body is this project's: an envelope as Standard Webhooks
// recommends it (type, timestamp, data), described in schema/blog.json.
func decodeBlog(body []byte, account string) (Contents, error) {
	var c Contents
	var top struct {
		Type      *string         `json:"type"`
		Timestamp *string         `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
	}
	if err := unmarshal(body, &top, ""); err != nil {
		return c, err
	}
	switch {
	case top.Type == nil || *top.Type == "":
		return c, missing("type", "add what happened: comment.created, post.published …")
	case top.Timestamp == nil || *top.Timestamp == "":
		return c, missing("timestamp", "add when it happened, such as 2026-11-03T09:30:00.250+09:00")
	case isNull(top.Data):
		return c, missing("data", "add the comment and the post")
	}
	at, err := time.Parse(time.RFC3339, *top.Timestamp)
	at = at.UTC()
	if err != nil || at.UnixMilli() < 1 || at.Year() > 9999 {
		return c, &event.Error{Reason: event.ReasonField, Field: "timestamp", What: "is no time", Mend: "use RFC 3339, such as 2026-11-03T09:30:00.250+09:00"}
	}
	c.At = at
	switch *top.Type {
	case "comment.created", "comment.edited", "comment.hidden", "comment.shown", "comment.deleted":
		e, err := blogComment(top.Data, *top.Type, at)
		if err != nil {
			return c, err
		}
		e.Account = account
		c.comment(e, body)
	case "post.published", "post.edited", "post.deleted":
		e, err := blogPost(top.Data, *top.Type, at)
		if err != nil {
			return c, err
		}
		e.Account = account
		c.post(e, body)
	default:
		c.unknown("type/"+*top.Type, body, "is a type of event that is not known")
		return c, nil
	}
	if len(c.Kept) > 0 { // the only thing in it cannot be read
		return Contents{}, c.Kept[0].Err
	}
	return c, nil
}

// blogPostData is a post as the blog tells of it.
type blogPostData struct {
	ID    *string `json:"id"`
	Title string  `json:"title"`
	Text  *string `json:"text"`
}

// text is what a post says: its title, then its body.
func (p blogPostData) text() string {
	switch {
	case p.Text == nil || *p.Text == "":
		return p.Title
	case p.Title == "":
		return *p.Text
	}
	return p.Title + "\n" + *p.Text
}

func (p blogPostData) check() error {
	switch {
	case p.ID == nil || *p.ID == "":
		return missing("data.post.id", "add the post's id")
	case len(p.Title) > event.MaxName:
		return &event.Error{Reason: event.ReasonSize, Field: "data.post.title", What: fmt.Sprintf("has %d bytes", len(p.Title)), Mend: fmt.Sprintf("send at most %d", event.MaxName)}
	}
	return nil
}

func blogComment(raw json.RawMessage, kind string, at time.Time) (event.Comment, error) {
	var data struct {
		Comment *struct {
			ID     *string `json:"id"`
			Text   *string `json:"text"`
			Author struct {
				ID   string `json:"id"`
				Name string `json:"name"`
			} `json:"author"`
			Created string `json:"created"`
		} `json:"comment"`
		Post blogPostData `json:"post"`
	}
	var e event.Comment
	if err := unmarshal(raw, &data, "data"); err != nil {
		return e, err
	}
	switch {
	case data.Comment == nil:
		return e, missing("data.comment", "add the comment")
	case data.Comment.ID == nil || *data.Comment.ID == "":
		return e, missing("data.comment.id", "add the comment's id")
	}
	if err := data.Post.check(); err != nil {
		return e, err
	}
	e.ID, e.Platform, e.Created = *data.Comment.ID, Blog, at
	e.Post = classifier.Post{ID: *data.Post.ID}
	if data.Post.Text != nil { // a title alone says less than what was told of the post before
		e.Post.Text = data.Post.text()
	}
	e.Author = classifier.Author{ID: data.Comment.Author.ID, Name: data.Comment.Author.Name}
	if data.Comment.Created != "" {
		created, err := time.Parse(time.RFC3339, data.Comment.Created)
		if err != nil {
			return e, &event.Error{Reason: event.ReasonField, Field: "data.comment.created", What: "is no time", Mend: "use RFC 3339, such as 2026-11-03T09:30:00+09:00"}
		}
		if kind == "comment.created" {
			e.Created = created.UTC()
		}
	}
	switch kind {
	case "comment.created":
		e.Revision = 1
	case "comment.hidden":
		e.Revision, e.Hidden = int(at.UnixMilli()), true
	case "comment.deleted":
		e.Revision, e.Deleted = event.MaxRevision, true
	default:
		e.Revision = int(at.UnixMilli())
	}
	if e.Gone() {
		e.Post.Text = ""
		return e, nil
	}
	if data.Comment.Text == nil {
		return e, missing("data.comment.text", "add the comment's text")
	}
	e.Text = *data.Comment.Text
	return e, nil
}

func blogPost(raw json.RawMessage, kind string, at time.Time) (event.Post, error) {
	var data struct {
		Post *blogPostData `json:"post"`
	}
	var e event.Post
	if err := unmarshal(raw, &data, "data"); err != nil {
		return e, err
	}
	if data.Post == nil {
		return e, missing("data.post", "add the post")
	}
	if err := data.Post.check(); err != nil {
		return e, err
	}
	e = event.Post{ID: *data.Post.ID, Platform: Blog, Text: data.Post.text(), Revision: int(at.UnixMilli()), Created: at}
	if kind == "post.deleted" {
		e.Deleted, e.Text = true, "" // not for ever: it may be published again
		return e, nil
	}
	if data.Post.Text == nil {
		return e, missing("data.post.text", "add the post's text; it may be empty")
	}
	return e, nil
}
