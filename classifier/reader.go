package classifier

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kotomori/kotomori/internal/model"
	"github.com/kotomori/kotomori/internal/text"
	"github.com/kotomori/kotomori/rules"
)

// A Reader reads a comment and says which categories it sees in it. The rules are one, the learned model another; a slower, deeper
// one can join them: what each says is pooled by Join. A reader may be called by several goroutines at once, and says the same
// of the same comment every time.
type Reader interface {
	// Source names the reader: "rules", "model". The pooling weighs it by this name.
	Source() string
	// Version changes with whatever changes what the reader says.
	Version() string
	// Shared says that the opinions share one certainty: at most one clause leads, and what is left is the certainty of none.
	Shared() bool
	// Read gives an opinion on each category that it sees any sign of, for the categories of the policy only.
	Read(in rules.Input) []Opinion
}

// Opinion is what a reader says of one category.
type Opinion struct {
	Category string
	// Confidence that this clause is the one to cite, from 0 to 1, calibrated: of the comments given 0.9, nine in ten are right.
	Confidence float64
	// Evidence gives the words that led to it, by place. It is asked only for what is reported.
	Evidence func() []Evidence
	// Because is the first half of a Japanese sentence for the record: …ため.
	Because func() string
}

// Sources of the shipped readers.
const (
	SourceRules = "rules"
	SourceModel = "model"
)

// learned is the model as a Reader.
type learned struct {
	m   *model.Model
	set *rules.Set // whose dictionary it reads with
}

// Signs are the dictionary's words in a text, as the model reads them.
func Signs(set *rules.Set, s string) []model.Sign {
	var out []model.Sign
	for _, x := range set.Signs(s) {
		out = append(out, model.Sign(x))
	}
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

// ShippedModel is the learned reader that comes with the program. It reads with the dictionary of the ruleset.
func ShippedModel(set *rules.Set) (Reader, error) {
	m, err := shippedModel()
	if err != nil {
		return nil, err
	}
	return learned{m, set}, nil
}

// Learned makes a reader of a trained model.
func Learned(m *model.Model, set *rules.Set) Reader { return learned{m, set} }

func (l learned) Source() string  { return SourceModel }
func (l learned) Shared() bool    { return true }
func (l learned) Version() string { return l.m.Version() }

// LeastShare is what the model must give a category for that to be an opinion.
const LeastShare = 0.005

func (l learned) Read(in rules.Input) []Opinion {
	r := l.m.Read(l.input(in), Possible(in.Policy, l.m.Categories))
	var out []Opinion
	for i, p := range r.Shares {
		if p < LeastShare {
			continue
		}
		evidence := sync.OnceValue(func() []Evidence { return l.evidence(r, i, in) })
		out = append(out, Opinion{
			Category: l.m.Categories[i], Confidence: p, Evidence: evidence,
			Because: func() string { return because(l.m.Categories[i], evidence()) },
		})
	}
	return out
}

// Possible says by category whether a policy has a clause for it.
func Possible(p *rules.Policy, categories []string) []bool {
	out := make([]bool, len(categories))
	for i, c := range categories {
		_, out[i] = p.Clause(c)
	}
	return out
}

func (l learned) input(in rules.Input) *model.Input {
	m := &model.Input{Text: text.New(in.Text), Name: in.Name, Handle: in.Handle, Signs: Signs(l.set, in.Text)}
	if in.Post != "" {
		m.Post = text.New(in.Post)
	}
	return m
}

// evidence cites the spans that weighed most. Where nothing in the text did, it was the author's name or how the whole is written.
func (l learned) evidence(r *model.Reading, category int, in rules.Input) []Evidence {
	runes := []rune(in.Text)
	var out []Evidence
	for _, s := range r.Evidence(category) {
		out = append(out, Evidence{Start: s.Start, End: s.End, Text: string(runes[s.Start:s.End]), Rule: SourceModel})
	}
	switch {
	case len(out) > 0:
	case l.m.Categories[category] == "impersonation" && in.Name != "":
		name := []rune(in.Name)
		out = append(out, Evidence{In: rules.InName.String(), End: len(name), Text: in.Name, Rule: SourceModel})
	default:
		out = append(out, Evidence{End: len(runes), Text: in.Text, Rule: SourceModel})
	}
	return out
}

// because says why the model spoke, as far as a linear model can.
func because(category string, evidence []Evidence) string {
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
