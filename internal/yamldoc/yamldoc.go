// Package yamldoc reads YAML into nodes that remember where they stand, so that
// every fault of a file is named with its line, column and mend, all at once.
//
// The parsing is goccy/go-yaml's; this package adds typed access that collects
// faults instead of stopping at the first.
package yamldoc

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Fault is one fault of a file: place, what is wrong, and the mend.
type Fault struct {
	File   string `json:"file"`
	Line   int    `json:"line"`   // from 1; 0 where the file as a whole is meant
	Column int    `json:"column"` // from 1, in characters
	What   string `json:"what"`
	Mend   string `json:"mend"`
}

func (f Fault) String() string {
	place := f.File
	if f.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	}
	if f.Mend == "" {
		return place + ": " + f.What
	}
	return place + ": " + f.What + "; " + f.Mend
}

// Faults are the faults of a ruleset. As an error it lists them a line each.
type Faults []Fault

func (fs Faults) Error() string {
	var b strings.Builder
	for i, f := range fs {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f.String())
	}
	return b.String()
}

// Sort orders the faults by file and place.
func (fs Faults) Sort() {
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// Node is a place in a YAML document. The zero Node is an absent one; a key without a value has a Node that is absent, too,
// but stands where the key does.
type Node struct {
	file         string
	n            ast.Node
	faults       *Faults
	line, column int // of an absent value
}

// Parse reads one YAML document. Syntax errors are added to faults; ok is false then, and for an empty file.
func Parse(file string, data []byte, faults *Faults) (root Node, ok bool) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors write a byte order mark
	for i, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0 {
			*faults = append(*faults, Fault{file, i + 1, 1, "the line is not UTF-8 text", "save the file as UTF-8"})
			return Node{}, false
		}
	}
	f, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		fault := Fault{File: file, Line: 1, Column: 1, What: "broken YAML: " + err.Error(), Mend: "mend the indentation or the quoting"}
		if ye, ok := errors.AsType[yaml.Error](err); ok {
			fault.What = "broken YAML: " + ye.GetMessage()
			fault.Line, fault.Column = position(ye.GetToken())
		}
		*faults = append(*faults, fault)
		return Node{}, false
	}
	var docs []ast.Node
	for _, d := range f.Docs {
		if d.Body != nil {
			docs = append(docs, d.Body)
		}
	}
	if len(docs) == 0 {
		*faults = append(*faults, Fault{file, 1, 1, "the file is empty", "write it or remove it"})
		return Node{}, false
	}
	if len(docs) > 1 {
		line, col := Node{n: docs[1]}.Pos()
		*faults = append(*faults, Fault{file, line, col, "a second document", "remove the line ---"})
	}
	return Node{file: file, n: docs[0], faults: faults}, true
}

func position(t *token.Token) (line, column int) {
	if t == nil || t.Position == nil {
		return 1, 1
	}
	return t.Position.Line, t.Position.Column
}

// IsZero says whether the node is absent.
func (n Node) IsZero() bool { return n.n == nil }

// File is the name given to Parse.
func (n Node) File() string { return n.file }

// Pos is the node's line and column, from 1.
func (n Node) Pos() (line, column int) {
	if n.n == nil {
		return n.line, n.column
	}
	// A mapping's own token is the first colon; its first key is where a reader looks.
	switch m := n.n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return position(m.Values[0].Key.GetToken())
		}
	case *ast.MappingValueNode:
		return position(m.Key.GetToken())
	}
	return position(n.n.GetToken())
}

// Fault adds a fault at the node.
func (n Node) Fault(mend, what string, args ...any) {
	if n.faults == nil {
		return // an absent node that no file has
	}
	line, col := n.Pos()
	*n.faults = append(*n.faults, Fault{n.file, line, col, fmt.Sprintf(what, args...), mend})
}

// Source is the node as YAML text, for showing it.
func (n Node) Source() string {
	if n.n == nil {
		return ""
	}
	return n.n.String()
}

