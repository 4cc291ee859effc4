# Fuzzing with libFuzzer: each tests/fuzz/fuzz_<target>.c, for a bounded time,
# starting from tests/fuzz/corpus/<target>/. What is found stays in
# build/fuzz/<target>-crash-*; new inputs are kept in build/fuzz/corpus.

FUZZ_CC ?= clang-14
FUZZ_SECONDS ?= 20
# 0: another one each time.
FUZZ_SEED ?= 0
FUZZ_VARIANT := build/fuzz
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard \
	tests/fuzz/fuzz_*.c)))
FUZZ_CFLAGS := -std=c17 -g -O1 $(WARN) $(PKG_CFLAGS) -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_OBJ := $(SRC:%.c=$(FUZZ_VARIANT)/%.o)

.PHONY: fuzz $(FUZZ_TARGETS:%=fuzz-%)

# Fewer of them, or fewer runs of one, is a failure.
FUZZ_LEAST := 12
FUZZ_RUNS_LEAST := 500

fuzz: $(FUZZ_TARGETS:%=fuzz-%) ## fuzz each parser for FUZZ_SECONDS (20)
	@echo "$(words $(FUZZ_TARGETS)) targets" && \
		[ $(words $(FUZZ_TARGETS)) -ge $(FUZZ_LEAST) ]

$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: $(FUZZ_VARIANT)/fuzz_%
	@mkdir -p $(FUZZ_VARIANT)/corpus/$*
	@echo "fuzz $* for $(FUZZ_SECONDS) s"
	@ASAN_OPTIONS=detect_leaks=1 $< -max_total_time=$(FUZZ_SECONDS) \
		-seed=$(FUZZ_SEED) \
		-max_len=16384 -timeout=10 -rss_limit_mb=1024 \
		-print_final_stats=1 -artifact_prefix=$(FUZZ_VARIANT)/$*- \
		$(FUZZ_VARIANT)/corpus/$* tests/fuzz/corpus/$* \
		> $(FUZZ_VARIANT)/$*.log 2>&1 || \
		{ tail -60 $(FUZZ_VARIANT)/$*.log; exit 1; }
	@grep -E 'number_of_executed_units|new_units' $(FUZZ_VARIANT)/$*.log
	@awk '/number_of_executed_units/ { runs = $$2 } \
		END { exit runs < $(FUZZ_RUNS_LEAST) }' $(FUZZ_VARIANT)/$*.log

$(FUZZ_VARIANT)/libkeyrot.a: $(FUZZ_OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^

$(FUZZ_VARIANT)/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_VARIANT)/libkeyrot.a
	$(FUZZ_CC) -D_GNU_SOURCE -DKR_NO_WIPE -DKR_VERSION='"$(VERSION)"' \
		-Isrc -Itests/fuzz $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ \
		$(PKG_LIBS)

$(FUZZ_VARIANT)/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) -D_GNU_SOURCE -DKR_NO_WIPE -DKR_VERSION='"$(VERSION)"' \
		-Isrc $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c \
		-o $@ $<

.SECONDARY: $(FUZZ_OBJ)
-include $(FUZZ_OBJ:.o=.d)
