package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/app"
	"github.com/kotomori/kotomori/internal/broker"
	"github.com/kotomori/kotomori/internal/config"
	"github.com/kotomori/kotomori/internal/show"
	"github.com/kotomori/kotomori/internal/stream"
	"github.com/kotomori/kotomori/internal/webhook"
	"github.com/kotomori/kotomori/rules"
)

// commands is the command line.
type commands struct {
	Config  string      `help:"Configuration file; without it ./kotomori.yaml or kotomori/kotomori.yaml in the user's configuration folder, where there is one. ($$KOTOMORI_CONFIG)" placeholder:"FILE"`
	Version versionFlag `help:"Show the version and the ruleset."`

	Up       upCmd       `cmd:"" help:"Run everything on this machine: an embedded Kafka broker, the classifying worker, and a view of what it recommends."`
	Serve    serveCmd    `cmd:"" help:"Run a worker against a Kafka cluster."`
	Feed     feedCmd     `cmd:"" help:"Send comments (JSON Lines) into the stream."`
	Watch    watchCmd    `cmd:"" help:"Show recommendations as they come."`
	Webhook  webhookCmd  `cmd:"" help:"Try a receiver of webhooks: play the platform, send a recorded delivery."`
	Classify classifyCmd `cmd:"" help:"Judge comments (JSON Lines) without Kafka: a line out for each line in."`
	Explain  explainCmd  `cmd:"" help:"Show each step of judging one reply."`
	Eval     evalCmd     `cmd:"" help:"Measure the classifier, or given predictions, on labelled comments."`
	Train    trainCmd    `cmd:"" help:"Train the learned reader and the pooling of all readers on labelled comments."`
	Vectors  vectorsCmd  `cmd:"" help:"Take static word vectors for training from a spaCy model's wheel."`
	Rules    rulesCmd    `cmd:"" help:"Check, test, list and show the rules."`
	Policy   policyCmd   `cmd:"" help:"List and show the cities' policies."`
	Settings configCmd   `cmd:"" name:"config" help:"Show the effective configuration and where each value comes from."`
	About    versionCmd  `cmd:"" name:"version" help:"Show the version and the ruleset."`
	Broker   brokerCmd   `cmd:"" hidden:"" help:"Run the embedded broker alone."`
}

// logger makes the log that the settings ask for, to stderr.
func logger(s config.Log, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // one of the enum
	options := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "text" || s.LogFormat == "auto" && show.Terminal(w) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// loadClassifier reads the rules for a command that judges by itself.
func loadClassifier(s config.Ruleset) (*classifier.Classifier, error) {
	judge, err := app.NewJudge(s.Rules, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, placed(err, s.Rules)
	}
	return judge.Classifier(), nil
}

// placed gives faults of files of the rules folder the path under which the user knows them.
func placed(err error, dir string) error {
	faults, ok := errors.AsType[rules.Faults](err)
	if !ok {
		return err
	}
	return placeFaults(faults, dir)
}

func placeFaults(faults rules.Faults, dir string) rules.Faults {
	out := append(rules.Faults(nil), faults...)
	for i := range out {
		out[i].File = placeFile(out[i].File, dir)
	}
	return out
}

const settingsHint = "'kotomori config' shows every setting and where its value comes from"

// placeFile is the path under which the user knows a file of the rules: one of the folder, from the working directory
// where it lies below it; a shipped one as it is.
func placeFile(name, dir string) string {
	if dir == "" {
		return name
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		return name
	}
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, path); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return path
}

// cluster turns the settings into what the stream needs. Without brokers it takes the one of a running
// `kotomori up` on the same data directory, else the usual port.
func (e *env) cluster(s config.Cluster, dataDir string) (stream.Cluster, error) {
	if err := s.Check(); err != nil {
		return stream.Cluster{}, misuse(err, settingsHint)
	}
	password, err := s.Password()
	if err != nil {
		return stream.Cluster{}, misuse(err, settingsHint)
	}
	c := stream.Cluster{Brokers: s.Brokers}
	if s.SASL != "none" {
		c.SASL = stream.SASL{Mechanism: s.SASL, User: s.SASLUser, Password: password}
	}
	if s.TLS {
		if c.TLS, err = stream.TLSFiles(s.TLSCA, s.TLSCert, s.TLSKey, s.TLSServerName); err != nil {
			return stream.Cluster{}, err
		}
	}
	if len(c.Brokers) == 0 {
		c.Brokers = []string{config.DefaultBroker}
		if dataDir != "" {
			if addr, err := broker.Find(e.ctx, app.BrokerDir(dataDir)); err == nil {
				c.Brokers = []string{addr}
			}
		}
	}
	return c, nil
}

// connect makes a client for a command that a person waits for: it gives up soon where nobody answers.
func (e *env) connect(s config.Cluster, dataDir string, log *slog.Logger) (*stream.Client, error) {
	cluster, err := e.cluster(s, dataDir)
	if err != nil {
		return nil, err
	}
	cluster.Log = log
	client, err := stream.Connect(cluster)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(e.ctx, 10*time.Second)
	defer cancel()
	if err := client.Ping(ctx); err != nil {
		client.Close()
		if len(s.Brokers) == 0 {
			return nil, hint(fmt.Errorf("no broker answers: %w", err), "start one with 'kotomori up', or name your cluster with --brokers")
		}
		return nil, hint(fmt.Errorf("the cluster does not answer: %w", err), "check --brokers, and --tls and --sasl where the cluster asks for them")
	}
	return client, nil
}

func topics(s config.Stream, replicas int) stream.TopicSettings {
	return stream.TopicSettings{Partitions: s.Partitions, Replication: replicas}
}

// dataDir is the data folder, made where it is missing.
func dataDir(s config.Data) (string, error) {
	if s.DataDir == "" {
		return "", misuse(errors.New("there is no home directory to keep data in"), "name a folder with --data-dir")
	}
	dir, err := filepath.Abs(s.DataDir)
	if err != nil {
		return "", err
	}
	return dir, app.MakeDataDir(dir)
}

// webhooks is what to listen for; nil where it is switched off or no platform has a secret.
func webhooks(s config.Webhook, fallback bool) (*app.Webhooks, error) {
	accounts, err := s.Accounts()
	if err != nil {
		return nil, misuse(err, settingsHint)
	}
	if s.Webhook == "off" || len(accounts) == 0 {
		return nil, nil
	}
	out := &app.Webhooks{Addr: s.Webhook, CertFile: s.WebhookTLSCert, KeyFile: s.WebhookTLSKey, Fallback: fallback}
	out.Receiver.Rate, out.Receiver.Proxies = s.WebhookRate, s.WebhookProxies
	for _, a := range accounts {
		account := webhook.Account{Platform: a.Platform, Name: a.Name, IDs: a.IDs}
		for _, secret := range a.Secrets {
			account.Secrets = append(account.Secrets, webhook.Secret(secret))
		}
		for _, token := range a.Tokens {
			account.Tokens = append(account.Tokens, webhook.Secret(token))
		}
		out.Receiver.Accounts = append(out.Receiver.Accounts, account)
	}
	if err := out.Receiver.Check(); err != nil {
		return nil, misuse(err, settingsHint)
	}
	if _, _, err := net.SplitHostPort(s.Webhook); err != nil {
		return nil, misuse(fmt.Errorf("webhook: %q is no address; use host:port, such as 127.0.0.1:8485, or off", s.Webhook), settingsHint)
	}
	return out, nil
}

func httpAddr(s config.HTTP) string {
	if s.HTTP == "off" {
		return ""
	}
	return s.HTTP
}
