package webhook

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/goleak"

	"github.com/kotomori/kotomori/internal/delivery"
	"github.com/kotomori/kotomori/internal/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The secrets of the accounts below: none of them may show anywhere, see log.check.
var (
	xNew, xOld   = "x-consumer-new-4711", "x-consumer-old-4712"
	fbNew, fbOld = "fb-app-new-4713", "fb-app-old-4714"
	tokNew       = "verify-token-new-4715"
	tokOld       = "verify-token-old-4716"
	blogNew      = "whsec_" + base64.StdEncoding.EncodeToString([]byte("blog secret of the new time ...."))
	blogOld      = "whsec_" + base64.StdEncoding.EncodeToString([]byte("blog secret of the old time ...."))
	allSecrets   = []string{xNew, xOld, fbNew, fbOld, tokNew, tokOld, strings.TrimPrefix(blogNew, "whsec_"), strings.TrimPrefix(blogOld, "whsec_"), "geheim"}
)

const hush = "ひみつの言葉" // what a comment says: it may stand in records only

func secretOf(platform string) string {
	return map[string]string{delivery.X: xNew, delivery.Facebook: fbNew, delivery.Blog: blogNew}[platform]
}

func accounts() []Account {
	return []Account{
		{Platform: delivery.X, Name: "saitama", IDs: []string{"1580000000000000001"}, Handle: "SaitamaCvcCoop", Secrets: []Secret{Secret(xNew), Secret(xOld)}},
		{Platform: delivery.Facebook, Name: "wako", IDs: []string{"104500000000001"}, Secrets: []Secret{Secret(fbNew), Secret(fbOld)}, Tokens: []Secret{Secret(tokNew), Secret(tokOld)}},
		{Platform: delivery.Blog, Name: "wako", Secrets: []Secret{Secret(blogNew), Secret(blogOld)}},
	}
}

// sink remembers what it is given, and which of it was there before.
type sink struct {
	mu    sync.Mutex
	sends [][]event.Record
	ids   map[string]bool

	fail  func(event.Record) error // nil: takes everything
	gate  chan struct{}            // nil: open
	begun chan struct{}            // nil: told to nobody
}

func (s *sink) Send(ctx context.Context, records ...event.Record) (int, error) {
	if s.begun != nil {
		s.begun <- struct{}{}
	}
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return 0, fmt.Errorf("sending: %w", ctx.Err())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	repeated := 0
	for _, r := range records {
		if s.fail != nil {
			if err := s.fail(r); err != nil {
				return 0, err
			}
		}
		if s.ids == nil {
			s.ids = make(map[string]bool)
		}
		if s.ids[r.ID()] {
			repeated++
		}
		s.ids[r.ID()] = true
	}
	s.sends = append(s.sends, records)
	return repeated, nil
}

// records are all that were sent, of one topic.
func (s *sink) records(topic string) (all []event.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, records := range s.sends {
		for _, r := range records {
			if r.Topic == topic {
				all = append(all, r)
			}
		}
	}
	return all
}

func (s *sink) letters(tb testing.TB) (all []event.DeadLetter) {
	tb.Helper()
	for _, r := range s.records(event.TopicDeadLetter) {
		d, err := event.DecodeDeadLetter(r.Value)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

// log holds what is logged, and that no secret and no comment is in it.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *log) check(tb testing.TB) {
	tb.Helper()
	quotes(tb, "the log", l.String())
}

// quotes finds secrets, signatures and what comments say.
func quotes(tb testing.TB, where, text string) {
	tb.Helper()
	for _, s := range append(allSecrets, hush, "sha256=", "v1,", "どんぐり", "受付係", "簿記") {
		if strings.Contains(text, s) {
			i := strings.Index(text, s)
			tb.Errorf("%s quotes %q: …%s…", where, s, text[max(0, i-100):min(len(text), i+100)])
		}
	}
}

type fixture struct {
	*Server
	sink *sink
	log  *log
}

// serve makes a server whose log is looked through in the end.
func serve(tb testing.TB, change func(*Config)) fixture {
	tb.Helper()
	f := fixture{sink: &sink{}, log: &log{}}
	cfg := Config{Accounts: accounts(), Sink: f.sink, Log: slog.New(slog.NewJSONHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	f.Server = s
	tb.Cleanup(func() { f.log.check(tb) })
	return f
}

// post is a signed delivery.
func post(tb testing.TB, platform, secret, body string) *http.Request {
	tb.Helper()
	name := "wako"
	if platform == delivery.X {
		name = "saitama"
	}
	h, err := delivery.Sign(platform, secret, []byte(body), "msg_1", time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodPost, "/webhook/"+platform+"/"+name, strings.NewReader(body))
	r.Header = h
	r.Header.Set("Content-Type", "application/json")
	return r
}

func get(tb testing.TB, target string) *http.Request {
	tb.Helper()
	return httptest.NewRequestWithContext(tb.Context(), http.MethodGet, target, nil)
}

// do answers a request, and holds the answer to what is promised of all answers.
func (f fixture) do(tb testing.TB, r *http.Request) *httptest.ResponseRecorder {
	tb.Helper()
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	id := w.Header().Get("X-Request-Id")
	if !requestID.MatchString(id) || w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Cache-Control") != "no-store" {
		tb.Errorf("%s %s: headers %v", r.Method, r.URL, w.Header())
	}
	said := w.Body.String()
	if strings.Contains(w.Body.String(), "response_token") {
		said = ""
	}
	quotes(tb, "the answer", said)
	if w.Code < 400 {
		return w
	}
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		tb.Fatalf("%s %s: %d %s: %v", r.Method, r.URL, w.Code, w.Body, err)
	}
	if w.Header().Get("Content-Type") != "application/problem+json" || p.Type != "about:blank" || p.Title != http.StatusText(w.Code) ||
		p.Status != w.Code || !strings.Contains(p.Detail, "; ") || p.RequestID != id {
		tb.Errorf("%s %s: %d, %v, %+v", r.Method, r.URL, w.Code, w.Header(), p)
	}
	retry := w.Code == http.StatusServiceUnavailable || w.Code == http.StatusTooManyRequests
	if retry != (w.Header().Get("Retry-After") != "") {
		tb.Errorf("%s %s: %d, Retry-After %q", r.Method, r.URL, w.Code, w.Header().Get("Retry-After"))
	}
	return w
}

func receipt(tb testing.TB, w *httptest.ResponseRecorder) Receipt {
	tb.Helper()
	var r Receipt
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil || w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		tb.Fatalf("%d %s, %v", w.Code, w.Body, err)
	}
	return r
}

