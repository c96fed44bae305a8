package stream

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
)

// Metrics are a worker's counters. The nil *Metrics counts nothing. Labels come from policies and rules and from a fixed
// list of reasons, never from a comment.
type Metrics struct {
	comments        *prometheus.CounterVec
	recommendations *prometheus.CounterVec
	withdrawals     *prometheus.CounterVec
	ruleHits        *prometheus.CounterVec
	seconds         prometheus.Histogram
	gatePasses      prometheus.Counter
	lag             *prometheus.GaugeVec
	deadLetters     *prometheus.CounterVec
	ruleset         *prometheus.GaugeVec

	mu   sync.Mutex
	hash string // of the ruleset shown
}

// NewMetrics registers the metrics.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		comments: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kotomori_comments_total", Help: "Comments judged.",
		}, []string{"account", "platform"}),
		recommendations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kotomori_recommendations_total", Help: "Recommendations written, by category of the leading clause and action.",
		}, []string{"category", "action"}),
		withdrawals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kotomori_withdrawals_total", Help: "Recommendations withdrawn, because the comment was edited or deleted.",
		}, []string{"why"}),
		ruleHits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kotomori_rule_hits_total", Help: "Comments in which a rule or model gave evidence for a finding.",
		}, []string{"rule"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kotomori_classification_seconds", Help: "Time to judge one comment.",
			Buckets:                         prometheus.ExponentialBuckets(10e-6, 4, 10), // 10 µs to 2.6 s
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}),
		gatePasses: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "kotomori_gate_passes_total", Help: "Comments found acceptable without evaluating a rule: none could change the verdict.",
		}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "kotomori_consumer_lag", Help: "Comments of a partition of this worker that are still to be judged.",
		}, []string{"topic", "partition"}),
		deadLetters: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kotomori_dead_letters_total", Help: "Records that could not be judged.",
		}, []string{"reason"}),
		ruleset: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "kotomori_ruleset_info", Help: "The ruleset in use; always 1.",
		}, []string{"hash"}),
	}
	for _, c := range []prometheus.Collector{
		m.comments, m.recommendations, m.withdrawals, m.ruleHits, m.seconds, m.gatePasses, m.lag, m.deadLetters, m.ruleset,
	} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("registering the worker's metrics: %w", err)
		}
	}
	return m, nil
}

// SetRuleset tells which ruleset is in use (its hash).
func (m *Metrics) SetRuleset(hash string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if hash == m.hash || hash == "" {
		return
	}
	m.hash = hash
	m.ruleset.Reset()
	m.ruleset.WithLabelValues(hash).Set(1)
}

// judged counts one comment that the classifier took.
func (m *Metrics) judged(c event.Comment, v classifier.Verdict, took time.Duration) {
	if m == nil {
		return
	}
	m.comments.WithLabelValues(c.Account, c.Platform).Inc()
	m.seconds.Observe(took.Seconds())
	if v.Gated {
		m.gatePasses.Inc()
	}
	m.SetRuleset(v.Ruleset)
	hit := make(map[string]bool)
	for _, f := range v.Findings {
		for _, e := range f.Evidence {
			if e.Rule != "" && !hit[e.Rule] {
				hit[e.Rule] = true
				m.ruleHits.WithLabelValues(e.Rule).Inc()
			}
		}
	}
}

// written counts one acknowledged record.
func (m *Metrics) written(r event.Recommendation) {
	switch {
	case m == nil:
	case r.Status == event.Withdrawn && !r.Withdraws: // says nothing to anybody
	case r.Status == event.Withdrawn:
		m.withdrawals.WithLabelValues(string(r.Why)).Inc()
	default:
		category := "none"
		if len(r.Findings) > 0 {
			category = r.Findings[0].Category
		}
		m.recommendations.WithLabelValues(category, r.Action.String()).Inc()
	}
}

func (m *Metrics) deadLetter(reason event.Reason) {
	if m != nil {
		m.deadLetters.WithLabelValues(string(reason)).Inc()
	}
}

func (m *Metrics) setLag(partition int, lag int64) {
	if m != nil {
		m.lag.WithLabelValues(event.TopicComments, strconv.Itoa(partition)).Set(float64(lag))
	}
}

// dropLag forgets a partition that is no longer this worker's.
func (m *Metrics) dropLag(partition int) {
	if m != nil {
		m.lag.DeleteLabelValues(event.TopicComments, strconv.Itoa(partition))
	}
}
