// Package webhook is the HTTP side of what platforms deliver: it answers their handshakes, and takes a delivery by handing
// everything in it to the stream.
//
//	POST /webhook/{platform}/{account}   a delivery
//	GET  /webhook/x/{account}            X's challenge-response check (crc_token)
//	GET  /webhook/facebook/{account}     Facebook's verification (hub.challenge)
//
// 200 means that Kafka has acknowledged every event of the delivery. Whatever else is answered, the platform has been told
// that the delivery is not taken: it may send it again, and again, in any order, to this process or to another. What
// arrives twice is written once (stream.Inlet) and judged once.
//
// A request goes through these, in this order, so that little is done for whoever has no business here: the rate of its
// source (429), account (404), method (405), media type (415), size (413), signature (401), and only then what it says (400).
// Neither bodies nor secrets nor signatures are logged.
package webhook

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"path"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/kotomori/kotomori/internal/delivery"
	"github.com/kotomori/kotomori/internal/event"
)

// Sink takes records; stream.Inlet is one. It returns when all are acknowledged, and says how many were there before.
type Sink interface {
	Send(ctx context.Context, records ...event.Record) (repeated int, err error)
}

// Secret is a secret of a platform. It never shows in a log or an error.
type Secret string

// String keeps the secret out of %v and %s.
func (Secret) String() string { return "********" }

// GoString keeps the secret out of %#v.
func (Secret) GoString() string { return "********" }

// LogValue keeps the secret out of logs.
func (Secret) LogValue() slog.Value { return slog.StringValue("********") }

// MarshalText keeps the secret out of JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte("********"), nil }

// Account is an official account that a platform delivers for.
type Account struct {
	Platform string   // delivery.X, delivery.Facebook or delivery.Blog
	Name     string   // the policy's id, which is part of the address
	IDs      []string // of the account on the platform: X user ids, Facebook page ids; none for a blog
	Handle   string   // on X, without @; empty where it is not known
	Secrets  []Secret // one, or two while they are changed: the new one first
	Tokens   []Secret // Facebook's verify tokens, likewise
}

// Config says what to listen for.
type Config struct {
	Accounts []Account
	Sink     Sink
	Rate     float64  // requests a second from one source; 0: no limit
	Proxies  []string // addresses or networks (CIDR) whose X-Forwarded-For and X-Request-Id count
	Metrics  *Metrics // nil: none
	Log      *slog.Logger

	patience func(platform string) time.Duration // for tests
}

// Server answers requests.
type Server struct {
	cfg      Config
	log      *slog.Logger
	accounts map[string]*account // by platform/name
	room     *semaphore.Weighted // bytes of bodies in memory
	sources  *sources
}

// account is what a request to one address needs.
type account struct {
	Account
	secrets []string
	owners  []delivery.Owners // by the place of the secret that the delivery is signed with
}

// How much a body may have, and all that are in memory at once. Facebook puts up to 1,000 changes into one.
const (
	maxBody         = 1 << 20
	maxBodyFacebook = 4 << 20
	maxRoom         = 128 << 20
)

// How long a platform waits for an answer, less the way: X 10 s (docs.x.com/x-api/webhooks/introduction), Facebook 5 s (as
// Messenger's documentation says; that of pages says nothing), Standard Webhooks recommends 15 to 30 s.
func patience(platform string) time.Duration {
	switch platform {
	case delivery.X:
		return 8 * time.Second
	case delivery.Facebook:
		return 4 * time.Second
	}
	return 10 * time.Second
}

// How much of a body goes into one dead letter, in bytes; a longer one goes into several. With base64 the first stays below
// what the topic is made for, the second below Kafka's usual limit, for topics that others made.
const (
	keptWhole = event.MaxDeadLetter / 2
	keptLess  = 512 << 10
)

