package detect

import (
	"math/rand/v2"
	"testing"

	"github.com/kotomori/kotomori/internal/text"
)

// marked puts between letters what is dropped when they are compared, and what is not.
func marked(letters []rune, random *rand.Rand) []rune {
	between := []string{"。", " ", "！", "@abc ", " #あ ", "https://abc.example/x ", "10:30", "5.", "%"}
	var out []rune
	for _, r := range letters {
		if out = append(out, r); random.IntN(12) == 0 {
			out = append(out, []rune(between[random.IntN(len(between))])...)
		}
	}
	return out
}

// What the quick looks rule out, the slow ones would not have found.
func TestQuickLooks(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	letters := func(n, different int) []rune {
		out := make([]rune, n)
		for i := range out {
			out[i] = 'あ' + rune(random.IntN(different))
		}
		return out
	}
	flooded, kin := 0, 0
	for range 30_000 {
		var s []rune
		for len(s) < 3+random.IntN(80) {
			part := letters(1+random.IntN(12), 20)
			for range 1 + random.IntN(6) {
				s = append(s, part...)
			}
		}
		runs, covered := floods(s)
		if len(runs) > 0 && covered*2 >= len(s) {
			flooded++
			if !repeats(s) {
				t.Fatalf("a flood is ruled out: %q", string(s))
			}
		}

		from := random.IntN(len(s))
		post := append(letters(20+random.IntN(60), 20), s[from:min(len(s), from+random.IntN(8))]...)
		p := NewPost(text.New(string(post)))
		written := marked(s, random)
		if kindred(strip(written).aligned().runes, post) {
			kin++
			if !p.mayShare(written, kindredLeast) {
				t.Fatalf("what %q shares with %q is ruled out", string(s), string(post))
			}
		}
		if len(copies(s, post, gramLength)) > 0 && !p.mayShare(s, oneRun) {
			t.Fatalf("what %q copies from %q is ruled out", string(s), string(post))
		}
	}
	if flooded < 1000 || kin < 1000 {
		t.Fatalf("%d floods and %d pairs are too few to tell", flooded, kin)
	}
}
