package detect

import (
	"slices"
	"strings"
	"testing"
)

const cleaning = `【参加者募集】5月29日(土)10時から、和光市民会館前で清掃活動を行います。定員20名（先着順）、参加費は無料です。どなたでも参加できます。雨天中止。軍手をお持ちください。申込は不要です。 https://wakolabo.example/clean #和光市`

func TestAltered(t *testing.T) {
	type altered struct {
		post, text string
		want       []string
	}
	w := func(s ...string) []string { return s }
	for _, c := range []altered{
		{cleaning, "「5月30日(土)10時から、和光市民会館前で清掃活動を行います」", w("5月30日(土)10時から、和光市民会館前で清掃活動を行います")},
		{cleaning, "＞参加費は3000円です。どなたでも参加できます\n高すぎ", w("参加費は3000円です。どなたでも参加できます")},
		{cleaning, "公式：5月29日(土)15時から、和光市民会館前で清掃活動", w("5月29日(土)15時から、和光市民会館前で清掃活動")},
		{cleaning, "5月29日(土)10時から、大宮市民会館前で清掃活動を行います。", nil},
		{cleaning, "RT @wakokyodo: 定員200名（先着順）、参加費は無料です。", nil},
		{cleaning, "「定員20名（先着順）、参加費は有料です」とのこと", nil},
		{cleaning, "「どなたでも参加できません。雨天中止。」", nil},
		{cleaning, "「軍手をお持ちください。申込は必要です。」", nil},
		{cleaning, "【参加者募集】6月29日(土)10時から、和光市民会館前で清掃活動を行います。定員20名（先着順）、参加費は無料です。", nil},
		{cleaning, "【参加者募集】5月29日(日)10時から、和光市民会館前で清掃活動を行います。", nil},
		{cleaning, "5月29日(土)10時から、和光市民会館前で清掃活動は中止、雨天中止。定員20名（先着順）、参加費は5,000円です。", nil},
		{"図書館は本日休館します。返却ポストは使えます。", "「図書館は本日開館します。返却ポストは使えます」", nil},
		{"集合場所は浦和区役所の北口です。", "＞集合場所は大宮区役所の北口です。", nil},
		{cleaning, "【参加者募集】清掃活動は中止します。定員20名（先着順）、参加費は無料です。どなたでも参加できます。", nil},
		{"持ち物は水筒とタオルです。動きやすい服装でお越しください。", "「持ち物は現金とハンコです。動きやすい服装でお越しください」", nil},
	} {
		got := find(t, "post.altered", c.text, c.post)
		if len(got) == 0 {
			t.Errorf("%q is not altered, want it to be", c.text)
			continue
		}
		if len(c.want) > 0 && !strings.Contains(got[0], strings.Trim(c.want[0], "「」＞")) {
			t.Errorf("in %q: got %q, want %q", c.text, got, c.want)
		}
	}
	for _, c := range [][2]string{
		{cleaning, "「5月29日(土)10時から、和光市民会館前で清掃活動を行います」行きます！"},
		{cleaning, "＞参加費は無料です。どなたでも参加できます\n助かります"},
		{cleaning, "5/29(土) 10:00から和光市民会館前で清掃活動だって！定員20名、参加費無料"},
		{cleaning, "5月29日10時、清掃活動、定員20名"},
		{cleaning, "14時からですか？"},
		{cleaning, "5月29日(土)14時から、和光市民会館前で清掃活動を行いますか？"},
		{cleaning, "5月29日(土)は和光市民会館前で清掃活動を行わず、次回は14時からにしてほしい"},
		{cleaning, "5月29日は仕事なので参加できません。来月は参加できます。"},
		{cleaning, "参加費は無料なんですね、子供2人と参加します"},
		{cleaning, "去年は5月30日(土)10時から、和光市民会館前で清掃活動でしたね"},
		{cleaning, "6月5日10時から朝霞公園でコンサートをします。参加費は1000円です。"},
		{cleaning, "軍手を持って参加します。申込は不要とのことで助かります。"},
		{cleaning, "「参加費は3000円です」とのデマを見ましたが、どなたでも無料で参加できますよね？"},
		{cleaning, "5月29日じゃなくて6月29日がよかったです"},
		{cleaning, "税金の無駄"},
		{"皆様のご参加をお待ちしております。詳細はホームページをご覧ください。", "皆様のご活躍をお祈りしております。詳細はホームページをご覧ください。"},
		{"午後2時から和光市役所の会議室で説明会を開催します。", "「14:00から和光市役所の会議室で説明会を開催します」了解です"},
		{"定員30名、参加費500円、持ち物はタオルです。お気軽にお越しください。", "定員30名、持ち物はタオルです。お気軽にお越しください。"},
	} {
		if got := find(t, "post.altered", c[1], c[0]); len(got) > 0 {
			t.Errorf("%q is altered: %q, want nothing", c[1], got)
		}
	}
}

