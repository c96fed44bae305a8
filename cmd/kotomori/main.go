// Command kotomori reads replies under a municipality's accounts and recommends to hide, delete or block, naming
// the policy's clause and the words that led to it. It never acts itself.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/intake"
	"github.com/kotomori/kotomori/rules"
)

// The exit codes.
const (
	exitOK    = 0
	exitFault = 1 // bad input lines, faults of rules, examples that do not hold, or a failure on the way
	exitUsage = 2 // a wrong command line or configuration
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// env is what a command works with.
type env struct {
	ctx            context.Context // ends at the first SIGINT or SIGTERM
	stdin          io.Reader
	stdout, stderr io.Writer
	settings       *config.Resolver
	kong           *kong.Context
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the program at once
	}()

	e := &env{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr, settings: &config.Resolver{}}
	var cli commands
	parser, err := kong.New(
		&cli,
		kong.Name("kotomori"),
		kong.Description(description),
		kong.Vars{"data_dir": config.DefaultDataDir()},
		kong.Resolvers(e.settings),
		kong.Writers(stdout, stderr),
		kong.Bind(e),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 110}),
		kong.ValueFormatter(formatHelp),
		kong.ExplicitGroups([]kong.Group{
			{Key: "Kafka", Title: "Kafka"},
			{Key: "Rules", Title: "Rules"},
			{Key: "Data", Title: "Data"},
			{Key: "HTTP", Title: "Metrics and health"},
			{Key: "Privacy", Title: "Privacy"},
			{Key: "Display", Title: "Display"},
			{Key: "Log", Title: "Log"},
		}),
	)
	if err != nil {
		return report(stderr, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	e.kong, err = parser.Parse(args)
	if err != nil {
		return report(stderr, usage(err))
	}
	return report(stderr, e.kong.Run())
}

const description = `Reads replies under a municipality's accounts and recommends to hide, delete or block, naming the policy's clause and the words that led to it. It never acts itself.`

// formatHelp adds a setting's variable of the environment to its help.
func formatHelp(v *kong.Value) string {
	if !config.IsSetting(v) {
		return v.Help
	}
	return v.Help + " ($" + config.Env(v.Name) + ")"
}

// failure is an error with what to do about it, or with a status of its own.
type failure struct {
	err  error // nil where everything has been said
	hint string
	code int
}

func (f *failure) Error() string {
	if f.err == nil {
		return "failed"
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// hint adds what to do about an error.
func hint(err error, mend string) error {
	return &failure{err: err, hint: mend, code: exitFault}
}

// misuse is a wrong command line.
func misuse(err error, format string, args ...any) error {
	return &failure{err: err, hint: fmt.Sprintf(format, args...), code: exitUsage}
}

// errSaid ends the program with exitFault and no further word: what is wrong has been said line by line.
var errSaid error = &failure{code: exitFault}

// usage turns an error of parsing the command line into what is shown.
func usage(err error) error {
	if fault, ok := errors.AsType[*config.Error](err); ok {
		return misuse(fault, settingsHint)
	}
	command := "kotomori"
	if parse, ok := errors.AsType[*kong.ParseError](err); ok && parse.Context != nil {
		if node := parse.Context.Selected(); node != nil {
			command = node.FullPath()
		}
	}
	return misuse(err, "'%s --help' shows what there is", command)
}

// report says what went wrong and gives the exit code.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	if closedPipe(err) {
		return exitOK // whoever read our output has enough of it
	}
	f, ok := errors.AsType[*failure](err)
	if !ok {
		f = &failure{err: err, code: exitFault}
	}
	if f.err == nil {
		return f.code
	}
	if faults, ok := errors.AsType[rules.Faults](f.err); ok {
		for _, fault := range faults {
			_, _ = fmt.Fprintln(stderr, fault)
		}
		f = &failure{err: fmt.Errorf("the rules have %d faults", len(faults)), hint: "'kotomori rules lint' checks them", code: f.code}
		if len(faults) == 1 {
			f.err = errors.New("the rules have a fault")
		}
	}
	_, _ = fmt.Fprintf(stderr, "error: %s\n", strings.ReplaceAll(f.err.Error(), "\n", "\nerror: "))
	if f.hint != "" {
		_, _ = fmt.Fprintf(stderr, "hint: %s\n", f.hint)
	}
	return f.code
}

// open opens a FILE argument, which may be - for the standard input.
func (e *env) open(name string) (*intake.Reader, io.Closer, error) {
	if name == "-" {
		return intake.NewReader("stdin", e.stdin), io.NopCloser(nil), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	return intake.NewReader(name, f), f, nil
}
