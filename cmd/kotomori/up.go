package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kotomori/kotomori/internal/app"
	"github.com/kotomori/kotomori/internal/broker"
	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/show"
	"github.com/kotomori/kotomori/rules"
	"github.com/kotomori/kotomori/testdata"
)

type upCmd struct {
	config.Stream
	config.Ruleset
	config.Data
	config.HTTP
	config.Webhook
	config.Display
	config.Log
	Listen string `help:"Address of the embedded broker, on loopback. Without it the port of last time, or a free one." placeholder:"127.0.0.1:PORT"`
	Sample bool   `help:"Feed the sample replies, once for a data directory."`
	Once   bool   `help:"End when all that is there is judged and shown."`
}

func (c *upCmd) Run(e *env) error {
	if err := c.Stream.Check(); err != nil {
		return misuse(err, settingsHint)
	}
	dir, err := dataDir(c.Data)
	if err != nil {
		return err
	}
	// What the program does is shown on the screen; the log is for what goes wrong, unless it is asked for.
	if e.settings.Origin("log-level") == (config.Origin{}) {
		c.LogLevel = "warn"
	}
	hooks, err := webhooks(c.Webhook, e.settings.Origin("webhook") == (config.Origin{}))
	if err != nil {
		return err
	}
	u := &app.Up{
		App: app.Config{
			Embedded:     &app.Embedded{Dir: app.BrokerDir(dir), Listen: c.Listen},
			Group:        c.Group,
			Topics:       topics(c.Stream, 1),
			Rules:        c.Rules,
			HTTP:         httpAddr(c.HTTP),
			HTTPFallback: e.settings.Origin("http") == (config.Origin{}),
			Webhook:      hooks,
			PseudonymKey: app.PseudonymFile(dir),
			Log:          logger(c.Log, e.stderr),
		},
		Once: c.Once,
	}
	if c.Sample {
		if u.Sample, err = app.NewSample(testdata.Sample, dir); err != nil {
			return err
		}
	}
	var judge *app.Judge
	screen := &cards{page: newPage(e, c.Display), rules: func() *rules.Set { return judge.Ruleset() }}
	u.Show = func(r event.Recommendation) { screen.show(r) }
	u.Started = func(a *app.App, s app.Standing) {
		judge = a.Judge()
		c.started(screen, a, s, u.Sample, hooks, dir)
	}
	u.Through = func(s app.Summary) { c.through(screen, s) }
	if err := u.Run(e.ctx); err != nil {
		if locked, ok := errors.AsType[*broker.LockedError](err); ok {
			return hint(locked, "see its recommendations with 'kotomori watch --from-beginning', or use another folder with --data-dir")
		}
		if e.ctx.Err() != nil && errors.Is(err, e.ctx.Err()) {
			return nil
		}
		return placed(err, c.Rules)
	}
	if !c.Once {
		screen.line("終了しました。次に始めると続きから動きます。")
	}
	return screen.err
}

func (c *upCmd) started(p *cards, a *app.App, s app.Standing, sample *app.Sample, hooks *app.Webhooks, dir string) {
	p.line("Kotomori は、公式アカウントへの返信を読み、非表示・削除・ブロックを推奨します。実行はしません。")
	p.line("  %s  %s", p.style.Pad("ブローカー", 12), a.Broker())
	if addr := a.HTTPAddr(); addr != "" {
		p.line("  %s  http://%s/metrics (稼働確認 /healthz /readyz)", p.style.Pad("指標", 12), addr)
	}
	if addr := a.WebhookAddr(); addr != "" {
		scheme := "http"
		if c.WebhookTLSCert != "" {
			scheme = "https"
		}
		var names []string
		for _, a := range hooks.Receiver.Accounts {
			names = append(names, platformName(a.Platform)+" "+a.Name)
		}
		p.line("  %s  %s://%s/webhook/ (%s)", p.style.Pad("受信", 12), scheme, addr, strings.Join(names, "、"))
	}
	p.line("  %s  %s", p.style.Pad("データ", 12), dir)
	set := a.Judge().Ruleset()
	p.line("  %s  %s (規則 %d、方針 %d)", p.style.Pad("ルールセット", 12), a.Judge().Classifier().Version(), len(set.Rules()), len(set.Policies()))
	if s.Open > 0 || s.Fed > 0 {
		see := "表示するには、この画面を開いたまま別の端末で kotomori watch --from-beginning"
		if c.Once {
			see = "表示するには kotomori up を実行し、別の端末で kotomori watch --from-beginning"
		}
		p.line("前回までの推奨が %d 件あります。%s", s.Open, see)
	}
	if s.Left > 0 {
		p.line("前回の続きから %d 件の返信を判定します。", s.Left)
	}
	if sample != nil && s.Fed < sample.Len() {
		p.line("見本の返信 %d 件を送ります。", sample.Len()-s.Fed)
	}
	p.line("")
}

func (c *upCmd) through(p *cards, s app.Summary) {
	if s.Replies > 0 || c.Once {
		out := 0
		for _, n := range s.Open {
			out += n.N
		}
		rate := ""
		if s.Replies > 0 && s.Took > 0 {
			rate = fmt.Sprintf(" (%.1f 秒、毎秒 %.0f 件)", s.Took.Seconds(), float64(s.Replies)/s.Took.Seconds())
		}
		p.line("%s 返信 %d 件%s、推奨 %d 件", p.style.Paint(show.Bold, "まとめ"), s.Replies, rate, out)
		for _, n := range s.Open {
			p.line("  %s %s %s %3d 件  %s", p.style.Pad(n.Account, 10), p.style.Pad(actionShort(n.Action), 8), p.style.Pad(n.Clause, 7), n.N, categoryNames[n.Category])
		}
	}
	if !c.Once {
		p.line("次の返信を待っています。別の端末から kotomori feed ファイル で送れます。終了は Ctrl-C")
	}
}

type brokerCmd struct {
	config.Data
	config.Log
	Listen string `help:"Address, on loopback. Without it the port of last time, or a free one." placeholder:"127.0.0.1:PORT"`
}

func (c *brokerCmd) Run(e *env) error {
	dir, err := dataDir(c.Data)
	if err != nil {
		return err
	}
	b, err := broker.Start(broker.Config{Dir: app.BrokerDir(dir), Listen: c.Listen, Log: logger(c.Log, e.stderr)})
	if err != nil {
		return err
	}
	_, printErr := fmt.Fprintln(e.stdout, b.Addr())
	if printErr == nil {
		<-e.ctx.Done()
	}
	return errors.Join(printErr, b.Close())
}