// IsMap and IsList tell the node's kind.
func (n Node) IsMap() bool {
	switch n.n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

// IsList says whether the node is a sequence.
func (n Node) IsList() bool { _, ok := n.n.(*ast.SequenceNode); return ok }

// Field is one key of a mapping with its value.
type Field struct {
	Key   string
	KeyAt Node // for faults
	Value Node // absent where the value is null
}

// Fields lists a mapping's entries in order. Anything but a mapping, and a key given twice, is a fault.
func (n Node) Fields() []Field {
	var values []*ast.MappingValueNode
	switch m := n.n.(type) {
	case nil:
		return nil
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		n.Fault("write `key: value` lines", "expected a mapping, found %s", n.kind())
		return nil
	}
	seen := map[string]bool{}
	fields := make([]Field, 0, len(values))
	for _, v := range values {
		f := Field{Key: v.Key.GetToken().Value, KeyAt: Node{file: n.file, n: v.Key, faults: n.faults}}
		f.Value = Node{file: n.file, faults: n.faults}
		f.Value.line, f.Value.column = f.KeyAt.Pos()
		if _, null := v.Value.(*ast.NullNode); !null && v.Value != nil {
			f.Value.n = v.Value
		}
		if seen[f.Key] {
			f.KeyAt.Fault("keep one of them", "key %q given twice", f.Key)
			continue
		}
		seen[f.Key] = true
		fields = append(fields, f)
	}
	return fields
}

// Unknown reports a key that has no meaning here, with the nearest of the known ones.
func (f Field) Unknown(known ...string) {
	mend := "known keys: " + strings.Join(known, ", ")
	if near := Nearest(f.Key, known); near != "" {
		mend = fmt.Sprintf("did you mean %q?", near)
	}
	f.KeyAt.Fault(mend, "unknown key %q", f.Key)
}

// Nearest is the name closest to s by edit distance, or "" where none is close.
func Nearest(s string, names []string) string {
	best, limit := "", max(2, len(s)/3)+1
	for _, name := range names {
		if d := distance(s, name); d < limit {
			best, limit = name, d
		}
	}
	return best
}

func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diag := row[0]
		row[0] = i + 1
		for j, q := range y {
			d := diag
			if r != q {
				d++
			}
			diag = row[j+1]
			row[j+1] = min(d, diag+1, row[j]+1)
		}
	}
	return row[len(y)]
}

// List lists a sequence's items. Anything but a sequence is a fault.
func (n Node) List() []Node {
	if n.n == nil {
		return nil
	}
	s, ok := n.n.(*ast.SequenceNode)
	if !ok {
		n.Fault("write a list: [a, b] or lines that begin with -", "expected a list, found %s", n.kind())
		return nil
	}
	items := make([]Node, 0, len(s.Values))
	for _, v := range s.Values {
		item := Node{file: n.file, n: v, faults: n.faults}
		if _, null := v.(*ast.NullNode); null {
			item.Fault("write the item or remove the dash", "empty list item")
			continue
		}
		items = append(items, item)
	}
	return items
}

// Str is a scalar's text. Numbers and true/false count as the text they are written as; anything else is a fault.
func (n Node) Str() string {
	switch s := n.n.(type) {
	case *ast.StringNode:
		return s.Value
	case *ast.LiteralNode:
		return strings.TrimRight(s.Value.Value, "\n")
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.n.GetToken().Value
	}
	n.Fault("write it in quotes", "expected text, found %s", n.kind())
	return ""
}

// Strs is a scalar or a list of scalars.
func (n Node) Strs() []string {
	if n.n == nil {
		return nil
	}
	if !n.IsList() {
		if s := n.Str(); s != "" {
			return []string{s}
		}
		return nil
	}
	var out []string
	for _, item := range n.List() {
		if s := item.Str(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Float is a number.
func (n Node) Float() float64 {
	if n.n != nil {
		if f, err := strconv.ParseFloat(n.n.GetToken().Value, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
	}
	n.Fault("write a number such as 0.9", "expected a number, found %s", n.kind())
	return 0
}

// Int is a whole number of at least least.
func (n Node) Int(least int) int {
	if n.n != nil {
		if i, err := strconv.Atoi(n.n.GetToken().Value); err == nil && i >= least {
			return i
		}
	}
	n.Fault(fmt.Sprintf("write a whole number of at least %d", least), "expected a whole number, found %s", n.kind())
	return least
}

// Bool is true or false.
func (n Node) Bool() bool {
	if b, ok := n.n.(*ast.BoolNode); ok {
		return b.Value
	}
	n.Fault("write true or false", "expected true or false, found %s", n.kind())
	return false
}

func (n Node) kind() string {
	switch n.n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AliasNode, *ast.AnchorNode:
		return "an anchor or alias, which these files do not use"
	}
	return fmt.Sprintf("%q", n.n.GetToken().Value)
}
