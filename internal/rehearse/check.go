package rehearse

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/kotomori/kotomori/internal/delivery"
)

// Level is how good or bad a result is.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "FAIL"
)

// Result is what one check found.
type Result struct {
	Level Level
	What  string
	Mend  string // empty where all is well
}

func (r Result) String() string {
	line := fmt.Sprintf("%-4s %s", r.Level, r.What)
	if r.Mend != "" {
		line += "; " + r.Mend
	}
	return line
}

// Summary counts the results.
type Summary struct {
	OK, Warnings, Faults int
	Whole                bool // nothing was left out because of a fault
}

// CheckID is the id of the post whose deletion Check tells of to try a blog's address. On X and Facebook there are likes,
// which are dropped unread; of a blog everything goes into the stream, and this is what leaves the least: one record in
// kotomori.posts. The deletion of a comment would be shown as a withdrawal.
const CheckID = "kotomori-check"

// soon is how long before its end a certificate should have been renewed.
const soon = 14 * 24 * time.Hour

// Check plays the platform and tells of each result as it comes. What it delivers puts nothing into the stream that anybody
// would see. The error is that of ctx. The account needs an id (X, Facebook) and a verify token (Facebook).
func (c *Client) Check(ctx context.Context, tell func(Result)) (Summary, error) {
	r := &rehearsal{c: c, ctx: ctx, tell: tell}
	r.sum.Whole = r.run()
	return r.sum, ctx.Err()
}

type rehearsal struct {
	c    *Client
	ctx  context.Context // of this one rehearsal
	tell func(Result)
	sum  Summary
}

func (r *rehearsal) say(l Level, what, mend string) {
	if r.ctx.Err() != nil {
		return
	}
	switch l {
	case OK:
		r.sum.OK++
	case Warn:
		r.sum.Warnings++
	case Fail:
		r.sum.Faults++
	}
	r.tell(Result{l, what, mend})
}

func (r *rehearsal) ok(format string, args ...any) { r.say(OK, fmt.Sprintf(format, args...), "") }

// run says whether everything was tried.
func (r *rehearsal) run() bool {
	if !r.address() || !r.reach() {
		return false
	}
	switch r.c.account.Platform {
	case delivery.X:
		r.crc()
	case delivery.Facebook:
		r.verification()
	}
	r.forged()
	r.deliveries()
	return r.ctx.Err() == nil
}

// address looks at the URL alone.
func (r *rehearsal) address() bool {
	u, platform := r.c.url, r.c.account.Platform
	name := platformName(platform)
	if u.Scheme == "http" {
		switch {
		case loopback(u.Hostname()):
		case platform == delivery.Blog:
			r.say(Warn, "plain HTTP: whoever is on the way can read the comments", "use https unless blog and receiver share a network of their own")
		default:
			// Facebook's verify token is not to go over an open line, not even for a check.
			r.say(Fail, "plain HTTP", name+" demands https: let a proxy in front do TLS, or set --webhook-tls-cert and --webhook-tls-key")
			return false
		}
	} else if platform == delivery.X && u.Port() != "" {
		r.say(Warn, "the URL has a port", "X takes none: let the address answer on 443 and leave the port out")
	}
	return true
}

