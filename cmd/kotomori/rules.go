package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kotomori/kotomori/internal/app"
	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/evaluate"
	"github.com/kotomori/kotomori/internal/show"
	"github.com/kotomori/kotomori/internal/yamldoc"
	"github.com/kotomori/kotomori/rules"
	"github.com/kotomori/kotomori/testdata"
)

type rulesCmd struct {
	Lint lintCmd      `cmd:"" help:"Name every fault of the rules, the dictionary and the policies: file, line, column, what is wrong, the mend."`
	Test testCmd      `cmd:"" help:"Run every rule on its own examples, and all rules on fair comments that none may flag."`
	List listRulesCmd `cmd:"" help:"List the rules."`
	Show showRuleCmd  `cmd:"" help:"Show a rule as it is written, and the clauses it stands for."`
}

type lintCmd struct {
	config.Ruleset
	JSON bool `name:"json" help:"Write the faults as JSON Lines."`
}

func (c *lintCmd) Run(e *env) error {
	layers, err := app.Layers(c.Rules)
	if err != nil {
		return err
	}
	set, err := rules.Load(layers...)
	faults, faulty := errors.AsType[rules.Faults](err)
	if err != nil && !faulty {
		return err
	}
	p := page{w: e.stdout}
	for _, f := range placeFaults(faults, c.Rules) {
		if c.JSON {
			p.json(f)
		} else {
			p.line("%s", f)
		}
	}
	if p.err != nil {
		return p.err
	}
	if faulty {
		return errSaid
	}
	if !c.JSON {
		p.line("no faults: %d rules, %d literals, %d policies, ruleset %s", len(set.Rules()), set.Literals(), len(set.Policies()), set.Hash())
	}
	return p.err
}

type testCmd struct {
	config.Ruleset
	JSON bool `name:"json" help:"Write the examples that do not hold as JSON Lines."`
}

func (c *testCmd) Run(e *env) error {
	cl, err := loadClassifier(c.Ruleset)
	if err != nil {
		return err
	}
	faults, examples := cl.Ruleset().Test()
	fair, err := protected()
	if err != nil {
		return err
	}
	broken := len(faults)
	unneeded := cl.Ruleset().TestExemptions()
	faults = append(faults, unneeded...)
	flags := cl.Ruleset().TestFair(fair)
	faults = append(faults, flags...)
	p := page{w: e.stdout}
	for _, f := range faults {
		f.File = placeFile(f.File, c.Rules)
		if c.JSON {
			p.json(f)
		} else {
			p.line("%s", f)
		}
	}
	if !c.JSON {
		p.line("%d examples of %d rules, %d do not hold", examples, len(cl.Ruleset().Rules()), broken)
		if len(unneeded) > 0 {
			p.line("%d exemptions that no example needs", len(unneeded))
		}
		p.line("%d fair comments, flagged %d times", len(fair), len(flags))
	}
	if p.err == nil && len(faults) > 0 {
		return errSaid
	}
	return p.err
}

// protected are the comments that no ruleset may flag.
func protected() ([]rules.Example, error) {
	comments, err := evaluate.ParseAllLabelled(testdata.Protected)
	if err != nil {
		return nil, fmt.Errorf("reading the protected comments: %w", err)
	}
	var out []rules.Example
	for _, l := range comments {
		out = append(out, rules.Example{Text: l.Text, Post: l.Post, Name: l.Author.Name, Handle: l.Author.Handle, Account: l.Policy, Platform: l.Platform})
	}
	return out, nil
}

type listRulesCmd struct {
	config.Ruleset
	config.Display
	Category string `help:"Only of this category." placeholder:"CATEGORY"`
	JSON     bool   `name:"json" help:"Write JSON Lines."`
}

// ruleInfo is a rule as JSON.
type ruleInfo struct {
	ID         string            `json:"id"`
	Category   string            `json:"category"`
	Confidence float64           `json:"confidence"`
	Reason     string            `json:"reason"`
	Clauses    map[string]string `json:"clauses"` // by policy
	File       string            `json:"file"`
	Line       int               `json:"line"`
	Match      int               `json:"examples_match"`
	NoMatch    int               `json:"examples_no_match"`
	Source     string            `json:"source,omitempty"`
}

