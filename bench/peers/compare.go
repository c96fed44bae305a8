package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kotomori/kotomori/bench"
)

// rounds is how many turns each has with ours. The machine may be busy with something else, so the median counts.
const rounds = 5

// A peer is a program that is measured.
type peer struct {
	name, language string
	doing          string // what is different about it
	command        func(in input) []string
	needs          string // the file that must have been built; empty for those in this program
	sizes          int    // at how many of the sizes, from the least on; 0: at all
	hard           bool   // on the hard inputs too
}

// An input is the files that a matcher gets.
type input struct{ patterns, texts, tuning string }

// A measured peer has its own median and, of its turns with ours, the median of ours divided by its.
type measured struct {
	peer                 peer
	version, built, size string
	mb, comments, ratio  float64
	hits                 int
	missing              string // why it was not measured
}

func matcherPeers(self, built string) []peer {
	own := func(name string) func(input) []string {
		return func(in input) []string { return []string{self, "turn", name, in.patterns, in.texts} }
	}
	rust := filepath.Join(built, "rust", "release", "peers")
	crate := func(name string) func(input) []string {
		return func(in input) []string { return []string{rust, name, in.patterns, in.texts} }
	}
	hyperscan := filepath.Join(built, "hyperscan")
	return []peer{
		{name: "daachorse", language: "Rust", doing: "charwise", command: crate("daachorse"), needs: rust, hard: true},
		{name: "daachorse, tuned", language: "Rust", doing: "charwise, its layout tuned to other comments of the same kind", needs: rust, command: func(in input) []string {
			return []string{rust, "daachorse-tuned", in.patterns, in.texts, in.tuning}
		}},
		{name: "aho-corasick", language: "Rust", doing: "DFA", command: crate("aho-corasick-dfa"), needs: rust, hard: true},
		{name: "Hyperscan", language: "C", doing: "literals", needs: hyperscan, hard: true, command: func(in input) []string {
			return []string{hyperscan, in.patterns, in.texts}
		}},
		{name: "petar-dambovaliev/aho-corasick", language: "Go", doing: "DFA", command: own("petar-dambovaliev"), hard: true},
		{name: "BobuSumisu/aho-corasick", language: "Go", command: own("BobuSumisu"), hard: true},
		{name: "cloudflare/ahocorasick", language: "Go", doing: "tells each pattern once a text", command: own("cloudflare")},
		{name: "regexp", language: "Go", doing: "one alternation, no overlapping matches", command: own("regexp"), sizes: 1},
	}
}

func pipelinePeers(self, dir, built string) []peer {
	rust, mecab, python := filepath.Join(built, "rust", "release", "peers"), filepath.Join(built, "mecab"), filepath.Join(built, "venv", "bin", "python")
	texts := filepath.Join(dir, textsFile)
	fixed := func(command ...string) func(input) []string { return func(input) []string { return command } }
	ipadic := func(name string) string { return filepath.Join(built, "ipadic", name) }
	script := filepath.Join("python", "peer.py")
	list := filepath.Join(dir, patternsFile(bench.Sizes()[1]))
	return []peer{
		{name: "kagome", language: "Go", doing: "cuts into words only (Normal)", command: fixed(self, "turn", "kagome", texts)},
		{name: "MeCab", language: "C++", doing: "cuts into words only", needs: mecab, command: fixed(mecab, texts)},
		{
			name: "vibrato", language: "Rust", doing: "cuts into words only", needs: ipadic("lex.csv"),
			command: fixed(rust, "vibrato", texts, ipadic("lex.csv"), ipadic("matrix.def"), ipadic("char.def"), ipadic("unk.def")),
		},
		{name: "HojiChar", language: "Python", doing: "four filters of unwanted words, its own lists", needs: python, command: fixed(python, script, "hojichar", texts)},
		{
			name: "HojiChar, long list", language: "Python", doing: "one filter with 45,760 words", needs: python,
			command: fixed(python, script, "hojichar-list", texts, list),
		},
		{
			name: "fastText", language: "C++", doing: "n-grams of characters, called from Python", needs: python,
			command: fixed(python, script, "fasttext", texts, filepath.Join(dir, trainingFile)),
		},
	}
}

