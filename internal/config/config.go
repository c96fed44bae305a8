// Package config says what can be set, and where a setting's value came from: a flag, the environment
// (KOTOMORI_*), the configuration file, or the default, in this order.
package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// The settings come in groups: a command embeds those that concern it, `kotomori config` all of them.
// Every field is a flag, and by the flag's name a key of the configuration file and, in capitals, a
// variable of the environment. The tag setting:"secret" keeps a value out of all output.

// Cluster is how to reach Kafka and what to use there.
type Cluster struct {
	Brokers          []string `help:"Kafka brokers to start from. Without it: the broker of a running 'kotomori up' with the same data directory, else 127.0.0.1:9092." placeholder:"HOST:PORT" group:"Kafka" setting:""`
	Replicas         int      `help:"Copies of a topic that is created; 0 leaves it to the cluster." default:"0" placeholder:"N" group:"Kafka" setting:""`
	TLS              bool     `name:"tls" help:"Speak TLS to the brokers." negatable:"" group:"Kafka" setting:""`
	TLSCA            string   `name:"tls-ca" help:"Trust the certificates of this PEM file instead of the system's." placeholder:"FILE" group:"Kafka" setting:""`
	TLSCert          string   `name:"tls-cert" help:"Client certificate, PEM." placeholder:"FILE" group:"Kafka" setting:""`
	TLSKey           string   `name:"tls-key" help:"Key of the client certificate, PEM." placeholder:"FILE" group:"Kafka" setting:""`
	TLSServerName    string   `name:"tls-server-name" help:"Name the brokers' certificates are checked against, where it is not their host name." placeholder:"NAME" group:"Kafka" setting:""`
	SASL             string   `name:"sasl" help:"How to log in: none, plain, scram-sha-256 or scram-sha-512." enum:"none,plain,scram-sha-256,scram-sha-512" default:"none" placeholder:"MECHANISM" group:"Kafka" setting:""`
	SASLUser         string   `name:"sasl-user" help:"User to log in as." placeholder:"NAME" group:"Kafka" setting:""`
	SASLPassword     string   `name:"sasl-password" help:"Password. Other users of the machine can read a command line: better the environment or --sasl-password-file." placeholder:"PASSWORD" group:"Kafka" setting:"secret"`
	SASLPasswordFile string   `name:"sasl-password-file" help:"File that holds the password and nothing else." placeholder:"FILE" group:"Kafka" setting:""`
}

// Stream is how the work is shared.
type Stream struct {
	Group      string `help:"Consumer group: workers of one group share the work." default:"kotomori" placeholder:"NAME" group:"Kafka" setting:""`
	Partitions int    `help:"Partitions of a topic that is created." default:"6" placeholder:"N" group:"Kafka" setting:""`
}

// DefaultBroker is where a Kafka broker is looked for when nothing says otherwise.
const DefaultBroker = "127.0.0.1:9092"

// Ruleset is what to judge by.
type Ruleset struct {
	Rules string `help:"Folder laid over the shipped rules: DIR/dict, DIR/rules, DIR/rules/policies." placeholder:"DIR" type:"path" group:"Rules" setting:""`
}

// Data is where a single machine keeps its state.
type Data struct {
	DataDir string `help:"Folder for the embedded broker's data." default:"${data_dir}" placeholder:"DIR" type:"path" group:"Data" setting:""`
}

// HTTP is the listener for metrics and health.
type HTTP struct {
	HTTP string `name:"http" help:"Address of /metrics, /healthz and /readyz, or off." default:"127.0.0.1:8484" placeholder:"HOST:PORT" group:"HTTP" setting:""`
}

// DefaultHTTP is the default of HTTP.
const DefaultHTTP = "127.0.0.1:8484"

