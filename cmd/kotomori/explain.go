package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/show"
	"github.com/kotomori/kotomori/rules"
)

type explainCmd struct {
	config.Ruleset
	config.Display
	Account  string `help:"Whose policy to judge by." default:"saitama" placeholder:"POLICY"`
	Platform string `help:"Where the reply stands: x, facebook or blog. Without it the policy's first." placeholder:"NAME"`
	Post     string `help:"Text of the official post replied to." placeholder:"TEXT"`
	Name     string `help:"The author's name." placeholder:"TEXT"`
	Handle   string `help:"The author's handle." placeholder:"TEXT"`
	Text     string `arg:"" help:"The reply, - to read it from the standard input."`
}

func (c *explainCmd) Run(e *env) error {
	text := c.Text
	if text == "-" {
		b, err := io.ReadAll(io.LimitReader(e.stdin, classifier.MaxText+1))
		if err != nil {
			return fmt.Errorf("reading the reply: %w", err)
		}
		text = strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	}
	cl, err := loadClassifier(c.Ruleset)
	if err != nil {
		return err
	}
	platform := c.Platform
	if p, ok := cl.Ruleset().Policy(c.Account); ok && platform == "" && len(p.Platforms()) > 0 {
		platform = p.Platforms()[0]
	}
	x, err := cl.Explain(classifier.Comment{
		ID: "explain", Account: c.Account, Platform: platform, Text: text,
		Post: classifier.Post{Text: c.Post}, Author: classifier.Author{Name: c.Name, Handle: c.Handle},
	})
	if err != nil {
		return misuse(err, "'kotomori policy list' shows the accounts and their platforms")
	}
	p := &explainer{page: newPage(e, c.Display), x: x, set: cl.Ruleset(), text: map[rules.Field]string{rules.InText: text, rules.InName: c.Name, rules.InHandle: c.Handle}}
	p.print(platform)
	return p.err
}

// explainer prints an explanation.
type explainer struct {
	page
	x    *classifier.Explanation
	set  *rules.Set
	text map[rules.Field]string
}

func (p *explainer) print(platform string) {
	p.head("1 正規化", "normalised")
	p.field("原文", p.text[rules.InText])
	p.field("語・検出用", p.x.Plain)
	p.field("照合用", p.x.Folded)
	if p.x.Squeezed != "" && p.x.Squeezed != p.x.Folded {
		p.field("記号を除く", p.x.Squeezed)
	}

	p.head("2 語句の照合", "literals that hit")
	if len(p.x.Literals) == 0 {
		p.line("  なし")
	}
	// A word may belong to many classes: one line for each place and text.
	for i := 0; i < len(p.x.Literals); {
		l := p.x.Literals[i]
		var classes []string
		for ; i < len(p.x.Literals); i++ {
			next := p.x.Literals[i]
			if next.Place != l.Place || next.Kept != l.Kept || next.Why != l.Why {
				break
			}
			class := next.Class
			if next.Word != l.Text {
				class += " (" + show.Clean(next.Word) + ")"
			}
			if !slices.Contains(classes, class) {
				classes = append(classes, class)
			}
		}
		where := fmt.Sprintf("%d–%d", l.Place.Start, l.Place.End)
		if l.Place.Field != rules.InText {
			where = l.Place.Field.String() + " " + where
		}
		mark, why := p.style.Paint(show.Red, "採"), ""
		if !l.Kept {
			mark, why = p.style.Paint(show.Faint, "捨"), "  "+l.Why
		}
		p.line("  %s %s 「%s」 %s%s", mark, p.style.Pad(where, 7), show.Clean(l.Text), strings.Join(classes, ", "), why)
	}

	p.head("3 形態素", "kagome's tokens")
	for _, t := range p.x.Tokens {
		if strings.TrimSpace(t.Surface) == "" {
			continue
		}
		parts := slices.DeleteFunc([]string{t.POS, t.ConjType, t.ConjForm}, func(s string) bool { return s == "" })
		more := strings.Join(parts, "・")
		if t.Lemma != "" && t.Lemma != t.Surface {
			more += " ← " + t.Lemma
		}
		if !t.Known {
			more += " (未知語)"
		}
		p.line("  %s %s", p.style.Pad(show.Clean(t.Surface), 16), show.Clean(more))
	}

	p.head("4 規則", "rules that fired or were held back")
	if len(p.x.Rules) == 0 {
		p.line("  なし: どの規則の語句もそろわない")
	}
	for _, v := range p.x.Rules {
		if v.Fired {
			p.line("  %s %s (確信度 %.2f)", p.style.Paint(show.Red, "該当"), v.Rule.ID, v.Rule.Confidence)
		} else {
			p.line("  %s %s: %s", p.style.Paint(show.Faint, "不該当"), v.Rule.ID, show.Clean(v.Why))
		}
		for _, field := range []rules.Field{rules.InText, rules.InName, rules.InHandle} {
			var spans []show.Span
			for _, place := range v.Places {
				if place.Field == field {
					spans = append(spans, show.Span{Start: place.Start, End: place.End})
				}
			}
			if len(spans) > 0 {
				p.line("       %s: %s", field, p.style.Mark(p.text[field], spans))
			}
		}
	}

	p.readers()

	p.head("6 判定", "verdict")
	policy, _ := p.set.Policy(p.x.Verdict.Policy)
	if policy == nil {
		return
	}
	p.line("  方針 %s (%s) / 媒体 %s", policy.Title, policy.ID, platformName(platform))
	if len(p.x.Verdict.Findings) == 0 {
		p.line("  %s", p.style.Paint(show.Bold, actionWords(rules.None)))
	} else {
		p.line("  %s", p.style.Paint(show.Bold, actionWords(p.x.Verdict.Action)))
	}
	for _, f := range p.x.Verdict.Findings {
		clause, _ := policy.Clause(f.Category)
		p.line("  %s %s %s (確信度 %.2f)", f.Clause, clause.Text, f.Category, f.Confidence)
		p.line("       %s", show.Clean(f.Reason))
	}
	if len(p.x.Verdict.Abstained) > 0 {
		p.line("  元の発信が不明のため判断していない分類: %s", strings.Join(p.x.Verdict.Abstained, ", "))
	}
	p.line("  ruleset %s", p.x.Verdict.Ruleset)
}

