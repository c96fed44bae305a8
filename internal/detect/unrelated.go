package detect

import (
	"strings"

	"github.com/kotomori/kotomori/internal/morph"
	"github.com/kotomori/kotomori/internal/text"
)

// unrelatedLeast is how many letters, links, mentions, hashtags and emoji aside, a reply needs before it can be said to miss the post.
const unrelatedLeast = 12

var (
	// reactions answer a post without sharing a word with it.
	reactions = newWords("ありがと", "有難", "有り難", "感謝", "お疲れ", "おつかれ", "ご苦労", "楽しみ", "たのしみ", "楽しかっ", "たのしかっ", "楽しそう", "面白そう", "おもしろそう", "面白かっ", "行きたい", "いきたい", "行けな", "行ける", "行けま", "行けた", "行ってみ", "行ってき", "行きま", "いきます", "伺いま", "参加", "申込", "申し込", "応募", "開催", "了解", "承知", "いいね", "いいです", "良いです", "よいです", "すごい", "凄い", "すばらし", "素晴らし", "素敵", "すてき", "最高です", "最高でし", "最高の講", "残念", "応援", "頑張", "がんば", "おめで", "よかった", "良かった", "助かり", "助かる", "助かっ", "嬉し", "うれし", "待って", "お待ち", "知らなかっ", "知りませ", "知りました", "初めて知", "勉強にな", "参考にな", "拡散", "シェア", "リツイート", "rt", "フォロー", "こんにちは", "こんばんは", "おはよう", "初めまして", "はじめまして", "よろしく", "宜しく", "教えて", "ください", "下さい", "お願い", "期待", "興味", "気になり", "気になる", "手伝", "協力", "賛成", "反対", "同感", "同意", "その通り", "なるほど", "確かに", "たしかに", "そうですね", "そうなん", "納得", "懐かし", "なつかし", "思い出", "去年", "昨年", "毎年", "来年", "今年も", "今年は", "次回", "前回", "また次", "雨", "天気", "晴れ", "暑", "寒", "混ん", "混雑", "駐車", "予約", "当日", "会場", "場所", "時間", "日程", "日時", "子ども", "子供", "うちの子", "家族", "この写真", "写真", "ポスター", "チラシ", "リンク", "動画", "画像", "記事", "ホームページ", "サイト", "これ", "こちら", "その日", "この日", "この企画", "企画", "取り組み", "取組", "活動", "イベント",
		"意味ある", "意味ない", "意味が", "無駄", "むだ", "やる気", "何のため", "なんのため", "ふざけ", "ひどい", "酷い", "おかしい", "おかしく", "いい加減", "決まって", "使えない", "不便", "便利", "見にく", "見づら", "わかりにく", "分かりにく", "わかりやす", "分かりやす",
		// Wishes, worries and opinions on the matter at hand.
		"知りたい", "聞きたい", "読みたい", "見たい", "みたいです", "会いたい", "作りたい", "歌いたい", "踊りたい", "食べてみたい", "やりたい", "してみたい", "習いたい", "欲しい", "ほしい", "たらいい", "るといい", "べき", "しましょう", "ましょう", "ないで", "心配", "不安", "安心", "無事", "許せ", "反省", "怖い思い", "悲し", "気をつけ", "ありがた", "譲れ", "譲り", "差し上げ", "お分け", "余って", "持ち寄", "持っていく", "持って行", "持参", "準備", "練習", "緊張", "もっと知ら", "載せておき", "伝えて", "教わ", "習って", "習いまし",
		"が高すぎ", "は高すぎ", "円は高", "安すぎ", "少なすぎ", "多すぎ", "遅すぎ", "短すぎ", "ばかり。", "来るな", "出せます", "出します", "示せ", "見せろ", "公開し", "公開す", "公開請求", "責任", "説明し", "根拠", "入札", "採点", "落とされ", "採択", "無責任", "手柄", "派遣", "取り締ま", "パトロール", "見回り",
		"権利", "差別", "犯罪", "事件", "被害", "裁判", "デマ", "噂", "啓発", "人権", "虐待", "いじめ", "貧困",
		"thank", "thx", "nice", "great", "good", "love", "congrat", "please", "awesome", "welcome", "wow", "looking forward", "cool", "fun", "hello", "hi ", "감사", "谢谢", "謝謝")
	// officeWords speak of the office, its staff or its accounts.
	officeWords = newWords("市", "区役所", "役所", "役場", "センター", "職員", "公民館", "窓口", "担当", "公務員", "行政", "税金", "税", "条例", "議会", "自治体", "自治会", "町内会", "県", "公式", "広報", "アカウント", "ツイート", "ポスト", "投稿", "つぶやき", "運営", "お知らせ", "サービス", "対応", "手続", "電話", "返信", "返事", "説明", "予算", "施設", "コミュニティ", "地域", "住民", "ボランティア", "協働", "団体", "npo", "町", "まち", "地元", "課", "政策", "制度", "支援", "補助", "給付", "助成", "相談", "申請", "選挙", "苦情", "クレーム", "要望", "意見", "提案", "ルール", "マナー", "規則")
	// bland nouns are shared by any two texts.
	bland = newWords("こと", "もの", "ところ", "とき", "時", "人", "方", "日", "月", "年", "今日", "明日", "昨日", "今", "今回", "最近", "本日", "皆さん", "みなさん", "皆様", "みんな", "私", "自分", "本当", "一つ", "一番", "全部", "大切", "必要", "大丈夫", "さん", "感じ", "気", "中", "前", "後", "上", "下", "先", "間", "日本", "世界", "無料", "方法", "簡単", "情報", "内容", "詳細", "問題", "理由", "部分", "場合", "以上", "以下", "以外", "たくさん", "可能", "気持ち", "人気", "最後", "最初", "一緒", "自身", "名前", "言葉", "話", "目", "手", "何", "誰", "お金", "仕事", "大変", "結果", "状況", "関係", "募集", "http", "https", "www", "com", "jp", "co")
	// blandVerbs likewise.
	blandVerbs = newWords("する", "ある", "いる", "なる", "できる", "やる", "いう", "言う", "思う", "おもう", "行う", "おこなう", "くる", "来る", "行く", "いく", "見る", "みる", "知る", "しる", "もらう", "くれる", "あげる", "しまう", "おく", "つく", "つける", "とる", "取る", "出る", "出す", "入る", "入れる", "使う", "つかう", "持つ", "もつ", "わかる", "分かる", "聞く", "きく", "書く", "読む", "送る", "待つ", "始める", "始まる", "終わる", "続く", "続ける", "考える", "くださる", "いただく", "頂く", "いらっしゃる", "おる", "ござる", "よい", "いい", "良い", "ない", "無い", "多い", "少ない", "高い", "安い", "大きい", "小さい", "新しい", "早い", "すごい", "楽しい", "欲しい", "ほしい", "違う", "ちがう", "れる", "られる", "せる", "よる", "受ける", "合う", "変わる", "決まる", "伝える", "願う", "しれる")
	blandPairs = newWords("今日", "明日", "本当", "最近", "自分", "皆様", "皆さ", "時間", "日本", "一番", "大変", "大切", "必要", "可能", "無料", "情報", "内容", "方法", "簡単", "問題", "世界", "毎日", "今回", "今週", "来週", "今月", "一人", "二人", "全部", "最後", "最初", "一緒", "気持", "人気", "関係", "結果", "月日", "日曜", "土曜", "曜日", "午前", "午後", "時間", "名前", "言葉", "仕事", "電話", "連絡", "登録", "確認", "限定", "公開", "募集")
)

