package rules

import (
	"embed"
	"io/fs"
	"strings"

	"github.com/kotomori/kotomori/dict"
)

//go:embed *.yaml policies/*.yaml
var files embed.FS

// Embedded is the shipped dictionary, rules and policies as one file tree: dict/, rules/, rules/policies/.
func Embedded() fs.FS { return shipped{} }

type shipped struct{}

func (shipped) Open(name string) (fs.File, error) {
	dir, rest, _ := strings.Cut(name, "/")
	if rest == "" {
		rest = "."
	}
	switch dir {
	case "dict":
		return dict.FS.Open(rest)
	case "rules":
		return files.Open(rest)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
