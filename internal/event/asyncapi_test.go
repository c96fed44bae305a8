package event_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/rules"
)

const asyncAPI = "../../doc/asyncapi.yaml"

// ref is a reference within the document or to a file beside it.
type ref struct {
	To string `json:"$ref"`
}

// document is what the tests need of doc/asyncapi.yaml.
type document struct {
	Info     struct{ Version, Description string }
	Channels map[string]struct {
		Address  string
		Messages map[string]ref
		Bindings struct {
			Kafka struct {
				Topic              string
				Partitions         int
				TopicConfiguration map[string]any
			}
		}
	}
	Operations map[string]struct {
		Action  string
		Channel ref
		Tags    []ref
	}
	Components struct {
		Tags          map[string]any
		MessageTraits map[string]struct {
			ContentType string
			Headers     map[string]any
		}
		Messages map[string]message
	}
}

type message struct {
	Name     string
	Traits   []ref
	Headers  map[string]any
	Payload  ref
	Bindings struct {
		Kafka struct{ Key map[string]any }
	}
	Examples []struct {
		Name    string
		Headers map[string]string
		Payload json.RawMessage
	}
}

func read(t *testing.T) (document, any) {
	t.Helper()
	b, err := os.ReadFile(asyncAPI)
	if err != nil {
		t.Fatal(err)
	}
	var raw any
	if err := yaml.Unmarshal(b, &raw); err != nil {
		t.Fatal(err)
	}
	if b, err = json.Marshal(raw); err != nil {
		t.Fatal(err)
	}
	var doc document
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc, raw
}

// name is the last part of a reference, which has to lie in the given place.
func (r ref) name(t *testing.T, place string) string {
	t.Helper()
	name, ok := strings.CutPrefix(r.To, place)
	if !ok {
		t.Fatalf("%q does not lie in %s", r.To, place)
	}
	return name
}

func TestAsyncAPIReferences(t *testing.T) {
	_, raw := read(t)
	seen := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			if to, ok := v["$ref"].(string); ok {
				seen++
				if err := resolve(raw, to); err != nil {
					t.Error(err)
				}
			}
			for key, x := range v {
				if x == nil && strings.Contains(key, " ") {
					t.Errorf("%q was cut off by a comma: quote the whole text", key)
				}
				walk(x)
			}
		}
	}
	walk(raw)
	if seen < 30 {
		t.Errorf("only %d references were looked at", seen)
	}
}

func resolve(raw any, to string) error {
	path, ok := strings.CutPrefix(to, "#/")
	if !ok {
		_, err := os.Stat(filepath.Join(filepath.Dir(asyncAPI), to))
		return err
	}
	for part := range strings.SplitSeq(path, "/") {
		m, _ := raw.(map[string]any)
		if raw, ok = m[part]; !ok {
			return fmt.Errorf("%s: %s is not there", to, part)
		}
	}
	return nil
}

// The channels are the topics, made as the document says.
func TestAsyncAPITopics(t *testing.T) {
	doc, _ := read(t)
	specs := map[string]event.TopicSpec{}
	for _, s := range event.TopicSpecs(0) {
		specs[s.Name] = s
	}
	for name, c := range doc.Channels {
		spec, ok := specs[c.Address]
		if !ok {
			t.Errorf("channel %s: there is no topic %q, or it is described twice", name, c.Address)
			continue
		}
		delete(specs, c.Address)
		k := c.Bindings.Kafka
		if k.Topic != spec.Name || k.Partitions != spec.Partitions {
			t.Errorf("channel %s: topic %s with %d partitions; want %s with %d", name, k.Topic, k.Partitions, spec.Name, spec.Partitions)
		}
		got := map[string]string{}
		for key, v := range k.TopicConfiguration {
			if list, ok := v.([]any); ok && len(list) == 1 {
				v = list[0]
			}
			got[key] = fmt.Sprint(v)
		}
		if !maps.Equal(got, spec.Config) {
			t.Errorf("channel %s: configuration %v; want %v", name, got, spec.Config)
		}
		if len(c.Messages) != 1 {
			t.Errorf("channel %s has %d messages", name, len(c.Messages))
		}
	}
	for name := range specs {
		t.Errorf("topic %s is not described", name)
	}
}

