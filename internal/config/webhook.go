package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

// WebhookAccount is an official account that a platform delivers for. It never prints its secrets.
type WebhookAccount struct {
	Platform string   // x, facebook or blog
	Name     string   // the policy's id
	IDs      []string // on the platform
	Secrets  []string
	Tokens   []string
}

// String keeps the secrets out of %v.
func (a WebhookAccount) String() string { return a.Platform + "/" + a.Name }

// GoString keeps the secrets out of %#v.
func (a WebhookAccount) GoString() string { return a.String() }

// MarshalText keeps the secrets out of JSON.
func (a WebhookAccount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Accounts are the accounts that have a secret, in the order of platform and name. It reads the files. An error names the
// setting, the account and the mend.
func (w Webhook) Accounts() ([]WebhookAccount, error) {
	if (w.WebhookTLSCert == "") != (w.WebhookTLSKey == "") {
		return nil, errors.New("webhook-tls-cert and webhook-tls-key go together; give both")
	}
	if !(w.WebhookRate >= 0 && w.WebhookRate <= 1e6) {
		return nil, errors.New("webhook-rate must be between 0 and 1000000")
	}
	accounts := make(map[string]*WebhookAccount)
	var secretOf []string // accounts by platform/name that have a secret
	for _, list := range []struct {
		setting, platform string
		values            []string
		what              string // id, secret or token
		file              bool
	}{
		{"x-accounts", "x", w.XAccounts, "id", false},
		{"x-secrets", "x", w.XSecrets, "secret", false},
		{"x-secret-files", "x", w.XSecretFiles, "secret", true},
		{"facebook-pages", "facebook", w.FacebookPages, "id", false},
		{"facebook-secrets", "facebook", w.FacebookSecrets, "secret", false},
		{"facebook-secret-files", "facebook", w.FacebookSecretFiles, "secret", true},
		{"facebook-verify-tokens", "facebook", w.FacebookTokens, "token", false},
		{"facebook-verify-token-files", "facebook", w.FacebookTokenFiles, "token", true},
		{"blog-secrets", "blog", w.BlogSecrets, "secret", false},
		{"blog-secret-files", "blog", w.BlogSecretFiles, "secret", true},
	} {
		for i, entry := range list.values {
			// The value may be a secret: an error counts the entries instead of quoting one.
			name, value, ok := strings.Cut(entry, "=")
			name, value = strings.TrimSpace(name), strings.TrimSpace(value)
			if !ok || name == "" || value == "" {
				return nil, fmt.Errorf("%s: entry %d is not ACCOUNT=VALUE; write saitama=… with the id of the policy, and put a value that holds a comma into a file", list.setting, i+1)
			}
			values := []string{value}
			if list.file {
				var err error
				if values, err = secretLines(value); err != nil {
					return nil, fmt.Errorf("%s: account %s: %w", list.setting, name, err)
				}
			}
			key := list.platform + "/" + name
			a := accounts[key]
			if a == nil {
				a = &WebhookAccount{Platform: list.platform, Name: name}
				accounts[key] = a
			}
			switch list.what {
			case "id":
				if strings.ContainsFunc(value, func(r rune) bool { return r < '0' || r > '9' }) || len(value) > 32 {
					return nil, fmt.Errorf("%s: account %s: the id is a number that the platform gives, not a name or an address; doc/webhooks.md says how to find it", list.setting, name)
				}
				a.IDs = append(a.IDs, value)
			case "secret":
				a.Secrets = append(a.Secrets, values...)
				secretOf = append(secretOf, key)
			case "token":
				a.Tokens = append(a.Tokens, values...)
			}
			if len(a.Secrets) > 2 || len(a.Tokens) > 2 {
				return nil, fmt.Errorf("%s: account %s has more than two; while they are changed, give the new one and the old one", list.setting, name)
			}
		}
	}
	var out []WebhookAccount
	for _, a := range accounts {
		if slices.Contains(secretOf, a.String()) {
			out = append(out, *a)
		}
	}
	slices.SortFunc(out, func(a, b WebhookAccount) int {
		return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.Name, b.Name))
	})
	// An id that two accounts claim would give one's comments to the other.
	seen := make(map[string]string)
	for _, key := range slices.Sorted(maps.Keys(accounts)) {
		a := accounts[key]
		for _, id := range a.IDs {
			if other := seen[a.Platform+"/"+id]; other != "" {
				return nil, fmt.Errorf("%s: the id %s is that of two accounts, %s and %s; keep one", a.Platform, id, other, a.Name)
			}
			seen[a.Platform+"/"+id] = a.Name
		}
	}
	return out, nil
}

// secretLines reads a file that holds one secret a line.
func secretLines(path string) ([]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		// Not the name of the file: by a mix-up it may be the secret itself.
		if p, ok := errors.AsType[*fs.PathError](err); ok {
			err = p.Err
		}
		return nil, fmt.Errorf("reading the file with the secret: %w", err)
	}
	var lines []string
	for line := range strings.Lines(strings.TrimPrefix(string(b), "\ufeff")) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil, errors.New("the file with the secret is empty; put the secret there, one a line")
	}
	return lines, nil
}
