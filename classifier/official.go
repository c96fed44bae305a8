package classifier

import (
	"sync/atomic"

	"github.com/kotomori/kotomori/internal/model"
	"github.com/kotomori/kotomori/rules"
)

// official is an official post, prepared once for all replies to it.
type official struct {
	text  string
	rules *rules.Official
	model atomic.Pointer[officialOf]
}

// officialOf is a post prepared for one model.
type officialOf struct {
	m    *model.Model
	post *model.Official
}

// forModel prepares it for a model. Two goroutines may both do it, to the same result.
func (o *official) forModel(m *model.Model) *model.Official {
	if x := o.model.Load(); x != nil && x.m == m {
		return x.post
	}
	x := &officialOf{m, m.Official(o.rules.Text())}
	o.model.Store(x)
	return x.post
}

// officials keeps the posts that were replied to lately, a few for each hash, so that it cannot grow. A post that others have driven out is
// prepared anew.
type officials struct {
	sets [officialSets]officialSet
}

type officialSet struct {
	kept [officialWays]atomic.Pointer[official]
	last atomic.Uint32 // which was taken last
}

// Replies come to some dozens of posts at a time, or to a thousand where old ones are judged anew. One of some hundred characters takes some 25 kB prepared.
// Longer ones than keptText, as a blog may have, take megabytes, and are prepared for each reply.
const (
	officialSets = 512
	officialWays = 4
)

// placeOf hashes a post's length and beginning: FNV-1a, the same in every process, so that its speed is too.
func placeOf(text string) uint32 {
	h := uint32(2166136261) ^ uint32(len(text))
	for _, b := range []byte(text[:min(len(text), 96)]) {
		h = (h ^ uint32(b)) * 16777619
	}
	return (h ^ h>>16) % officialSets
}

func (o *officials) of(text string) *official {
	if text == "" {
		return nil
	}
	set := &o.sets[placeOf(text)]
	for i := range set.kept {
		if x := set.kept[i].Load(); x != nil && x.text == text {
			return x
		}
	}
	x := &official{text: text, rules: rules.NewOfficial(text)}
	if len(text) <= keptText {
		set.kept[set.last.Add(1)%officialWays].Store(x)
	}
	return x
}
