package main

import (
	"fmt"

	"github.com/kotomori/kotomori/internal/app"
	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/intake"
	"github.com/kotomori/kotomori/internal/show"
)

type classifyCmd struct {
	config.Ruleset
	File string `arg:"" optional:"" default:"-" help:"Comments as JSON Lines, - for the standard input."`
}

func (*classifyCmd) Help() string {
	return `Each line is a comment:

    {"id":"1","text":"…","account":"saitama","platform":"x","post":{"id":"…","text":"…"},"author":{"id":"…","name":"…","handle":"…"}}

of which only id and text are needed. Each line out is the verdict on the comment of the same place. A bad line has no verdict but a line on stderr, and the exit status is 1.`
}

func (c *classifyCmd) Run(e *env) error {
	in, closer, err := e.open(c.File)
	if err != nil {
		return err
	}
	defer closer.Close()
	cl, err := loadClassifier(c.Ruleset)
	if err != nil {
		return err
	}
	if c.File == "-" && show.Terminal(e.stdin) {
		_, _ = fmt.Fprintln(e.stderr, "reading comments from the terminal, a JSON object on each line; end with Ctrl-D (Windows: Ctrl-Z, Enter)")
	}
	bad := 0
	err = app.Classify(in, e.stdout, cl, func(f *intake.Fault) {
		bad++
		_, _ = fmt.Fprintln(e.stderr, f)
	})
	if err == nil && bad > 0 {
		return errSaid
	}
	return err
}
