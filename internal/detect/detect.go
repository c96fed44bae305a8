// Package detect finds what no word list holds: URLs, telephone numbers, addresses,
// amounts of money, persons, altered quotations of the official post, an author who
// poses as the office. Detectors are pure functions; they report and do not judge.
//
// They read Text.Plain (NFKC, lower case, nothing invisible), so full-width, circled
// and mathematical characters need no care here, and report spans of the original.
// Where a text could be read in two ways they stay silent: a rule that needs the
// doubtful reading names its words itself.
//
// Cost is linear in the text except for post.altered, which aligns reply and post
// and looks at no more than the first alignCap characters of each.
package detect

import (
	"cmp"
	"slices"

	"github.com/kotomori/kotomori/internal/morph"
	"github.com/kotomori/kotomori/internal/text"
)

// Office is what a policy says of the account replied to.
type Office struct {
	Names   []string // the official accounts' names and the office's
	Handles []string // without @
	Sites   []string // the city's own sites: registrable domains or hosts
}

// Input is what a detector may look at.
type Input struct {
	Text       *text.Text    // the reply; for author.official the author's name or handle
	Tokens     []morph.Token // of Text.Plain; nil unless the detector says NeedsTokens
	Post       *Post         // nil where the official post's text is not known
	PostTokens []morph.Token // of Post.Text.Plain; nil unless the detector says NeedsTokens
	Office     Office

	found []text.Span
	keep  func(text.Span) // appends to found of
	of    *Input          // which is this one, if it is no copy
}

// Ask makes in ask of a reply's text, in the memory that was used for others.
func (in *Input) Ask(t *text.Text, o Office) {
	*in = Input{Text: t, Office: o, found: in.found, keep: in.keep, of: in.of}
}

// Detector is one named way of looking. It keeps no state and may be shared between goroutines.
type Detector struct {
	Name        string
	About       string // one line, English
	NeedsTokens bool
	NeedsPost   bool // abstains without the official post
	Whole       bool // says something of the reply as a whole, not of a stretch of it
	// Possible is a cheap necessary condition over the plain text, for the gate: false means Find reports nothing.
	// nil means always possible.
	Possible func(t *text.Text) bool
	find     finder
}

// detectors holds them all, sorted by name.
var detectors = build()

// All lists the detectors by name.
func All() []Detector { return slices.Clone(detectors) }

// Lookup finds a detector by its name.
func Lookup(name string) (Detector, bool) {
	i, ok := slices.BinarySearchFunc(detectors, name, func(d Detector, name string) int {
		return cmp.Compare(d.Name, name)
	})
	if !ok {
		return Detector{}, false
	}
	return detectors[i], true
}