// findUnrelated reports the whole reply where nothing in it has to do with the official post: no content word and no pair of
// kanji in common, no common topic, no word of the office, no reaction, no question. It abstains on short replies and on posts
// with hardly a word.
func findUnrelated(in *Input, found func(text.Span)) {
	v := &in.Text.Plain
	s := strip(v.Runes)
	r := s.plain
	if len(s.runes) < unrelatedLeast || reactions.in(r) || officeWords.in(r) || namesOffice(r, in.Office) {
		return
	}
	asks := false
	findQuestions(in, func(s text.Span) { asks = asks || asksOffice([]rune(text.Plain(string(in.Text.Runes[s.Start:s.End])))) })
	if asks {
		return
	}
	mine, theirs := contentWords(in.Tokens, r), contentWords(in.PostTokens, in.Post.strip().plain)
	if len(mine) < 2 || len(theirs) < 3 {
		return
	}
	for w := range mine {
		if theirs[w] {
			return
		}
	}
	post := in.Post.Text.Plain.Runes
	if sharePair(r, post) || shareTopic(r, post) {
		return
	}
	found(text.Span{Start: 0, End: len(in.Text.Runes)})
}

var (
	politeQuestions = newWords("ですか", "ますか", "でしょうか", "ませんか", "でしたか", "ましたか", "ですよね", "ますよね", "ですかね", "ますかね", "でしょう", "です?", "ます?", "ました?", "でした?")
	askedOfOffice   = newWords("何時", "いつ", "どこ", "いくら", "何人", "何回", "何歳", "誰でも", "だれでも", "どうやって", "どなた", "どのくらい", "どうすれば", "なんで", "なぜ", "どうして", "誰の", "何で")
)

