package classifier

import "github.com/kotomori/kotomori/rules"

// MaxText is the longest text of a comment that is judged, in bytes (64 KiB). The official post's text has the same
// limit, the author's name and handle MaxName.
const (
	MaxText = 64 << 10
	MaxName = 1 << 10
)

// Comment is one reply under an official post. Only ID and Text are required;
// Account defaults to saitama, Platform to x.
type Comment struct {
	ID       string `json:"id"`
	Account  string `json:"account,omitempty"`
	Platform string `json:"platform,omitempty"`
	Post     Post   `json:"post,omitzero"`
	Author   Author `json:"author,omitzero"`
	Text     string `json:"text"`
}

// Post is the official post replied to. An empty Text means that it is not known.
type Post struct {
	ID   string `json:"id,omitempty"`
	Text string `json:"text,omitempty"`
}

// Author is who wrote the reply, as the platform tells.
type Author struct {
	ID     string `json:"id,omitempty"`
	Name   string `json:"name,omitempty"`
	Handle string `json:"handle,omitempty"`
}

// Verdict is the recommendation for one comment.
type Verdict struct {
	ID        string       `json:"id"`
	Action    rules.Action `json:"action"`   // none, hide, delete or block: the heaviest that a finding leads to
	Findings  []Finding    `json:"findings"` // the leading clause first; never nil
	Policy    string       `json:"policy"`
	Ruleset   string       `json:"ruleset"`             // hash of rules, dictionary and policies, and of the readers beside them: Classifier.Version
	Abstained []string     `json:"abstained,omitempty"` // categories not fully judged because the official post is not known

	// Gated: no rule was evaluated, because none could change the verdict: by the literals none could hold, or the other readers were sure
	// enough whatever the rules would say. Only rules of a city's own may have been.
	Gated bool `json:"-"`
}

// Finding is one clause that the comment breaks.
type Finding struct {
	Category   string     `json:"category"`
	Clause     string     `json:"clause"`     // as cited: 7(5)
	Confidence float64    `json:"confidence"` // 0 to 1
	Evidence   []Evidence `json:"evidence"`
	Reason     string     `json:"reason"`         // one Japanese sentence for the record
	Said       []Said     `json:"said,omitempty"` // what each reader said of this category; absent where only the rules were asked
}

// Said is how sure one reader was of a finding's category by itself, from 0 to 1.
type Said struct {
	Source     string  `json:"source"` // rules, model
	Confidence float64 `json:"confidence"`
}

// Evidence is the words that led to a finding. Start and End are Unicode code points, half open, of the
// comment's text, or of the author's name or handle where In says so.
type Evidence struct {
	In    string `json:"in,omitempty"` // "", "author.name" or "author.handle"
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
	Rule  string `json:"rule"` // id of the rule, the source of the reader that found it, or SourceFlood
}
