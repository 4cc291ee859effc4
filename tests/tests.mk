# Everything that proves the program. `make help` lists it.

FORMATTED := $(wildcard *.c src/*/*.c src/*/*.h tests/*/*.c tests/*/*.h)
ANALYSED := $(wildcard *.c src/*/*.c)
ANALYSE_FLAGS := -std=c17 $(CPPFLAGS) $(PKG_CFLAGS)

.PHONY: deps strict lint lint-layers lint-headers lint-format lint-tidy \
	lint-analyse lint-cppcheck lint-record format

deps: ## install the packages that the tests need
	@tests/deps.sh test

strict: ## gcc and clang, every warning an error
	+@$(MAKE) --no-print-directory -s STRICT=1 CC=gcc
	+@$(MAKE) --no-print-directory -s STRICT=1 CC=clang-14

lint: strict lint-layers lint-headers lint-format lint-cppcheck lint-tidy lint-analyse ## all of the lints, each a target of its own

lint-layers: ## layers, sizes, doors to secrets, words
	@tests/lint/lint.py

lint-headers: ## every header can be included alone
	@set -e; for header in src/*/*.h; do \
		$(CC) $(ANALYSE_FLAGS) -fsyntax-only -x c $$header; done

lint-format: ## clang-format would change nothing
	@clang-format-14 --dry-run -Werror $(FORMATTED)

format: ## let clang-format change it
	@clang-format-14 -i $(FORMATTED)

# memleak: it does not know the cleanup attribute; the sanitizers look.
lint-cppcheck:
	@cppcheck -q --std=c11 --enable=warning,style,performance,portability \
		--inline-suppr --error-exitcode=1 -Isrc -D_GNU_SOURCE \
		-DKR_VERSION='""' -D'cJSON_ArrayForEach(a,b)=for(;a;)' \
		--suppressions-list=tests/lint/cppcheck.txt src kubectl-keyrot.c

lint-tidy: ## clang-tidy, without the analyser
	@printf '%s\n' $(ANALYSED) | xargs -P 2 -n 8 tests/lint/tidy.sh \
		'-clang-analyzer-*' $(ANALYSE_FLAGS)

lint-analyse: ## clang's analyser: minutes, where a file has changed
	@tests/lint/analyse.py $(ANALYSE_FLAGS) $(ANALYSED)

lint-record: ## accept the callers of secret_expose() as they are
	@tests/lint/lint.py record

.PHONY: unit-valgrind

# NO_WIPE leaves the allocator to valgrind.
unit-valgrind: ## unit tests under valgrind
	+@$(MAKE) --no-print-directory -s NO_WIPE=1 unit-binary
	valgrind -q --error-exitcode=9 --leak-check=full \
		--errors-for-leak-kinds=definite build/$(VARIANT)-nowipe/unit-tests

unit-binary: $(B)/unit-tests

.PHONY: test-programs

# Each file tests/*/*.mk adds its own: TEST_PROGRAMS += file. Makes that run at
# the same time find them built.
TEST_PROGRAMS := kubectl-keyrot practice unit-binary

test-programs: ## build what tests run, but for the variants
	+@$(MAKE) --no-print-directory -s $(TEST_PROGRAMS)

.PHONY: contract contract-real

CONTRACT := python3 tests/contract/contract.py

contract: kubectl-keyrot practice ## contract cases on practice clusters; CASE="words" runs some
	@$(CONTRACT) practice $(CASE)

# Exit 3: there is no Go to build the clusters with.
contract-real: kubectl-keyrot ## the same cases on real clusters
	@$(CONTRACT) real $(CASE) || { status=$$?; [ $$status = 3 ] && \
		echo "the real-cluster part was skipped: no Go" || exit $$status; }

.PHONY: contract-variant repeats test

# With the program as it is built here, sanitizers and all.
contract-variant: $(B)/kubectl-keyrot
	+@$(MAKE) --no-print-directory -s SANITIZE= CC=cc practice
	@$(CONTRACT) practice --program $(B)/kubectl-keyrot $(CASE)

REPEATS := 20
REPEATED := apply owner race dry-run zero plan render status no-restart missing

repeats: $(B)/unit-tests kubectl-keyrot practice ## the fast tests, 20 times over
	@for i in $$(seq $(REPEATS)); do $(B)/unit-tests >build/repeats 2>&1 || { \
		cat build/repeats; exit 1; }; done
	@$(CONTRACT) practice --jobs 4 --repeat $(REPEATS) $(REPEATED)

test: ## all of it, but what is marked bench or takes long
	@tests/deps.sh test
	+@$(MAKE) --no-print-directory lint-layers strict unit cli-tests \
		practice-test contract store-test secrecy notify-tests \
		ledger-test gitops-test soak-check fleet-test demo sweep \
		kubeconfig-test contract-real

.PHONY: bench

bench: kubectl-keyrot practice ## what it costs, beside kubectl and curl (real cluster); BENCH=--small is shorter
	@python3 tests/bench/bench.py $(BENCH)
	@python3 tests/bench/bench_rotate.py

.PHONY: demo

demo: ## a rotation on two practice clusters, to watch; CLUSTER=real: on real ones
	@tests/deps.sh demo
	+@$(MAKE) --no-print-directory -s kubectl-keyrot practice
	@python3 tests/demo/demo.py $(CLUSTER)

.PHONY: pictures

pictures: kubectl-keyrot practice ## docs/pictures: what a terminal shows, taken from one (tmux)
	@python3 tests/demo/pictures.py

.PHONY: long fuzz-long repeats-long

# Each file tests/*/*.mk adds its own: LONG += target
LONG := sweep-long model-long fuzz-long repeats-long

long: ## what an ordinary run leaves out: hours
	+@set -e; for target in $(LONG); do printf '\n=== %s\n' $$target; \
		$(MAKE) --no-print-directory $$target; done

fuzz-long: ## three minutes for each parser
	+@$(MAKE) --no-print-directory -s FUZZ_SECONDS=180 fuzz

repeats-long: ## the fast tests, 1,000 times over
	+@$(MAKE) --no-print-directory -s REPEATS=1000 repeats