// New checks the configuration. Its error says which account is at fault.
func New(cfg Config) (*Server, error) {
	if cfg.Sink == nil {
		return nil, errors.New("webhook: needs a sink")
	}
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.patience == nil {
		cfg.patience = patience
	}
	s := &Server{
		cfg: cfg, log: cfg.Log, accounts: make(map[string]*account),
		room: semaphore.NewWeighted(maxRoom),
	}
	var err error
	if s.sources, err = newSources(cfg.Rate, cfg.Proxies); err != nil {
		return nil, err
	}
	for _, a := range cfg.Accounts {
		own := &account{Account: a}
		for _, secret := range a.Secrets {
			own.secrets = append(own.secrets, string(secret))
			own.owners = append(own.owners, ownersBy(cfg.Accounts, a.Platform, secret))
		}
		s.accounts[a.Platform+"/"+a.Name] = own
	}
	return s, nil
}

// Check says what is wrong with the configuration, and which account is at fault.
func (cfg Config) Check() error {
	if len(cfg.Accounts) == 0 {
		return errors.New("webhook: needs at least one account")
	}
	if _, err := newSources(cfg.Rate, cfg.Proxies); err != nil {
		return err
	}
	seen := make(map[string]bool)
	for _, a := range cfg.Accounts {
		if err := check(a); err != nil {
			return fmt.Errorf("%s account %s: %w", a.Platform, a.Name, err)
		}
		key := a.Platform + "/" + a.Name
		if seen[key] {
			return fmt.Errorf("%s account %s: is there twice; put its ids and secrets together", a.Platform, a.Name)
		}
		seen[key] = true
	}
	return nil
}

func check(a Account) error {
	switch {
	case len(a.Secrets) == 0:
		return errors.New("has no secret; give one")
	case len(a.Secrets) > 2 || len(a.Tokens) > 2:
		return errors.New("has more than two secrets; while they are changed, give the new one and the old one")
	case a.Platform == delivery.X && len(a.IDs) == 0:
		return errors.New("has no user id; give it with --x-accounts")
	case a.Platform == delivery.Facebook && len(a.IDs) == 0:
		return errors.New("has no page id; give it with --facebook-pages")
	case a.Platform == delivery.Facebook && len(a.Tokens) == 0:
		return errors.New("has no verify token; give one with --facebook-verify-tokens")
	}
	for _, secret := range a.Secrets {
		if err := delivery.CheckSecret(a.Platform, string(secret)); err != nil {
			return err
		}
	}
	for _, token := range a.Tokens {
		if strings.TrimSpace(string(token)) == "" {
			return errors.New("has an empty verify token; make one up, such as openssl rand -hex 16 gives")
		}
	}
	return nil
}

// ownersBy are the accounts of a platform that have a secret: one app may serve several accounts by one address, and what
// is signed with an account's secret may speak of that account only.
func ownersBy(all []Account, platform string, secret Secret) delivery.Owners {
	owners := make(delivery.Owners)
	for _, a := range all {
		if a.Platform != platform {
			continue
		}
		for _, s := range a.Secrets {
			if s != secret {
				continue
			}
			for _, id := range a.IDs {
				owners[id] = delivery.Owner{Account: a.Name, Handle: a.Handle}
			}
		}
	}
	return owners
}