// asksOffice reports a question that can be put to whoever wrote the post: a polite one, one for when, where or why, or one so
// short that only the post can be meant. 元カレから連絡きたけど無視でいい？ is put to the world.
func asksOffice(q []rune) bool {
	return politeQuestions.in(q) || askedOfOffice.in(q) || len(q) <= 8
}

// contentWords are the nouns, and the dictionary forms of verbs and adjectives, that carry a text's matter.
func contentWords(t []morph.Token, r []rune) map[string]bool {
	m := map[string]bool{}
	for _, x := range t {
		if x.Start < 0 || x.Start >= len(r) || r[x.Start] == blank {
			continue
		}
		w := x.Lemma
		if w == "" || w == "*" {
			w = x.Surface
		}
		s := []rune(w)
		switch {
		case pos(x, "名詞,一般"), pos(x, "名詞,固有名詞"), pos(x, "名詞,サ変接続"), pos(x, "名詞,形容動詞語幹"):
			if len(s) == 0 || len(s) < 2 && !isHan(s[0]) || bland.is(s) || !isWord(s[0]) || isDigit(s[0]) {
				continue
			}
		case pos(x, "動詞,自立"), pos(x, "形容詞,自立"):
			if len(s) < 2 || blandVerbs.is(s) {
				continue
			}
		default:
			continue
		}
		m[w] = true
	}
	return m
}

// sharePair reports two kanji in a row, or three katakana or Latin letters in a row as a word, that both texts have.
func sharePair(a, b []rune) bool {
	pairs := map[[2]rune]bool{}
	for i := 0; i+1 < len(a); i++ {
		if isHan(a[i]) && isHan(a[i+1]) && blandPairs.at(a, i) < 0 {
			pairs[[2]rune(a[i:i+2])] = true
		}
	}
	for i := 0; i+1 < len(b); i++ {
		if pairs[[2]rune(b[i:i+2])] {
			return true
		}
	}
	runs := map[string]bool{}
	scriptRuns(a, func(w []rune) { runs[string(w)] = true })
	shared := false
	scriptRuns(b, func(w []rune) { shared = shared || runs[string(w)] && !bland.is(w) })
	return shared
}

// scriptRuns gives the longest runs of katakana and of Latin letters, of three and more.
func scriptRuns(r []rune, found func([]rune)) {
	for _, is := range []func(rune) bool{isKata, isLatin} {
		for i := 0; i < len(r); {
			j := i
			for j < len(r) && is(r[j]) {
				j++
			}
			if j-i >= 3 {
				found(r[i:j])
			}
			i = max(j, i+1)
		}
	}
}

// namesOffice reports a part of the office's or its accounts' names: two kanji in a row, or a word in another script.
func namesOffice(r []rune, o Office) bool {
	low := string(r)
	for _, n := range o.Names {
		w := []rune(text.Plain(n))
		for i := 0; i+1 < len(w); i++ {
			if isHan(w[i]) && isHan(w[i+1]) && strings.Contains(low, string(w[i:i+2])) {
				return true
			}
		}
		for i := 0; i < len(w); {
			j := i
			for j < len(w) && isWord(w[j]) && !edge(w[i], w[j]) {
				j++
			}
			if j-i >= 3 && !isHan(w[i]) && strings.Contains(low, string(w[i:j])) {
				return true
			}
			i = max(j, i+1)
		}
	}
	for _, h := range o.Handles {
		if h = strings.ToLower(strings.TrimPrefix(h, "@")); h != "" && strings.Contains(low, h) {
			return true
		}
	}
	return false
}
