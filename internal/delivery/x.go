package delivery

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
)

// The shapes of X's three products, told apart by what stands at the top (docs.x.com, November 2026):
//
//	for_user_id, user_event       Account Activity API    /x-api/account-activity/introduction
//	data.event_type               X Activity API          /x-api/activity/event-payloads
//	data (and matching_rules)     Filtered Stream webhook /x-api/webhooks/stream/quickstart
//
// One address may get all three, and the same reply by each of them.
func decodeX(body []byte, owners Owners) (Contents, error) {
	var top map[string]json.RawMessage
	if err := unmarshal(body, &top, ""); err != nil {
		return Contents{}, err
	}
	var c Contents
	switch {
	case top["for_user_id"] != nil || top["user_event"] != nil || top["replay_job_status"] != nil:
		err := decodeAccountActivity(&c, body, top, owners)
		return c, err
	case top["data"] == nil && top["errors"] != nil:
		c.drop(KindNotice)
		return c, nil
	case isNull(top["data"]):
		return c, missing("data", "send what one of X's webhooks sends")
	}
	var data struct {
		EventType string `json:"event_type"`
	}
	if err := unmarshal(top["data"], &data, "data"); err != nil {
		return c, err
	}
	if data.EventType != "" {
		err := decodeActivity(&c, body, top["data"], data.EventType, owners)
		return c, err
	}
	p, err := readPost(top["data"], top["includes"], "data", owners)
	if err != nil {
		return c, err
	}
	p.take(&c, owners, body)
	return c, nil
}

// decodeActivity reads an event of the X Activity API.
func decodeActivity(c *Contents, body []byte, raw json.RawMessage, kind string, owners Owners) error {
	var data struct {
		Filter struct {
			UserID string `json:"user_id"`
		} `json:"filter"`
		Payload  json.RawMessage `json:"payload"`
		Includes json.RawMessage `json:"includes"`
	}
	if err := unmarshal(raw, &data, "data"); err != nil {
		return err
	}
	family, _, _ := strings.Cut(kind, ".")
	switch family {
	case "post":
	case "dm", "chat":
		c.drop(KindDirectMessage)
		return nil
	case "like":
		c.drop(KindLike)
		return nil
	case "follow":
		c.drop(KindFollow)
		return nil
	case "block", "mute":
		c.drop(KindBlock)
		return nil
	case "profile":
		c.drop(KindProfile)
		return nil
	case "news", "spaces", "broadcast":
		c.drop(KindOther)
		return nil
	case "oauth":
		c.drop(KindNotice)
		c.Revoked = kind == "oauth.revoke"
		return nil
	}
	owner, ours := owners[data.Filter.UserID]
	if !ours {
		c.stranger(data.Filter.UserID, body, "x-accounts")
		return nil
	}
	switch kind {
	case "post.create", "post.reply.create", "post.mention.create", "post.quote.create", "post.repost.create":
		p, err := readPost(data.Payload, data.Includes, "data.payload", owners)
		if err != nil {
			return err
		}
		p.repost = p.repost || kind == "post.repost.create"
		p.take(c, owners, body)
	case "post.delete":
		var payload struct {
			ID     string `json:"id"`
			Author string `json:"author_id"`
		}
		if err := unmarshal(data.Payload, &payload, "data.payload"); err != nil {
			return err
		}
		if payload.ID == "" {
			return missing("data.payload.id", "send what the documentation describes")
		}
		c.deletion(payload.ID, cmp.Or(payload.Author, data.Filter.UserID), owner, owners, body)
	default:
		c.unknown("activity/"+kind, body, "is an event_type of the X Activity API that is not known")
	}
	return nil
}

// deletion of a post: an official one where the account itself wrote it. X tells no more than its id, so a comment's
// deletion does not say under which post it stood.
func (c *Contents) deletion(id, author string, subscriber Owner, owners Owners, body []byte) {
	if owner, own := owners[author]; own {
		c.post(event.Post{ID: id, Account: owner.Account, Platform: X, Revision: event.MaxRevision, Deleted: true}, body)
		return
	}
	var e event.Comment
	e.ID, e.Account, e.Platform = id, subscriber.Account, X
	e.Revision, e.Deleted = event.MaxRevision, true
	c.comment(e, body)
}

