package detect

import (
	"slices"
	"sync"

	"github.com/kotomori/kotomori/internal/text"
)

// Post is an official post as the detectors read it. What they make of it is made once, for all replies; it may be shared between goroutines.
type Post struct {
	Text *text.Text

	once     sync.Once
	stripped stripped
	known    runSet

	onceFacts sync.Once // few replies come so near to the post that they are asked for
	facts     []fact
}

// NewPost prepares an official post.
func NewPost(t *text.Text) *Post { return &Post{Text: t} }

func (p *Post) prepare() {
	p.stripped = strip(p.Text.Plain.Runes)
	for r := p.stripped.runes; len(r) >= gramLength; r = r[1:] {
		p.known.add(r[:gramLength])
	}
}

func (p *Post) strip() stripped {
	p.once.Do(p.prepare)
	return p.stripped
}

// alignedFacts are those of the part that replies are aligned with.
func (p *Post) alignedFacts() []fact {
	p.onceFacts.Do(func() { p.facts = p.strip().aligned().facts() })
	return p.facts
}

// mayShare is a necessary condition: false means that the post and a plain text share fewer runs of gramLength letters than the least for
// so many letters. It takes no memory where nothing but marks is to be stripped, as most replies share nothing.
func (p *Post) mayShare(r []rune, least func(letters int) int) bool {
	if mayLink(r) || slices.Contains(r, '@') || slices.Contains(r, '#') {
		r = strip(r).runes // what is dropped joins what stands before and after
	}
	p.once.Do(p.prepare)
	var last [gramLength]rune // in turn
	run, n, shared := uint64(0), 0, 0
	for i, c := range r {
		if !keeps(r, i) {
			continue
		}
		run = run<<runSetShift ^ uint64(c) ^ uint64(last[n%gramLength])<<(gramLength*runSetShift)
		last[n%gramLength] = c
		if n++; n >= gramLength && p.known.hasLetters(run) {
			shared++
		}
	}
	return shared >= least(n)
}

const gramLength = 4