// Webhook is what platforms deliver to. The lists hold ACCOUNT=VALUE, where ACCOUNT is the id of a policy; an account may
// stand in one several times.
type Webhook struct {
	Webhook        string   `name:"webhook" help:"Address for the platforms' deliveries, or off. Only platforms with a secret are served." default:"127.0.0.1:8485" placeholder:"HOST:PORT" group:"Webhooks" setting:""`
	WebhookTLSCert string   `name:"webhook-tls-cert" help:"Certificate (PEM, with its chain) to serve HTTPS; without it a proxy in front has to." placeholder:"FILE" group:"Webhooks" setting:""`
	WebhookTLSKey  string   `name:"webhook-tls-key" help:"Key of that certificate, PEM." placeholder:"FILE" group:"Webhooks" setting:""`
	WebhookProxies []string `name:"webhook-trusted-proxies" help:"Addresses or networks of proxies in front, whose X-Forwarded-For and X-Request-Id count." placeholder:"CIDR" group:"Webhooks" setting:""`
	WebhookRate    float64  `name:"webhook-rate" help:"Requests a second from one source that carry no right signature, four times as many at once, and 64 of them at hand; 0 for no limit of either kind." default:"100" placeholder:"N" group:"Webhooks" setting:""`

	XAccounts    []string `name:"x-accounts" help:"X user ids of the official accounts." placeholder:"ACCOUNT=ID" group:"Webhooks" setting:""`
	XSecrets     []string `name:"x-secrets" help:"Consumer secrets of the X apps; two of one account while they are changed, the new one first. Other users of the machine can read a command line: better the environment or files." placeholder:"ACCOUNT=SECRET" group:"Webhooks" setting:"secret"`
	XSecretFiles []string `name:"x-secret-files" help:"Files with those secrets, one a line." placeholder:"ACCOUNT=FILE" group:"Webhooks" setting:""`

	FacebookPages       []string `name:"facebook-pages" help:"Ids of the Facebook pages." placeholder:"ACCOUNT=ID" group:"Webhooks" setting:""`
	FacebookSecrets     []string `name:"facebook-secrets" help:"Secrets of the Facebook apps, as --x-secrets." placeholder:"ACCOUNT=SECRET" group:"Webhooks" setting:"secret"`
	FacebookSecretFiles []string `name:"facebook-secret-files" help:"Files with those secrets, one a line." placeholder:"ACCOUNT=FILE" group:"Webhooks" setting:""`
	FacebookTokens      []string `name:"facebook-verify-tokens" help:"Verify tokens, as typed into Facebook's form." placeholder:"ACCOUNT=TOKEN" group:"Webhooks" setting:"secret"`
	FacebookTokenFiles  []string `name:"facebook-verify-token-files" help:"Files with those tokens, one a line." placeholder:"ACCOUNT=FILE" group:"Webhooks" setting:""`

	BlogSecrets     []string `name:"blog-secrets" help:"Secrets that blogs sign with (whsec_ and base64), as --x-secrets." placeholder:"ACCOUNT=SECRET" group:"Webhooks" setting:"secret"`
	BlogSecretFiles []string `name:"blog-secret-files" help:"Files with those secrets, one a line." placeholder:"ACCOUNT=FILE" group:"Webhooks" setting:""`
}

// Log is what is logged to stderr.
type Log struct {
	LogLevel  string `help:"Least grave thing to log: debug, info, warn or error." enum:"debug,info,warn,error" default:"info" placeholder:"LEVEL" group:"Log" setting:""`
	LogFormat string `help:"Form of the log: text, json or auto, which is text on a terminal, JSON otherwise." enum:"auto,text,json" default:"auto" placeholder:"FORMAT" group:"Log" setting:""`
}

// Privacy is what keeps authors unnamed.
type Privacy struct {
	PseudonymKey string `help:"File with the key that turns authors' ids into pseudonyms, made where there is none; all workers of a cluster need the same. Without it recommendations carry no pseudonym ('up' keeps one in its data directory)." placeholder:"FILE" type:"path" group:"Privacy" setting:""`
}

// Display is how things look on a terminal.
type Display struct {
	Color          string `help:"Colour: always, never or auto, which is on a terminal where NO_COLOR is not set." enum:"auto,always,never" default:"auto" placeholder:"WHEN" group:"Display" setting:""`
	AmbiguousWidth string `help:"Width of characters such as ○ and ① on this terminal: narrow or wide." enum:"narrow,wide" default:"narrow" placeholder:"WIDTH" group:"Display" setting:""`
}

// Password is the password to log in with, from the setting or from its file.
func (c Cluster) Password() (string, error) {
	switch {
	case c.SASLPasswordFile == "":
		return c.SASLPassword, nil
	case c.SASLPassword != "":
		return "", errors.New("both sasl-password and sasl-password-file are set; keep one")
	}
	b, err := os.ReadFile(c.SASLPasswordFile)
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// Check tells settings that contradict one another.
func (c Cluster) Check() error {
	tls := c.TLSCA != "" || c.TLSCert != "" || c.TLSKey != "" || c.TLSServerName != ""
	switch {
	case tls && !c.TLS:
		return errors.New("a tls-… setting is given, but tls is off; add --tls")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return errors.New("tls-cert and tls-key go together; give both")
	case c.SASL == "none" && (c.SASLUser != "" || c.SASLPassword != "" || c.SASLPasswordFile != ""):
		return errors.New("a sasl-… setting is given, but sasl is none; add --sasl plain, scram-sha-256 or scram-sha-512")
	case c.SASL != "none" && c.SASLUser == "":
		return fmt.Errorf("sasl is %s, but there is no sasl-user; add one", c.SASL)
	case c.Replicas < 0:
		return errors.New("replicas must be at least 0")
	}
	return nil
}

// Check tells settings that cannot be.
func (s Stream) Check() error {
	if s.Partitions < 1 {
		return errors.New("partitions must be at least 1")
	}
	return nil
}

// DefaultDataDir is the system's place for a user's data: $XDG_DATA_HOME (else ~/.local/share),
// ~/Library/Application Support, %LocalAppData%. It is empty where there is no home.
func DefaultDataDir() string {
	return defaultDataDir(runtime.GOOS, os.Getenv)
}

func defaultDataDir(goos string, getenv func(string) string) string {
	under := func(base string, more ...string) string {
		if base == "" {
			return ""
		}
		return filepath.Join(append(append([]string{base}, more...), "kotomori")...)
	}
	switch goos {
	case "windows":
		return under(getenv("LocalAppData"))
	case "darwin", "ios":
		return under(getenv("HOME"), "Library", "Application Support")
	default:
		// The specification says that a relative path in XDG_DATA_HOME counts for nothing.
		if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
			return under(dir)
		}
		return under(getenv("HOME"), ".local", "share")
	}
}
