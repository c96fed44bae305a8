package rehearse_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/delivery"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/rehearse"
	"github.com/kotomori/kotomori/internal/webhook"
)

// Secrets and tokens that are easily found where they must not be.
const (
	xNew     = "s3cret-x-new"
	xOld     = "s3cret-x-old"
	fbSecret = "s3cret-facebook"
	fbToken  = "s3cret-token+/="
	fbOld    = "s3cret-token-old"
	blogNew  = "whsec_czNjcmV0LWJsb2ctbmV3LTAwMDAwMDAwMDAwMDAwMDA="
	blogOld  = "whsec_czNjcmV0LWJsb2ctb2xkLTAwMDAwMDAwMDAwMDAwMDA="
	xUser    = "1580000000000000001"
	page     = "104500000000001"
	patience = 20 * time.Second
)

func accounts() []config.WebhookAccount {
	return []config.WebhookAccount{
		{Platform: "x", Name: "saitama", IDs: []string{xUser}, Secrets: []string{xNew, xOld}},
		{Platform: "facebook", Name: "wako", IDs: []string{page}, Secrets: []string{fbSecret}, Tokens: []string{fbToken, fbOld}},
		{Platform: "blog", Name: "wako", Secrets: []string{blogNew, blogOld}},
	}
}

func account(t *testing.T, platform string) config.WebhookAccount {
	t.Helper()
	for _, a := range accounts() {
		if a.Platform == platform {
			return a
		}
	}
	t.Fatalf("no account of %s", platform)
	return config.WebhookAccount{}
}

// sink keeps what the receiver sends.
type sink struct {
	mu   sync.Mutex
	seen map[string]event.Record
	away bool
}

func (s *sink) Send(_ context.Context, records ...event.Record) (repeated int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return 0, errors.New("no broker answers")
	}
	for _, r := range records {
		if _, ok := s.seen[r.ID()]; ok {
			repeated++
		}
		s.seen[r.ID()] = r
	}
	return repeated, nil
}

// receiver is the true one, with accounts that may differ from those of the client.
func receiver(t *testing.T, to *sink, rate float64, all ...config.WebhookAccount) http.Handler {
	t.Helper()
	if to.seen == nil {
		to.seen = make(map[string]event.Record)
	}
	var list []webhook.Account
	for _, a := range all {
		w := webhook.Account{Platform: a.Platform, Name: a.Name, IDs: a.IDs}
		for _, s := range a.Secrets {
			w.Secrets = append(w.Secrets, webhook.Secret(s))
		}
		for _, s := range a.Tokens {
			w.Tokens = append(w.Tokens, webhook.Secret(s))
		}
		list = append(list, w)
	}
	s, err := webhook.New(webhook.Config{Accounts: list, Sink: to, Rate: rate, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler()
}

func client(t *testing.T, base string, a config.WebhookAccount) *rehearse.Client {
	t.Helper()
	address, err := rehearse.ParseAddress(base, a.Platform)
	if err != nil {
		t.Fatal(err)
	}
	c := rehearse.NewClient(address, a, patience)
	c.Limit(patience) // the machine may be under load
	return c
}

// check gives the lines of a check, and makes sure that no secret is in them.
func check(t *testing.T, c *rehearse.Client) (rehearse.Summary, []string) {
	t.Helper()
	var lines []string
	sum, err := c.Check(t.Context(), func(r rehearse.Result) { lines = append(lines, r.String()) })
	if err != nil {
		t.Fatal(err)
	}
	secretless(t, strings.Join(lines, "\n"))
	if sum.OK+sum.Warnings+sum.Faults != len(lines) {
		t.Errorf("the summary %+v does not count %d lines", sum, len(lines))
	}
	return sum, lines
}

func secretless(t *testing.T, text string) {
	t.Helper()
	for _, trace := range []string{"s3cret", "czNjcmV0", url.QueryEscape(fbToken), "sha256=", "v1,"} {
		if strings.Contains(text, trace) {
			t.Errorf("%q shows in\n%s", trace, text)
		}
	}
}

func bad(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return strings.HasPrefix(line, "ok ") })
}

