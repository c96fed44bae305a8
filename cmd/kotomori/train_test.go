package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReplace: a model and its pooling are replaced both or not at all, and nothing is left lying about.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	model, join := filepath.Join(dir, "model.bin"), filepath.Join(dir, "join.json")
	if err := replace([]output{{"model", model, []byte("1")}, {"pooling", join, []byte("1")}}); err != nil {
		t.Fatal(err)
	}
	err := replace([]output{{"model", model, []byte("2")}, {"pooling", filepath.Join(dir, "nowhere", "join.json"), []byte("2")}})
	if err == nil || !strings.HasPrefix(err.Error(), "writing the pooling: ") {
		t.Errorf("error %v", err)
	}
	for _, name := range []string{model, join} {
		if b, err := os.ReadFile(name); err != nil || string(b) != "1" {
			t.Errorf("%s holds %q (%v)", filepath.Base(name), b, err)
		}
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 2 {
		t.Errorf("left lying: %v (%v)", names, err)
	}
}
