package rules

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kotomori/kotomori/dict"
	"github.com/kotomori/kotomori/internal/detect"
	"github.com/kotomori/kotomori/internal/yamldoc"
)

// Policy is a city's own clauses, the accounts they cover, and what each clause leads to.
type Policy struct {
	ID        string    `json:"id"` // as a comment's account names it
	Title     string    `json:"title"`
	Edition   string    `json:"edition"`   // as the city dates it
	Effective string    `json:"effective"` // YYYY-MM-DD
	Decides   string    `json:"decides"`   // who decides on a recommendation
	Accounts  []Account `json:"accounts"`
	Sites     []string  `json:"sites,omitempty"` // the city's own sites
	Hours     *Hours    `json:"hours,omitempty"` // nil where the policy states none
	Never     []string  `json:"never,omitempty"` // what the policy rules out
	Article   string    `json:"article"`         // the article that lists the clauses
	Clauses   []Clause  `json:"clauses"`
	File      string    `json:"file"`

	office   detect.Office // what the detectors need of it
	has      map[string]bool
	rules    ruleBits // of its categories
	postless ruleBits // of these, those that do not look at the official post
	abstains []string
}

// Account is an official account that a policy covers.
type Account struct {
	Platform string `json:"platform"`
	Name     string `json:"name"`
	Handle   string `json:"handle,omitempty"`
	URL      string `json:"url,omitempty"`
}

// Hours are when the account is attended.
type Hours struct {
	Days     []string `json:"days"`     // mon … sun
	Open     string   `json:"open"`     // 15:04
	Close    string   `json:"close"`    // 15:04
	Timezone string   `json:"timezone"` // IANA name
	Closed   []string `json:"closed"`   // "holidays" or 01-02/01-03
}

// Clause is one prohibition in the city's own words.
type Clause struct {
	Number   string             `json:"clause"` // as cited: 7(5)
	Category string             `json:"category"`
	Text     string             `json:"text"`
	Actions  map[Action]float64 `json:"actions"` // least confidence for each action
}

// Clause looks up the clause that stands for a category.
func (p *Policy) Clause(category string) (Clause, bool) {
	i := slices.IndexFunc(p.Clauses, func(c Clause) bool { return c.Category == category })
	if i < 0 {
		return Clause{}, false
	}
	return p.Clauses[i], true
}

// Abstains are the categories with rules that need the official post, which are not fully judged where it is not known; sorted. The slice is
// the policy's own: it is not to be changed.
func (p *Policy) Abstains() []string { return p.abstains }

// Has says whether the policy has a clause for a category.
func (p *Policy) Has(category string) bool { return p.has[category] }

// Covers says whether the policy has an account on the platform.
func (p *Policy) Covers(platform string) bool {
	return slices.ContainsFunc(p.Accounts, func(a Account) bool { return a.Platform == platform })
}

// Official says whether the handle, with or without @, is that of one of the policy's accounts on the platform.
func (p *Policy) Official(platform, handle string) bool {
	handle = strings.TrimPrefix(handle, "@")
	return handle != "" && slices.ContainsFunc(p.Accounts, func(a Account) bool {
		return a.Platform == platform && strings.EqualFold(a.Handle, handle)
	})
}

// Platforms are the platforms that the policy covers, in its own order.
func (p *Policy) Platforms() []string {
	var out []string
	for _, a := range p.Accounts {
		if !slices.Contains(out, a.Platform) {
			out = append(out, a.Platform)
		}
	}
	return out
}

// Action is the heaviest action that the clause calls for at this confidence and that the platform can carry out:
// where it cannot, the next lighter one that it can.
func (c Clause) Action(platform string, confidence float64) Action {
	best := None
	for a, least := range c.Actions {
		if confidence < least {
			continue
		}
		for a > None && !Can(platform, a) {
			a--
		}
		best = max(best, a)
	}
	return best
}

func (p *Policy) officeOf() detect.Office {
	o := detect.Office{Sites: p.Sites}
	for _, a := range p.Accounts {
		if a.Name != "" && !slices.Contains(o.Names, a.Name) {
			o.Names = append(o.Names, a.Name)
		}
		if a.Handle != "" && !slices.Contains(o.Handles, a.Handle) {
			o.Handles = append(o.Handles, a.Handle)
		}
	}
	return o
}

var (
	clauseNumber = regexp.MustCompile(`^[0-9]+(\([0-9]+\))?$`)
	clock        = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
	closedDays   = regexp.MustCompile(`^(holidays|[01][0-9]-[0-3][0-9](/[01][0-9]-[0-3][0-9])?)$`)
	weekdays     = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
)

