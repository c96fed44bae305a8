package webhook

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kotomori/kotomori/internal/delivery"
	"github.com/kotomori/kotomori/internal/event"
)

// Where a request comes from: of X-Forwarded-For only what trusted proxies wrote counts.
func TestSource(t *testing.T) {
	for _, tt := range []struct {
		name, remote string
		proxies      []string
		forwarded    []string
		want         string
	}{
		{"direct", "192.0.2.1:99", nil, nil, "192.0.2.1"},
		{"no proxy is trusted", "192.0.2.1:99", nil, []string{"203.0.113.9"}, "192.0.2.1"},
		{"another proxy is trusted", "192.0.2.1:99", []string{"10.0.0.0/8"}, []string{"203.0.113.9"}, "192.0.2.1"},
		{"behind a proxy", "10.0.0.5:99", []string{"10.0.0.0/8"}, []string{"203.0.113.9"}, "203.0.113.9"},
		{"the proxy's address alone", "10.0.0.5:99", []string{"10.0.0.5"}, []string{"203.0.113.9"}, "203.0.113.9"},
		{"its neighbour's", "10.0.0.6:99", []string{"10.0.0.5"}, []string{"203.0.113.9"}, "10.0.0.6"},
		{"made up on the left", "10.0.0.5:99", []string{"10.0.0.0/8"}, []string{"1.2.3.4, 10.0.0.9, 203.0.113.9"}, "203.0.113.9"},
		{"made up in another line", "10.0.0.5:99", []string{"10.0.0.0/8"}, []string{"1.2.3.4", "203.0.113.9"}, "203.0.113.9"},
		{"two proxies", "10.0.0.5:99", []string{"10.0.0.0/8"}, []string{"203.0.113.9, 10.0.0.7"}, "203.0.113.9"},
		{"nothing but proxies", "10.0.0.5:99", []string{"10.0.0.0/8"}, []string{"10.0.0.8,10.0.0.7"}, "10.0.0.8"},
		{"proxy without the header", "10.0.0.5:99", []string{"10.0.0.0/8"}, nil, "10.0.0.5"},
		{"nonsense", "10.0.0.5:99", []string{"10.0.0.0/8"}, []string{"203.0.113.9, unknown"}, "10.0.0.5"},
		{"nonsense on the left", "10.0.0.5:99", []string{"10.0.0.0/8"}, []string{"unknown,203.0.113.9"}, "203.0.113.9"},
		{"IPv6", "[2001:db8::1]:99", []string{"2001:db8::/32"}, []string{"2001:db9::7"}, "2001:db9::7"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.5]:99", []string{"10.0.0.0/8"}, []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"zone", "[fe80::1%eth0]:99", nil, nil, "fe80::1"},
		{"no address", "@", nil, []string{"203.0.113.9"}, "invalid IP"},
	} {
		s, err := newSources(100, tt.proxies)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
		r.RemoteAddr = tt.remote
		r.Header["X-Forwarded-For"] = tt.forwarded
		if addr, _ := s.of(r); addr.String() != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, addr, tt.want)
		}
	}
}

// A trusted proxy may give a request its id; else each gets one of its own.
func TestRequestID(t *testing.T) {
	f := serve(t, func(cfg *Config) { cfg.Proxies = []string{"192.0.2.0/24"} })
	seen := make(map[string]bool)
	for _, tt := range []struct {
		remote, given string
		kept          bool
	}{
		{"192.0.2.1:5", "abc-1_2.3", true},
		{"192.0.2.1:5", strings.Repeat("a", 64), true},
		{"192.0.2.1:5", strings.Repeat("a", 65), false},
		{"192.0.2.1:5", "a b", false},
		{"192.0.2.1:5", "a\"b", false},
		{"192.0.2.1:5", "", false},
		{"198.51.100.1:5", "abc-1_2.3", false},
	} {
		r := get(t, "/webhook/x/saitama?crc_token=a")
		r.RemoteAddr = tt.remote
		r.Header.Set("X-Request-Id", tt.given)
		id := f.do(t, r).Header().Get("X-Request-Id")
		if (id == tt.given) != tt.kept || seen[id] {
			t.Errorf("%s gave %q, got %q", tt.remote, tt.given, id)
		}
		seen[id] = true
		if !strings.Contains(f.log.String(), `"request":"`+id+`"`) {
			t.Errorf("%q is not in the log", id)
		}
	}
}

