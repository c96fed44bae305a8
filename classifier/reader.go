package classifier

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kotomori/kotomori/internal/model"
	"github.com/kotomori/kotomori/rules"
)

// A Reader reads a comment and says which categories it sees in it. The rules are one, the learned model another; a slower, deeper
// one can join them: what each says is pooled by Join. A reader may be called by several goroutines at once, each with a Reading of its
// own, and says the same of the same comment every time.
type Reader interface {
	// Source names the reader: "rules", "model". The pooling weighs it by this name.
	Source() string
	// Version changes with whatever changes what the reader says.
	Version() string
	// Shared says that the opinions share one certainty: at most one clause leads, and what is left is the certainty of none.
	Shared() bool
	// Read appends an opinion on each category that it sees any sign of, for the categories of the policy only. Memory is the reader's own:
	// what it leaves there it finds again, with the next comment too.
	Read(in *Reading, memory *any, out []Opinion) []Opinion
	// Evidence gives the words that led to the opinion on a category, by place. It is asked only for what is reported, after Read
	// and with the same Reading and memory.
	Evidence(in *Reading, memory *any, category string) []Evidence
	// Glanced says that the last Read ended the comment at first glance, as fair, and read no more of it.
	Glanced(memory any) bool
	// Because is the first half of a Japanese sentence for the record: …ため.
	Because(category string, evidence []Evidence) string
}

// Opinion is what a reader says of one category.
type Opinion struct {
	Category string
	// Confidence that this clause is the one to cite, from 0 to 1, calibrated: of the comments given 0.9, nine in ten are right.
	Confidence float64
}

// Reading is a comment as the readers read it. It is used again for the next comment, in the same memory.
type Reading struct {
	rules.Reading
	official *official
	memory   []any       // by reader: its own
	opinions [][]Opinion // by reader
	odds     [][]float64 // by part of the pool
	shares   []float64
}

// Sources of the shipped readers.
const (
	SourceRules = "rules"
	SourceModel = "model"
)

// learned is the model as a Reader.
type learned struct {
	m       *model.Model
	classes []model.Class // of the classifier's dictionary
}

// learnedMemory is what it takes to read a comment.
type learnedMemory struct {
	reading  model.Reading
	input    model.Input
	glanced  bool
	of       *Reading
	fill     func(*model.Input)       // of the reading
	possible map[*rules.Policy][]bool // by the model's categories
}

// Signs gives the dictionary's words in a text, as the model reads them.
func Signs(set *rules.Set, s string) []model.Sign {
	var r rules.Reading
	set.Read(rules.Input{Text: s, Policy: set.Policies()[0]}, &r)
	return appendSigns(nil, &r, classesOf(set))
}

func classesOf(set *rules.Set) []model.Class {
	var out []model.Class
	for _, name := range set.Classes() {
		out = append(out, model.ClassOf(name))
	}
	return out
}

func appendSigns(out []model.Sign, r *rules.Reading, classes []model.Class) []model.Sign {
	r.EachSign(func(x rules.Sign) { out = append(out, model.Sign{Class: classes[x.Class], Span: x.Span}) })
	return out
}

var shippedModel = sync.OnceValues(func() (*model.Model, error) {
	m, err := model.Shipped()
	if err != nil {
		return nil, fmt.Errorf("loading the shipped model: %w", err)
	}
	return m, nil
})

// PreloadModel loads the shipped model, so that ShippedModel finds it there. It may be called beside other work.
func PreloadModel() { _, _ = shippedModel() } // ShippedModel gives the error

// ShippedModel is the learned reader that comes with the program.
func ShippedModel() (Reader, error) {
	m, err := shippedModel()
	if err != nil {
		return nil, err
	}
	return Learned(m), nil
}

// Learned makes a reader of a trained model. It reads with the dictionary of the classifier that it is given to.
func Learned(m *model.Model) Reader { return learned{m: m} }

func (l learned) Source() string  { return SourceModel }
func (l learned) Shared() bool    { return true }
func (l learned) Version() string { return l.m.Version() }

// LeastShare is what the model must give a category for that to be an opinion.
const LeastShare = 0.005

