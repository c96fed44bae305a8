package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/show"
	"github.com/kotomori/kotomori/rules"
)

type policyCmd struct {
	List listPoliciesCmd `cmd:"" help:"List the policies."`
	Show showPolicyCmd   `cmd:"" help:"Show a policy: its clauses in the city's words, its accounts, and what each clause leads to."`
}

type listPoliciesCmd struct {
	config.Ruleset
	config.Display
	JSON bool `name:"json" help:"Write JSON Lines."`
}

func (c *listPoliciesCmd) Run(e *env) error {
	cl, err := loadClassifier(c.Ruleset)
	if err != nil {
		return err
	}
	p := newPage(e, c.Display)
	for _, policy := range cl.Ruleset().Policies() {
		if c.JSON {
			p.json(policy)
			continue
		}
		platforms := make([]string, 0, 3)
		for _, platform := range policy.Platforms() {
			platforms = append(platforms, platformName(platform))
		}
		p.line("%s %s", p.style.Pad(policy.ID, 10), policy.Title)
		p.line("%s %s、%d 項目、%s", strings.Repeat(" ", 10), policy.Edition, len(policy.Clauses), strings.Join(platforms, "・"))
	}
	return p.err
}

type showPolicyCmd struct {
	config.Ruleset
	config.Display
	ID   string `arg:"" help:"The policy's id, such as saitama."`
	JSON bool   `name:"json" help:"Write JSON."`
}

func (c *showPolicyCmd) Run(e *env) error {
	cl, err := loadClassifier(c.Ruleset)
	if err != nil {
		return err
	}
	policy, ok := cl.Ruleset().Policy(c.ID)
	if !ok {
		var ids []string
		for _, p := range cl.Ruleset().Policies() {
			ids = append(ids, p.ID)
		}
		return misuse(fmt.Errorf("no policy %q", c.ID), "there is %s; add your own as a file, see doc/rules.md", strings.Join(ids, ", "))
	}
	p := newPage(e, c.Display)
	if c.JSON {
		p.json(policy)
		return p.err
	}
	p.line("%s (%s)", p.style.Paint(show.Bold, policy.Title), policy.ID)
	p.entry("版", policy.Edition)
	p.entry("適用日", policy.Effective)
	p.entry("判断者", policy.Decides)
	for i, a := range policy.Accounts {
		name := "対象"
		if i > 0 {
			name = ""
		}
		words := platformName(a.Platform) + " " + a.Name
		if a.Handle != "" {
			words += " @" + a.Handle
		}
		p.entry(name, words)
	}
	if h := policy.Hours; h != nil {
		p.entry("運用時間", hours(h))
	}
	if len(policy.Sites) > 0 {
		p.entry("公式サイト", strings.Join(policy.Sites, "、"))
	}
	for i, never := range policy.Never {
		name := "しないこと"
		if i > 0 {
			name = ""
		}
		p.entry(name, never)
	}
	p.line("")
	p.line("%s", p.style.Paint(show.Bold, "第"+policy.Article+"項 禁止する返信と、推奨する対応(確信度がその値以上のとき)"))
	for _, clause := range policy.Clauses {
		p.line("  %s %s", p.style.Pad(clause.Number, 6), clause.Text)
		p.line("         %s  %s", p.style.Paint(show.Faint, clause.Category), thresholds(policy, clause))
	}
	return p.err
}

func (p *page) entry(name, text string) {
	p.line("  %s %s", p.style.Pad(name, 10), text)
}

// thresholds says what a clause leads to: on each platform, where they differ.
func thresholds(policy *rules.Policy, clause rules.Clause) string {
	var parts []string
	byWords := map[string][]string{}
	for _, platform := range policy.Platforms() {
		words := threshold(clause, platform)
		if !slices.Contains(parts, words) {
			parts = append(parts, words)
		}
		byWords[words] = append(byWords[words], platformName(platform))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	for i, words := range parts {
		parts[i] = strings.Join(byWords[words], "・") + ": " + words
	}
	return strings.Join(parts, " / ")
}

func threshold(clause rules.Clause, platform string) string {
	least := map[rules.Action]float64{}
	for action, confidence := range clause.Actions {
		can := action
		for can > rules.None && !rules.Can(platform, can) {
			can--
		}
		if old, ok := least[can]; can > rules.None && (!ok || confidence < old) {
			least[can] = confidence
		}
	}
	actions := make([]rules.Action, 0, len(least))
	for action := range least {
		actions = append(actions, action)
	}
	slices.SortFunc(actions, func(a, b rules.Action) int { return cmp.Compare(a, b) })
	parts := make([]string, len(actions))
	for i, action := range actions {
		parts[i] = fmt.Sprintf("%s %.2f", actionShort(action), least[action])
	}
	return strings.Join(parts, "、")
}

// hours says when an account is attended.
func hours(h *rules.Hours) string {
	names := map[string]string{"mon": "月", "tue": "火", "wed": "水", "thu": "木", "fri": "金", "sat": "土", "sun": "日"}
	days := make([]string, len(h.Days))
	for i, day := range h.Days {
		days[i] = cmp.Or(names[day], day)
	}
	out := fmt.Sprintf("%s %s–%s", strings.Join(days, "・"), h.Open, h.Close)
	if len(h.Closed) > 0 {
		closed := make([]string, len(h.Closed))
		for i, day := range h.Closed {
			closed[i] = day
			if day == "holidays" {
				closed[i] = "祝日"
			} else if from, to, ok := strings.Cut(day, "/"); ok {
				closed[i] = from + "から" + to
			}
		}
		out += " (休み: " + strings.Join(closed, "、") + ")"
	}
	return out
}