func TestRate(t *testing.T) {
	f := serve(t, func(cfg *Config) { cfg.Rate, cfg.Proxies = 0.5, []string{"10.0.0.1"} })
	ask := func(remote, forwarded string) *httptest.ResponseRecorder {
		r := get(t, "/webhook/x/saitama?crc_token=a")
		r.RemoteAddr = remote
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		return f.do(t, r)
	}
	codes := func(n int, remote, forwarded string) (all []int) {
		for range n {
			all = append(all, ask(remote, forwarded).Code)
		}
		return all
	}
	if got := codes(4, "192.0.2.1:5", ""); !slices.Equal(got, []int{200, 200, 429, 429}) {
		t.Errorf("one source: %v", got)
	}
	if w := ask("192.0.2.1:6", "203.0.113.1"); w.Code != 429 || w.Header().Get("Retry-After") != "2" {
		t.Errorf("spoofed: %d, Retry-After %s", w.Code, w.Header().Get("Retry-After"))
	}
	if got := codes(1, "192.0.2.2:5", ""); got[0] != 200 {
		t.Errorf("another source: %v", got)
	}
	if got := codes(3, "10.0.0.1:5", "1.1.1.1, 203.0.113.7"); !slices.Equal(got, []int{200, 200, 429}) {
		t.Errorf("behind the proxy: %v", got)
	}
	if got := codes(1, "10.0.0.1:5", "2.2.2.2, 203.0.113.7"); got[0] != 429 {
		t.Errorf("what is made up on the left counts: %v", got)
	}
	if got := codes(1, "10.0.0.1:5", "203.0.113.8"); got[0] != 200 {
		t.Errorf("another behind the proxy: %v", got)
	}
	if got := codes(2, "[2001:db8:0:1::1]:5", ""); !slices.Equal(got, []int{200, 200}) {
		t.Errorf("IPv6: %v", got)
	}
	if got := codes(1, "[2001:db8:0:1:ffff::2]:5", ""); got[0] != 429 {
		t.Errorf("IPv6, the same /64: %v", got)
	}
	if got := codes(1, "[2001:db8:0:2::1]:5", ""); got[0] != 200 {
		t.Errorf("IPv6, another /64: %v", got)
	}
	// Bad requests count, too: guessing at addresses costs as much.
	r := get(t, "/nothing")
	r.RemoteAddr = "192.0.2.1:7"
	if w := f.do(t, r); w.Code != 429 {
		t.Errorf("404: %d", w.Code)
	}
	none := serve(t, nil)
	for range 200 {
		if w := none.do(t, get(t, "/webhook/x/saitama?crc_token=a")); w.Code != 200 {
			t.Fatalf("no limit: %d", w.Code)
		}
	}
}

// hang sends as many requests as one source may have at hand, each of which stays after the beginning of its body until end.
func hang(t *testing.T, f fixture, platform, secret string, begin []byte) (end func()) {
	t.Helper()
	var wg sync.WaitGroup
	var ends []*io.PipeWriter
	for range maxInside {
		r, w := io.Pipe()
		ends = append(ends, w)
		req := post(t, platform, secret, "")
		req.Body, req.ContentLength = r, -1
		wg.Go(func() {
			f.do(t, req)
			_ = r.Close() // net/http does so
		})
		_, _ = w.Write(begin) // it is being read, or was refused
	}
	return func() {
		for _, w := range ends {
			_ = w.CloseWithError(io.ErrUnexpectedEOF)
		}
		wg.Wait()
	}
}

// Whoever holds many requests without a right signature gets no more, and others do; deliveries that wait for Kafka do not
// count.
func TestManyAtOnce(t *testing.T) {
	f := serve(t, func(cfg *Config) { cfg.Rate = 1000 })
	f.sink.gate, f.sink.begun = make(chan struct{}), make(chan struct{}, 2*maxInside)
	body := recorded(t, "x-stream-reply")
	var wg sync.WaitGroup
	for range 2 * maxInside {
		wg.Go(func() {
			if w := f.do(t, post(t, delivery.X, xNew, body)); w.Code != http.StatusOK {
				t.Errorf("%d %s", w.Code, w.Body)
				f.sink.begun <- struct{}{} // it would be waited for
			}
		})
		<-f.sink.begun // the signature was checked: before that it counts, as anybody's
	}
	if w := f.do(t, get(t, "/webhook/x/saitama?crc_token=a")); w.Code != http.StatusOK {
		t.Errorf("while deliveries wait: %d", w.Code)
	}
	end := hang(t, f, delivery.X, xNew, []byte("{"))
	if w := f.do(t, get(t, "/webhook/x/saitama?crc_token=a")); w.Code != http.StatusTooManyRequests {
		t.Errorf("one more: %d", w.Code)
	}
	other := get(t, "/webhook/x/saitama?crc_token=a")
	other.RemoteAddr = "198.51.100.1:5"
	if w := f.do(t, other); w.Code != http.StatusOK {
		t.Errorf("another source: %d", w.Code)
	}
	end()
	close(f.sink.gate)
	wg.Wait()
	if w := f.do(t, get(t, "/webhook/x/saitama?crc_token=a")); w.Code != http.StatusOK {
		t.Errorf("afterwards: %d", w.Code)
	}
}

