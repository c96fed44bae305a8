package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/show"
	"github.com/kotomori/kotomori/internal/stream"
	"github.com/kotomori/kotomori/internal/yamldoc"
	"github.com/kotomori/kotomori/rules"
)

type watchCmd struct {
	config.Cluster
	config.Data
	config.Display
	config.Log
	FromBeginning bool     `help:"Begin with the recommendations that stand already."`
	UntilEnd      bool     `help:"End after what is there, instead of waiting for more."`
	Format        string   `help:"table, cards, json (JSON Lines), or auto, which is a table on a terminal and JSON Lines otherwise." enum:"auto,table,cards,json" default:"auto" placeholder:"FORM"`
	Account       []string `help:"Only of these accounts." placeholder:"POLICY" group:"Filters"`
	Clause        []string `help:"Only with a finding of these clauses, such as 7(5)." placeholder:"CLAUSE" group:"Filters"`
	Action        []string `help:"Only these actions: hide, delete, block." enum:"hide,delete,block" placeholder:"ACTION" group:"Filters"`
	Category      []string `help:"Only with a finding of these categories." placeholder:"CATEGORY" group:"Filters"`
}

func (c *watchCmd) Validate() error {
	for _, category := range c.Category {
		if !slices.Contains(rules.Categories, category) {
			if near := yamldoc.Nearest(category, rules.Categories); near != "" {
				return fmt.Errorf("unknown category %q; did you mean %q?", category, near)
			}
			return fmt.Errorf("unknown category %q; see 'kotomori policy show saitama'", category)
		}
	}
	return nil
}

// wants says whether the filters let a recommendation through. A withdrawal carries no findings and no action: it is
// let through where its recommendation may have been, unless it takes back nothing.
func (c *watchCmd) wants(r event.Recommendation) bool {
	if len(c.Account) > 0 && !slices.Contains(c.Account, r.Account) {
		return false
	}
	if r.Status == event.Withdrawn {
		return r.Withdraws
	}
	if len(c.Action) > 0 && !slices.Contains(c.Action, r.Action.String()) {
		return false
	}
	var clauses, categories bool
	for _, f := range r.Findings {
		clauses = clauses || slices.Contains(c.Clause, f.Clause)
		categories = categories || slices.Contains(c.Category, f.Category)
	}
	return (clauses || len(c.Clause) == 0) && (categories || len(c.Category) == 0)
}

func (c *watchCmd) Run(e *env) error {
	client, err := e.connect(c.Cluster, c.DataDir, logger(c.Log, e.stderr))
	if err != nil {
		return err
	}
	defer client.Close()
	write := c.printer(e)
	return client.Watch(e.ctx, stream.WatchOptions{FromEnd: !c.FromBeginning, UntilEnd: c.UntilEnd}, func(r event.Recommendation) error {
		if !c.wants(r) {
			return nil
		}
		return write(r)
	})
}

// printer chooses the form.
func (c *watchCmd) printer(e *env) func(event.Recommendation) error {
	format := c.Format
	if format == "auto" {
		format = "json"
		if show.Terminal(e.stdout) {
			format = "table"
		}
	}
	switch format {
	case "json":
		enc := json.NewEncoder(e.stdout)
		enc.SetEscapeHTML(false)
		return func(r event.Recommendation) error { return enc.Encode(r) }
	case "cards":
		set, err := rules.Load(rules.Embedded())
		screen := &cards{page: newPage(e, c.Display), rules: func() *rules.Set { return set }}
		return func(r event.Recommendation) error {
			if err == nil {
				screen.show(r)
				err = screen.err
			}
			return err
		}
	default:
		t := newTable(newStyle(e.stdout, c.Display))
		_, err := fmt.Fprintln(e.stdout, t.Header())
		return func(r event.Recommendation) error {
			if err == nil {
				_, err = fmt.Fprintln(e.stdout, row(t, r, time.Local))
			}
			return err
		}
	}
}

func newTable(s *show.Style) *show.Table {
	columns := []show.Column{
		{Title: "日時", Width: 11},
		{Title: "推奨", Width: 8},
		{Title: "条項", Width: 6},
		{Title: "確信度", Width: 6},
		{Title: "先", Width: 13},
		{Title: "返信"},
		{Title: "規則", Width: 28},
	}
	if s.Width > 0 && s.Width < 110 {
		columns = columns[:len(columns)-1] // better the reply than the rule's name
	}
	if s.Width == 0 {
		columns[5].Width = 60
	}
	return show.NewTable(s, 20, columns...)
}

func row(t *show.Table, r event.Recommendation, zone *time.Location) string {
	cells := []show.Cell{
		{Text: r.Recommended.In(zone).Format("01-02 15:04")},
		{Text: actionShort(r.Action), Look: actionLook(r.Action)},
		{},
		{},
		{Text: r.Account + "/" + r.Platform},
		{Text: r.Text, Spans: evidenceIn(r.Findings, "")},
		{},
	}
	if r.Status == event.Withdrawn {
		cells[1] = show.Cell{Text: "取下げ", Look: show.Faint}
		cells[5] = show.Cell{Text: r.CommentID + " " + whyWords(r.Why), Look: show.Faint}
	}
	if len(r.Findings) > 0 {
		f := r.Findings[0]
		cells[2].Text, cells[3].Text = f.Clause, fmt.Sprintf("%.2f", f.Confidence)
		if names := rulesOf(f); len(names) > 0 {
			cells[6].Text = names[0]
		}
	}
	return t.Row(cells[:t.Len()]...)
}