// Each channel is written to by somebody, and each operation is somebody's.
func TestAsyncAPIOperations(t *testing.T) {
	doc, _ := read(t)
	unwritten := slices.Collect(maps.Keys(doc.Channels))
	for name, o := range doc.Operations {
		channel := o.Channel.name(t, "#/channels/")
		if len(o.Tags) != 1 {
			t.Fatalf("%s has %d tags; it needs the role", name, len(o.Tags))
		}
		role, verb := o.Tags[0].name(t, "#/components/tags/"), map[string]string{"send": "Sends", "receive": "Receives"}[o.Action]
		if verb == "" || !strings.HasPrefix(name, role+verb) {
			t.Errorf("%s is an operation of %s that does %q", name, role, o.Action)
		}
		if o.Action == "send" {
			unwritten = slices.DeleteFunc(unwritten, func(s string) bool { return s == channel })
		}
	}
	if len(unwritten) > 0 {
		t.Errorf("nobody writes to %v", unwritten)
	}
}

// again reads a value and writes it as a record.
func again[E any](decode func([]byte) (E, error), record func(E, string, time.Time) (event.Record, error)) func([]byte, string, time.Time) (event.Record, error) {
	return func(value []byte, source string, at time.Time) (event.Record, error) {
		e, err := decode(value)
		if err != nil {
			return event.Record{}, err
		}
		return record(e, source, at)
	}
}

// The examples are what the program writes, byte by byte but for the spaces; all that is said of headers and keys holds
// for them.
func TestAsyncAPIMessages(t *testing.T) {
	doc, _ := read(t)
	if doc.Info.Version != event.Version || !strings.Contains(doc.Info.Description, event.Version+" is written") {
		t.Errorf("the document is of version %s; %s is written", doc.Info.Version, event.Version)
	}
	writers := map[string]func([]byte, string, time.Time) (event.Record, error){
		event.TopicComments: again(event.DecodeComment, event.Comment.Record),
		event.TopicPosts:    again(event.DecodePost, event.Post.Record),
		event.TopicRecommendations: again(event.DecodeRecommendation, func(r event.Recommendation, source string, _ time.Time) (event.Record, error) {
			key := r.Key()
			revision := 1 // that of the open one, which a withdrawal repeats
			if want := event.RecommendationID(key, revision, r.Ruleset); r.ID != want {
				t.Errorf("recommendation of %s: id %s; want %s", key, r.ID, want)
			}
			return r.Record(source)
		}),
		event.TopicDecisions: again(event.DecodeDecision, func(d event.Decision, source string, _ time.Time) (event.Record, error) { return d.Record(source) }),
		event.TopicDeadLetter: again(event.DecodeDeadLetter, func(d event.DeadLetter, source string, _ time.Time) (event.Record, error) {
			return d.Record(source)
		}),
	}
	unused, err := event.Schemas.ReadDir("schema")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range doc.Channels {
		for _, to := range c.Messages {
			m := doc.Components.Messages[to.name(t, "#/components/messages/")]
			t.Run(name, func(t *testing.T) {
				file := m.Payload.name(t, "../internal/event/schema/")
				before := len(unused)
				unused = slices.DeleteFunc(unused, func(e os.DirEntry) bool { return e.Name() == file })
				if len(unused) != before-1 {
					t.Errorf("%s is not embedded, or described twice", file)
				}
				kind, _ := strings.CutSuffix(file, ".json")
				if want := "com.github.kotomori." + kind; m.Name != want {
					t.Errorf("the message is called %s; want %s", m.Name, want)
				}
				headers := merged(t, doc, m)
				examine(t, c.Address, m, headers, writers[c.Address])
			})
		}
	}
	for _, e := range unused {
		t.Errorf("%s is not described", e.Name())
	}
}

// merged are the headers of a message with those of its traits.
func merged(t *testing.T, doc document, m message) map[string]any {
	t.Helper()
	var all any = map[string]any{}
	for _, to := range m.Traits {
		trait := doc.Components.MessageTraits[to.name(t, "#/components/messageTraits/")]
		if trait.ContentType != "application/json" {
			t.Errorf("content type %q", trait.ContentType)
		}
		all = patch(all, trait.Headers)
	}
	return patch(all, m.Headers).(map[string]any)
}

