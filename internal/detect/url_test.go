package detect

import (
	"testing"

	"github.com/kotomori/kotomori/internal/text"
)

func TestURL(t *testing.T) {
	check(t, "url", []hit{
		h("https://shop.example/a?b=1#c"),
		h("詳しくはhttps://shop.example/abc、または電話で", "https://shop.example/abc"),
		h("（https://shop.example/）を見て", "https://shop.example/"),
		h("「http://shop.example/x」です。", "http://shop.example/x"),
		h("https://shop.example/a_(b)を参照", "https://shop.example/a_(b)"),
		h("見て→https://shop.example/a.html。", "https://shop.example/a.html"),
		h("https://shop.example.", "https://shop.example"),
		h("https://shop.example/さいたま", "https://shop.example/"),
		h("https://shop.exampleをみて", "https://shop.example"),
		h("登録はshop-abc.comから！", "shop-abc.com"),
		h("登録は shop-abc.co.jp/x?y=z まで", "shop-abc.co.jp/x?y=z"),
		h("www.shop-abc.net"),
		h("SHOP-ABC.COM へ", "SHOP-ABC.COM"),
		h("ｓｈｏｐ－ａｂｃ．ｃｏｍ", "ｓｈｏｐ－ａｂｃ．ｃｏｍ"),
		h("shop.example と money.test", "shop.example", "money.test"),
		h("https://a.example https://b.example", "https://a.example", "https://b.example"),
		h("https://日本語.jpを見て", "https://日本語.jp"),
		h("https://例え.みんな/a", "https://例え.みんな/a"),
		h("hxxps://shop.example/a"),
		h("ttps://shop.example/a"),
		h("URLはhttps://shop.example/a", "https://shop.example/a"),
		h("h**p://shop-abc.com/a", "://shop-abc.com/a"),
		h("shop-abc[.]com"),
		h("shop-abc(dot)com/x"),
		h("shop-abc [.] com"),
		h("shop-abc dot com"),
		h("shop-abcドットコム", "shop-abcドットコム"),
		h("shop-abcドットnetで検索", "shop-abcドットnet"),
		h("shop-abc。comへ", "shop-abc。com"),
		h("http://203.0.113.5/x"),
		h("203.0.113.5にアクセス", "203.0.113.5"),
		h("10.0.0.1:8080/x"),
		h("http://[2001:db8::1]/a"),
		h("https://user@shop.example/"),
		h("https://city.saitama.lg.jp@shop.example/", "https://city.saitama.lg.jp@shop.example/"),
		h("line://ti/p/abc"),
		h("bit.ly/abc"),
		h("t.me/abc"),
		h("x.gd/AbCd1"),
		h("待って...shop-abc.comだよ", "shop-abc.com"),
		h("会場は example.today です", "example.today"),
		h("https://forms.gle/abc#top"),
		h("http://localhost:8080/"),
	}, []string{
		"",
		"3.5時間、12.25まで、v1.2.0、No.1、1.2.3.4",
		"e.g. this, i.e. that, a.m. p.m. U.S.A.",
		"readme.txt と main.py と setup.sh と 資料.pdf と clip.mov と data.zip",
		"ここです.comではない",
		"最高です.net",
		"Mr.Childrenのライブ、Dr.コトー、St.Louis、Vol.3",
		"Mr.Cat と No.One",
		"Node.jsとVue.jsとASP.NETを勉強",
		"2026.5.29(金) 10.30開演",
		"info@shop.example へメール",
		"taro.jp@shop.example",
		"@shop.me をフォロー",
		"co.jp と com と .com",
		"F.C.Tokyoが勝った",
		"thank you.me too",
		"わかる.それな",
		"そう。Yes。No。",
		"A.B.C.とD.E.F.",
		"http://",
		"https:// です",
		"https://ない",
		"3:2で勝利。1/2の確率",
		"和光市.さいたま市",
		"円周率は3.14159",
		"Wi-Fi.がない",
		"foo_bar.baz",
	})
}

