package webhook_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kotomori/kotomori/internal/delivery"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/webhook"
)

const openAPI = "../../doc/openapi.yaml"

// description is doc/openapi.yaml.
type description struct {
	root     node
	url      string
	compiler *jsonschema.Compiler
}

// node is a place in the document.
type node struct {
	root    any
	pointer string // JSON pointer
	value   any
}

// at goes down, through references within the document.
func (n node) at(keys ...string) node {
	for _, key := range keys {
		m, _ := n.value.(map[string]any)
		if to, ok := m["$ref"].(string); ok {
			n = node{n.root, "", n.root}.at(strings.Split(strings.TrimPrefix(to, "#/"), "/")...)
			m, _ = n.value.(map[string]any)
		}
		escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		n = node{n.root, n.pointer + "/" + escaped, m[key]}
	}
	return n
}

// deref follows the reference that stands here.
func (n node) deref() node {
	if m, ok := n.value.(map[string]any); ok {
		if to, ok := m["$ref"].(string); ok {
			return node{n.root, "", n.root}.at(strings.Split(strings.TrimPrefix(to, "#/"), "/")...).deref()
		}
	}
	return n
}

func (n node) object() map[string]any {
	m, _ := n.deref().value.(map[string]any)
	return m
}

func (n node) list() []node {
	all, _ := n.value.([]any)
	var out []node
	for i, v := range all {
		out = append(out, node{n.root, n.pointer + "/" + strconv.Itoa(i), v}.deref())
	}
	return out
}

func (n node) text() string {
	s, _ := n.value.(string)
	return s
}

