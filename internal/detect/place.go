package detect

import "github.com/kotomori/kotomori/internal/text"

// findPlaces reports places: kagome's 地域 with what belongs to it, and any proper or unknown noun before 市, 県, 区 …
func findPlaces(in *Input, found func(text.Span)) {
	t := in.Tokens
	report := reporter(in, found)
	for i := 0; i < len(t); {
		j := i
		named := false
		for j < len(t) && (j == i || t[j].Start == t[j-1].End) {
			x := t[j]
			next := tokenAt(t, j+1)
			if pos(x, "名詞,固有名詞,地域") {
				named = true
				j++
				continue
			}
			area := pos(next, "名詞,接尾,地域") && next.Start == x.End
			if area && (pos(x, "名詞,固有名詞") || pos(x, "名詞,一般") && !x.Known) {
				named = true
				j += 2
				continue
			}
			if j > i && named && pos(x, "名詞,接尾,地域") {
				j++
				continue
			}
			break
		}
		if j == i {
			i++
			continue
		}
		// 川口さん is a person.
		// A lone kanji (米, 行) is a country's short form at best.
		if next := tokenAt(t, j); j-i > 1 || t[i].End-t[i].Start > 1 && !pos(next, "名詞,接尾,人名") {
			report(t[i].Start, t[j-1].End)
		}
		i = j
	}
}

// reporter maps runes of the plain text to found, tokens' faults aside.
func reporter(in *Input, found func(text.Span)) func(i, j int) {
	v := &in.Text.Plain
	return func(i, j int) {
		if i >= 0 && i < j && j <= len(v.Runes) {
			found(v.Span(i, j))
		}
	}
}
