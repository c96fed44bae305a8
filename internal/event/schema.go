package event

import "embed"

// Schemas are the JSON Schemas (draft 2020-12) of the topics' values: schema/comment.json, post.json,
// recommendation.json, decision.json and dead-letter.json.
//
//go:embed schema/*.json
var Schemas embed.FS
