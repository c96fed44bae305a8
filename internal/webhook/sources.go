package webhook

import (
	"container/list"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// sources tells where requests come from and how many they may be.
type sources struct {
	limit   rate.Limit
	burst   int
	proxies []netip.Prefix
	logs    *rate.Limiter

	mu    sync.Mutex
	known map[netip.Addr]*list.Element // of *source
	order *list.List                   // the one seen last in front
}

type source struct {
	all     *sources
	addr    netip.Addr
	limiter *rate.Limiter
	inside  int // requests at hand, but for those with a right signature
	held    int // bytes of their bodies in memory
}

// What one source may have at once without a right signature: requests at hand, and bytes of bodies in memory. Whoever sends slowly on purpose holds
// no more, and leaves room for the platforms.
const (
	maxInside = 64
	maxShare  = maxRoom / 8
)

// maxSources bounds the memory: whoever was not seen for longest is forgotten, which gives it a fresh start.
const maxSources = 10_000

func newSources(perSecond float64, proxies []string) (*sources, error) {
	s := &sources{
		limit: rate.Limit(perSecond), burst: max(1, int(4*perSecond)), // platforms deliver in bursts
		logs:  rate.NewLimiter(10, 50),
		known: make(map[netip.Addr]*list.Element), order: list.New(),
	}
	if perSecond < 0 {
		return nil, fmt.Errorf("webhook: a rate of %v a second cannot be; give a positive one, or 0 for no limit", perSecond)
	}
	for _, text := range proxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			var a netip.Addr
			if a, err = netip.ParseAddr(text); err == nil {
				p = netip.PrefixFrom(a, a.BitLen())
			}
		}
		if err != nil {
			return nil, fmt.Errorf("webhook: trusted proxy %q is neither an address nor a network; write 10.0.0.5 or 10.0.0.0/8", text)
		}
		s.proxies = append(s.proxies, p.Masked())
	}
	return s, nil
}

func (s *sources) trusted(a netip.Addr) bool {
	for _, p := range s.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

var requestID = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)

// of is where a request comes from, and its id. A proxy that is trusted says both: of X-Forwarded-For the last address
// counts that is no trusted proxy's, because whatever stands before it may be made up.
func (s *sources) of(r *http.Request) (addr netip.Addr, id string) {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		addr, _ = netip.ParseAddr(host)
	}
	addr = addr.Unmap().WithZone("")
	if s.trusted(addr) {
		if given := r.Header.Get("X-Request-Id"); requestID.MatchString(given) {
			id = given
		}
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, text := range slices.Backward(hops) {
			text = strings.TrimSpace(text)
			hop, err := netip.ParseAddr(text)
			if withPort, portErr := netip.ParseAddrPort(text); portErr == nil { // as some proxies write it
				hop, err = withPort.Addr(), nil
			}
			if err != nil {
				break
			}
			addr = hop.Unmap().WithZone("")
			if !s.trusted(addr) {
				break
			}
		}
	}
	if id == "" {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails
		id = hex.EncodeToString(b[:])
	}
	return addr, id
}

// household is what counts as one source: with IPv6 a household or a data centre has at least this much.
func household(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		p, _ := addr.Prefix(64)
		return p.Addr()
	}
	return addr
}

// visit is one request of a source.
type visit struct {
	*source
	held    int // bytes of its body
	trusted bool
}

// enter lets a request of a source in, until its leave is called; or says when it may come again. The rate is that of
// requests that carry no right signature: whoever has the secret is let in as often as he likes.
func (s *sources) enter(addr netip.Addr) (v *visit, wait time.Duration, ok bool) {
	addr = household(addr)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.known[addr]
	if e == nil {
		if s.order.Len() >= maxSources {
			oldest := s.order.Back()
			delete(s.known, oldest.Value.(*source).addr)
			s.order.Remove(oldest)
		}
		e = s.order.PushFront(&source{all: s, addr: addr, limiter: rate.NewLimiter(s.limit, s.burst)})
		s.known[addr] = e
	}
	s.order.MoveToFront(e)
	from := e.Value.(*source)
	if s.limit > 0 && (from.inside >= maxInside || from.limiter.Tokens() < 1) {
		return nil, max(time.Second, time.Duration(float64(time.Second)/float64(s.limit))), false
	}
	from.inside++
	return &visit{source: from}, 0, true
}

// trust says that the request carries a right signature.
func (v *visit) trust() {
	v.all.mu.Lock()
	defer v.all.mu.Unlock()
	if !v.trusted {
		v.trusted = true
		v.inside--
		v.source.held -= v.held
		v.held = 0
	}
}

func (v *visit) leave() {
	v.all.mu.Lock()
	defer v.all.mu.Unlock()
	if !v.trusted {
		v.inside--
		v.source.held -= v.held
		v.limiter.Allow()
	}
}

// take asks for room for so many more bytes of the body; false: the source has its share.
func (v *visit) take(n int) bool {
	v.all.mu.Lock()
	defer v.all.mu.Unlock()
	if v.source.held+n > maxShare {
		return false
	}
	v.source.held += n
	v.held += n
	return true
}

// mayLog bounds what a flood of bad requests writes to the log.
func (s *sources) mayLog() bool { return s.logs.Allow() }