// patch is JSON Merge Patch (RFC 7396), without null.
func patch(target, with any) any {
	w, ok := with.(map[string]any)
	if !ok {
		return with
	}
	out := map[string]any{}
	if m, ok := target.(map[string]any); ok {
		maps.Copy(out, m)
	}
	for k, v := range w {
		out[k] = patch(out[k], v)
	}
	return out
}

func examine(t *testing.T, topic string, m message, headers map[string]any, write func([]byte, string, time.Time) (event.Record, error)) {
	t.Helper()
	payload := compile(t, filepath.Join(filepath.Dir(asyncAPI), m.Payload.To))
	headerSchema, keySchema := schemaOf(t, headers), schemaOf(t, m.Bindings.Kafka.Key)
	properties := slices.Sorted(maps.Keys(headers["properties"].(map[string]any)))
	var required []string
	for _, r := range headers["required"].([]any) {
		required = append(required, r.(string))
	}
	slices.Sort(required)
	if !slices.Equal(required, properties) {
		t.Errorf("headers %v, of which %v are required: every record has all", properties, required)
	}
	var keys []any
	for _, e := range m.Examples {
		var value any
		if err := json.Unmarshal(e.Payload, &value); err != nil {
			t.Fatal(err)
		}
		if err := payload.Validate(value); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
		at, err := time.Parse(time.RFC3339Nano, e.Headers["ce_time"])
		if err != nil {
			t.Fatal(err)
		}
		r, err := write(e.Payload, strings.TrimPrefix(e.Headers["ce_source"], "/kotomori/"), at)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		if r.Topic != topic {
			t.Errorf("%s goes to %s", e.Name, r.Topic)
		}
		var written any
		if err := json.Unmarshal(r.Value, &written); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(written, value) {
			t.Errorf("%s: the example is\n%s\nand written is\n%s", e.Name, e.Payload, r.Value)
		}
		got := map[string]string{}
		asAny := map[string]any{}
		for _, h := range r.Headers {
			got[h.Key], asAny[h.Key] = string(h.Value), string(h.Value)
		}
		if !maps.Equal(got, e.Headers) {
			t.Errorf("%s: headers %v; written are %v", e.Name, e.Headers, got)
		}
		if !slices.Equal(slices.Sorted(maps.Keys(got)), properties) {
			t.Errorf("%s: written are other headers than %v", e.Name, properties)
		}
		if err := headerSchema.Validate(asAny); err != nil {
			t.Errorf("%s: headers: %v", e.Name, err)
		}
		if err := keySchema.Validate(string(r.Key)); err != nil {
			t.Errorf("%s: key %s: %v", e.Name, r.Key, err)
		}
		if !slices.Contains(keys, any(string(r.Key))) {
			keys = append(keys, string(r.Key))
		}
	}
	if want, _ := m.Bindings.Kafka.Key["examples"].([]any); len(keys) == 0 || !slices.Equal(keys, want) {
		t.Errorf("the examples' keys are %v; the document says %v", keys, want)
	}
}

func schemaOf(t *testing.T, doc map[string]any) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func compile(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What the schemas list is what the program has.
func TestSchemasList(t *testing.T) {
	var actions []string
	for _, a := range []rules.Action{rules.None, rules.Hide, rules.Delete, rules.Block} {
		actions = append(actions, a.String())
	}
	for _, tt := range []struct {
		file, property string
		want           []string
	}{
		{"recommendation", "status", constants(t, "Status")},
		{"recommendation", "why", constants(t, "Why")},
		{"recommendation", "action", actions},
		{"decision", "action", actions},
		{"dead-letter", "reason", constants(t, "Reason")},
	} {
		b, err := event.Schemas.ReadFile("schema/" + tt.file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			Properties map[string]struct{ Enum []string }
		}
		if err := json.Unmarshal(b, &s); err != nil {
			t.Fatal(err)
		}
		got := s.Properties[tt.property].Enum
		slices.Sort(got)
		slices.Sort(tt.want)
		if len(got) == 0 || !slices.Equal(got, tt.want) {
			t.Errorf("%s.json: %s is one of %q; want %q", tt.file, tt.property, got, tt.want)
		}
	}
}

// constants are the values of all constants of a string type.
func constants(t *testing.T, name string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == name {
			for _, v := range spec.Values {
				s, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, s)
			}
		}
		return true
	})
	return all
}
