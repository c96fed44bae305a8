package main

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/show"
	"github.com/kotomori/kotomori/rules"
)

var smallRules = fstest.MapFS{
	"rules/policies/kotori.yaml": {Data: []byte(`policy: kotori
title: ことり市SNS運用方針
edition: 令和8年4月1日施行
effective: 2026-04-01
decides: ことり市広報課長
accounts:
  - { platform: x, name: ことり市, handle: kotori }
article: "5"
clauses:
  - { clause: 5(1), category: commercial, text: 営利を目的とする書き込み, actions: { hide: 0.5 } }
  - { clause: 5(2), category: impersonation, text: 他人になりすますもの, actions: { block: 0.9 } }
`)},
}

func recommendation() event.Recommendation {
	return event.Recommendation{
		ID: "id", CommentID: "c-1", Revision: 1, Account: "kotori", Platform: "x", Status: event.Open, Action: rules.Block, Policy: "kotori",
		Text: "お得な情報は\nプロフから！😊",
		Findings: []classifier.Finding{
			{
				Category: "impersonation", Clause: "5(2)", Confidence: 0.95, Reason: "公式を名乗っているため。",
				Evidence: []classifier.Evidence{{In: "author.name", Start: 0, End: 6, Text: "ことり市公式", Rule: "impersonation.official-name"}},
			},
			{
				Category: "commercial", Clause: "5(1)", Confidence: 0.8, Reason: "誘導しているため。",
				Evidence: []classifier.Evidence{
					{Start: 0, End: 2, Text: "お得", Rule: "commercial.lure"}, {Start: 7, End: 12, Text: "プロフから", Rule: "commercial.lure"},
				},
			},
		},
		Author:      event.Author{Pseudonym: "0123", Name: "ことり市公式サポート"},
		Abstained:   []string{"tampering", "off-topic"},
		Recommended: time.Date(2026, 11, 21, 3, 4, 5, 0, time.UTC),
	}
}

func TestCard(t *testing.T) {
	set, err := rules.Load(smallRules)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	c := &cards{page: page{w: &b, style: show.NewStyle(false, 0, false)}, rules: func() *rules.Set { return set }}
	r := recommendation()
	c.show(r)
	r.Status, r.Action, r.Why, r.Revision, r.Findings, r.Text = event.Withdrawn, rules.None, event.Deleted, 2, nil, ""
	c.show(r) // nothing stood, nothing to show
	r.Withdraws = true
	c.show(r)
	r.Why, r.CommentID = event.Edited, "evil\x1b[2J"
	c.show(r)
	r.Why, r.CommentID, r.Revision = event.Hidden, "c-2", 1_793_842_881_000
	c.show(r)
	const want = `■ ブロックを推奨  ことり市 (X) への返信 c-1
  条項  5(2) 他人になりすますもの
  ほか  5(1) 営利を目的とする書き込み
  返信  【お得】な情報は
        【プロフから】！😊
  名前  【ことり市公式】サポート
  理由  公式を名乗っているため。
        誘導しているため。
  規則  impersonation.official-name (確信度 0.95)
        commercial.lure (確信度 0.80)
  注    元の発信が不明のため、発信内容の改変・発信と無関係は判断していません

■ 推奨を取り下げ  ことり市 (X) への返信 c-1 (第2版)
  理由  返信が削除されたため

■ 推奨を取り下げ  ことり市 (X) への返信 evil�[2J (第2版)
  理由  返信が編集され、問題がなくなったため

■ 推奨を取り下げ  ことり市 (X) への返信 c-2
  理由  返信が非表示になったため

`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestRow(t *testing.T) {
	for _, tc := range []struct {
		width int
		want  string
	}{
		{120, "11-21 12:04 ブロック 5(2)   0.95   kotori/x      【お得】な情報は 【プロフから】！😊" + strings.Repeat(" ", 8) + "impersonation.official-name"},
		{80, "11-21 12:04 ブロック 5(2)   0.95   kotori/x      【お得】な情報は 【プロフから…"},
	} {
		table := newTable(show.NewStyle(false, tc.width, false))
		if got := row(table, recommendation(), time.FixedZone("JST", 9*3600)); got != tc.want {
			t.Errorf("width %d: got\n%s, want\n%s", tc.width, got, tc.want)
		}
	}
	r := recommendation()
	r.Status, r.Action, r.Findings, r.Text = event.Withdrawn, rules.None, nil, ""
	table := newTable(show.NewStyle(false, 80, false))
	if got, want := row(table, r, time.UTC), "11-21 03:04 取下げ                 kotori/x      c-1 返信が編集され、問題がなく…"; got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestWants(t *testing.T) {
	r := recommendation()
	withdrawn := r
	withdrawn.Status, withdrawn.Findings, withdrawn.Withdraws = event.Withdrawn, nil, true
	for _, tc := range []struct {
		filter          watchCmd
		open, withdrawn bool
	}{
		{watchCmd{}, true, true},
		{watchCmd{Account: []string{"wako", "kotori"}}, true, true},
		{watchCmd{Account: []string{"wako"}}, false, false},
		{watchCmd{Clause: []string{"5(1)"}}, true, true},
		{watchCmd{Clause: []string{"5(3)"}}, false, true},
		{watchCmd{Action: []string{"hide", "block"}}, true, true},
		{watchCmd{Action: []string{"hide"}}, false, true},
		{watchCmd{Category: []string{"commercial"}}, true, true},
		{watchCmd{Category: []string{"malware"}, Clause: []string{"5(1)"}}, false, true},
	} {
		if got := tc.filter.wants(r); got != tc.open {
			t.Errorf("%+v: %v", tc.filter, got)
		}
		if got := tc.filter.wants(withdrawn); got != tc.withdrawn {
			t.Errorf("%+v, withdrawn: %v", tc.filter, got)
		}
	}
	withdrawn.Withdraws = false
	if (&watchCmd{}).wants(withdrawn) {
		t.Error("a withdrawal of nothing is shown")
	}
}
