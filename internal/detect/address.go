package detect

import "strings"

// An address is a place's name and a lot: the numbers of chome, banchi and house. The name is known by its shape
// (…県…市…区…町), not by a gazetteer; how much of that shape is asked for depends on how much the lot says by itself.

// lot is the numbers of an address.
type lot struct {
	start, end int
	parts      int
	marked     bool // with 丁目, 番地, or 番 and 号
	no         bool // 1の2の3
	first      int
	tight      bool // wholly of Arabic digits and hyphens
}

var (
	lotEnds  = newWords("丁目", "番地の", "番地", "番", "号", "ちょうめ", "丁")
	roomEnds = newWords("号室", "号", "号館", "階")
	// scoreWords follow or precede two numbers that are a result or a range rather than a lot.
	scoreAfter  = newWords("で勝", "で負", "で敗", "で快勝", "で完勝", "で惜敗", "で逆転", "で引き分", "の勝利", "の敗", "の完封", "勝利", "で終", "の同点", "の接戦", "のスコア", "でリード", "で折り返", "人", "名", "年", "月", "日", "時", "分", "回", "個", "件", "%", "割", "円", "歳", "才", "度", "倍", "位", "点", "泊", "週", "ヶ月", "か月", "枚", "台", "本", "組", "冊", "番線", "番目", "番人", "番手", "番台", "番ゲート", "号車", "号線", "キロ", "km", "m", "kg", "章", "条", "節", "項", "話", "巻", "試合", "勝", "敗", "対", "万", "千", "億", "名様", "番組")
	notTown     = newWords("対", "戦", "勝", "敗", "杯", "大会", "試合", "得点", "代表", "スコア", "市長", "町長", "区長", "村長", "市民", "町民", "区民", "村民", "役所", "役場", "議会", "議員", "予選", "公式", "番組", "会館", "体育館", "球場", "競技場", "公園", "センター", "窓口", "内線", "電話", "時間", "年度", "期間", "日程", "人口", "番号", "定員", "今日", "明日", "平日", "連絡先", "問合", "問い合わせ", "午前", "午後", "開催", "受付", "全国", "通算", "比率", "リーグ", "チーム", "条例", "規則", "国道", "県道", "市道", "バス", "系統", "料金", "ゾーン", "クラス", "学年", "小学校", "中学校", "高校", "大学", "ステージ", "第", "内会", "おこし", "づくり", "場")
	notArea     = newWords("都市", "本市", "当市", "同市", "各市", "全市", "朝市", "夜市", "蚤の市", "のみの市", "地区", "学区", "各区", "選挙区", "特区", "当区", "同区", "全区", "当町", "城下町", "港町", "宿場町", "同町", "全町", "村町", "市区", "市町", "区町", "農村", "漁村", "山村", "市場", "市内", "市立", "市営", "市外", "市街", "市政", "市長", "市民", "市役", "市議", "町内", "町会", "町民", "町長", "町役", "区内", "区民", "区長", "区役", "区間", "区別", "村民", "村長", "村役", "町中", "町並")
	kanaTowns   = newWords("さいたま", "つくば", "つくばみらい", "かすみがうら", "ひたちなか", "いわき", "ふじみ野", "ふじみの", "あきる野", "みどり", "さくら", "うるま", "えびの", "いなべ", "たつの", "むつ", "にかほ", "つがる", "おいらせ", "せたな", "ときがわ", "みなかみ", "みよし", "ひばり", "かほく", "あわら", "いちき串木野", "南さつま", "あま", "みやま", "いすみ", "まんのう", "すさみ", "みなべ", "かつらぎ", "ひだか", "えりも", "ニセコ", "南アルプス", "伊豆の国", "つるぎ", "東かがわ", "さぬき", "いの", "おおい", "おいで", "むかわ", "きみの", "あさぎり", "みやこ", "うきは", "桜川", "鶴ヶ島", "鎌ケ谷", "みなみ", "ふじ")
	homeWords   = newWords("住所", "自宅", "住んで", "住まい", "住み", "在住", "家は", "宅は", "の家", "実家", "引っ越", "居住")
	buildings   = newWords("マンション", "ハイツ", "コーポ", "アパート", "荘", "レジデンス", "メゾン", "タワー", "団地", "住宅", "ハイム", "パレス", "コート", "ヴィラ", "ビラ", "ビル", "棟", "寮", "グランデ", "ガーデン", "テラス", "ヒルズ", "プラザ", "シティ", "ハウス", "ドエル", "エステート")
	dwellings   = newWords("マンション", "ハイツ", "コーポ", "アパート", "レジデンス", "メゾン", "団地", "ハイム", "パレス", "ヴィラ", "住宅", "荘", "寮", "ドエル")
	notTownTail = "はがをにでともへや、"
)