// Handler answers requests.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /webhook/{platform}/{account}", s.answer(s.deliver))
	mux.HandleFunc("GET /webhook/x/{account}", s.answer(s.challenge))
	mux.HandleFunc("GET /webhook/facebook/{account}", s.answer(s.verify))
	mux.HandleFunc("/webhook/{platform}/{account}", s.answer(func(w http.ResponseWriter, r *http.Request, _ *visit) (*account, *fault) {
		a, f := s.find(r, r.PathValue("platform"))
		if f != nil {
			return nil, f
		}
		allowed := "GET, HEAD, POST"
		if a.Platform == delivery.Blog {
			allowed = "POST"
		}
		w.Header().Set("Allow", allowed)
		return a, &fault{status: http.StatusMethodNotAllowed, detail: "this address does not take " + r.Method + "; use one of " + allowed}
	}))
	none := s.answer(func(http.ResponseWriter, *http.Request, *visit) (*account, *fault) { return nil, notFound })
	mux.HandleFunc("/", none)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux would answer with a redirect, after which X delivers nothing more.
		if path.Clean(r.URL.Path) != r.URL.Path {
			none(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// fault is an answer that is no success.
type fault struct {
	status int
	detail string        // what is wrong; the mend
	retry  time.Duration // when to come again; 0: not said
	err    error         // for the log only
	ours   bool          // the platform did nothing wrong that we know of
	gone   bool          // the sender did not wait for the answer
}

var notFound = &fault{status: http.StatusNotFound, detail: "nothing is here; the address is /webhook/x, /webhook/facebook or /webhook/blog and an account whose secret is configured"}

// handler does what a request asks and answers it, or says what is wrong with it.
type handler func(http.ResponseWriter, *http.Request, *visit) (*account, *fault)

// answer does what is common to all requests.
func (s *Server) answer(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		source, id := s.sources.of(r)
		head := w.Header()
		head.Set("X-Request-Id", id)
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Cache-Control", "no-store")
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		var a *account
		var f *fault
		if from, wait, ok := s.sources.enter(source); !ok {
			f = &fault{status: http.StatusTooManyRequests, retry: wait, detail: "too many requests from one source; wait, or raise --webhook-rate"}
		} else {
			defer from.leave()
			a, f = s.guard(h, rec, r, from)
		}
		if f != nil {
			problem(rec, f, id)
		}
		s.cfg.Metrics.request(a, r.Method, rec.status, time.Since(begin))
		s.note(r, a, f, id, rec.status, time.Since(begin))
	}
}

// guard lets a request that makes the program fail end with 500, and be heard of. What is to be sent again and fails again
// would otherwise do so in silence.
func (s *Server) guard(h handler, w http.ResponseWriter, r *http.Request, from *visit) (a *account, f *fault) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		s.failed("answering a request", v)
		a, f = nil, &fault{status: http.StatusInternalServerError, detail: "the program failed; report it with its log"}
	}()
	return h(w, r, from)
}

// failed logs a panic, and what the program was at.
func (s *Server) failed(at string, v any) {
	// The value may hold what somebody wrote; a runtime error does not.
	why := fmt.Sprintf("panic of type %T", v)
	if e, ok := v.(runtime.Error); ok {
		why = e.Error()
	}
	s.log.Error("the program failed", "at", at, "panic", why, "stack", string(debug.Stack()))
}

// note logs a request: what somebody here should look at as a warning. Anybody on the internet can cause a 401, but a wrong
// secret shows by nothing else.
func (s *Server) note(r *http.Request, a *account, f *fault, id string, status int, took time.Duration) {
	level := slog.LevelDebug
	switch {
	case f != nil && f.gone:
	case status == http.StatusUnauthorized && a != nil, status == http.StatusForbidden, status >= http.StatusInternalServerError, f != nil && f.ours:
		level = slog.LevelWarn
	}
	if !s.log.Enabled(r.Context(), level) || level > slog.LevelDebug && !s.sources.mayLog() {
		return
	}
	attrs := []any{"request", id, "method", r.Method, "status", status, "took", took.Round(time.Microsecond).String()}
	if a != nil {
		attrs = append(attrs, "platform", a.Platform, "account", a.Name)
	}
	if f != nil {
		attrs = append(attrs, "what", f.detail)
		if f.err != nil {
			attrs = append(attrs, "err", f.err)
		}
	}
	s.log.Log(r.Context(), level, "webhook", attrs...)
}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// problem answers with problem details (RFC 9457).
func problem(w http.ResponseWriter, f *fault, id string) {
	if f.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((f.retry+time.Second-1)/time.Second)))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(f.status)
	writeJSON(w, Problem{Type: "about:blank", Title: http.StatusText(f.status), Status: f.status, Detail: f.detail, RequestID: id})
}

// Problem is the body of an answer that is no success (RFC 9457).
type Problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"` // what is wrong; the mend
	RequestID string `json:"request_id"`
}

// Receipt is the body of the answer to a delivery that was taken.
type Receipt struct {
	Accepted    int `json:"accepted"`     // comments, edits, deletions and posts that are in the stream now
	Repeated    int `json:"repeated"`     // those that were there before
	Dropped     int `json:"dropped"`      // what is no comment and no official post
	DeadLetters int `json:"dead_letters"` // dead letters written for what could not be read
}

func writeJSON(w io.Writer, v any) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the client has gone: nothing to be done
}

// find is the account that an address names.
func (s *Server) find(r *http.Request, platform string) (*account, *fault) {
	a := s.accounts[platform+"/"+r.PathValue("account")]
	if a == nil {
		return nil, notFound
	}
	return a, nil
}

