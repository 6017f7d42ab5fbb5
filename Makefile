# make demo   build rulekit and see it work          make test    all tests
# make bench  what it costs, SUITE=dir too           make update  rewrite goldens and generated docs
# make e2e    lint with a real Prometheus; the alerts on real servers; the adaptor at a real
#             Alertmanager and NATS server; the fake messengers in a real browser
# make chaos  kill the adaptors and servers of a NATS cluster all the time

GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# The oracle of the differential tests: the promtool of the Prometheus release in go.mod.
# Without service discovery, which rule tests do not need, it builds in a fraction of the time.
PROMETHEUS  := $(shell $(GO) list -m -f '{{.Version}}' github.com/prometheus/prometheus)
# Programs of the end-to-end tests and benchmarks, which ./... leaves out.
PROGRAMS    := ./testdata/e2e/live ./testdata/e2e/adaptor ./testdata/e2e/fakeim ./testdata/bench/adaptor
# Renders the chart of the shipped rules in the tests.
HELM        := helm.sh/helm/v3/cmd/helm@v3.22.0

.PHONY: build demo test check race bench e2e e2e-live e2e-adaptor chaos corpora update clean FORCE

build: bin/rulekit

bin/rulekit: FORCE
	@mkdir -p bin
	$(GO) build -o $@ ./cmd/rulekit

bin/promtool: go.mod
	@mkdir -p bin
	GOBIN=$(CURDIR)/bin GOFLAGS='$(GOFLAGS) -tags=remove_all_sd' $(GO) install github.com/prometheus/prometheus/cmd/promtool@$(PROMETHEUS)
	@touch $@

bin/helm: Makefile
	@mkdir -p bin
	GOBIN=$(CURDIR)/bin $(GO) install $(HELM)
	@touch $@

demo: build
	bin/rulekit lint rules/
	bin/rulekit test
	bin/rulekit simulate --receiver slack

test: check bin/promtool bin/helm
	$(GO) test ./...
	$(MAKE) race

# The packages in which goroutines meet. The shipped rules have none of their own; storms and template
# bombs are measures of memory, which the race detector takes much of.
race:
	$(GO) test -race -skip '^TestShipped|^TestPromtoolRuns|^TestStorm$$|^TestTemplateBomb' ./adaptor/... ./lint ./lint/prometheus ./simulate

check:
	@command -v $${CC:-cc} >/dev/null || { echo "no C compiler, which the race detector needs: apt-get install gcc libc6-dev" >&2; exit 1; }
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not formatted, run gofmt -w: $$unformatted" >&2; exit 1; }
	$(GO) vet ./... $(PROGRAMS)
	$(GO) run $(STATICCHECK) ./... $(PROGRAMS)

# What rulekit and promtool cost, measured side by side: make bench SUITE=folder adds your tests,
# CORPORA=folder your rule files. And what the adaptor takes in, beside a server that does nothing.
bench: build bin/promtool
	SUITE='$(SUITE)' CORPORA='$(CORPORA)' testdata/bench/bench bin/rulekit bin/promtool
	@mkdir -p bench.out
	$(GO) run ./testdata/bench/adaptor bin/rulekit bench.out

# What lint finds with a real Prometheus at hand, what the page of the fake messengers shows in a
# browser, and what the shipped alerts tell of real servers that are broken on purpose. Installs
# Debian's packages of what is missing. Both of the long ones wait for most of their time.
e2e: build
	testdata/e2e/e2e bin/rulekit
	testdata/e2e/fakeim/run bin/rulekit
	$(MAKE) -j2 e2e-live e2e-adaptor

e2e-live:
	testdata/e2e/live/run bin/rulekit

e2e-adaptor:
	testdata/e2e/adaptor/run bin/rulekit

# Kills the adaptors and servers of a NATS cluster all the time, and counts what arrives. Not in CI:
# it takes minutes, and a loaded machine makes more of them.
chaos: build
	testdata/e2e/adaptor/run bin/rulekit -chaos

# Mends a copy of your rule files, and proves that it does no harm: make corpora CORPORA=folder.
corpora: build bin/promtool
	testdata/bench/fix bin/rulekit bin/promtool '$(CORPORA)'

# Rewrites golden files and generated docs after a wanted change. Read the diff.
update:
	$(GO) test ./rules ./rules/export ./lint ./simulate ./simulate/report ./adaptor ./cmd/rulekit -update

clean:
	rm -rf bin

FORCE:
