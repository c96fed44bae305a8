package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/intake"
	"github.com/kotomori/kotomori/internal/stream"
)

// Sample is replies that are fed to a data folder once, over any number of starts.
type Sample struct {
	comments []event.Comment
	sum      string
	dir      string // data folder
}

// progress is what the data folder says of a sample.
type progress struct {
	Sample string `json:"sample"` // SHA-256 of its content
	Fed    int    `json:"fed"`    // replies that the broker acknowledged
}

// sampleBatch is how many replies are sent between two notes of the progress. After a kill in between they are sent
// again, which has no effect: the same reply yields the same recommendation.
const sampleBatch = 16

// NewSample reads a sample. Any bad line of it is an error.
func NewSample(content []byte, dataDir string) (*Sample, error) {
	sum := sha256.Sum256(content)
	s := &Sample{sum: hex.EncodeToString(sum[:]), dir: dataDir}
	in := intake.NewReader("sample.jsonl", bytes.NewReader(content))
	for {
		line, err := in.Next()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return nil, err
		}
		c, err := line.Comment()
		if err != nil {
			return nil, err
		}
		s.comments = append(s.comments, c)
	}
}

// Len is the number of replies.
func (s *Sample) Len() int { return len(s.comments) }

// Fed is how many replies were fed before. It is 0 where the broker has nothing: then its data was removed.
func (s *Sample) Fed(ctx context.Context, c *stream.Client) (int, error) {
	var p progress
	content, err := os.ReadFile(s.file())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("reading how far the sample was fed: %w", err)
	}
	if err := json.Unmarshal(content, &p); err != nil {
		p = progress{} // torn, by a crash of the machine
	}
	if p.Sample != s.sum || p.Fed < 0 || p.Fed > len(s.comments) {
		return 0, nil // feeding all of it again brings nothing new for what was fed
	}
	ends, err := c.EndOffsets(ctx, event.TopicComments)
	if err != nil {
		return 0, err
	}
	if total(ends) == 0 {
		return 0, nil
	}
	return p.Fed, nil
}

// Feed sends the replies after the first fed ones.
func (s *Sample) Feed(ctx context.Context, f *stream.Feeder, fed int) error {
	now := time.Now().UTC()
	for fed < len(s.comments) {
		batch := s.comments[fed:min(fed+sampleBatch, len(s.comments))]
		for i := range batch {
			batch[i].Received = now
		}
		if err := f.Send(ctx, batch...); err != nil {
			return fmt.Errorf("feeding the sample: %w", err)
		}
		fed += len(batch)
		if err := s.note(fed); err != nil {
			return fmt.Errorf("noting how far the sample was fed: %w", err)
		}
	}
	return nil
}

func (s *Sample) file() string { return filepath.Join(s.dir, "sample.json") }

// note replaces the file in one step, so that a kill leaves the old or the new one.
func (s *Sample) note(fed int) (err error) {
	content, err := json.Marshal(progress{Sample: s.sum, Fed: fed})
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(s.dir, "sample-*.json")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tmp.Close(), os.Remove(tmp.Name()))
		}
	}()
	if _, err := tmp.Write(append(content, '\n')); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return os.Rename(tmp.Name(), s.file())
}

func total(offsets map[int]int64) (n int64) {
	for _, o := range offsets {
		n += o
	}
	return n
}
