package delivery

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	blogKey  = "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	blogKey2 = "whsec_" + base64.StdEncoding.EncodeToString([]byte("another secret of 32 bytes, here"))
)

func secretsOf(platform string) []string {
	if platform == Blog {
		return []string{blogKey, blogKey2}
	}
	return []string{"consumer-secret", "app-secret"}
}

func sign(tb testing.TB, platform, secret, body string, at time.Time) http.Header {
	tb.Helper()
	h, err := Sign(platform, secret, []byte(body), "msg_1", at)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// The values are openssl's: printf '{"a":1}' | openssl dgst -sha256 -hmac app-secret.
func TestSignaturesWorkedOutElsewhere(t *testing.T) {
	if got := CRC("consumer-secret", "MTQ2ODcxMjM"); got != "sha256=09HJOieGj9c69cZJUlUoBADIVgAYnuuRwW0EC0BoZlo=" {
		t.Errorf("CRC %s", got)
	}
	for _, tt := range []struct{ platform, name, value string }{
		{X, "x-twitter-webhooks-signature", "sha256=oqxmB6JJd/l1fm14MZrhZgrUL/7uDuPw3/MKkrz4VEg="},
		{Facebook, "x-hub-signature-256", "sha256=a2ac6607a24977f9757e6d78319ae1660ad42ffeee0ee3f0dff30a92bcf85448"},
	} {
		h := make(http.Header)
		h.Set(tt.name, tt.value)
		if i, err := Verify(tt.platform, []string{"app-secret"}, h, []byte(`{"a":1}`)); err != nil || i != 0 {
			t.Errorf("%s: %d, %v", tt.platform, i, err)
		}
		if got := sign(t, tt.platform, "app-secret", `{"a":1}`, time.Time{}).Get(tt.name); got != tt.value {
			t.Errorf("%s signed %s", tt.platform, got)
		}
	}
	// The example of the specification of Standard Webhooks.
	h := sign(t, Blog, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", `{"test": 2432232314}`, time.Unix(1614265330, 0))
	h2, err := Sign(Blog, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", []byte(`{"test": 2432232314}`), "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0))
	if err != nil || h2.Get("Webhook-Signature") != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" || h2.Get("Webhook-Timestamp") != "1614265330" {
		t.Errorf("%v, %v", h2, err)
	}
	if h.Get("Webhook-Signature") == h2.Get("Webhook-Signature") {
		t.Error("the id is not signed")
	}
}

func TestVerify(t *testing.T) {
	const body = `{"a":"\u3042\/"}`
	for _, platform := range []string{X, Facebook} {
		name := HeaderX
		encode := base64.StdEncoding.EncodeToString
		if platform == Facebook {
			name, encode = HeaderFacebook, hex.EncodeToString
		}
		good := sign(t, platform, "consumer-secret", body, time.Time{}).Get(name)
		sum := mac("consumer-secret", []byte(body))
		for _, tt := range []struct {
			name, body string
			values     []string
			want       string // of the error; "" where it fits
		}{
			{"right", body, []string{good}, ""},
			{"missing", body, nil, "missing"},
			{"empty", body, []string{""}, "cannot be read"},
			{"twice", body, []string{good, good}, "twice"},
			{"one wrong, one right", body, []string{"sha256=" + encode(make([]byte, 32)), good}, "twice"},
			{"without sha256=", body, []string{strings.TrimPrefix(good, "sha256=")}, "cannot be read"},
			{"sha1", body, []string{"sha1=" + strings.TrimPrefix(good, "sha256=")}, "cannot be read"},
			{"no digits", body, []string{"sha256=!!"}, "cannot be read"},
			{"nothing after sha256=", body, []string{"sha256="}, "does not fit"},
			{"cut", body, []string{"sha256=" + encode(sum[:31])}, "does not fit"},
			{"longer", body, []string{"sha256=" + encode(append(sum[:32:32], 0))}, "does not fit"},
			{"of an empty body", body, []string{"sha256=" + encode(mac("consumer-secret", nil))}, "does not fit"},
			{"unsigned body", body + " ", []string{good}, "does not fit"},
			{"body in another spelling", `{"a":"あ/"}`, []string{good}, "does not fit"},
			{"another secret", body, []string{"sha256=" + encode(mac("somebody's", []byte(body)))}, "does not fit"},
			{"the empty secret", body, []string{"sha256=" + encode(mac("", []byte(body)))}, "does not fit"},
		} {
			h := http.Header{http.CanonicalHeaderKey(name): tt.values}
			if tt.values == nil {
				h = http.Header{}
			}
			refused(t, platform+", "+tt.name, tt.want, h, platform, []byte(tt.body))
		}
		for i, secret := range secretsOf(platform) {
			which, err := Verify(platform, secretsOf(platform), sign(t, platform, secret, body, time.Time{}), []byte(body))
			if err != nil || which != i {
				t.Errorf("%s, secret %d: %d, %v", platform, i, which, err)
			}
		}
	}
	// Hex for X, base64 for Facebook: the other's form does not do.
	h := http.Header{}
	h.Set(HeaderX, sign(t, Facebook, "app-secret", body, time.Time{}).Get(HeaderFacebook))
	h.Set(HeaderFacebook, sign(t, X, "app-secret", body, time.Time{}).Get(HeaderX))
	for _, platform := range []string{X, Facebook} {
		if _, err := Verify(platform, secretsOf(platform), h, []byte(body)); err == nil {
			t.Errorf("%s takes the other's form", platform)
		}
	}
	upper := http.Header{}
	upper.Set(HeaderFacebook, "sha256="+strings.ToUpper(hex.EncodeToString(mac("app-secret", []byte(body)))))
	if _, err := Verify(Facebook, secretsOf(Facebook), upper, []byte(body)); err != nil {
		t.Errorf("upper case: %v", err)
	}
}

