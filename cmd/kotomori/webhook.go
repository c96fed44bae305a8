package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/delivery"
	"github.com/kotomori/kotomori/internal/rehearse"
	"github.com/kotomori/kotomori/internal/show"
)

type webhookCmd struct {
	Check webhookCheckCmd `cmd:"" help:"Play the platform against a running receiver, and say what is wrong and the mend."`
	Send  webhookSendCmd  `cmd:"" help:"Sign a recorded delivery and send it."`
}

// webhookTarget is whom to send to, and for which account.
type webhookTarget struct {
	config.Webhook
	Platform string        `arg:"" enum:"x,facebook,blog" help:"x, facebook or blog."`
	URL      string        `name:"url" required:"" help:"Where the receiver is: https://HOST, or the whole address, https://HOST/webhook/x/saitama." placeholder:"URL"`
	Account  string        `help:"The policy's id; without it the one in the URL, or the only one of the platform that has a secret." placeholder:"POLICY"`
	Timeout  time.Duration `help:"How long to wait for each answer." default:"10s" placeholder:"DURATION"`
}

// client finds the account and its address.
func (c *webhookTarget) client() (*rehearse.Client, config.WebhookAccount, error) {
	none := config.WebhookAccount{}
	address, err := rehearse.ParseAddress(c.URL, c.Platform)
	if err != nil {
		return nil, none, misuse(err, "the address is https://HOST/webhook/%s/ACCOUNT", c.Platform)
	}
	if c.Timeout <= 0 {
		return nil, none, misuse(errors.New("--timeout must be more than 0"), "give a duration such as 10s")
	}
	name := c.Account
	switch {
	case name == "":
		name = address.Account
	case address.Account != "" && address.Account != name:
		return nil, none, misuse(fmt.Errorf("the URL is that of %s, not of %s", address.Account, name), "give one of the two")
	}
	all, err := c.Webhook.Accounts()
	if err != nil {
		return nil, none, misuse(err, settingsHint)
	}
	var fitting []config.WebhookAccount
	var names []string
	for _, a := range all {
		if a.Platform != c.Platform {
			continue
		}
		names = append(names, a.Name)
		if name == "" || name == a.Name {
			fitting = append(fitting, a)
		}
	}
	give := fmt.Sprintf("run it where the receiver's configuration is, or give --%s-secrets or --%[1]s-secret-files", c.Platform)
	switch {
	case len(names) == 0:
		return nil, none, misuse(fmt.Errorf("no %s account has a secret", c.Platform), "%s", give)
	case len(fitting) == 0:
		return nil, none, misuse(fmt.Errorf("the %s account %s has no secret; there is %s", c.Platform, name, strings.Join(names, ", ")), "%s", give)
	case len(fitting) > 1:
		return nil, none, misuse(fmt.Errorf("%d %s accounts have a secret", len(fitting), c.Platform), "name one with --account: %s", strings.Join(names, ", "))
	}
	account := fitting[0]
	for _, secret := range account.Secrets {
		if err := delivery.CheckSecret(account.Platform, secret); err != nil {
			return nil, none, misuse(fmt.Errorf("%s account %s: %w", account.Platform, account.Name, err), settingsHint)
		}
	}
	return rehearse.NewClient(address, account, c.Timeout), account, nil
}

type webhookSendCmd struct {
	webhookTarget
	File string `arg:"" help:"The body as the platform sends it, - for the standard input."`
	ID   string `name:"id" help:"The delivery's webhook-id, of a blog only; without it a fresh one." placeholder:"ID"`
}

func (*webhookSendCmd) Help() string {
	return `The bytes of FILE are signed with the account's first secret and sent as they are. Secrets come from this machine's configuration: run it where that is. A delivery that is taken goes into the stream like the platform's own; testdata/webhook has some to try with. The exit status is 0 where it was taken (200).`
}

func (c *webhookSendCmd) Run(e *env) error {
	if c.ID != "" && c.Platform != delivery.Blog {
		return misuse(fmt.Errorf("a delivery of %s has no webhook-id", c.Platform), "leave out --id")
	}
	client, _, err := c.client()
	if err != nil {
		return err
	}
	body, err := c.read(e)
	if err != nil {
		return err
	}
	a, err := client.Send(e.ctx, body, c.ID)
	if f, ok := errors.AsType[*rehearse.Fault](err); ok {
		return hint(errors.New(show.Clean(f.What)), show.Clean(f.Mend))
	}
	if err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	p := page{w: e.stdout}
	if a.Receipt == nil {
		p.line("%s", show.Clean(a.Fault().Error()))
		return errors.Join(p.err, errSaid)
	}
	r := a.Receipt
	p.line("%s", show.Clean(fmt.Sprintf("answered %d in %d ms (request %s): accepted %d, repeated %d, dropped %d, dead letters %d",
		a.Status, a.Took.Milliseconds(), a.RequestID, r.Accepted, r.Repeated, r.Dropped, r.DeadLetters)))
	return p.err
}

func (c *webhookSendCmd) read(e *env) ([]byte, error) {
	in := e.stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, fmt.Errorf("opening the delivery: %w", err)
		}
		defer f.Close()
		in = f
	}
	body, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("reading the delivery: %w", err)
	}
	return body, nil
}

type webhookCheckCmd struct {
	webhookTarget
}

func (*webhookCheckCmd) Help() string {
	return `It reaches the address as the platform does, plays the handshake, and delivers: without a signature, with wrong ones, with each secret, and the same again. A line for each check: ok, warn or FAIL with what is wrong and the mend; the exit status is 1 where something is. Redirects are not followed.

Secrets come from this machine's configuration: run it where that is. Nothing that anybody would see goes into the stream: on X and Facebook it delivers a like, which is dropped unread; for a blog there is nothing of the kind, so it tells that the post ` + rehearse.CheckID + `, which never was, is deleted. That is one record in kotomori.posts, and nothing is recommended or withdrawn.`
}

func (c *webhookCheckCmd) Run(e *env) error {
	client, account, err := c.client()
	if err != nil {
		return err
	}
	switch {
	case account.Platform == delivery.X && len(account.IDs) == 0:
		return misuse(fmt.Errorf("x account %s has no user id", account.Name), "give it with --x-accounts")
	case account.Platform == delivery.Facebook && len(account.IDs) == 0:
		return misuse(fmt.Errorf("facebook account %s has no page id", account.Name), "give it with --facebook-pages")
	case account.Platform == delivery.Facebook && len(account.Tokens) == 0:
		return misuse(fmt.Errorf("facebook account %s has no verify token", account.Name), "give it with --facebook-verify-tokens")
	}
	p := page{w: e.stdout}
	sum, err := client.Check(e.ctx, func(r rehearse.Result) { p.line("%s", show.Clean(r.String())) })
	if err != nil {
		return fmt.Errorf("stopped: %w", err)
	}
	result := fmt.Sprintf("%s: %d ok", client.URL(), sum.OK)
	if sum.Warnings > 0 {
		result += ", " + count(sum.Warnings, "warning")
	}
	if sum.Faults > 0 {
		result += ", " + count(sum.Faults, "fault")
	}
	if !sum.Whole {
		result += "; mend this first, the rest was not tried"
	}
	p.line("%s", show.Clean(result))
	if p.err == nil && sum.Faults > 0 {
		return errSaid
	}
	return p.err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