// crcToken is what X's tokens look like, and no body of a delivery does: the answer to a token is at the same time the
// signature of a body with the same text, so whoever got an answer for {…} could forge deliveries. A + in the address
// is read as a blank.
var crcToken = regexp.MustCompile(`^[0-9A-Za-z_=+/ .~-]{1,256}$`)

// challenge answers X's CRC: with the present secret, the first.
func (s *Server) challenge(w http.ResponseWriter, r *http.Request, _ *visit) (*account, *fault) {
	a, f := s.find(r, delivery.X)
	if f != nil {
		return nil, f
	}
	token := r.URL.Query().Get("crc_token")
	if !crcToken.MatchString(token) {
		return a, &fault{status: http.StatusBadRequest, detail: "crc_token is missing or not like one of X's; X sends one to check that the address is yours"}
	}
	w.Header().Set("Content-Type", "application/json")
	writeJSON(w, map[string]string{"response_token": delivery.CRC(a.secrets[0], token)})
	return a, nil
}

// verify answers Facebook's verification.
func (s *Server) verify(w http.ResponseWriter, r *http.Request, from *visit) (*account, *fault) {
	a, f := s.find(r, delivery.Facebook)
	if f != nil {
		return nil, f
	}
	q := r.URL.Query()
	challenge := q.Get("hub.challenge")
	if q.Get("hub.mode") != "subscribe" || challenge == "" || len(challenge) > 1024 {
		return a, &fault{status: http.StatusBadRequest, detail: "hub.mode=subscribe and hub.challenge are wanted; Facebook sends them when the callback URL is verified"}
	}
	fits := 0
	for _, token := range a.Tokens {
		fits |= subtle.ConstantTimeCompare([]byte(token), []byte(q.Get("hub.verify_token")))
	}
	if fits == 0 {
		return a, &fault{status: http.StatusForbidden, detail: "hub.verify_token is another than the account's; type the same into Facebook's form and --facebook-verify-tokens"}
	}
	from.trust()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, challenge) //nolint:gosec // as text, and only for whoever knows the token
	return a, nil
}

// deliver takes a delivery.
func (s *Server) deliver(w http.ResponseWriter, r *http.Request, from *visit) (*account, *fault) {
	a, f := s.find(r, r.PathValue("platform"))
	if f != nil {
		return nil, f
	}
	// The platform waits from the moment it began to send.
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.patience(a.Platform))
	defer cancel()
	if f := plainJSON(r.Header); f != nil {
		return a, f
	}
	limit := int64(maxBody)
	if a.Platform == delivery.Facebook {
		limit = maxBodyFacebook
	}
	if r.ContentLength > limit {
		return a, tooLarge(limit)
	}
	body, release, err := s.read(http.MaxBytesReader(w, r.Body, limit), from, int(limit))
	defer release()
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return a, tooLarge(limit)
		}
		if errors.Is(err, errNoRoom) {
			return a, &fault{status: http.StatusServiceUnavailable, retry: time.Second, detail: "too much is being received at once; send it again"}
		}
		return a, &fault{status: http.StatusBadRequest, err: err, detail: "the body did not arrive whole; send it again"}
	}
	which, err := delivery.Verify(a.Platform, a.secrets, r.Header, body)
	if err != nil {
		return a, &fault{status: http.StatusUnauthorized, detail: err.Error()}
	}
	from.trust()
	contents, err := s.decode(a, body, which)
	if err != nil {
		return a, s.unreadable(ctx, a, body, err)
	}
	return a, s.take(ctx, w, a, contents)
}

// decode reads a body. A fault of the program's own must not make the platform send it for ever: the body is kept.
func (s *Server) decode(a *account, body []byte, which int) (c delivery.Contents, err error) {
	defer func() {
		if v := recover(); v != nil {
			s.failed("reading a delivery", v)
			err = &event.Error{Reason: event.ReasonInternal, What: "made the program fail", Mend: "report it with the program's log"}
		}
	}()
	if c, err = delivery.Decode(a.Platform, body, a.Name, a.owners[which]); err != nil {
		return c, err
	}
	// Whatever happens later to the same comment would count as earlier.
	if c.At.After(time.Now().Add(delivery.Tolerance)) {
		return c, &event.Error{Reason: event.ReasonField, Field: "timestamp", What: "is more than 5 minutes ahead", Mend: "set the clock of the blog"}
	}
	return c, nil
}

