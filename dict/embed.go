package dict

import "embed"

// FS holds the shipped word lists.
//
//go:embed *.yaml
var FS embed.FS
