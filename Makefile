# Eastwest: `make e2e` does all set-up and proves the mesh; `make help` lists the rest.

# The cell and the environment, read by eastwest itself, which has the defaults too: what
# is empty here leaves the choice to a fleet file. See `eastwest verify --help`.
PLATFORM ?=
CA       ?=
ON       ?=
CLUSTERS ?=
REVISION ?=
SUITE    ?= basic
SIZE     ?=
export PLATFORM CA ON CLUSTERS REVISION SUITE SIZE
# Not set unless somebody does: an empty one is an error, and does not mean the lab.
ifneq ($(origin FLEET),undefined)
export FLEET
endif

GO  ?= go
OUT ?= artifacts

.DEFAULT_GOAL := help
.PHONY: help build e2e upgrade-check upgrades test unit race cases sound same drills drills-all compare bench istio-tests lint release matrix lab-up lab-down picture clean

help: ## list the targets and variables
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "variables: PLATFORM=$(PLATFORM) CA=$(CA) ON=$(ON) FLEET=$(FLEET) CLUSTERS=$(CLUSTERS) REVISION=$(REVISION) SUITE=$(SUITE) OUT=$(OUT)"

# As the lab's parts are built: what both import is compiled once. Tools for
# debugging need DWARF: go build without these flags.
COMPILE = $(shell cat .ci/goflags)
BUILD   = CGO_ENABLED=0 $(GO) build $(COMPILE) -buildvcs=false

build: ## build bin/eastwest, the same bytes from the same source
	@.ci/need-go && $(BUILD) -o bin/ ./cmd/eastwest

e2e: build ## prove the mesh of PLATFORM with CA, ON an environment (root for the lab)
	bin/eastwest verify --out $(OUT)

upgrade-check: build ## may FLEET move to revision TO? go or no-go for each step; only reads
	bin/eastwest upgrade check --to "$(TO)" --out $(OUT)

test: ## all set-up, then vet and every test (root: real clusters are started)
	.ci/test all

unit: ## vet and the tests that need no root, no cluster and no network
	.ci/test unit

race: ## the unit tests, every package under the race detector
	.ci/test race

cases: ## states of meshes that people have reported, on a lab: each judged rightly (root)
	.ci/test cases

sound: ## diagnose sound meshes of every shape, ten times each; goes on where it stopped (root)
	.ci/test sound

upgrades: ## ask for an upgrade of a real mesh from 1.29.1 to the head, broken in a score of ways (root)
	.ci/test upgrades

same: ## compare a version of Istio with itself, ten times; goes on where it stopped (root)
	.ci/test same

drills: ## break a running mesh in a dozen ways, see it found and named (root)
	.ci/test drills

drills-all: ## the same with every fault of `lab break`; called again it continues (root)
	.ci/test drills-all

compare: ## what istioctl says to every fault, beside eastwest: docs/compared.md (root)
	.ci/test compare

bench: build ## verify beside the guide's own commands, and the lab beside kind: medians and ratios (root)
	CGO_ENABLED=0 $(GO) run $(COMPILE) ./internal/bench script --clusters $(or $(CLUSTERS),2)
	kind/ci/run bench

istio-tests: build ## Istio's own tests on a lab: 6 minutes; ALL=1 some 55; TOPOLOGY=primary-remote (root)
	$(BUILD) -o bin/ ./internal/istiotests
	bin/istiotests --out $(OUT)/istio-tests $(if $(ALL),--all) $(if $(TOPOLOGY),--topology $(TOPOLOGY))

lint: ## golangci-lint as pinned in tools/go.mod; go vet for macOS and arm64
	CGO_ENABLED=0 GOFLAGS="$(GOFLAGS) $(COMPILE)" $(GO) tool -modfile=tools/go.mod golangci-lint run --allow-parallel-runners ./...
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) vet -tags apiserver ./...
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) vet -tags apiserver ./...

# GoReleaser names the commit only where git knows a remote, so one is named; nothing calls
# it. A Go build takes all cores by itself.
release: ## archives for Linux and macOS, checksums, SBOM: dist/ (GoReleaser, nothing is published)
	@.ci/need-go
	CGO_ENABLED=0 GOFLAGS="$(GOFLAGS) $(COMPILE)" \
	GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0=https://github.com/eastwest-mesh/eastwest \
	$(GO) tool -modfile=tools/release/go.mod goreleaser release --snapshot --clean --parallelism 1

matrix: build ## run every cell that this machine can, on one lab, with one report (root)
	bin/eastwest matrix run --out $(OUT)

lab-up: build ## start a lab of CLUSTERS clusters and leave it running (root)
	bin/eastwest lab up --clusters $(or $(CLUSTERS),2)

lab-down: build ## end the lab and remove everything of it but the cache (root)
	bin/eastwest lab down

picture: build ## docs/report.png from REPORT (a report.json), with chromium
	REPORT=$(REPORT) docs/picture

clean: ## end the lab; remove bin/, dist/ and OUT. The cache of built parts stays
	[ ! -x bin/eastwest ] || bin/eastwest lab down
	rm -rf bin dist $(OUT)
