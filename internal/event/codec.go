package event

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kotomori/kotomori/classifier"
)

// Bounds of an event's fields, in bytes unless said otherwise. MaxRevision is the highest number a revision may have.
const (
	MaxID       = 256
	MaxSlug     = 64 // of account and platform
	MaxName     = 4 << 10
	MaxURL      = 8 << 10
	MaxURLs     = 256 // number of links
	MaxText     = classifier.MaxText
	MaxRevision = 1<<53 - 1 // what JSON numbers hold exactly
)

// ParseComment reads one line of input for feed: a comment as classify takes it, in which everything but id and text is
// optional. Account, platform, revision and schema get their defaults (saitama, x, 1, the present version). The error
// is an *Error.
func ParseComment(line []byte) (Comment, error) { return decodeComment(line, true) }

// ParsePost reads one line of input: an official post; account, platform and schema get their defaults. The error is an
// *Error.
func ParsePost(line []byte) (Post, error) { return decodePost(line, true) }

// DecodeComment reads a value of TopicComments. The error is an *Error.
func DecodeComment(value []byte) (Comment, error) { return decodeComment(value, false) }

// DecodePost reads a value of TopicPosts. The error is an *Error.
func DecodePost(value []byte) (Post, error) { return decodePost(value, false) }

// Pointers tell a missing field from an empty one. Times are strings, so that a wrong one can be named.
type wireComment struct {
	Schema   *string `json:"schema"`
	ID       *string `json:"id"`
	Account  *string `json:"account"`
	Platform *string `json:"platform"`
	Post     struct {
		ID   string `json:"id"`
		Text string `json:"text"`
	} `json:"post"`
	Author struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Handle string `json:"handle"`
	} `json:"author"`
	Text     *string `json:"text"`
	Revision *int    `json:"revision"`
	Deleted  bool    `json:"deleted"`
	Hidden   bool    `json:"hidden"`
	URLs     []URL   `json:"urls"`
	Created  string  `json:"created"`
	Received string  `json:"received"`
}

func decodeComment(b []byte, line bool) (Comment, error) {
	var w wireComment
	if err := unmarshal(b, &w, &w.Schema, line); err != nil {
		return Comment{}, err
	}
	f := fields{line: line}
	c := Comment{Schema: Version, Deleted: w.Deleted, Hidden: w.Hidden, URLs: w.URLs}
	c.ID = f.id("id", w.ID)
	c.Account = f.slug("account", w.Account, "saitama")
	c.Platform = f.slug("platform", w.Platform, "x")
	c.Post.ID = f.optionalID("post.id", w.Post.ID)
	c.Post.Text = f.text("post.text", w.Post.Text)
	c.Author.ID = f.optionalID("author.id", w.Author.ID)
	c.Author.Name = f.short("author.name", w.Author.Name, MaxName)
	c.Author.Handle = f.short("author.handle", w.Author.Handle, MaxName)
	switch {
	case w.Text != nil:
		c.Text = f.text("text", *w.Text)
	case !c.Gone():
		f.fail(ReasonField, "text", "is missing", "add the comment's text, or \"deleted\":true or \"hidden\":true where it is gone")
	}
	switch {
	case w.Revision == nil && w.Deleted:
		c.Revision = MaxRevision
	case w.Revision == nil && line && !w.Hidden:
		c.Revision = 1
	case w.Revision == nil:
		f.fail(ReasonField, "revision", "is missing", "add 1 for a new comment, a higher number for each edit")
	default:
		c.Revision = f.revision(*w.Revision)
	}
	if len(w.URLs) > MaxURLs {
		f.fail(ReasonSize, "urls", fmt.Sprintf("has %d links", len(w.URLs)), fmt.Sprintf("send at most %d", MaxURLs))
	}
	for _, u := range w.URLs {
		f.short("urls.url", u.URL, MaxURL)
		f.short("urls.expanded", u.Expanded, MaxURL)
	}
	c.Created = f.time("created", w.Created)
	c.Received = f.time("received", w.Received)
	if f.err != nil {
		return Comment{}, f.err
	}
	return c, nil
}

