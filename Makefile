# Each target that needs a program of the system installs it first, see scripts/install.
# Without a terminal nothing asks: as root or with password-less sudo all of it works in CI.

ARGS     ?=
TIMEOUT  ?= 45m
FUZZTIME ?= 60s
ROUNDS   ?= 200
LINT     := .tools/bin/golangci-lint-v2.15.0

.PHONY: help demo run test lint vulns bench a11y pictures fuzz chaos build verifier docs

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## a whole selection on real parts, then its pages until Ctrl-C (ARGS=--exit ends by itself)
	@scripts/install postgres
	@$(MAKE) --no-print-directory build
	bin/laurel demo $(ARGS)

run: build ## all services (ARGS=voting: one; settings from the environment, bin/laurel serve --help)
	bin/laurel serve $(ARGS)

test: ## every test, on a real PostgreSQL, NATS and browser, with the race detector; pages are looked at in a11y
	@scripts/install postgres compiler browser curl
	@$(MAKE) --no-print-directory verifier
	@status=0; CGO_ENABLED=1 go test -race -timeout $(TIMEOUT) -skip '_look$$' ./... || status=$$?; go run ./scripts/testdb stop; exit $$status

lint: $(LINT) ## vet, golangci-lint with the rules of .golangci.yaml, formatting
	go vet ./...
	$(LINT) run

vulns: ## what is known of this Go and these modules; it needs vuln.go.dev
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

bench: ## ballots a second beside two yardsticks, the pages of the desks, then the benchmarks
	@scripts/install postgres
	@$(MAKE) --no-print-directory build
	bin/laurel bench $(ARGS)
	bin/laurel bench desks
	@status=0; scripts/each '^func Benchmark' -run '^$$' -bench . -benchmem || status=$$?; go run ./scripts/testdb stop; exit $$status

a11y: ## axe, from npm, on every page that a test looks at, on both screens, in both themes and languages
	@scripts/install postgres compiler browser nodejs
	@$(MAKE) --no-print-directory verifier
	@npm ci --silent --no-audit --no-fund --ignore-scripts
	@status=0; LAUREL_AXE=$(CURDIR)/node_modules/axe-core/axe.min.js scripts/each 'browser[.]Look' -run '_look$$' -count 1 -timeout $(TIMEOUT) || status=$$?; \
	go run ./scripts/testdb stop; exit $$status

pictures: ## the README's pictures, taken anew of the demo's selection
	@scripts/install postgres browser
	@status=0; go test -tags pictures ./services/cmd/laurel/internal/e2e -run '^TestPictures$$' -count 1 || status=$$?; \
	go run ./scripts/testdb stop; exit $$status

fuzz: ## every fuzz test, FUZZTIME=60s each
	@FUZZTIME=$(FUZZTIME) scripts/fuzz

chaos: ## the tests that kill, cut off, fill up and reorder (TestChaos…), ten times over; a siege of ROUNDS=200 kills
	@scripts/install postgres compiler
	@status=0; \
	CGO_ENABLED=1 scripts/each '^func TestChaos' -race -run '^TestChaos' -skip '^TestChaos_siege' -count 10 -timeout 60m || status=$$?; \
	CGO_ENABLED=1 LAUREL_CHAOS_ROUNDS=$(ROUNDS) go test -race -run '^TestChaos_siege' -count 1 -v -timeout 120m ./services/cmd/laurel/internal/e2e || status=$$?; \
	go run ./scripts/testdb stop; exit $$status

verifier: ## the verifier that browsers run, which the gateway embeds
	@go run ./scripts/build-verifier

build: verifier ## bin/laurel, with the verifier for browsers
	CGO_ENABLED=0 go build -trimpath -o bin/laurel ./services/cmd/laurel

docs: ## the pages under docs/ that are generated from code
	go generate ./...
	UPDATE_GOLDEN=1 scripts/each 'testkit[.]Golden' -count 1

# golangci-lint is built by our own Go, so that it knows this language version.
$(LINT):
	GOBIN=$(CURDIR)/.tools/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(subst .tools/bin/golangci-lint-,,$@)
	mv .tools/bin/golangci-lint $@