// refused verifies, and wants the error that says want.
func refused(t *testing.T, name, want string, h http.Header, platform string, body []byte) {
	t.Helper()
	_, err := Verify(platform, secretsOf(platform), h, body)
	if want == "" {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	e, ok := errors.AsType[*SignatureError](err)
	if !ok || !strings.Contains(e.What, want) || e.Mend == "" {
		t.Errorf("%s: %v, want %q", name, err, want)
		return
	}
	for _, secret := range append(secretsOf(platform), h.Get(HeaderX), h.Get(HeaderFacebook), h.Get(HeaderBlog)) {
		if len(secret) > 8 && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v quotes a secret or a signature", name, err)
		}
	}
}

func TestVerifyBlog(t *testing.T) {
	const body = `{"type":"comment.created"}`
	now := time.Now()
	good := sign(t, Blog, blogKey, body, now).Get(HeaderBlog)
	with := func(set map[string]string) http.Header {
		h := sign(t, Blog, blogKey, body, now)
		for k, v := range set {
			h.Del(k)
			if v != "" {
				h.Set(k, v)
			}
		}
		return h
	}
	for _, tt := range []struct {
		name, want string
		h          http.Header
	}{
		{"right", "", with(nil)},
		{"no id", "missing", with(map[string]string{HeaderBlogID: ""})},
		{"no timestamp", "missing", with(map[string]string{HeaderBlogTime: ""})},
		{"no signature", "missing", with(map[string]string{HeaderBlog: ""})},
		{"timestamp no number", "no number", with(map[string]string{HeaderBlogTime: "now"})},
		{"timestamp RFC 3339", "no number", with(map[string]string{HeaderBlogTime: now.Format(time.RFC3339)})},
		{"timestamp beyond int64", "no number", with(map[string]string{HeaderBlogTime: "9999999999999999999999"})},
		{"the largest timestamp", "5 minutes", with(map[string]string{HeaderBlogTime: "9223372036854775807"})},
		{"the smallest timestamp", "5 minutes", with(map[string]string{HeaderBlogTime: "-9223372036854775808"})},
		{"timestamp in ms", "5 minutes ahead", with(map[string]string{HeaderBlogTime: strconv.FormatInt(now.UnixMilli(), 10)})},
		{"other timestamp", "does not fit", with(map[string]string{HeaderBlogTime: strconv.FormatInt(now.Unix()-60, 10)})},
		{"other id", "does not fit", with(map[string]string{HeaderBlogID: "msg_2"})},
		{"not fitting", "does not fit", with(map[string]string{HeaderBlog: "v1," + base64.StdEncoding.EncodeToString(make([]byte, 32))})},
		{"no version", "does not fit", with(map[string]string{HeaderBlog: strings.TrimPrefix(good, "v1,")})},
		{"version 1a", "does not fit", with(map[string]string{HeaderBlog: "v1a" + strings.TrimPrefix(good, "v1")})},
		{"several, the last right", "", with(map[string]string{HeaderBlog: "v1,aaaa v1a,bbbb  v1," + base64.StdEncoding.EncodeToString(make([]byte, 32)) + " " + good})},
		{"several, none right", "does not fit", with(map[string]string{HeaderBlog: "v1,aaaa v1,bbbb"})},
		{"4:58 old", "", sign(t, Blog, blogKey, body, now.Add(-Tolerance+2*time.Second))},
		{"4:58 ahead", "", sign(t, Blog, blogKey, body, now.Add(Tolerance-2*time.Second))},
		{"5:02 old", "older than 5 minutes", sign(t, Blog, blogKey, body, now.Add(-Tolerance-2*time.Second))},
		{"5:02 ahead", "more than 5 minutes ahead", sign(t, Blog, blogKey, body, now.Add(Tolerance+2*time.Second))},
		{"a year old", "older than 5 minutes", sign(t, Blog, blogKey, body, now.AddDate(-1, 0, 0))},
		{"old, second secret", "older than 5 minutes", sign(t, Blog, blogKey2, body, now.Add(-time.Hour))},
		{"second secret", "", sign(t, Blog, blogKey2, body, now)},
		{"without whsec_", "", sign(t, Blog, strings.TrimPrefix(blogKey, "whsec_"), body, now)},
	} {
		refused(t, tt.name, tt.want, tt.h, Blog, []byte(body))
	}
	refused(t, "altered body", "does not fit", with(nil), Blog, []byte(body+"\n"))
	for i, secret := range secretsOf(Blog) {
		if which, err := Verify(Blog, secretsOf(Blog), sign(t, Blog, secret, body, now), []byte(body)); err != nil || which != i {
			t.Errorf("secret %d: %d, %v", i, which, err)
		}
	}
	if _, err := Verify(Blog, []string{strings.TrimPrefix(blogKey, "whsec_")}, with(nil), []byte(body)); err != nil {
		t.Errorf("secret configured without whsec_: %v", err)
	}
}