func recorded(tb testing.TB, name string) string {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "webhook", name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// Each recorded delivery is taken: all that it says is with the sink when it is answered, and a second time it is a repeat.
func TestRecorded(t *testing.T) {
	files, err := filepath.Glob("../../testdata/webhook/*.json")
	if err != nil || len(files) < 80 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			f := serve(t, nil)
			platform, _, _ := strings.Cut(name, "-")
			body := recorded(t, name)
			if name == "x-stream-default-fields" {
				if w := f.do(t, post(t, platform, xNew, body)); w.Code != http.StatusBadRequest || len(f.sink.letters(t)) != 1 {
					t.Errorf("%d, %d dead letters", w.Code, len(f.sink.letters(t)))
				}
				return
			}
			first := receipt(t, f.do(t, post(t, platform, secretOf(platform), body)))
			events := f.sink.records(event.TopicComments)
			events = append(events, f.sink.records(event.TopicPosts)...)
			if first.Accepted != len(events) || first.Repeated != 0 || first.DeadLetters != len(f.sink.letters(t)) || first == (Receipt{}) {
				t.Errorf("%+v, %d events, %d dead letters", first, len(events), len(f.sink.letters(t)))
			}
			again := receipt(t, f.do(t, post(t, platform, secretOf(platform), body)))
			if again != (Receipt{Repeated: first.Accepted + first.DeadLetters, Dropped: first.Dropped}) {
				t.Errorf("first %+v, again %+v", first, again)
			}
			for _, r := range f.sink.records(event.TopicComments) {
				c, err := event.DecodeComment(r.Value)
				if err != nil || c.Received.IsZero() || time.Since(c.Received) > time.Minute || c.Platform != platform {
					t.Errorf("%s: %v", r.Value, err)
				}
				if source := header(r, "ce_source"); source != "/kotomori/webhook/"+platform {
					t.Errorf("source %s", source)
				}
			}
			for _, d := range f.sink.letters(t) {
				if !strings.HasPrefix(d.Topic, "webhook/"+platform+"/") || d.Delivery == "" || len(d.Value) == 0 || d.Size != len(d.Value) {
					t.Errorf("%+v", d)
				}
			}
		})
	}
}

