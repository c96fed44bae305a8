package detect

// polarity is a word that says whether something holds, in a group of which a text can say only one.
type polarity struct{ word, group, value string }

var polarities = []polarity{
	{"開催", "hold", "held"},
	{"実施", "hold", "held"},
	{"決行", "hold", "held"},
	{"行います", "hold", "held"},
	{"開館", "hold", "held"},
	{"開園", "hold", "held"},
	{"営業", "hold", "held"},
	{"中止", "hold", "off"},
	{"取りやめ", "hold", "off"},
	{"取り止め", "hold", "off"},
	{"休館", "hold", "off"},
	{"休園", "hold", "off"},
	{"休業", "hold", "off"},
	{"閉館", "hold", "off"},
	{"閉鎖", "hold", "off"},
	{"廃止", "hold", "off"},
	{"延期", "hold", "put-off"},
	{"順延", "hold", "put-off"},
	{"可能", "allow", "yes"},
	{"できます", "allow", "yes"},
	{"できる", "allow", "yes"},
	{"出来ます", "allow", "yes"},
	{"可", "allow", "yes"},
	{"歓迎", "allow", "yes"},
	{"許可", "allow", "yes"},
	{"いただけます", "allow", "yes"},
	{"頂けます", "allow", "yes"},
	{"不可能", "allow", "no"},
	{"できません", "allow", "no"},
	{"できない", "allow", "no"},
	{"出来ません", "allow", "no"},
	{"不可", "allow", "no"},
	{"禁止", "allow", "no"},
	{"お断り", "allow", "no"},
	{"ご遠慮", "allow", "no"},
	{"いただけません", "allow", "no"},
	{"頂けません", "allow", "no"},
	{"必要", "need", "yes"},
	{"要", "need", "yes"},
	{"必須", "need", "yes"},
	{"不要", "need", "no"},
	{"不必要", "need", "no"},
	{"いりません", "need", "no"},
	{"無料", "money", "0"},
	{"無償", "money", "0"},
	{"有料", "money", "some"},
	{"有償", "money", "some"},
	{"募集中", "open", "yes"},
	{"募集します", "open", "yes"},
	{"受付中", "open", "yes"},
	{"募集終了", "open", "no"},
	{"受付終了", "open", "no"},
	{"締め切りました", "open", "no"},
	{"締切りました", "open", "no"},
	{"募集停止", "open", "no"},
	{"終了", "open", "no"},
	{"終了しました", "open", "no"},
	{"満員", "open", "no"},
	{"募集", "open", "yes"},
	{"あり", "exist", "yes"},
	{"有り", "exist", "yes"},
	{"あります", "exist", "yes"},
	{"なし", "exist", "no"},
	{"無し", "exist", "no"},
	{"ありません", "exist", "no"},
	{"ございません", "exist", "no"},
	{"ございます", "exist", "yes"},
	{"以上", "limit", "ge"},
	{"以下", "limit", "le"},
	{"未満", "limit", "lt"},
	{"以内", "limit", "le"},
	{"以降", "limit", "ge"},
	{"以前", "limit", "le"},
	{"屋内", "where", "in"},
	{"屋外", "where", "out"},
	{"先着順", "who", "first"},
	{"先着", "who", "first"},
	{"抽選", "who", "lot"},
	{"限定", "whom", "only"},
	{"どなたでも", "whom", "all"},
	{"誰でも", "whom", "all"},
	{"のみ", "whom", "only"},
	{"午前の部", "half", "am"},
	{"午後の部", "half", "pm"},
	{"義務", "duty", "yes"},
	{"任意", "duty", "no"},
	{"自由", "duty", "no"},
	{"強制", "duty", "yes"},
	{"賛成", "vote", "yes"},
	{"反対", "vote", "no"},
	{"増額", "way", "up"},
	{"減額", "way", "down"},
	{"値上げ", "way", "up"},
	{"値下げ", "way", "down"},
	{"増やし", "way", "up"},
	{"減らし", "way", "down"},
	{"安全", "risk", "no"},
	{"危険", "risk", "yes"},
	{"ます", "negation", "no"},
	{"ません", "negation", "yes"},
	{"です", "negation", "no"},
	{"ではありません", "negation", "yes"},
	{"ではない", "negation", "yes"},
	{"じゃない", "negation", "yes"},
	{"しない", "negation", "yes"},
	{"する", "negation", "no"},
	{"ました", "negation", "no"},
	{"ませんでした", "negation", "yes"},
}

// denials are the polarities whose mere insertion turns a sentence over.
var denials = map[string]bool{"off": true, "put-off": true, "no": true, "some": true}

var polarityOf = func() map[string]polarity {
	m := map[string]polarity{}
	for _, p := range polarities {
		m[p.word] = p
	}
	return m
}()

var polarityWords = func() *words {
	var l []string
	for _, p := range polarities {
		l = append(l, p.word)
	}
	return newWords(l...)
}()

// needNot are words with 要 or 可 that say nothing about need or leave.
var needNot = newWords("要望", "要約", "要点", "要求", "要請", "要件", "要領", "要綱", "要素", "要因", "重要", "主要", "需要", "概要", "要旨", "可決", "可燃", "認可", "可愛", "可能性", "要介護", "要支援", "不可欠")

// scanPolarity reports the words of polarities, the longest at each place.
func scanPolarity(r []rune, found func(fact)) {
	for i := 0; i < len(r); {
		if j := needNot.at(r, i); j >= 0 {
			i = j
			continue
		}
		j := polarityWords.at(r, i)
		if j < 0 {
			i++
			continue
		}
		p := polarityOf[string(r[i:j])]
		found(fact{i, j, p.group, p.value})
		i = j
	}
}

// venues end the name of a place where something is held.
var venues = newWords("市", "区", "町", "村", "駅", "会館", "公民館", "小学校", "中学校", "高校", "公園", "センター", "ホール", "図書館", "体育館", "市役所", "区役所", "広場", "プラザ", "団地", "川")

// scanVenues reports names of places by their shape: kanji or katakana before 区, 駅, 公園 …
func scanVenues(r []rune, found func(fact)) {
	for i := 0; i < len(r); i++ {
		j := venues.at(r, i)
		if j < 0 {
			continue
		}
		s := i
		for s > 0 && i-s < 6 && (isHan(r[s-1]) || isKata(r[s-1])) && venues.before(r, s) < 0 && isHan(r[s-1]) == isHan(r[i-1]) {
			s--
		}
		if s < i {
			found(fact{s, j, "venue " + string(r[i:j]), string(r[s:i])})
			i = j - 1
		}
	}
}