// findAddresses reports places down to chome, banchi or house number, and a room of a dwelling.
func findAddresses(r []rune, found func(i, j int)) {
	for i := 0; i < len(r); {
		if !isNumeral(r[i]) || isDigit(runeAt(r, i-1)) {
			i++
			continue
		}
		if s, e, ok := addressAt(r, i); ok {
			found(s, e)
			i = e
			continue
		}
		if s, e, ok := roomAt(r, i); ok {
			found(s, e)
			i = e
			continue
		}
		if isDigit(r[i]) {
			for i < len(r) && isDigit(r[i]) {
				i++
			}
			continue
		}
		i++
	}
}

// addressAt reads the lot that begins at r[i] and the place before it.
func addressAt(r []rune, i int) (start, end int, ok bool) {
	if isLatin(runeAt(r, i-1)) || isHyphen(runeAt(r, i-1)) && runeAt(r, i-1) != 'ー' || runeAt(r, i-1) == '第' {
		return 0, 0, false
	}
	l, ok := lotAt(r, i)
	if !ok {
		return 0, 0, false
	}
	p := placeBefore(r, i)
	if p.start < 0 || !l.fits(r, p) {
		return 0, 0, false
	}
	return p.start, buildingAfter(r, l.end), true
}

// lotNumber reads one number of a lot, at most four Arabic digits or a kanji number below a hundred … ten thousand.
func lotNumber(r []rune, i int) (v, end int, ok bool) {
	v, end, ok = smallInt(r, i, 9999)
	return v, end, ok && v > 0
}

func lotAt(r []rune, i int) (lot, bool) {
	l := lot{start: i, tight: true}
	p := i
	for l.parts < 5 {
		v, q, ok := lotNumber(r, p)
		if !ok {
			break
		}
		if l.parts == 0 {
			if isDigit(r[i]) && r[i] == '0' {
				return l, false
			}
			l.first = v
		}
		l.tight = l.tight && isDigit(r[p])
		l.parts++
		l.end = q
		if e := lotEnds.at(r, q); e >= 0 {
			switch r[q] {
			case '丁', 'ち':
				l.marked = true
				l.end = e
			case '番':
				if hasAt(r, q, "番地") {
					l.marked = true
					l.end = e
				} else if _, z, ok := lotNumber(r, skipBlanks(r, e, 1)); ok && runeAt(r, z) == '号' {
					l.marked = true
				} else if !isHyphen(runeAt(r, e)) && runeAt(r, e) != 'の' || l.parts == 1 {
					return l, l.parts > 1 // 3番 alone is an order
				}
			case '号':
				if hasAt(r, q, "号室") {
					return l, l.parts > 1
				}
				l.end = e
				return l, l.parts > 1
			}
			p = skipBlanks(r, e, 1)
			if isHyphen(runeAt(r, p)) || runeAt(r, p) == 'の' && isNumeral(runeAt(r, p+1)) {
				p++
			}
			l.tight = false
			continue
		}
		switch c := runeAt(r, q); {
		case isHyphen(c) && isNumeral(runeAt(r, q+1)):
			p = q + 1
		case (c == 'の' || c == 'ノ') && isNumeral(runeAt(r, q+1)):
			l.no = true
			l.tight = false
			p = q + 1
		default:
			return l, l.parts > 0
		}
	}
	// A number that ran on unread (a fifth group, too many digits) makes it something else.
	return l, l.parts > 0 && !isDigit(runeAt(r, l.end)) && (!isHyphen(runeAt(r, l.end)) || !isDigit(runeAt(r, l.end+1)))
}

// place is the name before a lot.
type place struct {
	start int    // -1: none
	area  bool   // a prefecture, 市, 区 or 郡 is named
	town  bool   // the name ends in 町 or 村, or holds 大字 or 字
	name  []rune // what stands between the last of these and the lot
	cue   bool   // a word for home stands near
	field bool   // 大字 or 字
}

// maxPlace is how many characters before a lot are looked at.
const maxPlace = 32