func platformName(platform string) string {
	switch platform {
	case delivery.X:
		return "X"
	case delivery.Facebook:
		return "Facebook"
	}
	return "the blog"
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// ask sends a request, and tells of it where no answer comes.
func (r *rehearsal) ask(what, method string, query url.Values, h http.Header, body []byte) *Answer {
	if r.ctx.Err() != nil {
		return nil
	}
	a, err := r.c.do(r.ctx, method, query, h, body)
	if err != nil {
		f, ok := errors.AsType[*Fault](err)
		if !ok {
			f = &Fault{err.Error(), "try again"}
		}
		r.say(Fail, what+": "+f.What, f.Mend)
		return nil
	}
	return a
}

// timely tells where an answer was right but slow.
func (r *rehearsal) timely(what string, a *Answer) bool {
	if a.Took <= r.c.limit {
		return true
	}
	r.say(Fail, what+": answered in "+span(a.Took), platformName(r.c.account.Platform)+" waits "+span(r.c.limit)+": look after Kafka, the receiver's machine and what stands before it")
	return false
}

// reach finds out whether it is Kotomori that answers, by a delivery without a signature. Where not, nothing more can be
// learned.
func (r *rehearsal) reach() bool {
	const what = "no signature"
	a := r.ask("reaching the address", http.MethodPost, nil, nil, r.harmless(time.Now()))
	if a == nil {
		return false
	}
	r.way(a)
	r.certificate(a)
	r.clock(a)
	switch {
	case a.detail == "" && a.Receipt == nil, a.Status == http.StatusNotFound, a.Status == http.StatusTooManyRequests, a.Status >= http.StatusInternalServerError:
		f := a.Fault()
		r.say(Fail, f.What, f.Mend)
		return false
	}
	r.refused(what, a)
	return true
}

// way tells how the receiver was reached.
func (r *rehearsal) way(a *Answer) {
	switch {
	case a.proxied:
		r.ok("reached %s through this side's proxy", r.c.where())
	case a.remote.Addr().IsPrivate() || a.remote.Addr().IsLinkLocalUnicast():
		if r.c.account.Platform != delivery.Blog {
			r.say(Warn, "reached "+a.remote.String()+", a private address", "the platform comes from outside: check again from there, or ask the public DNS for the name")
			return
		}
		r.ok("reached %s", a.remote)
	case r.c.url.Scheme == "http" && a.remote.Addr().IsLoopback():
		r.ok("reached %s, plain HTTP within this machine", a.remote)
	default:
		r.ok("reached %s", a.remote)
	}
}

// certificate looks at when it ends: net/http has seen to name and chain.
func (r *rehearsal) certificate(a *Answer) {
	if a.tls == nil || len(a.tls.PeerCertificates) == 0 {
		return
	}
	end := a.tls.PeerCertificates[0].NotAfter
	left := time.Until(end)
	days := int(left / (24 * time.Hour))
	if left < soon {
		r.say(Warn, fmt.Sprintf("the certificate ends %s, in %d days", day(end), days), "renew it; platforms give up an address whose certificate has ended")
		return
	}
	r.ok("certificate for %s, valid until %s (%d days)", r.c.url.Hostname(), day(end), days)
}

// clock compares the clocks: only a blog's signature holds for a time.
func (r *rehearsal) clock(a *Answer) {
	if r.c.account.Platform != delivery.Blog || a.date.IsZero() {
		return
	}
	if off := time.Since(a.date).Abs().Round(time.Second); off > time.Minute {
		r.say(Warn, fmt.Sprintf("this clock and that of the receiver, or of what stands before it, are %v apart", off), "set both by NTP; a delivery may be off by 5 minutes")
	}
}

// refused tells whether a delivery that must not be taken was refused.
func (r *rehearsal) refused(what string, a *Answer) {
	switch {
	case a == nil:
	case a.Status == http.StatusUnauthorized && a.detail != "":
		if r.timely(what, a) {
			r.ok("%s: refused in %s", what, span(a.Took))
		}
	case a.Receipt != nil:
		r.say(Fail, what+": taken", "so whoever knows the address can put comments into the stream; do not use it, and report this")
	default:
		f := a.Fault()
		r.say(Fail, what+": "+f.What+", not 401", f.Mend)
	}
}

// forged delivers with signatures that are wrong.
func (r *rehearsal) forged() {
	account := r.c.account
	now := time.Now()
	body := r.harmless(now)
	post := func(what, secret string, at time.Time, signed, sent []byte) {
		h, err := delivery.Sign(account.Platform, secret, signed, freshID(), at)
		if err != nil {
			r.say(Fail, what+": "+err.Error(), "correct the settings")
			return
		}
		r.refused(what, r.ask(what, http.MethodPost, nil, h, sent))
	}
	post("signature with a wrong secret", strangeSecret(account.Platform), now, body, body)
	altered := append(append([]byte{}, body...), ' ')
	post("body altered after signing", account.Secrets[0], now, body, altered)
	if account.Platform == delivery.Blog {
		post("signature out of date", account.Secrets[0], now.Add(-delivery.Tolerance-time.Minute), body, body)
	}
}

func strangeSecret(platform string) string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	secret := base64.StdEncoding.EncodeToString(b[:])
	if platform == delivery.Blog {
		return "whsec_" + secret
	}
	return secret
}

