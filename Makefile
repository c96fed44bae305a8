# What a developer does by hand. Everything at once: .ci/run

GO ?= go
KAFKA_LIB ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kotomori/kafka-4.3.1

.PHONY: all build test rules lint fmt train bench bench-peers test-kafka clean

all: build test rules

build:
	CGO_ENABLED=0 $(GO) build -o kotomori ./cmd/kotomori

test:
	$(GO) test ./...

rules:
	$(GO) run ./cmd/kotomori rules lint
	$(GO) run ./cmd/kotomori rules test

fmt:
	.ci/run format

lint:
	.ci/run lint

# The learned reader and how it is pooled with the rules. Some forty minutes on two cores; the same input gives the same files.
train:
	$(GO) run ./cmd/kotomori train testdata/corpus/train/*.jsonl $(addprefix --probe ,$(wildcard testdata/probes/*.jsonl)) $(addprefix --known ,$(wildcard testdata/labelled/*.jsonl) testdata/protected.jsonl) \
		--model internal/model/shipped/model.bin --join classifier/join.json --report doc/model-report.txt

# Minutes. Compare two states of the program with benchstat; the names are made for it.
bench:
	$(GO) test -run '^$$' -bench . ./bench

# Against other people's programs, as many as are installed (it says which are not). Writes bench/RESULTS.md and bench/throughput.svg.
bench-peers:
	@test -f "$(KAFKA_LIB)/complete" || echo "no Apache Kafka here ('make test-kafka' fetches it): the stream is measured on the embedded broker only"
	KOTOMORI_KAFKA_LIB="$$(test -f "$(KAFKA_LIB)/complete" && echo "$(KAFKA_LIB)")" bench/peers/run

clean:
	rm -f kotomori

# The stream on a real Apache Kafka, started on loopback from its Maven artefacts. Needs Java 17 and Maven.

test-kafka:
	@command -v java >/dev/null && command -v mvn >/dev/null || { echo "test-kafka needs java (17 or newer) and mvn" >&2; exit 1; }
	@test -f "$(KAFKA_LIB)/complete" || { \
		mvn -B -q -f internal/streamtest/testdata/pom.xml \
		org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$(KAFKA_LIB)" && touch "$(KAFKA_LIB)/complete"; }
	KOTOMORI_KAFKA_LIB="$(KAFKA_LIB)" $(GO) test -count=1 -timeout 20m -run Kafka ./internal/streamtest
