package delivery

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/kotomori/kotomori/internal/event"
)

var update = flag.Bool("update", false, "write testdata/recorded.golden")

const (
	saitamaX = "1580000000000000001"
	wakoX    = "1580000000000000002"
	wakoPage = "104500000000001"
)

// owners are those of what is recorded in testdata/webhook.
func owners(platform string) Owners {
	switch platform {
	case X:
		return Owners{saitamaX: {"saitama", "SaitamaCvcCoop"}}
	case Facebook:
		return Owners{wakoPage: {"wako", ""}}
	}
	return nil
}

func accountOf(platform string) string {
	if platform == X {
		return "saitama"
	}
	return "wako"
}

func decode(platform, body string) (Contents, error) {
	return Decode(platform, []byte(body), accountOf(platform), owners(platform))
}

// recorded are the bodies of testdata/webhook by file name.
func recorded(tb testing.TB, platform string) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "webhook", platform+"-*.json"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("%d files, %v", len(files), err)
	}
	all := make(map[string][]byte)
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = b
	}
	return all
}

func names(m map[string][]byte) []string {
	var all []string
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// summary is what a delivery became, a line for each thing.
func summary(c Contents, err error) string {
	var b strings.Builder
	if err != nil {
		fmt.Fprintf(&b, "error %v\n", err)
	}
	for _, e := range c.Posts {
		fmt.Fprintf(&b, "post %s %s#%d%s %s %q\n", e.Account, e.ID, e.Revision, flags(e.Deleted, false), date(e.Created), e.Text)
	}
	for _, e := range c.Comments {
		fmt.Fprintf(&b, "comment %s %s#%d%s under %s by %s %s @%s %s %q", e.Account, e.ID, e.Revision, flags(e.Deleted, e.Hidden), e.Post.ID, e.Author.ID, e.Author.Name, e.Author.Handle, date(e.Created), e.Text)
		for _, u := range e.URLs {
			fmt.Fprintf(&b, " %s=%s", u.URL, u.Expanded)
		}
		if e.Post.Text != "" {
			fmt.Fprintf(&b, " post=%.20q…", e.Post.Text)
		}
		b.WriteByte('\n')
	}
	for kind, n := range c.Dropped {
		fmt.Fprintf(&b, "dropped %s %d\n", kind, n)
	}
	for _, k := range c.Kept {
		fmt.Fprintf(&b, "kept %s %s %s: %s\n", k.Kind, k.Err.Reason, k.Err.Field, k.Err.What)
	}
	if c.Revoked {
		b.WriteString("revoked\n")
	}
	lines := strings.SplitAfter(b.String(), "\n")
	if len(c.Dropped) > 1 { // a map
		slices.Sort(lines)
	}
	return strings.Join(lines, "")
}

func flags(deleted, hidden bool) string {
	var s string
	if deleted {
		s += " deleted"
	}
	if hidden {
		s += " hidden"
	}
	return s
}

func date(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02T15:04:05.999Z")
}

// Every recorded delivery becomes what the golden file says.
func TestRecorded(t *testing.T) {
	var b strings.Builder
	for _, platform := range Platforms {
		all := recorded(t, platform)
		for _, name := range names(all) {
			c, err := Decode(platform, all[name], accountOf(platform), owners(platform))
			check(t, c)
			fmt.Fprintf(&b, "== %s\n%s", name, summary(c, err))
		}
	}
	golden := filepath.Join("testdata", "recorded.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, old := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(old)) {
		if g, w := at(got, i), at(old, i); g != w {
			t.Fatalf("line %d:\n%s\nwant\n%s\n(-update writes it)", i+1, g, w)
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// check holds everything that a delivery became to what the stream takes.
func check(tb interface {
	Helper()
	Errorf(string, ...any)
}, c Contents,
) {
	tb.Helper()
	for _, e := range c.Comments {
		r, err := e.Record("webhook", time.Unix(0, 0))
		if err != nil {
			tb.Errorf("%+v: %v", e, err)
			continue
		}
		got, err := event.DecodeComment(r.Value)
		if err != nil {
			tb.Errorf("%s: %v", r.Value, err)
			continue
		}
		again, err := got.Record("webhook", time.Unix(0, 0))
		if err != nil || !bytes.Equal(again.Value, r.Value) || again.ID() != r.ID() || again.Everywhere != r.Everywhere {
			tb.Errorf("%s became %s, %v", r.Value, again.Value, err)
		}
	}
	for _, e := range c.Posts {
		r, err := e.Record("webhook", time.Unix(0, 0))
		if err != nil {
			tb.Errorf("%+v: %v", e, err)
			continue
		}
		got, err := event.DecodePost(r.Value)
		if err != nil {
			tb.Errorf("%s: %v", r.Value, err)
			continue
		}
		again, err := got.Record("webhook", time.Unix(0, 0))
		if err != nil || !bytes.Equal(again.Value, r.Value) || again.ID() != r.ID() {
			tb.Errorf("%s became %s, %v", r.Value, again.Value, err)
		}
	}
	for kind, n := range c.Dropped {
		if !slices.Contains(kinds, kind) || n < 1 {
			tb.Errorf("%d dropped of kind %q", n, kind)
		}
	}
	for _, k := range c.Kept {
		if k.Err == nil || k.Err.Reason == "" || k.Err.What == "" || k.Err.Mend == "" || k.Size == 0 || len(k.Kind) > 128 ||
			(len(k.Body) == 0) != strings.HasSuffix(k.Err.What, "is not kept)") {
			tb.Errorf("kept %q: %+v of %d bytes", k.Kind, k.Err, len(k.Body))
		}
	}
}

var kinds = []string{
	KindDirectMessage, KindLike, KindFollow, KindBlock, KindShare, KindQuote, KindMention, KindReplyToOther, KindOwnComment,
	KindVisitorPost, KindUnpublished, KindProfile, KindNotice, KindOther,
}

// ids are the identities of what a delivery became, as the stream tells repeats.
func ids(c Contents) []string {
	var all []string
	for _, e := range c.Comments {
		r, _ := e.Record("webhook", time.Time{})
		all = append(all, r.ID()+" "+string(r.Key)+" "+string(r.Value))
	}
	for _, e := range c.Posts {
		r, _ := e.Record("webhook", time.Time{})
		all = append(all, r.ID()+" "+string(r.Key)+" "+string(r.Value))
	}
	return all
}

// Whatever the order and however often, deliveries become the same set of events, each read the same every time.
func TestAnyOrder(t *testing.T) {
	for _, platform := range Platforms {
		all := recorded(t, platform)
		want := make(map[string]bool)
		of := make(map[string]string)
		for name, body := range all {
			c, err := Decode(platform, body, accountOf(platform), owners(platform))
			of[name] = summary(c, err)
			for _, id := range ids(c) {
				want[id] = true
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			order := rapid.Permutation(names(all)).Draw(t, "order")
			order = append(order, rapid.SliceOf(rapid.SampledFrom(order)).Draw(t, "again")...)
			got := make(map[string]bool)
			for _, name := range order {
				c, err := Decode(platform, all[name], accountOf(platform), owners(platform))
				if s := summary(c, err); s != of[name] {
					t.Fatalf("%s: %s, before %s", name, s, of[name])
				}
				for _, id := range ids(c) {
					got[id] = true
				}
			}
			if len(got) != len(want) {
				t.Fatalf("%d events, want %d", len(got), len(want))
			}
		})
	}
}

// What differs has another identity: the stream would take it for a repeat else. The same reply by two ways of X is one.
func TestIdentities(t *testing.T) {
	for _, platform := range Platforms {
		seen := make(map[string]string)
		for name, body := range recorded(t, platform) {
			c, _ := Decode(platform, body, accountOf(platform), owners(platform))
			for _, e := range c.Comments {
				r, err := e.Record("webhook", time.Time{})
				if err != nil {
					t.Fatal(err)
				}
				said := fmt.Sprint(e.Text, e.Gone(), e.Author.ID, e.Post.ID)
				if before, ok := seen[r.ID()]; ok && before != said && platform != Facebook {
					t.Errorf("%s: %s says %s, and %s", name, r.ID(), said, before)
				}
				seen[r.ID()] = said
			}
		}
	}
}

// JSON with the same meaning is read the same: escapes, spaces, the order of keys.
func TestSpellingDoesNotMatter(t *testing.T) {
	for _, platform := range Platforms {
		for name, body := range recorded(t, platform) {
			d := json.NewDecoder(bytes.NewReader(body))
			d.UseNumber()
			var v any
			if err := d.Decode(&v); err != nil {
				t.Fatal(err)
			}
			other, err := json.MarshalIndent(v, "", "\t")
			if err != nil {
				t.Fatal(err)
			}
			want := summary(Decode(platform, body, accountOf(platform), owners(platform)))
			if got := summary(Decode(platform, append(other, '\n'), accountOf(platform), owners(platform))); got != want {
				t.Errorf("%s: %s\nwant %s", name, got, want)
			}
		}
	}
}

// What is no JSON object is refused, with the reason, and quickly.
func TestImplausible(t *testing.T) {
	deep := func(n int) string {
		return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`
	}
	for _, tt := range []struct {
		name, body string
		reason     event.Reason
		what       string
	}{
		{"empty", "", event.ReasonJSON, "empty"},
		{"spaces", " \r\n\t", event.ReasonJSON, "empty"},
		{"null", "null", event.ReasonJSON, "no JSON object"},
		{"array", `[{"type":"a"}]`, event.ReasonJSON, "no JSON object"},
		{"form", "payload=%7B%7D", event.ReasonJSON, "no JSON object"},
		{"cut", `{"data":{"id":"1"`, event.ReasonJSON, "broken"},
		{"two", `{} {}`, event.ReasonJSON, "broken at byte 4"},
		{"comma", `{"a":1,}`, event.ReasonJSON, "broken"},
		{"not UTF-8", "{\"a\":\"\xff\"}", event.ReasonEncoding, "UTF-8"},
		{"BOM", "\ufeff{}", event.ReasonJSON, "no JSON object"},
		{"deep arrays", deep(maxDepth), event.ReasonJSON, "deeper"},
		{"deep objects", strings.Repeat(`{"a":`, 1<<17), event.ReasonJSON, "deeper"},
		{"a megabyte of brackets", "{\"a\":" + strings.Repeat("[", 1<<20), event.ReasonJSON, "deeper"},
		{"brackets in a string", `{"a":"` + strings.Repeat(`[{\"`, 100) + `"`, event.ReasonJSON, "broken"},
	} {
		for _, platform := range Platforms {
			begin := time.Now()
			c, err := decode(platform, tt.body)
			e, ok := errors.AsType[*event.Error](err)
			if !ok || e.Reason != tt.reason || !strings.Contains(e.Error(), tt.what) || e.Mend == "" {
				t.Errorf("%s, %s: %v", tt.name, platform, err)
			}
			if len(ids(c)) > 0 || len(c.Kept) > 0 {
				t.Errorf("%s, %s: %+v", tt.name, platform, c)
			}
			if took := time.Since(begin); took > 30*time.Second { // hangs
				t.Errorf("%s took %v", tt.name, took)
			}
		}
	}
	// As deep as it may be: read, and found not to be what is wanted.
	if _, err := decode(Blog, deep(maxDepth-1)); err == nil || !strings.Contains(err.Error(), "type") {
		t.Errorf("got %v", err)
	}
	if _, err := Decode("instagram", []byte(`{}`), "wako", nil); err == nil {
		t.Error("no error for a platform that does not exist")
	}
}

// What an error says never holds what the body said.
func TestErrorsQuoteNothing(t *testing.T) {
	for platform, bodies := range map[string][]string{
		X: {
			`{"ひみつ" "ひみつ"}`,
			`{"data":"ひみつ"}`,
			`{"data":{"id":["ひみつ"]}}`,
			`{"data":{"id":"1","text":"ひみつ"}}`,
			`{"for_user_id":"` + saitamaX + `","tweet_create_events":["ひみつ"]}`,
			`{"for_user_id":"` + saitamaX + `","ひみつ":["ひみつ"]}`,
			`{"for_user_id":"` + saitamaX + `","tweet_create_events":[{"id_str":"ひ\nみつ","text":"ひみつ","user":{"id_str":"ひみつ"},"in_reply_to_user_id_str":"` + saitamaX + `","in_reply_to_status_id_str":"9"}]}`,
			`{"data":{"event_type":"ひみつ","filter":{"user_id":"ひみつ"}}}`,
		},
		Facebook: {
			`{"object":"ひみつ"}`,
			`{"object":"page","entry":["ひみつ"]}`,
			facebook(`{"item":"comment","verb":"ひみつ","comment_id":"1","post_id":"2","message":"ひみつ"}`),
			facebook(`{"item":"ひみつ","message":"ひみつ"}`),
			facebook(`{"item":"comment","verb":"add","comment_id":"ひ\u0007","post_id":"2","message":"ひみつ"}`),
			facebook(`{"item":"comment","verb":"add","comment_id":{"ひみつ":1},"post_id":"2"}`),
			facebook(`{"item":"comment","verb":"add","comment_id":"1","post_id":"2","created_time":"ひみつ"}`),
		},
		Blog: {
			`{"type":"ひみつ","timestamp":"2026-11-03T09:30:00Z","data":{}}`,
			`{"type":"comment.created","timestamp":"ひみつ","data":{}}`,
			`{"type":"comment.created","timestamp":"2026-11-03T09:30:00Z","data":"ひみつ"}`,
			`{"type":"comment.created","timestamp":"2026-11-03T09:30:00Z","data":{"comment":{"id":"ひ\u0001","text":"ひみつ","created":"ひみつ"},"post":{"id":"1"}}}`,
		},
	} {
		for _, body := range bodies {
			c, err := decode(platform, body)
			for _, k := range c.Kept {
				err = errors.Join(err, k.Err, errors.New(k.Kind))
			}
			if err != nil && strings.ContainsAny(err.Error(), "ひみつ") {
				t.Errorf("%s: %v", body, err)
			}
			if err == nil && len(ids(c)) == 0 {
				t.Errorf("%s: nothing: %+v", body, c)
			}
		}
	}
}

// Times that JSON or a calendar cannot hold are a fault of a named field, not of this program.
func TestOddTimes(t *testing.T) {
	for _, tt := range []struct{ platform, body string }{
		{Facebook, `{"object":"page","entry":[{"id":"` + wakoPage + `","time":9007199254740991,"changes":[{"field":"feed","value":{"item":"comment","verb":"edited","comment_id":"1_2","post_id":"1_1","message":"a"}}]}]}`},
		{Facebook, `{"object":"page","entry":[{"id":"` + wakoPage + `","time":-5,"changes":[{"field":"feed","value":{"item":"comment","verb":"edited","comment_id":"1_2","post_id":"1_1","message":"a"}}]}]}`},
		{Facebook, `{"object":"page","entry":[{"id":"` + wakoPage + `","time":1e400,"changes":[{"field":"feed","value":{"item":"comment","verb":"edited","comment_id":"1_2","post_id":"1_1","message":"a"}}]}]}`},
		{Facebook, facebook(`{"item":"comment","verb":"add","comment_id":"1_2","post_id":"1_1","message":"a","created_time":9007199254740991}`)},
		{Blog, `{"type":"comment.created","timestamp":"2026-11-03T09:30:00+24:00","data":{"comment":{"id":"1","text":"a"},"post":{"id":"1"}}}`},
		{Blog, `{"type":"comment.created","timestamp":"2026-11-03T09:30:00Z","data":{"comment":{"id":"1","text":"a","created":"2026-11-03T09:30:00+24:00"},"post":{"id":"1"}}}`},
		{X, `{"data":{"id":"1","author_id":"2","text":"a","created_at":"2026-11-03T09:30:00+24:00","in_reply_to_user_id":"` + saitamaX + `","referenced_tweets":[{"type":"replied_to","id":"9"}]}}`},
	} {
		c, err := decode(tt.platform, tt.body)
		check(t, c)
		for _, k := range c.Kept {
			err = errors.Join(err, k.Err)
		}
		if e, ok := errors.AsType[*event.Error](err); ok && (e.Reason == event.ReasonInternal || e.Field == "") {
			t.Errorf("%s: %v", tt.body, err)
		}
		if err == nil && len(c.Comments) != 1 {
			t.Errorf("%s: %+v", tt.body, c)
		}
	}
}

func TestCleanKind(t *testing.T) {
	for in, want := range map[string]string{
		"activity/post.create":              "activity/post.create",
		"account/あ\n \"x":                   "account/____x",
		strings.Repeat("a", 200):            strings.Repeat("a", 128),
		"A-Z_9/\u202e" + string(rune(0x7f)): "A-Z_9/__",
	} {
		if got := cleanKind(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// The JSON Schema takes what is recorded, and refuses what the decoder refuses for a missing or mistyped field.
func TestSchema(t *testing.T) {
	b, err := Schemas.ReadFile("schema/blog.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("blog", doc); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("blog")
	if err != nil {
		t.Fatal(err)
	}
	validate := func(body []byte) error {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return s.Validate(v)
	}
	for name, body := range recorded(t, Blog) {
		err := validate(body)
		if unknown := name == "blog-unknown"; unknown != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, tt := range badBlog {
		if tt.schema && validate([]byte(tt.body)) == nil {
			t.Errorf("%s: the schema takes it", tt.name)
		}
	}
	for _, tt := range goodBlog {
		if err := validate([]byte(tt.body)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