func (l learned) Read(in *Reading, memory *any, out []Opinion) []Opinion {
	own, ok := (*memory).(*learnedMemory)
	if !ok {
		own = &learnedMemory{possible: map[*rules.Policy][]bool{}}
		own.fill = func(x *model.Input) { l.fill(own.of, x) }
		*memory = own
	}
	policy := in.Input().Policy
	possible, ok := own.possible[policy]
	if !ok {
		possible = Possible(policy, l.m.Categories)
		own.possible[policy] = possible
	}
	if own.glanced = l.m.Fair(in.Text(), possible, &own.reading); own.glanced {
		return out
	}
	x := &own.input
	own.of = in
	*x = model.Input{Text: in.Text(), Name: in.Input().Name, Handle: in.Input().Handle, Signs: x.Signs[:0], Fill: own.fill}
	l.m.Read(x, possible, &own.reading)
	for i, p := range own.reading.Shares {
		if p >= LeastShare {
			out = append(out, Opinion{Category: l.m.Categories[i], Confidence: p})
		}
	}
	return out
}

// fill puts into the input what takes time.
func (l learned) fill(in *Reading, x *model.Input) {
	x.Signs = appendSigns(x.Signs, &in.Reading, l.classes)
	if in.official != nil {
		x.Post = in.official.forModel(l.m)
	} else if o := in.Official(); o != nil {
		x.Post = l.m.Official(o.Text())
	}
}

// Possible says by category whether a policy has a clause for it.
func Possible(p *rules.Policy, categories []string) []bool {
	out := make([]bool, len(categories))
	for i, c := range categories {
		out[i] = p.Has(c)
	}
	return out
}

func (l learned) Glanced(memory any) bool {
	own, ok := memory.(*learnedMemory)
	return ok && own.glanced
}

// Evidence cites the spans that weighed most. Where nothing in the text did, it was the author's name or how the whole is written.
func (l learned) Evidence(in *Reading, memory *any, category string) []Evidence {
	if l.Glanced(*memory) {
		return nil
	}
	reading := &(*memory).(*learnedMemory).reading
	original := in.Input().Text
	runes := in.Text().Runes
	var out []Evidence
	for _, s := range reading.Evidence(slices.Index(l.m.Categories, category)) {
		out = append(out, Evidence{Start: s.Start, End: s.End, Text: string(runes[s.Start:s.End]), Rule: SourceModel})
	}
	switch name := in.Input().Name; {
	case len(out) > 0:
	case category == "impersonation" && name != "":
		out = append(out, Evidence{In: rules.InName.String(), End: utf8.RuneCountInString(name), Text: name, Rule: SourceModel})
	default:
		out = append(out, Evidence{End: len(runes), Text: original, Rule: SourceModel})
	}
	return out
}

// Because says why the model spoke, as far as one that learned from examples can.
func (l learned) Because(category string, evidence []Evidence) string {
	var words []string
	for _, e := range evidence {
		r := []rune(strings.Join(strings.Fields(e.Text), " "))
		if len(r) > 20 {
			r = append(r[:19], '…')
		}
		words = append(words, "「"+string(r)+"」")
	}
	return fmt.Sprintf("%sなどの書き方が、学習した例のうち%sにあたるものに近い", strings.Join(slices.Compact(words), ""), labels[category])
}

// labels are the categories in a few words of Japanese, for sentences.
var labels = map[string]string{
	"illegal": "法令違反", "defamation": "誹謗中傷", "politics-religion": "政治・宗教活動", "ip-infringement": "知的所有権の侵害",
	"commercial": "広告・勧誘", "discrimination": "差別", "public-order": "公序良俗違反", "misinformation": "虚偽・噂", "privacy": "個人情報の開示",
	"impersonation": "なりすまし", "malware": "有害なプログラムへの誘導", "obscenity": "わいせつな表現", "crime-incitement": "犯罪の誘発",
	"tampering": "発信内容の改変", "tos-violation": "利用規約違反", "off-topic": "発信と関係のない内容", "other-inappropriate": "その他の不適切な内容",
}
