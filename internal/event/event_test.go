package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/rules"
)

var at = time.Date(2026, 11, 3, 9, 30, 0, 123e6, time.UTC)

func schema(tb testing.TB, name string) *jsonschema.Schema {
	tb.Helper()
	b, err := Schemas.ReadFile("schema/" + name + ".json")
	if err != nil {
		tb.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		tb.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		tb.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func validate(tb testing.TB, s *jsonschema.Schema, value []byte) error {
	tb.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		tb.Fatalf("%s: %v", value, err)
	}
	return s.Validate(v)
}

func comment() Comment {
	return Comment{
		Comment: classifier.Comment{
			ID: "1790001", Account: "saitama", Platform: "x", Text: "素敵な<企画>ですね & 楽しみ",
			Post:   classifier.Post{ID: "88/1", Text: "防災講座を開きます"},
			Author: classifier.Author{ID: "u1", Name: "みどり", Handle: "midori"},
		},
		Revision: 2, URLs: []URL{{"https://t.example/a", "https://kouza.example/1"}}, Created: at, Received: at,
	}
}

func recommendation() Recommendation {
	c := comment()
	return Recommendation{
		ID: RecommendationID(c.CommentKey(), c.Revision, "abc"), CommentID: c.ID, Revision: c.Revision,
		Account: c.Account, Platform: c.Platform, Post: c.Post, Status: Open, Action: rules.Hide,
		Findings: []classifier.Finding{{
			Category: "commercial", Clause: "7(5)", Confidence: 0.9, Reason: "宣伝のため",
			Evidence: []classifier.Evidence{{Start: 0, End: 2, Text: "素敵", Rule: "commercial.x"}},
		}},
		Policy: "saitama", Ruleset: "abc", Text: c.Text, Abstained: []string{"off-topic"},
		Author: Author{Pseudonym: strings.Repeat("0a", 16)}, Commented: at, Recommended: at,
	}
}

// Everything that is written fits its schema and comes back as it was.
func TestRoundTrip(t *testing.T) {
	c, r := comment(), recommendation()
	gone := Comment{Comment: classifier.Comment{ID: "9", Account: "wako", Platform: "blog"}, Revision: 1, Deleted: true}
	withdrawn := Recommendation{
		ID: r.ID, CommentID: "9", Revision: 3, Account: "wako", Platform: "blog", Status: Withdrawn, Why: Deleted,
		Recommended: at,
	}
	post := Post{ID: "88/1", Account: "saitama", Platform: "x", Text: "防災講座", Created: at}
	decision := Decision{RecommendationID: r.ID, Action: rules.Delete, Clause: "7(5)", By: "sato", Note: "確認済み", Decided: at}
	letter := DeadLetter{
		Topic: TopicComments, Partition: 3, Offset: 17, RecordKey: []byte("k"), Value: []byte{0xff}, Size: 1,
		Reason: ReasonEncoding, Error: "is not UTF-8", Failed: at,
	}
	empty := DeadLetter{Topic: TopicComments, Reason: ReasonJSON, Error: "is empty", Failed: at}

	for _, tt := range []struct {
		name, schema, topic, key, ceID string
		record                         func() (Record, error)
		decode                         func([]byte) (any, error)
		want                           any
	}{
		{
			"comment", "comment", TopicComments, "x/saitama/88/1", "x/saitama/1790001#2",
			func() (Record, error) { return c.Record("feed", at) }, as(DecodeComment), with(c, func(v *Comment) { v.Schema = Version }),
		},
		{
			"deleted comment without a post", "comment", TopicComments, "blog/wako/9", "blog/wako/9#1-deleted",
			func() (Record, error) { return gone.Record("feed", at) }, as(DecodeComment), with(gone, func(v *Comment) { v.Schema = Version }),
		},
		{
			"post", "post", TopicPosts, "x/saitama/88/1", "",
			func() (Record, error) { return post.Record("feed", at) }, as(DecodePost), with(post, func(v *Post) { v.Schema = Version }),
		},
		{
			"recommendation", "recommendation", TopicRecommendations, "x/saitama/1790001", r.ID + "-2-open",
			func() (Record, error) { return r.Record("worker") }, as(DecodeRecommendation), with(r, func(v *Recommendation) { v.Schema = Version }),
		},
		{
			"withdrawal", "recommendation", TopicRecommendations, "blog/wako/9", r.ID + "-3-withdrawn",
			func() (Record, error) { return withdrawn.Record("worker") }, as(DecodeRecommendation),
			with(withdrawn, func(v *Recommendation) { v.Schema, v.Findings = Version, []classifier.Finding{} }),
		},
		{
			"decision", "decision", TopicDecisions, r.ID, "",
			func() (Record, error) { return decision.Record("console") }, as(DecodeDecision), with(decision, func(v *Decision) { v.Schema = Version }),
		},
		{
			"dead letter", "dead-letter", TopicDeadLetter, "kotomori.comments/3/17", "kotomori.comments/3/17",
			func() (Record, error) { return letter.Record("worker") }, as(DecodeDeadLetter), with(letter, func(v *DeadLetter) { v.Schema = Version }),
		},
		{
			"dead letter of a record without key and value", "dead-letter", TopicDeadLetter, "kotomori.comments/0/0", "",
			func() (Record, error) { return empty.Record("worker") }, as(DecodeDeadLetter), with(empty, func(v *DeadLetter) { v.Schema = Version }),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec, err := tt.record()
			if err != nil {
				t.Fatal(err)
			}
			if rec.Topic != tt.topic || string(rec.Key) != tt.key {
				t.Errorf("topic %s, key %s; want %s, %s", rec.Topic, rec.Key, tt.topic, tt.key)
			}
			if err := validate(t, schema(t, tt.schema), rec.Value); err != nil {
				t.Errorf("%s\n%v", rec.Value, err)
			}
			got, err := tt.decode(rec.Value)
			if err != nil {
				t.Fatal(err)
			}
			if g, w := toJSON(t, got), toJSON(t, tt.want); g != w {
				t.Errorf("decoded %s\nwant    %s", g, w)
			}
			h := map[string]string{}
			for _, x := range rec.Headers {
				h[x.Key] = string(x.Value)
			}
			if h["ce_specversion"] != "1.0" || h["content-type"] != "application/json" ||
				h["ce_time"] != "2026-11-03T09:30:00.123Z" || !strings.HasPrefix(h["ce_source"], "/kotomori/") ||
				h["ce_type"] != "com.github.kotomori."+tt.schema || h["ce_id"] == "" || tt.ceID != "" && h["ce_id"] != tt.ceID {
				t.Errorf("headers %v", h)
			}
			if len(h) != 6 {
				t.Errorf("%d headers", len(h))
			}
		})
	}
}

