package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kotomori/kotomori/internal/yamldoc"
)

// FileName is what a configuration file is called where it is looked for.
const FileName = "kotomori.yaml"

// value is a setting of the configuration file, with its place there.
type value struct {
	text         string // a list's elements are joined by commas
	line, column int
}

// file is a configuration file that was read.
type file struct {
	path   string
	values map[string]value
}

// findFile is the first of ./kotomori.yaml and kotomori/kotomori.yaml in the user's configuration
// folder that exists; empty where none does.
func findFile() string {
	candidates := []string{FileName}
	if dir, err := os.UserConfigDir(); err == nil {
		candidates = append(candidates, filepath.Join(dir, "kotomori", FileName))
	}
	for _, path := range candidates {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path
		}
	}
	return ""
}

// readFile reads a configuration file whose keys are all among known. Its error has a line for each fault.
func readFile(path string, known []string) (*file, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	f := &file{path: path, values: map[string]value{}}
	if blank(src) {
		return f, nil
	}
	var faults yamldoc.Faults
	root, ok := yamldoc.Parse(path, src, &faults)
	if ok {
		for _, field := range root.Fields() {
			if !slices.Contains(known, field.Key) {
				mend := "'kotomori config' lists all keys"
				if near := yamldoc.Nearest(field.Key, known); near != "" {
					mend = fmt.Sprintf("did you mean %q?", near)
				}
				field.KeyAt.Fault(mend, "unknown key %q", field.Key)
				continue
			}
			v := value{text: strings.Join(field.Value.Strs(), ",")}
			v.line, v.column = field.KeyAt.Pos()
			f.values[field.Key] = v
		}
	}
	if len(faults) > 0 {
		faults.Sort()
		return nil, faults
	}
	return f, nil
}

// blank says whether there is nothing in a file but comments.
func blank(src []byte) bool {
	for line := range bytes.Lines(src) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return true
}