// decodeAccountActivity reads a delivery of the Account Activity API.
func decodeAccountActivity(c *Contents, body []byte, top map[string]json.RawMessage, owners Owners) error {
	var user string
	if raw := top["for_user_id"]; raw != nil {
		if err := unmarshal(raw, &user, "for_user_id"); err != nil {
			return err
		}
	}
	owner, ours := owners[user]
	secret := !ours && private(body)
	for _, key := range sortedKeys(top) {
		raw := top[key]
		switch {
		case key == "for_user_id", key == "users", key == "apps", key == "user_has_blocked", key == "is_blocked_by":
		case strings.HasPrefix(key, "direct_message"):
			c.drop(KindDirectMessage)
		case key == "favorite_events":
			c.drop(KindLike)
		case key == "follow_events", key == "unfollow_events":
			c.drop(KindFollow)
		case key == "block_events", key == "unblock_events", key == "mute_events", key == "unmute_events":
			c.drop(KindBlock)
		case key == "replay_job_status":
			c.drop(KindNotice)
		case key == "user_event":
			c.drop(KindNotice)
			var e map[string]json.RawMessage
			c.Revoked = c.Revoked || json.Unmarshal(raw, &e) == nil && e["revoke"] != nil
		case !ours:
			if !secret {
				c.stranger(user, body, "x-accounts")
				return nil
			}
			c.stranger(user, raw, "x-accounts") // what stands beside it may hold direct messages
		case key == "tweet_create_events":
			for _, t := range c.elements(raw, key) {
				p, err := readTweet(t, key)
				if err != nil {
					c.keep(t, err)
					continue
				}
				p.take(c, owners, t)
			}
		case key == "tweet_delete_events":
			for _, t := range c.elements(raw, key) {
				var d struct {
					Status struct {
						ID   string `json:"id"`
						User string `json:"user_id"`
					} `json:"status"`
				}
				err := unmarshal(t, &d, key)
				if err == nil && d.Status.ID == "" {
					err = missing(key+".status.id", "send what the documentation describes")
				}
				if err != nil {
					c.keep(t, err)
					continue
				}
				c.deletion(d.Status.ID, d.Status.User, owner, owners, t)
			}
		default:
			c.unknown("account/"+key, raw, "is a kind of event of the Account Activity API that is not known")
		}
	}
	return nil
}

// elements are those of an array; what is none is kept.
func (c *Contents) elements(raw json.RawMessage, at string) []json.RawMessage {
	var all []json.RawMessage
	if err := unmarshal(raw, &all, at); err != nil {
		c.keep(raw, err)
	}
	return all
}

// post is a post of X, whatever version of the API it came by.
type post struct {
	id           string   // of the first version
	revision     int      // 1 for the first version
	versions     []string // ids up to this version, the first in front
	text         string
	author       string
	name, handle string // empty where they were not sent
	created      time.Time
	replyTo      string // id of a post
	replyToUser  string
	repost       bool
	quoted       string // id of a post
	links        []link
	parent       string // text of the official post that it replies to; empty where it was not sent
}

// link is one that X shortened.
type link struct {
	short    string // as X writes it
	expanded string // as the author wrote it
	leads    string // where that leads in the end
	attached bool   // a picture, or the quoted post: not written by the author
}

// take makes of a post what it is to the city: a comment, an official post, or nothing.
func (p post) take(c *Contents, owners Owners, body []byte) {
	owner, own := owners[p.author]
	replied, toUs := owners[p.replyToUser]
	switch {
	case p.repost:
		c.drop(KindShare)
	case own:
		// A reply names the version that it was written under, and does not say of which post that is one.
		text, _ := p.plain(owner.Handle)
		for _, id := range p.versions {
			c.post(event.Post{
				ID: id, Account: owner.Account, Platform: X, Text: text, Revision: p.revision, Created: p.created,
			}, body)
		}
	case toUs && p.replyTo != "":
		var e event.Comment
		e.ID, e.Account, e.Platform, e.Revision, e.Created = p.id, replied.Account, X, p.revision, p.created
		e.Post = classifier.Post{ID: p.replyTo, Text: p.parent}
		e.Author = classifier.Author{ID: p.author, Name: p.name, Handle: p.handle}
		e.Text, e.URLs = p.plain(replied.Handle)
		c.comment(e, body)
	case p.replyTo != "":
		c.drop(KindReplyToOther)
	case p.quoted != "":
		c.drop(KindQuote)
	default:
		c.drop(KindMention)
	}
}

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// plain is the text as people see it: without what X puts into it (entities of HTML, shortened links, links to what is
// attached, the mention of the account that a reply begins with), and which links it had shortened.
func (p post) plain(handle string) (string, []event.URL) {
	text := unescape.Replace(p.text)
	var urls []event.URL
	room := event.MaxText // as much as the text may have, so that the record stays below Kafka's usual limit
	for _, l := range p.links {
		if l.short == "" {
			continue
		}
		seen := l.expanded
		switch {
		case l.attached:
			seen = ""
		case seen == "" || len(seen) > event.MaxURL || len(text)+strings.Count(text, l.short)*len(seen) > event.MaxText:
			seen = l.short
		}
		text = replaceLink(text, l.short, seen)
		leads := cmp.Or(l.leads, l.expanded)
		if !l.attached && leads != "" && len(leads) <= min(event.MaxURL, room) && len(urls) < event.MaxURLs {
			urls = append(urls, event.URL{URL: l.short, Expanded: leads})
			room -= len(leads)
		}
	}
	if p.replyTo != "" && handle != "" {
		for {
			rest, ok := cutMention(text, handle)
			if !ok {
				break
			}
			text = rest
		}
	}
	return strings.TrimSpace(text), urls
}

