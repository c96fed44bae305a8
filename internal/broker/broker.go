// Package broker is the embedded Kafka broker of a single machine: kfake on loopback, which keeps its records in a
// folder and syncs them to disk before it acknowledges them.
//
// kfake is made for tests. What it takes to rely on it:
//
//   - Its cleaner deletes a partition's files before it writes them anew, so a process killed meanwhile would lose
//     compacted topics whole, and it applies retention to compacted topics. It never runs here: the files only grow.
//   - On Windows it renames files that it still holds open, which fails there. So the topics are entered into its files
//     before it starts, and nothing that it has to rename is needed again.
package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/kotomori/kotomori/internal/event"
)

// Config says how to start.
type Config struct {
	Dir        string       // the data folder; made where there is none
	Listen     string       // 127.0.0.1:PORT, or "" for the port used last time, else a free one
	Partitions int          // of the comments, when the topics are made; 0: event.DefaultPartitions
	Log        *slog.Logger // nil: no log
}

// Broker is a running broker.
type Broker struct {
	cluster *kfake.Cluster
	lock    *os.File
	dir     string
	info    info
}

// info is the file broker.json: who runs the broker, and where.
type info struct {
	PID     int       `json:"pid,omitempty"`  // of the process that runs it
	Addr    string    `json:"addr,omitempty"` // where it listens, once it does
	Port    int       `json:"port,omitempty"` // used last time
	Started time.Time `json:"started,omitzero"`
}

const (
	lockFile = "lock"
	infoFile = "broker.json"
	dataDir  = "kafka"
)

