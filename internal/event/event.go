// Package event holds what travels through Kafka: comments, posts, recommendations, decisions and dead letters, with
// their topics, keys, JSON and CloudEvents headers. It knows nothing of a Kafka client.
//
// Every value is one JSON object described by a JSON Schema in schema/. Its field "schema" is the version of that
// description, MAJOR.MINOR: a reader takes every minor version of a major one that it knows (new fields are ignored) and
// refuses any other.
package event

import (
	"time"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/rules"
)

// The topics.
const (
	TopicComments        = "kotomori.comments"        // replies under official posts; key [Comment.Key]
	TopicPosts           = "kotomori.posts"           // official posts, compacted; key [Post.Key]
	TopicRecommendations = "kotomori.recommendations" // what is recommended, compacted; key [Recommendation.Key]
	TopicDecisions       = "kotomori.decisions"       // what moderators decided, compacted; key [Decision.Key]
	TopicDeadLetter      = "kotomori.dead-letter"     // records that could not be judged, compacted; key [DeadLetter.Key]
)

// Version is the version of the JSON Schemas that is written.
const Version = "1.1"

// Comment is one state of a reply under an official post: as first written, edited (a higher revision), hidden on the
// platform or deleted. A deletion takes back its own revision and all before it, hiding likewise; a comment that is shown
// again is one of a higher revision. Platforms seldom tell which revision was deleted: without a revision a deletion is
// read as [MaxRevision], after which nothing more is said about the comment.
//
// Whoever knows no numbers may count revisions in milliseconds since 1970: only their order matters.
type Comment struct {
	Schema string `json:"schema"` // version of the JSON Schema: Version
	classifier.Comment
	Revision int       `json:"revision"`          // 1 as first written, more for every edit
	Deleted  bool      `json:"deleted,omitempty"` // the comment is gone from the platform; Text may be empty
	Hidden   bool      `json:"hidden,omitempty"`  // the platform shows it to nobody but its author, say; Text may be empty
	URLs     []URL     `json:"urls,omitempty"`    // links in the text that the platform shortened
	Created  time.Time `json:"created,omitzero"`  // when this revision was written, as the platform says
	Received time.Time `json:"received,omitzero"` // when it reached Kotomori
}

// Gone says that the comment does not stand under the post, for now or for ever: there is nothing to judge.
func (c Comment) Gone() bool { return c.Deleted || c.Hidden }

// URL is a link that the platform shortened, as X does with t.co.
type URL struct {
	URL      string `json:"url"`      // as the platform wrote it
	Expanded string `json:"expanded"` // where it leads
}

// Post is an official post, which tampering and off-topic are judged against. Of two records of one post the one with the
// higher revision holds.
type Post struct {
	Schema   string    `json:"schema"`
	ID       string    `json:"id"`
	Account  string    `json:"account"`
	Platform string    `json:"platform"`
	Text     string    `json:"text"`
	Revision int       `json:"revision,omitempty"` // as of a comment; 0: not known, the later record holds
	Deleted  bool      `json:"deleted,omitempty"`  // it is gone from the platform; Text is empty
	Created  time.Time `json:"created,omitzero"`
}

// Status tells whether a recommendation still stands.
type Status string

// The statuses.
const (
	Open      Status = "open"      // to be decided by a moderator
	Withdrawn Status = "withdrawn" // nothing to decide any more; Why says why
)

// Why a recommendation was withdrawn.
type Why string

// The reasons for a withdrawal.
const (
	Edited  Why = "edited"  // the comment was edited and is acceptable now
	Deleted Why = "deleted" // the comment was deleted on the platform
	Hidden  Why = "hidden"  // the comment was hidden on the platform: by somebody there, or by the platform itself
)

// Recommendation is what moderators are asked to decide about one comment. The latest record of a key is the one that
// holds; of two records of one key the one with the higher revision, whatever their order.
//
// A comment's first recommendation and one for each edit that still breaks the policy have status open and an ID of their
// own. When the comment becomes acceptable, is hidden or is deleted, a record with status withdrawn takes back the open
// one: it repeats its ID, and Withdraws is true. A withdrawn record without Withdraws says that this revision was seen and
// needs nothing (an acceptable edit, the deletion of what was never recommended), so that an older revision coming late
// changes nothing; nobody has to be told.
type Recommendation struct {
	Schema      string               `json:"schema"`
	ID          string               `json:"id"` // [RecommendationID]
	CommentID   string               `json:"comment_id"`
	Revision    int                  `json:"revision"` // of the comment that this record judges
	Account     string               `json:"account"`
	Platform    string               `json:"platform"`
	Post        classifier.Post      `json:"post,omitzero"`
	Status      Status               `json:"status"`
	Why         Why                  `json:"why,omitempty"`        // of a withdrawal
	Withdraws   bool                 `json:"withdraws,omitempty"`  // of a withdrawal: a recommendation stood until now
	Supersedes  string               `json:"supersedes,omitempty"` // ID of the open recommendation for an earlier revision
	Action      rules.Action         `json:"action"`
	Findings    []classifier.Finding `json:"findings"`          // the leading clause first; empty when withdrawn
	Trimmed     bool                 `json:"trimmed,omitempty"` // evidence or the post's text was left out because the record would not have fitted
	Policy      string               `json:"policy,omitempty"`
	Ruleset     string               `json:"ruleset,omitempty"`
	Abstained   []string             `json:"abstained,omitempty"` // categories not judged because the official post is not known
	Text        string               `json:"text,omitempty"`      // of the comment, which evidence counts in; empty when withdrawn
	URLs        []URL                `json:"urls,omitempty"`
	Author      Author               `json:"author,omitzero"`
	Commented   time.Time            `json:"commented,omitzero"` // when the comment's revision was written
	Recommended time.Time            `json:"recommended"`        // when it was judged
}

