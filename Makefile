# Everything that is done with Strata, by name. The work is in scripts/, cluster/ and demo/; this file only names it.

SHELL := /bin/bash
.DEFAULT_GOAL := help

jar := target/strata.jar
sources := pom.xml $(shell find src/main -type f 2>/dev/null)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: $(jar) target/strata.aot ## build Strata without running tests; bin/strata then runs it

$(jar): $(sources)
	@scripts/maven.sh package -DskipTests -Dmaven.test.skip=true
	@touch $(jar)

# Strata works without it, and starts more slowly.
target/strata.aot: $(jar) bin/strata bin/strata-aot
	-@bin/strata-aot

.PHONY: demo
demo: ## the main job with all set-up: cluster, operator, one image from kubectl apply to a running pod
	@demo/run.sh

.PHONY: demo-down
demo-down: cluster-down ## end all that demo started: no process, mount, network or cgroup stays

.PHONY: test
test: $(jar) ## all tests: unit, corpora, root, and end to end on a real cluster; says what was skipped and why
	@scripts/test.sh unit corpora bud root cluster

.PHONY: unit
unit: ## the tests that need nothing: seconds
	@scripts/test.sh unit

.PHONY: root-test
root-test: ## the tests that mount and run containers: need root
	@scripts/test.sh root

.PHONY: cluster-test
cluster-test: ## the tests on a one-node Kubernetes that is brought up for them: need root
	@scripts/test.sh cluster

.PHONY: cluster-test-oldest
cluster-test-oldest: ## the same on the oldest Kubernetes that Strata supports; no other cluster may be up
	@KUBERNETES_MINOR=1.33 scripts/test.sh cluster

.PHONY: conformance
conformance: $(jar) ## the tests against the corpora in STRATA_CORPORA or ../shared/corpora, all builds of bud among them
	@BUD=all scripts/test.sh corpora bud

.PHONY: bench
bench: build ## how fast it is: every script in bench/, each prints a line
	@for script in bench/*.sh; do "$$script" || exit 1; done

.PHONY: image
image: $(jar) ## build Strata's own container image with Strata and push it to the cluster's registry
	@scripts/image.sh

.PHONY: cluster
cluster: ## bring up the one-node Kubernetes and its registry, nothing else
	@cluster/up.sh

.PHONY: cluster-down
cluster-down: ## end the one-node Kubernetes and remove its data; what was built for it stays in the cache
	@cluster/down.sh

.PHONY: bench-scale
bench-scale: ## how the operator does with 10,000 builds on the cluster that runs, with nodes that run nothing
	@scripts/scale.sh

.PHONY: bench-cluster
bench-cluster: ## how long a build takes from apply to Ready on the cluster that runs, and where the time goes
	@scripts/bench-cluster.sh

.PHONY: format
format: ## format the sources as the build wants them
	@scripts/maven.sh spotless:apply

.PHONY: clean
clean: ## remove what was built in this folder; the cache (~/.cache/strata) stays
	@rm -rf target
