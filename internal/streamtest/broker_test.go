package streamtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
)

// broker is a Kafka broker in a process of its own.
type broker interface {
	addr() string // host:port, the same after every start
	start()       // starts it, for the first time or again, and waits until it answers
	kill()        // as kill -9 does
}

// embedded is the program's own broker.
type embedded struct {
	t       *testing.T
	dir     string
	port    int
	process *process
}

func newEmbedded(t *testing.T) broker {
	t.Helper()
	return &embedded{t: t, dir: t.TempDir(), port: freePort(t)}
}

func (b *embedded) addr() string { return fmt.Sprintf("127.0.0.1:%d", b.port) }
func (b *embedded) kill()        { b.process.kill() }

func (b *embedded) start() {
	b.t.Helper()
	b.process = start(b.t, "broker", nil, program, "broker", "--data-dir", b.dir, "--listen", b.addr())
	b.process.line(func(l string) bool { return l == b.addr() })
}

// apache is an Apache Kafka broker.
type apache struct {
	t       *testing.T
	lib     string
	dir     string
	port    int
	process *process
}

const libEnv = "KOTOMORI_KAFKA_LIB"

// newApache prepares a broker, which needs its jars and Java.
func newApache(t *testing.T) broker {
	t.Helper()
	lib := os.Getenv(libEnv)
	if lib == "" {
		t.Skip("needs a real Kafka: make test-kafka fetches one, or set " + libEnv + " to a folder with its jars")
	}
	if _, err := exec.LookPath("java"); err != nil {
		t.Fatalf("%s is set, but there is no java: %v", libEnv, err)
	}
	b := &apache{t: t, lib: lib, dir: t.TempDir(), port: freePort(t)}
	controller := freePort(t)
	for controller == b.port {
		controller = freePort(t)
	}
	config := fmt.Sprintf(`process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:%[2]d
listeners=PLAINTEXT://127.0.0.1:%[1]d,CONTROLLER://127.0.0.1:%[2]d
advertised.listeners=PLAINTEXT://127.0.0.1:%[1]d
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=%[3]s
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
group.coordinator.append.linger.ms=0
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=250
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.backoff.ms=100
auto.create.topics.enable=false
`, b.port, controller, filepath.ToSlash(filepath.Join(b.dir, "data")))
	if err := os.WriteFile(b.config(), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	// The id of a cluster is any UUID in URL-safe base64.
	if out, err := exec.CommandContext(t.Context(), "java", b.java("kafka.tools.StorageTool", "format", "-t", "a290b21vcmktdGVzdC0wMQ", "-c", b.config())...).CombinedOutput(); err != nil {
		t.Fatalf("formatting the broker's storage: %v\n%s", err, out)
	}
	return b
}

func (b *apache) config() string { return filepath.Join(b.dir, "server.properties") }

func (b *apache) java(args ...string) []string {
	return append([]string{
		"-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
		"-cp", filepath.Join(b.lib, "*"),
	}, args...)
}

func (b *apache) addr() string { return fmt.Sprintf("127.0.0.1:%d", b.port) }
func (b *apache) kill()        { b.process.kill() }

func (b *apache) start() {
	b.t.Helper()
	b.process = start(b.t, "kafka", nil, append([]string{"java"}, b.java("kafka.Kafka", b.config())...)...)
	until(b.t, "Kafka to answer", func() bool {
		select {
		case <-b.process.done:
			b.t.Fatalf("Kafka ended: %v", b.process.err)
		default:
		}
		tr := &kafka.Transport{}
		defer tr.CloseIdleConnections()
		m, err := (&kafka.Client{Addr: kafka.TCP(b.addr()), Transport: tr}).Metadata(b.t.Context(), &kafka.MetadataRequest{})
		return err == nil && len(m.Brokers) > 0 && !strings.Contains(fmt.Sprint(m.Topics), "Leader Not Available")
	})
}