// deliveries delivers with each secret, and the first delivery again.
func (r *rehearsal) deliveries() {
	account := r.c.account
	body := r.harmless(time.Now())
	var first http.Header
	for i, secret := range account.Secrets {
		what := "right signature"
		if len(account.Secrets) > 1 {
			what += ", " + place(i) + " secret"
		}
		h, err := delivery.Sign(account.Platform, secret, body, freshID(), time.Now())
		if err != nil {
			r.say(Fail, what+": "+err.Error(), "correct the settings")
			continue
		}
		a := r.ask(what, http.MethodPost, nil, h, body)
		if a != nil && a.Status == http.StatusUnauthorized && a.detail != "" && i > 0 && first != nil {
			r.say(Fail, what+": refused", "the receiver does not have it; give it both while the secret is changed, and restart it")
			continue
		}
		if r.taken(what, a) && first == nil {
			first = h
		}
	}
	if first == nil {
		return
	}
	const what = "the same delivery again"
	a := r.ask(what, http.MethodPost, nil, first, body)
	if a != nil && a.Receipt != nil && a.Receipt.Accepted > 0 {
		r.say(Fail, what+": taken for a new one", "check again; if it stays so, report it")
		return
	}
	r.taken(what, a)
}

func place(i int) string { return []string{"first", "second"}[i] }

// taken tells whether a delivery was taken for what it is.
func (r *rehearsal) taken(what string, a *Answer) bool {
	if a == nil {
		return false
	}
	if a.Receipt == nil {
		f := a.Fault()
		r.say(Fail, what+": "+f.What, f.Mend)
		return false
	}
	got := *a.Receipt
	wanted, counted := got.Dropped, "dropped"
	if r.c.account.Platform == delivery.Blog {
		wanted, counted = got.Accepted+got.Repeated, "accepted or repeated"
	}
	// Kept as a stranger's, for the first time or again.
	stranger := got.DeadLetters > 0 || got.Repeated > 0 && r.c.account.Platform != delivery.Blog
	switch {
	case stranger && r.c.account.Platform == delivery.Facebook:
		r.say(Fail, what+": the receiver does not know the page "+r.c.account.IDs[0], "compare facebook-pages and the secret there with this configuration")
		return false
	case stranger && r.c.account.Platform == delivery.X:
		r.say(Fail, what+": the receiver could not read it, or does not know the user id "+r.c.account.IDs[0], "compare x-accounts and the secret there with this configuration")
		return false
	case got.DeadLetters > 0:
		r.say(Fail, what+": the receiver could not read it", "let both be of the same version")
		return false
	case wanted != 1:
		r.say(Fail, fmt.Sprintf("%s: of one event, %d are counted as %s", what, wanted, counted), "let both be of the same version")
		return false
	}
	if r.timely(what, a) {
		r.ok("%s: taken in %s", what, span(a.Took))
	}
	return true
}

