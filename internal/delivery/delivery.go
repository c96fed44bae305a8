// Package delivery speaks the platforms' side of a webhook: how X, Facebook or a blog signs a body, and which comments and
// official posts that body tells of. It does no I/O: package webhook is the HTTP side.
//
// A delivery says of each comment what became of it: written, edited, hidden, shown again, deleted. Platforms deliver
// again, late and in any order, so each such state gets a revision that follows from the delivery alone:
//
//   - X numbers the versions of a post, oldest first, in edit_history_tweet_ids. The first is the comment's id, its place
//     in that list the revision. A deletion is final.
//   - Facebook gives no number. What is new has revision 1, everything later the time of the notification (entry.time, in
//     seconds) in milliseconds, and one more for each further state of one comment in one entry. Removal is final.
//   - Of a blog, what is new has revision 1, everything later the timestamp in milliseconds. Deletion is final.
//
// What is no comment and no official post is dropped and counted by kind: direct messages, likes, follows and the like are
// not even decoded. A kind that is not known is kept for a dead letter, so that nothing is lost to a change of the platform.
package delivery

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kotomori/kotomori/internal/event"
)

// The platforms, as events and policies call them.
const (
	X        = "x"
	Facebook = "facebook"
	Blog     = "blog"
)

// Platforms are all of them.
var Platforms = []string{X, Facebook, Blog}

// Contents is what a delivery says.
type Contents struct {
	Comments []event.Comment
	Posts    []event.Post
	Dropped  map[string]int // what was read no further, by kind: Kinds
	Kept     []Kept

	left int // parts that could not be read beyond maxKept

	// At is when it happened, where the platform tells it once for the delivery (a blog); the revisions follow from it.
	At time.Time

	// Revoked says that the platform will deliver nothing more for the account, because somebody took the permission away.
	Revoked bool
}

// Kept is a part that could not be read: it goes to the dead letters.
type Kept struct {
	Kind   string   // of event, where that is what is not known; it is kept once
	Body   []byte   // JSON; nil where it may hold direct messages
	Digest [16]byte // of the body as it came
	Size   int      // of the body as it came, in bytes
	Err    *event.Error
}

// Keep makes a dead letter's content of what could not be read. Direct messages are nobody's business here: what may hold
// one is kept without its body, whatever the reason.
func Keep(kind string, body []byte, err error) Kept {
	var e *event.Error
	if !errors.As(err, &e) {
		e = &event.Error{Reason: event.ReasonInternal, What: "cannot be read", Mend: "report it"}
	}
	sum := sha256.Sum256(body)
	k := Kept{Kind: kind, Body: body, Digest: [16]byte(sum[:16]), Size: len(body), Err: e}
	if private(body) {
		reduced := *e
		reduced.What += " (the body may hold direct messages and is not kept)"
		k.Body, k.Err = nil, &reduced
	}
	return k
}

// private says whether a body may hold direct messages.
func private(body []byte) bool {
	lower := bytes.ToLower(body)
	for _, part := range []string{"messag", "dm", "chat", "standby", "conversations"} { // much faster than to look for all of them everywhere
		if bytes.Contains(lower, []byte(part)) {
			return personal.Match(body)
		}
	}
	return false
}

// personal finds the names under which platforms send direct messages, in a body that need not be JSON: X's
// direct_message_events, dm_events and the event types dm.…, chat.… and the like, Facebook's messaging, standby,
// conversations and the fields messages, message_reads …. Not conversation_id and message_tags, which posts have.
var personal = regexp.MustCompile(`(?i)"(?:[a-z_]*direct_?message[a-z_.]*|messaging[a-z_]*|standby|conversations|messages|` +
	`message_(?:deliveries|reads|echoes|reactions|edits|context)|(?:dm|chat)s?_events|[a-z_]*(?:dm|chat|message)\.[a-z_.]+)"`)

// Owner is whose an account on a platform is.
type Owner struct {
	Account string // the policy's id
	Handle  string // on X, without @; empty where it is not known
}

// Owners are the official accounts by the ids that the platform gives them: X user ids, Facebook page ids.
type Owners map[string]Owner

// The kinds of what is dropped. Metrics use them as labels, so there are no others.
const (
	KindDirectMessage = "direct-message"
	KindLike          = "like" // of a post or comment, and other reactions
	KindFollow        = "follow"
	KindBlock         = "block" // blocks and mutes
	KindShare         = "share" // reposts, and posts shared by others
	KindQuote         = "quote"
	KindMention       = "mention"
	KindReplyToOther  = "reply-to-other"
	KindOwnComment    = "own-comment"  // by the account itself
	KindVisitorPost   = "visitor-post" // on the page, by somebody else
	KindUnpublished   = "unpublished"  // an official post that nobody sees yet, or that says nothing new
	KindProfile       = "profile"      // changes of a profile, a page's settings
	KindNotice        = "notice"       // of the platform: tests, replays, revocation
	KindOther         = "other"        // known, and of no concern: spaces, broadcasts, ratings
)

func (c *Contents) drop(kind string) {
	if c.Dropped == nil {
		c.Dropped = make(map[string]int)
	}
	c.Dropped[kind]++
}

func (c *Contents) keep(body []byte, err error) {
	c.add("", body, err)
}

// maxKept is how many parts of a delivery are kept one by one. Where there are more, it is kept whole instead.
const maxKept = 100

