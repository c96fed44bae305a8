package config

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Origin is where a setting's value came from.
type Origin struct {
	Flag bool   // on the command line
	Env  string // name of the variable
	File string // path:line
}

func (o Origin) String() string {
	switch {
	case o.Flag:
		return "flag"
	case o.Env != "":
		return "environment " + o.Env
	case o.File != "":
		return o.File
	default:
		return "default"
	}
}

// Resolver gives kong the settings that the command line leaves open, from the environment and the
// configuration file, and remembers which came from where. Use it for one command line.
type Resolver struct {
	known   []string
	file    *file
	loaded  bool
	origins map[string]Origin
}

// Env is the variable of the environment for a setting.
func Env(setting string) string {
	return "KOTOMORI_" + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

// IsSetting says whether a flag is one of the settings.
func IsSetting(flag *kong.Value) bool { return flag.Tag.Has("setting") }

// IsSecret says whether a setting's value must not be shown.
func IsSecret(flag *kong.Value) bool { return flag.Tag.Get("setting") == "secret" }

// Validate has nothing to check: Resolve does.
func (r *Resolver) Validate(*kong.Application) error { return nil }

// collect gathers the names of the settings of all commands: one file serves them all.
func (r *Resolver) collect(app *kong.Application) error {
	err := kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && IsSetting(flag.Value) && !slices.Contains(r.known, flag.Name) {
			r.known = append(r.known, flag.Name)
		}
		return next(nil)
	})
	slices.Sort(r.known)
	return err
}

// Resolve gives the value of one flag, nil where the default stands.
func (r *Resolver) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	if !IsSetting(flag.Value) {
		return nil, nil
	}
	// An empty variable counts as unset, as is the custom in unit files and containers.
	if text := os.Getenv(Env(flag.Name)); text != "" {
		return r.take(flag, text, Origin{Env: Env(flag.Name)}, Env(flag.Name))
	}
	if r.file != nil {
		if v, ok := r.file.values[flag.Name]; ok && v.text != "" {
			return r.take(flag, v.text, Origin{File: fmt.Sprintf("%s:%d", r.file.path, v.line)},
				fmt.Sprintf("%s:%d:%d", r.file.path, v.line, v.column))
		}
	}
	return nil, nil
}

// take checks text as kong will, so that an error names the place and never a secret.
func (r *Resolver) take(flag *kong.Flag, text string, from Origin, place string) (any, error) {
	if flag.Enum != "" && !flag.EnumMap()[text] {
		return nil, &Error{fmt.Sprintf("%s: %s must be one of %s", place, flag.Name, strings.ReplaceAll(flag.Enum, ",", ", "))}
	}
	scratch := reflect.New(flag.Target.Type()).Elem()
	if err := flag.Parse(kong.ScanFromTokens(kong.Token{Type: kong.FlagValueToken, Value: text}), scratch); err != nil {
		if IsSecret(flag.Value) {
			return nil, &Error{fmt.Sprintf("%s: %s cannot be read", place, flag.Name)}
		}
		return nil, &Error{fmt.Sprintf("%s: %s: %v", place, flag.Name, err)}
	}
	r.origins[flag.Name] = from
	return text, nil
}

// load reads the configuration file that the command line, the environment or custom names.
func (r *Resolver) load(ctx *kong.Context) error {
	if r.loaded {
		return nil
	}
	r.loaded = true
	r.origins = map[string]Origin{}
	if err := r.collect(ctx.Model); err != nil {
		return err
	}
	path := os.Getenv(Env("config"))
	for _, p := range ctx.Path {
		if p.Flag == nil {
			continue
		}
		r.origins[p.Flag.Name] = Origin{Flag: true}
		if p.Flag.Name == "config" {
			path, _ = ctx.FlagValue(p.Flag).(string)
		}
	}
	if path == "" {
		path = findFile()
	}
	if path == "" {
		return nil
	}
	f, err := readFile(path, r.known)
	if err != nil {
		return &Error{err.Error()}
	}
	r.file = f
	return nil
}

// Error is a fault of the configuration: place, what is wrong and the mend; several on lines of their own.
type Error struct{ msg string }

func (e *Error) Error() string { return e.msg }

// Origin is where a setting's value came from, once the command line is parsed.
func (r *Resolver) Origin(setting string) Origin { return r.origins[setting] }

// File is the configuration file in use, empty where there is none.
func (r *Resolver) File() string {
	if r.file == nil {
		return ""
	}
	return r.file.path
}