func describe(t *testing.T) description {
	t.Helper()
	b, err := os.ReadFile(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	var raw any
	if err := yaml.Unmarshal(b, &raw); err != nil {
		t.Fatal(err)
	}
	file, err := filepath.Abs(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	d := description{root: node{raw, "", raw}, compiler: jsonschema.NewCompiler()}
	d.url = (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(d.url, raw); err != nil {
		t.Fatal(err)
	}
	return d
}

// fits says whether a value is as the schema at a place says.
func (d description) fits(schema node, value any) error {
	s, err := d.compiler.Compile(d.url + "#" + (&url.URL{Path: schema.pointer}).EscapedPath())
	if err != nil {
		return err
	}
	return s.Validate(value)
}

// operations are those of the webhooks' listener.
func (d description) operations() map[string]node {
	all := map[string]node{}
	for path, item := range d.root.at("paths").object() {
		if !strings.HasPrefix(path, "/webhook/") {
			continue
		}
		for method := range item.(map[string]any) {
			if slices.Contains(methods, strings.ToUpper(method)) {
				all[strings.ToUpper(method)+" "+path] = d.root.at("paths", path, method)
			}
		}
	}
	return all
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}

// kept is a Sink that keeps the identities of what it took.
type kept struct {
	mu   sync.Mutex
	ids  map[string]bool
	dead int
	away bool

	panics bool
}

func (k *kept) Send(_ context.Context, records ...event.Record) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.panics {
		panic("on purpose")
	}
	if k.away {
		return 0, errors.New("no broker answers")
	}
	repeated := 0
	for _, r := range records {
		if r.Topic == event.TopicDeadLetter {
			k.dead++
		}
		if k.ids[r.ID()] {
			repeated++
		}
		k.ids[r.ID()] = true
	}
	return repeated, nil
}

// The accounts that testdata/webhook is about.
var (
	names   = map[string]string{delivery.X: "saitama", delivery.Facebook: "wako", delivery.Blog: "wako"}
	secrets = map[string]string{
		delivery.X: "consumer secret", delivery.Facebook: "app secret",
		delivery.Blog: "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32)),
	}
)

func handler(t *testing.T, k *kept, rate float64) http.Handler {
	t.Helper()
	k.ids = map[string]bool{}
	var accounts []webhook.Account
	for _, platform := range delivery.Platforms {
		accounts = append(accounts, webhook.Account{
			Platform: platform, Name: names[platform], Secrets: []webhook.Secret{webhook.Secret(secrets[platform])},
			IDs:    map[string][]string{delivery.X: {"1580000000000000001"}, delivery.Facebook: {"104500000000001"}}[platform],
			Tokens: map[string][]webhook.Secret{delivery.Facebook: {"our word"}}[platform],
		})
	}
	s, err := webhook.New(webhook.Config{Accounts: accounts, Sink: k, Rate: rate})
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler()
}

// try is a request and the status that has to come.
type try struct {
	name    string
	status  int
	method  string
	path    string
	header  http.Header
	body    []byte
	chunked bool // the length is not said
	setup   string
}

func (r try) with(f func(*try)) try {
	r.header = r.header.Clone()
	f(&r)
	return r
}

func (r try) send(t *testing.T, h http.Handler) *http.Response {
	t.Helper()
	var body io.Reader = bytes.NewReader(r.body)
	if r.chunked {
		body = io.MultiReader(body)
	}
	req := httptest.NewRequestWithContext(t.Context(), r.method, r.path, body)
	maps.Copy(req.Header, r.header)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w.Result()
}

// signed is a delivery as its platform sends it.
func signed(t *testing.T, platform string, body []byte) try {
	t.Helper()
	h, err := delivery.Sign(platform, secrets[platform], body, "msg_1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	h.Set("Content-Type", "application/json")
	return try{method: "POST", path: "/webhook/" + platform + "/" + names[platform], header: h, body: body}
}

// recorded is a file's content.
func recorded(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// deliveries provoke every answer to a POST.
func deliveries(t *testing.T, d description, op node, platform string) []try {
	t.Helper()
	var tries []try
	media := op.at("requestBody", "content", "application/json")
	for name := range media.at("examples").object() {
		body := recorded(t, filepath.Join(filepath.Dir(openAPI), media.at("examples", name, "externalValue").text()))
		var value any
		if err := json.Unmarshal(body, &value); err != nil {
			t.Fatal(err)
		}
		if err := d.fits(media.at("schema"), value); err != nil {
			t.Errorf("example %s: %v", name, err)
		}
		r := signed(t, platform, body)
		r.name, r.status = name, 200
		tries = append(tries, r)
	}
	if len(tries) == 0 {
		t.Fatal("no examples")
	}
	good := tries[0]
	add := func(name string, status int, f func(*try)) {
		tries = append(tries, good.with(func(r *try) {
			r.name, r.status = name, status
			f(r)
		}))
	}
	limit := 1 << 20
	if platform == delivery.Facebook {
		limit = 4 << 20
	}
	add("broken", 400, func(r *try) {
		*r = signed(t, platform, []byte(`{"broken`)).with(func(n *try) { n.name, n.status = r.name, 400 })
	})
	add("empty", 400, func(r *try) { *r = signed(t, platform, nil).with(func(n *try) { n.name, n.status = r.name, 400 }) })
	for _, p := range op.at("parameters").list() {
		name := p.at("name").text()
		if err := d.fits(p.at("schema"), good.header.Get(name)); err != nil {
			t.Errorf("header %s: %v", name, err)
		}
		add("without "+name, 401, func(r *try) { r.header.Del(name) })
		add("another "+name, 401, func(r *try) { r.header.Set(name, "sha256=AA==") })
	}
	add("other body", 401, func(r *try) { r.body = append(bytes.Clone(r.body), ' ') })
	add("no such account", 404, func(r *try) { r.path = "/webhook/" + platform + "/nobody" })
	add("method", 405, func(r *try) { r.method = "DELETE" })
	add("too large", 413, func(r *try) { r.body = make([]byte, limit+1) })
	add("too large, length not said", 413, func(r *try) { r.body, r.chunked = make([]byte, limit+1), true })
	add("just not too large", 401, func(r *try) { r.body = make([]byte, limit) })
	add("no type", 415, func(r *try) { r.header.Del("Content-Type") })
	add("type", 415, func(r *try) { r.header.Set("Content-Type", "text/plain") })
	add("charset", 415, func(r *try) { r.header.Set("Content-Type", "application/json; charset=shift_jis") })
	add("coding", 415, func(r *try) { r.header.Set("Content-Encoding", "gzip") })
	add("too many", 429, func(r *try) { r.setup = "busy" })
	add("failure", 500, func(r *try) { r.setup = "panic" })
	add("Kafka away", 503, func(r *try) { r.setup = "away" })
	return tries
}

// handshakes provoke every answer to a GET.
func handshakes(op node, platform string) []try {
	query := url.Values{"crc_token": {"abc"}}
	if platform == delivery.Facebook {
		query = url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {"our word"}, "hub.challenge": {"1158201444"}}
	}
	path := "/webhook/" + platform + "/" + names[platform]
	good := try{name: "good", status: 200, method: "GET", path: path + "?" + query.Encode()}
	tries := []try{good}
	add := func(name string, status int, f func(*try)) {
		tries = append(tries, good.with(func(r *try) {
			r.name, r.status = name, status
			f(r)
		}))
	}
	for _, p := range op.at("parameters").list() {
		name, other := p.at("name").text(), maps.Clone(query)
		delete(other, name)
		status := 400
		if name == "hub.verify_token" {
			status = 403
		}
		add("without "+name, status, func(r *try) { r.path = path + "?" + other.Encode() })
		other = maps.Clone(other)
		other.Set(name, strings.Repeat("n", 1025))
		add("another "+name, status, func(r *try) { r.path = path + "?" + other.Encode() })
	}
	add("no such account", 404, func(r *try) { r.path = "/webhook/" + platform + "/nobody?" + query.Encode() })
	add("method", 405, func(r *try) { r.method = "PUT" })
	add("too many", 429, func(r *try) { r.setup = "busy" })
	return tries
}

// Every answer that is documented can be had, and every answer is documented: its status, headers, type and body.
func TestOpenAPIAnswers(t *testing.T) {
	d := describe(t)
	for what, op := range d.operations() {
		t.Run(what, func(t *testing.T) {
			method, path, _ := strings.Cut(what, " ")
			platform := strings.Split(path, "/")[2]
			var tries []try
			if method == "POST" {
				tries = deliveries(t, d, op, platform)
			} else {
				tries = handshakes(op, platform)
			}
			seen := map[string]bool{}
			for _, r := range tries {
				t.Run(r.name, func(t *testing.T) {
					k := &kept{away: r.setup == "away", panics: r.setup == "panic"}
					rate := 0.0
					if r.setup == "busy" {
						rate = 0.001
					}
					h := handler(t, k, rate)
					if r.setup == "busy" { // what carries no right signature counts
						_ = r.with(func(r *try) { r.path = "/nowhere" }).send(t, h).Body.Close()
					}
					res := r.send(t, h)
					defer func() { _ = res.Body.Close() }()
					if res.StatusCode != r.status {
						b, _ := io.ReadAll(res.Body)
						t.Fatalf("status %d, want %d: %s", res.StatusCode, r.status, b)
					}
					seen[strconv.Itoa(res.StatusCode)] = true
					d.check(t, op, res)
					if method == "POST" && (r.status == 400) != (k.dead == 1) {
						t.Errorf("%d dead letters", k.dead)
					}
				})
			}
			for status := range op.at("responses").object() {
				if !seen[status] {
					t.Errorf("%s is documented and was never answered", status)
				}
			}
		})
	}
}

// check holds an answer against what is documented.
func (d description) check(t *testing.T, op node, res *http.Response) {
	t.Helper()
	response := op.at("responses", strconv.Itoa(res.StatusCode)).deref()
	if response.value == nil {
		t.Fatalf("status %d is not documented", res.StatusCode)
	}
	headers := response.at("headers").object()
	for name := range headers {
		h := response.at("headers", name).deref()
		if err := d.fits(h.at("schema"), res.Header.Get(name)); err != nil {
			t.Errorf("header %s: %v", name, err)
		}
	}
	for name, values := range res.Header {
		if _, ok := headers[name]; !ok && name != "Content-Type" || len(values) != 1 {
			t.Errorf("header %s: %q is not documented", name, values)
		}
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	media, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	content := response.at("content", media)
	if content.value == nil {
		t.Fatalf("%s is not documented for %d", media, res.StatusCode)
	}
	var value any = string(body)
	if strings.HasSuffix(media, "json") {
		if err := json.Unmarshal(body, &value); err != nil {
			t.Fatal(err)
		}
		if got, want := slices.Sorted(maps.Keys(value.(map[string]any))), slices.Sorted(maps.Keys(content.at("schema", "properties").object())); !slices.Equal(got, want) {
			t.Errorf("fields %v; documented are %v", got, want)
		}
	}
	if err := d.fits(content.at("schema"), value); err != nil {
		t.Errorf("%s: %v", body, err)
	}
	if example := content.at("example"); example.value == nil {
		t.Errorf("%d has no example", res.StatusCode)
	} else if err := d.fits(content.at("schema"), example.value); err != nil {
		t.Errorf("example: %v", err)
	}
	if media != "application/problem+json" {
		return
	}
	var p webhook.Problem
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != res.StatusCode || p.Title != http.StatusText(p.Status) || p.RequestID != res.Header.Get("X-Request-Id") {
		t.Errorf("%d and %s: %s", res.StatusCode, res.Header.Get("X-Request-Id"), body)
	}
	example := content.at("example").object()
	if fmt.Sprint(example["status"]) != strconv.Itoa(p.Status) || example["title"] != p.Title {
		t.Errorf("example of %d: %v", p.Status, example)
	}
}

// A text in braces ends at a comma, unless it is quoted.
func TestOpenAPITexts(t *testing.T) {
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for key, x := range v {
				if x == nil && strings.Contains(key, " ") {
					t.Errorf("%q was cut off by a comma: quote the whole text", key)
				}
				walk(x)
			}
		}
	}
	walk(describe(t).root.value)
}

// What is documented is all there is: the mux has these addresses, and they take these methods.
func TestOpenAPIAddresses(t *testing.T) {
	d := describe(t)
	documented := slices.Sorted(maps.Keys(d.operations()))
	if there := routes(t); !slices.Equal(documented, there) {
		t.Errorf("documented are %q, there are %q", documented, there)
	}
	h := handler(t, &kept{}, 0)
	for _, platform := range delivery.Platforms {
		var allowed []string
		for _, method := range methods {
			as := strings.Replace(method, "HEAD", "GET", 1)
			if slices.Contains(documented, as+" /webhook/"+platform+"/{account}") {
				allowed = append(allowed, method)
			}
		}
		for _, method := range methods {
			res := try{method: method, path: "/webhook/" + platform + "/" + names[platform]}.send(t, h)
			_ = res.Body.Close()
			if slices.Contains(allowed, method) == (res.StatusCode == http.StatusMethodNotAllowed) {
				t.Errorf("%s for %s: status %d; documented are %q", method, platform, res.StatusCode, allowed)
			}
			if allow := res.Header.Get("Allow"); res.StatusCode == http.StatusMethodNotAllowed && allow != strings.Join(allowed, ", ") {
				t.Errorf("%s for %s: Allow is %q; documented are %q", method, platform, allow, allowed)
			}
		}
	}
	for _, path := range []string{
		"/", "/webhook", "/webhook/", "/webhook/x", "/webhook/x/", "/webhook/x/saitama/", "/webhook/x/saitama/more", "/webhook//x/saitama", "/webhook/./x/saitama",
		"/webhook/mastodon/saitama", "/webhook/blog/saitama", "/metrics", "/healthz", "/readyz",
	} {
		for _, method := range []string{"GET", "POST"} {
			res := try{method: method, path: path}.send(t, h)
			if res.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s: status %d", method, path, res.StatusCode)
			} else {
				d.check(t, d.operations()["POST /webhook/x/{account}"], res)
			}
			_ = res.Body.Close()
		}
	}
}

// routes are the patterns of the mux that have a method, read from the source: a mux does not tell.
func routes(t *testing.T) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "webhook.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if s, ok := call.Fun.(*ast.SelectorExpr); !ok || s.Sel.Name != "HandleFunc" && s.Sel.Name != "Handle" {
			return true
		}
		pattern, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(pattern, " ") { // for the rest: 404, 405
			return true
		}
		for _, platform := range delivery.Platforms {
			all = append(all, strings.Replace(pattern, "{platform}", platform, 1))
		}
		return true
	})
	slices.Sort(all)
	return slices.Compact(all)
}

