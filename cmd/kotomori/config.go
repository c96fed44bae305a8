package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/kotomori/kotomori/internal/config"
)

type configCmd struct {
	config.Cluster
	config.Stream
	config.Ruleset
	config.Data
	config.HTTP
	config.Webhook
	config.Privacy
	config.Display
	config.Log
	JSON bool `name:"json" help:"Write JSON."`
}

func (*configCmd) Help() string {
	return `A flag goes before the environment (KOTOMORI_ and the flag's name in capitals), that before the configuration file (YAML, the flags' names as keys), that before the default. The output is itself a configuration file, but for secrets, which are masked.`
}

// setting is one setting as JSON.
type setting struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
	From  string `json:"from"`
}

const mask = "********"

func (c *configCmd) Run(e *env) error {
	p := page{w: e.stdout}
	var settings []setting
	for _, flag := range e.kong.Selected().Flags {
		if !config.IsSetting(flag.Value) {
			continue
		}
		s := setting{Name: flag.Name, Value: flag.Target.Interface(), From: e.settings.Origin(flag.Name).String()}
		if config.IsSecret(flag.Value) && !flag.Target.IsZero() {
			s.Value = mask
		}
		settings = append(settings, s)
	}
	if c.JSON {
		p.json(settings)
		return p.err
	}
	if file := e.settings.File(); file != "" {
		p.line("# configuration file: %s", file)
	} else {
		p.line("# no configuration file")
	}
	for _, s := range settings {
		p.line("%-40s # %s", s.Name+": "+yamlValue(s.Value), s.From)
	}
	return p.err
}

// yamlValue writes a value so that YAML reads it back as the same.
func yamlValue(v any) string {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Slice:
		parts := make([]string, r.Len())
		for i := range parts {
			parts[i] = yamlValue(r.Index(i).Interface())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.String:
		// A JSON string is a YAML string in double quotes.
		b, err := json.Marshal(v)
		if err != nil {
			return "''"
		}
		return string(b)
	default:
		return fmt.Sprint(v)
	}
}
