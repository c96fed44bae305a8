package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/net/netutil"
)

// Listener is a running HTTP server.
type Listener struct {
	server *http.Server
	addr   string
	done   chan error
}

// Connections at once, of all and of one source, whatever comes over them. Platforms send from many addresses; what comes
// through a proxy in front is not told apart by connections.
const (
	maxConnections = 1024
	maxOfSource    = 128
)

// Serve answers on a listener, with TLS unless both file names are empty, until Stop.
func (s *Server) Serve(l net.Listener, certFile, keyFile string) (*Listener, error) {
	addr := l.Addr().String()
	l = netutil.LimitListener(&shared{Listener: l, sources: s.sources, open: make(map[netip.Addr]int)}, maxConnections)
	if certFile != "" || keyFile != "" {
		c := &certificate{certFile: certFile, keyFile: keyFile, log: s.log}
		if _, err := c.get(nil); err != nil {
			return nil, errors.Join(err, l.Close())
		}
		l = tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, NextProtos: []string{"http/1.1"}})
	}
	out := &Listener{
		addr: addr,
		server: &http.Server{
			Handler:           s.Handler(),
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       10 * time.Second,
			WriteTimeout:      30 * time.Second,
			IdleTimeout:       30 * time.Second,
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // strangers cause most of it
		},
		done: make(chan error, 1),
	}
	go func() { out.done <- out.server.Serve(l) }()
	return out, nil
}

// shared is a listener on which no source takes more than its share of the connections.
type shared struct {
	net.Listener
	sources *sources

	mu   sync.Mutex
	open map[netip.Addr]int
}

// Accept closes at once what is too much.
func (l *shared) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		at, _ := netip.ParseAddrPort(c.RemoteAddr().String())
		addr := at.Addr().Unmap().WithZone("")
		if !addr.IsValid() || addr.IsLoopback() || l.sources.trusted(addr) {
			return c, nil
		}
		if addr = household(addr); l.count(addr, 1) {
			return &counted{Conn: c, leave: sync.OnceFunc(func() { l.count(addr, -1) })}, nil
		}
		_ = c.Close() // as is
	}
}

// count counts a connection more or less; false: it would be one too many.
func (l *shared) count(addr netip.Addr, by int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch n := l.open[addr] + by; {
	case n > maxOfSource:
		return false
	case n == 0:
		delete(l.open, addr)
	default:
		l.open[addr] = n
	}
	return true
}

// counted is a connection that is taken from the count when it is closed.
type counted struct {
	net.Conn
	leave func()
}

// Close closes the connection, as often as it is called.
func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}

// Addr is the address listened on.
func (l *Listener) Addr() string { return l.addr }

// Stop takes no more requests and waits for those at hand until ctx ends.
func (l *Listener) Stop(ctx context.Context) error {
	err := l.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, l.server.Close())
	}
	if serveErr := <-l.done; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}

// lookEvery is how often a certificate is looked at; less in tests.
var lookEvery = time.Second

// certificate is read anew when its file changes, as it does every some weeks.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	changed time.Time
	looked  time.Time
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Any stranger's handshake comes here: what is the matter is looked at and told once a second at most.
	if c.current != nil && time.Since(c.looked) < lookEvery {
		return c.current, nil
	}
	c.looked = time.Now()
	info, err := os.Stat(c.certFile)
	if err == nil && c.current != nil && info.ModTime().Equal(c.changed) {
		return c.current, nil
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.LoadX509KeyPair(c.certFile, c.keyFile)
	}
	if err != nil {
		err = fmt.Errorf("reading the webhooks' certificate: %w", err)
		if c.current == nil {
			return nil, err
		}
		c.log.Warn("going on with the certificate at hand", "err", err)
		return c.current, nil
	}
	c.current, c.changed = &pair, info.ModTime()
	return c.current, nil
}
