package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/kotomori/kotomori/"

// floors are the packages from the top down. A package imports only from floors below its own, so what stands side by
// side, such as the adapters, never imports one another.
var floors = [][]string{
	{"cmd/kotomori", "bench"},
	{"internal/app"},
	// Adapters: each ties the program to one thing outside.
	{"internal/stream", "internal/broker", "internal/webhook", "internal/rehearse", "internal/ledger", "internal/console"},
	{"internal/train"},
	// What commands need besides.
	{"internal/intake", "internal/evaluate", "internal/config", "internal/show", "internal/batch", "internal/flood", "internal/delivery"},
	{"internal/event"},
	{"classifier"},
	{"internal/model"},
	{"rules"},
	{"dict", "internal/detect"},
	{"internal/automaton", "internal/morph"},
	{"internal/text", "internal/neural", "internal/yamldoc", "testdata"},
	{"internal/kernel"},
}

// helpers serve tests only: no package of the program imports them.
var helpers = []string{"internal/streamtest"}

// only says which packages may import a module: everybody else goes through them.
var only = map[string][]string{
	"github.com/segmentio/kafka-go":       {"internal/stream"},
	"github.com/twmb/franz-go":            {"internal/broker"},
	"github.com/ikawaha/kagome":           {"internal/morph"},
	"github.com/goccy/go-yaml":            {"internal/yamldoc"},
	"github.com/alecthomas/kong":          {"cmd/kotomori", "internal/config"},
	"github.com/schollz/progressbar":      {"cmd/kotomori"},
	"github.com/mattn/go-runewidth":       {"internal/show"},
	"github.com/prometheus/client_golang": {"internal/app", "internal/stream", "internal/webhook"},
}

type pkg struct {
	ImportPath                 string
	Standard                   bool
	Imports, TestImports, Deps []string
}

func list(t *testing.T, patterns ...string) []pkg {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Standard,Imports,TestImports,Deps"}, patterns...)...).Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

func floor(name string) int {
	return slices.IndexFunc(floors, func(f []string) bool { return slices.Contains(f, name) })
}

// against says what is wrong with name importing imported; empty where nothing is.
func against(name, imported string, test bool) string {
	if inner, ok := strings.CutPrefix(imported, module); ok {
		switch {
		case test && (inner == name || slices.Contains(helpers, inner)):
			return ""
		case slices.Contains(helpers, inner) && !slices.Contains(helpers, name):
			return "which serves tests only"
		case slices.Contains(helpers, name):
			return ""
		case floor(inner) <= floor(name):
			return "against the arrows: it stands beside or above"
		}
		return ""
	}
	if test || slices.Contains(helpers, name) {
		return ""
	}
	for prefix, allowed := range only {
		if (imported == prefix || strings.HasPrefix(imported, prefix+"/")) && !slices.Contains(allowed, name) {
			return "which only " + strings.Join(allowed, " and ") + " may"
		}
	}
	return ""
}

func TestArrows(t *testing.T) {
	seen := 0
	for _, p := range list(t, module+"...", module+"testdata") {
		name := strings.TrimPrefix(p.ImportPath, module)
		if floor(name) < 0 && !slices.Contains(helpers, name) {
			t.Errorf("%s has no place: add it to floors", name)
			continue
		}
		seen++
		for _, imported := range p.Imports {
			if what := against(name, imported, false); what != "" {
				t.Errorf("%s imports %s, %s", name, imported, what)
			}
		}
		// An external test (XTestImports) uses the package as anybody may, so it may stand on any floor.
		for _, imported := range p.TestImports {
			if what := against(name, imported, true); what != "" {
				t.Errorf("a test of %s imports %s, %s", name, imported, what)
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d packages were looked at", seen)
	}
}

// TestArrowsAreTold makes sure that a wrong import would be.
func TestArrowsAreTold(t *testing.T) {
	for _, tc := range []struct {
		name, imported string
		test, wrong    bool
	}{
		{"internal/app", module + "internal/stream", false, false},
		{"internal/stream", module + "internal/app", false, true},
		{"internal/stream", module + "internal/broker", false, true},
		{"classifier", module + "internal/event", false, true},
		{"internal/app", module + "internal/streamtest", false, true},
		{"internal/app", module + "internal/streamtest", true, false},
		{"internal/app", "github.com/segmentio/kafka-go/sasl", false, true},
		{"internal/stream", "github.com/segmentio/kafka-go/sasl", false, false},
		{"classifier", "strings", false, false},
	} {
		if got := against(tc.name, tc.imported, tc.test) != ""; got != tc.wrong {
			t.Errorf("%s imports %s: wrong is %v", tc.name, tc.imported, got)
		}
	}
}

// TestClassifierAlone: whoever wants only the classifier gets no Kafka with it. (net/http comes by way of the public suffix list.)
func TestClassifierAlone(t *testing.T) {
	for _, p := range list(t, module+"classifier") {
		if len(p.Deps) < 20 {
			t.Errorf("only %d dependencies were looked at", len(p.Deps))
		}
		for _, dep := range p.Deps {
			for _, foreign := range []string{"os/exec", "github.com/segmentio/", "github.com/twmb/", "github.com/prometheus/", module + "internal/event"} {
				if dep == foreign || strings.HasSuffix(foreign, "/") && strings.HasPrefix(dep, foreign) {
					t.Errorf("classifier depends on %s", dep)
				}
			}
		}
	}
}