func header(r event.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

// Each of two secrets does, and no other.
func TestSecrets(t *testing.T) {
	f := serve(t, nil)
	for platform, secrets := range map[string][]string{delivery.X: {xNew, xOld}, delivery.Facebook: {fbNew, fbOld}, delivery.Blog: {blogNew, blogOld}} {
		body := recorded(t, map[string]string{delivery.X: "x-stream-reply", delivery.Facebook: "facebook-comment-add", delivery.Blog: "blog-comment-created"}[platform])
		for _, secret := range secrets {
			if w := f.do(t, post(t, platform, secret, body)); w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", platform, w.Code, w.Body)
			}
		}
		sends := len(f.sink.sends)
		other := "another-geheim"
		if platform == delivery.Blog {
			other = base64.StdEncoding.EncodeToString([]byte("a third secret of 32 bytes .....")) // not configured
		}
		unsigned := post(t, platform, other, body)
		for _, name := range []string{delivery.HeaderX, delivery.HeaderFacebook, delivery.HeaderBlog} {
			unsigned.Header.Del(name)
		}
		altered := post(t, platform, secrets[0], body)
		altered.Body = io.NopCloser(strings.NewReader(strings.Replace(body, "id", "ID", 1)))
		for name, r := range map[string]*http.Request{"wrong": post(t, platform, other, body), "none": unsigned, "altered": altered} {
			if w := f.do(t, r); w.Code != http.StatusUnauthorized {
				t.Errorf("%s, %s: %d", platform, name, w.Code)
			}
		}
		if len(f.sink.sends) != sends {
			t.Errorf("%s: something was written", platform)
		}
	}
	stale := post(t, delivery.Blog, blogNew, `{}`)
	h, err := delivery.Sign(delivery.Blog, blogNew, []byte(`{}`), "msg_1", time.Now().Add(-6*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(stale.Header, h)
	if w := f.do(t, stale); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "older than 5 minutes") {
		t.Errorf("stale: %d %s", w.Code, w.Body)
	}
}

// A comment that is written after its post is acknowledged is judged against it.
func TestPostsFirst(t *testing.T) {
	f := serve(t, nil)
	receipt(t, f.do(t, post(t, delivery.X, xNew, recorded(t, "x-account-several"))))
	var topics []string
	for _, records := range f.sink.sends {
		for _, r := range records {
			topics = append(topics, r.Topic)
		}
		topics = append(topics, "|")
	}
	want := []string{event.TopicPosts, "|", event.TopicComments, event.TopicComments, "|"}
	if !slices.Equal(topics, want) {
		t.Errorf("sent %v, want %v", topics, want)
	}
}

// 200 is said when everything is acknowledged, not before.
func TestAnsweredAfterTheSink(t *testing.T) {
	f := serve(t, nil)
	f.sink.gate, f.sink.begun = make(chan struct{}), make(chan struct{})
	answered := make(chan *httptest.ResponseRecorder)
	go func() { answered <- f.do(t, post(t, delivery.X, xNew, recorded(t, "x-stream-reply"))) }()
	<-f.sink.begun
	select {
	case w := <-answered:
		t.Fatalf("answered %d before the sink did", w.Code)
	case <-time.After(50 * time.Millisecond):
	}
	close(f.sink.gate)
	if w := <-answered; w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Kafka away or too slow: 503, and nothing is said to be taken.
func TestUnavailable(t *testing.T) {
	hurry := func(cfg *Config) { cfg.patience = func(string) time.Duration { return 30 * time.Millisecond } }
	away := errors.New("broker away")
	for _, tt := range []struct {
		name, body string
		change     func(*Config)
		prepare    func(*sink)
	}{
		{"slow", "x-stream-reply", hurry, func(s *sink) { s.gate = make(chan struct{}) }},
		{"away", "x-stream-reply", nil, func(s *sink) { s.fail = func(event.Record) error { return away } }},
		{"away for the comments", "x-account-several", nil, func(s *sink) {
			s.fail = func(r event.Record) error {
				if r.Topic == event.TopicComments {
					return away
				}
				return nil
			}
		}},
		{"away for the dead letters", "x-account-unknown", nil, func(s *sink) { s.fail = func(event.Record) error { return away } }},
		{"away for what cannot be read", "x-stream-default-fields", nil, func(s *sink) { s.fail = func(event.Record) error { return away } }},
		{"slow for what cannot be read", "x-stream-default-fields", hurry, func(s *sink) { s.gate = make(chan struct{}) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := serve(t, tt.change)
			tt.prepare(f.sink)
			begin := time.Now()
			w := f.do(t, post(t, delivery.X, xNew, recorded(t, tt.body)))
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" {
				t.Errorf("%d, Retry-After %s, %s", w.Code, w.Header().Get("Retry-After"), w.Body)
			}
			if took := time.Since(begin); took > 30*time.Second { // hangs
				t.Errorf("took %v", took)
			}
			if !strings.Contains(f.log.String(), `"status":503`) || !strings.Contains(f.log.String(), `"level":"WARN"`) {
				t.Errorf("log %s", f.log)
			}
		})
	}
	for _, platform := range delivery.Platforms {
		if p := patience(platform); p < 2*time.Second || p > 15*time.Second || platform == delivery.Facebook && p >= 5*time.Second || platform == delivery.X && p >= 10*time.Second {
			t.Errorf("%s: patience %v", platform, p)
		}
	}
}

// The platform that hangs up before the answer has got none; the sink is told so.
func TestClientGone(t *testing.T) {
	f := serve(t, nil)
	f.sink.gate = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := f.do(t, post(t, delivery.X, xNew, recorded(t, "x-stream-reply")).WithContext(ctx))
	if w.Code != http.StatusServiceUnavailable || len(f.sink.sends) != 0 {
		t.Errorf("%d, %d sent", w.Code, len(f.sink.sends))
	}
}

// What was signed rightly and cannot be read is kept once; what was not is not.
func TestUnreadable(t *testing.T) {
	digest := regexp.MustCompile(`^[0-9a-f]{32}$`)
	for _, platform := range delivery.Platforms {
		for name, body := range map[string]string{
			"cut":       `{"type":"` + hush,
			"empty":     ``,
			"array":     `["` + hush + `"]`,
			"not UTF-8": "{\"a\":\"\xff\"}",
			"nothing":   `{"` + hush + `":"` + hush + `"}`,
			"deep":      strings.Repeat("[", 1<<20),
			"deeper":    `{"a":` + strings.Repeat(`{"a":`, 1<<17),
		} {
			t.Run(platform+" "+name, func(t *testing.T) {
				f := serve(t, nil)
				other := "another-geheim"
				if platform == delivery.Blog {
					other = base64.StdEncoding.EncodeToString([]byte("a third secret of 32 bytes ....."))
				}
				if w := f.do(t, post(t, platform, other, body)); w.Code != http.StatusUnauthorized || len(f.sink.sends) != 0 {
					t.Errorf("unsigned: %d, %d sent", w.Code, len(f.sink.sends))
				}
				begin := time.Now()
				for range 2 {
					if w := f.do(t, post(t, platform, secretOf(platform), body)); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), event.TopicDeadLetter) {
						t.Errorf("%d %s", w.Code, w.Body)
					}
				}
				if took := time.Since(begin); took > 30*time.Second { // hangs
					t.Errorf("took %v", took)
				}
				letters := f.sink.letters(t)
				parts := len(letters) / 2 // of each of the two, the same
				if parts < 1 || len(letters)%2 != 0 || len(body) > keptWhole != (parts > 1) {
					t.Fatalf("%d dead letters of %d bytes", len(letters), len(body))
				}
				account := "wako"
				if platform == delivery.X {
					account = "saitama"
				}
				var whole []byte
				keys := make(map[string]bool)
				for i, d := range letters[:parts] {
					whole = append(whole, d.Value...)
					keys[d.Key()] = true
					name, _, _ := strings.Cut(d.Delivery, "/")
					if d.Key() != letters[parts+i].Key() || d.Topic != "webhook/"+platform+"/"+account || !digest.MatchString(name) ||
						d.Size != len(body) || d.Truncated != (parts > 1) || d.Reason == "" || d.Failed.IsZero() {
						t.Errorf("%s, %s, size %d, truncated %v, reason %s", d.Topic, d.Delivery, d.Size, d.Truncated, d.Reason)
					}
					if r := f.sink.records(event.TopicDeadLetter)[i]; len(r.Value) > event.MaxDeadLetter || string(r.Key) != d.Topic+"/"+d.Delivery {
						t.Errorf("a record of %d bytes, key %s", len(r.Value), r.Key)
					}
				}
				if string(whole) != body || len(keys) != parts {
					t.Errorf("%d bytes kept of %d in %d dead letters with %d keys", len(whole), len(body), parts, len(keys))
				}
				d := letters[0]
				quotes(t, "the reason", d.Error)
			})
		}
	}
}

