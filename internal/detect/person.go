package detect

import (
	"strings"

	"github.com/kotomori/kotomori/internal/morph"
	"github.com/kotomori/kotomori/internal/text"
)

var (
	honorifics = newWords("さん", "氏", "君", "くん", "様", "さま", "ちゃん", "殿", "先生", "たん", "っち", "選手", "アナ")
	titles     = newWords("市長", "町長", "村長", "区長", "知事", "副市長", "議員", "市議", "県議", "町議", "区議", "都議", "府議", "道議", "大臣", "首相", "総理", "議長", "部長", "次長", "課長", "係長", "局長", "室長", "所長", "センター長", "館長", "園長", "校長", "教頭", "院長", "店長", "会長", "社長", "理事長", "理事", "委員長", "代表", "教授", "准教授", "講師", "教諭", "医師", "弁護士", "記者", "監督", "コーチ", "選手", "先生", "氏", "被告", "容疑者", "死刑囚", "夫妻", "一家", "家", "候補", "主任", "主事", "主査", "参事", "担当", "職員")
	// municipalTitles say a place's office where the name is a place's too: 川口市長.
	municipalTitles = newWords("市長", "町長", "村長", "区長", "知事", "市議", "県議", "町議", "区議", "県知事", "市議会", "副市長", "支店", "店長", "駅長", "署長", "警察")

	// notPersons take さん, 様 or 君 without being anybody's name.
	notPersons = newWords(
		"皆", "みな", "お客", "客", "お母", "お父", "お兄", "お姉", "お子", "子供", "子ども", "お孫", "奥", "旦那", "お嬢", "お坊", "坊", "赤", "お医者", "医者", "お巡り", "巡査", "おまわり",
		"職員", "スタッフ", "担当", "担当者", "係", "係員", "係の人", "業者", "業者の", "市民", "町民", "区民", "住民", "利用者", "参加者", "出演者", "出店者", "主催者", "運営", "運営者", "主催", "協力者", "支援者", "障害者", "高齢者", "お年寄り", "年寄り", "ご近所", "近所", "隣", "お隣", "上の人", "中の人", "下の人", "人", "方",
		"ボランティア", "リーダー", "メンバー", "サポーター", "オーナー", "マスター", "シェフ", "ママ", "パパ", "ジジ", "ババ", "フォロワー", "ユーザー", "クレーマー", "ファン", "アイドル", "タレント", "ライター", "ドライバー", "ヘルパー", "ケアマネ", "ナース", "ドクター", "ガイド", "ゲスト", "プロ", "アマ", "オタク", "ニート", "サラリーマン", "フリーター", "バイト", "パート", "コーチ", "トレーナー", "インストラクター", "カメラマン", "モデル", "キャスター", "アナウンサー", "コメンテーター", "ユーチューバー", "youtuber", "インフルエンサー", "staff", "npo", "npo法人", "sns", "admin", "you",
		"市長", "町長", "区長", "村長", "知事", "課長", "部長", "係長", "局長", "所長", "センター長", "館長", "園長", "校長", "社長", "会長", "店長", "院長", "先生", "議員", "市議", "教授", "監督", "大臣", "総理", "首相", "大統領", "店員", "店主", "店", "お店", "会社", "企業", "団体", "公式", "広報", "行政", "役所", "市役所", "区役所", "県庁", "警察", "消防", "消防士", "警察官", "自衛隊", "自衛官", "看護師", "保育士", "介護士", "栄養士", "弁護士", "税理士", "運転手", "運転士", "駅員", "大工", "農家", "漁師", "猟師", "主婦", "主夫", "学生", "生徒", "児童", "大学生", "高校生", "中学生", "小学生", "新人", "先輩", "後輩", "同僚", "上司", "部下", "友達", "友人", "お友達", "仲間", "家族", "親", "母", "父", "兄", "姉", "弟", "妹", "祖父", "祖母", "叔父", "叔母", "伯父", "伯母", "おじ", "おば", "じい", "ばあ", "おじい", "おばあ", "にい", "ねえ", "お", "お客さま", "女", "男", "女性", "男性", "外国人", "日本人", "大家", "管理人", "警備員", "委員", "役員", "理事", "会員", "組員", "党員", "議長", "作者", "著者", "作家", "画家", "歌手", "俳優", "女優", "芸人", "選手", "監視員", "司書", "図書館", "公民館", "センター", "協会", "組合", "自治会", "町内会", "商店", "商店街", "銀行", "郵便局", "病院",
		"犬", "猫", "ねこ", "いぬ", "わん", "ワン", "にゃん", "ニャン", "うさぎ", "ウサギ", "くま", "クマ", "熊", "ぞう", "ゾウ", "象", "きりん", "キリン", "ぱんだ", "パンダ", "鳥", "とり", "ひよこ", "カモ", "鴨", "カメ", "亀", "カエル", "魚", "虫", "ハト", "鳩", "からす", "カラス", "トンボ", "ちょうちょ", "ライオン", "トラ", "サル", "猿", "キツネ", "タヌキ", "リス", "ペンギン", "イルカ", "メダカ", "ザリガニ", "あり", "お芋", "芋", "いも", "お豆", "豆", "飴", "あめ", "お粥", "お日", "日", "お月", "月", "お星", "星", "お天道", "お地蔵", "地蔵", "仏", "神", "王", "殿", "姫", "お姫", "王子", "女王", "閻魔", "サンタ", "鬼", "お化け", "おばけ",
		"たく", "沢山", "お疲れ", "おつかれ", "ご苦労", "ごくろう", "御苦労", "お世話", "お待ち", "お待たせ", "ごちそう", "ご馳走", "ご愁傷", "お互い", "お陰", "おかげ", "お気の毒", "上", "貴", "同", "何", "どちら", "どなた", "誰", "だれ", "あなた", "貴方", "私", "僕", "俺", "君", "彼", "彼女", "こいつ", "そいつ", "お前", "自分", "己", "諸", "各位", "あちら", "こちら", "そちら", "匿名", "名無し", "通りすがり", "一般", "個人", "本人", "ご本人", "他人", "各", "有", "無", "屋", "課", "室", "係り", "部", "班", "組", "町", "市", "区", "村", "県", "都", "府", "道", "党", "社", "校", "園", "館", "院", "署", "局", "所", "隊",
	)
	// nameNouns are given and family names that the dictionary knows as ordinary nouns only.
	nameNouns = newWords("さくら", "ひまり", "ひなた", "ひかり", "はな", "つばさ", "そら", "ゆめ", "ことり", "すみれ", "かえで", "いちご", "みかん", "ほのか", "はるか", "まどか", "あかり", "ひより", "こはる", "しおり", "すず", "りん", "らん", "るい", "れん", "けん", "しん", "じゅん", "ごう", "ごろう", "たろう", "じろう", "はじめ", "まこと", "みのる", "さとし", "たけし", "ひろし", "つよし", "あきら", "たくみ", "しょう", "だい", "なお", "ゆう", "りょう", "かい", "きずな", "のぞみ", "めぐみ", "かおり", "みどり", "東", "西", "南", "北", "岸", "辻", "堀", "谷", "関", "島", "泉", "滝", "林", "森", "原", "菅", "畑", "角", "梶", "桜", "楓", "葵", "翼", "光", "望", "希", "愛", "恵", "誠", "隼", "蓮", "湊", "陽", "凛", "花", "茜", "栞", "渚", "歩", "空", "海", "翔", "輝", "匠", "暁", "旭", "丈", "櫻", "椿", "百合", "ゆり", "なでしこ", "ジュン", "レン", "リン", "ケン", "タケ", "ヒロ", "カズ", "マサ", "トシ", "ユウ", "アキ", "ナオ", "ミキ", "ユキ", "エリ", "マリ", "リカ", "ルイ")
	// placeNames are surnames that are places or common nouns as often, near here above all: alone they name nobody.
	placeNames = newWords("見沼", "能登", "氷川", "河原", "川原", "甲斐", "大木", "並木", "野原", "日向", "荒川", "大宮", "浦和", "川口", "千葉", "福島", "山口", "宮崎", "長崎", "石川", "岡山", "秋田", "香川", "与野", "岩槻", "和光", "朝霞", "志木", "新座", "桶川", "上尾", "蕨", "戸田", "所沢", "川越", "松本", "福岡", "広島", "静岡", "熊本", "大分", "富山", "福井", "長野", "宮城", "山形", "茨城", "栃木", "群馬", "埼玉", "東京", "大阪", "京都", "奈良", "滋賀", "三重", "岐阜", "愛知", "新潟", "山梨", "高知", "徳島", "愛媛", "鳥取", "島根", "佐賀", "沖縄", "仙台", "横浜", "川崎", "相模原", "八王子", "立川", "町田", "三鷹", "府中", "調布", "小金井", "国分寺", "国立", "中野", "上野", "目黒", "板橋", "豊島", "練馬", "渋谷", "新宿", "品川", "葛飾", "足立", "荒川", "江東", "墨田", "台東", "文京", "杉並", "世田谷", "大田", "北区", "成増", "赤塚", "高島", "常盤", "高砂", "岸町", "原山", "大谷", "大崎", "大和田", "宮原", "日進", "三橋", "指扇", "土呂", "東大宮", "七里", "片柳", "美園", "浦和美園", "武蔵", "白子", "新倉", "下新倉", "広沢", "丸山", "本町", "中央", "中島", "諏訪", "南", "西大和", "吹上", "熊谷", "深谷", "本庄", "秩父", "飯能", "狭山", "入間", "坂戸", "鶴ヶ島", "毛呂", "草加", "越谷", "三郷", "吉川", "八潮", "春日部", "久喜", "蓮田", "白岡", "幸手", "杉戸", "宮代", "松伏", "羽生", "加須", "行田", "鴻巣", "北本", "伊奈", "大泉", "大利根", "青梅", "福生", "日野", "昭島", "成田", "柏", "松戸", "市川", "船橋", "木更津", "君津", "富津", "館山", "鴨川", "銚子", "旭", "水戸", "日立", "土浦", "古河", "取手", "高崎", "前橋", "太田", "桐生", "足利", "佐野", "小山", "宇都宮", "日光", "沼田", "渋川", "藤岡", "富岡", "安中", "神田", "日本橋", "銀座", "赤坂", "青山", "原宿", "池袋", "秋葉原", "田端", "駒込", "巣鴨", "神戸", "姫路", "明石", "西宮", "尼崎", "堺", "岸和田", "平野", "天王寺", "難波", "名古屋", "豊田", "岡崎", "豊橋", "浜松", "沼津", "三島", "富士", "熱海", "伊東", "伊豆", "小田原", "箱根", "鎌倉", "藤沢", "平塚", "厚木", "大和", "座間", "逗子", "三浦", "横須賀", "福山", "呉", "下関", "宇部", "萩", "松江", "出雲", "米子", "倉敷", "津山", "丸亀", "坂出", "今治", "松山", "宇和島", "久留米", "大牟田", "小倉", "門司", "若松", "八幡", "戸畑", "別府", "延岡", "都城", "宮古", "石垣", "那覇", "函館", "小樽", "旭川", "釧路", "帯広", "北見", "岩見沢", "室蘭", "苫小牧", "稚内", "弘前", "八戸", "盛岡", "花巻", "北上", "一関", "石巻", "気仙沼", "白石", "名取", "角田", "登米", "栗原", "大崎", "酒田", "鶴岡", "米沢", "天童", "会津", "郡山", "須賀川", "白河", "相馬", "二本松", "伊達", "本宮", "長岡", "三条", "柏崎", "新発田", "上越", "糸魚川", "村上", "金沢", "小松", "加賀", "輪島", "敦賀", "鯖江", "甲府", "大月", "韮崎", "上田", "岡谷", "飯田", "諏訪", "須坂", "小諸", "伊那", "中野", "大町", "飯山", "塩尻", "佐久", "大垣", "高山", "多治見", "関", "中津川", "津", "四日市", "伊勢", "桑名", "鈴鹿", "名張", "亀山", "鳥羽", "熊野", "大津", "彦根", "長浜", "草津", "守山", "栗東", "甲賀", "野洲", "湖南", "高島", "米原", "宇治", "亀岡", "桜井", "天理", "橿原", "生駒", "香芝", "葛城", "宇陀")
)

