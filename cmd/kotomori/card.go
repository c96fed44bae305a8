package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/show"
	"github.com/kotomori/kotomori/rules"
)

// cards shows recommendations one below the other, as a moderator reads them.
type cards struct {
	page
	rules func() *rules.Set // for the clauses' words and the accounts' names
}

// clauseText is the clause in the city's words, empty where the policy at hand does not know it.
func (c *cards) clauseText(policy, category, number string) string {
	p, ok := c.rules().Policy(policy)
	if !ok {
		return ""
	}
	clause, ok := p.Clause(category)
	if !ok || clause.Number != number {
		return ""
	}
	return clause.Text
}

// accountName is the official account's own name.
func (c *cards) accountName(account, platform string) string {
	if p, ok := c.rules().Policy(account); ok {
		for _, a := range p.Accounts {
			if a.Platform == platform {
				return a.Name
			}
		}
	}
	return account
}

func actionLook(a rules.Action) string {
	switch a {
	case rules.Hide:
		return show.Bold + ";" + show.Yellow
	case rules.Delete, rules.Block:
		return show.Bold + ";" + show.Red
	}
	return show.Bold
}

// whyWords says why there is nothing to decide any more.
func whyWords(w event.Why) string {
	switch w {
	case event.Deleted:
		return "返信が削除された"
	case event.Hidden:
		return "返信が非表示になった"
	}
	return "返信が編集され、問題がなくなった"
}

func (c *cards) show(r event.Recommendation) {
	if r.Status == event.Withdrawn && !r.Withdraws {
		return // nobody was told of anything
	}
	where := fmt.Sprintf("%s (%s) への返信 %s", show.Clean(c.accountName(r.Account, r.Platform)), platformName(r.Platform), show.Clean(r.CommentID))
	switch {
	case r.Revision > 1000: // a time, not a count
		if r.Status == event.Open {
			where += " (更新後)" // edited, or shown again
		}
	case r.Revision > 1:
		where += fmt.Sprintf(" (第%d版)", r.Revision)
	}
	if r.Status == event.Withdrawn {
		c.line("%s  %s", c.style.Paint(show.Bold, "■ 推奨を取り下げ"), where)
		c.line("  理由  %sため", whyWords(r.Why))
		c.line("")
		return
	}
	c.line("%s  %s", c.style.Paint(actionLook(r.Action), "■ "+actionWords(r.Action)), where)
	for i, f := range r.Findings {
		c.entry(first(i, "条項", "ほか"), strings.TrimSpace(f.Clause+" "+c.clauseText(r.Policy, f.Category, f.Clause)), nil)
	}
	c.entry("返信", r.Text, evidenceIn(r.Findings, ""))
	if spans := evidenceIn(r.Findings, "author.name"); len(spans) > 0 {
		c.entry("名前", r.Author.Name, spans)
	}
	if spans := evidenceIn(r.Findings, "author.handle"); len(spans) > 0 {
		c.entry("ＩＤ", r.Author.Handle, spans)
	}
	for i, f := range r.Findings {
		c.entry(first(i, "理由", ""), f.Reason, nil)
	}
	for i, f := range r.Findings {
		c.entry(first(i, "規則", ""), fmt.Sprintf("%s (確信度 %.2f)", strings.Join(rulesOf(f), ", "), f.Confidence), nil)
	}
	if len(r.Abstained) > 0 {
		names := make([]string, len(r.Abstained))
		for i, category := range r.Abstained {
			names[i] = categoryNames[category]
		}
		c.entry("注", "元の発信が不明のため、"+strings.Join(names, "・")+"は判断していません", nil)
	}
	if r.Trimmed {
		c.entry("注", "長すぎるため、根拠の一部を省いています", nil)
	}
	c.line("")
}

// first is a name for the first of a list, and one for the others.
func first(i int, name, others string) string {
	if i == 0 {
		return name
	}
	return others
}

// entry prints a name and a text that may take several lines.
func (c *cards) entry(name, text string, spans []show.Span) {
	const indent = 8
	width := 0
	if c.style.Width > 0 {
		width = max(20, c.style.Width-indent-2) // 2 for a closing mark that hangs over
	}
	for i, line := range c.style.Block(text, spans, width) {
		if i == 0 {
			c.line("  %s%s", c.style.Paint(show.Faint, c.style.Pad(name, indent-2)), line)
		} else {
			c.line("%s%s", strings.Repeat(" ", indent), line)
		}
	}
}

// evidenceIn are the places of the evidence in the text (""), the author's name or handle.
func evidenceIn(findings []classifier.Finding, in string) []show.Span {
	var out []show.Span
	for _, f := range findings {
		for _, e := range f.Evidence {
			if e.In == in {
				out = append(out, show.Span{Start: e.Start, End: e.End})
			}
		}
	}
	return out
}

// rulesOf are the rules that led to a finding, each once, or what else did.
func rulesOf(f classifier.Finding) []string {
	var out []string
	for _, e := range f.Evidence {
		name := e.Rule
		switch name {
		case classifier.SourceModel:
			name = "学習モデル"
		case classifier.SourceFlood:
			name = "同文の反復"
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