func as[T any](f func([]byte) (T, error)) func([]byte) (any, error) {
	return func(b []byte) (any, error) { return f(b) }
}

func with[T any](v T, f func(*T)) T {
	f(&v)
	return v
}

func toJSON(tb testing.TB, v any) string {
	tb.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// Bad comments are refused by the decoder, with field and reason, and (where a schema can tell) by the schema too.
func TestBadComments(t *testing.T) {
	s := schema(t, "comment")
	head := `"schema":"1.0","id":"1","account":"saitama","platform":"x","revision":1,`
	for _, tt := range []struct {
		name, value string
		reason      Reason
		field       string
	}{
		{"empty", ``, ReasonJSON, ""},
		{"spaces", " \n", ReasonJSON, ""},
		{"null", `null`, ReasonJSON, ""},
		{"array", `[{}]`, ReasonJSON, ""},
		{"cut", `{` + head + `"text":"か`, ReasonJSON, ""},
		{"two objects", `{` + head + `"text":"a"}{}`, ReasonJSON, ""},
		{"not UTF-8", "{" + head + "\"text\":\"\xff\"}", ReasonEncoding, ""},
		{"no schema", `{"id":"1","account":"saitama","platform":"x","revision":1,"text":"a"}`, ReasonSchema, "schema"},
		{"schema a number", `{"schema":1,"id":"1","account":"saitama","platform":"x","revision":1,"text":"a"}`, ReasonSchema, "schema"},
		{"schema no version", `{"schema":"one","id":"1","account":"saitama","platform":"x","revision":1,"text":"a"}`, ReasonSchema, "schema"},
		{"newer schema, other types", `{"schema":"2.0","id":1,"revision":"a"}`, ReasonSchema, "schema"},
		{"no id", `{"schema":"1.0","account":"saitama","platform":"x","revision":1,"text":"a"}`, ReasonField, "id"},
		{"empty id", `{"schema":"1.0","id":"","account":"saitama","platform":"x","revision":1,"text":"a"}`, ReasonField, "id"},
		{"id a number", `{"schema":"1.0","id":7,"account":"saitama","platform":"x","revision":1,"text":"a"}`, ReasonField, "id"},
		{"id with a line break", `{"schema":"1.0","id":"a\nb","account":"saitama","platform":"x","revision":1,"text":"a"}`, ReasonField, "id"},
		{"id too long", `{"schema":"1.0","id":"` + strings.Repeat("9", 257) + `","account":"saitama","platform":"x","revision":1,"text":"a"}`, ReasonSize, "id"},
		{"no account", `{"schema":"1.0","id":"1","platform":"x","revision":1,"text":"a"}`, ReasonField, "account"},
		{"account with a slash", `{"schema":"1.0","id":"1","account":"a/b","platform":"x","revision":1,"text":"a"}`, ReasonField, "account"},
		{"no platform", `{"schema":"1.0","id":"1","account":"saitama","revision":1,"text":"a"}`, ReasonField, "platform"},
		{"no text", `{` + head + `"deleted":false}`, ReasonField, "text"},
		{"null text", `{` + head + `"text":null}`, ReasonField, "text"},
		{"text an object", `{` + head + `"text":{}}`, ReasonField, "text"},
		{"text too long", `{` + head + `"text":"` + strings.Repeat("a", MaxText+1) + `"}`, ReasonSize, "text"},
		{"no revision", `{"schema":"1.0","id":"1","account":"saitama","platform":"x","text":"a"}`, ReasonField, "revision"},
		{"revision 0", `{"schema":"1.0","id":"1","account":"saitama","platform":"x","revision":0,"text":"a"}`, ReasonField, "revision"},
		{"revision 1.5", `{"schema":"1.0","id":"1","account":"saitama","platform":"x","revision":1.5,"text":"a"}`, ReasonField, "revision"},
		{"deleted a string", `{` + head + `"text":"a","deleted":"yes"}`, ReasonField, "deleted"},
		{"post a string", `{` + head + `"text":"a","post":"b"}`, ReasonField, "post"},
		{"post id a number", `{` + head + `"text":"a","post":{"id":5}}`, ReasonField, "post.id"},
		{"author name too long", `{` + head + `"text":"a","author":{"name":"` + strings.Repeat("a", MaxName+1) + `"}}`, ReasonSize, "author.name"},
		{"urls an object", `{` + head + `"text":"a","urls":{}}`, ReasonField, "urls"},
		{"created no time", `{` + head + `"text":"a","created":"yesterday"}`, ReasonField, "created"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := DecodeComment([]byte(tt.value))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error is %v", err)
			}
			if e.Reason != tt.reason || e.Field != tt.field || e.What == "" || e.Mend == "" {
				t.Errorf("got %+v, want reason %s, field %q", e, tt.reason, tt.field)
			}
			if json.Valid([]byte(tt.value)) && tt.reason != ReasonEncoding {
				if err := validate(t, s, []byte(tt.value)); err == nil {
					t.Errorf("the schema takes it")
				}
			}
		})
	}
}

