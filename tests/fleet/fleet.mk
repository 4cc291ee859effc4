# Many targets.

.PHONY: fleet-test

fleet-test: kubectl-keyrot practice ## waves and many targets, on practice clusters; FLEET="waves" runs some
	@python3 tests/fleet/test_fleet.py $(FLEET)
