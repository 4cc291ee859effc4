# Fuzzing with libFuzzer: each tests/fuzz/fuzz_<target>.c, for a bounded time,
# starting from tests/fuzz/corpus/<target>/. What is found stays in
# build/fuzz/<target>-crash-*; new inputs are kept in build/fuzz/corpus.

FUZZ_CC ?= clang-14
# A sanitized build that counts edges, too, is the one of the fuzzers.
FUZZ_SANITIZE := address,undefined,fuzzer-no-link
FUZZ_SECONDS ?= 20
# 0: another one each time.
FUZZ_SEED ?= 0
# Of one input; a machine that others use is slow.
FUZZ_TIMEOUT := 30
FUZZ := build/fuzz
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard \
	tests/fuzz/fuzz_*.c)))

FUZZ_FOR = ASAN_OPTIONS=detect_leaks=1 $< -seed=$(FUZZ_SEED) \
	-max_len=16384 -timeout=$(FUZZ_TIMEOUT) -rss_limit_mb=1024 \
	-print_final_stats=1 -artifact_prefix=$(FUZZ)/$(1)- \
	$(FUZZ)/corpus/$(1) tests/fuzz/corpus/$(1)
FUZZ_TOLD = > $(FUZZ)/$*.log 2>&1 || { tail -60 $(FUZZ)/$*.log; exit 1; }
FUZZ_ENOUGH = awk '/number_of_executed_units/ { runs = $$2 } \
	END { exit runs < $(FUZZ_RUNS_LEAST) }' $(FUZZ)/$*.log

.PHONY: fuzz fuzz-echo-control fuzz-all fuzz-build $(FUZZ_TARGETS:%=fuzz-%)

# What was refused, and looked through for what it quotes of its input.
FUZZ_ECHOES_LEAST := 2000

# Fewer of them, or fewer runs of one, is a failure.
FUZZ_LEAST := 12
FUZZ_RUNS_LEAST := 500

fuzz: ## fuzz each parser for FUZZ_SECONDS (20)
	+@$(MAKE) --no-print-directory -s CC=$(FUZZ_CC) \
		SANITIZE=$(FUZZ_SANITIZE) fuzz-all

fuzz-build: $(FUZZ_TARGETS:%=$(B)/tests/fuzz/%) $(B)/tests/fuzz/echo-control

fuzz-all: $(FUZZ_TARGETS:%=fuzz-%) fuzz-echo-control
	@awk '/^echo: [0-9]+ errors/ { n += $$2 } \
		END { printf "echo: %d errors quote nothing of their input\n", n; \
		      exit n < $(FUZZ_ECHOES_LEAST) }' \
		$(FUZZ_TARGETS:%=$(FUZZ)/%.log)
	@echo "$(words $(FUZZ_TARGETS)) targets" && \
		[ $(words $(FUZZ_TARGETS)) -ge $(FUZZ_LEAST) ]

$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: $(B)/tests/fuzz/%
	@mkdir -p $(FUZZ)/corpus/$*
	@echo "fuzz $* for $(FUZZ_SECONDS) s"
	@$(call FUZZ_FOR,$*) -max_total_time=$(FUZZ_SECONDS)$(FUZZ_TOLD)
	@$(FUZZ_ENOUGH) || { echo "a slow machine: it goes on"; \
		$(call FUZZ_FOR,$*) -runs=$(FUZZ_RUNS_LEAST)$(FUZZ_TOLD); }
	@grep -E 'number_of_executed_units|new_units' $(FUZZ)/$*.log
	@$(FUZZ_ENOUGH)

$(FUZZ_TARGETS:%=$(B)/tests/fuzz/%): $(B)/tests/fuzz/%: \
		$(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/echo_%.o \
		$(B)/libkeyrot.a
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDFLAGS) \
		$(PKG_LIBS)

# A parser that quotes, each time: every one is found.
fuzz-echo-control: $(B)/tests/fuzz/echo-control
	@mkdir -p $(FUZZ)
	@ASAN_OPTIONS=detect_leaks=1 $< -runs=0 \
		-artifact_prefix=$(FUZZ)/echo-control- tests/fuzz/corpus/* \
		> $(FUZZ)/echo-control.log 2>&1
	@grep -E '^echoes planted' $(FUZZ)/echo-control.log
	@awk '/^echoes planted/ { planted = $$3 + 0; found = $$5 } \
		END { exit planted < 2000 || found != planted }' \
		$(FUZZ)/echo-control.log

$(B)/tests/fuzz/echo-control: $(B)/tests/fuzz/echocontrol.o \
		$(B)/tests/fuzz/echo_control.o $(B)/libkeyrot.a
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDFLAGS) \
		$(PKG_LIBS)

# The search is no part of what is fuzzed, and sees all of memory.
$(B)/tests/fuzz/echo_%.o: tests/fuzz/echo.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -DFUZZ_TARGET='"$*"' -std=c17 -fPIE -O2 $(WARN) \
		$(PKG_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/echocontrol.o: CPPFLAGS += \
	-include tests/fuzz/echo.h

$(B)/tests/fuzz/%.o: CPPFLAGS += -Itests/fuzz

-include $(wildcard $(B)/tests/fuzz/*.d)
.SECONDARY: $(FUZZ_TARGETS:%=$(B)/tests/fuzz/echo_%.o)
