// Package rehearse plays a platform against a receiver that runs: it signs deliveries as the platform does, sends them, and
// tells from the answers what is wrong with the receiver, or with what stands before it, and the mend.
//
// Neither secrets nor signatures show in what it says, even where the other side sends them back.
package rehearse

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/delivery"
)

// Address is where a receiver is.
type Address struct {
	url     *url.URL
	Account string // that the address names, if any
}

// ParseAddress reads the beginning of a receiver's addresses (https://host), or the whole address of one account of the
// platform (https://host/webhook/x/saitama).
func ParseAddress(text, platform string) (Address, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Address{}, errors.New("the URL cannot be read; give https://HOST") // err quotes all of it
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return Address{}, errors.New("the URL is not that of a web server; give https://HOST")
	case u.User != nil:
		return Address{}, errors.New("the URL holds a user; platforms send none, take it out")
	case u.RawQuery != "" || u.Fragment != "":
		return Address{}, errors.New("the URL holds more than a path; leave out what follows ? or #")
	}
	const part = "/webhook/"
	begin, end, whole := strings.Cut(u.Path, part)
	if !whole {
		u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
		return Address{url: u}, nil
	}
	account, ok := strings.CutPrefix(end, platform+"/")
	if !ok || account == "" || strings.Contains(account, "/") {
		return Address{}, fmt.Errorf("%s%s is not the path of a %s account; give https://HOST or https://HOST%s%s/ACCOUNT", part, end, platform, part, platform)
	}
	u.Path, u.RawPath = begin, ""
	return Address{url: u, Account: account}, nil
}

// Client sends what a platform sends for one account.
type Client struct {
	account config.WebhookAccount
	url     *url.URL
	http    *http.Client
	timeout time.Duration
	limit   time.Duration // how long the platform waits
}

// userAgent tells the requests apart in a proxy's log.
const userAgent = "kotomori-webhook"

// maxAnswer is how much of an answer is read.
const maxAnswer = 64 << 10

// NewClient makes a client for an account that has a secret.
func NewClient(address Address, account config.WebhookAccount, timeout time.Duration) *Client {
	u := *address.url
	u.Path += "/webhook/" + account.Platform + "/" + account.Name
	c := &Client{account: account, url: &u, timeout: timeout}
	switch account.Platform {
	case delivery.X:
		c.limit = 3 * time.Second
	case delivery.Facebook:
		c.limit = 5 * time.Second
	default:
		c.limit = 15 * time.Second // Standard Webhooks
	}
	c.http = &http.Client{
		// A connection for each request: the platform's first one has to make it, too.
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// URL is the whole address.
func (c *Client) URL() string { return c.url.String() }

// trust takes other authorities than the system's, for tests.
func (c *Client) trust(roots *x509.CertPool) {
	c.http.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// Fault is what is wrong, and the mend.
type Fault struct{ What, Mend string }

func (f *Fault) Error() string { return f.What + "; " + f.Mend }

// Receipt is the body of the answer to a delivery that was taken.
type Receipt struct {
	Accepted    int `json:"accepted"`
	Repeated    int `json:"repeated"`
	Dropped     int `json:"dropped"`
	DeadLetters int `json:"dead_letters"`
}

// Answer is what came back.
type Answer struct {
	Status    int
	Took      time.Duration // with the connection
	Receipt   *Receipt      // of a delivery that was taken; else nil
	RequestID string

	detail   string // what Kotomori says of what is wrong; empty where it is not Kotomori that answers
	media    string // of the body
	body     []byte
	location string
	date     time.Time
	remote   netip.AddrPort // not valid behind a proxy of this side
	proxied  bool
	tls      *tls.ConnectionState
}

// Send signs a body with the account's first secret and sends it. Only a blog's delivery has an id: where it is empty, a
// fresh one is taken. The error is a *Fault unless ctx ended.
func (c *Client) Send(ctx context.Context, body []byte, id string) (*Answer, error) {
	if id == "" {
		id = freshID()
	}
	h, err := delivery.Sign(c.account.Platform, c.account.Secrets[0], body, id, time.Now())
	if err != nil {
		return nil, err
	}
	return c.do(ctx, http.MethodPost, nil, h, body)
}

func freshID() string { return "msg_" + rand.Text() }

// do sends a request. The error is a *Fault unless ctx ended.
func (c *Client) do(ctx context.Context, method string, query url.Values, h http.Header, body []byte) (*Answer, error) {
	a := &Answer{}
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if addr, ok := info.Conn.RemoteAddr().(*net.TCPAddr); ok {
			a.remote = netip.AddrPortFrom(addr.AddrPort().Addr().Unmap(), uint16(addr.Port))
		}
	}}
	inner, cancel := context.WithTimeout(httptrace.WithClientTrace(ctx, trace), c.timeout)
	defer cancel()
	u := *c.url
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(inner, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, &Fault{"the URL cannot be used", "give https://HOST"}
	}
	if h != nil {
		req.Header = h.Clone()
	}
	req.Header.Set("User-Agent", userAgent)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	if proxy, err := http.ProxyFromEnvironment(req); err == nil && proxy != nil {
		a.proxied = true
	}
	hide := c.hider(req)
	begin := time.Now()
	resp, err := c.http.Do(req)
	if err == nil {
		defer resp.Body.Close()
		a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	}
	a.Took = time.Since(begin)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, c.broken(err, a, hide)
	}
	a.Status, a.tls = resp.StatusCode, resp.TLS
	a.media, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	a.RequestID = short(hide.Replace(resp.Header.Get("X-Request-Id")), 64)
	a.date, _ = http.ParseTime(resp.Header.Get("Date"))
	if to, err := resp.Location(); err == nil {
		to.RawQuery, to.Fragment, to.User = "", "", nil // the query came from here
		a.location = short(hide.Replace(to.String()), 200)
	}
	a.read(hide)
	return a, nil
}

