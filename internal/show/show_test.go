package show

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"ふつうの返信🎉":                  "ふつうの返信🎉",
		"\x1b[2J消えた":               "\ufffd[2J消えた",
		"a\u009b31mb":              "a\ufffd31mb",
		"一行目\n二行目\t三\r\n":          "一行目 二行目 三  ",
		"evil\u202egpj.exe\u2066x": "evil\ufffdgpj.exe\ufffdx",
		"👨‍👩‍👧 か\u3099":            "👨‍👩‍👧 か\u3099",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMark(t *testing.T) {
	plain, colour := NewStyle(false, 0, false), NewStyle(true, 0, false)
	for _, tc := range []struct {
		text          string
		spans         []Span
		plain, colour string
	}{
		{"スマホで稼げる", []Span{{0, 3}}, "【スマホ】で稼げる", "\x1b[1;4;31mスマホ\x1b[0mで稼げる"},
		{"abcdef", []Span{{1, 3}, {2, 4}, {5, 6}}, "a【bcd】e【f】", "a\x1b[1;4;31mbcd\x1b[0me\x1b[1;4;31mf\x1b[0m"},
		{"一\n二三", []Span{{0, 2}}, "【一 】二三", "\x1b[1;4;31m一\x1b[0m 二三"},
		{"短い", []Span{{0, 9}, {-3, 0}}, "【短い】", "\x1b[1;4;31m短い\x1b[0m"},
		{"【拡散希望】今すぐ", []Span{{0, 6}}, "〔【拡散希望】〕今すぐ", "\x1b[1;4;31m【拡散希望】\x1b[0m今すぐ"},
		{"なし", nil, "なし", "なし"},
	} {
		if got := plain.Mark(tc.text, tc.spans); got != tc.plain {
			t.Errorf("Mark(%q) = %q, want %q", tc.text, got, tc.plain)
		}
		if got := colour.Mark(tc.text, tc.spans); got != tc.colour {
			t.Errorf("coloured Mark(%q) = %q, want %q", tc.text, got, tc.colour)
		}
	}
}

func TestBlock(t *testing.T) {
	s := NewStyle(false, 0, false)
	for _, tc := range []struct {
		text  string
		width int
		want  string // lines joined by |
	}{
		{"あいうえおか", 6, "あいう|えおか"},
		{"あいう。えお", 6, "あいう。|えお"}, // no line opens with 。
		{"abcdefgh", 3, "abc|def|gh"},
		{"規則 commercial.side-job, x", 20, "規則 |commercial.side-job,| x"},
		{"あいう「えお」", 8, "あいう|「えお」"}, // no line ends with 「
		{"ああ。。。。。。", 4, "あ|あ。。|。。。|。"},
		{"一行目\r\n二行目\n\n四", 0, "一行目|二行目||四"},
		{"か\u3099き", 2, "か\u3099|き"},
		{"", 10, ""},
	} {
		if got := strings.Join(s.Block(tc.text, nil, tc.width), "|"); got != tc.want {
			t.Errorf("Block(%q, %d) = %q, want %q", tc.text, tc.width, got, tc.want)
		}
	}
	if got := s.Block("あいうえ", []Span{{1, 3}}, 6); strings.Join(got, "|") != "あ【い|う】え" {
		t.Errorf("got %q", got)
	}
}

// TestBlockKeepsText: whatever the text, wrapping loses nothing and lines keep to the width.
func TestBlockKeepsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("あア漢aZ1. 。、「」🎉○\n"))).Draw(t, "text")
		width := rapid.IntRange(2, 20).Draw(t, "width")
		s := NewStyle(false, 0, rapid.Bool().Draw(t, "wide"))
		lines := s.Block(text, nil, width)
		if got, want := strings.Join(lines, ""), strings.ReplaceAll(text, "\n", ""); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
		for _, line := range lines {
			// A character of two columns has to stand somewhere, and a closing mark may hang over.
			if got := s.TextWidth(line); got > max(width, 2)+2 {
				t.Fatalf("%q is %d columns wide, more than %d", line, got, width)
			}
		}
	})
}

func TestTableAligns(t *testing.T) {
	for _, wide := range []bool{false, true} {
		s := NewStyle(false, 60, wide)
		table := NewTable(s, 10, Column{"推奨", 8}, Column{"条項", 6}, Column{"返信", 0}, Column{"規則", 12})
		header := table.Header()
		want := s.TextWidth(header[:strings.Index(header, "規則")])
		if want != 48 {
			t.Errorf("the last column begins at %d:\n%s", want, header)
		}
		for _, reply := range []string{
			"短い", "とても長い返信で、端末の幅にはとうてい収まりきらないものがここに続いています", "ascii only",
			"○●①②③…と※の印", "👨‍👩‍👧と🎉🎉", "か\u3099き\u3099く\u3099", "\x1b[31m赤", "二行\nの返信", "",
		} {
			for _, spans := range [][]Span{nil, {{0, 2}}, {{20, 24}}} {
				row := table.Row(Cell{Text: "ブロック"}, Cell{Text: "7(5)"}, Cell{Text: reply, Spans: spans}, Cell{Text: "RULE"})
				if got := s.TextWidth(row[:strings.Index(row, "RULE")]); got != want {
					t.Errorf("wide %v, %q: RULE at %d, want %d:\n%s\n%s", wide, reply, got, want, header, row)
				}
			}
		}
	}
}

func TestTableShowsTheMark(t *testing.T) {
	s := NewStyle(false, 40, false)
	table := NewTable(s, 10, Column{"返信", 0})
	text := strings.Repeat("前", 60) + "証拠" + strings.Repeat("後", 60)
	row := table.Row(Cell{Text: text, Spans: []Span{{60, 62}}})
	if !strings.Contains(row, "【証拠】") || !strings.HasPrefix(row, "…前") || !strings.HasSuffix(row, "後…") || s.TextWidth(row) > 40 {
		t.Errorf("got %s", row)
	}
	coloured := NewTable(NewStyle(true, 40, false), 10, Column{"推奨", 8}, Column{"返信", 0})
	row = coloured.Row(Cell{Text: "非表示", Look: Yellow}, Cell{Text: "証拠です", Spans: []Span{{0, 2}}})
	if row != "\x1b[33m非表示\x1b[0m   \x1b[1;4;31m証拠\x1b[0mです" {
		t.Errorf("got %q", row)
	}
}

func TestColor(t *testing.T) {
	var b bytes.Buffer
	t.Setenv("NO_COLOR", "1")
	if !Color("always", &b) || Color("never", &b) || Color("auto", &b) {
		t.Error("always, never, auto: wrong")
	}
	if Terminal(&b) {
		t.Error("a buffer is no terminal")
	}
	t.Setenv("COLUMNS", "77")
	if got := Columns(&b); got != 77 {
		t.Errorf("got %d", got)
	}
}

func FuzzBlock(f *testing.F) {
	f.Add("あいう\nabc", 1, 3, 4)
	f.Fuzz(func(t *testing.T, text string, start, end, width int) {
		if len(text) > 1<<12 {
			return
		}
		s := NewStyle(false, 40, false)
		for _, line := range append(s.Block(text, []Span{{start, end}}, width), s.Mark(text, []Span{{start, end}})) {
			for _, r := range line {
				if r < ' ' || r >= 0x7f && r < 0xa0 {
					t.Fatalf("%q holds a control character", line)
				}
			}
		}
		if got, want := utf8.RuneCountInString(Clean(text)), utf8.RuneCountInString(text); got != want {
			t.Fatalf("Clean gives %d code points of %d", got, want)
		}
	})
}
