package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Action is what is recommended, from none (do nothing) up to block.
type Action uint8

// The actions, lightest first.
const (
	None Action = iota
	Hide
	Delete
	Block
)

var actionNames = [...]string{"none", "hide", "delete", "block"}

func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("action(%d)", uint8(a))
}

// MarshalText writes the action's name.
func (a Action) MarshalText() ([]byte, error) {
	if int(a) >= len(actionNames) {
		return nil, fmt.Errorf("unknown action %d", uint8(a))
	}
	return []byte(actionNames[a]), nil
}

// UnmarshalText reads the action's name.
func (a *Action) UnmarshalText(b []byte) error {
	i := slices.Index(actionNames[:], string(b))
	if i < 0 {
		return fmt.Errorf("unknown action %q; write one of %s", b, strings.Join(actionNames[:], ", "))
	}
	*a = Action(i)
	return nil
}

// platforms says what an account's owner can do to a reply on each platform, by the platforms' own documentation
// (November 2026): on X a reply can be hidden and its author blocked, another user's post cannot be deleted; a
// Facebook page hides, deletes, bans; a blog's owner unpublishes, deletes, bans.
var platforms = map[string][]Action{
	"x":        {Hide, Block},
	"facebook": {Hide, Delete, Block},
	"blog":     {Hide, Delete, Block},
}

// Platforms are the known platforms, sorted.
func Platforms() []string { return []string{"blog", "facebook", "x"} }

// Can says whether the platform lets an account's owner do this to a reply.
func Can(platform string, a Action) bool { return slices.Contains(platforms[platform], a) }

// Categories are the seventeen categories: the union of the fifteen clauses of Saitama City's policy (7) and of Wako
// City's (11), in the order of the clauses.
var Categories = []string{
	"illegal", "defamation", "politics-religion", "ip-infringement", "commercial", "discrimination", "public-order",
	"misinformation", "privacy", "impersonation", "malware", "obscenity", "crime-incitement", "tampering",
	"tos-violation", "off-topic", "other-inappropriate",
}
