package classifier_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/evaluate"
)

var update = flag.Bool("update", false, "write the golden files anew")

const goldenQuality = "../testdata/quality.golden"

// sets are the labelled comments that the golden file reports on.
var sets = []struct{ dir, about string }{
	{"labelled", "written by the writers of the rules, who mended the rules by them: an upper bound"},
	{"validation", "written by others without knowing the rules; the rules were then widened by what was missed: still flattering"},
}

// TestQuality holds the quality of the shipped ruleset on the labelled comments: every change of judgement shows in the
// diff of the golden file. After a wanted change: go test ./classifier -run TestQuality -update
func TestQuality(t *testing.T) {
	var got bytes.Buffer
	for _, set := range sets {
		gold := labelled(t, set.dir)
		figures := evaluate.Score(gold, predict(t, gold))
		fmt.Fprintf(&got, "# testdata/%s: %s\n", set.dir, set.about)
		if err := figures.WriteText(&got); err != nil {
			t.Fatal(err)
		}
		if n := figures.FalsePositives; n.Rate > 0.03 {
			t.Errorf("%s: %d of %d acceptable comments flagged", set.dir, n.Part, n.Of)
		}
	}
	if *update {
		if err := os.WriteFile(goldenQuality, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenQuality)
	if err != nil {
		t.Fatalf("%v (make it with -update)", err)
	}
	if want := bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n")); !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the judgement changed; look at the diff, then run with -update\n--- got\n%s--- want\n%s", got.Bytes(), want)
	}
}

// labelled reads the comments of a folder of testdata.
func labelled(t *testing.T, dir string) []evaluate.Labelled {
	t.Helper()
	files, err := filepath.Glob("../testdata/" + dir + "/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no comments in %s: %v", dir, err)
	}
	var gold []evaluate.Labelled
	seen := map[string]string{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sc := bufio.NewScanner(bytes.NewReader(data))
		sc.Buffer(nil, 1<<20)
		for line := 1; sc.Scan(); line++ {
			var l evaluate.Labelled
			if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
				t.Fatalf("%s:%d: %v", name, line, err)
			}
			if other, ok := seen[l.ID]; ok {
				t.Errorf("%s:%d: id %s stands in %s already", name, line, l.ID, other)
			}
			seen[l.ID] = name
			gold = append(gold, l)
		}
	}
	return gold
}

func commentOf(l evaluate.Labelled) classifier.Comment {
	return classifier.Comment{
		ID: l.ID, Account: l.Policy, Platform: l.Platform, Post: classifier.Post{Text: l.Post},
		Author: classifier.Author{Name: l.Author.Name, Handle: l.Author.Handle}, Text: l.Text,
	}
}

func predict(t *testing.T, gold []evaluate.Labelled) []evaluate.Prediction {
	t.Helper()
	var predicted []evaluate.Prediction
	for _, l := range gold {
		v, err := shipped().Classify(commentOf(l))
		if err != nil {
			t.Fatalf("%s: %v", l.ID, err)
		}
		p := evaluate.Prediction{ID: l.ID}
		for _, f := range v.Findings {
			p.Labels = append(p.Labels, f.Category)
		}
		predicted = append(predicted, p)
	}
	return predicted
}
