package webhook

import (
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kotomori/kotomori/internal/delivery"
	"github.com/kotomori/kotomori/internal/event"
)

// Metrics count requests and what they bring. The nil *Metrics counts nothing. Labels come from the configuration and from
// fixed lists, never from a request.
type Metrics struct {
	requests *prometheus.CounterVec
	events   *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// The kinds of what is taken, beside delivery's kinds of what is dropped.
const (
	kindComment  = "comment"
	kindEdit     = "edit"
	kindHide     = "hide"
	kindDeletion = "deletion"
	kindPost     = "post"
	kindBroken   = "broken"
	kindUnknown  = "unknown"
	kindStranger = "unknown-account"
)

// NewMetrics registers the metrics.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kotomori_webhook_requests_total", Help: "Requests of platforms, by the status answered. Those to addresses that do not exist have no platform.",
		}, []string{"platform", "account", "method", "code"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kotomori_webhook_events_total", Help: "What deliveries that were taken told of, by kind; repeats included.",
		}, []string{"platform", "account", "kind"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kotomori_webhook_seconds", Help: "Time from a delivery's first byte to the answer.",
			Buckets:                         prometheus.ExponentialBuckets(250e-6, 2, 16), // 250 µs to 8 s
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"platform"}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.events, m.seconds} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("registering the webhooks' metrics: %w", err)
		}
	}
	return m, nil
}

func (m *Metrics) request(a *account, method string, status int, took time.Duration) {
	if m == nil {
		return
	}
	var platform, name string
	if a != nil {
		platform, name = a.Platform, a.Name
	}
	switch method {
	case "GET", "HEAD":
	case "POST":
		if a != nil {
			m.seconds.WithLabelValues(platform).Observe(took.Seconds())
		}
	default:
		method = "other"
	}
	m.requests.WithLabelValues(platform, name, method, strconv.Itoa(status)).Inc()
}

func (m *Metrics) event(a *account, kind string, n int) {
	if m != nil {
		m.events.WithLabelValues(a.Platform, a.Name, kind).Add(float64(n))
	}
}

func (m *Metrics) contents(a *account, c delivery.Contents) {
	if m == nil {
		return
	}
	for _, e := range c.Comments {
		m.event(a, kindOf(e), 1)
	}
	m.event(a, kindPost, len(c.Posts))
	for kind, n := range c.Dropped {
		m.event(a, kind, n)
	}
	for _, k := range c.Kept {
		kind := kindBroken
		switch {
		case k.Kind != "":
			kind = kindUnknown
		case k.Err.Reason == event.ReasonUnknownAccount:
			kind = kindStranger
		}
		m.event(a, kind, 1)
	}
}

func kindOf(e event.Comment) string {
	switch {
	case e.Deleted:
		return kindDeletion
	case e.Hidden:
		return kindHide
	case e.Revision > 1:
		return kindEdit
	}
	return kindComment
}
