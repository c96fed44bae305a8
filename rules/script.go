package rules

import "unicode"

func isKatakana(r rune) bool { return r >= 'ァ' && r <= 'ヺ' || r == 'ー' }

func isHiragana(r rune) bool { return r >= 'ぁ' && r <= 'ゖ' }

func isKana(r rune) bool { return isHiragana(r) || isKatakana(r) }

// isLatin covers letters and digits that form words with one another without spaces meaning anything in Japanese.
func isLatin(r rune) bool {
	return r < 0x250 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

func kanaOnly(s string) bool {
	for _, r := range s {
		if !isKana(r) {
			return false
		}
	}
	return true
}