// read finds what Kotomori says in an answer.
func (a *Answer) read(hide *strings.Replacer) {
	switch a.media {
	case "application/json":
		var r struct {
			Accepted *int `json:"accepted"`
			Receipt
		}
		var whole Receipt
		if a.Status == http.StatusOK && json.Unmarshal(a.body, &r) == nil && r.Accepted != nil && json.Unmarshal(a.body, &whole) == nil {
			a.Receipt = &whole
		}
	case "application/problem+json":
		var p struct {
			Status int    `json:"status"`
			Detail string `json:"detail"`
		}
		if json.Unmarshal(a.body, &p) == nil && p.Status == a.Status {
			a.detail = short(hide.Replace(p.Detail), 400)
		}
	}
}

// hider masks what must not show: the account's secrets and what is sent with this request.
func (c *Client) hider(req *http.Request) *strings.Replacer {
	var all []string
	add := func(secret string) {
		// A shorter one is none, and to mask it would mask everything.
		if len(secret) >= 4 {
			all = append(all, secret, url.QueryEscape(secret))
		}
	}
	for _, secret := range slices.Concat(c.account.Secrets, c.account.Tokens) {
		add(secret)
		add(strings.TrimPrefix(secret, "whsec_"))
	}
	for _, name := range []string{delivery.HeaderX, delivery.HeaderFacebook, delivery.HeaderBlog} {
		for _, value := range req.Header.Values(name) {
			add(value)
			for _, prefix := range []string{"sha256=", "v1,"} {
				add(strings.TrimPrefix(value, prefix))
			}
		}
	}
	// One may be the beginning of another.
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, secret := range all {
		pairs = append(pairs, secret, "********")
	}
	return strings.NewReplacer(pairs...)
}

func short(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}

// broken says why no answer came. The error of net/http is not quoted whole: it holds the URL, and Facebook's verify token
// is in there.
func (c *Client) broken(err error, a *Answer, hide *strings.Replacer) *Fault {
	host := c.url.Hostname()
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return &Fault{host + " has no address in the DNS", "enter it there, or correct the URL"}
		}
		return &Fault{"the DNS gives no address of " + host + ": " + dns.Err, "look after this machine's DNS"}
	}
	if f := brokenTLS(err, host); f != nil {
		return f
	}
	inner := err
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		inner = wrapped.Err
	}
	timeout, _ := errors.AsType[net.Error](err)
	late := timeout != nil && timeout.Timeout()
	op, _ := errors.AsType[*net.OpError](err)
	switch {
	case late && a.remote.IsValid():
		return &Fault{"no answer within " + span(c.timeout), "the platform waits " + span(c.limit) + ": look after Kafka and what stands before the receiver"}
	case late:
		return &Fault{c.where() + " cannot be reached within " + span(c.timeout), "open the firewall for it, and see that the DNS names the right address"}
	case op != nil && op.Op == "dial":
		return &Fault{
			c.where() + " takes no connection (" + hide.Replace(op.Err.Error()) + ")",
			"is 'kotomori serve --roles webhook' running, with --webhook on this port, or a proxy that hands on to it?",
		}
	case op != nil && strings.HasPrefix(op.Op, "proxy"):
		return &Fault{"the proxy of this side refuses: " + short(hide.Replace(op.Err.Error()), 200), "see HTTPS_PROXY and NO_PROXY"}
	case errors.Is(err, http.ErrSchemeMismatch):
		return &Fault{c.where() + " answers plain HTTP, not HTTPS", "let a proxy in front do TLS, or set --webhook-tls-cert and --webhook-tls-key"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Fault{"the connection was closed without an answer", "look at the log of what stands before the receiver, and whether the port wants HTTPS"}
	}
	return &Fault{"no answer: " + short(hide.Replace(inner.Error()), 200), "look at the log of the receiver and of what stands before it"}
}