// What is recorded is as the document says, and the blog's bodies are just those that are read.
func TestOpenAPIRecorded(t *testing.T) {
	d := describe(t)
	files, err := filepath.Glob("../../testdata/webhook/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 60 {
		t.Errorf("only %d files", len(files))
	}
	for _, file := range files {
		name := filepath.Base(file)
		platform, _, _ := strings.Cut(name, "-")
		op := d.root.at("paths", "/webhook/"+platform+"/{account}", "post")
		body := recorded(t, file)
		var value any
		if err := json.Unmarshal(body, &value); err != nil {
			t.Fatal(err)
		}
		want := name != "blog-unknown.json"
		if err := d.fits(op.at("requestBody", "content", "application/json", "schema"), value); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
		if platform == delivery.Blog && read(body) != want {
			t.Errorf("%s: is read: %v", name, !want)
		}
	}
}

// read says whether a blog's body is read, every part of it.
func read(body []byte) bool {
	c, err := delivery.Decode(delivery.Blog, body, "wako", nil)
	return err == nil && len(c.Kept) == 0 && len(c.Comments)+len(c.Posts) == 1
}

// A blog's body is refused by the schema and by the program alike, but for what the table says.
func TestBlogSchema(t *testing.T) {
	d := describe(t)
	const (
		both    = "both take it"
		neither = "neither takes it"
		schema  = "the schema only" // what JSON Schema cannot say: bytes, the span of time
		program = "the program only"
	)
	const (
		comment = `{"type":"comment.created","timestamp":"2026-11-03T09:30:00.250+09:00","data":{"comment":{"id":"12","text":"a","author":{"id":"r","name":"n"},"parent_id":"11","url":"https://b.example/12","created":"2026-11-03T09:30:00+09:00"},"post":{"id":"34","title":"t","text":"p","url":"https://b.example/"}}}`
		post    = `{"type":"post.published","timestamp":"2026-11-03T09:30:00Z","data":{"post":{"id":"34","title":"t","text":"p","url":"https://b.example/"}}}`
	)
	kinds := []string{"comment.created", "comment.edited", "comment.hidden", "comment.shown", "comment.deleted", "post.published", "post.edited", "post.deleted"}
	if got := d.blogTypes(t); !reflect.DeepEqual(got, kinds) {
		t.Errorf("types %q; want %q", got, kinds)
	}
	type row struct{ name, body, want string }
	var rows []row
	change := func(name, whole, from, to, want string) {
		t.Helper()
		if strings.Count(whole, from) != 1 {
			t.Fatalf("%s: %q is not there once", name, from)
		}
		rows = append(rows, row{name, strings.Replace(whole, from, to, 1), want})
	}
	kind := func(whole, kind string) string {
		old := "comment.created"
		if whole == post {
			old = "post.published"
		}
		return strings.Replace(whole, old, kind, 1)
	}
	for _, k := range kinds {
		whole, text := kind(comment, k), both
		if strings.HasPrefix(k, "post.") {
			whole = kind(post, k)
		}
		rows = append(rows, row{k, whole, both})
		change(k+" without timestamp", whole, `"timestamp"`, `"time"`, neither)
		change(k+" without data", whole, `"data"`, `"date"`, neither)
		change(k+" without post", whole, `"post":{`, `"pos":{`, neither)
		change(k+" without the post's id", whole, `"id":"34",`, ``, neither)
		change(k+" with an empty post's id", whole, `"id":"34"`, `"id":""`, neither)
		change(k+" with a number for the post's id", whole, `"id":"34"`, `"id":34`, neither)
		change(k+" with a number for the title", whole, `"title":"t"`, `"title":7`, neither)
		change(k+" without title", whole, `"title":"t",`, ``, both)
		change(k+" with a number for the post's text", whole, `"text":"p"`, `"text":7`, neither)
		change(k+" with an empty post's text", whole, `"text":"p"`, `"text":""`, both)
		change(k+" without any url", strings.Replace(whole, `,"url":"https://b.example/12"`, "", 1), `,"url":"https://b.example/"`, "", both)
		change(k+" with more than is known", whole, `"data":{`, `"mood":[1],"data":{"weather":"fair",`, both)
		if strings.HasPrefix(k, "post.") {
			if k != "post.deleted" {
				text = neither
			}
			change(k+" without text", whole, `"text":"p",`, ``, text)
			change(k+" with null text", whole, `"text":"p"`, `"text":null`, map[bool]string{true: neither, false: program}[k != "post.deleted"])
			continue
		}
		change(k+" without the post's text", whole, `"text":"p",`, ``, both)
		change(k+" without comment", whole, `"comment":{`, `"remark":{`, neither)
		change(k+" with a list for the comment", strings.Replace(whole, `},"post"`, `}],"post"`, 1), `"comment":{`, `"comment":[{`, neither)
		change(k+" without the comment's id", whole, `"id":"12",`, ``, neither)
		change(k+" with an empty comment's id", whole, `"id":"12"`, `"id":""`, neither)
		change(k+" with a number for the comment's id", whole, `"id":"12"`, `"id":12`, neither)
		change(k+" with a number for the comment's text", whole, `"text":"a"`, `"text":7`, neither)
		change(k+" with an empty comment's text", whole, `"text":"a"`, `"text":""`, both)
		change(k+" without author", whole, `"author":{"id":"r","name":"n"},`, ``, both)
		change(k+" with an author's empty id", whole, `"id":"r"`, `"id":""`, both)
		change(k+" with a number for the author's id", whole, `"id":"r"`, `"id":9`, neither)
		change(k+" with a number for the author's name", whole, `"name":"n"`, `"name":9`, neither)
		change(k+" with a string for the author", whole, `{"id":"r","name":"n"}`, `"n"`, neither)
		change(k+" without created", whole, `,"created":"2026-11-03T09:30:00+09:00"`, ``, both)
		change(k+" with a time that is none", whole, `"created":"2026-11-03T09:30:00+09:00"`, `"created":"yesterday"`, neither)
		change(k+" without parent", whole, `"parent_id":"11",`, ``, both)
		if k == "comment.created" || k == "comment.edited" || k == "comment.shown" {
			text = neither
		}
		change(k+" without text", whole, `"text":"a",`, ``, text)
	}
	change("without type", comment, `"type"`, `"typ"`, neither)
	change("with a number for the type", comment, `"comment.created"`, `1`, neither)
	change("with another type", comment, `comment.created`, `comment.liked`, neither)
	change("with a comment's type and no comment", post, `post.published`, `comment.created`, neither)
	change("with a post's type and a comment", comment, `comment.created`, `post.published`, both)
	change("with a number for the timestamp", post, `"2026-11-03T09:30:00Z"`, `1793665800`, neither)
	change("with a date for the timestamp", post, `2026-11-03T09:30:00Z`, `2026-11-03`, neither)
	change("with a timestamp without zone", post, `2026-11-03T09:30:00Z`, `2026-11-03T09:30:00`, neither)
	change("with a day that is none", post, `2026-11-03`, `2026-02-30`, neither)
	change("with a string for data", post, `"data":{`, `"data":"no","date":{`, neither)
	change("with a line break in the comment's id", comment, `"id":"12"`, `"id":"1\n2"`, neither)
	change("with a line break in the post's id", comment, `"id":"34"`, `"id":"3\n4"`, neither)
	change("with a line break in the author's id", comment, `"id":"r"`, `"id":"r\n"`, neither)
	change("with an id of 256", comment, `"id":"12"`, `"id":"`+strings.Repeat("1", 256)+`"`, both)
	change("with an id of 257", comment, `"id":"12"`, `"id":"`+strings.Repeat("1", 257)+`"`, neither)
	change("with a text of 64 KiB", comment, `"text":"a"`, `"text":"`+strings.Repeat("a", 65536)+`"`, both)
	change("with a longer text", comment, `"text":"a"`, `"text":"`+strings.Repeat("a", 65537)+`"`, neither)
	change("with a title of 4 KiB", post, `"title":"t"`, `"title":"`+strings.Repeat("t", 4096)+`"`, both)
	change("with a longer title", post, `"title":"t"`, `"title":"`+strings.Repeat("t", 4097)+`"`, neither)
	change("with a longer name", comment, `"name":"n"`, `"name":"`+strings.Repeat("n", 4097)+`"`, neither)
	rows = append(rows, row{"a list", "[" + post + "]", neither}, row{"a string", `"` + "post" + `"`, neither}, row{"null", `null`, neither})

	change("with a text of more bytes", comment, `"text":"a"`, `"text":"`+strings.Repeat("あ", 30000)+`"`, schema)
	change("of a time before 1970", post, `2026-11-03`, `1969-11-03`, schema)
	// null is as good as absent where nothing has to be there; what is not kept is not looked at.
	change("with a null author", comment, `{"id":"r","name":"n"}`, `null`, program)
	change("with a null title", comment, `"title":"t"`, `"title":null`, program)
	change("with an empty created", comment, `"created":"2026-11-03T09:30:00+09:00"`, `"created":""`, program)
	change("with a number for the parent", comment, `"parent_id":"11"`, `"parent_id":11`, program)
	change("with a number for the url", comment, `"https://b.example/12"`, `12`, program)

	body := d.root.at("paths", "/webhook/blog/{account}", "post", "requestBody", "content", "application/json", "schema")
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r.name] {
			t.Errorf("%s stands there twice", r.name)
		}
		seen[r.name] = true
		var value any
		if err := json.Unmarshal([]byte(r.body), &value); err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		err := d.fits(body, value)
		got := map[[2]bool]string{{true, true}: both, {false, false}: neither, {true, false}: schema, {false, true}: program}[[2]bool{err == nil, read([]byte(r.body))}]
		if got != r.want {
			t.Errorf("%s: %s, want: %s (the schema: %v)", r.name, got, r.want, err)
		}
	}
}

// blogTypes are the types that the schema lists.
func (d description) blogTypes(t *testing.T) []string {
	t.Helper()
	embedded, err := delivery.Schemas.ReadFile("schema/blog.json")
	if err != nil {
		t.Fatal(err)
	}
	m, _ := d.root.at("paths", "/webhook/blog/{account}", "post", "requestBody", "content", "application/json", "schema").value.(map[string]any)
	file := fmt.Sprint(m["$ref"])
	if !bytes.Equal(embedded, recorded(t, filepath.Join(filepath.Dir(openAPI), file))) {
		t.Errorf("%s is another file than the one embedded", file)
	}
	var s struct {
		Properties struct{ Type struct{ Enum []string } }
	}
	if err := json.Unmarshal(embedded, &s); err != nil {
		t.Fatal(err)
	}
	return s.Properties.Type.Enum
}
