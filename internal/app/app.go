// Package app says which parts of Kotomori run together, and starts and stops them.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/kotomori/kotomori/internal/broker"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/stream"
	"github.com/kotomori/kotomori/internal/webhook"
	"github.com/kotomori/kotomori/rules"
)

// Config says what to run: a worker, a receiver of webhooks or both, with or without a broker of its own.
type Config struct {
	Cluster stream.Cluster       // Brokers is left out where Embedded is set
	Topics  stream.TopicSettings // for topics that do not exist yet
	Group   string               // consumer group

	// Embedded, if not nil, is the broker to start first.
	Embedded *Embedded

	NoWorker bool      // only the other parts
	Webhook  *Webhooks // nil for none

	Rules        string        // folder laid over the shipped rules; empty for none
	RulesPoll    time.Duration // how often to look for changes there; 0 means once a second
	HTTP         string        // address of metrics and health; empty for none
	HTTPFallback bool          // where that address is taken, listen on a free port of the same host
	PseudonymKey string        // file; empty for no pseudonyms
	Log          *slog.Logger  // nil: no log

	// Prepare, if not nil, is called by Start before the worker starts.
	Prepare func(context.Context, *stream.Client) error

	shipped fs.FS // instead of the shipped rules, for tests; nil for those
}

// Embedded is the broker of a single machine.
type Embedded struct {
	Dir    string // data folder
	Listen string // 127.0.0.1:PORT; empty for the port of last time, or a free one
}

// Webhooks is the receiver of what platforms deliver.
type Webhooks struct {
	Addr              string // host:port to listen on
	CertFile, KeyFile string // PEM; both empty for plain HTTP
	Fallback          bool   // where that address is taken, listen on a free port of the same host
	Receiver          webhook.Config
}

// App is a worker, a receiver or both, with all they need. Make it with New, then Start and, in any case after that, Stop.
type App struct {
	cfg    Config
	log    *slog.Logger
	judge  *Judge
	broker *broker.Broker
	client *stream.Client
	worker *stream.Worker
	inlet  *stream.Inlet
	hooks  *webhook.Listener
	http   *httpServer

	stopWork context.CancelFunc // tells worker and judge to finish
	work     sync.WaitGroup
	workErr  error // of the worker; read after work is done

	stopInlet context.CancelFunc
	inletDone sync.WaitGroup
}

// New reads the rules, of which every fault is in its error (a rules.Faults), and checks the configuration.
// Nothing runs yet.
func New(cfg Config) (*App, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.RulesPoll == 0 {
		cfg.RulesPoll = time.Second
	}
	if cfg.shipped == nil {
		cfg.shipped = rules.Embedded()
	}
	judge, err := newJudge(cfg.shipped, cfg.Rules, cfg.Log)
	if err != nil {
		return nil, err
	}
	return &App{cfg: cfg, log: cfg.Log, judge: judge}, nil
}

// Start starts the embedded broker, the HTTP listener and the worker, and returns without waiting for the
// worker to be ready: see Ready. Its errors are those of this machine, such as a port or a folder in use; a
// cluster that is away is none. After an error nothing runs.
func (a *App) Start(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
		}
	}()
	reg := prometheus.NewRegistry()
	metrics, err := a.register(reg)
	if err != nil {
		return err
	}
	cluster := a.cfg.Cluster
	cluster.Log = a.log
	if e := a.cfg.Embedded; e != nil {
		a.broker, err = broker.Start(broker.Config{Dir: e.Dir, Listen: e.Listen, Partitions: a.cfg.Topics.Partitions, Log: a.log})
		if err != nil {
			return fmt.Errorf("starting the embedded broker: %w", err)
		}
		cluster.Brokers = []string{a.broker.Addr()}
	}
	if a.client, err = stream.Connect(cluster); err != nil {
		return err
	}
	if a.cfg.Prepare != nil {
		if err := a.cfg.Prepare(ctx, a.client); err != nil {
			return err
		}
	}
	if !a.cfg.NoWorker {
		if err := a.makeWorker(metrics); err != nil {
			return err
		}
	}
	if a.cfg.Webhook != nil {
		if err := a.startWebhooks(ctx, reg); err != nil {
			return err
		}
	}
	if a.cfg.HTTP != "" {
		listener, err := a.listen(ctx, a.cfg.HTTP, a.cfg.HTTPFallback)
		if err != nil {
			return fmt.Errorf("listening for metrics and health: %w", err)
		}
		a.http = serveHTTP(listener, reg, a.Ready, a.log)
	}
	// The work outlives ctx: it ends by Stop, which lets it finish.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.stopWork = cancel
	if a.worker != nil {
		a.work.Go(func() { a.workErr = a.worker.Run(work) })
	}
	a.work.Go(func() { a.judge.Follow(work, a.cfg.RulesPoll, metrics.SetRuleset) })
	return nil
}

