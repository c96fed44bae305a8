// Package show lays out text for people: colour, marked evidence, wrapping and tables by the width
// that East Asian characters take on a terminal, and nothing that a reply could do to that terminal.
package show

import (
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// Style is how to lay out on one output.
type Style struct {
	Color bool
	Width int // columns of the terminal; 0 means no limit
	cond  runewidth.Condition
}

// NewStyle makes a style. wide says that the terminal shows characters of ambiguous width, such as ○
// and ①, in two columns.
func NewStyle(color bool, width int, wide bool) *Style {
	s := &Style{Color: color, Width: width}
	s.cond = *runewidth.NewCondition()
	s.cond.EastAsianWidth = wide
	return s
}

// Terminal says whether a reader or writer is a terminal.
func Terminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Columns is the width of the terminal w, or 0 where it has none. The variable COLUMNS overrides it.
func Columns(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil {
			return n
		}
	}
	return 0
}

// Color decides whether to colour what goes to w: when is "always", "never" or "auto", which colours on
// a terminal unless NO_COLOR is set (https://no-color.org) or the terminal is dumb.
func Color(when string, w io.Writer) bool {
	switch when {
	case "always":
		return true
	case "never":
		return false
	}
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && Terminal(w) && ansi(w)
}

// The looks of a stretch, as SGR parameters.
const (
	Bold   = "1"
	Faint  = "2"
	Red    = "31"
	Yellow = "33"
	Cyan   = "36"
	mark   = "1;4;31"
)

// Paint gives s that look, where there is colour.
func (s *Style) Paint(look, text string) string {
	if !s.Color || look == "" || text == "" {
		return text
	}
	return "\x1b[" + look + "m" + text + "\x1b[0m"
}

// TextWidth is how many columns text takes.
func (s *Style) TextWidth(text string) int { return s.cond.StringWidth(text) }

// Pad fills text with spaces up to width columns, or cuts it there with an ….
func (s *Style) Pad(text string, width int) string {
	if s.cond.StringWidth(text) > width {
		text = s.cond.Truncate(text, width, "…")
	}
	return text + strings.Repeat(" ", max(0, width-s.cond.StringWidth(text)))
}

// Clean replaces what would act on a terminal instead of showing: control characters, of which a
// reply may hold escape sequences, and characters that turn the reading direction of what follows.
// Line breaks and tabs become a space. The result has as many code points as text.
func Clean(text string) string { return strings.Map(clean, text) }

func clean(r rune) rune {
	switch {
	case breaks(r), r == '\t', r == '\r':
		return ' '
	case r < ' ', r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return '\ufffd'
	}
	return r
}

func breaks(r rune) bool { return r == '\n' || r == '\u2028' || r == '\u2029' || r == '\u0085' }

// Span is a stretch of a text in code points, half open.
type Span struct{ Start, End int }

// A glyph is a code point of a text that is being laid out.
type glyph struct {
	r      rune
	marked bool
}

// glyphs cuts text into lines of cleaned code points, the spans marked: by the look where there is
// colour, else by 【】, or by 〔〕 where the text itself has such brackets.
func (s *Style) glyphs(text string, spans []Span) [][]glyph {
	runes := []rune(text)
	marked := make([]bool, len(runes)+1)
	for _, span := range spans {
		for i := max(0, span.Start); i < min(span.End, len(runes)); i++ {
			marked[i] = true
		}
	}
	open, end := '【', '】'
	if strings.ContainsAny(text, "【】") {
		open, end = '〔', '〕'
	}
	var lines [][]glyph
	var line []glyph
	for i, r := range runes {
		if !s.Color && marked[i] && (i == 0 || !marked[i-1]) {
			line = append(line, glyph{open, true})
		}
		if breaks(r) {
			lines, line = append(lines, line), nil
		} else if r != '\r' {
			line = append(line, glyph{clean(r), marked[i]})
		}
		if !s.Color && marked[i] && !marked[i+1] {
			line = append(line, glyph{end, true})
		}
	}
	return append(lines, line)
}

// render writes a line of glyphs.
func (s *Style) render(line []glyph) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		j := i
		for j < len(line) && line[j].marked == line[i].marked {
			j++
		}
		var run strings.Builder
		for _, g := range line[i:j] {
			run.WriteRune(g.r)
		}
		if line[i].marked {
			b.WriteString(s.Paint(mark, run.String()))
		} else {
			b.WriteString(run.String())
		}
		i = j
	}
	return b.String()
}

// Mark gives text on one line, cleaned, with the spans marked.
func (s *Style) Mark(text string, spans []Span) string {
	var all []glyph
	for i, line := range s.glyphs(text, spans) {
		if i > 0 {
			all = append(all, glyph{r: ' '})
		}
		all = append(all, line...)
	}
	return s.render(all)
}

// Block gives text as lines that fit into width columns (no limit where it is 0), with the spans marked.
// It breaks between any two characters, as Japanese does, but not within a Latin word that fits, not before a
// closing mark, which may hang over the edge by two columns, and not after an opening one.
func (s *Style) Block(text string, spans []Span, width int) []string {
	var out []string
	for _, line := range s.glyphs(text, spans) {
		start, columns := 0, 0
		for i, g := range line {
			w := s.cond.RuneWidth(g.r)
			for width > 0 && i > start && columns+w > width {
				if w == 0 || line[i-1].r == '\u200d' || strings.ContainsRune(closing, g.r) && columns+w <= width+2 {
					break
				}
				end := breakpoint(line, start, i)
				out = append(out, s.render(line[start:end]))
				start, columns = end, s.columns(line[end:i])
			}
			columns += w
		}
		out = append(out, s.render(line[start:]))
	}
	return out
}

func (s *Style) columns(line []glyph) (n int) {
	for _, g := range line {
		n += s.cond.RuneWidth(g.r)
	}
	return n
}

// breakpoint is where to break a line that begins at start and has no room for the glyph at i: there, or better before.
func breakpoint(line []glyph, start, i int) int {
	for at := i; at > start; at-- {
		before, after := line[at-1].r, line[at].r
		if !strings.ContainsRune(opening, before) && !strings.ContainsRune(closing, after) && !(latin(before) && latin(after)) {
			return at
		}
	}
	return i
}

func latin(r rune) bool {
	return r > ' ' && r < 0x7f && !strings.ContainsRune("/?&=", r) // a URL may break there
}

const (
	closing = "、。，．・！？!?,.)）」』】〕》〉ーぁぃぅぇぉっゃゅょァィゥェォッャュョ…"
	opening = "(（「『【〔《〈"
)