func placeBefore(r []rune, i int) place {
	p := place{start: -1}
	end := i
	if isBlank(runeAt(r, end-1)) {
		end--
	}
	a := end
	for a > 0 && end-a < maxPlace && (isPlaceRune(r[a-1]) || isBlank(r[a-1]) && a > 1 && isPlaceRune(r[a-2]) || placeStreet(r, a-1)) {
		a--
	}
	w := r[a:end]
	if len(w) == 0 {
		return p
	}
	// From the left: prefecture, then the first municipal name, then the last.
	last := 0
	for k := range w {
		if e := prefectures.at(w, k); e >= 0 {
			if p.start < 0 {
				p.start = a + k
			}
			p.area = true
			last = max(last, e)
		}
		if municipalEnds.at(w, k) < 0 || k < last || !areaEnd(w, k) {
			continue
		}
		name := areaStart(w, k, last)
		if name == k {
			if !p.area || w[k] == '町' || w[k] == '村' {
				continue
			}
		}
		if p.start < 0 {
			p.start = a + name
		}
		if w[k] == '町' || w[k] == '村' {
			p.town = true
		} else {
			p.area = true
			p.town = false
		}
		last = k + 1
	}
	p.name = trimBlanks(w[last:])
	if s := string(p.name); strings.HasPrefix(s, "大字") || strings.HasPrefix(s, "字") {
		p.town, p.field = true, true
		if p.start < 0 && strings.HasPrefix(s, "大字") {
			p.start = a + last
		}
	}
	if p.start < 0 { // a name of kanji or katakana only
		k := end
		for k > a && (isHan(r[k-1]) || isKata(r[k-1]) || r[k-1] == '◯' || r[k-1] == '○') && kanjiNumber(r[k-1]) == kanjiNumber(r[end-1]) {
			k--
		}
		if end-k < 2 {
			return p
		}
		p.start, p.name = k, r[k:end]
	}
	p.cue = homeWords.in(r[max(0, p.start-20):p.start]) || homeWords.in(r[i:min(len(r), i+24)])
	return p
}

// kanjiNumber reports kanji that are digits but no circles, which mask a name as often as they count.
func kanjiNumber(c rune) bool { return kanjiDigit(c) > 0 }

// placeStreet reports the digits of Sapporo's 北3条西 at r[i].
func placeStreet(r []rune, i int) bool {
	if !isNumeral(r[i]) {
		return false
	}
	for j := i; j < len(r) && j < i+3; j++ {
		if r[j] == '条' || r[j] == '線' {
			return true
		}
		if !isNumeral(r[j]) {
			return false
		}
	}
	return false
}

func trimBlanks(r []rune) []rune {
	for len(r) > 0 && isSpace(r[0]) {
		r = r[1:]
	}
	for len(r) > 0 && isSpace(r[len(r)-1]) {
		r = r[:len(r)-1]
	}
	return r
}

func isPlaceRune(c rune) bool { return isJapanese(c) || c == '◯' || c == '○' }

// areaEnd reports that w[k] (市, 区 …) ends a municipality's name rather than stands in another word.
func areaEnd(w []rune, k int) bool {
	for j := max(0, k-3); j <= k; j++ {
		if e := notArea.at(w, j); e > k {
			return false
		}
	}
	return true
}

// areaStart is where the name that w[k] ends begins, not before from.
func areaStart(w []rune, k, from int) int {
	if s := kanaTowns.before(w, k); s >= from {
		return s
	}
	s := k
	for s > from && (isHan(w[s-1]) || w[s-1] == '◯' || w[s-1] == '○' || (w[s-1] == 'ケ' || w[s-1] == 'ヶ' || w[s-1] == 'ノ') && s-1 > from && isHan(w[s-2])) {
		s--
	}
	if s == k {
		for s > from && isKata(w[s-1]) {
			s--
		}
	}
	if s == k && w[k] != '市' && k > from && isHira(w[k-1]) { // みどり町, さくら区
		for s > from && isHira(w[s-1]) && k-s < 4 {
			s--
		}
		if k-s < 2 {
			return k
		}
	}
	return s
}

// placeName reports that the runes before a 市 or 町 can be a name.
func placeName(w []rune) bool {
	return len(w) > 0 && !strings.ContainsRune(notTownTail, w[0]) && !notTown.in(w)
}