func TestAllIsWell(t *testing.T) {
	for _, tc := range []struct {
		platform string
		ok       int
		records  int
	}{
		{"x", 9, 0}, {"facebook", 9, 0}, {"blog", 8, 1},
	} {
		t.Run(tc.platform, func(t *testing.T) {
			var to sink
			server := httptest.NewServer(receiver(t, &to, 0, accounts()...))
			defer server.Close()
			for range 2 { // what the first one left behind must not matter
				sum, lines := check(t, client(t, server.URL, account(t, tc.platform)))
				if want := (rehearse.Summary{OK: tc.ok, Whole: true}); sum != want {
					t.Errorf("got %+v, want %+v:\n%s", sum, want, strings.Join(lines, "\n"))
				}
			}
			if len(to.seen) != tc.records {
				t.Errorf("%d records went into the stream, want %d", len(to.seen), tc.records)
			}
			for _, r := range to.seen {
				p, err := event.DecodePost(r.Value)
				if err != nil || !p.Deleted || p.ID != rehearse.CheckID || p.Text != "" {
					t.Errorf("what went into the stream is %s (%v)", r.Value, err)
				}
			}
		})
	}
}

// always answers whatever is asked in one way.
func always(status int, media, body string) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
}

// gets answers GET in another way, and leaves POST to the receiver.
func gets(do func(http.ResponseWriter, *http.Request, http.Handler)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				do(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// posts does likewise with POST. n counts from 0.
func posts(do func(w http.ResponseWriter, r *http.Request, n int, next http.Handler)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		n := -1
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost {
				next.ServeHTTP(w, r)
				return
			}
			n++
			do(w, r, n, next)
		})
	}
}

const receiptOfNone = `{"accepted":0,"repeated":0,"dropped":1,"dead_letters":0}`

// believer takes every delivery.
func believer(w http.ResponseWriter, _ *http.Request, _ int, _ http.Handler) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, receiptOfNone)
}

