package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

const secret = "geheim-4711"

// full is what all three platforms need.
func full() Webhook {
	return Webhook{
		XAccounts: []string{"saitama=1"}, XSecrets: []string{"saitama=" + secret},
		FacebookPages: []string{"wako=2"}, FacebookSecrets: []string{"wako=" + secret}, FacebookTokens: []string{"wako=" + secret},
		BlogSecrets: []string{"wako=" + secret},
	}
}

func show(all []WebhookAccount) string {
	var b strings.Builder
	for _, a := range all {
		fmt.Fprintf(&b, "%s/%s ids %v secrets %v tokens %v\n", a.Platform, a.Name, a.IDs, a.Secrets, a.Tokens)
	}
	return strings.TrimSpace(b.String())
}

func TestWebhookAccounts(t *testing.T) {
	one := write(t, "one", "aus-der-datei\n")
	two := write(t, "two", "neu\nalt\n")
	for _, tt := range []struct {
		name string
		w    Webhook
		want string
	}{
		{"nothing", Webhook{}, ""},
		{"ids without a secret are not served", Webhook{XAccounts: []string{"saitama=1"}, FacebookPages: []string{"wako=2"}, FacebookTokens: []string{"wako=t"}}, ""},
		{
			"all", full(),
			"blog/wako ids [] secrets [geheim-4711] tokens []\nfacebook/wako ids [2] secrets [geheim-4711] tokens [geheim-4711]\nx/saitama ids [1] secrets [geheim-4711] tokens []",
		},
		{
			"two secrets, the new one first",
			Webhook{XAccounts: []string{"saitama=1"}, XSecrets: []string{"saitama=neu", "saitama=alt"}},
			"x/saitama ids [1] secrets [neu alt] tokens []",
		},
		{
			"the setting before the file",
			Webhook{XAccounts: []string{"saitama=1"}, XSecrets: []string{"saitama=neu"}, XSecretFiles: []string{"saitama=" + one}},
			"x/saitama ids [1] secrets [neu aus-der-datei] tokens []",
		},
		{
			"a file with two lines",
			Webhook{BlogSecretFiles: []string{"wako=" + two}, FacebookPages: []string{"wako=1"}, FacebookSecretFiles: []string{"wako=" + one}, FacebookTokenFiles: []string{"wako=" + two}},
			"blog/wako ids [] secrets [neu alt] tokens []\nfacebook/wako ids [1] secrets [aus-der-datei] tokens [neu alt]",
		},
		{
			"several accounts, several ids, blanks, an equals sign in the secret",
			Webhook{XAccounts: []string{"wako=2", " saitama = 1 ", "saitama=3"}, XSecrets: []string{"wako=a=b==", "saitama= c "}},
			"x/saitama ids [1 3] secrets [c] tokens []\nx/wako ids [2] secrets [a=b==] tokens []",
		},
		{
			"one name on two platforms",
			Webhook{XAccounts: []string{"wako=7"}, XSecrets: []string{"wako=a"}, FacebookPages: []string{"wako=7"}, FacebookSecrets: []string{"wako=b"}},
			"facebook/wako ids [7] secrets [b] tokens []\nx/wako ids [7] secrets [a] tokens []",
		},
	} {
		got, err := tt.w.Accounts()
		if err != nil || show(got) != tt.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", tt.name, err, show(got), tt.want)
		}
	}
}