// What an error says never holds what the comment said.
func TestErrorsQuoteNothing(t *testing.T) {
	for _, value := range []string{
		`{"schema":"1.0","id":"1","account":"ひみつ","platform":"x","revision":1,"text":"ひみつ"}`,
		`{"schema":"ひみつ","id":"1"}`,
		`{"schema":"1.0","id":["ひみつ"]}`,
		`{"schema":"1.0","id":"1","account":"saitama","platform":"x","revision":1,"text":"ひみつ","created":"ひみつ"}`,
		`{"ひみつ" "ひみつ"}`,
	} {
		_, err := DecodeComment([]byte(value))
		if err == nil || strings.ContainsAny(err.Error(), "ひみつ") {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestUnknownFieldsAreIgnored(t *testing.T) {
	value := `{"schema":"1.7","id":"1","account":"saitama","platform":"x","revision":1,"text":"a","mood":{"x":[1]},"post":{"likes":3}}`
	c, err := DecodeComment([]byte(value))
	if err != nil {
		t.Fatal(err)
	}
	if c.Text != "a" || c.Schema != Version {
		t.Errorf("%+v", c)
	}
	if err := validate(t, schema(t, "comment"), []byte(value)); err != nil {
		t.Error(err)
	}
}

func TestParse(t *testing.T) {
	c, err := ParseComment([]byte(`{"id":"5","text":"よい"}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Account != "saitama" || c.Platform != "x" || c.Revision != 1 || c.Schema != Version || c.Key() != "x/saitama/5" {
		t.Errorf("%+v", c)
	}
	if c, err := DecodeComment([]byte(`{"schema":"1.0","id":"5","account":"wako","platform":"blog","deleted":true}`)); err != nil || c.Revision != MaxRevision {
		t.Errorf("deletion without a revision: %+v, %v", c, err)
	}
	var e *Error
	if _, err := ParseComment([]byte(`{"text":"よい"}`)); !errors.As(err, &e) || e.Field != "id" {
		t.Errorf("without id: %v", err)
	}
	if _, err := ParseComment([]byte(`{"schema":"3.0","id":"5","text":"よい"}`)); !errors.As(err, &e) || e.Reason != ReasonSchema {
		t.Errorf("newer schema: %v", err)
	}
	p, err := ParsePost([]byte(`{"id":"5","text":"お知らせ"}`))
	if err != nil || p.Key() != "x/saitama/5" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := ParsePost([]byte(`{"id":"5"}`)); !errors.As(err, &e) || e.Field != "text" {
		t.Errorf("post without text: %v", err)
	}
}

func TestBadOthers(t *testing.T) {
	r, err := recommendation().Record("worker")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		schema   string
		from, to string
		decode   func([]byte) (any, error) // nil: only the schema can tell
	}{
		{"recommendation", `"status":"open"`, `"status":"perhaps"`, as(DecodeRecommendation)},
		{"recommendation", `"action":"hide"`, `"action":"shout"`, as(DecodeRecommendation)},
		{"recommendation", `"comment_id":"1790001"`, `"comment_id":""`, as(DecodeRecommendation)},
		{"recommendation", `"revision":2`, `"revision":-2`, as(DecodeRecommendation)},
		{"recommendation", `"schema":"` + Version + `"`, `"schema":"2.0"`, as(DecodeRecommendation)},
		{"recommendation", `"action":"hide"`, `"action":"none"`, nil},
		{"recommendation", `"author":{`, `"author":{"id":"u1",`, nil},
		{"recommendation", `"status":"open"`, `"status":"open","why":"edited"`, nil},
		{"recommendation", `"status":"open"`, `"status":"withdrawn"`, nil},
	} {
		bad := bytes.Replace(r.Value, []byte(tt.from), []byte(tt.to), 1)
		if bytes.Equal(bad, r.Value) {
			t.Fatalf("%s is not in %s", tt.from, r.Value)
		}
		if err := validate(t, schema(t, tt.schema), bad); err == nil {
			t.Errorf("%s: the schema takes it", tt.to)
		}
		if tt.decode == nil {
			continue
		}
		var e *Error
		if _, err := tt.decode(bad); !errors.As(err, &e) {
			t.Errorf("%s: %v", tt.to, err)
		}
	}
	for _, value := range []string{`{"schema":"1.0"}`, `{}`, `{"schema":"2.0"}`, `x`} {
		for name, decode := range map[string]func([]byte) (any, error){
			"post": as(DecodePost), "decision": as(DecodeDecision), "dead-letter": as(DecodeDeadLetter),
		} {
			var e *Error
			if _, err := decode([]byte(value)); !errors.As(err, &e) {
				t.Errorf("%s %s: %v", name, value, err)
			}
		}
	}
}

func TestRecommendationID(t *testing.T) {
	id := RecommendationID("x/saitama/1", 1, "abc")
	if len(id) != 32 {
		t.Errorf("id %s", id)
	}
	for _, other := range []string{
		RecommendationID("x/saitama/2", 1, "abc"), RecommendationID("x/saitama/1", 2, "abc"),
		RecommendationID("x/saitama/1", 1, "abd"), RecommendationID("x/saitama/", 11, "abc"),
	} {
		if other == id {
			t.Errorf("%s twice", id)
		}
	}
}

func TestPseudonyms(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "pseudonym.key")
	p, err := LoadPseudonyms(path)
	if err != nil {
		t.Fatal(err)
	}
	q, err := LoadPseudonyms(path)
	if err != nil {
		t.Fatal(err)
	}
	a := p.Of("x", "u1")
	if len(a) != 32 || a != q.Of("x", "u1") {
		t.Errorf("%q and %q: the key was not kept", a, q.Of("x", "u1"))
	}
	if a == p.Of("x", "u2") || a == p.Of("facebook", "u1") {
		t.Error("two authors with one pseudonym")
	}
	if p.Of("x", "") != "" || (*Pseudonyms)(nil).Of("x", "u1") != "" {
		t.Error("a pseudonym for nobody")
	}
	other, err := LoadPseudonyms(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	if other.Of("x", "u1") == a {
		t.Error("the key does not matter")
	}
	for _, content := range []string{"", "zz", "00ff"} {
		bad := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(bad, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadPseudonyms(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("key %q: %v", content, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v: others can read the key", info.Mode(), err)
	}
}

// Decoding never panics, and what it takes goes back and forth unchanged and fits the schema.
func TestDecodeProperty(t *testing.T) {
	s := schema(t, "comment")
	rapid.Check(t, func(t *rapid.T) {
		c := Comment{
			Comment: classifier.Comment{
				ID:      rapid.StringMatching(`[^\pC\n]{1,40}`).Draw(t, "id"),
				Account: rapid.StringMatching(`[a-z0-9-]{1,20}`).Draw(t, "account"), Platform: rapid.SampledFrom([]string{"x", "facebook", "blog"}).Draw(t, "platform"),
				Text: strings.ToValidUTF8(rapid.String().Draw(t, "text"), "?"),
				Post: classifier.Post{ID: rapid.StringMatching(`[^\pC\n]{0,40}`).Draw(t, "post")},
			},
			Revision: rapid.IntRange(1, MaxRevision).Draw(t, "revision"), Deleted: rapid.Bool().Draw(t, "deleted"),
		}
		r, err := c.Record("feed", at)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeComment(r.Value)
		if err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		c.Schema = Version
		if a, _ := json.Marshal(c); !bytes.Equal(a, must(json.Marshal(got))) {
			t.Errorf("%s became %s", a, must(json.Marshal(got)))
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(r.Value))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", r.Value, err)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func FuzzDecodeComment(f *testing.F) {
	r, err := comment().Record("feed", at)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.Value)
	f.Add([]byte(`{"schema":"1.0","id":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeComment(b)
		var e *Error
		if err != nil {
			if !errors.As(err, &e) || e.Reason == "" || e.What == "" || e.Mend == "" {
				t.Fatalf("%q: %v", b, err)
			}
			return
		}
		r, err := c.Record("feed", at)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeComment(r.Value); err != nil {
			t.Fatalf("%s, taken and written again as %s: %v", b, r.Value, err)
		}
	})
}
