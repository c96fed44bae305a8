package delivery

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The headers that carry signatures.
const (
	HeaderX        = "X-Twitter-Webhooks-Signature" // sha256=<base64>, HMAC-SHA256 with the app's consumer secret
	HeaderFacebook = "X-Hub-Signature-256"          // sha256=<hex>, HMAC-SHA256 with the app's secret
	HeaderBlogID   = standardwebhooks.HeaderWebhookID
	HeaderBlogTime = standardwebhooks.HeaderWebhookTimestamp
	HeaderBlog     = standardwebhooks.HeaderWebhookSignature
)

// Tolerance is by how much the time of a blog's delivery may be off, either way (Standard Webhooks).
const Tolerance = 5 * time.Minute

// SignatureError says why a signature is not accepted. It quotes neither a secret nor a signature.
type SignatureError struct{ What, Mend string }

func (e *SignatureError) Error() string { return e.What + "; " + e.Mend }

// Verify finds the secret, by its place in secrets, with which a body was signed. The error is a *SignatureError. Signatures
// are compared in constant time, over the bytes as they came.
func Verify(platform string, secrets []string, h http.Header, body []byte) (int, error) {
	if platform == Blog {
		return verifyBlog(secrets, h, body)
	}
	name := HeaderX
	if platform == Facebook {
		name = HeaderFacebook
	}
	values := h.Values(name)
	switch {
	case len(values) == 0:
		return 0, &SignatureError{"the header " + strings.ToLower(name) + " is missing", "a delivery of the platform has it; a proxy in between must let it through"}
	case len(values) > 1:
		return 0, &SignatureError{"the header " + strings.ToLower(name) + " is there twice", "send it once"}
	}
	text, ok := strings.CutPrefix(values[0], "sha256=")
	var got []byte
	var err error
	if platform == Facebook {
		got, err = hex.DecodeString(text)
	} else {
		got, err = base64.StdEncoding.DecodeString(text)
	}
	if !ok || err != nil {
		return 0, &SignatureError{"the header " + strings.ToLower(name) + " cannot be read", "it has to be sha256= and the signature"}
	}
	for i, secret := range secrets {
		if hmac.Equal(got, mac(secret, body)) {
			return i, nil
		}
	}
	return 0, &SignatureError{"the signature does not fit", "compare the account's secret with the platform's; a proxy in between must not change the body"}
}

func mac(secret string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(body) // a hash takes everything
	return h.Sum(nil)
}

func verifyBlog(secrets []string, h http.Header, body []byte) (int, error) {
	for i, secret := range secrets {
		wh, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			continue // CheckSecret refused it before
		}
		switch err := wh.Verify(body, h); {
		case err == nil:
			return i, nil
		case errors.Is(err, standardwebhooks.ErrRequiredHeaders):
			return 0, &SignatureError{"one of webhook-id, webhook-timestamp and webhook-signature is missing", "send all three (Standard Webhooks)"}
		case errors.Is(err, standardwebhooks.ErrInvalidHeaders):
			return 0, &SignatureError{"webhook-timestamp is no number", "send the seconds since 1970"}
		case errors.Is(err, standardwebhooks.ErrMessageTooOld):
			return 0, &SignatureError{"webhook-timestamp is older than 5 minutes", "sign again for each try, and set the clocks of both sides"}
		case errors.Is(err, standardwebhooks.ErrMessageTooNew):
			return 0, &SignatureError{"webhook-timestamp is more than 5 minutes ahead", "set the clocks of both sides"}
		}
	}
	return 0, &SignatureError{"the signature does not fit", "compare the account's secret with the blog's; it is signed as webhook-id.webhook-timestamp.body"}
}

// Sign makes the headers with which a platform signs a body: what Verify accepts. Only a blog's signature has an id and a
// time.
func Sign(platform, secret string, body []byte, id string, at time.Time) (http.Header, error) {
	h := make(http.Header)
	switch platform {
	case X:
		h.Set(HeaderX, "sha256="+base64.StdEncoding.EncodeToString(mac(secret, body)))
	case Facebook:
		h.Set(HeaderFacebook, "sha256="+hex.EncodeToString(mac(secret, body)))
	case Blog:
		wh, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return nil, errors.New("the secret is not base64; use whsec_ and base64")
		}
		signature, err := wh.Sign(id, at, body)
		if err != nil {
			return nil, fmt.Errorf("signing: %w", err)
		}
		h.Set(HeaderBlogID, id)
		h.Set(HeaderBlogTime, strconv.FormatInt(at.Unix(), 10))
		h.Set(HeaderBlog, signature)
	default:
		return nil, fmt.Errorf("no such platform: %s", platform)
	}
	return h, nil
}

// CRC is the answer to X's challenge-response check, its response_token: sha256=<base64 HMAC-SHA256(consumer secret, token)>.
func CRC(secret, token string) string {
	return "sha256=" + base64.StdEncoding.EncodeToString(mac(secret, []byte(token)))
}

// CheckSecret says what is wrong with a secret, which it does not quote.
func CheckSecret(platform, secret string) error {
	if platform != Blog {
		if strings.TrimSpace(secret) == "" {
			return errors.New("the secret is empty; give the one of the platform's developer portal")
		}
		return nil
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	switch {
	case err != nil:
		return errors.New("the secret is not base64; make one: echo whsec_$(openssl rand -base64 32)")
	case len(key) < 24 || len(key) > 64: // as Standard Webhooks demands
		return fmt.Errorf("the secret has %d bytes, 24 to 64 are wanted; make one: echo whsec_$(openssl rand -base64 32)", len(key))
	}
	return nil
}