func TestURLKinds(t *testing.T) {
	for _, c := range []struct {
		name   string
		hits   []hit
		misses []string
	}{
		{
			"url.shortener",
			[]hit{h("https://bit.ly/3abc"), h("tinyurl.com/abc"), h("見て https://x.gd/AbC12 ぜひ", "https://x.gd/AbC12"), h("onl.bz/abc"), h("https://is.gd/x"), h("https://www.tinyurl.com/x")},
			[]string{"https://t.co/abc123", "https://shop.example/bit.ly", "https://mybit.ly.example/x", "https://youtu.be/abc", "https://amzn.to/abc", "orbit.lyric"},
		},
		{
			"url.ip",
			[]hit{h("http://203.0.113.5/a"), h("http://3405803781/"), h("http://0xCB007105/a"), h("http://0313.0.0161.05/"), h("http://[2001:db8::1]:8080/"), h("203.0.113.200"), h("http://203.0.113.5:8080")},
			[]string{"https://shop.example/203.0.113.5", "1.2.3.4", "v10.0.0.1", "2026.5.29.10", "http://999999999999/", "ip アドレス"},
		},
		{
			"url.download",
			[]hit{h("https://shop.example/a.apk"), h("https://shop.example/Setup.EXE?x=1"), h("http://shop.example/get?file=tool.zip&v=2"), h("shop.example/資料.pdf https://shop.example/x.docm", "https://shop.example/x.docm"), h("https://shop.example/a/b.tar.gz#top"), h("https://shop.example/x.js")},
			[]string{"https://shop.example/a.pdf", "https://shop.example/apk", "https://shop.example/a.html?exe=1", "https://shop.example/zip/", "tool.exe", "https://shop.example/a.xlsx", "https://shop.com", "https://shop.example/?u=other.com"},
		},
		{
			"url.messenger",
			[]hit{h("https://line.me/R/ti/p/@abc"), h("lin.ee/abc"), h("https://t.me/abc"), h("discord.gg/abc"), h("https://discord.com/invite/abc"), h("https://wa.me/810000"), h("line://ti/p/x"), h("https://open.kakao.com/o/abc")},
			[]string{"https://store.line.me/stickershop", "https://news.line.me/a", "https://discord.com/blog", "https://online.me/x", "https://social-plugins.line.me/lineit/share", "https://shop.example/t.me"},
		},
		{
			"url.punycode",
			[]hit{h("https://xn--pple-43d.com/"), h("https://аpple-shop.com/login"), h("https://раура.com"), h("https://bankノlogin.example.com/")},
			[]string{"https://日本語.jp/", "https://xn--wgv71a119e.jp/", "https://apple.com", "https://shop.example/xn--a", "http://203.0.113.5/"},
		},
		{
			"url.foreign",
			[]hit{h("https://shop.example/"), h("https://x.com/someone/status/1"), h("https://forms.gle/abc"), h("https://www.youtube.com/watch?v=1"), h("http://203.0.113.5/"), h("https://city.evil-shop.jp/"), h("https://lg.jp.shop.example/"), h("https://city.co.jp/"), h("https://city.shop.saitama.jp/"), h("https://notwakolabo.example/")},
			[]string{
				"https://www.city.saitama.lg.jp/a", "https://www.soumu.go.jp/x", "https://www.some-univ.ac.jp", "https://kodomo.ed.jp/", "https://wakolabo.example/event", "https://blog.wakolabo.example/",
				"https://x.com/SaitamaCvcCoop/status/1", "https://twitter.com/wakokyodo", "https://www.facebook.com/wakokyodo?ref=1", "https://t.co/abc", "https://www.city.saitama.jp/", "https://www.pref.saitama.jp/",
			},
		},
	} {
		check(t, c.name, c.hits, c.misses)
	}
}

func TestLinkParts(t *testing.T) {
	got := links(text.New("見て hxxps://Shop[.]Example:8080/A/b.zip?x=1#y と https://[::1]/ と http://0x7f.1/").Plain.Runes)
	if len(got) != 3 {
		t.Fatalf("got %d links, want 3: %+v", len(got), got)
	}
	if l := got[0]; l.scheme != "https" || l.host != "shop.example" || l.path != "/a/b.zip?x=1#y" || l.addr.IsValid() {
		t.Errorf("got %+v", l)
	}
	if l := got[1]; l.host != "::1" || !l.addr.Is6() || l.path != "/" {
		t.Errorf("got %+v", l)
	}
	if l := got[2]; l.host != "127.0.0.1" || !l.addr.Is4() {
		t.Errorf("got %+v", l)
	}
}

func TestEmail(t *testing.T) {
	check(t, "email", []hit{
		h("連絡は taro.sample+x@mail.example まで", "taro.sample+x@mail.example"),
		h("ＴＡＲＯ＠ｍａｉｌ．ｅｘａｍｐｌｅ", "ＴＡＲＯ＠ｍａｉｌ．ｅｘａｍｐｌｅ"),
		h("taro..x.@mail.example"),
		h("taro(at)mail.example"),
		h("taro[at]mail[dot]example"),
		h("taroアットマークmail.example", "taroアットマークmail.example"),
		h("メールはtaro@mail.example。", "taro@mail.example"),
		h("mailto:taro@mail.example", "taro@mail.example"),
	}, []string{
		"@taro_sample さん", "会場@渋谷", "1個@500円", "taro@localhost", "a@b", "10:00@会議室.和光", "https://name@shop.example/", "@mail.example", "at com", "taro at home",
	})
}