func (c *Contents) add(kind string, body []byte, err error) {
	if kind != "" && slices.ContainsFunc(c.Kept, func(k Kept) bool { return k.Kind == kind }) {
		return // once is enough
	}
	if len(c.Kept) >= maxKept {
		c.left++
		return
	}
	c.Kept = append(c.Kept, Keep(kind, body, err))
}

// unknown keeps something of a kind that this program does not know.
func (c *Contents) unknown(kind string, body []byte, what string) {
	c.add(cleanKind(kind), body, &event.Error{
		Reason: event.ReasonKind, What: what, Mend: "nothing is to be done unless comments are missing; report it, the platform may have changed",
	})
}

// stranger keeps something that concerns an account which is not configured: each of it, because the platform will not
// send it again, and by a mistyped id it is what should have been read.
func (c *Contents) stranger(id string, body []byte, setting string) {
	c.add("", body, &event.Error{
		Reason: event.ReasonUnknownAccount, What: "concerns the account " + strconv.Quote(cleanKind(id)) + ", which is not configured, or has another secret",
		Mend: "add it to " + setting + " and send the letter's value again, or end the subscription",
	})
}

// cleanKind keeps a kind short and plain: it becomes part of a key.
func cleanKind(kind string) string {
	kind = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-', r == '/':
			return r
		}
		return '_'
	}, kind)
	return kind[:min(len(kind), 128)]
}

// comment takes a comment that is as the stream wants it; another is kept.
func (c *Contents) comment(e event.Comment, body []byte) {
	r, err := e.Record("", time.Time{})
	if err == nil {
		_, err = event.DecodeComment(r.Value)
	}
	if err != nil {
		c.keep(body, err)
		return
	}
	c.Comments = append(c.Comments, e)
}

// post takes an official post likewise.
func (c *Contents) post(e event.Post, body []byte) {
	r, err := e.Record("", time.Time{})
	if err == nil {
		_, err = event.DecodePost(r.Value)
	}
	if err != nil {
		c.keep(body, err)
		return
	}
	c.Posts = append(c.Posts, e)
}

// Decode reads the body of a delivery whose signature was right. owners are the accounts it may be about; account is that
// of the address it came to, which a blog's comments belong to. The error, an *event.Error, says that nothing of it can be
// read; a part that cannot be read is among what is kept.
func Decode(platform string, body []byte, account string, owners Owners) (Contents, error) {
	if err := plausible(body); err != nil {
		return Contents{}, err
	}
	var c Contents
	var err error
	switch platform {
	case X:
		c, err = decodeX(body, owners)
	case Facebook:
		c, err = decodeFacebook(body, owners)
	case Blog:
		c, err = decodeBlog(body, account)
	default:
		err = fmt.Errorf("no such platform: %s", platform)
	}
	if c.left > 0 {
		first := c.Kept[0].Err
		c.Kept = []Kept{Keep("", body, &event.Error{
			Reason: first.Reason, Field: first.Field, What: fmt.Sprintf("%s, and so or otherwise broken are %d parts more", first.What, maxKept+c.left-1), Mend: first.Mend,
		})}
	}
	return c, err
}

// maxDepth is how deep JSON may be nested: what platforms send goes to 12 or so.
const maxDepth = 64

// plausible says whether a body is one JSON object, not nested too deep.
func plausible(body []byte) error {
	switch trimmed := bytes.TrimLeft(body, " \t\r\n"); {
	case !utf8.Valid(body):
		return &event.Error{Reason: event.ReasonEncoding, What: "is not UTF-8", Mend: "send UTF-8"}
	case len(trimmed) == 0:
		return &event.Error{Reason: event.ReasonJSON, What: "is empty", Mend: "send one JSON object"}
	case trimmed[0] != '{':
		return &event.Error{Reason: event.ReasonJSON, What: "is no JSON object", Mend: "send one JSON object: {…}"}
	}
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch b := body[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			if depth++; depth > maxDepth {
				return &event.Error{Reason: event.ReasonJSON, What: fmt.Sprintf("is nested deeper than %d levels", maxDepth), Mend: "send what the documentation describes"}
			}
		case b == '}' || b == ']':
			depth--
		}
	}
	var raw json.RawMessage
	return unmarshal(body, &raw, "")
}

// unmarshal reads JSON; at is where it stands in the body.
func unmarshal(b []byte, v any, at string) error {
	err := json.Unmarshal(b, v)
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return &event.Error{Reason: event.ReasonJSON, Field: at, What: fmt.Sprintf("is not JSON: broken at byte %d", syntax.Offset), Mend: "send one whole JSON object"}
	case errors.As(err, &typ):
		kind, _, _ := strings.Cut(typ.Value, " ")
		return &event.Error{Reason: event.ReasonField, Field: path(at, typ.Field), What: "is a JSON " + kind, Mend: "send what the documentation describes"}
	}
	return &event.Error{Reason: event.ReasonField, Field: at, What: "cannot be read", Mend: "send what the documentation describes"}
}

func path(at, field string) string {
	switch {
	case at == "":
		return field
	case field == "":
		return at
	}
	return at + "." + field
}

func missing(field, mend string) *event.Error {
	return &event.Error{Reason: event.ReasonField, Field: field, What: "is missing", Mend: mend}
}

// sortedKeys makes reading an object the same every time.
func sortedKeys(m map[string]json.RawMessage) []string { return slices.Sorted(maps.Keys(m)) }

// isNull says that a value is absent or null.
func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
