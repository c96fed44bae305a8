package detect

import (
	"strings"

	"github.com/kotomori/kotomori/internal/morph"
	"github.com/kotomori/kotomori/internal/text"
)

var (
	// legalForms stand before or after an organization's name and make it one by themselves.
	legalForms = newWords("株式会社", "有限会社", "合同会社", "合資会社", "合名会社", "npo法人", "特定非営利活動法人", "一般社団法人", "公益社団法人", "社団法人", "一般財団法人", "公益財団法人", "財団法人", "社会福祉法人", "学校法人", "医療法人", "宗教法人", "独立行政法人", "(株)", "(有)", "(同)", "認定npo法人", "npo")
	// bodies end an organization's name whose rest has a proper noun or a word unknown to the dictionary in it.
	bodies = newWords("党", "会", "協会", "組合", "連盟", "連合", "連合会", "財団", "基金", "銀行", "信用金庫", "信金", "大学", "学園", "学院", "高校", "高等学校", "中学校", "小学校", "幼稚園", "保育園", "クラブ", "教会", "教団", "商店", "商事", "商会", "工業", "建設", "工務店", "不動産", "製作所", "病院", "医院", "クリニック", "薬局", "新聞", "放送", "テレビ", "出版", "法律事務所", "事務所", "塾", "スクール", "ホールディングス", "グループ", "サークル", "ネットワーク")
	// notParties are nouns in 党 that name none.
	notParties = newWords("野党", "与党", "政党", "甘党", "辛党", "徒党", "悪党", "残党", "離党", "入党", "立党", "結党", "新党", "他党", "各党", "同党", "一党", "多党", "党")
)

// findOrganizations reports organizations: kagome's 組織, a name with a legal form, a noun compound that ends in 党 or, with a
// proper noun in it, in 協会, 銀行, 大学 …, and 緑を守る会.
func findOrganizations(in *Input, found func(text.Span)) {
	t := in.Tokens
	r := in.Text.Plain.Runes
	report := reporter(in, found)
	findQuotations(r, func(i, j int) { // 「わこう里山の会」
		if j-i >= 7 && hasAt(r, j-3, "の会") && !hasAt(r, i+1, "お別れ") {
			report(i+1, j-1)
		}
	})
	for i := 0; i < len(t); i++ {
		x := t[i]
		if x.Start < 0 || x.End > len(r) {
			return
		}
		if e := legalForms.at(r, x.Start); e >= 0 {
			if s, j, ok := withForm(t, i, e); ok {
				report(s, t[j-1].End)
				i = j - 1
				continue
			}
		}
		if j := nounRun(t, i); j > i {
			if s, e, ok := formWithin(t, r, i, j); ok {
				report(s, t[e-1].End)
				i = e - 1
				continue
			}
			if e, ok := body(t, i, j); ok {
				start := x.Start
				if pos(x, "名詞,接尾") { // あおぞ|ら|市民党
					for start > 0 && x.Start-start < 6 && isHira(r[start-1]) {
						start--
					}
				}
				report(start, t[e-1].End)
				i = e - 1
				continue
			}
			if e, ok := circle(t, j); ok {
				report(x.Start, t[e-1].End)
				i = e - 1
				continue
			}
			for k := i; k < j; k++ {
				next := tokenAt(t, k+1)
				if y := t[k]; pos(y, "名詞,固有名詞,組織") && y.Known && y.End-y.Start >= 2 && !pos(next, "名詞,接尾,地域") && !pos(next, "名詞,接尾,人名") && !placeNames.is([]rune(y.Surface)) && y.Surface != "社会" {
					report(y.Start, y.End)
				}
			}
			i = j - 1
		}
	}
}

// nounRun is the end of the nouns that follow one another from i on.
func nounRun(t []morph.Token, i int) int {
	j := i
	for j < len(t) && (pos(t[j], "名詞") || pos(t[j], "接頭詞") || t[j].Surface == "・" && j > i) &&
		!pos(t[j], "名詞,非自立") && !pos(t[j], "名詞,代名詞") && !pos(t[j], "名詞,接尾,人名") && !pos(t[j], "名詞,副詞可能") && !strings.ContainsAny(t[j].Surface, "@#/") {
		j++
	}
	for j > i && t[j-1].Surface == "・" {
		j--
	}
	return j
}

