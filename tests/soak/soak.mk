# Short soaks against a real Prometheus.

.PHONY: soak-check

soak-check: kubectl-keyrot practice ## soaks of seconds against a real Prometheus
	@tests/deps.sh soak
	cd tests/soak && KEYROT=$(abspath kubectl-keyrot) \
		PRACTICE=$(abspath build/practice/keyrot-practice) \
		python3 -B -W ignore -m unittest $(SOAK_TESTS)
