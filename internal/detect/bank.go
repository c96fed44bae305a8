package detect

var (
	banks    = newWords("銀行", "信用金庫", "信金", "信用組合", "信組", "労働金庫", "労金", "農協", "漁協", "ゆうちょ", "ゆうちょ銀行", "郵便局", "バンク", "bank", "信託")
	branches = newWords("支店", "本店", "出張所", "営業部", "店番", "支所", "記号", "店名", "支店名", "支店番号", "店番号")
	kinds    = newWords("普通", "当座", "貯蓄", "普通預金", "当座預金", "普通口座", "(普)", "(当)", "口座", "口座番号", "番号", "口座no", "no")
)

// bankReach is how far from its bank's or branch's name, in characters, an account's number may stand.
const bankReach = 50

// findBankAccounts reports a bank or branch together with an account: …銀行…支店 普通 1234567, ゆうちょ 記号 12345 番号 1234567.
func findBankAccounts(r []rune, found func(i, j int)) {
	for _, c := range chains(r, false) {
		for i := range c {
			g := c[i]
			if len(g.digits) < 6 || len(g.digits) > 8 || counters.at(r, g.end) >= 0 || !c.loose(r, i, i+1) && !labelled(r, g.start) {
				continue
			}
			if !labelled(r, g.start) {
				continue
			}
			from := max(0, g.start-bankReach)
			branch, branchEnd := branches.index(r[:g.start], from)
			bank, bankEnd := banks.index(r[:g.start], from)
			if branch < 0 || len(g.digits) != 7 && !hasAt(r, max(bank, 0), "ゆうちょ") {
				continue
			}
			start, end := branch, branchEnd
			if bank >= 0 {
				start, end = min(bank, branch), bankEnd
			}
			// 記号 and 番号 are everyday words: they need the bank.
			if bank < 0 && (hasAt(r, branch, "記号") || hasAt(r, branch, "店名") || branch >= g.start-2) || end > g.start {
				continue
			}
			if k := start; k > 0 && isHira(r[k-1]) { // さくら信金
				for k > from && isHira(r[k-1]) && start-k < 5 {
					k--
				}
				start = k
			}
			for start > from && isNameRune(r[start-1]) {
				start--
			}
			found(start, g.end)
		}
	}
}

// labelled reports a word for the account right before the number at r[i].
func labelled(r []rune, i int) bool {
	for n := 0; n < 3 && i > 0 && (isBlank(r[i-1]) || isLineEnd(r[i-1]) || r[i-1] == ':' || r[i-1] == '/' || r[i-1] == 'は' || r[i-1] == '・' || r[i-1] == '.' || r[i-1] == ','); n++ {
		i--
	}
	return kinds.before(r, i) >= 0
}

// isNameRune reports what a proper name is written with: kanji, katakana, Latin letters.
func isNameRune(c rune) bool { return isHan(c) || isKata(c) || isLatin(c) }
