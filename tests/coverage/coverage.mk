# Which branches the tests take: unit and contract tests, and a part of the
# sweep. A process that is killed counts nothing.

.PHONY: coverage coverage-run

COVERED := build/cc-coverage-nowipe

coverage: sweep-tools ## branches that tests take, by folder, against floors: minutes
	+@$(MAKE) --no-print-directory -s COVERAGE=1 NO_WIPE=1 CC=cc \
		CFLAGS='-O0 -g' unit-binary program
	@find $(COVERED) -name '*.gcda' -delete
	@$(COVERED)/unit-tests | tail -n 1
	@$(CONTRACT) practice --program $(COVERED)/kubectl-keyrot | tail -n 1
	@python3 tests/sweep/sweep.py --part 250 \
		--program $(COVERED)/kubectl-keyrot | tail -n 1
	@python3 tests/coverage/coverage.py $(COVERED) $(RECORD)

LONG += coverage
