package main

import (
	"fmt"
	"runtime"

	"github.com/alecthomas/kong"

	"github.com/kotomori/kotomori/internal/app"
	"github.com/kotomori/kotomori/internal/config"
)

// versionFlag is --version, which goes before anything else on the command line.
type versionFlag bool

func (versionFlag) IgnoreDefault() {}

// BeforeReset is where kong lets a flag act before the rest of the command line is looked at.
func (versionFlag) BeforeReset(k *kong.Context, e *env) error { //nolint:unparam // kong asks for the error
	err := (&versionCmd{}).Run(e)
	k.Exit(report(e.stderr, err))
	return nil
}

type versionCmd struct {
	config.Ruleset
	JSON bool `name:"json" help:"Write JSON."`
}

func (c *versionCmd) Run(e *env) error {
	cl, err := loadClassifier(c.Ruleset)
	if err != nil {
		return err
	}
	b := app.Build()
	p := page{w: e.stdout}
	if c.JSON {
		p.json(map[string]any{
			"version": b.Version, "revision": b.Revision, "time": b.Time, "modified": b.Modified,
			"ruleset": cl.Version(), "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH,
		})
		return p.err
	}
	p.line("kotomori %s", b.Version)
	if b.Revision != "" {
		modified := ""
		if b.Modified {
			modified = ", modified"
		}
		p.line("revision %s (%s%s)", b.Revision, b.Time, modified)
	}
	p.line("ruleset %s (%d rules)", cl.Version(), len(cl.Ruleset().Rules()))
	p.line("%s", fmt.Sprintf("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH))
	return p.err
}