func (a *App) makeWorker(metrics *stream.Metrics) (err error) {
	var pseudonyms *event.Pseudonyms
	if a.cfg.PseudonymKey != "" {
		if pseudonyms, err = event.LoadPseudonyms(a.cfg.PseudonymKey); err != nil {
			return err
		}
	}
	a.worker, err = stream.NewWorker(stream.WorkerConfig{
		Client: a.client, Classifier: a.judge, Group: a.cfg.Group, Topics: a.cfg.Topics,
		Pseudonyms: pseudonyms, Metrics: metrics, Log: a.log,
	})
	return err
}

// startWebhooks listens for deliveries. Until the inlet has seen what is in the topics, they wait.
func (a *App) startWebhooks(ctx context.Context, reg *prometheus.Registry) (err error) {
	h := a.cfg.Webhook
	if a.inlet, err = stream.NewInlet(stream.InletConfig{Client: a.client, Topics: a.cfg.Topics, Log: a.log}); err != nil {
		return err
	}
	cfg := h.Receiver
	cfg.Sink, cfg.Log = a.inlet, a.log
	if cfg.Metrics, err = webhook.NewMetrics(reg); err != nil {
		return err
	}
	for i := range cfg.Accounts {
		if err := a.complete(&cfg.Accounts[i]); err != nil {
			return err
		}
	}
	server, err := webhook.New(cfg)
	if err != nil {
		return err
	}
	listener, err := a.listen(ctx, h.Addr, h.Fallback)
	if err != nil {
		return fmt.Errorf("listening for webhooks: %w", err)
	}
	// The inlet outlives the requests that wait for it.
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.stopInlet = cancel
	a.inletDone.Go(func() { _ = a.inlet.Run(run) }) // has no error but the end
	a.hooks, err = server.Serve(listener, h.CertFile, h.KeyFile)
	return err
}

// complete takes from the policy what it says about an account.
func (a *App) complete(w *webhook.Account) error {
	p, ok := a.judge.Ruleset().Policy(w.Name)
	if !ok {
		return fmt.Errorf("webhooks: there is no policy %s; 'kotomori policy list' shows them", w.Name)
	}
	i := slices.IndexFunc(p.Accounts, func(on rules.Account) bool { return on.Platform == w.Platform })
	if i < 0 {
		return fmt.Errorf("webhooks: the policy %s has no account on %s; add it to the policy's accounts", w.Name, w.Platform)
	}
	w.Handle = strings.TrimPrefix(p.Accounts[i].Handle, "@")
	return nil
}

func (a *App) listen(ctx context.Context, addr string, fallback bool) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err == nil || !fallback {
		return l, err
	}
	host, _, splitErr := net.SplitHostPort(addr)
	if splitErr != nil {
		return nil, err
	}
	a.log.Warn("the port is taken, taking a free one", "addr", addr)
	return lc.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
}