func tokenAt(t []morph.Token, i int) morph.Token {
	if i < 0 || i >= len(t) {
		return morph.Token{}
	}
	return t[i]
}

func pos(t morph.Token, prefix string) bool {
	return t.POS == prefix || strings.HasPrefix(t.POS, prefix+",")
}

func isName(t morph.Token) bool { return pos(t, "名詞,固有名詞,人名") }

func isHonorific(t morph.Token) bool {
	return pos(t, "名詞,接尾,人名") || honorifics.is([]rune(t.Surface)) && pos(t, "名詞")
}

// findPersons reports persons' names. Precision first: a lone given name, a lone surname that is a place's name too, and
// any noun that the dictionary knows as something else name nobody.
func findPersons(in *Input, found func(text.Span)) {
	v := &in.Text.Plain
	r := v.Runes
	t := in.Tokens
	report := func(i, j int) {
		if i >= 0 && i < j && j <= len(r) {
			found(v.Span(i, j))
		}
	}
	for i := 0; i < len(t); {
		n := nameRun(t, i)
		if n == 0 {
			if j, ok := addressed(t, i); ok {
				report(t[i].Start, t[j-1].End)
				i = j
				continue
			}
			i++
			continue
		}
		names := t[i : i+n]
		start := names[0].Start
		if prev := tokenAt(t, i-1); pos(prev, "フィラー") && prev.End == start && isHira([]rune(names[0].Surface)[0]) {
			start = prev.Start // ま|さと|くん
		}
		j := titled(t, i+n, names)
		if last := names[n-1]; j == i+n && isHira([]rune(last.Surface)[0]) && last.End <= len(r) {
			// ゆう|と|くん: kagome cuts the name short.
			if e := nameTail(r, last.End); e > 0 {
				report(start, e)
				for i += n; i < len(t) && t[i].Start < e; i++ {
				}
				continue
			}
		}
		switch {
		case j > i+n && (!honorificOnly(t[i+n:j]) || !notPersons.is(r[clamp(names[0].Start, r):clamp(names[n-1].End, r)])):
			report(start, t[j-1].End)
			i = j
		case bareName(t, i, n):
			report(start, names[n-1].End)
			i += n
		default:
			i += n
		}
	}
	scanNicknames(r, report)
}