func decodePost(b []byte, line bool) (Post, error) {
	var w struct {
		Schema   *string `json:"schema"`
		ID       *string `json:"id"`
		Account  *string `json:"account"`
		Platform *string `json:"platform"`
		Text     *string `json:"text"`
		Revision *int    `json:"revision"`
		Deleted  bool    `json:"deleted"`
		Created  string  `json:"created"`
	}
	if err := unmarshal(b, &w, &w.Schema, line); err != nil {
		return Post{}, err
	}
	f := fields{line: line}
	p := Post{
		Schema:   Version,
		ID:       f.id("id", w.ID),
		Account:  f.slug("account", w.Account, "saitama"),
		Platform: f.slug("platform", w.Platform, "x"),
		Created:  f.time("created", w.Created),
	}
	p.Deleted = w.Deleted
	switch {
	case w.Deleted: // its text is not wanted any more
	case w.Text == nil:
		f.fail(ReasonField, "text", "is missing", "add the post's text, or \"deleted\":true where it is gone")
	default:
		p.Text = f.text("text", *w.Text)
	}
	if w.Revision != nil {
		p.Revision = f.revision(*w.Revision)
	}
	if f.err != nil {
		return Post{}, f.err
	}
	return p, nil
}

// DecodeRecommendation reads a value of TopicRecommendations. The error is an *Error.
func DecodeRecommendation(value []byte) (Recommendation, error) {
	var r Recommendation
	if err := decode(value, &r, func() *string { return &r.Schema }); err != nil {
		return Recommendation{}, err
	}
	var f fields
	f.id("id", &r.ID)
	f.id("comment_id", &r.CommentID)
	f.slug("account", &r.Account, "")
	f.slug("platform", &r.Platform, "")
	f.revision(r.Revision)
	if r.Status != Open && r.Status != Withdrawn {
		f.fail(ReasonField, "status", "is neither open nor withdrawn", "use one of them")
	}
	if f.err != nil {
		return Recommendation{}, f.err
	}
	return r, nil
}

// DecodeDecision reads a value of TopicDecisions. The error is an *Error.
func DecodeDecision(value []byte) (Decision, error) {
	var d Decision
	if err := decode(value, &d, func() *string { return &d.Schema }); err != nil {
		return Decision{}, err
	}
	var f fields
	f.id("recommendation_id", &d.RecommendationID)
	f.id("by", &d.By)
	f.short("note", d.Note, MaxText)
	if d.Decided.IsZero() {
		f.fail(ReasonField, "decided", "is missing", "add the time of the decision (RFC 3339)")
	}
	if f.err != nil {
		return Decision{}, f.err
	}
	return d, nil
}

// DecodeDeadLetter reads a value of TopicDeadLetter. The error is an *Error.
func DecodeDeadLetter(value []byte) (DeadLetter, error) {
	var d DeadLetter
	if err := decode(value, &d, func() *string { return &d.Schema }); err != nil {
		return DeadLetter{}, err
	}
	var f fields
	f.id("topic", &d.Topic)
	if d.Partition < 0 {
		f.fail(ReasonField, "partition", "is negative", "use the partition's number")
	}
	if d.Offset < 0 {
		f.fail(ReasonField, "offset", "is negative", "use the record's offset")
	}
	if d.Reason == "" {
		f.fail(ReasonField, "reason", "is missing", "add it")
	}
	if f.err != nil {
		return DeadLetter{}, f.err
	}
	return d, nil
}

// decode is unmarshal for the types that are read back as they are written.
func decode(b []byte, v any, schema func() *string) error {
	var s *string
	var probe struct {
		Schema *string `json:"schema"`
	}
	if err := unmarshal(b, &probe, &probe.Schema, false); err != nil {
		return err
	}
	if err := unmarshal(b, v, &s, true); err != nil {
		return err
	}
	*schema() = *probe.Schema
	return nil
}

// unmarshal reads one JSON object into v and then checks the schema version, before any complaint about a field that
// another version may have changed. A line needs no version.
func unmarshal(b []byte, v any, schema **string, line bool) error {
	if !utf8.Valid(b) {
		return &Error{ReasonEncoding, "", fmt.Sprintf("is not UTF-8 at byte %d", invalidAt(b)), "send UTF-8 text"}
	}
	trimmed := bytes.TrimLeft(b, " \t\r\n")
	switch {
	case len(trimmed) == 0:
		return &Error{ReasonJSON, "", "is empty", "send one JSON object"}
	case trimmed[0] != '{' && json.Valid(b):
		return &Error{ReasonJSON, "", "is JSON but no object", "send one JSON object: {…}"}
	}
	err := json.Unmarshal(b, v)
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case err == nil:
	case errors.As(err, &syntax):
		what := fmt.Sprintf("is not JSON: broken at byte %d", syntax.Offset)
		if int(syntax.Offset) >= len(b) {
			what = fmt.Sprintf("is not JSON: ends in the middle, after %d bytes", len(b))
		}
		return &Error{ReasonJSON, "", what, "send one whole JSON object"}
	case errors.As(err, &typ) && typ.Field == "schema":
		return &Error{ReasonSchema, "schema", "is no string", `use "` + Version + `"`}
	}
	if *schema != nil || !line {
		if e := checkVersion(*schema); e != nil {
			return e
		}
	}
	if typ != nil {
		value, _, _ := strings.Cut(typ.Value, " ") // "number 1.5": the number is the sender's, leave it out
		return &Error{ReasonField, typ.Field, "is a JSON " + value, "use " + jsonType(typ)}
	}
	if err != nil { // a field's own reader refused it: an action, a time
		return &Error{ReasonField, "", "has a field that cannot be read", "compare it with the JSON Schema"}
	}
	return nil
}

