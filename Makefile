# Everything a developer runs. `make test` is the one command that must pass before a change is shared.

GO       ?= go
PGTEST   := $(GO) run ./internal/store/pgtest/cmd/pgtest run
# The linters' exact versions and sums are in a module of their own.
LINT     := $(GO) tool -modfile=scripts/lint/go.mod
RACE        := ./internal/ledger/... ./internal/store/... ./internal/httpapi/...

.PHONY: help test deps fmt vet generated generate build bench soak fuzz race lint linttests clean

help: ## show these lines
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/\1	\2/p' Makefile

test: deps fmt vet generated lint ## install what is missing, check, run all tests on both engines
	# vet has looked at everything already, and at more than go test would.
	$(PGTEST) -- $(GO) run ./scripts/gotest -vet=off -timeout 15m ./...

deps:
	@scripts/install-deps

fmt:
	@out=$$(gofmt -l cmd internal scripts 2>/dev/null); if [ -n "$$out" ]; then echo "not gofmt-clean:"; echo "$$out"; exit 1; fi

vet:
	$(GO) vet ./...

generated:
	@scripts/check-generated

generate: ## write the generated files anew
	$(GO) generate ./...

build: ## bin/timebank, without cgo
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/timebank ./cmd/timebank

bench: deps build ## every bound of docs/benchmarks.md beside what this machine does: SCALE=1 FLAT=4 COUNT=3
	$(PGTEST) -durable -- scripts/bench

soak: deps build ## the whole year again and again on both engines: SCALE=1 ROUNDS=3; then the scanners, deeper
	$(PGTEST) -durable -- scripts/soak
	SCAN=deep $(GO) test -count=1 -timeout 60m ./internal/cli/scan

fuzz: ## every fuzz target, FUZZTIME=15s each
	@scripts/fuzz

race: deps ## the concurrent packages under the race detector (needs a C compiler)
	$(PGTEST) -- $(GO) run ./scripts/gotest -race -timeout 20m $(RACE)

lint: ## staticcheck and gosec on the program
	$(LINT) staticcheck -tests=false ./...
	# pgtest and scripts run other programs: that is what they are for. app, cli and store open the files that their operator names, and the replay
	# draws a synthetic city from a seed, in numbers that are packed small.
	$(LINT) gosec -quiet -severity medium -confidence medium -exclude-dir=internal/store/pgtest -exclude-dir=scripts \
		-exclude-rules='internal/(app|cli|store)/.*:G304;internal/replay/.*:G115,G404' ./...

linttests: ## staticcheck on the tests too, which takes some minutes
	$(LINT) staticcheck ./...

clean: ## remove what was built
	rm -rf bin