// compare measures and writes the results beside this folder.
func compare(dir, built string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r := &results{begun: time.Now().UTC(), machine: machine()}
	peers := matcherPeers(self, built)
	before := map[string]float64{} // MB at the size before
	for i, n := range bench.Sizes() {
		in := input{filepath.Join(dir, patternsFile(n)), filepath.Join(dir, textsFile), filepath.Join(dir, tuningFile)}
		ours := peer{name: "Kotomori", language: "Go", command: func(in input) []string { return []string{self, "turn", "kotomori", in.patterns, in.texts} }}
		var fit []peer
		var unfit []measured
		for _, p := range peers {
			need, room := 15*before[p.name], available() // while it is built it takes more than it keeps
			switch {
			case p.sizes > 0 && i >= p.sizes:
				unfit = append(unfit, measured{peer: p, missing: "too slow"})
			case i > 0 && need > room:
				unfit = append(unfit, measured{peer: p, missing: fmt.Sprintf("would need about %.0f GB", need/1000)})
			default:
				fit = append(fit, p)
			}
		}
		row, err := turns(ours, fit, in)
		if err != nil {
			return err
		}
		for _, m := range row {
			before[m.peer.name], _ = strconv.ParseFloat(m.size, 64)
		}
		r.matchers = append(r.matchers, sized{n, append(row, unfit...)})
	}
	hard, err := bench.HardInputs()
	if err != nil {
		return err
	}
	for _, h := range hard {
		patterns, text := hardFiles(h.Name)
		in := input{patterns: filepath.Join(dir, patterns), texts: filepath.Join(dir, text)}
		ours := peer{name: "Kotomori", language: "Go", command: func(in input) []string { return []string{self, "turn", "kotomori", in.patterns, in.texts} }}
		row, err := turns(ours, slices.DeleteFunc(slices.Clone(peers), func(p peer) bool { return !p.hard }), in)
		if err != nil {
			return err
		}
		r.hard = append(r.hard, named{h.Name, row})
	}
	ours := peer{name: "Kotomori", language: "Go", doing: "the whole verdict", command: func(input) []string {
		return []string{self, "turn", "kotomori-verdict", filepath.Join(dir, commentsFile)}
	}}
	if r.pipelines, err = turns(ours, pipelinePeers(self, dir, built), input{}); err != nil {
		return err
	}
	if r.own, err = ownBenchmarks(); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err) // the rest is worth having
	}
	if err := os.WriteFile(filepath.Join("..", "throughput.svg"), r.picture(), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join("..", "RESULTS.md"), r.markdown(), 0o600)
}

// turns measures ours and each peer in turns: only two programs are there at a time, because some take much memory. The first of the result is ours.
func turns(ours peer, peers []peer, in input) ([]measured, error) {
	us, err := start(ours, in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ours.name, err)
	}
	defer func() { _ = us.stop() }()
	var ourMB, ourComments []float64
	out := []measured{us.measured}
	for _, p := range peers {
		if _, err := os.Stat(p.needs); p.needs != "" && err != nil {
			out = append(out, measured{peer: p, missing: "not installed"})
			continue
		}
		them, err := start(p, in)
		if err != nil {
			fmt.Fprintln(os.Stderr, "peers:", p.name, err)
			out = append(out, measured{peer: p, missing: "failed to start"})
			continue
		}
		var mb, comments, ratio []float64
		for range rounds {
			a, err := us.turn()
			if err != nil {
				return nil, errors.Join(err, them.stop())
			}
			z, err := them.turn()
			if err != nil {
				return nil, errors.Join(fmt.Errorf("%s: %w", p.name, err), them.stop())
			}
			ourMB, ourComments = append(ourMB, a.mb), append(ourComments, a.comments)
			mb, comments, ratio = append(mb, z.mb), append(comments, z.comments), append(ratio, a.comments/z.comments)
			them.hits, us.hits = z.hits, a.hits
		}
		them.mb, them.comments, them.ratio = median(mb), median(comments), median(ratio)
		out = append(out, them.measured)
		fmt.Printf("%-32s %9.2f MB/s %10.0f comments/s, ours %.2f of it\n", p.name, them.mb, them.comments, them.ratio)
		_ = them.stop() // it has told everything
	}
	us.mb, us.comments, us.ratio = median(ourMB), median(ourComments), 1
	out[0] = us.measured
	fmt.Printf("%-32s %9.2f MB/s %10.0f comments/s\n", ours.name, us.mb, us.comments)
	return out, nil
}

