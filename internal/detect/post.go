package detect

import (
	"sync"

	"github.com/kotomori/kotomori/internal/text"
)

// Post is an official post as the detectors read it. What they make of it is made once, for all replies; it may be shared between goroutines.
type Post struct {
	Text *text.Text

	once     sync.Once
	stripped stripped
	known    grams

	onceFacts sync.Once // few replies come so near to the post that they are asked for
	facts     []fact
}

// NewPost prepares an official post.
func NewPost(t *text.Text) *Post { return &Post{Text: t} }

func (p *Post) prepare() {
	p.stripped = strip(p.Text.Plain.Runes)
	p.known.add(p.stripped.runes)
}

func (p *Post) strip() stripped {
	p.once.Do(p.prepare)
	return p.stripped
}

// alignedFacts are those of the part that replies are aligned with.
func (p *Post) alignedFacts() []fact {
	p.onceFacts.Do(func() { p.facts = p.strip().cut(alignCap).facts() })
	return p.facts
}

// mayShare is a necessary condition: false means that the post and r share fewer than n runs of gramLength letters.
func (p *Post) mayShare(r []rune, n int) bool {
	p.once.Do(p.prepare)
	for i := 0; i+gramLength <= len(r) && n > 0; i++ {
		if p.known.has(hashGram(r[i:])) {
			n--
		}
	}
	return n <= 0
}

// grams are runs of gramLength letters by their hash, so that some seem to be there that are not.
type grams [1 << (gramBits - 6)]uint64

const (
	gramLength = 4
	gramBits   = 13 // a post has some hundred letters
)

// hashGram hashes the first gramLength letters.
func hashGram(r []rune) uint32 {
	h := (uint64(r[0])<<42 ^ uint64(r[1])<<28 ^ uint64(r[2])<<14 ^ uint64(r[3])) * 0x9E3779B97F4A7C15
	return uint32(h >> (64 - gramBits))
}

func (g *grams) add(r []rune) {
	for i := 0; i+gramLength <= len(r); i++ {
		h := hashGram(r[i:])
		g[h/64] |= 1 << (h % 64)
	}
}

func (g *grams) has(h uint32) bool { return g[h/64]&(1<<(h%64)) != 0 }