// fits reports that lot and place make an address.
func (l lot) fits(r []rune, p place) bool {
	if scoreAfter.at(r, l.end) >= 0 && !l.marked {
		return false
	}
	if l.marked && (hasAt(r, l.end, "の夕日") || hasAt(r, l.end, "番台")) {
		return false
	}
	if !l.townOK(p) {
		return false
	}
	switch {
	case l.marked:
		return p.area || p.town || nameOnly(p.name)
	case l.no && l.parts >= 3:
		return true
	case l.no:
		return p.area && len(p.name) > 0 || p.town && p.cue
	case l.parts == 1:
		return p.field && p.area
	case l.parts == 2:
		return (p.area && (len(p.name) >= 2 || p.town) || p.town && p.cue) && l.first < 10000
	default:
		return p.area && (len(p.name) > 0 || p.town) || p.town || p.cue && l.first < 1000
	}
}

// nameOnly reports that a name without any 市 or 町 can be a town's: 銀座4丁目.
func nameOnly(w []rune) bool {
	if len(w) < 2 || len(w) > 8 || notTown.in(w) {
		return false
	}
	for _, c := range w {
		if !isHan(c) && !isKata(c) && c != '◯' && c != '○' {
			return false
		}
	}
	return true
}

func (l lot) townOK(p place) bool {
	n := len(p.name)
	if n == 0 {
		return p.town || l.marked || p.area && l.parts >= 3
	}
	if n > 12 || notTown.in(p.name) || strings.ContainsRune("はがをにでともへや長民", p.name[0]) && (n == 1 || !isHira(p.name[1]) || n < 3) {
		return false
	}
	tail := p.name[n-1]
	if isHira(tail) {
		if n < 2 || strings.ContainsRune(notTownTail, tail) {
			return false
		}
		if tail == 'の' && !l.marked && l.parts < 3 {
			return false
		}
	}
	// More than one particle's worth of hiragana is a sentence, unless the whole is hiragana: あけぼの, ひばりが丘.
	hira := 0
	for _, c := range p.name {
		if isHira(c) {
			hira++
		}
	}
	return hira <= 1 || hira <= 5 && (hira == n || hira == n-1)
}

// buildingAfter extends an address that ends at r[i] by the dwelling's name and room: …マンション203号室, 203号室.
func buildingAfter(r []rune, i int) int {
	p := skipBlanks(r, i, 2)
	k := p
	for k < len(r) && k-p < 20 && (isNameRune(r[k]) || isHira(r[k]) || r[k] == '・' || r[k] == '◯' || r[k] == '○') && !isNumeral(r[k]) || k < len(r) && (r[k] == '◯' || r[k] == '○' || r[k] == '〇') && k-p < 20 {
		k++
	}
	named := buildings.in(r[p:k])
	if !named {
		if b, e := roomNumber(r, p); e > 0 && b == p {
			return e
		}
		return i
	}
	_, e := buildings.index(r[:k], p)
	for {
		_, next := buildings.index(r[:k], e)
		if next < 0 {
			break
		}
		e = next
	}
	if _, q := roomNumber(r, skipBlanks(r, e, 1)); q > 0 {
		return q
	}
	if k > e && k-e <= 4 { // コーポ青葉 101
		if _, q := roomNumber(r, skipBlanks(r, k, 1)); q > 0 {
			return q
		}
	}
	return e
}

// roomNumber reads 203号室, 203号, 3棟203, 203 at r[i]; end is 0 where there is none.
func roomNumber(r []rune, i int) (start, end int) {
	_, j, ok := smallInt(r, i, 9999)
	if !ok {
		return i, 0
	}
	if e := roomEnds.at(r, j); e >= 0 {
		return i, e
	}
	if runeAt(r, j) == '棟' || isHyphen(runeAt(r, j)) {
		if _, e := roomNumber(r, skipBlanks(r, j+1, 1)); e > 0 {
			return i, e
		}
	}
	if isLatin(runeAt(r, j)) || scoreAfter.at(r, j) >= 0 || j-i < 3 {
		return i, 0
	}
	return i, j
}

// roomAt reads a room of a named dwelling with r[i] the room's number: グリーンハイツ203号室.
func roomAt(r []rune, i int) (start, end int, ok bool) {
	_, j, ok := smallInt(r, i, 9999)
	if !ok || !hasAt(r, j, "号室") {
		return 0, 0, false
	}
	end = j + len([]rune("号室"))
	k := i
	if isBlank(runeAt(r, k-1)) {
		k--
	}
	s := k
	for s > 0 && k-s < 16 && (isNameRune(r[s-1]) || isDigit(r[s-1]) || r[s-1] == '・' || r[s-1] == '◯' || r[s-1] == '○' || r[s-1] == '棟') {
		s--
	}
	b, e := dwellings.index(r[:k], s)
	if b < 0 || e-s < 4 && b == s && k-e < 2 {
		return 0, 0, false
	}
	return s, end, true
}