// TestFaults: each way in which a receiver, or what stands before it, misbehaves is told as what it is. want are the
// beginnings of all lines that are not ok, with … for what stands between.
func TestFaults(t *testing.T) {
	with := func(platform string, change func(*config.WebhookAccount)) []config.WebhookAccount {
		all := accounts()
		for i := range all {
			if all[i].Platform == platform {
				change(&all[i])
			}
		}
		return all
	}
	for _, tc := range []struct {
		name, platform string
		wrap           func(http.Handler) http.Handler
		there          []config.WebhookAccount // what the receiver is configured with; nil: the same
		rate           float64
		away           bool
		limit          time.Duration
		want           []string
		stops          bool
	}{
		{
			name: "no such account", platform: "x", stops: true,
			there: with("x", func(a *config.WebhookAccount) { a.Name = "wako" }),
			want:  []string{"FAIL answered 404 (request …); no secret for this platform and account"},
		},
		{
			name: "redirect", platform: "facebook", stops: true,
			wrap: func(http.Handler) http.Handler {
				return http.RedirectHandler("https://www.city.example/?hub.verify_token=s3cret-token", http.StatusMovedPermanently)
			},
			want: []string{"FAIL answered 301, on to https://www.city.example/; platforms follow no redirect"},
		},
		{
			name: "redirect of the handshake only", platform: "facebook",
			wrap: gets(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				http.Redirect(w, r, "/other?"+r.URL.RawQuery, http.StatusFound)
			}),
			want: []string{
				"FAIL verification, first token: answered 302, on to http://…/other; platforms follow no redirect",
				"FAIL verification, second token: answered 302",
				"FAIL wrong verify token: answered 302…, not 403; platforms follow no redirect",
			},
		},
		{
			name: "web page", platform: "x", stops: true, wrap: always(200, "text/html; charset=utf-8", "<h1>It works!</h1>"),
			want: []string{"FAIL answered 200 with a web page; a proxy or another program answers"},
		},
		{
			name: "another program", platform: "x", stops: true, wrap: always(200, "application/json", `{"status":"ok"}`),
			want: []string{"FAIL answered 200, but not as Kotomori does; another program answers"},
		},
		{
			name: "password", platform: "x", stops: true, wrap: always(401, "text/html", "Authorization Required"),
			want: []string{"FAIL answered 401, and that not from Kotomori; …without a login"},
		},
		{
			name: "bad gateway", platform: "blog", stops: true, wrap: always(502, "text/html", "nginx"),
			want: []string{"FAIL answered 502, and that from a proxy; the proxy does not reach the receiver"},
		},
		{
			name: "teapot", platform: "blog", stops: true, wrap: always(418, "text/plain", "short"),
			want: []string{"FAIL answered 418, and that not from Kotomori; "},
		},
		{
			name: "too many requests", platform: "x", rate: 0.001, stops: false, // a burst of one
			want: []string{
				"FAIL CRC: answered 429: too many requests from one source (request …); wait and try again",
				"FAIL signature with a wrong secret: answered 429…, not 401; wait",
				"FAIL body altered after signing: answered 429",
				"FAIL right signature, first secret: answered 429",
				"FAIL right signature, second secret: answered 429",
			},
		},
		{
			name: "too many requests at once", platform: "x", stops: true, wrap: always(429, "text/plain", "slow down"),
			want: []string{"FAIL answered 429: too many requests from one source; wait and try again"},
		},
		{
			name: "no Kafka", platform: "blog", away: true,
			want: []string{
				"FAIL right signature, first secret: answered 503: Kafka has not acknowledged the delivery in time (request …); is Kafka away?",
				"FAIL right signature, second secret: answered 503",
			},
		},
		{
			name: "unavailable", platform: "x", stops: true, wrap: always(503, "application/problem+json", `{"status":503,"detail":"too much is being received at once; send it again"}`),
			want: []string{"FAIL answered 503: too much is being received at once; send it again"},
		},
		{
			name: "takes everything", platform: "x", wrap: posts(believer),
			want: []string{
				"FAIL no signature: taken; so whoever knows the address",
				"FAIL signature with a wrong secret: taken",
				"FAIL body altered after signing: taken",
			},
		},
		{
			name: "takes old signatures", platform: "blog",
			wrap: posts(func(w http.ResponseWriter, r *http.Request, n int, next http.Handler) {
				if n == 3 {
					believer(w, r, n, next)
					return
				}
				next.ServeHTTP(w, r)
			}),
			want: []string{"FAIL signature out of date: taken"},
		},
		{
			name: "does not know a repeat", platform: "blog",
			wrap: posts(func(w http.ResponseWriter, r *http.Request, n int, next http.Handler) {
				if n == 6 {
					w.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(w, `{"accepted":1,"repeated":0,"dropped":0,"dead_letters":0}`)
					return
				}
				next.ServeHTTP(w, r)
			}),
			want: []string{"FAIL the same delivery again: taken for a new one"},
		},
		{
			name: "another secret", platform: "x",
			there: with("x", func(a *config.WebhookAccount) { a.Secrets = []string{"something-else"} }),
			want: []string{
				"FAIL CRC: the response_token is wrong; compare the account's secret",
				"FAIL right signature, first secret: answered 401: the signature does not fit (request …); compare the account's secret",
				"FAIL right signature, second secret: answered 401",
			},
		},
		{
			name: "old secret only", platform: "blog",
			there: with("blog", func(a *config.WebhookAccount) { a.Secrets = []string{blogOld} }),
			want:  []string{"FAIL right signature, first secret: answered 401"},
		},
		{
			name: "new secret only", platform: "blog",
			there: with("blog", func(a *config.WebhookAccount) { a.Secrets = []string{blogNew} }),
			want:  []string{"FAIL right signature, second secret: refused; the receiver does not have it"},
		},
		{
			name: "secrets in another order", platform: "x",
			there: with("x", func(a *config.WebhookAccount) { slices.Reverse(a.Secrets) }),
			want:  []string{"FAIL CRC: answered with the second secret; have the receiver take the new one first"},
		},
		{
			name: "another page", platform: "facebook",
			there: with("facebook", func(a *config.WebhookAccount) { a.IDs = []string{"999"} }),
			want:  []string{"FAIL right signature: the receiver does not know the page " + page + "; compare facebook-pages"},
		},
		{
			name: "another token", platform: "facebook",
			there: with("facebook", func(a *config.WebhookAccount) { a.Tokens = []string{fbOld} }),
			want:  []string{"FAIL verification, first token: refused; the receiver has another token"},
		},
		{
			name: "any token", platform: "facebook",
			wrap: gets(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				_, _ = io.WriteString(w, r.FormValue("hub.challenge"))
			}),
			want: []string{"FAIL wrong verify token: accepted"},
		},
		{
			name: "challenge in quotes", platform: "facebook",
			wrap: gets(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if r.FormValue("hub.verify_token") != fbToken {
					next.ServeHTTP(w, r)
					return
				}
				_, _ = fmt.Fprintf(w, "%q\n", r.FormValue("hub.challenge"))
			}),
			want: []string{"FAIL verification, first token: the challenge came back with something around it"},
		},
		{
			name: "no challenge", platform: "facebook",
			wrap: gets(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { _, _ = io.WriteString(w, "ok") }),
			want: []string{
				"FAIL verification, first token: answered 200 without the challenge",
				"FAIL verification, second token: answered 200 without the challenge",
				"FAIL wrong verify token: answered 200, but not as Kotomori does, not 403",
			},
		},
		{
			name: "CRC of a cache", platform: "x",
			wrap: func(next http.Handler) http.Handler {
				var kept []byte
				return gets(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if kept == nil {
						rec := httptest.NewRecorder()
						next.ServeHTTP(rec, r)
						kept = rec.Body.Bytes()
					}
					w.Header().Set("Content-Type", "application/json")
					_, _ = w.Write(kept)
				})(next)
			},
			want: []string{"FAIL CRC again: the answer to another challenge; a cache answers"},
		},
		{
			name: "query written anew", platform: "x",
			wrap: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "%2B", "+")
					next.ServeHTTP(w, r)
				})
			},
			want: []string{"FAIL CRC: the response_token is wrong; …must not change the query"},
		},
		{
			name: "CRC as text", platform: "x",
			wrap: gets(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				w.Header().Set("Content-Type", "text/plain")
				_ = json.NewEncoder(w).Encode(map[string]string{"response_token": delivery.CRC(xNew, r.FormValue("crc_token"))})
			}),
			want: []string{"FAIL CRC: Content-Type is not application/json"},
		},
		{
			name: "CRC without token", platform: "x",
			wrap: gets(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { _, _ = io.WriteString(w, "{}") }),
			want: []string{"FAIL CRC: answered without a response_token"},
		},
		{
			name: "proxy changes the body", platform: "facebook",
			wrap: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					r.Body = io.NopCloser(bytes.NewReader(append(body, '\n')))
					r.ContentLength = int64(len(body) + 1)
					next.ServeHTTP(w, r)
				})
			},
			want: []string{"FAIL right signature: answered 401: the signature does not fit (request …); …a proxy in between must not change the body"},
		},
		{
			name: "proxy takes the header away", platform: "x",
			wrap: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					r.Header.Del(delivery.HeaderX)
					next.ServeHTTP(w, r)
				})
			},
			want: []string{
				"FAIL right signature, first secret: answered 401: the header x-twitter-webhooks-signature is missing (request …); …must let it through",
				"FAIL right signature, second secret: answered 401",
			},
		},
		{
			name: "another version", platform: "x",
			wrap: posts(func(w http.ResponseWriter, r *http.Request, n int, next http.Handler) {
				switch n {
				case 3:
					w.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(w, `{"accepted":0,"repeated":0,"dropped":0,"dead_letters":1}`)
				case 4:
					w.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(w, `{"accepted":0,"repeated":0,"dropped":3,"dead_letters":0}`)
				default:
					next.ServeHTTP(w, r)
				}
			}),
			want: []string{
				"FAIL right signature, first secret: the receiver could not read it",
				"FAIL right signature, second secret: of one event, 3 are counted as dropped",
			},
		},
		{
			name: "clock", platform: "blog",
			wrap: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Date", time.Now().Add(-4*time.Minute).UTC().Format(http.TimeFormat))
					next.ServeHTTP(w, r)
				})
			},
			want: []string{"warn this clock and that of the receiver, or of what stands before it, are 4m…apart; set both by NTP"},
		},
		{
			name: "secrets sent back", platform: "x",
			wrap: posts(func(w http.ResponseWriter, r *http.Request, _ int, _ http.Handler) {
				w.Header().Set("Content-Type", "application/problem+json")
				w.Header().Set("X-Request-Id", xNew)
				w.WriteHeader(http.StatusUnauthorized)
				_ = json.NewEncoder(w).Encode(map[string]any{
					"status": 401, "detail": "no " + xNew + xOld + " or " + r.Header.Get(delivery.HeaderX) + "; none",
				})
			}),
			want: []string{
				"FAIL right signature, first secret: answered 401: no **************** or ******** (request ********); none",
				"FAIL right signature, second secret: answered 401: no **************** or ********",
			},
		},
		{
			name: "slow", platform: "x", limit: time.Nanosecond,
			want: []string{
				"FAIL no signature: answered in …; X waits less than 1 ms: look after Kafka",
				"FAIL CRC: answered in ", "FAIL CRC again: answered in ",
				"FAIL signature with a wrong secret: answered in ", "FAIL body altered after signing: answered in ",
				"FAIL right signature, first secret: answered in ", "FAIL right signature, second secret: answered in ",
				"FAIL the same delivery again: answered in ",
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.there == nil {
				tc.there = accounts()
			}
			h := receiver(t, &sink{away: tc.away}, tc.rate, tc.there...)
			if tc.wrap != nil {
				h = tc.wrap(h)
			}
			server := httptest.NewServer(h)
			defer server.Close()
			c := client(t, server.URL, account(t, tc.platform))
			if tc.limit > 0 {
				c.Limit(tc.limit)
			}
			sum, lines := check(t, c)
			got := bad(lines)
			if len(got) != len(tc.want) {
				t.Fatalf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(tc.want, "\n"))
			}
			for i := range got {
				if !begins(got[i], tc.want[i]) {
					t.Errorf("got\n%s\nwant\n%s", got[i], tc.want[i])
				}
			}
			if sum.Whole == tc.stops {
				t.Errorf("everything was tried: %v", sum.Whole)
			}
		})
	}
}

