package app

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// What doc/openapi.yaml says of the listener for operation is what it answers. (Package webhook looks at the other one.)
func TestOpenAPI(t *testing.T) {
	file, err := filepath.Abs("../../doc/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var raw any
	var doc struct {
		Paths map[string]struct {
			Get struct {
				Responses map[string]struct {
					Headers map[string]any
					Content map[string]any
				}
			}
			Servers []struct{ URL string }
		}
	}
	if err := errors.Join(yaml.Unmarshal(b, &raw), yaml.Unmarshal(b, &doc)); err != nil {
		t.Fatal(err)
	}
	schemas := jsonschema.NewCompiler()
	at := (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()
	if err := schemas.AddResource(at, raw); err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "kotomori_test_total", Help: "A test."}))
	seen := map[string]bool{} // path, status, type
	for _, ready := range []error{nil, errors.New("waiting for brokers")} {
		h := handler(reg, func() error { return ready })
		for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
			item, ok := doc.Paths[path]
			if !ok || len(item.Servers) != 1 {
				t.Fatalf("%s is not documented with a server of its own", path)
			}
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
				for _, accept := range []string{"", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"} {
					r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
					r.Header.Set("Accept", accept)
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					status := strconv.Itoa(w.Code)
					if (method == "GET") == (w.Code == http.StatusMethodNotAllowed) {
						t.Errorf("%s %s: %s", method, path, status)
					}
					media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
					response, ok := item.Get.Responses[status]
					if !ok {
						t.Fatalf("%s %s: %s is not documented", method, path, status)
					}
					if _, ok := response.Content[media]; !ok {
						t.Fatalf("%s %s: %s of %s is not documented", method, path, media, status)
					}
					for name := range response.Headers {
						if w.Header().Get(name) == "" {
							t.Errorf("%s %s: no header %s", method, path, name)
						}
					}
					seen[path+" "+status+" "+media] = true
					if media != "text/plain" {
						continue
					}
					pointer := "/paths/" + strings.ReplaceAll(path, "/", "~1") + "/get/responses/" + status + "/content/text~1plain/schema"
					s, err := schemas.Compile(at + "#" + pointer)
					if err != nil {
						t.Fatal(err)
					}
					body, err := io.ReadAll(w.Body)
					if err != nil {
						t.Fatal(err)
					}
					if err := s.Validate(string(body)); err != nil {
						t.Errorf("%s %s: %q: %v", method, path, body, err)
					}
				}
			}
		}
	}
	for path, item := range doc.Paths {
		if len(item.Servers) == 0 {
			continue
		}
		for status, response := range item.Get.Responses {
			for media := range response.Content {
				if !seen[path+" "+status+" "+media] {
					t.Errorf("%s: %s with %s is documented and was never answered", path, status, media)
				}
			}
		}
	}
}
