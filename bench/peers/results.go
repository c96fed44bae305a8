package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

type sized struct {
	patterns int
	row      []measured // ours first
}

type named struct {
	name string
	row  []measured // ours first
}

type results struct {
	begun     time.Time
	machine   string
	matchers  []sized
	hard      []named
	pipelines []measured
	own       map[string]map[string]float64
}

// aims are the ratios that were set before the work began, by peer, for each size; 0 where none was.
var aims = map[string][]float64{
	"daachorse": {1.6, 1.6, 1.6}, "daachorse, tuned": {1.3, 1.3, 1.3}, "Hyperscan": {1.3, 2, 2},
	"petar-dambovaliev/aho-corasick": {3.5, 8, 16}, "BobuSumisu/aho-corasick": {3.5, 8, 16}, "cloudflare/ahocorasick": {3.5, 8, 16},
	"kagome": {12}, "HojiChar": {25},
}

const hardAim = 0.4 // against daachorse

func (r *results) markdown() []byte {
	var b bytes.Buffer
	w := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	w("# Results\n\nWritten by `make bench-peers` on %s. %s; %s. Speeds are per second of the processor, but the machine may have been\nbusy with other things, so only ratios mean anything:\n",
		r.begun.Format(time.DateOnly), r.machine, runtime.Version())
	w("a ratio is Kotomori's speed divided by the other's, the median of %d turns that both took one after the other in this run. **Bold is a loss**:\n", rounds)
	w("Kotomori is slower. An aim that was set and is missed stands beside its ratio. The inputs are those of `go test -bench . ./bench`: comments of 168 bytes\non average, hardly any twice, one call for each.\n")

	w("\n## Finding words\n\nAll overlapping matches of all patterns, one core.\n\n![MB/s against the number of patterns](throughput.svg)\n\n| |")
	for _, s := range r.matchers {
		w(" %s patterns |", thousands(s.patterns))
	}
	w(" MB, seconds to build |\n|---|%s\n", strings.Repeat("---|", len(r.matchers)+1))
	for i := range r.matchers[0].row {
		first := r.matchers[0].row[i]
		w("| %s |", title(first))
		last := first
		for k, s := range r.matchers {
			m := of(s.row, first.peer.name)
			switch {
			case m.missing != "":
				w(" %s |", m.missing)
				continue
			case i == 0:
				w(" %.0f MB/s |", m.mb)
			case m.mb < 10:
				w(" %.2f MB/s, %s |", m.mb, ratio(m.ratio, aim(first.peer.name, k)))
			default:
				w(" %.0f MB/s, %s |", m.mb, ratio(m.ratio, aim(first.peer.name, k)))
			}
			last = m
		}
		w(" %s, %s |\n", last.size, last.built)
	}
	if odd := r.differing(); odd != "" {
		w("\nThe hits that each counts are the same, but for %s.\n", odd)
	} else {
		w("\nAll count the same hits.\n")
	}

	w("\n## Finding words where it is hard\n\nTexts of 10,000 characters: one character repeated, under patterns that begin with many of it (repeated); patterns of which each begins\n")
	w("the next (prefixes); nothing but patterns without their last character (cut-off).\n\n| |")
	for _, h := range r.hard {
		w(" %s |", h.name)
	}
	w("\n|---|%s\n", strings.Repeat("---|", len(r.hard)))
	for i, first := range r.hard[0].row {
		w("| %s |", title(first))
		for _, h := range r.hard {
			m := h.row[i]
			switch {
			case m.missing != "":
				w(" %s |", m.missing)
			case i == 0:
				w(" %.0f MB/s |", m.mb)
			default:
				a := 0.0
				if first.peer.name == "daachorse" {
					a = hardAim
				}
				w(" %.0f MB/s, %s |", m.mb, ratio(m.ratio, a))
			}
		}
		w("\n")
	}

	w("\n## Judging a comment\n\nKotomori's verdict, all layers, against programs that only cut the same comments into words and against whole pipelines. One core.\n\n")
	w("| | comments/s | ratio |\n|---|---|---|\n")
	for i, m := range r.pipelines {
		switch {
		case m.missing != "":
			w("| %s | %s | |\n", title(m), m.missing)
		case i == 0:
			w("| %s | %s | |\n", title(m), thousands(int(m.comments)))
		default:
			w("| %s | %s | %s |\n", title(m), thousands(int(m.comments)), ratio(m.ratio, aim(m.peer.name, 0)))
		}
	}
	r.ownTable(w)
	w("\n## Not measured\n\n")
	none := true
	for _, m := range slices.Concat(r.matchers[0].row, r.pipelines) {
		if m.missing == "not installed" || m.missing == "failed to start" {
			w("- %s: %s; see bench/peers/run\n", m.peer.name, m.missing)
			none = false
		}
	}
	if none {
		w("Nothing was missing but what the tables say.\n")
	}
	return b.Bytes()
}