func TestWebhookFiles(t *testing.T) {
	for _, tt := range []struct{ name, content, want string }{
		{"no line break", "a", "[a]"},
		{"CRLF", "neu\r\nalt\r\n", "[neu alt]"},
		{"empty lines", "\n\n neu \n\t\nalt", "[neu alt]"},
		{"BOM", "\ufeffneu\nalt\n", "[neu alt]"},
		{"BOM and CRLF", "\ufeffneu\r\n", "[neu]"},
		{"empty", "", "x-secret-files: account saitama: "},
		{"blank", " \r\n\n", "x-secret-files: account saitama: "},
		{"three", "a\nb\nc\n", "x-secret-files: account saitama has more than two"},
	} {
		got, err := Webhook{XAccounts: []string{"saitama=1"}, XSecretFiles: []string{"saitama=" + write(t, "secret", tt.content)}}.Accounts()
		if err != nil {
			if !strings.HasPrefix(err.Error(), tt.want) || !strings.Contains(err.Error(), "; ") {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if fmt.Sprint(got[0].Secrets) != tt.want {
			t.Errorf("%s: %q", tt.name, got[0].Secrets)
		}
	}
}

// An error names the setting and the mend, and quotes no value: it may be a secret.
func TestWebhookErrorsQuoteNothing(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		change     func(*Webhook)
	}{
		{"no equals sign", "x-secrets: entry 2 is not ACCOUNT=VALUE", func(w *Webhook) { w.XSecrets = append(w.XSecrets, secret) }},
		{"no account", "blog-secrets: entry 1", func(w *Webhook) { w.BlogSecrets = []string{"=" + secret} }},
		{"no value", "facebook-verify-tokens: entry 1", func(w *Webhook) { w.FacebookTokens = []string{"wako= "} }},
		{"empty", "x-accounts: entry 1", func(w *Webhook) { w.XAccounts = []string{""} }},
		{"no file", "x-secret-files: account saitama", func(w *Webhook) { w.XSecretFiles = []string{"saitama=/nowhere/" + secret} }},
		{"a secret instead of its file", "blog-secret-files: account wako", func(w *Webhook) { w.BlogSecretFiles = []string{"wako=" + secret} }},
		{"a folder", "facebook-secret-files: account wako", func(w *Webhook) { w.FacebookSecretFiles = []string{"wako=" + t.TempDir()} }},
		{"three secrets", "x-secrets: account saitama has more than two", func(w *Webhook) {
			w.XSecrets = []string{"saitama=a" + secret, "saitama=b" + secret, "saitama=c" + secret}
		}},
		{"three tokens", "facebook-verify-tokens: account wako has more than two", func(w *Webhook) { w.FacebookTokens = []string{"wako=" + secret, "wako=b", "wako=c"} }},
		{"an id of two accounts", "x: the id 1 is that of two accounts, saitama and wako", func(w *Webhook) { w.XAccounts = append(w.XAccounts, "wako=1") }},
		{"certificate without key", "webhook-tls-cert and webhook-tls-key", func(w *Webhook) { w.WebhookTLSCert = "a" }},
		{"key without certificate", "webhook-tls-cert and webhook-tls-key", func(w *Webhook) { w.WebhookTLSKey = "a" }},
		{"negative rate", "webhook-rate", func(w *Webhook) { w.WebhookRate = -1 }},
	} {
		w := full()
		tt.change(&w)
		got, err := w.Accounts()
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || got != nil {
			t.Errorf("%s: %v, %v", tt.name, got, err)
			continue
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v quotes the value", tt.name, err)
		}
	}
}

// However it is printed, an account keeps its secrets to itself.
func TestWebhookAccountMasked(t *testing.T) {
	all, err := full().Accounts()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("a", "account", all[0], "all", all, "pointer", &all[1])
	}
	for _, v := range []any{all[0], &all[1], all, map[string]WebhookAccount{"a": all[2]}} {
		fmt.Fprintf(&b, "%v %+v %#v %s %q", v, v, v, v, v)
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(j)
	}
	if s := b.String(); strings.Contains(s, secret) || !strings.Contains(s, "facebook/wako") {
		t.Errorf("printed %s", s)
	}
}

// The settings come from flags, environment and file, the first of them that has one; `config` shows no secret.
func TestWebhookSettings(t *testing.T) {
	isolate(t)
	type commands struct {
		Show struct{ Webhook } `cmd:""`
	}
	parse := func(args ...string) (Webhook, error) {
		var c commands
		k, err := kong.New(&c, kong.Vars{"data_dir": "/data"}, kong.Resolvers(&Resolver{}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = k.Parse(append([]string{"show"}, args...))
		return c.Show.Webhook, err
	}
	w, err := parse()
	if err != nil || w.Webhook != "127.0.0.1:8485" || w.WebhookRate != 100 || len(w.XSecrets)+len(w.WebhookProxies) != 0 {
		t.Errorf("defaults: %+v, %v", w, err)
	}
	if err := os.WriteFile(FileName, []byte("x-accounts: [saitama=1, wako=2]\nx-secrets: saitama=aus-der-datei\nwebhook-rate: 5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if w, err = parse(); err != nil || strings.Join(w.XAccounts, " ") != "saitama=1 wako=2" || strings.Join(w.XSecrets, " ") != "saitama=aus-der-datei" || w.WebhookRate != 5 {
		t.Errorf("file: %+v, %v", w, err)
	}
	t.Setenv("KOTOMORI_X_SECRETS", "saitama=neu,saitama=alt")
	if w, err = parse(); err != nil || strings.Join(w.XSecrets, " ") != "saitama=neu saitama=alt" {
		t.Errorf("environment: %+v, %v", w, err)
	}
	if w, err = parse("--x-secrets=wako=a"); err != nil || strings.Join(w.XSecrets, " ") != "wako=a" {
		t.Errorf("flag: %+v, %v", w, err)
	}
}

// A handle or an address instead of the number is the likeliest mistake, after which everything would be dropped.
func TestWebhookIDs(t *testing.T) {
	for _, w := range []Webhook{
		{XAccounts: []string{"saitama=@SaitamaCvcCoop"}, XSecrets: []string{"saitama=a"}},
		{XAccounts: []string{"saitama=１２"}, XSecrets: []string{"saitama=a"}},
		{FacebookPages: []string{"wako=https://facebook.com/wako"}, FacebookSecrets: []string{"wako=a"}},
	} {
		if _, err := w.Accounts(); err == nil || !strings.Contains(err.Error(), "is a number") {
			t.Errorf("%+v: %v", w, err)
		}
	}
	for _, rate := range []float64{-1, math.NaN(), math.Inf(1)} {
		if _, err := (Webhook{WebhookRate: rate}).Accounts(); err == nil {
			t.Errorf("a rate of %v", rate)
		}
	}
}