// withForm reads a legal form, whose runes end at e, at token i, with the name after it or before it.
func withForm(t []morph.Token, i, e int) (start, end int, ok bool) {
	k := i
	for k < len(t) && t[k].End <= e {
		k++
	}
	if k == i || t[k-1].End != e {
		return 0, 0, false
	}
	j := nounRun(t, k)
	// みどりの風: the name may go on behind の.
	if j > k && strings.HasSuffix(t[k-1].Surface, "法人") && tokenAt(t, j).Surface == "の" && pos(tokenAt(t, j+1), "名詞,一般") && !notPersons.is([]rune(tokenAt(t, j+1).Surface)) {
		j = nounRun(t, j+1)
	}
	if j > k {
		return t[i].Start, j, true
	}
	if i == 0 || t[i].Surface == "npo" {
		return 0, 0, false
	}
	s := i
	for s > 0 && i-s < 4 && pos(t[s-1], "名詞") && t[s-1].End == t[s].Start && !pos(t[s-1], "名詞,代名詞") && !pos(t[s-1], "名詞,非自立") && !pos(t[s-1], "名詞,副詞可能") {
		s--
	}
	if s == i {
		return 0, 0, false
	}
	return t[s].Start, k, true
}

// formWithin reads a legal form behind a name in the nouns [i,j): サンプル商事株式会社.
func formWithin(t []morph.Token, r []rune, i, j int) (start, end int, ok bool) {
	for k := i + 1; k < j; k++ {
		e := legalForms.at(r, clamp(t[k].Start, r))
		if e < 0 || t[k].Surface == "npo" {
			continue
		}
		for end = k; end < j && t[end].End <= e; end++ {
		}
		if end > k && t[end-1].End == e {
			return t[i].Start, end, true
		}
	}
	return 0, 0, false
}

// body finds in the nouns [i,j) the longest beginning that ends in a word such as 協会 and has a name in it.
func body(t []morph.Token, i, j int) (end int, ok bool) {
	for k := j; k > i; k-- {
		s := []rune(t[k-1].Surface)
		if bodies.before(s, len(s)) < 0 {
			continue
		}
		if strings.HasSuffix(t[k-1].Surface, "党") {
			if pos(t[k-1], "名詞,固有名詞,組織") || k-i >= 2 && !notParties.is([]rune(t[k-2].Surface+t[k-1].Surface)) && t[k-1].Surface == "党" {
				return k, true
			}
			continue
		}
		if k-i < 2 || !bodies.is(s) || occasion(t, k-1) {
			continue
		}
		for _, x := range t[i : k-1] {
			if pos(x, "名詞,固有名詞") || !x.Known && x.End-x.Start >= 2 {
				return k, true
			}
		}
	}
	return 0, false
}

// occasion reports a 会 that people go to rather than belong to: 相談会, 抽選会.
func occasion(t []morph.Token, k int) bool {
	return t[k].Surface == "会" && k > 0 && pos(t[k-1], "名詞,サ変接続")
}

// circle reads 緑を守る会, 和光の緑を守る会 from the nouns before j on.
func circle(t []morph.Token, j int) (end int, ok bool) {
	if tokenAt(t, j).Surface == "の" {
		if k := nounRun(t, j+1); k > j+1 {
			j = k
		}
	}
	if tokenAt(t, j).Surface != "を" {
		return 0, false
	}
	k := j + 1
	if pos(tokenAt(t, k), "名詞,サ変接続") {
		k++
	}
	if !pos(tokenAt(t, k), "動詞,自立") {
		return 0, false
	}
	k++
	if tokenAt(t, k).Surface != "会" {
		return 0, false
	}
	if next := tokenAt(t, k+1); pos(next, "名詞") && !pos(next, "名詞,接尾") {
		return 0, false // 考える会議
	}
	return k + 1, true
}