// nameTail is the end of an honorific within three hiragana of r[i], or 0.
func nameTail(r []rune, i int) int {
	for k := i; k < len(r) && k-i <= 2; k++ {
		if e := childNames.at(r, k); e >= 0 && k > i {
			return e
		}
		if !isHira(r[k]) {
			break
		}
	}
	return 0
}

func clamp(i int, r []rune) int { return max(0, min(i, len(r))) }

func honorificOnly(t []morph.Token) bool { return len(t) == 1 && isHonorific(t[0]) }

// nameRun is how many tokens from i on make one name: 姓 and 名, a ・ or a space between.
func nameRun(t []morph.Token, i int) int {
	if !isName(tokenAt(t, i)) {
		return 0
	}
	n := 1
	for n < 5 {
		switch next := tokenAt(t, i+n); {
		case isName(next):
			n++
			continue
		case (next.Surface == "・" || next.Surface == " " || next.Surface == "=") && isName(tokenAt(t, i+n+1)):
			// 田中 鈴木 are two persons.
			if next.Surface == " " && (!pos(t[i+n-1], "名詞,固有名詞,人名,姓") || !pos(t[i+n+1], "名詞,固有名詞,人名,名")) {
				return n
			}
			n += 2
			continue
		}
		break
	}
	return n
}

