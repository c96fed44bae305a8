package detect

import "strconv"

var (
	currencies = newWords("円", "圓", "えん", "yen", "jpy", "ドル", "どる", "usd", "ユーロ", "ウォン", "元", "usdt", "btc", "eth", "xrp", "ビットコイン", "万円")
	// currencyNot are words that begin like a currency.
	currencyNot = newWords("円形", "円盤", "円陣", "円周", "円卓", "円筒", "円柱", "円滑", "円熟", "円心", "円弧", "円満", "円グラフ", "円高", "円安", "元気", "元年", "元に", "元の", "元は", "元カ", "元職", "元市", "元号", "元日", "元旦", "元町", "元々", "元通", "元も", "元か", "元で", "ドルフ", "ドルチェ", "どるふ", "ユーロビ", "えんそ", "えんど", "えんぴ", "えんそう", "えんじ", "えんげ", "えんか")
	payWords    = newWords("日給", "月給", "月収", "年収", "時給", "日当", "日収", "週給", "週収", "年俸", "月商", "年商", "報酬", "謝礼", "謝金", "賃金", "時間給", "月々", "月", "日", "毎月", "毎日", "即日", "即金", "現金", "最低", "最大", "最高", "総額", "合計", "会費", "参加費", "料金", "値段", "定価", "価格", "賞金", "給料", "ギャラ", "バイト代", "手取り", "利益", "収益", "儲け", "資金", "元手", "借金", "融資", "入会金", "登録料", "手数料", "副収入", "収入", "お小遣い", "売値")
	gainWords   = newWords("稼", "かせ", "儲", "もうか", "もうけ", "もらえ", "貰え", "貰っ", "もらっ", "当た", "ゲット", "プレゼント", "配り", "配布", "振り込", "振込", "ゲッツ", "お渡し", "差し上げ", "で売", "で買", "でお譲り", "で譲", "で売り", "以上稼", "近く稼", "くらい稼", "ぐらい稼", "は稼", "も稼", "を稼", "以上も稼", "が手に入", "が貰え", "がもらえ", "を貸", "貸し", "借り", "払", "で引き取")
)

// amount is a sum of money as it stands in plain text.
type amount struct {
	start, end int
	value      float64 // in its currency's unit
	dollars    bool
}

// scanAmounts reports amounts of money: 3万円, ¥5,000, 5k円, 数百万円, 3〜5万円, 50マソ, 日給2万, 月50万稼げる.
func scanAmounts(r []rune, found func(fact)) {
	var last numeral // the numeral before, for ranges
	lastStart := -1
	closed := false // it has its own currency
	for i := 0; i < len(r); {
		c := r[i]
		vague := (c == '数' || c == '何' || c == '幾') && (smallUnit(runeAt(r, i+1)) > 0 || bigUnit(runeAt(r, i+1)) > 0)
		if !isNumeral(c) && !vague {
			i++
			continue
		}
		read := scanNumeral
		if vague {
			read = scanVague
		}
		n, ok := read(r, i)
		if !ok {
			i++
			continue
		}
		if a, ok := amountAt(r, n); ok {
			// 3〜5万円 and 3万から5万円 are one amount.
			if gap := a.start - last.end; lastStart >= 0 && !closed && (gap == 1 && (isTilde(r[last.end]) || isHyphen(r[last.end])) || gap == 2 && hasAt(r, last.end, "から")) {
				a.start = lastStart
			}
			kind := "money"
			if a.dollars {
				kind = "money-foreign"
			}
			found(fact{a.start, a.end, kind, strconv.FormatFloat(a.value, 'g', 10, 64)})
			last, lastStart, closed = numeral{end: a.end}, a.start, true
			i = max(a.end, n.end)
			continue
		}
		last, lastStart, closed = n, n.start, false
		if s := symbolBefore(r, n.start); s >= 0 {
			lastStart = s
		}
		i = n.end
	}
}

// scanVague reads 数百, 数十万, 何千 with r[i] the vague word.
func scanVague(r []rune, i int) (numeral, bool) {
	if bigUnit(r[i+1]) > 0 {
		return numeral{start: i, end: i + 2, value: bigUnit(r[i+1]), units: 1, big: true}, true
	}
	n, ok := scanNumeral(r, i+1)
	n.start = i
	return n, ok
}