// Author is what a recommendation tells about who wrote the comment: no more than a moderator needs. Name and Handle are
// there only where evidence lies in them.
type Author struct {
	Pseudonym string `json:"pseudonym,omitempty"` // [Pseudonyms.Of] the author's id: the same person has the same pseudonym
	Name      string `json:"name,omitempty"`
	Handle    string `json:"handle,omitempty"`
}

// Decision is what a moderator decided about a recommendation.
type Decision struct {
	Schema           string       `json:"schema"`
	RecommendationID string       `json:"recommendation_id"`
	Action           rules.Action `json:"action"` // what was decided: none rejects the recommendation
	Clause           string       `json:"clause,omitempty"`
	By               string       `json:"by"`             // the moderator's account in the console
	Note             string       `json:"note,omitempty"` // for the record
	Decided          time.Time    `json:"decided"`
}

// DeadLetter is a record that could not be judged, or something a platform sent that could not be read, kept whole with
// the reason, so that nothing is skipped silently and it can be mended and sent again.
type DeadLetter struct {
	Schema    string    `json:"schema"`
	Topic     string    `json:"topic"`               // where it stood; webhook/PLATFORM/ACCOUNT for what a platform sent
	Partition int       `json:"partition"`           // 0 for what a platform sent
	Offset    int64     `json:"offset"`              // 0 for what a platform sent
	Delivery  string    `json:"delivery,omitempty"`  // tells what a platform sent apart: a digest, or the kind of event
	RecordKey []byte    `json:"key"`                 // the record's key, base64; null when it had none
	Value     []byte    `json:"value"`               // the record's value, base64; null when it had none
	Size      int       `json:"size"`                // of the original value in bytes
	Truncated bool      `json:"truncated,omitempty"` // Value holds only a part, the beginning unless Delivery says otherwise, because the whole would not have fitted
	Reason    Reason    `json:"reason"`
	Error     string    `json:"error"` // names the field and the mend; never quotes the comment
	Failed    time.Time `json:"failed"`
}

// Truncate keeps at most n bytes each of the record's value and key.
func (d *DeadLetter) Truncate(n int) {
	if len(d.Value) > n {
		d.Value, d.Truncated = d.Value[:n], true
	}
	if len(d.RecordKey) > n {
		d.RecordKey, d.Truncated = d.RecordKey[:n], true
	}
}

// Reason is a short name for what is wrong with a record, for metrics and filters.
type Reason string

// The reasons.
const (
	ReasonEncoding       Reason = "encoding"        // not UTF-8
	ReasonJSON           Reason = "json"            // not one JSON object
	ReasonSchema         Reason = "schema"          // no schema version, or one that this program does not know
	ReasonField          Reason = "field"           // a field is missing, of the wrong type or out of bounds
	ReasonSize           Reason = "size"            // the record or its text is too long
	ReasonKey            Reason = "key"             // the record's key is not the comment's
	ReasonUnknownAccount Reason = "unknown-account" // no policy covers the account
	ReasonInput          Reason = "input"           // the classifier refused it for another reason
	ReasonKind           Reason = "kind"            // a platform sent a kind of event that this program does not know
	ReasonInternal       Reason = "internal"        // the program is at fault: a panic while judging
)

// Error says what is wrong with an event, and the mend. It never quotes a text.
type Error struct {
	Reason Reason
	Field  string // JSON path: revision, post.id …; empty where the whole record is meant
	What   string
	Mend   string
}

func (e *Error) Error() string {
	s := e.What + "; " + e.Mend
	if e.Field == "" {
		return s
	}
	return e.Field + ": " + s
}

// Header is one Kafka record header.
type Header struct {
	Key   string
	Value []byte
}

// Record is an event ready to be written to Kafka.
type Record struct {
	Topic   string
	Key     []byte
	Value   []byte
	Headers []Header // CloudEvents 1.0, Kafka protocol binding, binary content mode

	// Everywhere says that the record goes to each partition of its topic, because what it is about may lie in any: a
	// deletion of which the platform does not tell the post.
	Everywhere bool
}

// ID is the identity of what the record says, the same for whoever says it: the CloudEvents attribute id.
func (r Record) ID() string {
	for _, h := range r.Headers {
		if h.Key == HeaderID {
			return string(h.Value)
		}
	}
	return ""
}

// HeaderID is the header that holds a record's identity.
const HeaderID = "ce_id"