// titled is the end of the honorific or title that follows the name at i, or i.
func titled(t []morph.Token, i int, name []morph.Token) int {
	j := i
	if s := tokenAt(t, j).Surface; s == " " || s == "元" || s == "前" || s == "・" {
		j++
	}
	next := tokenAt(t, j)
	if j == i && isHonorific(next) {
		if (next.Surface == "様" || next.Surface == "さま") && len(name) == 1 && placeNames.is([]rune(name[0].Surface)) {
			return i // 氷川さま
		}
		return j + 1
	}
	if !pos(next, "名詞") {
		return i
	}
	// 容疑|者 and 副|市長 are two tokens.
	end, title := j+1, []rune(next.Surface)
	if after := tokenAt(t, j+1); pos(after, "名詞") && titles.is([]rune(next.Surface+after.Surface)) {
		end, title = j+2, []rune(next.Surface+after.Surface)
	}
	switch {
	case !titles.is(title):
		return i
	case len(name) == 1 && municipalTitles.is(title) && placeNames.is([]rune(name[0].Surface)):
		return i
	case next.Surface == "家" && len(name) == 1 && len([]rune(name[0].Surface)) < 2:
		return i
	}
	return end
}

// bareName reports that n name tokens at i, with neither honorific nor title, name a person.
func bareName(t []morph.Token, i, n int) bool {
	length := 0
	for _, x := range t[i : i+n] {
		length += x.End - x.Start
	}
	next, prev := tokenAt(t, i+n), tokenAt(t, i-1)
	if pos(next, "名詞,接尾,地域") || pos(next, "名詞,接尾,一般") || prev.Surface == "@" || prev.Surface == "#" {
		return false
	}
	if n >= 2 {
		family := pos(t[i], "名詞,固有名詞,人名,姓") && pos(t[i+n-1], "名詞,固有名詞,人名,名")
		foreign := tokenAt(t, i+1).Surface == "・"
		if !foreign && length < 6 && isKata([]rune(t[i].Surface)[0]) {
			return false // ドン|マイ
		}
		return length >= 3 && (family && !pos(next, "名詞,固有名詞") || foreign)
	}
	s := []rune(t[i].Surface)
	for _, c := range s {
		if !isHan(c) {
			return false
		}
	}
	switch {
	case pos(t[i], "名詞,固有名詞,人名,一般"):
		return length >= 3 && !pos(next, "名詞")
	case !pos(t[i], "名詞,固有名詞,人名,姓") || length < 2 || placeNames.is(s):
		return false
	}
	// In a longer noun it is a shop, a street or a work: 高橋商店.
	return !pos(next, "名詞") && !pos(prev, "名詞") && !pos(prev, "接頭詞")
}

