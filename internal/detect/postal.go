package detect

var (
	postalWords   = newWords("〒", "郵便番号", "〶", "郵便番号:", "郵便番号は")
	prefectures   = newWords("北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県", "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県", "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県", "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県", "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県")
	municipalEnds = newWords("市", "区", "町", "村", "郡")
)

// findPostalCodes reports 〒000-0000, 〒0000000, and 000-0000 right before a place's name.
func findPostalCodes(r []rune, found func(i, j int)) {
	for _, c := range chains(r, false) {
		for i := range c {
			var n int
			switch {
			case len(c[i].digits) == 7:
				n = 1
			case i+1 < len(c) && len(c[i].digits) == 3 && len(c[i+1].digits) == 4 && c[i+1].start-c[i].end == 1 && isHyphen(r[c[i].end]):
				n = 2
			default:
				continue
			}
			end := c[i+n-1].end
			p := c[i].start
			for p > 0 && (isBlank(r[p-1]) || r[p-1] == ':') {
				p--
			}
			if q := postalWords.before(r, p); q >= 0 && (i+n == len(c) || !joins(r, c[i+n-1], c[i+n])) {
				found(q, end)
				continue
			}
			if n == 2 && c.loose(r, i, i+n) && placeAfter(r, end) {
				found(c[i].start, end)
			}
		}
	}
}

// placeAfter reports that a place's name follows at r[i]: a prefecture's, or kanji or kana up to a 市, 区, 町, 村 or 郡.
func placeAfter(r []rune, i int) bool {
	for n := 0; n < 2 && i < len(r) && isSpace(r[i]); n++ {
		i++
	}
	if prefectures.at(r, i) >= 0 {
		return true
	}
	for k := i; k < len(r) && k < i+8 && isJapanese(r[k]); k++ {
		if k > i+1 && municipalEnds.at(r, k) >= 0 {
			return placeName(r[i:k])
		}
	}
	return false
}
