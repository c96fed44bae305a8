package flood

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
)

// long is a text for different people, short one for a single author only.
const (
	long  = "公園の桜の枝が歩道に垂れ下がり歩きにくくなっています"
	short = "駐車場は何台分ありますか"
)

func reply(id, author, text string) event.Comment {
	return event.Comment{
		Comment: classifier.Comment{
			ID: id, Account: "saitama", Platform: "x", Post: classifier.Post{ID: "p"}, Author: classifier.Author{ID: author}, Text: text,
		},
		Revision: 1,
	}
}

func edit(c event.Comment, revision int, text string) event.Comment {
	c.Revision, c.Text = revision, text
	return c
}

func gone(c event.Comment) event.Comment {
	c.Revision, c.Text, c.Deleted = event.MaxRevision, "", true
	return c
}

// told is the answers to comments, one after the other, in short: - for none, 3own, 5.
func told(c *Counter, comments ...event.Comment) string {
	var out []string
	for i, x := range comments {
		f := c.Tell(int64(i), Read(x))
		s := "-"
		if f.Count > 0 {
			s = fmt.Sprint(f.Count)
		}
		if f.SameAuthor {
			s += "own"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestTell(t *testing.T) {
	a, b := reply("1", "a", long), reply("2", "a", long)
	under := func(c event.Comment, account, post string) event.Comment {
		c.Account, c.Post.ID = account, post
		return c
	}
	on := func(c event.Comment, platform string) event.Comment {
		c.Platform = platform
		return c
	}
	by := func(c event.Comment, handle string) event.Comment {
		c.Author = classifier.Author{Handle: handle}
		return c
	}
	six := func(text string) (all []event.Comment) {
		for i := range 6 {
			all = append(all, reply(fmt.Sprint(i), fmt.Sprint("author", i), text))
		}
		return all
	}
	for name, tc := range map[string]struct {
		comments []event.Comment
		want     string
	}{
		"one author":                  {[]event.Comment{a, b, reply("3", "a", long), reply("4", "a", long)}, "- - 3own 4own"},
		"different":                   {six(long), "- - - - 5 6"},
		"different, a short sentence": {six(short), "- - - - - -"},
		"one author, a short sentence": {[]event.Comment{
			reply("1", "a", short), reply("2", "a", short), reply("3", "b", short), reply("4", "a", short),
		}, "- - - 3own"},
		"mixed": {[]event.Comment{
			a, reply("2", "b", long), reply("3", "a", long), reply("4", "c", long), reply("5", "b", long), reply("6", "a", long),
		}, "- - - - 5 3own"},
		"nobody is not one author": {[]event.Comment{
			by(reply("1", "", long), ""), by(reply("2", "", long), ""), by(reply("3", "", long), ""), by(reply("4", "", long), ""),
			by(reply("5", "", long), ""),
		}, "- - - - 5"},
		"known by handle":  {[]event.Comment{by(a, "@Someone"), by(b, "someone"), by(reply("3", "", long), "@someone")}, "- - 3own"},
		"another post":     {[]event.Comment{a, b, under(reply("3", "a", long), "saitama", "q"), reply("4", "a", long)}, "- - - 3own"},
		"another account":  {[]event.Comment{a, b, under(reply("3", "a", long), "wako", "p")}, "- - -"},
		"another platform": {[]event.Comment{a, b, on(reply("3", "a", long), "facebook")}, "- - -"},
		"no post": {[]event.Comment{
			under(a, "saitama", ""), under(b, "saitama", ""), under(reply("3", "a", long), "saitama", ""),
		}, "- - -"},
		"told twice":           {[]event.Comment{a, a, a, a, b, b}, "- - - - - -"},
		"edited, same letters": {[]event.Comment{a, edit(a, 2, long+"！"), edit(a, 3, long), b, reply("3", "a", long), edit(a, 4, long), edit(b, 2, long)}, "- - - - 3own - -"},
		"edited away":          {[]event.Comment{a, b, edit(a, 2, short), reply("3", "a", long), reply("4", "a", long)}, "- - - - 3own"},
		"edited into":          {[]event.Comment{a, b, reply("3", "a", "別の話です。会場の入口が分かりませんでした"), edit(reply("3", "a", ""), 2, long)}, "- - - 3own"},
		"an edit comes late":   {[]event.Comment{a, b, edit(reply("3", "a", ""), 2, short), reply("3", "a", long), reply("4", "a", long)}, "- - - - 3own"},
		"deleted":              {[]event.Comment{a, gone(a), b, reply("3", "a", long), reply("4", "a", long)}, "- - - - 3own"},
		"told after deletion":  {[]event.Comment{a, b, gone(reply("3", "a", "")), reply("3", "a", long), reply("4", "a", long)}, "- - - - 3own"},
		"of another":           {[]event.Comment{a, b, gone(on(a, "facebook")), reply("3", "a", long)}, "- - - 3own"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := told(New(Window), tc.comments...); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// What everybody writes is no flood, however often it comes.
func TestReactions(t *testing.T) {
	for _, s := range []string{
		"👏👏👏👏👏👏👏👏👏👏👏👏👏", "了解です", "ありがとうございます！", "いつも情報ありがとうございます。", "お疲れ様です。いつもありがとうございます",
		"今年も楽しみにしています！よろしくお願いします", "ｵﾂｶﾚｻﾏﾃﾞｽ。アリガトウゴザイマス。参加します", "わっしょい！わっしょい！わっしょい！わっしょい！", "wwwwwwwwwwwwwwwwwwwwww",
		"https://www.city.saitama.lg.jp/001/002/003/index.html", "@SaitamaCvcCoop https://t.example/abcdefghijklmnop", "Thank you so much! Looking forward to it.",
		"おめでとうございます🎉本当に嬉しいです", "888888888888888888888888", "",
	} {
		var all []event.Comment
		for i := range 8 {
			all = append(all, reply(fmt.Sprint(i), "a", s))
		}
		if got := told(New(Window), all...); got != "- - - - - - - -" {
			t.Errorf("%s: %s", s, got)
		}
	}
}

// TestSame: texts that are the same but for their looks, and texts that are not.
func TestSame(t *testing.T) {
	of := func(s string) hash { return Read(reply("1", "a", s)).text }
	const base = "今すぐ登録して特典コードを受け取ってください"
	for _, s := range []string{
		"今すぐ登録して、特典コードを受け取ってください！！", "今すぐ登録して特典ｺｰﾄﾞを受け取ってください😊😊", "  今すぐ登録して\n特典コードを受け取ってください",
		"@someone 今すぐ登録して特典コードを受け取ってください https://t.example/a1B2c3", "今すぐ登録して特典コードを受け取ってください 4821", "今すぐ登録して特典コードを受け取ってください【x9f2】",
		"今すぐ登録して特典コードを受け取ってくだ\u200bさい",
	} {
		if of(s) != of(base) || of(s) == (hash{}) {
			t.Errorf("%q is another text", s)
		}
	}
	for _, s := range []string{
		"今すぐ登録せずに特典コードを受け取ってください", "特典コードを受け取って今すぐ登録してください", "今すぐ登録して特典コード2を受け取ってください",
	} {
		if of(s) == of(base) {
			t.Errorf("%q is the same text", s)
		}
	}
}

func TestQuotes(t *testing.T) {
	const post = "11月3日(祝)に防災訓練を行います。どなたでも参加できます。詳しくは https://www.city.saitama.lg.jp/a をご覧ください。"
	for s, want := range map[string]bool{
		post:           true,
		"RT " + post:   true,
		post + "いいですね": true,
		"「どなたでも参加できます。詳しくは」":          true,
		"１１月３日（祝）に防災訓練を行います":          true,
		"11月3日に防災訓練など行わないでください":       false,
		post + "こんな訓練に税金を使うのはやめてください": false,
	} {
		if Quotes(s, post) != want {
			t.Errorf("%s: %v", s, !want)
		}
		if Quotes(s, "") || Quotes(s, "🎉") {
			t.Errorf("%s quotes a post that says nothing", s)
		}
	}
}

// Whatever comes, a counter answers as one does that was told of the window alone; and it holds no more than that.
func TestWindow(t *testing.T) {
	texts := []string{long, long + "。", short, "了解です", "会場の入口が分かりにくいので案内の看板を増やしてください"}
	rapid.Check(t, func(t *rapid.T) {
		window := rapid.Int64Range(1, 12).Draw(t, "window")
		type told struct {
			at int64
			Reply
		}
		var log []told
		c := New(window)
		at := int64(0)
		for range rapid.IntRange(1, 40).Draw(t, "records") {
			at += int64(rapid.SampledFrom([]int{1, 1, 1, 1, 2, 5}).Draw(t, "gap"))
			x := reply(rapid.StringMatching(`[0-9]`).Draw(t, "id"), rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(t, "author"), rapid.SampledFrom(texts).Draw(t, "text"))
			x.Revision = rapid.IntRange(1, 3).Draw(t, "revision")
			x.Deleted = rapid.IntRange(0, 5).Draw(t, "deleted") == 0
			x.Post.ID = rapid.SampledFrom([]string{"p", "p", "q", ""}).Draw(t, "post")
			r := Read(x)
			log = append(log, told{at, r})
			got := c.Tell(at, r)

			fresh := New(window)
			var want classifier.Flood
			for _, l := range log {
				if l.at >= at-window { // where a worker begins that is to go on at this offset
					want = fresh.Tell(l.at, l.Reply)
				}
			}
			if got != want {
				t.Fatalf("at %d %+v, told of the window alone %+v", at, got, want)
			}
			standing := 0
			for _, group := range c.same {
				standing += len(group)
			}
			if int64(len(c.queue)) > window || len(c.comments) > len(c.queue) || standing > len(c.comments) {
				t.Fatalf("window %d: %d records, %d comments, %d standing", window, len(c.queue), len(c.comments), standing)
			}
		}
		c.Tell(math.MaxInt64, Reply{})
		if len(c.queue)+len(c.comments)+len(c.same) != 0 {
			t.Fatalf("%d records, %d comments and %d texts are left behind the window", len(c.queue), len(c.comments), len(c.same))
		}
	})
}

// The first ones leave the window, and with them what they counted for.
func TestOldestOut(t *testing.T) {
	c := New(3)
	a := func(id string) event.Comment { return reply(id, "a", long) }
	other := reply("x", "b", short)
	if got := told(c, a("1"), a("2"), other, a("3"), a("4"), a("5")); got != "- - - - - 3own" {
		t.Error(got)
	}
}

func BenchmarkTell(b *testing.B) {
	replies := make([]Reply, Window)
	for i := range replies {
		replies[i] = Read(reply(fmt.Sprint(i), fmt.Sprint(i), long))
	}
	c := New(Window)
	for i := 0; b.Loop(); i++ {
		c.Tell(int64(i), replies[i%Window])
	}
}

func BenchmarkRead(b *testing.B) {
	c := reply("1", "a", strings.Repeat(long, 3))
	for b.Loop() {
		Read(c)
	}
}
