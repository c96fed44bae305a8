package event

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Pseudonyms turns authors' ids into pseudonyms by a keyed hash: the same author has the same pseudonym, and nobody
// without the key can tell whose it is. The nil *Pseudonyms gives none. It may be shared between goroutines.
type Pseudonyms struct{ key []byte }

// NewPseudonyms takes a key of at least 16 bytes. All workers of a cluster need the same one.
func NewPseudonyms(key []byte) (*Pseudonyms, error) {
	if len(key) < 16 {
		return nil, fmt.Errorf("pseudonym key: has %d bytes; use at least 16 random ones", len(key))
	}
	return &Pseudonyms{bytes.Clone(key)}, nil
}

// LoadPseudonyms reads the key (hex digits) from a file, which is made with a new random key, readable by its owner only,
// where there is none.
func LoadPseudonyms(path string) (*Pseudonyms, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKey(path); err != nil {
			return nil, fmt.Errorf("making the pseudonym key: %w", err)
		}
		b, err = os.ReadFile(path) // not what was made here, should another process have been first
	}
	if err != nil {
		return nil, fmt.Errorf("reading the pseudonym key: %w", err)
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(b)))
	if err != nil {
		// The decoder's error would quote the key.
		return nil, fmt.Errorf("pseudonym key %s: is not hexadecimal; put at least 32 hex digits in it", path)
	}
	p, err := NewPseudonyms(key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// createKey writes a key so that nobody ever sees half of one.
func createKey(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // nothing to remove once it was renamed
	var key [32]byte
	rand.Read(key[:]) // never fails (crypto/rand)
	_, err = f.WriteString(hex.EncodeToString(key[:]) + "\n")
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	// A link, unlike a rename, leaves a file alone that is there by now.
	if err := os.Link(f.Name(), path); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return os.Rename(f.Name(), path) // a file system without links
}

// Of is the pseudonym of an author on a platform: 32 hex digits, or "" where there is no id.
func (p *Pseudonyms) Of(platform, authorID string) string {
	if p == nil || authorID == "" {
		return ""
	}
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(platform + "\x00" + authorID))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