// symbolBefore is the index of a currency sign right before r[i], or -1.
func symbolBefore(r []rune, i int) int {
	i--
	if c := runeAt(r, i); c == ' ' {
		i--
	}
	switch c := runeAt(r, i); c {
	case '¥', '$', '€', '£', '₩':
		return i
	case '\\': // the yen sign of old Japanese fonts
		return i
	}
	return -1
}

func amountAt(r []rune, n numeral) (amount, bool) {
	a := amount{start: n.start, end: n.end, value: n.value}
	kilo := false
	if n.arabic && runeAt(r, a.end) == 'k' && !isLatinOrDigit(runeAt(r, a.end+1)) {
		kilo = true
		a.end++
		a.value *= 1000
	}
	if isLatin(runeAt(r, n.start-1)) || runeAt(r, n.start-1) == '#' || runeAt(r, n.start-1) == '_' {
		return a, false
	}
	if s := symbolBefore(r, n.start); s >= 0 && n.arabic && (r[s] != '\\' || n.value >= 100) {
		a.start = s
		a.dollars = r[s] != '¥' && r[s] != '\\'
		if j := currencies.at(r, a.end); j >= 0 && currencyNot.at(r, a.end) < 0 {
			a.end = j
		}
		return a, true
	}
	for _, p := range []int{a.end, skipBlanks(r, a.end, 1)} {
		j := currencies.at(r, p)
		if j < 0 || currencyNot.at(r, p) >= 0 || isLatin(r[p]) && isLatin(runeAt(r, j)) {
			continue
		}
		if !n.arabic && (r[p] == 'え' || r[p] == '元' || r[p] == 'ど') {
			continue
		}
		a.dollars = r[p] != '円' && r[p] != '圓' && r[p] != 'え' && r[p] != 'y' && r[p] != 'j'
		a.end = j
		return payStart(r, a), true
	}
	if n.slang {
		return payStart(r, a), true
	}
	if counterAfter(r, a.end) || percentWords.at(r, a.end) >= 0 || isLatin(runeAt(r, a.end)) {
		return a, false
	}
	large := n.big || kilo
	b := payStart(r, a)
	if b.start < a.start {
		strong := a.start-b.start > 1 && r[b.start] != '最' && !hasAt(r, b.start, "毎")
		if large && !unitNot.has(r, a.end) || strong && n.value >= 100 && !unitNot.has(r, a.end) {
			return b, true
		}
		return a, false
	}
	if large && (gainWords.at(r, a.end) >= 0 || runeAt(r, a.start-1) == '+' && !unitNot.has(r, a.end)) {
		return a, true
	}
	return a, false
}

// unitNot begins what is counted where it is no money: 月3万歩, 最大5万文字.
var unitNot = notMoney{newWords("歩", "字", "文字", "語", "部", "本", "点", "票", "分", "時", "日", "年", "月", "キロ", "km", "kg", "トン", "メートル", "m", "g", "l", "リットル", "ポイント", "pt", "再生", "フォロワー", "pv", "アクセス", "ダウンロード", "いいね", "食", "羽", "頭", "世帯", "戸", "つ", "位", "番", "種", "秒", "坪", "平米", "平方", "ヘクタール", "カロリー", "kcal", "株", "人")}

type notMoney struct{ *words }

func (w notMoney) has(r []rune, i int) bool { return w.at(r, skipBlanks(r, i, 1)) >= 0 }

// payStart moves a's start to the word for pay or price before it: 日給2万, 月収は50万.
func payStart(r []rune, a amount) amount {
	p := a.start
	for n := 0; n < 2 && p > 0 && (r[p-1] == 'は' || r[p-1] == 'が' || r[p-1] == 'で' || r[p-1] == ':' || r[p-1] == ' ' || r[p-1] == '約' || r[p-1] == '/'); n++ {
		p--
	}
	s := payWords.before(r, p)
	if s < 0 {
		return a
	}
	if w := r[s:p]; len(w) == 1 { // 月 and 日 alone: 月50万, but neither 5月50万 nor 来月
		if p != a.start || isNumeral(runeAt(r, s-1)) || isHan(runeAt(r, s-1)) {
			return a
		}
	}
	a.start = s
	return a
}