func infoOf(r *rules.Rule, set *rules.Set) ruleInfo {
	info := ruleInfo{
		ID: r.ID, Category: r.Category, Confidence: r.Confidence, Reason: r.Reason,
		Clauses: map[string]string{}, File: r.File, Line: r.Line, Match: len(r.Match), NoMatch: len(r.NoMatch),
	}
	for _, p := range set.Policies() {
		if clause, ok := p.Clause(r.Category); ok {
			info.Clauses[p.ID] = clause.Number
		}
	}
	return info
}

func (c *listRulesCmd) Run(e *env) error {
	if c.Category != "" && !slices.Contains(rules.Categories, c.Category) {
		return misuse(fmt.Errorf("unknown category %q", c.Category), "write one of %s", strings.Join(rules.Categories, ", "))
	}
	cl, err := loadClassifier(c.Ruleset)
	if err != nil {
		return err
	}
	p := newPage(e, c.Display)
	longest := 0
	for _, r := range cl.Ruleset().Rules() {
		longest = max(longest, len(r.ID))
	}
	n := 0
	for _, r := range cl.Ruleset().Rules() {
		if c.Category != "" && r.Category != c.Category {
			continue
		}
		n++
		if c.JSON {
			p.json(infoOf(r, cl.Ruleset()))
		} else {
			p.line("%s  %.2f  %s", p.style.Pad(r.ID, longest), r.Confidence, show.Clean(r.Reason))
		}
	}
	if !c.JSON {
		p.line("%s", p.style.Paint(show.Faint, fmt.Sprintf("%d rules, ruleset %s", n, cl.Ruleset().Hash())))
	}
	return p.err
}

type showRuleCmd struct {
	config.Ruleset
	config.Display
	ID   string `arg:"" help:"The rule's id, as 'rules list' shows it."`
	JSON bool   `name:"json" help:"Write JSON."`
}

func (c *showRuleCmd) Run(e *env) error {
	cl, err := loadClassifier(c.Ruleset)
	if err != nil {
		return err
	}
	set := cl.Ruleset()
	r, ok := set.Rule(c.ID)
	if !ok {
		var ids []string
		for _, r := range set.Rules() {
			ids = append(ids, r.ID)
		}
		if near := yamldoc.Nearest(c.ID, ids); near != "" {
			return misuse(fmt.Errorf("no rule %q", c.ID), "did you mean %q?", near)
		}
		return misuse(fmt.Errorf("no rule %q", c.ID), "'kotomori rules list' lists them")
	}
	p := newPage(e, c.Display)
	if c.JSON {
		info := infoOf(r, set)
		info.Source = r.Source
		p.json(info)
		return p.err
	}
	p.line("%s  %s:%d", p.style.Paint(show.Bold, r.ID), placeFile(r.File, c.Rules), r.Line)
	for _, policy := range set.Policies() {
		clause, ok := policy.Clause(r.Category)
		if !ok {
			p.line("  %s: この分類の条項はない", policy.ID)
			continue
		}
		for _, platform := range policy.Platforms() {
			p.line("  %s %s (%s): %s", policy.ID, clause.Number, platformName(platform), actionWords(clause.Action(platform, r.Confidence)))
		}
	}
	p.line("")
	p.line("%s", dedent(r.Source))
	return p.err
}

// dedent takes away the indentation that the rule has in its file.
func dedent(source string) string {
	source = strings.TrimRight(source, "\n")
	indent := source[:len(source)-len(strings.TrimLeft(source, " "))]
	return strings.ReplaceAll(strings.TrimPrefix(source, indent), "\n"+indent, "\n")
}

func (p *page) json(v any) {
	if p.err != nil {
		return
	}
	enc := json.NewEncoder(p.w)
	enc.SetEscapeHTML(false)
	p.err = enc.Encode(v)
}