func brokenTLS(err error, host string) *Fault {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return &Fault{
			"the certificate is of no authority that is trusted",
			"serve the whole chain (fullchain.pem) of a public authority; platforms take no self-signed certificate",
		}
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return &Fault{"the certificate is not for " + host, "get one for this name"}
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if e.Reason == x509.Expired {
			now := time.Now()
			if now.Before(e.Cert.NotBefore) {
				return &Fault{"the certificate is valid only from " + day(e.Cert.NotBefore) + " on", "set the clock, or wait"}
			}
			return &Fault{"the certificate ended " + day(e.Cert.NotAfter), "renew it"}
		}
		return &Fault{"the certificate is not valid: " + e.Error(), "get another"}
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &Fault{"the certificate cannot be verified: " + e.Err.Error(), "get another of a public authority"}
	}
	if e, ok := errors.AsType[tls.AlertError](err); ok {
		return &Fault{"TLS does not come about: " + e.Error(), "allow TLS 1.2 and 1.3 with usual ciphers, and serve this name (SNI)"}
	}
	return nil
}

// where is host and port.
func (c *Client) where() string {
	port := c.url.Port()
	if port == "" {
		port = "443"
		if c.url.Scheme == "http" {
			port = "80"
		}
	}
	return net.JoinHostPort(c.url.Hostname(), port)
}

// Fault says what is wrong with an answer that is no success.
func (a *Answer) Fault() *Fault {
	what, mend := a.fault()
	if a.RequestID != "" {
		what += " (request " + a.RequestID + ")"
	}
	return &Fault{what, mend}
}

func (a *Answer) fault() (what, mend string) {
	answered := fmt.Sprintf("answered %d", a.Status)
	ours := a.detail != ""
	switch {
	case a.Status >= 300 && a.Status < 400:
		if a.location != "" {
			answered += ", on to " + a.location
		}
		return answered, "platforms follow no redirect: give the final address, or end the redirect of /webhook/ in the proxy"
	case a.Status == http.StatusNotFound:
		return answered, "no secret for this platform and account is configured there, or the proxy sends the path elsewhere"
	case a.Status == http.StatusTooManyRequests:
		return answered + ": too many requests from one source", "wait and try again; name the proxies in --webhook-trusted-proxies, or raise --webhook-rate"
	case a.Status == http.StatusServiceUnavailable && ours:
		what, mend, _ := strings.Cut(a.detail, "; ")
		if strings.Contains(what, "Kafka") {
			mend = "is Kafka away? The receiver's /readyz says what is missing"
		}
		return answered + ": " + what, mend
	case ours:
		what, mend, _ := strings.Cut(a.detail, "; ")
		if mend == "" {
			mend = "look at the receiver's log"
		}
		return answered + ": " + what, mend
	case a.Status == http.StatusBadRequest && bytes.Contains(a.body, []byte("HTTPS")): // as net/http and nginx say it
		return answered + ": the port wants HTTPS", "write https:// in the URL"
	case a.Status == http.StatusBadGateway, a.Status == http.StatusServiceUnavailable, a.Status == http.StatusGatewayTimeout:
		return answered + ", and that from a proxy", "the proxy does not reach the receiver: is 'kotomori serve --roles webhook' running, and is its address (--webhook) the proxy's upstream?"
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden, a.Status == http.StatusProxyAuthRequired:
		return answered + ", and that not from Kotomori", "a proxy or firewall in front keeps the platform out: let /webhook/ through without a login"
	case a.media == "text/html":
		return answered + " with a web page", "a proxy or another program answers: it has to hand /webhook/ on to the receiver's address (--webhook)"
	case a.Status == http.StatusOK:
		return answered + ", but not as Kotomori does", "another program answers: see to it that the address leads to the receiver (--webhook)"
	}
	return answered + ", and that not from Kotomori", "look at what stands before the receiver: it has to hand /webhook/ on as it is"
}

// span writes a duration for people.
func span(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "less than 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d%time.Second == 0:
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func day(t time.Time) string { return t.Format(time.DateOnly) }