func readPolicy(file string, data []byte, faults *yamldoc.Faults) *Policy {
	root, ok := yamldoc.Parse(file, data, faults)
	if !ok {
		return nil
	}
	p := &Policy{File: file}
	for _, f := range root.Fields() {
		v := f.Value
		switch f.Key {
		case "policy":
			p.ID = v.Str()
			if !dict.ValidName(p.ID) {
				v.Fault("use lower-case letters, digits and hyphens", "bad policy id %q", p.ID)
			}
		case "title":
			p.Title = v.Str()
		case "edition":
			p.Edition = v.Str()
		case "effective":
			p.Effective = v.Str()
			if _, err := time.Parse(time.DateOnly, p.Effective); err != nil {
				v.Fault("write it as 2022-12-07", "bad date %q", p.Effective)
			}
		case "decides":
			p.Decides = v.Str()
		case "article":
			p.Article = v.Str()
		case "sites":
			p.Sites = v.Strs()
		case "never":
			p.Never = v.Strs()
		case "accounts":
			for _, n := range v.List() {
				p.Accounts = append(p.Accounts, readAccount(n))
			}
		case "hours":
			p.Hours = readHours(v)
		case "clauses":
			for _, n := range v.List() {
				c := readClause(n)
				for _, other := range p.Clauses {
					if other.Number == c.Number && c.Number != "" {
						n.Fault("number each clause once", "clause %s stands twice", c.Number)
					}
					if other.Category == c.Category && c.Category != "" {
						n.Fault("one clause stands for each category", "category %s stands for clause %s already", c.Category, other.Number)
					}
				}
				p.Clauses = append(p.Clauses, c)
			}
		default:
			f.Unknown("policy", "title", "edition", "effective", "decides", "accounts", "sites", "hours", "never", "article", "clauses")
		}
	}
	for _, need := range []struct{ key, value string }{
		{"policy", p.ID}, {"title", p.Title}, {"edition", p.Edition}, {"effective", p.Effective}, {"decides", p.Decides}, {"article", p.Article},
	} {
		if need.value == "" {
			root.Fault("add a line "+need.key+": …", "the policy does not say its %s", need.key)
		}
	}
	p.office = p.officeOf()
	if len(p.Accounts) == 0 {
		root.Fault("add a list accounts:", "the policy covers no account")
	}
	if len(p.Clauses) == 0 {
		root.Fault("add a list clauses:", "the policy has no clauses")
	}
	return p
}

func readAccount(n yamldoc.Node) Account {
	var a Account
	for _, f := range n.Fields() {
		switch f.Key {
		case "platform":
			a.Platform = f.Value.Str()
			if _, ok := platforms[a.Platform]; !ok {
				f.Value.Fault("write one of "+strings.Join(Platforms(), ", "), "unknown platform %q", a.Platform)
			}
		case "name":
			a.Name = f.Value.Str()
		case "handle":
			a.Handle = strings.TrimPrefix(f.Value.Str(), "@")
		case "url":
			a.URL = f.Value.Str()
		default:
			f.Unknown("platform", "name", "handle", "url")
		}
	}
	if a.Platform == "" || a.Name == "" {
		n.Fault("add platform: and name:", "an account needs a platform and a name")
	}
	return a
}

func readHours(n yamldoc.Node) *Hours {
	h := &Hours{Timezone: "Asia/Tokyo"}
	for _, f := range n.Fields() {
		v := f.Value
		switch f.Key {
		case "days":
			h.Days = v.Strs()
			for _, d := range h.Days {
				if !slices.Contains(weekdays, d) {
					v.Fault("write some of "+strings.Join(weekdays, ", "), "unknown day %q", d)
				}
			}
		case "open", "close":
			s := v.Str()
			if !clock.MatchString(s) {
				v.Fault(`write it in quotes as "08:30"`, "bad time of day %q", s)
			}
			if f.Key == "open" {
				h.Open = s
			} else {
				h.Close = s
			}
		case "timezone":
			h.Timezone = v.Str()
			if h.Timezone == "" || strings.Contains(h.Timezone, " ") {
				v.Fault("write an IANA name such as Asia/Tokyo", "bad time zone %q", h.Timezone)
			}
		case "closed":
			h.Closed = v.Strs()
			for _, d := range h.Closed {
				if !closedDays.MatchString(d) {
					v.Fault("write holidays, a day as 12-29, or days as 12-29/01-03", "bad closed day %q", d)
				}
			}
		default:
			f.Unknown("days", "open", "close", "timezone", "closed")
		}
	}
	if len(h.Days) == 0 || h.Open == "" || h.Close == "" {
		n.Fault("add days:, open: and close:", "incomplete office hours")
	}
	return h
}

func readClause(n yamldoc.Node) Clause {
	c := Clause{Actions: map[Action]float64{}}
	for _, f := range n.Fields() {
		v := f.Value
		switch f.Key {
		case "clause":
			c.Number = v.Str()
			if !clauseNumber.MatchString(c.Number) {
				v.Fault("write it as it is cited: 7(5)", "bad clause number %q", c.Number)
			}
		case "category":
			c.Category = v.Str()
			if !slices.Contains(Categories, c.Category) {
				mend := "write one of " + strings.Join(Categories, ", ")
				if near := yamldoc.Nearest(c.Category, Categories); near != "" {
					mend = "did you mean " + near + "?"
				}
				v.Fault(mend, "unknown category %q", c.Category)
			}
		case "text":
			c.Text = v.Str()
		case "actions":
			for _, a := range v.Fields() {
				var action Action
				if err := action.UnmarshalText([]byte(a.Key)); err != nil || action == None {
					a.Unknown(actionNames[1:]...)
					continue
				}
				least := a.Value.Float()
				if least <= 0 || least > 1 {
					a.Value.Fault("write a number above 0, at most 1", "bad confidence %v", least)
				}
				c.Actions[action] = least
			}
		default:
			f.Unknown("clause", "category", "text", "actions")
		}
	}
	if c.Number == "" || c.Category == "" || c.Text == "" || len(c.Actions) == 0 {
		n.Fault("add clause:, category:, text: and actions:", "incomplete clause")
	}
	return c
}