// A platform is not slowed down, however much it delivers.
func TestSignedIsNotLimited(t *testing.T) {
	f := serve(t, func(cfg *Config) { cfg.Rate = 1 })
	for i := range 50 {
		if w := f.do(t, post(t, delivery.X, xNew, recorded(t, "x-stream-reply"))); w.Code != http.StatusOK {
			t.Fatalf("%d: %d", i, w.Code)
		}
	}
	last := 0
	for range 10 {
		last = f.do(t, post(t, delivery.X, "wrong", recorded(t, "x-stream-reply"))).Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("wrong signatures end with %d", last)
	}
}

// One source that sends bodies slowly does not take the room of all others.
func TestRoomIsShared(t *testing.T) {
	f := serve(t, func(cfg *Config) { cfg.Rate = 1000 })
	end := hang(t, f, delivery.Facebook, fbNew, []byte("{"))
	for i, name := range []string{"facebook-comment-add", "facebook-comment-nested"} {
		other := post(t, delivery.Facebook, fbNew, recorded(t, name))
		other.RemoteAddr, other.ContentLength = fmt.Sprintf("198.51.100.%d:5", i+1), -1
		if w := f.do(t, other); w.Code != http.StatusOK {
			t.Errorf("another source: %d %s", w.Code, w.Body)
		}
	}
	end()
}

