package webhook

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kotomori/kotomori/internal/delivery"
)

// listen serves until the test ends.
func listen(t *testing.T, f fixture, certFile, keyFile string) *Listener {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := f.Serve(l, certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := listener.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return listener
}

// raw sends bytes, waits for the connection's end, and returns what came back.
func raw(t *testing.T, addr string, write func(net.Conn)) string {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	done := make(chan struct{})
	go func() {
		defer close(done)
		write(c)
	}()
	b, err := io.ReadAll(c)
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		t.Errorf("%s: the connection is still open", addr)
	}
	_ = c.Close()
	<-done
	return string(b)
}

// Over a real connection: headers beyond all measure, bodies that are larger than said, pipelined requests.
func TestServe(t *testing.T) {
	f := serve(t, nil)
	l := listen(t, f, "", "")
	send := func(text string) string {
		return raw(t, l.Addr(), func(c net.Conn) { _, _ = io.WriteString(c, text) })
	}
	head := "POST /webhook/x/saitama HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n"
	for _, tt := range []struct{ name, text, want string }{
		{"huge header", head + "X-A: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", "HTTP/1.1 431"},
		{"many headers", head + strings.Repeat("X-A: 0123456789\r\n", 8<<10) + "\r\n", "HTTP/1.1 431"},
		{"huge address", "GET /" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 431"},
		{"no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 400"},
		{"two lengths", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "HTTP/1.1 400"},
		{"negative length", head + "Content-Length: -1\r\n\r\n", "HTTP/1.1 400"},
		{"length and chunks", head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 4"},
		{"broken chunks", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400"},
		{"unknown coding", head + "Transfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501"},
		{"less than said", head + "Content-Length: 20\r\n\r\n{}", ""},
		{"too large, said", head + "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n", "HTTP/1.1 413"},
		{"compressed", head + "Content-Encoding: gzip\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n", "HTTP/1.1 415"},
		{"unsigned", head + "Content-Length: 2\r\n\r\n{}", "HTTP/1.1 401"},
	} {
		if tt.name == "less than said" {
			got := raw(t, l.Addr(), func(c net.Conn) {
				_, _ = io.WriteString(c, tt.text)
				_ = c.(*net.TCPConn).CloseWrite()
			})
			if !strings.HasPrefix(got, "HTTP/1.1 400") {
				t.Errorf("%s: %.200q", tt.name, got)
			}
			continue
		}
		if got := send(tt.text); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %.200q, want %s", tt.name, got, tt.want)
		}
	}
	chunk := "10000\r\n" + strings.Repeat(" ", 1<<16) + "\r\n"
	got := raw(t, l.Addr(), func(c net.Conn) {
		_, _ = io.WriteString(c, head+"Transfer-Encoding: chunked\r\n\r\n")
		for range 1000 {
			if _, err := io.WriteString(c, chunk); err != nil {
				return // cut off, as it should be
			}
		}
		t.Error("64 MB were read")
	})
	if got != "" && !strings.HasPrefix(got, "HTTP/1.1 413") { // the answer may be lost when the connection is reset
		t.Errorf("chunks without end: %.200q", got)
	}
	if len(f.sink.sends) != 0 {
		t.Error("something was written")
	}
}

// Whoever sends too slowly is cut off: headers after 5 s, bodies after 10 s.
func TestSlowClients(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 10 s")
	}
	f := serve(t, nil)
	l := listen(t, f, "", "")
	drip := func(begin string) func(net.Conn) {
		return func(c net.Conn) {
			if _, err := io.WriteString(c, begin); err != nil {
				return
			}
			for {
				time.Sleep(200 * time.Millisecond)
				if _, err := io.WriteString(c, "a"); err != nil {
					return
				}
			}
		}
	}
	var wg sync.WaitGroup
	for name, tt := range map[string]struct {
		begin   string
		atLeast time.Duration
		atMost  time.Duration
	}{
		"header": {"POST /webhook/x/saitama HTTP/1.1\r\nHost: a\r\nX-A: ", 4 * time.Second, time.Minute},
		"line":   {"POST /webhook/x/", 4 * time.Second, time.Minute},
		"body":   {"POST /webhook/x/saitama HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n", 8 * time.Second, time.Minute},
	} {
		wg.Go(func() {
			begin := time.Now()
			got := raw(t, l.Addr(), drip(tt.begin))
			if took := time.Since(begin); took < tt.atLeast || took > tt.atMost || strings.HasPrefix(got, "HTTP/1.1 200") {
				t.Errorf("%s: %v, %.100q", name, took, got)
			}
		})
	}
	wg.Wait()
}

// Stop takes no more requests and waits for the one at hand.
func TestStop(t *testing.T) {
	f := serve(t, nil)
	f.sink.gate, f.sink.begun = make(chan struct{}), make(chan struct{})
	var lc net.ListenConfig
	tcp, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, err := f.Serve(tcp, "", "")
	if err != nil {
		t.Fatal(err)
	}
	body := recorded(t, "x-stream-reply")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answered := make(chan error, 1)
	go func() {
		req := post(t, delivery.X, xNew, body)
		req.URL.Scheme, req.URL.Host, req.RequestURI = "http", l.Addr(), ""
		res, err := client.Do(req)
		if err == nil {
			if res.StatusCode != http.StatusOK {
				err = errors.New(res.Status)
			}
			res.Body.Close()
		}
		answered <- err
	}()
	<-f.sink.begun
	stopped := make(chan error, 1)
	go func() { stopped <- l.Stop(context.Background()) }()
	select {
	case err := <-stopped:
		t.Fatalf("stopped with a request at hand: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	var d net.Dialer
	if c, err := d.DialContext(t.Context(), "tcp", l.Addr()); err == nil {
		_ = c.Close()
		t.Error("a new connection is taken")
	}
	close(f.sink.gate)
	if err := <-answered; err != nil {
		t.Errorf("the request at hand: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	// With a request that does not end it gives up in time, and says so.
	g := serve(t, nil)
	g.sink.gate, g.sink.begun = make(chan struct{}), make(chan struct{})
	tcp, err = lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if l, err = g.Serve(tcp, "", ""); err != nil {
		t.Fatal(err)
	}
	go func() {
		req := post(t, delivery.X, xNew, body)
		req.URL.Scheme, req.URL.Host, req.RequestURI = "http", l.Addr(), ""
		res, err := client.Do(req)
		if err == nil {
			res.Body.Close()
		}
		answered <- err
	}()
	<-g.sink.begun
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := l.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := <-answered; err == nil {
		t.Error("the request got an answer")
	}
}

// selfMade writes a certificate for 127.0.0.1 and its key.
func selfMade(t *testing.T, certFile, keyFile string, serial int64) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "kotomori"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		changed := time.Now().Add(time.Duration(serial) * time.Minute) // whatever the file system's clock
		if err := os.Chtimes(file, changed, changed); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// A certificate that was renewed is used without a restart; one that is broken leaves the former in use.
func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	f := serve(t, nil)
	var lc net.ListenConfig
	tcp, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Serve(tcp, certFile, keyFile); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Fatalf("without files: %v", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(selfMade(t, certFile, keyFile, 1))
	l := listen(t, f, certFile, keyFile)
	serial := func(config *tls.Config) string {
		t.Helper()
		d := tls.Dialer{Config: config}
		c, err := d.DialContext(t.Context(), "tcp", l.Addr())
		if err != nil {
			return err.Error()
		}
		defer func() { _ = c.Close() }()
		_, err = fmt.Fprintf(c, "GET /webhook/x/saitama?crc_token=a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if err != nil {
			return err.Error()
		}
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 200") {
			t.Errorf("%q, %v", line, err)
		}
		state := c.(*tls.Conn).ConnectionState()
		if state.Version < tls.VersionTLS12 {
			t.Errorf("version %x", state.Version)
		}
		return state.PeerCertificates[0].SerialNumber.String()
	}
	defer func(every time.Duration) { lookEvery = every }(lookEvery)
	lookEvery = 0
	trusting := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if got := serial(trusting); got != "1" {
		t.Errorf("got %s", got)
	}
	pool.AddCert(selfMade(t, certFile, keyFile, 2))
	if got := serial(trusting); got != "2" {
		t.Errorf("renewed: got %s", got)
	}
	pool.AddCert(selfMade(t, certFile, filepath.Join(dir, "other.pem"), 3)) // the key comes a moment later
	if got := serial(trusting); got != "2" || !strings.Contains(f.log.String(), "certificate at hand") {
		t.Errorf("halfway: got %s, log %s", got, f.log)
	}
	if err := os.Rename(filepath.Join(dir, "other.pem"), keyFile); err != nil {
		t.Fatal(err)
	}
	if got := serial(trusting); got != "3" {
		t.Errorf("whole: got %s", got)
	}
	if err := os.Remove(certFile); err != nil {
		t.Fatal(err)
	}
	if got := serial(trusting); got != "3" {
		t.Errorf("removed: got %s", got)
	}
	old := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	if got := serial(old); !strings.Contains(got, "protocol version") {
		t.Errorf("TLS 1.1: %s", got)
	}
	// Without TLS there is an answer that says so, or none.
	if got := raw(t, l.Addr(), func(c net.Conn) { _, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n") }); !strings.Contains(got, "400") {
		t.Errorf("plain: %q", got)
	}
}
