# What a developer does by hand. Everything at once: .ci/run

GO ?= go

.PHONY: all build test rules lint fmt test-kafka clean

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

clean:
	rm -f kotomori
