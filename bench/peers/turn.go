package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	bobusumisu "github.com/BobuSumisu/aho-corasick"
	cloudflare "github.com/cloudflare/ahocorasick"
	"github.com/ikawaha/kagome-dict/ipa"
	"github.com/ikawaha/kagome/v2/tokenizer"
	petar "github.com/petar-dambovaliev/aho-corasick"

	"github.com/kotomori/kotomori/bench"
	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/automaton"
)

// Whoever is measured, in whatever language, is a program that reads its files, prints one line
//
//	ready TAB version TAB seconds that building took TAB MB that it takes, or -
//
// and then, for every line that it reads, goes through all texts again and again and prints
//
//	name TAB number of patterns TAB MB/s TAB comments/s TAB hits in the texts gone through last

// Seconds are the processor's, of all the program's threads: those of the clock depend on what else the machine does, and a program that
// collects its garbage on another core pays for it.

// least is how long a turn takes.
const least = 300 * time.Millisecond

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A pass goes through texts and counts what it finds.
type pass func() goneThrough

type goneThrough struct{ texts, bytes, hits int }

func turn(what string, files []string) error {
	switch {
	case matchers[what] != nil && len(files) == 2:
		patterns, err := read[string](files[0])
		if err != nil {
			return err
		}
		texts, err := read[string](files[1])
		if err != nil {
			return err
		}
		before, begin := bench.Heap(), processorTime()
		p := matchers[what](patterns, texts)
		took := processorTime() - begin
		size := float64(bench.Heap()-before) / 1e6
		runtime.KeepAlive(patterns) // which are not the matcher's
		return serve(what, len(patterns), took, size, p)
	case what == "kagome" && len(files) == 1:
		texts, err := read[string](files[0])
		if err != nil {
			return err
		}
		begin := processorTime()
		t, err := tokenizer.New(ipa.Dict(), tokenizer.OmitBosEos())
		if err != nil {
			return err
		}
		return serve(what, 0, processorTime()-begin, 0, counting(texts, func() (hits int) {
			for _, s := range texts {
				hits += len(t.Analyze(s, tokenizer.Normal))
			}
			return hits
		}))
	case what == "kotomori-verdict" && len(files) == 1:
		comments, err := read[classifier.Comment](files[0])
		if err != nil {
			return err
		}
		begin := processorTime()
		c, err := classifier.Shipped()
		if err != nil {
			return err
		}
		return serve(what, 0, processorTime()-begin, 0, judging(c, comments))
	}
	return fmt.Errorf("cannot measure %q with %d files", what, len(files))
}

// judging takes some comments at a time, because all of them may take long.
func judging(c *classifier.Classifier, comments []classifier.Comment) pass {
	at := 0
	return func() (done goneThrough) {
		for range 250 {
			in := comments[at]
			v, err := c.Classify(in)
			if err != nil {
				panic(err)
			}
			done.hits += len(v.Findings)
			done.texts++
			done.bytes += len(in.Text)
			at = (at + 1) % len(comments)
		}
		return done
	}
}

// counting is a pass that goes through all texts.
func counting(texts []string, count func() (hits int)) pass {
	done := goneThrough{texts: len(texts)}
	for _, s := range texts {
		done.bytes += len(s)
	}
	return func() goneThrough {
		done.hits = count()
		return done
	}
}

var matchers = map[string]func(patterns, texts []string) pass{
	"kotomori": func(patterns, texts []string) pass {
		m, err := automaton.Compile(patterns)
		if err != nil {
			panic(err)
		}
		return find(m, texts)
	},
	"petar-dambovaliev": func(patterns, texts []string) pass {
		b := petar.NewAhoCorasickBuilder(petar.Opts{MatchKind: petar.StandardMatch, DFA: true})
		m := b.Build(patterns)
		return counting(texts, func() (hits int) {
			for _, s := range texts {
				for it := m.IterOverlapping(s); it.Next() != nil; {
					hits++
				}
			}
			return hits
		})
	},
	"BobuSumisu": func(patterns, texts []string) pass {
		m := bobusumisu.NewTrieBuilder().AddStrings(patterns).Build()
		bytes := bytesOf(texts)
		return counting(texts, func() (hits int) {
			for _, s := range bytes {
				m.Walk(s, func(_, _, _ int64) bool {
					hits++
					return true
				})
			}
			return hits
		})
	},
	// Tells each pattern once a text.
	"cloudflare": func(patterns, texts []string) pass {
		m := cloudflare.NewStringMatcher(patterns)
		bytes := bytesOf(texts)
		return counting(texts, func() (hits int) {
			for _, s := range bytes {
				hits += len(m.Match(s))
			}
			return hits
		})
	},
	// Tells no overlapping matches.
	"regexp": func(patterns, texts []string) pass {
		quoted := make([]string, len(patterns))
		for i, p := range patterns {
			quoted[i] = regexp.QuoteMeta(p)
		}
		m := regexp.MustCompile(strings.Join(quoted, "|"))
		texts = texts[:min(len(texts), 30)] // the rest would take minutes
		return counting(texts, func() (hits int) {
			for _, s := range texts {
				hits += len(m.FindAllStringIndex(s, -1))
			}
			return hits
		})
	},
}

func bytesOf(texts []string) [][]byte {
	out := make([][]byte, len(texts))
	for i, s := range texts {
		out[i] = []byte(s)
	}
	return out
}

func serve(name string, patterns int, built time.Duration, mb float64, p pass) error {
	size := "-"
	if mb > 0 {
		size = fmt.Sprintf("%.1f", mb)
	}
	fmt.Printf("ready\t%s\t%.2f\t%s\n", version(name), built.Seconds(), size)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var sum goneThrough
		hits := 0
		begin := processorTime()
		for processorTime()-begin < least {
			done := p()
			sum.texts += done.texts
			sum.bytes += done.bytes
			hits = done.hits
		}
		seconds := (processorTime() - begin).Seconds()
		fmt.Printf("%s\t%d\t%.3f\t%.1f\t%d\n", name, patterns, float64(sum.bytes)/1e6/seconds, float64(sum.texts)/seconds, hits)
	}
	return in.Err()
}

var modules = map[string]string{
	"petar-dambovaliev": "github.com/petar-dambovaliev/aho-corasick", "BobuSumisu": "github.com/BobuSumisu/aho-corasick",
	"cloudflare": "github.com/cloudflare/ahocorasick", "kagome": "github.com/ikawaha/kagome/v2",
}

func version(name string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, d := range info.Deps {
		if d.Path == modules[name] {
			v, _, _ := strings.Cut(d.Version, "-0.")
			if i := strings.LastIndexByte(d.Version, '-'); strings.HasPrefix(d.Version, "v0.0.0-") && i > 0 {
				v = d.Version[i+1:]
			}
			return v
		}
	}
	return runtime.Version()
}
