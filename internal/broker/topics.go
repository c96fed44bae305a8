package broker

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kotomori/kotomori/internal/event"
)

// kfake's own files, version 1 of its format (kfake, persist.go).
const formatVersion = 1

type metaFile struct {
	Version   int    `json:"version"`
	ClusterID string `json:"cluster_id"`
}

type topicsFile struct {
	Version int     `json:"version"`
	Topics  []topic `json:"topics"`
}

type topic struct {
	Name       string            `json:"name"`
	ID         []byte            `json:"id"` // 16 bytes
	Partitions int               `json:"partitions"`
	Replicas   int               `json:"replicas"`
	Configs    map[string]string `json:"configs,omitempty"`
}

// enterTopics enters into kfake's files the topics that are missing. The files must not be in use.
func enterTopics(dir string, specs []event.TopicSpec) error {
	topics := topicsFile{Version: formatVersion}
	path := filepath.Join(dir, "topics.json")
	if err := readJSON(path, &topics); err != nil {
		return err
	}
	if topics.Version != formatVersion {
		return fmt.Errorf("%s has format %d, this program knows %d; use the program that wrote it", path, topics.Version, formatVersion)
	}
	known := make(map[string]bool)
	for _, t := range topics.Topics {
		known[t.Name] = true
	}
	added := false
	for _, s := range specs {
		if known[s.Name] {
			continue
		}
		t := topic{Name: s.Name, ID: make([]byte, 16), Partitions: s.Partitions, Replicas: 1, Configs: s.Config}
		rand.Read(t.ID) // never fails (crypto/rand)
		topics.Topics = append(topics.Topics, t)
		added = true
	}
	if added {
		if err := writeJSON(path, topics); err != nil {
			return err
		}
	}
	// Without this file kfake takes the folder for a new one. So it comes last.
	meta := filepath.Join(dir, "meta.json")
	if _, err := os.Stat(meta); errors.Is(err, fs.ErrNotExist) {
		return writeJSON(meta, metaFile{formatVersion, "kotomori"})
	} else if err != nil {
		return err
	}
	return nil
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}