// replaceLink replaces a link where it stands whole.
func replaceLink(text, short, with string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, short)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := i + len(short)
		whole := end == len(text) || !isWord(text[end])
		b.WriteString(text[:i])
		if whole {
			b.WriteString(with)
		} else {
			b.WriteString(short)
		}
		text = text[end:]
	}
}

func isWord(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b == '_'
}

// cutMention cuts the mention of an account from the beginning.
func cutMention(text, handle string) (string, bool) {
	text = strings.TrimLeftFunc(text, unicode.IsSpace)
	rest, ok := strings.CutPrefix(text, "@")
	if !ok || len(rest) < len(handle) || !strings.EqualFold(rest[:len(handle)], handle) || len(rest) > len(handle) && isWord(rest[len(handle)]) {
		return text, false
	}
	return strings.TrimLeftFunc(rest[len(handle):], unicode.IsSpace), true
}

// number says which version of a post this one is. The history holds the ids of the versions, oldest first; it may end
// before this one.
func (p *post) number(id string, history []string) {
	if i := slices.Index(history, id); i >= 0 {
		history = history[:i]
	}
	for _, v := range append(slices.Clip(history[:min(len(history), maxVersions)]), id) {
		if v != "" {
			p.versions = append(p.versions, v)
		}
	}
	p.id, p.revision = p.versions[0], len(p.versions)
}

// maxVersions bounds what one post costs. X allows five edits.
const maxVersions = 32

