# mailtls: every target is a line or a few that a person could type as well.

EXAMPLE   = results/runs/example
FUZZTIME ?= 10s
LINTER    = go tool -modfile=.ci/tools.mod golangci-lint
# Each fuzz target as FOLDER:FUNCTION.
FUZZERS   = $(shell grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' * | sed 's|/[^/]*:func |:|' | sort)

.DEFAULT_GOAL := help
.PHONY: help build test race lint fmt fuzz bench bench-peers accuracy honesty soak gate-power demo certify clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-11s %s\n", $$1, $$2 }' Makefile

build: ## Build bin/mailtls.
	go build -o bin/mailtls ./harness/cmd/mailtls

# What is concurrent is tested under the race detector. The command line and the suite in scenarios do over again what the tests of
# harness do, and what is below results does one thing after the other. Most tests wait, so that several packages are tested at a time.
test: ## Run all tests once, those of concurrent code under the race detector.
	@nice go test -p 2 -shuffle=on -count=1 -timeout 10m ./scenarios ./harness/cmd/... ./results/... & others=$$!; \
	go test -p 2 -race -shuffle=on -count=1 -timeout 10m ./harness ./harness/targets/... ./bench/... ./fakes/...; status=$$?; \
	wait $$others && exit $$status

race: ## Hunt races: all tests twice, on one processor and on four (Ginkgo suites do not rerun in one process).
	GOMAXPROCS=1 go test -race -shuffle=on -count=1 -timeout 15m ./...
	GOMAXPROCS=4 go test -race -shuffle=on -count=1 -timeout 15m ./...

lint: ## Run the pinned linters.
	$(LINTER) run

fmt: ## Format the code as lint wants it.
	$(LINTER) fmt

fuzz: ## Fuzz every fuzz target for FUZZTIME each (default 10s).
	@set -e; for f in $(FUZZERS); do \
		echo "$$f"; go test -run '^$$' -fuzz "^$${f#*:}\$$" -fuzztime $(FUZZTIME) "./$${f%:*}"; \
	done

bench: ## Run the Go benchmarks, on one processor.
	go test -run '^$$' -bench . -benchmem -cpu 1 ./...

bench-peers: ## Compare the load generator with a bare loop, the floor, openssl s_time, and tls-perf where it is installed (2 min).
	MAILTLS_MEASURE=peers go test -run '^TestPeersCompared$$' -count=1 -v ./bench

accuracy: ## Compare what the load generator says with delays that were really applied (8 min).
	MAILTLS_MEASURE=accuracy go test -run '^Test(QuantilesAreTrue|RateIsKept|FrozenPeerIsCountedInFull)$$' -count=1 -v -timeout 15m ./bench

honesty: ## Overload the load generator on purpose, 20 times, and see that it says so (3 min).
	MAILTLS_MEASURE=honesty go test -run '^TestVerdictsAreHonest$$' -count=1 -v ./bench

soak: ## Hold 10,000 sessions open, then see that three minutes of load leave nothing behind (6 min).
	MAILTLS_MEASURE=soak go test -run '^Test(TenThousandSessionsAreHeld|SoakLeavesNothing)$$' -count=1 -v -timeout 15m ./bench

gate-power: ## Measure what comparisons in pairs find, of a peer with itself and with a slower one; goes on where it was stopped (70 min).
	MAILTLS_POWER='$(CURDIR)/results/runs/power' go test -run '^TestPowerOfPairs$$' -count=1 -v -timeout 3h ./harness

demo: build ## Judge the reference target, then a real Postfix where that is possible.
	bin/mailtls run --target reference
	@if [ "$$(id -u)" -ne 0 ]; then echo 'real Postfix skipped: it needs root'; \
	elif ! command -v mmdebstrap >/dev/null; then echo 'real Postfix skipped: mmdebstrap is not installed'; \
	else set -x; bin/mailtls targets install postfix && bin/mailtls run --target postfix --role receiver; fi

certify: ## Make an example certificate of the reference target, and verify it. The sources must be committed.
	go build -buildvcs=true -o bin/mailtls ./harness/cmd/mailtls
	rm -rf $(EXAMPLE)
	mkdir -p $(EXAMPLE)
	bin/mailtls certify --example-subject > $(EXAMPLE)/subject.yaml
	bin/mailtls certify --new-key $(EXAMPLE)/lab.key
	bin/mailtls certify --target reference --profile receiver-core,receiver-modern \
		--subject $(EXAMPLE)/subject.yaml --key $(EXAMPLE)/lab.key --out $(EXAMPLE)/certificate
	bin/mailtls verify-certificate $(EXAMPLE)/certificate --pubkey $(EXAMPLE)/lab.key.pub

clean: ## Remove what make built; stored runs stay.
	rm -rf bin coverage.out
