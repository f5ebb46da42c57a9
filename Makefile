# mailtls: every target is a line or a few that a person could type as well.

TARGET   ?= postfix
FUZZTIME ?= 10s
LINTER    = go tool -modfile=.ci/tools.mod golangci-lint
# Each fuzz target as FOLDER:FUNCTION.
FUZZERS   = $(shell grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' * | sed 's|/[^/]*:func |:|' | sort)

.DEFAULT_GOAL := help
.PHONY: help build test race lint fmt fuzz bench demo certify clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-8s %s\n", $$1, $$2 }' Makefile

build: ## Build bin/mailtls.
	go build -o bin/mailtls ./harness/cmd/mailtls

test: ## Run all tests once under the race detector, three packages at a time: most of them wait.
	go test -p 3 -race -shuffle=on -count=1 -timeout 10m ./...

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

bench: ## Run the Go benchmarks.
	go test -run '^$$' -bench . -benchmem ./...

demo: build ## Judge the reference target, then a real Postfix where that is possible.
	bin/mailtls run --target reference
	@if [ "$$(id -u)" -ne 0 ]; then echo 'real Postfix skipped: it needs root'; \
	elif ! command -v mmdebstrap >/dev/null; then echo 'real Postfix skipped: mmdebstrap is not installed'; \
	else set -x; bin/mailtls targets install postfix && bin/mailtls run --target postfix --role receiver; fi

certify: build ## Judge TARGET in full (default postfix).
	bin/mailtls run --target $(TARGET)

clean: ## Remove what make built; stored runs stay.
	rm -rf bin coverage.out