// harmless is a delivery that leaves nothing for anybody to see: a like on X and Facebook, the deletion of a post that
// never was on a blog. That has one time for ever, so that it is one record however often it is told.
func (r *rehearsal) harmless(at time.Time) []byte {
	type object = map[string]any
	var v object
	switch account := r.c.account; account.Platform {
	case delivery.X:
		// That there are no posts is of interest only where the user id is not known.
		v = object{"for_user_id": account.IDs[0], "favorite_events": []object{{"id": CheckID}}, "tweet_create_events": []object{}}
	case delivery.Facebook:
		page := account.IDs[0]
		v = object{"object": "page", "entry": []object{{"id": page, "time": at.Unix(), "changes": []object{{
			"field": "feed",
			"value": object{"item": "like", "verb": "add", "post_id": page + "_1", "created_time": at.Unix(), "from": object{"id": page}},
		}}}}}
	default:
		v = object{
			"type": "post.deleted", "timestamp": "2026-01-01T00:00:00Z",
			"data": object{"post": object{"id": CheckID}},
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers
	}
	return b
}

// crc plays X's challenge-response check, twice: X repeats it for as long as the webhook is registered.
func (r *rehearsal) crc() {
	var before string
	for _, what := range []string{"CRC", "CRC again"} {
		// Characters that a proxy may not write anew in the query.
		token := "+/" + strangeSecret(delivery.X)
		a := r.ask(what, http.MethodGet, url.Values{"crc_token": {token}}, nil, nil)
		if a == nil {
			return
		}
		var body struct {
			Token string `json:"response_token"`
		}
		err := json.Unmarshal(a.body, &body)
		secrets := r.c.account.Secrets
		switch {
		case a.Status != http.StatusOK:
			f := a.Fault()
			r.say(Fail, what+": "+f.What, f.Mend)
			return
		case err != nil || body.Token == "":
			r.say(Fail, what+": answered without a response_token", "another program answers: see to it that the address leads to the receiver (--webhook)")
			return
		case body.Token == before:
			r.say(Fail, what+": the answer to another challenge", "a cache answers: switch it off for /webhook/")
			return
		case body.Token == delivery.CRC(secrets[0], token):
		case len(secrets) > 1 && body.Token == delivery.CRC(secrets[1], token):
			r.say(Fail, what+": answered with the second secret", "have the receiver take the new one first, as it is here, and restart it")
			return
		default:
			r.say(Fail, what+": the response_token is wrong", "compare the account's secret here and there (X: the app's consumer secret); a proxy must not change the query")
			return
		}
		if a.media != "application/json" {
			r.say(Fail, what+": Content-Type is not application/json", "a proxy must leave it as it is")
			return
		}
		if r.timely(what, a) {
			r.ok("%s: answered in %s", what, span(a.Took))
		}
		before = body.Token
	}
}

// verification plays Facebook's, with each verify token and a wrong one.
func (r *rehearsal) verification() {
	tokens := r.c.account.Tokens
	for i := range len(tokens) + 1 {
		what, token := "wrong verify token", rand.Text()
		right := i < len(tokens)
		if right {
			what, token = "verification", tokens[i]
			if len(tokens) > 1 {
				what += ", " + place(i) + " token"
			}
		}
		n, err := rand.Int(rand.Reader, big.NewInt(1<<31))
		if err != nil {
			r.say(Fail, what+": "+err.Error(), "try again")
			return
		}
		challenge := n.String()
		a := r.ask(what, http.MethodGet, url.Values{
			"hub.mode": {"subscribe"}, "hub.verify_token": {token}, "hub.challenge": {challenge},
		}, nil, nil)
		if a == nil {
			return
		}
		r.verified(what, a, challenge, right)
	}
}

func (r *rehearsal) verified(what string, a *Answer, challenge string, right bool) {
	f := a.Fault()
	switch {
	case !right && a.Status == http.StatusForbidden && a.detail != "":
		r.ok("%s: refused in %s", what, span(a.Took))
	case !right && a.Status == http.StatusOK && strings.Contains(string(a.body), challenge):
		r.say(Fail, what+": accepted", "another program answers: see to it that the address leads to the receiver (--webhook)")
	case !right:
		r.say(Fail, what+": "+f.What+", not 403", f.Mend)
	case a.Status == http.StatusForbidden && a.detail != "":
		r.say(Fail, what+": refused", "the receiver has another token: compare facebook-verify-tokens here and there, and restart it; a proxy must not change the query")
	case a.Status != http.StatusOK:
		r.say(Fail, what+": "+f.What, f.Mend)
	case string(a.body) != challenge && strings.Contains(string(a.body), challenge):
		r.say(Fail, what+": the challenge came back with something around it", "what stands before the receiver must leave the answer as it is")
	case string(a.body) != challenge:
		r.say(Fail, what+": answered 200 without the challenge", "another program answers, or a cache: see to it that the address leads to the receiver (--webhook)")
	default:
		if r.timely(what, a) {
			r.ok("%s: answered in %s", what, span(a.Took))
		}
	}
}