// readers tells what the readers beside the rules say, and what all come to together.
func (p *explainer) readers() {
	p.head("5 学習モデルと合議", "what the learned reader says, and all together")
	for _, r := range p.x.Opinions {
		if r.Glanced {
			p.line("  %s (%s): 該当なし (ひと目で問題なし。詳しくは読んでいません)", r.Source, r.Version)
			continue
		}
		opinions := slices.Clone(r.Opinions)
		slices.SortStableFunc(opinions, func(a, b classifier.Opinion) int { return cmp.Compare(b.Confidence, a.Confidence) })
		rest := 1.0
		for _, o := range opinions {
			rest -= o.Confidence
		}
		p.line("  %s (%s): 該当なし %.3f", r.Source, r.Version, max(0, rest))
		for i, o := range opinions {
			if i == maxOpinions || o.Confidence < 0.02 {
				break
			}
			var spans []show.Span
			for _, e := range r.Evidence(o.Category) {
				if e.In == "" {
					spans = append(spans, show.Span{Start: e.Start, End: e.End})
				}
			}
			p.line("       %.3f %s  %s", o.Confidence, p.style.Pad(o.Category, 19), p.style.Mark(p.text[rules.InText], spans))
		}
	}
	pool := slices.Clone(p.x.Pool)
	slices.SortStableFunc(pool, func(a, b classifier.Pooled) int { return cmp.Compare(b.Share, a.Share) })
	sure := 0.0
	for _, x := range pool {
		sure += x.Share
	}
	for i, x := range pool {
		if i == 0 {
			p.line("  合議: 何らかの条項に該当 %.3f (推奨は %.3f から)", sure, x.Least)
		}
		if i == maxOpinions || x.Share < 0.02 {
			break
		}
		p.line("       %.3f %s  規則 %+.1f  モデル %+.1f (対数オッズ)", x.Share, p.style.Pad(x.Category, 19), x.LogOdds[classifier.SourceRules], x.LogOdds[classifier.SourceModel])
	}
}

// maxOpinions is how many categories are shown of each reader.
const maxOpinions = 3

// page prints lines and remembers the first error.
type page struct {
	w     io.Writer
	style *show.Style
	err   error
}

func newPage(e *env, d config.Display) page {
	return page{w: e.stdout, style: newStyle(e.stdout, d)}
}

func newStyle(w io.Writer, d config.Display) *show.Style {
	return show.NewStyle(show.Color(d.Color, w), show.Columns(w), d.AmbiguousWidth == "wide")
}

func (p *page) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *page) head(title, english string) {
	p.line("%s %s", p.style.Paint(show.Bold, title), p.style.Paint(show.Faint, "— "+english))
}

func (p *page) field(name, text string) {
	p.line("  %s %s", p.style.Pad(name, 10), show.Clean(text))
}
