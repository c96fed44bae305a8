// Package stream takes comments from Kafka through the classifier back to Kafka.
//
// Delivery is at least once: a comment's offset is committed only after every record that follows from it is
// acknowledged by all in-sync replicas, in order. Recommendation ids follow from the comment, and a worker knows from
// kotomori.recommendations what it or another worker said before; so the effect of a comment that is delivered, judged
// and written twice is that of once. No more is claimed: see doc/design.md.
//
// kafka-go's group reader and writer are not used: the reader's commits can move a group backwards, it cannot say that
// it has reached the end of a compacted partition, and the writer gives up. What is used of kafka-go is its protocol
// (Client, Transport) and its group membership (ConsumerGroup).
package stream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"github.com/kotomori/kotomori/internal/event"
)

// Cluster says how to reach a Kafka cluster.
type Cluster struct {
	Brokers  []string     // host:port of at least one broker
	TLS      *tls.Config  // nil: no TLS. See [TLSFiles]
	SASL     SASL         // the zero value: none
	ClientID string       // shown in the brokers' logs; "" is kotomori
	Log      *slog.Logger // nil: no log
}

// SASL is how to log in. It never prints its password.
type SASL struct {
	Mechanism string // "", "plain", "scram-sha-256" or "scram-sha-512"
	User      string
	Password  string `json:"-"`
}

func (s SASL) String() string {
	if s.Mechanism == "" {
		return "none"
	}
	return s.Mechanism + " as " + s.User
}

// GoString keeps the password out of %#v.
func (s SASL) GoString() string { return s.String() }

// LogValue keeps the password out of logs.
func (s SASL) LogValue() slog.Value { return slog.StringValue(s.String()) }

// TLSFiles makes a TLS configuration (1.2 or newer) of PEM files. An empty caFile means the system's roots; certFile and
// keyFile, both or none, are a client certificate; serverName overrides the host name that is verified.
func TLSFiles(caFile, certFile, keyFile, serverName string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: serverName}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("reading the brokers' CA certificates: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: holds no certificate; put the brokers' CA there in PEM form", caFile)
		}
	}
	if (certFile == "") != (keyFile == "") {
		return nil, errors.New("client certificate: certificate and key belong together; name both files or none")
	}
	if certFile != "" {
		cert, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return nil, fmt.Errorf("reading the client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

// Client is a connection to a cluster, shared by workers, feeders and watchers. It may be shared between goroutines.
type Client struct {
	brokers   []string
	addr      net.Addr
	kafka     *kafka.Client
	transport *kafka.Transport
	dialer    *kafka.Dialer // for the consumer group, which does not use the transport
	log       *slog.Logger
}

// requestTimeout bounds a request of which the answer does not have to be waited for on purpose. A broker that does not
// answer at all (a dead machine, a cut cable) is noticed by it.
const requestTimeout = 10 * time.Second

// Connect checks the configuration and makes a client. It does not wait for the cluster: every call finds out by itself.
func Connect(c Cluster) (*Client, error) {
	if len(c.Brokers) == 0 {
		return nil, errors.New("brokers: none is named; give host:port of at least one broker")
	}
	for _, b := range c.Brokers {
		host, port, err := net.SplitHostPort(b)
		if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 || host == "" {
			return nil, fmt.Errorf("brokers: %q is no address; use host:port, such as kafka.example:9092", b)
		}
	}
	mechanism, err := c.SASL.mechanism()
	if err != nil {
		return nil, err
	}
	if c.ClientID == "" {
		c.ClientID = "kotomori"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	dial := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}
	t := &kafka.Transport{
		Dial:        dial.DialContext,
		DialTimeout: 5 * time.Second,
		// How soon a new leader is known. Two seconds are seldom enough for a metadata request to a cluster in trouble to
		// take longer, which would count as a failure.
		MetadataTTL: 2 * time.Second,
		// Without a list every refresh would carry all topics of the cluster.
		MetadataTopics: topicNames(),
		ClientID:       c.ClientID,
		TLS:            c.TLS,
		SASL:           mechanism,
	}
	addr := kafka.TCP(c.Brokers...)
	return &Client{
		brokers:   c.Brokers,
		addr:      addr,
		kafka:     &kafka.Client{Addr: addr, Transport: t, Timeout: requestTimeout},
		transport: t,
		dialer: &kafka.Dialer{
			ClientID: c.ClientID, Timeout: 5 * time.Second, KeepAlive: 15 * time.Second, DualStack: true,
			TLS: c.TLS, SASLMechanism: mechanism,
		},
		log: c.Log,
	}, nil
}

func topicNames() []string {
	var names []string
	for _, s := range event.TopicSpecs(0) {
		names = append(names, s.Name)
	}
	return names
}

func (s SASL) mechanism() (sasl.Mechanism, error) {
	if s.Mechanism == "" {
		if s.User != "" || s.Password != "" {
			return nil, errors.New("sasl: user or password without a mechanism; use plain, scram-sha-256 or scram-sha-512")
		}
		return nil, nil
	}
	if s.User == "" || s.Password == "" {
		return nil, fmt.Errorf("sasl: %s needs a user and a password", s.Mechanism)
	}
	switch s.Mechanism {
	case "plain":
		return plain.Mechanism{Username: s.User, Password: s.Password}, nil
	case "scram-sha-256", "scram-sha-512":
		hash := scram.SHA256
		if s.Mechanism == "scram-sha-512" {
			hash = scram.SHA512
		}
		m, err := scram.Mechanism(hash, s.User, s.Password)
		if err != nil {
			return nil, errors.New("sasl: user or password holds a character that SCRAM does not allow; change it")
		}
		return m, nil
	}
	return nil, fmt.Errorf("sasl: unknown mechanism %q; use plain, scram-sha-256 or scram-sha-512", s.Mechanism)
}

// Close closes idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Ping asks a broker whether it is there: an error means that none is, or that it refuses us.
func (c *Client) Ping(ctx context.Context) error {
	// Not the metadata: they come from a cache, which outlives the cluster.
	r, err := c.kafka.ApiVersions(ctx, &kafka.ApiVersionsRequest{})
	if err == nil {
		err = r.Error
	}
	if err != nil {
		return fmt.Errorf("asking %s: %w", c.addr, err)
	}
	return nil
}

// WaitReady waits with growing pauses until the cluster answers, or ctx ends. It logs every failure.
func (c *Client) WaitReady(ctx context.Context) error {
	var b backoff
	for {
		err := c.Ping(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		pause := b.next()
		c.log.Warn("waiting for Kafka", "brokers", c.brokers, "err", err, "next_try_in", pause.String())
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

// partitions is how many partitions a topic has, whether or not each has a leader at the moment.
func (c *Client) partitions(ctx context.Context, topic string) (int, error) {
	t, err := c.topic(ctx, topic)
	return len(t.Partitions), err
}

func (c *Client) topic(ctx context.Context, topic string) (kafka.Topic, error) {
	m, err := c.kafka.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return kafka.Topic{}, fmt.Errorf("looking up %s: %w", topic, err)
	}
	for _, t := range m.Topics {
		switch {
		case t.Name != topic:
		case t.Error != nil:
			return kafka.Topic{}, fmt.Errorf("looking up %s: %w", topic, t.Error)
		case len(t.Partitions) > 0:
			return t, nil
		}
	}
	return kafka.Topic{}, fmt.Errorf("looking up %s: %w", topic, kafka.UnknownTopicOrPartition)
}