// ownTable is what Kotomori is against itself.
func (r *results) ownTable(w func(string, ...any)) {
	w("\n## Kotomori against itself\n\n| | measured | aim |\n|---|---|---|\n")
	line := func(what, name, unit string, format func(float64) string, aim string) {
		if v, ok := r.own[name][unit]; ok {
			w("| %s | %s | %s |\n", what, format(v), aim)
		}
	}
	times := func(v float64) string { return fmt.Sprintf("%.2f×", v) }
	line("two goroutines against one", "VerdictTogether/goroutines=2", "x-one", times, "≥ 1.8×")
	line("a comment under ten times the rules, which look for other words", "VerdictRules/rules=10x/words=others", "x-one", times, "≤ 1.3×")
	line("a comment under ten times the rules, which all look for the same words", "VerdictRules/rules=10x/words=same", "x-one", times, "")
	worst, at := 0.0, ""
	for _, name := range slices.Sorted(maps.Keys(r.own)) {
		if v := r.own[name]["x-mean"]; v > worst {
			worst, at = v, name[strings.LastIndexByte(name, '=')+1:]
		}
	}
	if at != "" {
		w("| a character of the worst hostile comment (%s), against the mean | %s | ≤ 20× |\n", at, times(worst))
	}
	speed := func(name string) float64 { return r.own[name]["comments/s"] }
	for _, on := range []struct{ prefix, name string }{{"", ""}, {"Kafka/", ", on Apache Kafka"}} {
		backlog, memory, trip := speed(on.prefix+"Stream/way=backlog"), speed(on.prefix+"Stream/way=memory"), speed(on.prefix+"Stream/way=round-trip")
		if backlog > 0 && memory > 0 && trip > 0 {
			w("| the stream against judging in memory (%s to %s comments/s, all cores)%s | %s | ≥ 0.5× |\n", thousands(int(backlog)), thousands(int(memory)), on.name, times(backlog/memory))
			w("| the stream against one round trip a comment (%s comments/s)%s | %s | ≥ 10× |\n", thousands(int(trip)), on.name, times(backlog/trip))
		}
		for _, senders := range []string{"1", "50"} {
			hook, write := r.own[on.prefix+"Webhook/way=receiver/senders="+senders], r.own[on.prefix+"Webhook/way=write/senders="+senders]
			if hook["p99-ms"] > 0 && write["p99-ms"] > 0 {
				w("| a webhook's p99 from request to answer, senders at once: %s (%.1f ms, %s deliveries/s), against a bare write to the broker%s | %s | within 5 s |\n",
					senders, hook["p99-ms"], thousands(int(hook["deliveries/s"])), on.name, times(hook["p99-ms"]/write["p99-ms"]))
			}
		}
	}
	if decode, verdict := r.own["Decode/by=kotomori"]["ns/op"], r.own["VerdictTogether/goroutines=1"]["ns/op"]; decode > 0 && verdict > 0 {
		w("| decoding a comment's JSON against judging it | %s | < 1× |\n", times(decode/verdict))
	}
	line("building the automaton at 457,600 patterns", "MatcherBuild/patterns=457600", "ns/op", func(v float64) string { return fmt.Sprintf("%.1f s", v/1e9) }, "≤ 2 s")
	line("the automaton's memory there", "MatcherBuild/patterns=457600", "MB-kept", func(v float64) string { return fmt.Sprintf("%.0f MB", v) }, "≤ 25 MB")
}

// differing names those that count other hits than ours.
func (r *results) differing() string {
	var names []string
	for _, s := range r.matchers {
		for _, m := range s.row {
			if m.missing == "" && m.hits != s.row[0].hits && !slices.Contains(names, m.peer.name) {
				names = append(names, m.peer.name)
			}
		}
	}
	return strings.Join(names, " and ")
}

func of(row []measured, name string) measured {
	return row[slices.IndexFunc(row, func(m measured) bool { return m.peer.name == name })]
}

func aim(name string, size int) float64 {
	if a := aims[name]; size < len(a) {
		return a[size]
	}
	return 0
}

func ratio(v, aim float64) string {
	s := fmt.Sprintf("%.2f×", v)
	switch {
	case v >= 10:
		s = thousands(int(math.Round(v))) + "×"
	case v < 0.1:
		s = fmt.Sprintf("%.4f×", v)
	}
	if v < 1 {
		s = "**" + s + "**"
	}
	if aim > v {
		s += fmt.Sprintf(" (aim %g×)", aim)
	}
	return s
}