// tooLargeError is how the sink refuses a record.
type tooLargeError struct{}

func (tooLargeError) Error() string  { return "too large" }
func (tooLargeError) TooLarge() bool { return true }

// A topic that takes less than usual gets smaller parts; one that takes nothing of the kind is as good as away.
func TestSmallTopic(t *testing.T) {
	body := `{"a":"` + strings.Repeat("a", 300_000) // cut
	for _, tt := range []struct{ most, code int }{{keptLess*4/3 + 2000, http.StatusBadRequest}, {1000, http.StatusServiceUnavailable}} {
		f := serve(t, nil)
		f.sink.fail = func(r event.Record) error {
			if len(r.Value) > tt.most {
				return fmt.Errorf("sending: %w", tooLargeError{})
			}
			return nil
		}
		w := f.do(t, post(t, delivery.X, xNew, body))
		if w.Code != tt.code {
			t.Errorf("at most %d bytes: %d %s", tt.most, w.Code, w.Body)
		}
		var whole []byte
		for _, d := range f.sink.letters(t) {
			whole = append(whole, d.Value...)
		}
		if tt.code == http.StatusBadRequest && string(whole) != body {
			t.Errorf("%d bytes of %d", len(whole), len(body))
		}
	}
}

// A kind of event that is not known is taken, and kept once for each kind.
func TestUnknownKinds(t *testing.T) {
	for _, tt := range []struct {
		platform, body, key string
	}{
		{delivery.X, `{"for_user_id":"1580000000000000001","hologram_events":[{"n":%d}]}`, "webhook/x/saitama/account/hologram_events"},
		{delivery.X, `{"data":{"event_type":"hologram.open","filter":{"user_id":"1580000000000000001"},"payload":{"n":%d}}}`, "webhook/x/saitama/activity/hologram.open"},
		{delivery.Facebook, `{"object":"page","entry":[{"id":"104500000000001","time":1,"changes":[{"field":"hologram","value":%d}]}]}`, "webhook/facebook/wako/field/hologram"},
		{delivery.Facebook, `{"object":"user","entry":[{"n":%d}]}`, "webhook/facebook/wako/object/user"},
		{delivery.Blog, `{"type":"comment.pinned","timestamp":"2026-11-03T09:30:00Z","data":{"n":%d}}`, "webhook/blog/wako/type/comment.pinned"},
	} {
		f := serve(t, nil)
		for n := range 3 {
			if got := receipt(t, f.do(t, post(t, tt.platform, secretOf(tt.platform), fmt.Sprintf(tt.body, n)))); got != (Receipt{DeadLetters: 1}) && n == 0 || got != (Receipt{Repeated: 1}) && n > 0 {
				t.Errorf("%s: %+v", tt.key, got)
			}
		}
		for _, r := range f.sink.records(event.TopicDeadLetter) {
			if string(r.Key) != tt.key || r.ID() != tt.key {
				t.Errorf("key %s, id %s; want %s", r.Key, r.ID(), tt.key)
			}
		}
	}
}

// What concerns an account that is not configured is kept, all of it: it may be ours under a mistyped id.
func TestStrangers(t *testing.T) {
	f := serve(t, nil)
	for n := range 3 {
		body := fmt.Sprintf(`{"for_user_id":"12345","tweet_create_events":[{"n":%d}]}`, n)
		for again := range 2 {
			if got := receipt(t, f.do(t, post(t, delivery.X, xNew, body))); got != (Receipt{DeadLetters: 1 - again, Repeated: again}) {
				t.Errorf("%+v", got)
			}
		}
	}
	for _, d := range f.sink.letters(t) {
		if d.Reason != event.ReasonUnknownAccount || !strings.HasPrefix(string(d.Value), `{"for_user_id":"12345",`) {
			t.Errorf("%s: %s", d.Reason, d.Value)
		}
	}
}

// What may hold a direct message leaves none of it anywhere, however odd the rest is.
func TestDirectMessagesAreNotKept(t *testing.T) {
	for _, tt := range []struct{ platform, body string }{
		{delivery.X, `{"for_user_id":"12345","direct_message_events":[{"text":"ないしょ"}],"tweet_create_events":[{"id_str":7}]}`},
		{delivery.X, `{"for_user_id":7,"direct_message_events":[{"text":"ないしょ"}]}`},
		{delivery.X, `{"for_user_id":"1580000000000000001","direct_message_events":[{"text":"ないしょ"}`},
		{delivery.X, `{"data":{"event_type":"dm.received","filter":{"user_id":7},"payload":{"text":"ないしょ"}}}`},
		{delivery.X, `{"data":{"event_type":"message.received","filter":{"user_id":"1580000000000000001"},"payload":{"text":"ないしょ"}}}`},
		{delivery.X, `{"data":{"event_type":"dm.anew","filter":{},"payload":{"text":"ないしょ"}}}`},
		{delivery.Facebook, `{"object":"instagram","entry":[{"messaging":[{"message":{"text":"ないしょ"}}]}]}`},
		{delivery.Facebook, `{"object":"page","entry":[{"id":"9","changes":[{"field":"messages","value":{"text":"ないしょ"}}]}]}`},
		{delivery.Facebook, `{"object":"page","entry":[{"id":"9","messaging":[{"message":{"text":"ないしょ"}}],"changes":[{"field":"feed"}]}]}`},
		{delivery.Facebook, `{"object":"page","entry":[{"id":{},"time":"x","messaging":[{"message":{"text":"ないしょ"}}]}]}`},
		{delivery.Facebook, `{"object":"page","entry":[{"id":"104500000000001","standby":[{"message":{"text":"ないしょ"}}],"changes":7}]}`},
	} {
		f := serve(t, nil)
		w := f.do(t, post(t, tt.platform, secretOf(tt.platform), tt.body))
		for _, d := range f.sink.letters(t) {
			if strings.Contains(string(d.Value), "ないしょ") {
				t.Errorf("%s: is kept in %s", tt.body, d.Key())
			}
			if d.Value == nil && (d.Size == 0 || !d.Truncated) {
				t.Errorf("%s: nothing says that the body was left out", tt.body)
			}
		}
		if strings.Contains(w.Body.String()+f.log.String(), "ないしょ") {
			t.Errorf("%s: is told", tt.body)
		}
	}
}

