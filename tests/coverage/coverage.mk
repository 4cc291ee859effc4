# Which lines and branches the tests take: unit tests, and the suites that wait
# for no real cluster, with a program that counts. A process that is killed
# counts nothing.

.PHONY: coverage coverage-tree

COVERED := build/cc-coverage-nowipe
COVERED_MAKE = $(MAKE) --no-print-directory -s -k COVERAGE=1 NO_WIPE=1 CC=cc \
	CFLAGS='-O0 -g'
# A tree of links, where suites find that program as theirs.
COVERED_TREE := build/coverage-tree
COVERED_SUITES := 'contract/contract.py practice' 'resume/resume.py practice' \
	fleet/test_fleet.py 'init/test_init.py practice' gitops/run.py \
	report/test_report.py schedule/test_schedule.py \
	'sweep/sweep.py --part 250' \
	'store/run.py --tool $(abspath $(COVERED))/tests/store/storetool'

coverage-tree: practice
	+@$(COVERED_MAKE) unit-binary program $(COVERED)/tests/store/storetool
	@rm -rf $(COVERED_TREE)
	@mkdir -p $(COVERED_TREE)
	@for name in tests src docs krew build; do \
		ln -s ../../$$name $(COVERED_TREE)/$$name; done
	@ln -s ../../$(COVERED)/kubectl-keyrot $(COVERED_TREE)/kubectl-keyrot

# What a suite says of itself is for the run that is not counted: some of what
# they look at, such as a closed output, is otherwise where counts are written.
coverage: sweep-tools coverage-tree ## lines and branches that tests take, by folder, against floors: minutes
	@find $(COVERED) -name '*.gcda' -delete
	@$(COVERED)/unit-tests | tail -n 1
	+@$(COVERED_MAKE) cli-tests ledger-cli ledger-vectors notify-tests \
		2>&1 | grep -E '^(Ran|OK|FAILED)|passed' || :
	@cd $(COVERED_TREE) && printf '%s\n' $(COVERED_SUITES) | \
		xargs -P 4 -I {} ../../tests/coverage/suite.sh {}
	@python3 tests/coverage/coverage.py $(COVERED) $(RECORD)

LONG += coverage

# What decides about a fault, by injected faults alone: every kind at the places
# where a key is stored, written, rolled out, and a Lease is taken.
.PHONY: handlers

HANDLERS_AT := --only "aether-staging:PATCH secrets-service-config\#0" \
	--only "aether-staging:PATCH secrets-service\#0" \
	--only "aether-staging:GET deployments\#0" \
	--only "aether-staging:GET secrets-service-config\#0" \
	--only "aether-staging:POST leases\#0" \
	--only "aether-staging:PUT keyrot" \
	--only "store:put\#10" --only "store:get\#11"

handlers: sweep-tools ## which lines that decide about a fault were reached by one: minutes
	+@$(MAKE) --no-print-directory -s COVERAGE=1 NO_WIPE=1 CC=cc \
		CFLAGS='-O0 -g' program
	@find $(COVERED) -name '*.gcda' -delete
	@python3 tests/sweep/sweep.py --path rotate $(HANDLERS_AT) \
		--program $(COVERED)/kubectl-keyrot | tail -n 1
	@python3 tests/coverage/handlers.py $(COVERED)

LONG += handlers
