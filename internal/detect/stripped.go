package detect

import "sort"

// stripped is plain text without marks, spaces, links, mentions, hashtags and emoji, so that two texts can be compared for
// their words. Marks that belong to a number (10:30, 1,200, 5/29) stay.
type stripped struct {
	runes []rune
	at    []int  // runes[i] is the plain text's at[i]
	plain []rune // the plain text without links
}

func strip(r []rune) stripped {
	r = withoutLinks(r)
	drop := make([]bool, len(r))
	for _, scan := range []scanner{findMentions, findHashtags} {
		scan(r, func(i, j int) {
			for k := i; k < j; k++ {
				drop[k] = true
			}
		})
	}
	s := stripped{plain: r}
	for i, c := range r {
		if keeps(r, i) && !drop[i] {
			s.runes = append(s.runes, c)
			s.at = append(s.at, i)
		}
	}
	return s
}

// keeps says whether r[i] stays where nothing else is to be dropped.
func keeps(r []rune, i int) bool {
	c := r[i]
	return isWord(c) && c != blank ||
		isDigit(runeAt(r, i-1)) && (c == '%' || isDigit(runeAt(r, i+1)) && (c == ':' || c == '/' || c == '.' || c == ','))
}

// aligned is the part that is aligned with another: the first alignCap characters.
func (s stripped) aligned() stripped {
	if len(s.runes) > alignCap {
		s.runes, s.at = s.runes[:alignCap], s.at[:alignCap]
	}
	return s
}

// index is where plain[i] or the first kept character after it stands.
func (s stripped) index(i int) int { return sort.SearchInts(s.at, i) }

// facts are the numbers, amounts, dates, times, places and polarities in s, with indexes of s, by start. A number within
// a date is no fact of its own.
func (s stripped) facts() []fact {
	var out []fact
	taken := make([]bool, len(s.plain))
	add := func(f fact) {
		i, j := s.index(f.start), s.index(f.end)
		for k := f.start; k < f.end; k++ {
			taken[k] = true
		}
		if i < j {
			f.start, f.end = i, j
			out = append(out, f)
		}
	}
	// Weekdays first: they stand within dates and are compared by themselves.
	scanWeekdays(s.plain, add)
	scanDates(s.plain, func(f fact) {
		if f.kind == "date" {
			add(f)
		}
	})
	scanClocks(s.plain, add)
	scanAmounts(s.plain, add)
	scanPercents(s.plain, add)
	scanCounted(s.plain, func(n numeral) {
		if !taken[n.start] {
			add(fact{n.start, n.end, "number", n.key()})
		}
	})
	scanPolarity(s.plain, add)
	scanVenues(s.plain, add)
	sort.SliceStable(out, func(a, b int) bool { return out[a].start < out[b].start })
	return out
}

// isContent reports the letters that carry a Japanese sentence's matter: all but hiragana.
func isContent(c rune) bool { return isWord(c) && !isHira(c) && c != 'ー' }
