package streamtest

import (
	"cmp"
	"os"
	"os/exec"
	"testing"
)

// TestBenchKafka runs the benchmarks of the stream on a real Kafka. Each runs for KOTOMORI_BENCHTIME, as go test's -benchtime
// has it; by default so shortly that only rot shows. Look at the figures with -v.
func TestBenchKafka(t *testing.T) {
	b := newApache(t)
	b.start()
	cmd := exec.CommandContext(t.Context(), "go", "test", "-run", "^$", "-bench", "^BenchmarkStream$|^BenchmarkWebhook$",
		"-benchtime", cmp.Or(os.Getenv("KOTOMORI_BENCHTIME"), "100x"), "-count", cmp.Or(os.Getenv("KOTOMORI_BENCHCOUNT"), "1"), "../../bench")
	cmd.Env = append(os.Environ(), "KOTOMORI_BENCH_BROKERS="+b.addr())
	dieWithParent(cmd)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}