func jsonType(e *json.UnmarshalTypeError) string {
	switch e.Type.Kind().String() {
	case "string":
		return "a string"
	case "bool":
		return "true or false"
	case "int", "int64", "int32":
		return "a whole number"
	case "float64":
		return "a number"
	case "slice":
		return "an array"
	}
	return "an object"
}

func invalidAt(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

func checkVersion(v *string) *Error {
	if v == nil {
		return &Error{ReasonSchema, "schema", "is missing", `add "schema":"` + Version + `"`}
	}
	known, _, _ := strings.Cut(Version, ".")
	major, minor, ok := strings.Cut(*v, ".")
	m, err1 := strconv.ParseUint(major, 10, 16)
	_, err2 := strconv.ParseUint(minor, 10, 16)
	k, _ := strconv.ParseUint(known, 10, 16)
	switch {
	case !ok || err1 != nil || err2 != nil || m < 1:
		return &Error{ReasonSchema, "schema", "is no version", `use "` + Version + `"`}
	case m > k:
		return &Error{
			ReasonSchema, "schema", fmt.Sprintf("is version %d, newer than this program knows (%s)", m, known),
			"update Kotomori, then send the record again",
		}
	}
	return nil
}

// fields checks fields one after the other and keeps the first fault.
type fields struct {
	line bool
	err  error
}

func (f *fields) fail(reason Reason, field, what, mend string) {
	if f.err == nil {
		f.err = &Error{reason, field, what, mend}
	}
}

func (f *fields) id(field string, v *string) string {
	if v == nil || *v == "" {
		f.fail(ReasonField, field, "is missing", "add it")
		return ""
	}
	return f.optionalID(field, *v)
}

func (f *fields) optionalID(field, v string) string {
	if strings.ContainsFunc(v, unicode.IsControl) {
		f.fail(ReasonField, field, "holds a control character", "send it as the platform gives it")
	}
	return f.short(field, v, MaxID)
}

func (f *fields) slug(field string, v *string, def string) string {
	switch {
	case v == nil && f.line:
		return def
	case v == nil || *v == "":
		f.fail(ReasonField, field, "is missing", "add it")
		return ""
	}
	if strings.ContainsFunc(*v, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}) {
		f.fail(ReasonField, field, "holds a character other than a to z, 0 to 9 and -", "use the id as in the policy file")
	}
	return f.short(field, *v, MaxSlug)
}

func (f *fields) short(field, v string, limit int) string {
	if len(v) > limit {
		f.fail(ReasonSize, field, fmt.Sprintf("has %d bytes", len(v)), fmt.Sprintf("send at most %d", limit))
	}
	return v
}

func (f *fields) revision(v int) int {
	if v < 1 || v > MaxRevision {
		f.fail(ReasonField, "revision", fmt.Sprintf("is %d", v), fmt.Sprintf("use 1 to %d", MaxRevision))
	}
	return v
}

func (f *fields) text(field, v string) string { return f.short(field, v, MaxText) }

func (f *fields) time(field, v string) time.Time {
	if v == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		f.fail(ReasonField, field, "is no time", "use RFC 3339, such as 2026-11-03T09:30:00+09:00")
	}
	return t
}

// Key is the record key of a comment: platform/account/post id, so that all replies under a post, and all revisions of
// each, stay in order in one partition. A comment without a post goes by its own id instead.
func (c Comment) Key() string {
	if c.Post.ID == "" {
		return c.CommentKey()
	}
	return c.PostKey()
}

// PostKey is the key of the post that the comment answers, or "" where none is named.
func (c Comment) PostKey() string {
	if c.Post.ID == "" {
		return ""
	}
	return key(c.Platform, c.Account, c.Post.ID)
}