var errNoRoom = errors.New("no room for another body")

// read reads a body of at most limit bytes, taking room as it comes in: who only says that much will come takes none from
// others.
func (s *Server) read(r io.Reader, from *visit, limit int) (body []byte, release func(), err error) {
	held := 0
	release = func() { s.room.Release(int64(held)) }
	for {
		if len(body) == held {
			more := min(max(16<<10, 2*held), limit+1) - held // one more byte shows that there are too many
			if !from.take(more) {
				return nil, release, errNoRoom
			}
			if !s.room.TryAcquire(int64(more)) {
				return nil, release, errNoRoom
			}
			held += more
			body = append(make([]byte, 0, held), body...)
		}
		n, err := r.Read(body[len(body):held])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) {
			return body, release, nil
		}
		if err != nil {
			return nil, release, err
		}
	}
}

func tooLarge(limit int64) *fault {
	return &fault{status: http.StatusRequestEntityTooLarge, detail: fmt.Sprintf("the body has more than %d bytes; send less at once", limit)}
}

// plainJSON: nothing else is read, and nothing is unpacked, so a small body stays small.
func plainJSON(h http.Header) *fault {
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if charset := params["charset"]; err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return &fault{status: http.StatusUnsupportedMediaType, detail: "the body has to be JSON in UTF-8; send Content-Type: application/json"}
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return &fault{status: http.StatusUnsupportedMediaType, detail: "the body is compressed; send it as it is, without Content-Encoding"}
	}
	return nil
}

// unreadable keeps a body that was signed rightly but cannot be read.
func (s *Server) unreadable(ctx context.Context, a *account, body []byte, err error) *fault {
	k := delivery.Keep("", body, err)
	if _, _, f := s.keep(ctx, a, []delivery.Kept{k}); f != nil {
		return f
	}
	s.cfg.Metrics.event(a, kindBroken, 1)
	return &fault{status: http.StatusBadRequest, ours: true, detail: k.Err.Error() + " (the delivery is kept in " + event.TopicDeadLetter + ")"}
}

// keep writes what could not be read to the dead letters, and tells how many letters are new and how many were there before.
func (s *Server) keep(ctx context.Context, a *account, kept []delivery.Kept) (fresh, repeated int, f *fault) {
	now := time.Now()
	for _, most := range []int{keptWhole, keptLess} {
		var dead []event.DeadLetter
		for _, k := range kept {
			dead = append(dead, deadLetters(a, k, now, most)...)
		}
		repeated, f = sendAll(ctx, s, dead, func(d event.DeadLetter) (event.Record, error) { return d.Record("webhook/" + a.Platform) })
		fresh = len(dead) - repeated
		if f == nil || !tooLargeFor(f) {
			break
		}
	}
	return fresh, repeated, f
}

// deadLetters are those of one thing: several, of at most so many bytes each, where it is long.
func deadLetters(a *account, k delivery.Kept, at time.Time, most int) []event.DeadLetter {
	name := k.Kind
	if name == "" {
		name = hex.EncodeToString(k.Digest[:])
	}
	var all []event.DeadLetter
	for i, rest := 1, k.Body; i == 1 || len(rest) > 0; i++ {
		d := event.DeadLetter{
			Topic: "webhook/" + a.Platform + "/" + a.Name, Delivery: name, Size: k.Size, Truncated: k.Size > min(most, len(k.Body)),
			Value: rest[:min(most, len(rest))], Reason: k.Err.Reason, Error: k.Err.Error(), Failed: at.UTC().Truncate(time.Millisecond),
		}
		if i > 1 {
			d.Delivery += "/part-" + strconv.Itoa(i)
		}
		rest = rest[len(d.Value):]
		all = append(all, d)
	}
	return all
}

// recordable is what becomes a record.
type recordable interface {
	event.Comment | event.Post | event.DeadLetter
}

