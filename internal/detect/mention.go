package detect

import "strings"

// findMentions reports @handle: Latin letters, digits, _ and the points of Instagram's. A price (@500円)
// and a place or time after a bare @ are none.
func findMentions(r []rune, found func(i, j int)) {
	for i, c := range r {
		if c != '@' || isLatinOrDigit(runeAt(r, i-1)) || runeAt(r, i-1) == '_' || runeAt(r, i-1) == '.' || runeAt(r, i-1) == '@' {
			continue
		}
		j := i + 1
		name := false
		for j < len(r) && (isLatinOrDigit(r[j]) || r[j] == '_' || r[j] == '.' && isLatinOrDigit(runeAt(r, j+1))) {
			name = name || isLatin(r[j]) || r[j] == '_'
			j++
		}
		if name && j-i > 2 {
			found(i, j)
		}
	}
}

// findHashtags reports #tag as X does: letters, digits and _, not digits alone, and no letter before the #.
func findHashtags(r []rune, found func(i, j int)) {
	for i, c := range r {
		if before := runeAt(r, i-1); c != '#' || isTagRune(before) || before == '/' || before == '&' || before == '#' {
			continue
		}
		j := i + 1
		letter := false
		for j < len(r) && isTagRune(r[j]) {
			letter = letter || !isDigit(r[j])
			j++
		}
		if letter {
			found(i, j)
		}
	}
}

func isTagRune(c rune) bool { return c != 0 && (isWord(c) || strings.ContainsRune("_・〜", c)) }
