.PHONY: cluster-build cluster-selftest

cluster-build: ## build the real clusters' programs (once; needs Go)
	@tests/cluster/build.sh

cluster-selftest: ## start real clusters and try what tests rely on
	@tests/cluster/selftest.sh
