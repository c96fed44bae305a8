package train

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"github.com/kotomori/kotomori/internal/model"
	"github.com/kotomori/kotomori/internal/text"
	"github.com/kotomori/kotomori/rules"
)

// Bounds for what becomes a stray.
const (
	strayWords = 3    // that tell of a subject
	strayOwn   = 0.25 // least likeness to its own post
	strayOther = 0.15 // most likeness to the other post
)

// strays are acceptable comments put under another post than their own, where they are off-topic: the same words that belong under one
// post and not under the other leave only the comparison with the post to learn from.
func strays(comments []model.Comment, vectors []byte) []model.Comment {
	v, err := model.ReadVectors(vectors)
	if err != nil {
		return nil // Train says so
	}
	at := slices.Index(rules.Categories, "off-topic")
	var posts []string
	seen := map[string]bool{}
	for _, c := range comments {
		if c.Possible[at] && !seen[c.Post] {
			seen[c.Post] = true
			posts = append(posts, c.Post)
		}
	}
	if len(posts) < 2 {
		return nil
	}
	random := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // the same every time
	var out []model.Comment
	for _, c := range comments {
		other := posts[random.IntN(len(posts))]
		if c.Category != "" || !c.Possible[at] || other == c.Post {
			continue
		}
		x := text.New(c.Text)
		if like, telling := v.Likeness(x, text.New(c.Post)); telling < strayWords || like < strayOwn {
			continue
		}
		if like, _ := v.Likeness(x, text.New(other)); like > strayOther {
			continue
		}
		c.MadeOf, c.Post, c.Category = c.Post, other, "off-topic"
		out = append(out, c)
	}
	return out
}

// courtesies end comments of every kind.
var courtesies = []string{"よろしくお願いいたします。", "よろしくお願いします！", "ありがとうございます。", "どうぞよろしく。", "失礼しました。", "以上です、よろしくお願い申し上げます。"}

// courteous are some comments, whatever their label, with a courtesy at their end: it makes none better or worse.
func courteous(comments []model.Comment) []model.Comment {
	random := rand.New(rand.NewPCG(13, 17)) //nolint:gosec // the same every time
	var out []model.Comment
	for _, c := range comments {
		if random.IntN(8) > 0 {
			continue
		}
		end := ""
		if r := []rune(c.Text); unicode.IsLetter(r[len(r)-1]) {
			end = "。"
		}
		c.MadeOf = c.Post
		c.Text += end + courtesies[random.IntN(len(courtesies))]
		out = append(out, c)
	}
	return out
}

// endings are how a comment may end: none of them makes it better or worse. Marks that the model leaves out are not among them.
var endings = []string{"！笑", "笑", "（笑）", "w", "ww", "www", "😊", "😂", "🙏", "✨", "💢", "😡", "🙄", "👍", "🎉", "😭", "💦", ""}

// ended are some comments, whatever their label, with another laugh or emoji at their end.
func ended(comments []model.Comment) []model.Comment {
	random := rand.New(rand.NewPCG(37, 41)) //nolint:gosec // the same every time
	var out []model.Comment
	for _, c := range comments {
		end := endings[random.IntN(len(endings))]
		if random.IntN(oneEnded) > 0 {
			continue
		}
		bare := strings.TrimRightFunc(c.Text, model.EndMark)
		if bare == "" || bare+end == c.Text || model.MayLink(text.New(c.Text).Folded.Runes) {
			continue
		}
		c.MadeOf, c.Text = c.Post, bare+end
		out = append(out, c)
	}
	return out
}

// oneEnded is the share of the comments that get another end, one in so many.
const oneEnded = 10
