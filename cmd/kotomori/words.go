package main

import (
	"github.com/kotomori/kotomori/rules"
)

// actionWords is what is recommended, as a moderator reads it.
func actionWords(a rules.Action) string {
	switch a {
	case rules.Hide:
		return "非表示を推奨"
	case rules.Delete:
		return "削除を推奨"
	case rules.Block:
		return "ブロックを推奨"
	}
	return "対応不要"
}

// actionShort is the action alone, for a table.
func actionShort(a rules.Action) string {
	switch a {
	case rules.Hide:
		return "非表示"
	case rules.Delete:
		return "削除"
	case rules.Block:
		return "ブロック"
	}
	return "なし"
}

func platformName(platform string) string {
	switch platform {
	case "x":
		return "X"
	case "facebook":
		return "Facebook"
	case "blog":
		return "ブログ"
	}
	return platform
}

// categoryNames are the categories in Japanese.
var categoryNames = map[string]string{
	"illegal":             "法令違反",
	"defamation":          "誹謗中傷",
	"politics-religion":   "政治・宗教活動",
	"ip-infringement":     "知的所有権の侵害",
	"commercial":          "広告・勧誘・営利",
	"discrimination":      "差別",
	"public-order":        "公序良俗違反",
	"misinformation":      "虚偽・噂",
	"privacy":             "個人情報",
	"impersonation":       "なりすまし",
	"malware":             "有害なプログラム",
	"obscenity":           "わいせつ",
	"crime-incitement":    "犯罪の誘発",
	"tampering":           "発信内容の改変",
	"tos-violation":       "利用規約違反",
	"off-topic":           "発信と無関係",
	"other-inappropriate": "その他不適切",
}