func TestCheckSecret(t *testing.T) {
	b64 := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for _, tt := range []struct{ platform, secret, want string }{
		{X, "abc", ""},
		{Facebook, "0123456789abcdef", ""},
		{X, "", "empty"},
		{Facebook, " \t", "empty"},
		{Blog, blogKey, ""},
		{Blog, strings.TrimPrefix(blogKey, "whsec_"), ""},
		{Blog, "whsec_" + b64(24), ""},
		{Blog, "whsec_" + b64(64), ""},
		{Blog, "whsec_" + b64(23), "23 bytes"},
		{Blog, "whsec_" + b64(65), "65 bytes"},
		{Blog, "whsec_", "0 bytes"},
		{Blog, "whsec_himitsu!", "not base64"},
		{Blog, "whsec_" + strings.Repeat("-_", 22), "not base64"},
	} {
		err := CheckSecret(tt.platform, tt.secret)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "; ")) {
			t.Errorf("%s %q: %v, want %q", tt.platform, tt.secret, err, tt.want)
		}
		if err != nil && len(tt.secret) > 8 && strings.Contains(err.Error(), tt.secret) {
			t.Errorf("%v quotes the secret", err)
		}
	}
}

// Whatever is signed is accepted as it is, and not when one byte of the body is another.
func TestSignVerifyProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		platform := rapid.SampledFrom(Platforms).Draw(t, "platform")
		secret := rapid.StringMatching(`\S{1,64}`).Draw(t, "secret")
		if platform == Blog {
			secret = rapid.SampledFrom([]string{"", "whsec_"}).Draw(t, "prefix") +
				base64.StdEncoding.EncodeToString(rapid.SliceOfN(rapid.Byte(), 24, 64).Draw(t, "key"))
		}
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		h, err := Sign(platform, secret, body, rapid.StringMatching(`[!-~]{1,40}`).Draw(t, "id"), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if i, err := Verify(platform, []string{secretsOf(platform)[0], secret}, h, body); err != nil || i != 1 {
			t.Fatalf("%d, %v", i, err)
		}
		if _, err := Verify(platform, secretsOf(platform), h, body); err == nil {
			t.Fatal("other secrets take it")
		}
		other := append([]byte(nil), body...)
		if n := rapid.IntRange(0, len(body)).Draw(t, "place"); n < len(body) {
			other[n] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		} else {
			other = append(other, 0)
		}
		if _, err := Verify(platform, []string{secret}, h, other); err == nil {
			t.Fatal("an altered body is taken")
		}
	})
}

func TestSignErrors(t *testing.T) {
	if _, err := Sign("instagram", "a", nil, "", time.Time{}); err == nil {
		t.Error("signed for a platform that does not exist")
	}
	if _, err := Sign(Blog, "whsec_ひみつ", nil, "1", time.Now()); err == nil || strings.Contains(err.Error(), "ひみつ") {
		t.Errorf("got %v", err)
	}
}