// parsed is a time, zero where it cannot be read: it is only shown.
func parsed(layout, text string) time.Time {
	t, err := time.Parse(layout, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// statusID is the id in a link to a post: https://x.com/HANDLE/status/ID or …/i/web/status/ID, and what follows.
var statusID = regexp.MustCompile(`^https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/(?:i/web|[A-Za-z0-9_]+)/status/([0-9]+)(?:[/?#].*)?$`)

// The newest specification of X (2.167) calls fields post where the documentation and the deliveries say tweet; both are read.
type v2Post struct {
	ID          string   `json:"id"`
	Text        string   `json:"text"`
	Author      string   `json:"author_id"`
	Created     string   `json:"created_at"`
	ReplyToUser string   `json:"in_reply_to_user_id"`
	ReplyTo     string   `json:"in_reply_to_tweet_id"`
	Referenced  []v2Ref  `json:"referenced_tweets"`
	Referenced2 []v2Ref  `json:"referenced_posts"`
	Entities    v2Entity `json:"entities"`
	Note        *v2Note  `json:"note_tweet"`
	Note2       *v2Note  `json:"note_post"`
	History     []string `json:"edit_history_tweet_ids"`
	History2    []string `json:"edit_history_post_ids"`
}

type v2Ref struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type v2Note struct {
	Text     string   `json:"text"`
	Entities v2Entity `json:"entities"`
}

type v2Entity struct {
	URLs []struct {
		URL      string `json:"url"`
		Expanded string `json:"expanded_url"`
		Unwound  string `json:"unwound_url"`
		Media    string `json:"media_key"`
	} `json:"urls"`
}

// readPost reads a post of the API v2 with what was sent beside it.
func readPost(raw, includes json.RawMessage, at string, owners Owners) (post, error) {
	var v v2Post
	if err := unmarshal(raw, &v, at); err != nil {
		return post{}, err
	}
	const ask = "ask for tweet.fields=author_id,in_reply_to_user_id,referenced_tweets where the stream is linked to the webhook"
	switch {
	case v.ID == "":
		return post{}, missing(path(at, "id"), "send what the documentation describes")
	case v.Author == "":
		return post{}, missing(path(at, "author_id"), ask)
	}
	p := v.post()
	if _, own := owners[p.author]; !own && !p.repost && p.replyTo != "" && p.replyToUser == "" {
		return post{}, missing(path(at, "in_reply_to_user_id"), ask)
	}
	var beside struct {
		Users  []json.RawMessage `json:"users"`
		Tweets []json.RawMessage `json:"tweets"`
		Posts  []json.RawMessage `json:"posts"`
	}
	_ = json.Unmarshal(includes, &beside) // what helps, but is not needed
	for _, raw := range beside.Users {
		var u struct {
			ID     string `json:"id"`
			Name   string `json:"name"`
			Handle string `json:"username"`
		}
		if json.Unmarshal(raw, &u) == nil && u.ID == p.author {
			p.name, p.handle = u.Name, u.Handle
		}
	}
	for _, raw := range append(beside.Tweets, beside.Posts...) {
		var v v2Post
		if json.Unmarshal(raw, &v) != nil || v.ID == "" || v.ID != p.replyTo {
			continue
		}
		// Of a parent by somebody else the text must not count as an official post's.
		if owner, own := owners[v.Author]; own {
			p.parent, _ = v.post().plain(owner.Handle)
		}
	}
	return p, nil
}

func (v v2Post) post() post {
	p := post{text: v.Text, author: v.Author, replyToUser: v.ReplyToUser, replyTo: v.ReplyTo}
	p.number(v.ID, append(v.History, v.History2...))
	p.created = parsed(time.RFC3339, v.Created)
	for _, r := range append(v.Referenced, v.Referenced2...) {
		switch r.Type {
		case "replied_to":
			p.replyTo = r.ID
		case "quoted":
			p.quoted = r.ID
		case "retweeted":
			p.repost = true
		}
	}
	entities := v.Entities
	note := cmp.Or(v.Note, v.Note2)
	if note != nil && note.Text != "" {
		p.text, entities = note.Text, note.Entities
	}
	for _, u := range entities.URLs {
		l := link{short: u.URL, expanded: u.Expanded, leads: u.Unwound}
		m := statusID.FindStringSubmatch(u.Expanded)
		l.attached = u.Media != "" || m != nil && (m[1] == p.quoted || m[1] == v.ID)
		p.links = append(p.links, l)
	}
	return p
}

// tweet is a post of the API v1.1. Numbers are beyond what JSON readers keep exactly, so the _str fields count.
type tweet struct {
	ID          string    `json:"id_str"`
	Text        string    `json:"text"`
	FullText    string    `json:"full_text"`
	Created     string    `json:"created_at"` // Mon May 19 14:01:46 +0000 2025
	ReplyTo     string    `json:"in_reply_to_status_id_str"`
	ReplyToUser string    `json:"in_reply_to_user_id_str"`
	Quoted      string    `json:"quoted_status_id_str"`
	QuotedLink  tweetLink `json:"quoted_status_permalink"`
	User        struct {
		ID     string `json:"id_str"`
		Name   string `json:"name"`
		Handle string `json:"screen_name"`
	} `json:"user"`
	Retweeted json.RawMessage `json:"retweeted_status"`
	Entities  tweetEntities   `json:"entities"`
	More      tweetEntities   `json:"extended_entities"`
	Extended  *struct {
		FullText string        `json:"full_text"`
		Entities tweetEntities `json:"entities"`
		More     tweetEntities `json:"extended_entities"`
	} `json:"extended_tweet"`
	History struct {
		First string   `json:"initial_tweet_id"`
		IDs   []string `json:"edit_tweet_ids"`
	} `json:"edit_history"`
}

type tweetEntities struct {
	URLs  []tweetLink `json:"urls"`
	Media []tweetLink `json:"media"`
}

type tweetLink struct {
	URL      string `json:"url"`
	Expanded string `json:"expanded_url"`
}

// readTweet reads a post of the API v1.1.
func readTweet(raw json.RawMessage, at string) (post, error) {
	var t tweet
	if err := unmarshal(raw, &t, at); err != nil {
		return post{}, err
	}
	switch {
	case t.ID == "":
		return post{}, missing(path(at, "id_str"), "send what the documentation describes")
	case t.User.ID == "":
		return post{}, missing(path(at, "user.id_str"), "send what the documentation describes")
	}
	p := post{
		text: cmp.Or(t.FullText, t.Text), author: t.User.ID, name: t.User.Name, handle: t.User.Handle,
		replyTo: t.ReplyTo, replyToUser: t.ReplyToUser, quoted: t.Quoted, repost: !isNull(t.Retweeted),
	}
	history := t.History.IDs
	if first := t.History.First; first != "" && (len(history) == 0 || history[0] != first) {
		history = append([]string{first}, history...)
	}
	p.number(t.ID, history)
	p.created = parsed(time.RubyDate, t.Created)
	entities, more := t.Entities, t.More
	if t.Extended != nil && t.Extended.FullText != "" {
		p.text, entities, more = t.Extended.FullText, t.Extended.Entities, t.Extended.More
	}
	for _, u := range entities.URLs {
		m := statusID.FindStringSubmatch(u.Expanded)
		p.links = append(p.links, link{short: u.URL, expanded: u.Expanded, attached: m != nil && (m[1] == p.quoted || m[1] == t.ID)})
	}
	for _, u := range slices.Concat(entities.Media, more.Media, []tweetLink{t.QuotedLink}) {
		p.links = append(p.links, link{short: u.URL, attached: true})
	}
	return p, nil
}