// sendAll writes events, and answers 503 where that did not work in time.
func sendAll[E recordable](ctx context.Context, s *Server, all []E, encode func(E) (event.Record, error)) (int, *fault) {
	if len(all) == 0 {
		return 0, nil
	}
	records := make([]event.Record, len(all))
	for i, e := range all {
		var err error
		if records[i], err = encode(e); err != nil {
			return 0, &fault{status: http.StatusInternalServerError, err: err, detail: "an event cannot be encoded; report it"}
		}
	}
	repeated, err := s.cfg.Sink.Send(ctx, records...)
	if errors.Is(err, context.Canceled) { // nobody reads the answer
		return 0, &fault{status: http.StatusServiceUnavailable, retry: 5 * time.Second, gone: true, detail: "the sender went away before the delivery was taken; send it again"}
	}
	if err != nil {
		return 0, &fault{
			status: http.StatusServiceUnavailable, retry: 5 * time.Second, err: err,
			detail: "Kafka has not acknowledged the delivery in time; send it again",
		}
	}
	return repeated, nil
}

// sent is what became of events.
type sent struct{ repeated, lost int }

// sendEach is sendAll for what may be larger than a topic takes: such a one is kept instead, and the others go on.
func sendEach[E recordable](ctx context.Context, s *Server, all []E, encode func(E) (event.Record, error)) (out sent, large []delivery.Kept, f *fault) {
	out.repeated, f = sendAll(ctx, s, all, encode)
	if f == nil || !tooLargeFor(f) {
		return out, nil, f
	}
	out = sent{}
	for _, e := range all {
		repeated, f := sendAll(ctx, s, []E{e}, encode)
		if f != nil && tooLargeFor(f) {
			r, _ := encode(e) // as a moment ago
			k := delivery.Keep("", r.Value, &event.Error{
				Reason: event.ReasonSize, What: "is larger than " + r.Topic + " takes", Mend: "raise the topic's max.message.bytes to at least 1048588",
			})
			id := sha256.Sum256([]byte(r.ID())) // the value says when it was received, which is another time with each repeat
			k.Digest = [16]byte(id[:16])
			large = append(large, k)
			out.lost++
			continue
		}
		if f != nil {
			return out, large, f
		}
		out.repeated += repeated
	}
	return out, large, nil
}

// tooLargeFor says whether a topic does not take a record of this size: trying again is of no use.
func tooLargeFor(f *fault) bool {
	var limit interface{ TooLarge() bool }
	return errors.As(f.err, &limit) && limit.TooLarge()
}

// take writes what a delivery says, and answers 200 when all of it is acknowledged.
func (s *Server) take(ctx context.Context, w http.ResponseWriter, a *account, c delivery.Contents) *fault {
	now := time.Now().UTC().Truncate(time.Millisecond)
	source := "webhook/" + a.Platform
	// A comment that is sent after its post is acknowledged is judged against it.
	posts, large, f := sendEach(ctx, s, c.Posts, func(p event.Post) (event.Record, error) { return p.Record(source, now) })
	c.Kept = append(c.Kept, large...)
	if f != nil {
		return f
	}
	comments, large, f := sendEach(ctx, s, c.Comments, func(e event.Comment) (event.Record, error) {
		e.Received = now
		return e.Record(source, now)
	})
	c.Kept = append(c.Kept, large...)
	if f != nil {
		return f
	}
	letters, old, f := s.keep(ctx, a, c.Kept)
	if f != nil {
		return f
	}
	if c.Revoked {
		s.log.Warn("the platform will deliver nothing more: somebody took the app's permission away; grant it anew in the account's settings", "platform", a.Platform, "account", a.Name)
	}
	if letters > 0 && s.sources.mayLog() {
		k := c.Kept[0]
		s.log.Warn("parts of a delivery are kept as dead letters", "platform", a.Platform, "account", a.Name, "parts", len(c.Kept), "reason", k.Err.Reason, "kind", k.Kind, "first", k.Err.Error())
	}
	s.cfg.Metrics.contents(a, c)
	receipt := Receipt{Accepted: len(c.Posts) + len(c.Comments) - posts.lost - comments.lost - posts.repeated - comments.repeated, Repeated: posts.repeated + comments.repeated + old, DeadLetters: letters}
	for _, n := range c.Dropped {
		receipt.Dropped += n
	}
	w.Header().Set("Content-Type", "application/json")
	writeJSON(w, receipt)
	return nil
}