// begins says whether a line begins with the parts of want, in order.
func begins(line, want string) bool {
	for i, part := range strings.Split(want, "…") {
		at := strings.Index(line, part)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		line = line[at+len(part):]
	}
	return true
}

// certificate makes one that signs itself.
func certificate(t *testing.T, from, until time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kotomori.example"},
		NotBefore: from, NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestCertificate(t *testing.T) {
	now := time.Now()
	const dayLong = 24 * time.Hour
	for _, tc := range []struct {
		name        string
		from, until time.Time
		host        string
		strange     bool
		want        []string
		stops       bool
	}{
		{name: "fine", from: now.Add(-dayLong), until: now.Add(90 * dayLong)},
		{
			name: "ends soon", from: now.Add(-dayLong), until: now.Add(5*dayLong + time.Hour),
			want: []string{"warn the certificate ends " + now.Add(5*dayLong+time.Hour).UTC().Format(time.DateOnly) + ", in 5 days; renew it"},
		},
		{name: "has ended", from: now.Add(-9 * dayLong), until: now.Add(-dayLong), stops: true, want: []string{"FAIL reaching the address: the certificate ended …; renew it"}},
		{name: "begins later", from: now.Add(dayLong), until: now.Add(9 * dayLong), stops: true, want: []string{"FAIL reaching the address: the certificate is valid only from "}},
		{name: "signs itself", from: now.Add(-dayLong), until: now.Add(90 * dayLong), strange: true, stops: true, want: []string{"FAIL reaching the address: the certificate is of no authority that is trusted; serve the whole chain"}},
		{name: "another name", from: now.Add(-dayLong), until: now.Add(90 * dayLong), host: "localhost", stops: true, want: []string{"FAIL reaching the address: the certificate is not for localhost; get one for this name"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cert, pool := certificate(t, tc.from, tc.until)
			server := httptest.NewUnstartedServer(receiver(t, &sink{}, 0, accounts()...))
			server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			server.StartTLS()
			defer server.Close()
			base := server.URL
			if tc.host != "" {
				base = strings.Replace(base, "127.0.0.1", tc.host, 1)
			}
			if tc.strange {
				pool = x509.NewCertPool()
			}
			c := client(t, base, account(t, "x"))
			c.Trust(pool)
			sum, lines := check(t, c)
			want := append([]string{"warn the URL has a port; X takes none"}, tc.want...)
			got := bad(lines)
			if !slices.EqualFunc(got, want, begins) || sum.Whole == tc.stops {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.StartTLS()
	defer secure.Close()
	rude := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}))
	defer rude.Close()
	release := make(chan struct{})
	mute := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer mute.Close()
	defer close(release)
	for _, tc := range []struct {
		name, platform, url string
		timeout             time.Duration
		want                []string
	}{
		{"refused", "x", closed.URL, patience, []string{"FAIL reaching the address: 127.0.0.1:… takes no connection (…); is 'kotomori serve --roles webhook' running"}},
		{"plain HTTP on https", "facebook", strings.Replace(plain.URL, "http", "https", 1), patience, []string{"FAIL reaching the address: 127.0.0.1:… answers plain HTTP, not HTTPS; "}},
		{"HTTP on an HTTPS port", "x", strings.Replace(secure.URL, "https", "http", 1), patience, []string{"FAIL answered 400: the port wants HTTPS; write https://"}},
		{"closes", "x", rude.URL, patience, []string{"FAIL reaching the address: the connection was closed without an answer; "}},
		{"silent", "blog", mute.URL, 200 * time.Millisecond, []string{"FAIL reaching the address: no answer within 200 ms; the platform waits "}},
		{"open line", "x", "http://kotomori.example", patience, []string{"FAIL plain HTTP; X demands https"}},
		{"open line, Facebook", "facebook", "http://192.0.2.1", patience, []string{"FAIL plain HTTP; Facebook demands https"}},
		{"no such name", "x", "https://kotomori.invalid", patience, []string{"FAIL reaching the address: …DNS"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			address, err := rehearse.ParseAddress(tc.url, tc.platform)
			if err != nil {
				t.Fatal(err)
			}
			sum, lines := check(t, rehearse.NewClient(address, account(t, tc.platform), tc.timeout))
			if got := bad(lines); !slices.EqualFunc(got, tc.want, begins) || sum.Whole || sum.OK > 1 {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

// TestTokenStaysOut: the error of net/http holds the URL, and that Facebook's verify token.
func TestTokenStaysOut(t *testing.T) {
	server := httptest.NewServer(gets(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, "nonsense "+fbToken+"\r\n\r\n")
			_ = conn.Close()
		}
	})(receiver(t, &sink{}, 0, accounts()...)))
	defer server.Close()
	_, lines := check(t, client(t, server.URL, account(t, "facebook")))
	if got := bad(lines); len(got) != 1 || !begins(got[0], "FAIL verification, first token: no answer: …********") {
		t.Errorf("got\n%s", strings.Join(lines, "\n"))
	}
}

func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		cancel()
		<-release
	}))
	defer server.Close()
	defer close(release)
	sum, err := client(t, server.URL, account(t, "x")).Check(ctx, func(r rehearse.Result) { t.Errorf("told: %v", r) })
	if !errors.Is(err, context.Canceled) || sum.Whole {
		t.Errorf("got %+v, %v", sum, err)
	}
}

