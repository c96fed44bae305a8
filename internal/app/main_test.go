package app

import (
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lure breaks small's only rule.
const lure = "スマホだけで月50万稼げます！詳しくはDMまで"

// small is a ruleset that is read in no time.
var small = fstest.MapFS{
	"dict/small.yaml": {Data: []byte(`classes:
  money-lure:
    about: 高収入で釣る言葉
    words: [月50万, 高収入]
  contact-invite:
    about: 連絡への誘導
    words: [DMまで, LINE追加]
`)},
	"rules/small.yaml": {Data: []byte(`rules:
  - id: commercial.side-job
    category: commercial
    confidence: 0.9
    reason: 高収入の副業に勧誘している
    when: { all: [money-lure, contact-invite], scope: text }
    examples: { match: [月50万！DMまで], no-match: [参加します] }
`)},
	"rules/policies/wako.yaml":    {Data: policy("wako")},
	"rules/policies/saitama.yaml": {Data: policy("saitama")},
}

func policy(id string) []byte {
	return []byte("policy: " + id + `
title: 見本の運用方針
edition: 令和8年4月1日施行
effective: 2026-04-01
decides: 見本課長
accounts:
  - { platform: x, name: 見本, handle: mihon }
  - { platform: blog, name: 見本 }
article: "11"
clauses:
  - { clause: 11(5), category: commercial, text: 営利を目的とするもの, actions: { hide: 0.5, delete: 0.8 } }
`)
}