// One source that really sends much holds no more than its share, and gives it back.
func TestShare(t *testing.T) {
	f := serve(t, func(cfg *Config) { cfg.Rate = 1000 })
	end := hang(t, f, delivery.Facebook, fbNew, make([]byte, 2<<20))
	other := post(t, delivery.Facebook, fbNew, recorded(t, "facebook-comment-add"))
	other.RemoteAddr = "198.51.100.7:5"
	if w := f.do(t, other); w.Code != http.StatusOK {
		t.Errorf("another source: %d %s", w.Code, w.Body)
	}
	end()
	if w := f.do(t, post(t, delivery.Facebook, fbNew, recorded(t, "facebook-comment-nested"))); w.Code != http.StatusOK {
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
	if !f.Server.room.TryAcquire(maxRoom) {
		t.Error("room was not given back")
	}
}

// No source takes all connections.
func TestSharedListener(t *testing.T) {
	s, err := newSources(1, []string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	in := make(chan net.Conn, 1)
	l := &shared{Listener: accepting(in), sources: s, open: make(map[netip.Addr]int)}
	dial := func(addr string) (accepted net.Conn) {
		c := &fakeConn{addr: addr, closed: make(chan struct{})}
		in <- c
		done := make(chan net.Conn, 1)
		go func() {
			if c, err := l.Accept(); err == nil {
				done <- c
			}
		}()
		select {
		case c := <-done:
			return c
		case <-c.closed:
			in <- &fakeConn{addr: "127.0.0.1:1", closed: make(chan struct{})} // for the Accept that goes on
			<-done
			return nil
		}
	}
	var first net.Conn
	for i := range maxOfSource {
		c := dial(fmt.Sprintf("198.51.100.7:%d", i+1))
		if c == nil {
			t.Fatalf("%d is refused", i)
		}
		first = c
	}
	if dial("198.51.100.7:9999") != nil {
		t.Error("one too many is accepted")
	}
	for _, addr := range []string{"198.51.100.8:1", "[2001:db8::1]:1"} {
		if dial(addr) == nil {
			t.Errorf("%s is refused", addr)
		}
	}
	for i := range 2 * maxOfSource {
		if dial(fmt.Sprintf("10.1.2.3:%d", i+1)) == nil || dial(fmt.Sprintf("127.0.0.1:%d", i+1)) == nil {
			t.Fatal("a proxy or this machine is refused")
		}
	}
	_, _ = first.Close(), first.Close()
	if dial("198.51.100.7:9999") == nil || dial("198.51.100.7:10000") != nil {
		t.Error("a connection that was closed twice counts wrongly")
	}
}

type accepting chan net.Conn

func (a accepting) Accept() (net.Conn, error) { return <-a, nil }
func (accepting) Close() error                { return nil }
func (accepting) Addr() net.Addr              { return nil }

type fakeConn struct {
	net.Conn
	addr   string
	closed chan struct{}
	once   sync.Once
}

func (c *fakeConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

func (c *fakeConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.addr))
}

// Memory is bounded: who was not seen for longest is forgotten.
func TestSourcesAreBounded(t *testing.T) {
	s, err := newSources(0.001, nil)
	if err != nil {
		t.Fatal(err)
	}
	enter := func(i int) bool {
		from, _, ok := s.enter(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
		if ok {
			from.leave()
		}
		return ok
	}
	for i := range maxSources + 50 {
		if !enter(i) {
			t.Fatalf("%d is refused", i)
		}
		enter(0)
	}
	if len(s.known) != maxSources || s.order.Len() != maxSources {
		t.Errorf("%d known, %d in order", len(s.known), s.order.Len())
	}
	if enter(0) {
		t.Error("the busy one was forgotten")
	}
	if !enter(1) {
		t.Error("the one not seen for longest was not forgotten")
	}
}

// What is counted, under which names.
func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	m, err := NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewMetrics(reg); err == nil {
		t.Error("registered twice")
	}
	f := serve(t, func(cfg *Config) { cfg.Metrics = m })
	for _, name := range []string{
		"x-account-several", "x-account-direct-message", "x-account-delete", "x-stream-edit", "x-account-unknown", "x-stream-default-fields",
		"facebook-comment-hide", "facebook-comment-by-page", "blog-comment-created", "blog-post-published",
	} {
		platform, _, _ := strings.Cut(name, "-")
		f.do(t, post(t, platform, secretOf(platform), recorded(t, name)))
		f.do(t, post(t, platform, secretOf(platform), recorded(t, name))) // repeats count
	}
	f.do(t, post(t, delivery.X, "another-geheim", "{}"))
	f.do(t, post(t, delivery.Facebook, fbNew, `{"object":"page","entry":["x"]}`))
	f.do(t, get(t, "/webhook/x/saitama?crc_token=a"))
	f.do(t, get(t, "/nothing"))
	f.do(t, httptest.NewRequestWithContext(t.Context(), "BREW", "/webhook/blog/wako", nil))
	want := []string{
		`events{account="saitama",kind="broken",platform="x"} 2`,
		`events{account="saitama",kind="comment",platform="x"} 4`,
		`events{account="saitama",kind="deletion",platform="x"} 2`,
		`events{account="saitama",kind="direct-message",platform="x"} 2`,
		`events{account="saitama",kind="edit",platform="x"} 2`,
		`events{account="saitama",kind="post",platform="x"} 2`,
		`events{account="saitama",kind="reply-to-other",platform="x"} 2`,
		`events{account="saitama",kind="unknown",platform="x"} 2`,
		`events{account="wako",kind="broken",platform="facebook"} 1`,
		`events{account="wako",kind="comment",platform="blog"} 2`,
		`events{account="wako",kind="hide",platform="facebook"} 2`,
		`events{account="wako",kind="own-comment",platform="facebook"} 2`,
		`events{account="wako",kind="post",platform="blog"} 2`,
		`requests{account="",code="404",method="GET",platform=""} 1`,
		`requests{account="saitama",code="200",method="GET",platform="x"} 1`,
		`requests{account="saitama",code="200",method="POST",platform="x"} 10`,
		`requests{account="saitama",code="400",method="POST",platform="x"} 2`,
		`requests{account="saitama",code="401",method="POST",platform="x"} 1`,
		`requests{account="wako",code="200",method="POST",platform="blog"} 4`,
		`requests{account="wako",code="200",method="POST",platform="facebook"} 5`,
		`requests{account="wako",code="405",method="other",platform="blog"} 1`,
	}
	if got := counters(t, reg); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "kotomori_webhook_seconds" {
			continue
		}
		var n uint64
		for _, metric := range family.GetMetric() {
			n += metric.GetHistogram().GetSampleCount()
		}
		if n != 22 {
			t.Errorf("%d requests timed, want 22", n)
		}
	}
}