func build() []Detector {
	list := []Detector{
		{Name: "url", About: "any URL or bare domain name with a public suffix", Possible: linkPossible, find: linksWhere(func(*link, *Office) bool { return true })},
		{Name: "url.shortener", About: "a link shortener's URL", Possible: linkPossible, find: linksWhere((*link).shortener)},
		{Name: "url.ip", About: "a URL whose host is a raw address", Possible: linkPossible, find: linksWhere((*link).rawAddress)},
		{Name: "url.download", About: "a URL of a program, an archive or a document with macros", Possible: linkPossible, find: linksWhere((*link).download)},
		{Name: "url.messenger", About: "a URL that opens a chat: LINE, Telegram, Discord …", Possible: linkPossible, find: linksWhere((*link).messenger)},
		{Name: "url.punycode", About: "a URL whose host can be taken for another", Possible: linkPossible, find: linksWhere((*link).lookalike)},
		{Name: "url.foreign", About: "a URL that is neither a public body's nor one of the policy's sites", Possible: linkPossible, find: linksWhere((*link).foreign)},
		{Name: "email", About: "an e-mail address", Possible: emailPossible, find: plain(findEmails)},

		{Name: "phone", About: "a Japanese telephone number", Possible: numeralPossible, find: unlinked(findPhones)},
		{Name: "phone.mobile", About: "a Japanese mobile telephone number", Possible: numeralPossible, find: unlinked(findMobiles)},
		{Name: "postal-code", About: "a Japanese postal code", Possible: digitPossible, find: unlinked(findPostalCodes)},
		{Name: "address", About: "a place down to chome, banchi or house number", Possible: numeralPossible, find: unlinked(findAddresses)},
		{Name: "card", About: "a payment card's number", Possible: digitPossible, find: unlinked(findCards)},
		{Name: "mynumber", About: "an Individual Number (My Number)", Possible: digitPossible, find: unlinked(findMyNumbers)},
		{Name: "bank-account", About: "a bank account by branch and number", Possible: digitPossible, find: unlinked(findBankAccounts)},
		{Name: "contact-id", About: "an id at LINE, Telegram, Kakao, Instagram, Signal, WeChat, Discord …", Possible: latinOrDigitPossible, find: findContactIDs},

		{Name: "money", About: "an amount of money", Possible: numeralPossible, find: unlinked(spansOf(scanAmounts))},
		{Name: "percent", About: "a percentage", Possible: numeralPossible, find: unlinked(spansOf(scanPercents))},
		{Name: "date", About: "a date", Possible: datePossible, find: unlinked(spansOf(scanDates))},
		{Name: "time", About: "a time of day", Possible: clockPossible, find: unlinked(spansOf(scanClocks))},
		{Name: "number", About: "a number", Possible: numeralPossible, find: unlinked(findNumbers)},

		{Name: "mention", About: "an @handle", Possible: hasRune('@'), find: unlinked(findMentions)},
		{Name: "hashtag", About: "a #tag", Possible: hasRune('#'), find: unlinked(findHashtags)},

		{Name: "person", About: "a person's name", NeedsTokens: true, find: findPersons},
		{Name: "place", About: "a place's name", NeedsTokens: true, find: findPlaces},
		{Name: "organization", About: "an organization's name", NeedsTokens: true, find: findOrganizations},

		{Name: "quotation", About: "a quoted stretch", Possible: quotationPossible, find: plain(findQuotations)},
		{Name: "question", About: "a sentence that asks", Possible: questionPossible, find: findQuestions},
		{Name: "emoji", About: "a run of emoji", find: findEmoji},
		{Name: "repetition", About: "a flood: a letter or stretch over and over, for half of the reply", Possible: atLeast(2 * floodStretch), find: findRepetition},

		{Name: "post.altered", About: "a stretch given as the official post's words whose facts differ from it", NeedsPost: true, Possible: atLeast(alteredLeast), find: findAltered},
		{Name: "post.copied", About: "a stretch copied from the official post unchanged", NeedsPost: true, Possible: atLeast(copiedLeast), find: findCopied},
		{Name: "post.unrelated", Whole: true, About: "the whole reply, where it shares nothing with the official post or the office", NeedsTokens: true, NeedsPost: true, Possible: atLeast(unrelatedLeast), find: findUnrelated},

		{Name: "author.official", About: "an author's name or handle close to the official account's, or an office's title", find: findOfficial},
	}
	slices.SortFunc(list, func(a, b Detector) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

type finder = func(in *Input, found func(text.Span))

// Find gives spans of the original text, in order of their start, none empty and none twice. They may overlap. They are in memory that the next
// Find of the same input uses again. Without a text, or a post that the detector needs, there are none.
func (d *Detector) Find(in *Input) []text.Span {
	if in.Text == nil || d.NeedsPost && in.Post == nil {
		return nil
	}
	if in.of != in {
		in.of, in.found = in, nil
		in.keep = func(s text.Span) {
			if s.Start < s.End {
				in.found = append(in.found, s)
			}
		}
	}
	in.found = in.found[:0]
	d.find(in, in.keep)
	slices.SortFunc(in.found, func(a, b text.Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	return slices.Compact(in.found)
}

// A scanner finds stretches [i,j) of plain text.
type scanner = func(r []rune, found func(i, j int))

// plain makes a detector of a scanner of plain text.
func plain(scan scanner) finder {
	return func(in *Input, found func(text.Span)) {
		v := &in.Text.Plain
		scan(v.Runes, func(i, j int) {
			if i < j {
				found(v.Span(i, j))
			}
		})
	}
}

// unlinked is plain for scanners to which the digits and marks inside URLs and e-mail addresses mean nothing.
func unlinked(scan scanner) finder {
	return plain(func(r []rune, found func(i, j int)) { scan(withoutLinks(r), found) })
}

// A fact is a number, amount, date or time as it stands in plain text, in a form that can be compared.
type fact struct {
	start, end int
	kind       string // number, money, percent, date, weekday, time, or a polarity group of post.altered
	value      string // equal for equal facts of the same kind, however written
}

// spansOf makes a scanner of one that reads facts.
func spansOf(scan func(r []rune, found func(fact))) scanner {
	return func(r []rune, found func(i, j int)) {
		scan(r, func(f fact) { found(f.start, f.end) })
	}
}

func atLeast(n int) func(*text.Text) bool {
	return func(t *text.Text) bool { return len(t.Plain.Runes) >= n }
}

func hasRune(c rune) func(*text.Text) bool {
	return func(t *text.Text) bool { return slices.Contains(t.Plain.Runes, c) }
}

func digitPossible(t *text.Text) bool { return slices.ContainsFunc(t.Plain.Runes, isDigit) }

func latinOrDigitPossible(t *text.Text) bool {
	return slices.ContainsFunc(t.Plain.Runes, isLatinOrDigit)
}

func numeralPossible(t *text.Text) bool { return slices.ContainsFunc(t.Plain.Runes, isNumeral) }