// What the program fails at is told and kept.
func TestPanic(t *testing.T) {
	f := serve(t, nil)
	f.accounts["x/saitama"].owners = nil // as no configuration is
	w := f.do(t, post(t, delivery.X, xNew, recorded(t, "x-stream-reply")))
	if letters := f.sink.letters(t); w.Code != http.StatusBadRequest || len(letters) != 1 || letters[0].Reason != event.ReasonInternal {
		t.Errorf("%d, %+v", w.Code, letters)
	}
	f.accounts["facebook/wako"].secrets = nil
	f.accounts["x/saitama"].secrets = nil
	if w := f.do(t, get(t, "/webhook/x/saitama?crc_token=a")); w.Code != http.StatusInternalServerError {
		t.Errorf("%d", w.Code)
	}
	if log := f.log.String(); strings.Count(log, `"level":"ERROR"`) < 2 || !strings.Contains(log, "index out of range") {
		t.Errorf("%s", log)
	}
}

// What a topic does not take for its size is kept, and the rest goes on.
func TestLarge(t *testing.T) {
	f := serve(t, nil)
	f.sink.fail = func(r event.Record) error {
		if r.Topic == event.TopicComments && strings.Contains(string(r.Value), "長い") {
			return tooLargeError{}
		}
		return nil
	}
	body := `{"object":"page","entry":[{"id":"104500000000001","time":1793841300,"changes":[` +
		`{"field":"feed","value":{"item":"comment","verb":"add","comment_id":"1","post_id":"9","message":"長い"}},` +
		`{"field":"feed","value":{"item":"comment","verb":"add","comment_id":"2","post_id":"9","message":"みじかい"}}]}]}`
	if got := receipt(t, f.do(t, post(t, delivery.Facebook, fbNew, body))); got != (Receipt{Accepted: 1, DeadLetters: 1}) {
		t.Errorf("%+v", got)
	}
	if d := f.sink.letters(t); len(d) != 1 || d[0].Reason != event.ReasonSize || !strings.Contains(string(d[0].Value), "長い") {
		t.Errorf("%+v", d)
	}
}

// A body of nothing but broken parts costs one dead letter and one line of the log.
func TestManyBrokenParts(t *testing.T) {
	f := serve(t, nil)
	body := `{"for_user_id":"1580000000000000001","tweet_create_events":[0` + strings.Repeat(",0", 200_000) + `]}`
	if got := receipt(t, f.do(t, post(t, delivery.X, xNew, body))); got != (Receipt{DeadLetters: 1}) {
		t.Errorf("%+v", got)
	}
	if d := f.sink.letters(t); string(d[0].Value) != body || strings.Count(f.log.String(), "\n") > 3 {
		t.Errorf("%d bytes, log %s", len(d[0].Value), f.log)
	}
}

// A blog whose clock is far ahead would make everything later count as earlier.
func TestBlogAhead(t *testing.T) {
	f := serve(t, nil)
	body := strings.Replace(recorded(t, "blog-comment-edited"), "2026-", "9000-", 1)
	if w := f.do(t, post(t, delivery.Blog, blogNew, body)); w.Code != http.StatusBadRequest || len(f.sink.letters(t)) != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// One broken part of a batch does not take the others with it.
func TestBatch(t *testing.T) {
	f := serve(t, nil)
	body := `{"object":"page","entry":[{"id":"104500000000001","time":1793841300,"changes":[
		{"field":"feed","value":{"item":"comment","verb":"add","comment_id":{},"post_id":"1","message":"` + hush + `"}},
		{"field":"feed","value":{"item":"comment","verb":"add","comment_id":"1_2","post_id":"1","message":"` + hush + `"}},
		{"field":"feed","value":{"item":"like"}}]},"` + hush + `"]}`
	if got := receipt(t, f.do(t, post(t, delivery.Facebook, fbNew, body))); got != (Receipt{Accepted: 1, Dropped: 1, DeadLetters: 2}) {
		t.Errorf("%+v", got)
	}
	letters := f.sink.letters(t)
	if len(letters) != 2 || !strings.Contains(string(letters[0].Value), `"comment_id":{}`) || !strings.Contains(string(letters[1].Value), hush) || letters[0].Key() == letters[1].Key() {
		t.Errorf("%+v", letters)
	}
}

// unread is a body that must not be read.
type unread struct{ tb testing.TB }

func (u unread) Read([]byte) (int, error) {
	u.tb.Error("the body is read")
	return 0, io.EOF
}

// endless is a body of spaces that counts what is read.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.n += len(p)
	return len(p), nil
}

