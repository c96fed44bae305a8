package app

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestHandler(t *testing.T) {
	reg := prometheus.NewRegistry()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "kotomori_test_total", Help: "A test."})
	reg.MustRegister(c)
	c.Inc()
	var notReady error
	h := handler(reg, func() error { return notReady })
	get := func(method, path string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
		return w.Code, w.Body.String()
	}
	for _, tc := range []struct {
		method, path string
		ready        error
		status       int
		body         string
	}{
		{"GET", "/healthz", errors.New("waiting for brokers"), 200, "ok\n"},
		{"GET", "/readyz", errors.New("waiting for brokers"), 503, "not ready: waiting for brokers\n"},
		{"GET", "/readyz", nil, 200, "ready\n"},
		{"GET", "/metrics", nil, 200, "kotomori_test_total 1\n"},
		{"GET", "/", nil, 404, ""},
		{"POST", "/metrics", nil, http.StatusMethodNotAllowed, ""},
	} {
		notReady = tc.ready
		status, body := get(tc.method, tc.path)
		if status != tc.status || !strings.Contains(body, tc.body) {
			t.Errorf("%s %s: got %d %q, want %d with %q", tc.method, tc.path, status, body, tc.status, tc.body)
		}
	}
}