// counters are all kotomori_webhook_…_total, as they stand in the exposition but for the name's ends.
func counters(tb testing.TB, reg *prometheus.Registry) (all []string) {
	tb.Helper()
	families, err := reg.Gather()
	if err != nil {
		tb.Fatal(err)
	}
	for _, family := range families {
		name, ok := strings.CutSuffix(strings.TrimPrefix(family.GetName(), "kotomori_webhook_"), "_total")
		if !ok {
			continue
		}
		for _, metric := range family.GetMetric() {
			if metric.GetCounter().GetValue() == 0 {
				continue
			}
			var labels []string
			for _, l := range metric.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			all = append(all, fmt.Sprintf("%s{%s} %v", name, strings.Join(labels, ","), metric.GetCounter().GetValue()))
		}
	}
	slices.Sort(all)
	return all
}

// No request brings a label of its own: the number of series is bounded.
func TestMetricsAreBounded(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	m, err := NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	f := serve(t, func(cfg *Config) { cfg.Metrics = m })
	for i := range 40 {
		f.do(t, httptest.NewRequestWithContext(t.Context(), fmt.Sprintf("M%d", i), fmt.Sprintf("/webhook/x/a%d", i), nil))
		f.do(t, httptest.NewRequestWithContext(t.Context(), fmt.Sprintf("M%d", i), "/webhook/x/saitama", nil))
		f.do(t, httptest.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("/webhook/p%d/wako", i), nil))
		f.do(t, get(t, fmt.Sprintf("/p%d", i)))
		f.do(t, post(t, delivery.X, xNew, fmt.Sprintf(`{"for_user_id":"1580000000000000001","kind%d":[]}`, i)))
		f.do(t, post(t, delivery.X, xNew, fmt.Sprintf(`{"for_user_id":"%d","tweet_create_events":[]}`, i)))
		f.do(t, post(t, delivery.Blog, blogNew, fmt.Sprintf(`{"type":"t%d","timestamp":"2026-11-03T09:30:00Z","data":{}}`, i)))
		f.do(t, post(t, delivery.Facebook, fbNew, fmt.Sprintf(`{"object":"page","entry":[{"id":"104500000000001","changes":[{"field":"f%d"}]}]}`, i)))
	}
	known := map[string][]string{
		"platform": {"", delivery.X, delivery.Facebook, delivery.Blog},
		"account":  {"", "saitama", "wako"},
		"method":   {"GET", "HEAD", "POST", "other"},
		"code":     {"200", "400", "401", "403", "404", "405", "413", "415", "429", "500", "503"},
		"kind": {
			kindComment, kindEdit, kindHide, kindDeletion, kindPost, kindBroken, kindUnknown, kindStranger,
			delivery.KindDirectMessage, delivery.KindLike, delivery.KindFollow, delivery.KindBlock, delivery.KindShare, delivery.KindQuote,
			delivery.KindMention, delivery.KindReplyToOther, delivery.KindOwnComment, delivery.KindVisitorPost, delivery.KindUnpublished,
			delivery.KindProfile, delivery.KindNotice, delivery.KindOther,
		},
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := 0
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			series++
			for _, label := range metric.GetLabel() {
				if !slices.Contains(known[label.GetName()], label.GetValue()) {
					t.Errorf("%s: %s=%q; known are %v", family.GetName(), label.GetName(), label.GetValue(), slices.Sorted(maps.Keys(known)))
				}
			}
		}
	}
	if series > 30 {
		t.Errorf("%d series", series)
	}
}

// A flood of bad requests does not flood the log.
func TestLogIsBounded(t *testing.T) {
	f := serve(t, nil)
	body := base64.StdEncoding.EncodeToString(make([]byte, 30))
	begin := time.Now()
	for range 500 {
		f.do(t, post(t, delivery.X, "another-geheim", body))
	}
	if n := strings.Count(f.log.String(), `"level":"WARN"`); n < 50 || n > 60+int(10*time.Since(begin).Seconds()) {
		t.Errorf("%d lines for 500 requests", n)
	}
	if len(f.sink.records(event.TopicDeadLetter)) != 0 {
		t.Error("unsigned deliveries were kept")
	}
}