// What has no business here is refused before its body is read.
func TestRefusedUnread(t *testing.T) {
	f := serve(t, nil)
	for _, tt := range []struct {
		name, platform, account string
		header                  map[string]string
		length                  int64
		want                    int
	}{
		{"gzip", "x", "saitama", map[string]string{"Content-Encoding": "gzip"}, -1, http.StatusUnsupportedMediaType},
		{"br", "facebook", "wako", map[string]string{"Content-Encoding": "br"}, 100, http.StatusUnsupportedMediaType},
		{"two codings", "blog", "wako", map[string]string{"Content-Encoding": "identity, gzip"}, 100, http.StatusUnsupportedMediaType},
		{"no media type", "x", "saitama", map[string]string{"Content-Type": ""}, 100, http.StatusUnsupportedMediaType},
		{"form", "facebook", "wako", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 100, http.StatusUnsupportedMediaType},
		{"text", "blog", "wako", map[string]string{"Content-Type": "text/plain"}, 100, http.StatusUnsupportedMediaType},
		{"like JSON", "blog", "wako", map[string]string{"Content-Type": "application/jsonp"}, 100, http.StatusUnsupportedMediaType},
		{"Shift_JIS", "blog", "wako", map[string]string{"Content-Type": "application/json; charset=shift_jis"}, 100, http.StatusUnsupportedMediaType},
		{"broken media type", "blog", "wako", map[string]string{"Content-Type": "application/json; charset=utf-8; charset=x"}, 100, http.StatusUnsupportedMediaType},
		{"over the limit", "x", "saitama", nil, maxBody + 1, http.StatusRequestEntityTooLarge},
		{"over Facebook's limit", "facebook", "wako", nil, maxBodyFacebook + 1, http.StatusRequestEntityTooLarge},
		{"over the blog's limit", "blog", "wako", nil, 1 << 40, http.StatusRequestEntityTooLarge},
		{"no such account", "x", "wako", nil, -1, http.StatusNotFound},
		{"no such platform", "instagram", "wako", nil, -1, http.StatusNotFound},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhook/"+tt.platform+"/"+tt.account, unread{t})
		r.ContentLength = tt.length
		r.Header.Set("Content-Type", "application/json")
		for k, v := range tt.header {
			r.Header.Set(k, v)
		}
		if w := f.do(t, r); w.Code != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, w.Code, tt.want)
		}
	}
	for platform, limit := range map[string]int{"x": maxBody, "facebook": maxBodyFacebook, "blog": maxBody} {
		body := &endless{}
		r := post(t, platform, secretOf(platform), "")
		r.Body, r.ContentLength = io.NopCloser(body), -1
		if w := f.do(t, r); w.Code != http.StatusRequestEntityTooLarge || body.n > 3*limit {
			t.Errorf("%s, length not said: %d after %d bytes", platform, w.Code, body.n)
		}
		// As large as it may be.
		full := `{"object":"` + strings.Repeat("a", limit-13) + `"}`
		if w := f.do(t, post(t, platform, secretOf(platform), full)); len(full) != limit || w.Code == http.StatusRequestEntityTooLarge || w.Code == http.StatusUnauthorized {
			t.Errorf("%s, %d bytes: %d", platform, len(full), w.Code)
		}
	}
	for _, media := range []string{"application/json; charset=utf-8", "Application/JSON; charset=\"UTF-8\"", "application/json;"} {
		r := post(t, delivery.X, xNew, recorded(t, "x-stream-reply"))
		r.Header.Set("Content-Type", media)
		r.Header.Set("Content-Encoding", "identity")
		if w := f.do(t, r); w.Code != http.StatusOK {
			t.Errorf("%s: %d", media, w.Code)
		}
	}
	broken := post(t, delivery.X, xNew, `{}`)
	broken.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"a`), iotest.ErrReader(io.ErrUnexpectedEOF)))
	sends := len(f.sink.sends)
	if w := f.do(t, broken); w.Code != http.StatusBadRequest || len(f.sink.sends) != sends {
		t.Errorf("broken off: %d", w.Code)
	}
}