func TestCopied(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"清掃活動を行います。定員20名（先着順）、参加費は無料です。ですって", []string{"清掃活動を行います。定員20名（先着順）、参加費は無料です"}},
		{"＞和光市民会館前で 清掃活動を\n行います いいね", []string{"和光市民会館前で 清掃活動を\n行います"}},
		{"和光市民会館前で清掃活動を行います！でも、軍手をお持ちください。申込は不要です", []string{"和光市民会館前で清掃活動を行います", "軍手をお持ちください。申込は不要です"}},
		{"清掃活動を行いますとのこと", nil},
		{"https://wakolabo.example/clean #和光市", nil},
		{"ぜんぜん関係ない話ですみません", nil},
		{"どなたでも参加できる", nil},
	} {
		if got := find(t, "post.copied", c.text, cleaning); !slices.Equal(got, c.want) {
			t.Errorf("copied in %q: got %q, want %q", c.text, got, c.want)
		}
	}
}

// Stretches that repeat themselves must not cost their length squared, and are copies all the same.
func TestCopiesRepeating(t *testing.T) {
	a := []rune(strings.Repeat("あ", 5000))
	if got := copies(a, a, copiedLeast); len(got) != 1 || got[0] != [2]int{0, 5000} {
		t.Errorf("got %v, want all of it", got)
	}
}

func TestUnrelated(t *testing.T) {
	for _, s := range []string{
		"推しのライブ映像がやばすぎて一日中泣いてる、最強の歌声",
		"昨日食べたラーメンの替え玉が安くて美味だった件",
		"競馬の本命は七番の黒い馬、単勝で勝負するつもり",
		"新作ゲームのラスボスが強すぎて全然倒せないんだが",
		"元カレから急に連絡きたんだけど既読無視でいい？病む",
		"モンハンやってる人いる？フレンド募集",
		"ラーメン替え玉2回いった、チャーシュー分厚くて最高だった",
		"My favorite guitar player released another album yesterday",
	} {
		if got := find(t, "post.unrelated", s, cleaning); !slices.Equal(got, []string{s}) {
			t.Errorf("%q: got %q, want all of it", s, got)
		}
	}
	for _, s := range []string{
		"ありがとうございます、当日を心待ちにしています",
		"掃除のあとのビールがうまそうだなあと思いました",
		"ゴミ拾いは腰にくるので湿布を用意しておきますね",
		"税金の使い道としてはどうなのかと疑問に感じます",
		"職員の態度が悪くて腹が立った、ふざけんなと言いたい",
		"うちの近所の花壇もきれいになると嬉しいです",
		"最寄りは何線の何という駅になるのでしょうか？",
		"軍手は百円ショップで買えばいいのかと悩み中です",
		"😊😊😊😊😊😊😊😊😊😊😊😊😊",
		"#和光市 #さいたま #埼玉 #イベント #おでかけ",
		"https://shop.example/aaaaaaaaaaaaaaaa @abc_def",
		"ラーメン食べたい",
		"それはない",
		"雨が降ったらどうなるのか心配",
		"Thank you for the information, looking forward to it",
		"わこらぼの人たちって本当に親切で大好きなんだよね",
		"駐車できるとこある？車で家から三十分かかるんだけど",
		"ホールのプロジェクター、新しくなりました？",
		"何時に終わるの？バイトのあとに間に合うかな",
		"こんなことして誰の得になるんだろう、意味が分からん",
		"朝から並んで整理券をもらった思い出、なつかしい",
	} {
		if got := find(t, "post.unrelated", s, cleaning); len(got) > 0 {
			t.Errorf("%q: got %q, want nothing", s, got)
		}
	}
	// A post with hardly a word tells nothing.
	if got := find(t, "post.unrelated", "推しのライブ映像がやばすぎて一日中泣いてる", "こちら→"); len(got) > 0 {
		t.Errorf("got %q under an empty post, want nothing", got)
	}
	// One topic, no word in common.
	if got := find(t, "post.unrelated", "炊き出しのカレーおいしかったなあ、豚汁もよかった", "避難訓練の日程をお伝えします。備蓄品の見直しもこの機会に。"); len(got) > 0 {
		t.Errorf("got %q under a post of the same topic, want nothing", got)
	}
}