func TestSend(t *testing.T) {
	var to sink
	server := httptest.NewServer(receiver(t, &to, 0, accounts()...))
	defer server.Close()
	for _, tc := range []struct {
		platform, file string
		want           rehearse.Receipt
	}{
		{"x", "x-account-reply-violation.json", rehearse.Receipt{Accepted: 1}},
		{"x", "x-account-reply-violation.json", rehearse.Receipt{Repeated: 1}},
		{"facebook", "facebook-like.json", rehearse.Receipt{Dropped: 1}},
		{"blog", "blog-comment-created.json", rehearse.Receipt{Accepted: 1}},
	} {
		body, err := os.ReadFile(filepath.Join("..", "..", "testdata", "webhook", tc.file))
		if err != nil {
			t.Fatal(err)
		}
		a, err := client(t, server.URL, account(t, tc.platform)).Send(t.Context(), body, "")
		if err != nil {
			t.Fatal(err)
		}
		if a.Receipt == nil || *a.Receipt != tc.want || a.RequestID == "" {
			t.Errorf("%s: got %d %+v, want %+v", tc.file, a.Status, a.Receipt, tc.want)
		}
	}
	if len(to.seen) != 2 {
		t.Errorf("got %v", slices.Collect(maps.Keys(to.seen)))
	}

	a, err := client(t, server.URL, account(t, "blog")).Send(t.Context(), []byte(`{"type":"comment.created"}`), "msg_1")
	if err != nil {
		t.Fatal(err)
	}
	if want := "answered 400: timestamp: is missing"; a.Receipt != nil || !strings.HasPrefix(a.Fault().Error(), want) {
		t.Errorf("got %v, want %s", a.Fault(), want)
	}
}

