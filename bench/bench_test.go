package bench

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/evaluate"
	"github.com/kotomori/kotomori/internal/morph"
	"github.com/kotomori/kotomori/internal/text"
	"github.com/kotomori/kotomori/rules"
)

type corpus struct {
	name     string
	comments []classifier.Comment
	bytes    int64
}

var shipped = sync.OnceValues(func() (*rules.Set, error) { return rules.Load(rules.Embedded()) })

// corpora are the labelled comments: all, those that break a clause, and those that do not.
func corpora(b *testing.B) []corpus {
	b.Helper()
	out := []corpus{{name: "all"}, {name: "violations"}, {name: "clean"}}
	files, err := filepath.Glob("../testdata/labelled/*.jsonl")
	if err != nil || len(files) == 0 {
		b.Fatalf("no labelled comments: %v", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		comments, err := evaluate.ParseAllLabelled(data)
		if err != nil {
			b.Fatalf("%s: %v", name, err)
		}
		for _, r := range comments {
			c := classifier.Comment{
				ID: r.ID, Account: r.Policy, Platform: r.Platform, Post: classifier.Post{Text: r.Post},
				Author: classifier.Author{Name: r.Author.Name, Handle: r.Author.Handle}, Text: r.Text,
			}
			kind := 2
			if len(r.Labels) > 0 {
				kind = 1
			}
			for _, k := range []int{0, kind} {
				out[k].comments = append(out[k].comments, c)
				out[k].bytes += int64(len(c.Text))
			}
		}
	}
	return out
}

// each runs f over the corpus's comments in turn and reports comments/s and MB/s.
func each(b *testing.B, c corpus, f func(classifier.Comment)) {
	b.Helper()
	b.ReportAllocs()
	b.SetBytes(c.bytes / int64(len(c.comments)))
	i := 0
	for b.Loop() {
		f(c.comments[i])
		if i++; i == len(c.comments) {
			i = 0
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "comments/s")
}

func BenchmarkVerdict(b *testing.B) {
	set, err := shipped()
	if err != nil {
		b.Fatal(err)
	}
	model, err := classifier.ShippedModel(set)
	if err != nil {
		b.Fatal(err)
	}
	for _, layers := range []struct {
		name string
		c    *classifier.Classifier
	}{{"rules+model", classifier.New(set, model)}, {"rules", classifier.New(set)}} {
		for _, corpus := range corpora(b) {
			b.Run(layers.name+"/"+corpus.name, func(b *testing.B) {
				each(b, corpus, func(in classifier.Comment) {
					if _, err := layers.c.Classify(in); err != nil {
						b.Fatal(err)
					}
				})
			})
		}
	}
}

// BenchmarkKagome is the peer: the same comments cut into words, nothing judged.
func BenchmarkKagome(b *testing.B) {
	m, err := morph.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, corpus := range corpora(b) {
		b.Run(corpus.name, func(b *testing.B) {
			each(b, corpus, func(in classifier.Comment) { m.Tokens(in.Text) })
		})
	}
}

func BenchmarkNormalise(b *testing.B) {
	for _, corpus := range corpora(b) {
		b.Run(corpus.name, func(b *testing.B) {
			each(b, corpus, func(in classifier.Comment) { text.New(in.Text) })
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := rules.Load(rules.Embedded()); err != nil {
			b.Fatal(err)
		}
	}
}