// addressed reports a noun at i that an honorific after it makes a name, and the honorific's end.
func addressed(t []morph.Token, i int) (end int, ok bool) {
	x, next := t[i], tokenAt(t, i+1)
	if !pos(next, "名詞,接尾,人名") || next.Surface == "ら" || next.Surface == "たち" || next.Start != x.End || !pos(x, "名詞") {
		return 0, false
	}
	s := []rune(x.Surface)
	if notPersons.is(s) || (next.Surface == "様" || next.Surface == "さま") && placeNames.is(s) { // 氷川さま is a shrine
		return 0, false
	}
	if nameNouns.is(s) {
		return i + 2, !pos(tokenAt(t, i-1), "名詞") && !pos(tokenAt(t, i-1), "接頭詞") || len(s) > 1
	}
	if prev := tokenAt(t, i-1); pos(prev, "名詞") && prev.End == x.Start || pos(prev, "接頭詞") {
		return 0, false // part of a longer noun: 市民活動センターさん
	}
	switch {
	case pos(x, "名詞,代名詞"), pos(x, "名詞,サ変接続"), pos(x, "名詞,接尾"), pos(x, "名詞,非自立"), pos(x, "名詞,数"), pos(x, "名詞,副詞可能"), pos(x, "名詞,形容動詞語幹"):
		return 0, false
	case !x.Known:
		return i + 2, nickname(s)
	case pos(x, "名詞,固有名詞,組織"):
		return i + 2, len(s) >= 2 && len(s) <= 4 && all(s, isKata)
	case pos(x, "名詞,固有名詞,地域"):
		return i + 2, len(s) >= 2 && len(s) <= 4 && next.Surface != "様" && !prefectures.is(append(s, '県'))
	case pos(x, "名詞,固有名詞"):
		return i + 2, len(s) >= 2
	}
	return 0, false
}

// nickname reports that a word unknown to the dictionary can be a name.
func nickname(s []rune) bool {
	switch {
	case all(s, isKata): // …ー of five and more is a role: プロデューサー
		return len(s) >= 2 && len(s) <= 7 && (len(s) < 5 || s[len(s)-1] != 'ー')
	case all(s, isHira):
		return len(s) >= 2 && len(s) <= 5
	case all(s, isHan):
		return len(s) >= 2 && len(s) <= 4
	case all(s, isLatin):
		return len(s) >= 3 && len(s) <= 12
	}
	return false
}

func all(r []rune, is func(rune) bool) bool {
	for _, c := range r {
		if !is(c) {
			return false
		}
	}
	return true
}

var (
	childNames = newWords("くん", "ちゃん")
	// notNicknames end in くん or ちゃん and name nobody in particular.
	notNicknames = newWords("おば", "おじ", "おばあ", "おじい", "ばあ", "じい", "おにい", "おねえ", "にい", "ねえ", "かあ", "とう", "おかあ", "おとう", "わん", "にゃん", "あか", "ねこ", "いぬ", "うさ", "くま", "ぞう", "ぱんだ", "おっ", "ぼっ", "ぼう", "じょう", "おじょう", "みな", "めちゃく", "ちゃ", "むちゃく", "ごちゃ", "ぐちゃ", "おくさん", "たく", "あん", "きち", "ちゃん", "ひよこ", "わんこ", "にゃんこ", "ごめん", "はい", "なん", "まご", "おまご")
)

// scanNicknames reports children's names in hiragana that kagome cuts to pieces: ゆうたくん, ぺこちゃん. The name begins where
// a sentence or phrase begins.
func scanNicknames(r []rune, found func(i, j int)) {
	for k := range r {
		e := childNames.at(r, k)
		if e < 0 || hasAt(r, k, "ちゃんと") || hasAt(r, k, "ちゃんち") || isHan(runeAt(r, e)) || isKata(runeAt(r, e)) {
			continue
		}
		i := k
		for i > 0 && k-i <= 4 && isHira(r[i-1]) {
			i--
		}
		if k-i < 2 || k-i > 4 || isWord(runeAt(r, i-1)) || notNicknames.is(r[i:k]) || r[i] == 'お' || r[k-1] == 'ゃ' {
			continue
		}
		found(i, e)
	}
}