func title(m measured) string {
	s, how, _ := strings.Cut(m.peer.name, ", ")
	if m.version != "" && !strings.HasPrefix(m.version, "go1") {
		s += " " + strings.TrimPrefix(m.version, "v")
	}
	if how != "" {
		s += ", " + how
	}
	s += " (" + m.peer.language
	if m.peer.doing != "" {
		s += "; " + m.peer.doing
	}
	return s + ")"
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// The picture's measures.
const (
	width, height            = 860, 500
	left, right, top, bottom = 64, 610, 64, 440
)

// colours can be told apart in print and by people who see red and green alike (Okabe and Ito's set).
var colours = []string{"#D55E00", "#0072B2", "#56B4E9", "#009E73", "#CC79A7", "#E69F00", "#000000", "#777777", "#999999"}

// picture draws MB/s against the number of patterns, both on logarithmic scales, because a ratio is then the same distance everywhere.
func (r *results) picture() []byte {
	var b bytes.Buffer
	w := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	most, least := 0.0, math.Inf(1)
	for _, s := range r.matchers {
		for _, m := range s.row {
			if m.missing == "" && m.mb >= 1 { // what is slower would squeeze all others together
				most, least = max(most, m.mb), min(least, m.mb)
			}
		}
	}
	least, most = least/1.3, most*1.3
	smallest, largest := float64(r.matchers[0].patterns), float64(r.matchers[len(r.matchers)-1].patterns)
	x := func(n float64) float64 { return left + (right-left)*math.Log(n/smallest)/math.Log(largest/smallest) }
	y := func(mb float64) float64 {
		return bottom - (bottom-top)*math.Log(max(mb, least)/least)/math.Log(most/least)
	}
	w(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`, width, height)
	w(`<title>MB/s against the number of patterns</title>`)
	w(`<rect width="%d" height="%d" fill="#fff"/>`, width, height)
	w(`<text x="%d" y="26" font-size="16" font-weight="bold">Finding all overlapping matches in Japanese comments, one core</text>`, left)
	w(`<text x="%d" y="46" fill="#555">MB a second; %s, %s</text>`, left, escape(r.machine), r.begun.Format(time.DateOnly))
	for decade := 1.0; decade <= most; decade *= 10 {
		for _, k := range []float64{1, 2, 5} {
			if v := decade * k; v >= least && v <= most {
				w(`<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%g</text>`,
					left, right, y(v), y(v), left-8, y(v)+4, v)
			}
		}
	}
	for _, s := range r.matchers {
		at := x(float64(s.patterns))
		w(`<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`,
			at, at, top, bottom, at, bottom+20, thousands(s.patterns))
	}
	w(`<text x="%d" y="%d" text-anchor="middle">patterns (logarithmic)</text>`, (left+right)/2, bottom+44)
	w(`<text transform="translate(16 %d) rotate(-90)" text-anchor="middle">MB/s (logarithmic)</text>`, (top+bottom)/2)

	type legend struct {
		at           float64
		text, colour string
		weight       string
	}
	var labels []legend
	for i, first := range slices.Backward(r.matchers[0].row) { // ours on top
		var points []string
		var last measured
		weight, stroke := "normal", 1.8
		if i == 0 {
			weight, stroke = "bold", 4
		}
		colour := colours[i%len(colours)]
		var dots strings.Builder
		for _, s := range r.matchers {
			m := of(s.row, first.peer.name)
			if m.missing != "" || m.mb < least {
				continue
			}
			last = m
			points = append(points, fmt.Sprintf("%.1f,%.1f", x(float64(s.patterns)), y(m.mb)))
			fmt.Fprintf(&dots, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`, x(float64(s.patterns)), y(m.mb), colour)
		}
		if len(points) == 0 {
			continue
		}
		dash := ""
		if strings.Contains(first.peer.name, "tuned") {
			dash = ` stroke-dasharray="6 4"`
		}
		w(`<polyline points="%s" fill="none" stroke="%s" stroke-width="%.1f"%s/>%s`, strings.Join(points, " "), colour, stroke, dash, dots.String())
		short, _, _ := strings.Cut(first.peer.name, "/")
		labels = append(labels, legend{y(last.mb), short + " (" + first.peer.language + ")", colour, weight})
	}
	slices.SortFunc(labels, func(a, b legend) int { return cmp.Compare(a.at, b.at) })
	line := float64(top)
	for _, l := range labels {
		line = max(line, l.at)
		w(`<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="%s" stroke-width="4"/><text x="%d" y="%.1f" font-weight="%s">%s</text>`,
			right+14, right+30, line, line, l.colour, right+36, line+4, l.weight, escape(l.text))
		line += 19
	}
	w(`</svg>`)
	return b.Bytes()
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
