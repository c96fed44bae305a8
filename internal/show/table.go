package show

import (
	"slices"
	"strings"
)

// Column is one column of a table.
type Column struct {
	Title string
	Width int // in columns of the terminal; 0 takes what the others leave
}

// Table lays out rows that come one by one, so its widths are settled beforehand.
type Table struct {
	style   *Style
	columns []Column
}

// NewTable makes a table. The column of width 0 gets the rest of the terminal's width, at least least.
func NewTable(style *Style, least int, columns ...Column) *Table {
	t := &Table{style: style, columns: append([]Column(nil), columns...)}
	rest := style.Width
	for _, c := range columns {
		rest -= c.Width
		if c.Width > 0 {
			rest-- // the space between
		}
	}
	for i, c := range t.columns {
		if c.Width == 0 {
			t.columns[i].Width = max(least, rest)
		}
	}
	return t
}

// Header is the line of titles.
func (t *Table) Header() string {
	cells := make([]Cell, len(t.columns))
	for i, c := range t.columns {
		cells[i] = Cell{Text: c.Title}
	}
	return t.style.Paint(Bold, t.Row(cells...))
}

// Cell is one field of a row. Its text is cleaned and cut to its column.
type Cell struct {
	Text  string
	Look  string // SGR parameters, empty for none
	Spans []Span // marked; excludes Look
}

// Row is one line; spaces at its end are left out.
func (t *Table) Row(cells ...Cell) string {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteByte(' ')
		}
		width := t.columns[i].Width
		var text string
		var columns int
		if len(cell.Spans) > 0 {
			text, columns = t.style.excerpt(cell.Text, cell.Spans, width)
		} else {
			plain := Clean(cell.Text)
			if t.style.TextWidth(plain) > width {
				plain = t.style.cond.Truncate(plain, width, "…")
			}
			text, columns = t.style.Paint(cell.Look, plain), t.style.TextWidth(plain)
		}
		b.WriteString(text)
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", max(0, width-columns)))
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// excerpt gives a line of at most width columns that begins soon enough for the first mark to be seen,
// and how many columns it takes.
func (s *Style) excerpt(text string, spans []Span, width int) (string, int) {
	var all []glyph
	first := -1
	for i, line := range s.glyphs(text, spans) {
		if i > 0 {
			all = append(all, glyph{r: ' '})
		}
		for _, g := range line {
			if g.marked && first < 0 {
				first = len(all)
			}
			all = append(all, g)
		}
	}
	columns := func(from, to int) (n int) {
		for _, g := range all[from:to] {
			n += s.cond.RuneWidth(g.r)
		}
		return n
	}
	ellipsis := s.cond.RuneWidth('…')
	start := 0
	if columns(0, len(all)) > width {
		// A third of the width for what comes before the mark.
		for start < first && columns(start, first) > width/3 {
			start++
		}
	}
	end, used := start, 0
	if start > 0 {
		used = ellipsis
	}
	for end < len(all) {
		w := s.cond.RuneWidth(all[end].r)
		room := width - used - w
		if room < 0 || room < ellipsis && columns(end+1, len(all)) > room {
			break
		}
		used += w
		end++
	}
	cut := all[start:end]
	if start > 0 {
		cut = append([]glyph{{r: '…'}}, cut...)
	}
	if end < len(all) {
		cut = append(slices.Clip(cut), glyph{r: '…'})
	}
	plain := make([]rune, len(cut))
	for i, g := range cut {
		plain[i] = g.r
	}
	// Measured anew: a sequence of code points that shows as one character is narrower than their sum.
	return s.render(cut), s.TextWidth(string(plain))
}

// Len is the number of columns.
func (t *Table) Len() int { return len(t.columns) }