// The handshakes.
func TestHandshakes(t *testing.T) {
	f := serve(t, nil)
	for _, tt := range []struct {
		name, target, media, body string
		code                      int
	}{
		{"CRC", "/webhook/x/saitama?crc_token=abc&nonce=1", "application/json", `{"response_token":"` + delivery.CRC(xNew, "abc") + `"}` + "\n", 200},
		{"CRC with odd characters", "/webhook/x/saitama?crc_token=a%2Bb%2F%3D", "application/json", `{"response_token":"` + delivery.CRC(xNew, "a+b/=") + `"}` + "\n", 200},
		{"CRC without a token", "/webhook/x/saitama", "", "", 400},
		{"CRC, empty", "/webhook/x/saitama?crc_token=", "", "", 400},
		{"CRC, long", "/webhook/x/saitama?crc_token=" + strings.Repeat("a", 1025), "", "", 400},
		// The answer would be the signature of a delivery.
		{"CRC of a body", "/webhook/x/saitama?crc_token=" + url.QueryEscape(`{"for_user_id":"1"}`), "", "", 400},
		{"CRC of a body behind blanks", "/webhook/x/saitama?crc_token=+%0A" + url.QueryEscape(`{}`), "", "", 400},
		{"CRC of nobody", "/webhook/x/wako?crc_token=abc", "", "", 404},
		{"Facebook", "/webhook/facebook/wako?hub.mode=subscribe&hub.verify_token=" + tokNew + "&hub.challenge=1158201444", "text/plain; charset=utf-8", "1158201444", 200},
		{"Facebook, the old token", "/webhook/facebook/wako?hub.mode=subscribe&hub.verify_token=" + tokOld + "&hub.challenge=115", "text/plain; charset=utf-8", "115", 200},
		{"Facebook, HTML", "/webhook/facebook/wako?hub.mode=subscribe&hub.verify_token=" + tokNew + "&hub.challenge=%3Cscript%3E", "text/plain; charset=utf-8", "<script>", 200},
		{"Facebook, wrong token", "/webhook/facebook/wako?hub.mode=subscribe&hub.verify_token=nonsense-geheim&hub.challenge=115", "", "", 403},
		{"Facebook, no token", "/webhook/facebook/wako?hub.mode=subscribe&hub.challenge=115", "", "", 403},
		{"Facebook, a secret is no token", "/webhook/facebook/wako?hub.mode=subscribe&hub.verify_token=" + fbNew + "&hub.challenge=115", "", "", 403},
		{"Facebook, other mode", "/webhook/facebook/wako?hub.mode=unsubscribe&hub.verify_token=" + tokNew + "&hub.challenge=115", "", "", 400},
		{"Facebook, no challenge", "/webhook/facebook/wako?hub.mode=subscribe&hub.verify_token=" + tokNew, "", "", 400},
		{"Facebook, long challenge", "/webhook/facebook/wako?hub.mode=subscribe&hub.verify_token=" + tokNew + "&hub.challenge=" + strings.Repeat("1", 1025), "", "", 400},
		{"Facebook of nobody", "/webhook/facebook/saitama?hub.mode=subscribe&hub.verify_token=" + tokNew + "&hub.challenge=115", "", "", 404},
	} {
		w := f.do(t, get(t, tt.target))
		if w.Code != tt.code || tt.code == 200 && (w.Body.String() != tt.body || w.Header().Get("Content-Type") != tt.media) {
			t.Errorf("%s: %d %s %q", tt.name, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
	}
	if len(f.sink.sends) != 0 {
		t.Error("a handshake was written to the stream")
	}
}

// Addresses and methods.
func TestAnswers(t *testing.T) {
	f := serve(t, nil)
	for _, tt := range []struct {
		method, target string
		code           int
		allow          string
	}{
		{"GET", "/", 404, ""},
		{"GET", "/webhook", 404, ""},
		{"GET", "/webhook/", 404, ""},
		{"GET", "/webhook/x", 404, ""},
		{"POST", "/webhook/x", 404, ""},
		{"POST", "/webhook/x/saitama/", 404, ""},
		{"POST", "/webhook/x/saitama/more", 404, ""},
		{"GET", "/metrics", 404, ""},
		{"GET", "/healthz", 404, ""},
		{"POST", "/webhook/x/nobody", 404, ""},
		{"DELETE", "/webhook/x/nobody", 404, ""},
		{"POST", "/webhook/x%2Fsaitama/x", 404, ""},
		{"POST", "/webhook/X/saitama", 404, ""},
		{"POST", "/webhook/facebook/saitama", 404, ""},
		{"GET", "/webhook/blog/nobody", 404, ""},
		{"PUT", "/webhook/x/saitama", 405, "GET, HEAD, POST"},
		{"DELETE", "/webhook/facebook/wako", 405, "GET, HEAD, POST"},
		{"PATCH", "/webhook/blog/wako", 405, "POST"},
		{"OPTIONS", "/webhook/blog/wako", 405, "POST"},
		{"GET", "/webhook/blog/wako", 405, "POST"},
		{"HEAD", "/webhook/blog/wako", 405, "POST"},
		{"TRACE", "/webhook/x/saitama", 405, "GET, HEAD, POST"},
		{"BREW", "/webhook/x/saitama", 405, "GET, HEAD, POST"},
		{"HEAD", "/webhook/x/saitama?crc_token=abc", 200, ""},
		{"HEAD", "/webhook/facebook/wako?hub.mode=subscribe&hub.challenge=1", 403, ""},
		// X takes a redirect for the end of the webhook: unclean paths get none.
		{"POST", "//webhook/x/saitama", 404, ""},
		{"POST", "/webhook//x/saitama", 404, ""},
		{"POST", "/webhook/./x/saitama", 404, ""},
		{"POST", "/webhook/blog/../x/saitama", 404, ""},
	} {
		w := f.do(t, httptest.NewRequestWithContext(t.Context(), tt.method, tt.target, nil))
		if w.Code != tt.code || w.Header().Get("Allow") != tt.allow {
			t.Errorf("%s %s: %d, Allow %q; want %d, %q", tt.method, tt.target, w.Code, w.Header().Get("Allow"), tt.code, tt.allow)
		}
	}
	// A platform for which nothing is configured is not there.
	only := serve(t, func(cfg *Config) { cfg.Accounts = cfg.Accounts[:1] })
	for _, target := range []string{"/webhook/facebook/wako?hub.mode=subscribe&hub.challenge=1", "/webhook/blog/wako"} {
		if w := only.do(t, get(t, target)); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}

// One app may serve several accounts by one address; an account whose secret is another is none of its business.
func TestOwners(t *testing.T) {
	toWako := strings.NewReplacer("1580000000000000001", "1580000000000000002", "SaitamaCvcCoop", "wako_kyodo").Replace(recorded(t, "x-stream-reply"))
	activity := strings.ReplaceAll(recorded(t, "x-activity-post-create"), "1580000000000000001", "1580000000000000002")
	for _, shared := range []bool{true, false} {
		f := serve(t, func(cfg *Config) {
			wako := Account{Platform: delivery.X, Name: "wako", IDs: []string{"1580000000000000002"}, Handle: "wako_kyodo", Secrets: []Secret{"wako-geheim"}}
			if shared {
				wako.Secrets = []Secret{"wako-geheim", Secret(xNew)}
			}
			cfg.Accounts = append(cfg.Accounts, wako)
		})
		got := receipt(t, f.do(t, post(t, delivery.X, xNew, toWako)))
		of := receipt(t, f.do(t, post(t, delivery.X, xNew, activity)))
		if shared {
			c, err := event.DecodeComment(f.sink.records(event.TopicComments)[0].Value)
			if err != nil || got.Accepted != 1 || c.Account != "wako" || strings.HasPrefix(c.Text, "@") || of.Accepted != 1 {
				t.Errorf("shared: %+v, %+v, %+v, %v", got, of, c, err)
			}
			// By its other secret, which saitama has not, only wako is spoken of.
			r := post(t, delivery.X, "wako-geheim", recorded(t, "x-stream-reply"))
			r.URL.Path = "/webhook/x/wako"
			if got := receipt(t, f.do(t, r)); got != (Receipt{Dropped: 1}) {
				t.Errorf("shared, the other secret: %+v", got)
			}
			r = post(t, delivery.X, xNew, recorded(t, "x-stream-reply"))
			r.URL.Path = "/webhook/x/wako"
			if got := receipt(t, f.do(t, r)); got != (Receipt{Accepted: 1}) {
				t.Errorf("shared, by the other's address: %+v", got)
			}
			continue
		}
		if got != (Receipt{Dropped: 1}) || of != (Receipt{DeadLetters: 1}) || len(f.sink.records(event.TopicComments))+len(f.sink.records(event.TopicPosts)) != 0 {
			t.Errorf("not shared: %+v, %+v", got, of)
		}
	}
}

// A withdrawn permission is told in the log: nobody would notice otherwise.
func TestRevoked(t *testing.T) {
	for _, name := range []string{"x-account-revoke", "x-activity-oauth-revoke"} {
		f := serve(t, nil)
		receipt(t, f.do(t, post(t, delivery.X, xNew, recorded(t, name))))
		if !strings.Contains(f.log.String(), "permission") || !strings.Contains(f.log.String(), `"level":"WARN"`) {
			t.Errorf("%s: %s", name, f.log)
		}
	}
}

func TestNew(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		change     func(*Config)
	}{
		{"no sink", "needs a sink", func(c *Config) { c.Sink = nil }},
		{"no accounts", "at least one account", func(c *Config) { c.Accounts = nil }},
		{"no secret", "x account saitama: has no secret", func(c *Config) { c.Accounts[0].Secrets = nil }},
		{"empty secret", "x account saitama: the secret is empty", func(c *Config) { c.Accounts[0].Secrets[1] = " " }},
		{"three secrets", "more than two", func(c *Config) { c.Accounts[0].Secrets = []Secret{"a-geheim", "b-geheim", "c-geheim"} }},
		{"three tokens", "more than two", func(c *Config) { c.Accounts[1].Tokens = []Secret{"a-geheim", "b-geheim", "c-geheim"} }},
		{"no user id", "--x-accounts", func(c *Config) { c.Accounts[0].IDs = nil }},
		{"no page id", "--facebook-pages", func(c *Config) { c.Accounts[1].IDs = nil }},
		{"no verify token", "--facebook-verify-tokens", func(c *Config) { c.Accounts[1].Tokens = nil }},
		{"empty verify token", "empty verify token", func(c *Config) { c.Accounts[1].Tokens[0] = "" }},
		{"blog secret no base64", "blog account wako: the secret is not base64", func(c *Config) { c.Accounts[2].Secrets[0] = "whsec_geheim!" }},
		{"blog secret short", "24 to 64", func(c *Config) { c.Accounts[2].Secrets[0] = "whsec_NDc5OQ==" }},
		{"twice", "is there twice", func(c *Config) { c.Accounts = append(c.Accounts, c.Accounts[0]) }},
		{"negative rate", "rate", func(c *Config) { c.Rate = -1 }},
		{"bad proxy", `"10.0.0.0/33"`, func(c *Config) { c.Proxies = []string{"10.0.0.0/8", "10.0.0.0/33"} }},
	} {
		cfg := Config{Accounts: accounts(), Sink: &sink{}}
		tt.change(&cfg)
		_, err := New(cfg)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		quotes(t, "the error", err.Error())
	}
}

// A secret shows nowhere, however it is printed.
func TestSecretsAreMasked(t *testing.T) {
	a := accounts()[1]
	var b bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("a", "secret", a.Secrets[0], "account", a, "all", accounts(), "pointer", &a, "secrets", a.Secrets)
	}
	for _, v := range []any{a.Secrets[0], a, &a, accounts(), a.Secrets, map[string]Secret{"a": a.Secrets[0]}, Config{Accounts: accounts()}} {
		fmt.Fprintf(&b, "%v %+v %#v %s", v, v, v, v)
		if j, err := json.Marshal(v); err == nil {
			b.Write(j)
		}
	}
	fmt.Fprintf(&b, "%q", a.Secrets)
	fmt.Fprint(&b, errors.Join(fmt.Errorf("%w: %v", io.EOF, a)))
	quotes(t, "printing", b.String())
	if !strings.Contains(b.String(), "****") {
		t.Error("nothing was printed")
	}
}

// Of all that can be asked, neither log nor answers tell a secret, a signature or what a comment says.
func TestNothingIsToldOn(t *testing.T) {
	f := serve(t, func(cfg *Config) { cfg.Rate = 1000 })
	reply := strings.ReplaceAll(recorded(t, "x-stream-reply"), "申し込み", hush)
	for _, body := range []string{
		reply,
		`{"` + hush + `":1}`,
		`{"for_user_id":"1580000000000000001","` + hush + `":[]}`,
		`{"for_user_id":"` + hush + `","tweet_create_events":[]}`,
		`{"for_user_id":"1580000000000000001","tweet_create_events":["` + hush + `",{"id_str":"` + hush + `\u0000"}]}`,
		`{"data":{"event_type":"` + hush + `"}}`,
		`{"data":{"id":["` + hush + `"]}}`,
		`{"data":{"id":"` + hush,
	} {
		for _, secret := range []string{xNew, "another-geheim"} {
			f.do(t, post(t, delivery.X, secret, body))
		}
		f.do(t, post(t, delivery.Facebook, fbNew, body))
		f.do(t, post(t, delivery.Blog, blogNew, body))
	}
	for _, target := range []string{
		"/webhook/facebook/wako?hub.mode=subscribe&hub.verify_token=nonsense-geheim&hub.challenge=1", "/webhook/x/saitama?crc_token=crc-geheim",
		"/webhook/x/geheim", "/geheim?secret=geheim", "/webhook/facebook/wako?hub.verify_token=" + tokNew,
	} {
		f.do(t, get(t, target))
	}
	f.sink.fail = func(event.Record) error { return errors.New("away") }
	f.do(t, post(t, delivery.X, xNew, reply))
	f.do(t, post(t, delivery.X, xNew, "{"))
	if n := strings.Count(f.log.String(), "\n"); n < 30 {
		t.Errorf("only %d lines of log", n)
	}
	f.log.check(t)
}