// Start starts a broker on a data folder, which it locks against every other process. The error of a folder in use is a
// *LockedError.
func Start(cfg Config) (*Broker, error) {
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	port, err := listenPort(cfg.Listen)
	if err != nil {
		return nil, err
	}
	if cfg.Dir == "" {
		return nil, errors.New("embedded broker: no data folder; name one")
	}
	if err := os.MkdirAll(filepath.Join(cfg.Dir, dataDir), 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	b := &Broker{lock: lock, dir: cfg.Dir}
	if err := b.start(port, cfg, log); err != nil {
		lock.Close()
		return nil, err
	}
	log.Info("embedded broker started", "addr", b.info.Addr, "dir", cfg.Dir)
	return b, nil
}

func (b *Broker) start(port int, cfg Config, log *slog.Logger) error {
	last, err := readInfo(b.dir)
	if err != nil {
		return err
	}
	// Written before the broker listens, so that nobody takes the address of an earlier one for ours.
	b.info = info{PID: os.Getpid(), Port: last.Port, Started: time.Now().UTC()}
	if err := writeJSON(filepath.Join(b.dir, infoFile), b.info); err != nil {
		return fmt.Errorf("writing the broker's address: %w", err)
	}
	data := filepath.Join(b.dir, dataDir)
	if err := enterTopics(data, event.TopicSpecs(cfg.Partitions)); err != nil {
		return fmt.Errorf("preparing %s: %w", data, err)
	}
	chosen := port != 0
	if !chosen {
		port = last.Port
	}
	b.cluster, err = newCluster(data, port, log)
	if err != nil && !chosen && port != 0 { // somebody else took the old port
		b.cluster, err = newCluster(data, 0, log)
	}
	if err != nil {
		if chosen {
			return fmt.Errorf("starting the embedded broker on port %d: %w; choose another port", port, err)
		}
		return fmt.Errorf("starting the embedded broker: %w", err)
	}
	b.info.Addr = b.cluster.ListenAddrs()[0]
	_, p, _ := net.SplitHostPort(b.info.Addr)
	b.info.Port, _ = strconv.Atoi(p)
	if err := writeJSON(filepath.Join(b.dir, infoFile), b.info); err != nil {
		b.cluster.Close()
		return fmt.Errorf("writing the broker's address: %w", err)
	}
	return nil
}

func newCluster(dir string, port int, log *slog.Logger) (*kfake.Cluster, error) {
	configs := map[string]string{
		"log.cleaner.backoff.ms": "3153600000000", // 100 years: never, see the package comment
		// A group's place is kept while the machine is off over the holidays (Kafka forgets it after a week): 10 years.
		"offsets.retention.minutes": "5256000",
	}
	if runtime.GOOS == "windows" {
		configs["state.log.compact.bytes"] = "1073741824" // compacting it renames, which would fail on every commit
	}
	return kfake.NewCluster(
		kfake.Ports(port), // on 127.0.0.1
		kfake.DataDir(dir),
		kfake.SyncWrites(),
		kfake.ClusterID("kotomori"),
		kfake.BrokerConfigs(configs),
		kfake.WithLogger(logger{log}),
	)
}

// listenPort reads 127.0.0.1:PORT; 0 means any.
func listenPort(listen string) (int, error) {
	if listen == "" {
		return 0, nil
	}
	host, p, err := net.SplitHostPort(listen)
	port, perr := strconv.ParseUint(p, 10, 16)
	if err != nil || perr != nil {
		return 0, fmt.Errorf("embedded broker: cannot listen on %q; use 127.0.0.1:PORT", listen)
	}
	if host != "127.0.0.1" && host != "localhost" {
		return 0, fmt.Errorf("embedded broker: will not listen on %s, it has no access control; use 127.0.0.1:%d, or a Kafka cluster", host, port)
	}
	return int(port), nil
}

// Addr is where it listens: 127.0.0.1:PORT.
func (b *Broker) Addr() string { return b.info.Addr }

// Close stops it and unlocks the folder. Everything acknowledged is on disk before and after. A second call does nothing.
func (b *Broker) Close() error {
	if b.cluster == nil {
		return nil
	}
	b.cluster.Close()
	b.cluster = nil
	err := writeJSON(filepath.Join(b.dir, infoFile), info{Port: b.info.Port})
	return errors.Join(err, b.lock.Close())
}

// LockedError says that another process uses the data folder.
type LockedError struct {
	Dir  string
	PID  int    // of the process that holds it; 0 where it is not known
	Addr string // where its broker listens; "" where it is not known
}

func (e *LockedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is in use by another process", e.Dir)
	if e.PID != 0 {
		fmt.Fprintf(&b, " (process %d", e.PID)
		if e.Addr != "" {
			fmt.Fprintf(&b, ", its broker listens on %s", e.Addr)
		}
		b.WriteString(")")
	}
	b.WriteString("; stop it, or use another data folder")
	return b.String()
}

// lockDir locks a folder for this process. The lock goes away with the process, however it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the data folder: %w", err)
	}
	// Find holds the lock for a moment, to see whether it is free.
	for try := 0; ; try++ {
		held, err := tryLock(f, true)
		switch {
		case err != nil:
			f.Close()
			return nil, fmt.Errorf("locking the data folder: %w", err)
		case held:
			return f, nil
		case try == 10:
			f.Close()
			i, _ := readInfo(dir) // only to say more
			return nil, &LockedError{dir, i.PID, i.Addr}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Find is the address of the broker that runs on a data folder, whichever process runs it. It waits for one that is
// starting, at most until ctx ends. The error says that none runs and what to start.
func Find(ctx context.Context, dir string) (addr string, err error) {
	none := fmt.Errorf("no broker runs on %s; start one with kotomori up, or name a cluster with --brokers", dir)
	for {
		f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			return "", none
		}
		if err != nil {
			return "", fmt.Errorf("looking for a broker: %w", err)
		}
		free, err := tryLock(f, false)
		f.Close()
		if err != nil {
			return "", fmt.Errorf("looking for a broker: %w", err)
		}
		if free {
			return "", none
		}
		i, err := readInfo(dir)
		if err != nil {
			return "", err
		}
		if i.Addr != "" {
			return i.Addr, nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("the broker on %s (process %d) does not listen yet: %w", dir, i.PID, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func readInfo(dir string) (info, error) {
	var i info
	b, err := os.ReadFile(filepath.Join(dir, infoFile))
	if errors.Is(err, fs.ErrNotExist) {
		return i, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &i)
	}
	if err != nil {
		return i, fmt.Errorf("reading the broker's address from %s: %w; delete the file", filepath.Join(dir, infoFile), err)
	}
	return i, nil
}

// writeJSON replaces a file at once: whoever reads it sees the old content or the new.
func writeJSON(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // nothing to remove once it has its name
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

// logger passes kfake's log on. Its requests are of no interest, and on Windows its failed renames are expected.
type logger struct{ log *slog.Logger }

func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	to := slog.LevelDebug
	switch {
	case runtime.GOOS == "windows" && (strings.HasPrefix(format, "persist ") || strings.HasPrefix(format, "save ")):
	case level == kfake.LogLevelError:
		to = slog.LevelError
	case level == kfake.LogLevelWarn:
		to = slog.LevelWarn
	}
	if ctx := context.Background(); l.log.Enabled(ctx, to) {
		l.log.Log(ctx, to, "embedded broker", "says", fmt.Sprintf(format, args...))
	}
}