func (a *App) register(reg *prometheus.Registry) (*stream.Metrics, error) {
	metrics, err := stream.NewMetrics(reg)
	if err != nil {
		return nil, fmt.Errorf("registering metrics: %w", err)
	}
	metrics.SetRuleset(a.judge.Classifier().Version())
	build := Build()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "kotomori_build_info", Help: "Always 1; the labels say which build this is.",
		ConstLabels: prometheus.Labels{"version": build.Version, "revision": build.Revision, "goversion": runtime.Version()},
	})
	info.Set(1)
	for _, c := range append(a.judge.collectors(), info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})) {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return metrics, nil
}

// Stop lets the worker finish and commit what it has in hand and leave its group, then stops the rest. It may
// be called more than once, and after a Start that failed. ctx limits the wait for requests to the HTTP listener.
func (a *App) Stop(ctx context.Context) error {
	var errs []error
	if a.hooks != nil { // first, so that nothing new comes while the rest finishes
		stopping, cancel := context.WithTimeout(ctx, 10*time.Second)
		errs = append(errs, a.hooks.Stop(stopping))
		cancel()
		a.hooks = nil
	}
	if a.stopInlet != nil {
		a.stopInlet()
		a.inletDone.Wait()
	}
	if a.stopWork != nil {
		a.stopWork()
		a.work.Wait()
		errs = append(errs, a.workErr)
	}
	if a.http != nil {
		errs = append(errs, a.http.stop(ctx))
		a.http = nil
	}
	if a.client != nil {
		a.client.Close()
		a.client = nil
	}
	if a.broker != nil {
		errs = append(errs, a.broker.Close())
		a.broker = nil
	}
	a.workErr = nil
	return errors.Join(errs...)
}

// Ready is nil while the worker takes comments and the receiver deliveries; otherwise its error says what they wait for.
func (a *App) Ready() error {
	if a.worker == nil && a.inlet == nil {
		return errors.New("not started")
	}
	var errs []error
	if a.worker != nil {
		errs = append(errs, a.worker.Ready())
	}
	if a.inlet != nil {
		errs = append(errs, a.inlet.Ready())
	}
	return errors.Join(errs...)
}

// Client is the connection to the cluster, between Start and Stop.
func (a *App) Client() *stream.Client { return a.client }

// Judge is the classifier in use.
func (a *App) Judge() *Judge { return a.judge }

// Broker is the address of the embedded broker between Start and Stop, empty where there is none.
func (a *App) Broker() string {
	if a.broker == nil {
		return ""
	}
	return a.broker.Addr()
}

// WebhookAddr is the address for deliveries between Start and Stop, empty where there is none.
func (a *App) WebhookAddr() string {
	if a.hooks == nil {
		return ""
	}
	return a.hooks.Addr()
}

// HTTPAddr is the address of metrics and health between Start and Stop, empty where there is none.
func (a *App) HTTPAddr() string {
	if a.http == nil {
		return ""
	}
	return a.http.addr
}

// BuildInfo tells builds apart.
type BuildInfo struct {
	Version  string // of the module, "(devel)" where it was built from a tree
	Revision string // of the version control, empty where it is not known
	Time     string // of that revision, RFC 3339
	Modified bool   // with changes that are not in the revision
}

// Build says which build this is, as the Go command noted in it.
func Build() BuildInfo {
	out := BuildInfo{Version: "(unknown)"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	if info.Main.Version != "" {
		out.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			out.Revision = s.Value
		case "vcs.time":
			out.Time = s.Value
		case "vcs.modified":
			out.Modified = s.Value == "true"
		}
	}
	return out
}

// BrokerDir is where the embedded broker keeps its data within a data folder.
func BrokerDir(dataDir string) string { return filepath.Join(dataDir, "broker") }

// PseudonymFile is where the key of a single machine's pseudonyms is within its data folder.
func PseudonymFile(dataDir string) string { return filepath.Join(dataDir, "pseudonym.key") }

// MakeDataDir makes a data folder that only its owner can read: it holds what people wrote.
func MakeDataDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	return nil
}