// TestSendID: the id that is asked for is sent, and a fresh one otherwise.
func TestSendID(t *testing.T) {
	var ids []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ids = append(ids, r.Header.Get(delivery.HeaderBlogID))
	}))
	defer server.Close()
	for _, id := range []string{"msg_own", "", ""} {
		if _, err := client(t, server.URL, account(t, "blog")).Send(t.Context(), []byte("{}"), id); err != nil {
			t.Fatal(err)
		}
	}
	if len(ids) != 3 || ids[0] != "msg_own" || !strings.HasPrefix(ids[1], "msg_") || ids[1] == ids[2] {
		t.Errorf("got %q", ids)
	}
}

func TestParseAddress(t *testing.T) {
	for _, tc := range []struct {
		text, platform, account, want string // want: the URL of account saitama; empty: an error
	}{
		{"https://kotomori.example", "x", "", "https://kotomori.example/webhook/x/saitama"},
		{"https://kotomori.example/", "blog", "", "https://kotomori.example/webhook/blog/saitama"},
		{"https://kotomori.example/sub/", "x", "", "https://kotomori.example/sub/webhook/x/saitama"},
		{"https://kotomori.example:8443/webhook/x/saitama", "x", "saitama", "https://kotomori.example:8443/webhook/x/saitama"},
		{"http://[::1]:8485/sub/webhook/x/saitama", "x", "saitama", "http://[::1]:8485/sub/webhook/x/saitama"},
		{"https://kotomori.example/webhook/x/saitama", "facebook", "", ""},
		{"https://kotomori.example/webhook/x/saitama/", "x", "", ""},
		{"https://kotomori.example/webhook/x/", "x", "", ""},
		{"https://kotomori.example/webhook/", "x", "", ""},
		{"kotomori.example", "x", "", ""},
		{"kotomori.example:8485", "x", "", ""},
		{"ftp://kotomori.example", "x", "", ""},
		{"https://", "x", "", ""},
		{"https://s3cret@kotomori.example", "x", "", ""},
		{"https://s3cret:s3cret@kotomori.example:port", "x", "", ""},
		{"https://kotomori.example/?crc_token=s3cret", "x", "", ""},
		{"https://kotomori.example/#x", "x", "", ""},
		{"https://kotomori.example/%zz", "x", "", ""},
	} {
		a, err := rehearse.ParseAddress(tc.text, tc.platform)
		if err != nil {
			secretless(t, err.Error())
			if tc.want != "" {
				t.Errorf("%s: %v", tc.text, err)
			}
			continue
		}
		c := rehearse.NewClient(a, config.WebhookAccount{Platform: tc.platform, Name: "saitama"}, time.Second)
		if a.Account != tc.account || c.URL() != tc.want {
			t.Errorf("%s: got %q %s, want %q %s", tc.text, a.Account, c.URL(), tc.account, tc.want)
		}
	}
}