func median(of []float64) float64 {
	if len(of) == 0 {
		return math.NaN()
	}
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}

type running struct {
	measured
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(p peer, in input) (*running, error) {
	command := p.command(in)
	r := &running{measured: measured{peer: p}, cmd: exec.Command(command[0], command[1:]...)} //nolint:gosec,noctx // our own list; stop ends it
	var err error
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.out = bufio.NewScanner(out)
	r.cmd.Stderr = os.Stderr
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	fields, err := r.line(4)
	if err == nil && fields[0] != "ready" {
		err = fmt.Errorf("says %q", fields)
	}
	if err != nil {
		return nil, errors.Join(err, r.stop())
	}
	r.version, r.built, r.size = fields[1], fields[2], fields[3]
	return r, nil
}

func (r *running) line(fields int) ([]string, error) {
	if !r.out.Scan() {
		return nil, errors.Join(errors.New("ended"), r.out.Err())
	}
	f := strings.Split(r.out.Text(), "\t")
	if len(f) != fields {
		return nil, fmt.Errorf("says %q", r.out.Text())
	}
	return f, nil
}

func (r *running) turn() (m measured, err error) {
	if _, err := io.WriteString(r.in, "\n"); err != nil {
		return m, err
	}
	f, err := r.line(5)
	if err != nil {
		return m, err
	}
	var errs [3]error
	m.mb, errs[0] = strconv.ParseFloat(f[2], 64)
	m.comments, errs[1] = strconv.ParseFloat(f[3], 64)
	m.hits, errs[2] = strconv.Atoi(f[4])
	return m, errors.Join(errs[:]...)
}

// stop ends the program by the end of its input.
func (r *running) stop() error { return errors.Join(r.in.Close(), r.cmd.Wait()) }

// ownBenchmarks runs what compares Kotomori with itself, and gives the medians by name and unit. Those on a real Kafka, where
// KOTOMORI_KAFKA_LIB names one, have Kafka/ before their names.
func ownBenchmarks() (map[string]map[string]float64, error) {
	all := map[string]map[string][]float64{}
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", "VerdictHostile|VerdictTogether|VerdictRules|Stream|Webhook|Decode|MatcherBuild", //nolint:noctx // bounded by its own time limit
		"-benchtime", "500ms", "-count", "3", "-timeout", "30m", "github.com/kotomori/kotomori/bench")
	err := collect(all, "", cmd)
	if err == nil && os.Getenv("KOTOMORI_KAFKA_LIB") != "" {
		cmd := exec.Command("go", "test", "-v", "-count", "1", "-run", "^TestBenchKafka$", "github.com/kotomori/kotomori/internal/streamtest") //nolint:noctx // likewise
		cmd.Env = append(os.Environ(), "KOTOMORI_BENCHTIME=3000x", "KOTOMORI_BENCHCOUNT=3")
		err = collect(all, "Kafka/", cmd)
	}
	medians := map[string]map[string]float64{}
	for name, units := range all {
		medians[name] = map[string]float64{}
		for unit, values := range units {
			medians[name][unit] = median(values)
		}
	}
	return medians, err
}

// collect runs benchmarks and takes what they print.
func collect(all map[string]map[string][]float64, prefix string, cmd *exec.Cmd) error {
	cmd.Dir = filepath.Join("..", "..")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go test: %w\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		name := prefix + f[0][len("Benchmark"):]
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			name = name[:i]
		}
		if all[name] == nil {
			all[name] = map[string][]float64{}
		}
		for i := 2; i+1 < len(f); i += 2 {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				all[name][f[i+1]] = append(all[name][f[i+1]], v)
			}
		}
	}
	return nil
}