// CommentKey is platform/account/comment id, unique among all comments; the key of its recommendations.
func (c Comment) CommentKey() string { return key(c.Platform, c.Account, c.ID) }

// Key is platform/account/post id.
func (p Post) Key() string { return key(p.Platform, p.Account, p.ID) }

// Key is platform/account/comment id: platforms and blogs count on their own, so an id alone could collide.
func (r Recommendation) Key() string { return key(r.Platform, r.Account, r.CommentID) }

// Key is the recommendation's id.
func (d Decision) Key() string { return d.RecommendationID }

// Key is topic/partition/offset, for what a platform sent topic/delivery: what fails twice leaves one dead letter.
func (d DeadLetter) Key() string {
	if d.Delivery != "" {
		return d.Topic + "/" + d.Delivery
	}
	return d.Topic + "/" + strconv.Itoa(d.Partition) + "/" + strconv.FormatInt(d.Offset, 10)
}

// Platform and account hold no slash, so the key can be taken apart again whatever the id holds.
func key(platform, account, id string) string { return platform + "/" + account + "/" + id }

// Record encodes the comment, with the present schema version. Source names who sends it.
func (c Comment) Record(source string, at time.Time) (Record, error) {
	c.Schema = Version
	id := c.CommentKey() + "#" + strconv.Itoa(c.Revision)
	switch {
	case c.Deleted:
		id += "-deleted"
	case c.Hidden:
		id += "-hidden"
	}
	r, err := record(TopicComments, c.Key(), c, id, "comment", source, at)
	r.Everywhere = c.Gone() && c.Post.ID == ""
	return r, err
}

// Record encodes the post, with the present schema version.
func (p Post) Record(source string, at time.Time) (Record, error) {
	p.Schema = Version
	var id string
	switch {
	case p.Revision > 0:
		id = p.Key() + "#" + strconv.Itoa(p.Revision)
	default:
		sum := sha256.Sum256([]byte(p.Text))
		id = p.Key() + "#text-" + hex.EncodeToString(sum[:8])
	}
	if p.Deleted {
		p.Text = ""
		id += "-deleted"
	}
	return record(TopicPosts, p.Key(), p, id, "post", source, at)
}

// Record encodes the recommendation, with the present schema version.
func (r Recommendation) Record(source string) (Record, error) {
	r.Schema = Version
	if r.Findings == nil {
		r.Findings = []classifier.Finding{}
	}
	id := r.ID + "-" + strconv.Itoa(r.Revision) + "-" + string(r.Status)
	return record(TopicRecommendations, r.Key(), r, id, "recommendation", source, r.Recommended)
}

// Record encodes the decision, with the present schema version.
func (d Decision) Record(source string) (Record, error) {
	d.Schema = Version
	id := d.RecommendationID + "-" + strconv.FormatInt(d.Decided.UnixMilli(), 10)
	return record(TopicDecisions, d.Key(), d, id, "decision", source, d.Decided)
}

// Record encodes the dead letter, with the present schema version.
func (d DeadLetter) Record(source string) (Record, error) {
	d.Schema = Version
	return record(TopicDeadLetter, d.Key(), d, d.Key(), "dead-letter", source, d.Failed)
}

// record encodes v with the headers of the CloudEvents Kafka protocol binding (binary content mode): the attributes of
// CloudEvents 1.0 as ce_ headers, the media type of the value as content-type.
func record(topic, key string, v any, id, kind, source string, at time.Time) (Record, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return Record{}, fmt.Errorf("encoding %s: %w", kind, err)
	}
	return Record{
		Topic: topic,
		Key:   []byte(key),
		Value: bytes.TrimRight(b.Bytes(), "\n"),
		Headers: []Header{
			{"ce_specversion", []byte("1.0")},
			{HeaderID, []byte(id)},
			{"ce_source", []byte("/kotomori/" + source)},
			{"ce_type", []byte("com.github.kotomori." + kind)},
			{"ce_time", at.UTC().AppendFormat(nil, time.RFC3339Nano)},
			{"content-type", []byte("application/json")},
		},
	}, nil
}

// RecommendationID is the identity of a recommendation: 32 hex digits of the SHA-256 over the comment's key, its revision
// and the ruleset, so that judging the same comment twice yields the same one.
func RecommendationID(commentKey string, revision int, ruleset string) string {
	sum := sha256.Sum256([]byte(commentKey + "\x00" + strconv.Itoa(revision) + "\x00" + ruleset))
	return hex.EncodeToString(sum[:16])
}
