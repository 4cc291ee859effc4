# Every allocation, failed: pieces of the program in one process, and whole
# commands.

.PHONY: alloc-fail alloc-binary alloc-drivers

ALLOC := $(B)/tests/alloc
ALLOC_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard \
	tests/fuzz/fuzz_*.c)))
ALLOC_OBJ := $(ALLOC_TARGETS:%=$(ALLOC)/fuzz_%.o) $(ALLOC)/drivers.o \
	$(ALLOC)/pieces.o $(ALLOC)/fail.o

alloc-fail: ## every allocation of parsers, journal, ledger and store failed
	+@$(MAKE) --no-print-directory -s NO_WIPE=1 alloc-drivers

.PHONY: alloc-commands alloc-commands-long

alloc-commands: sweep-tools build/alloc/fail.so ## some allocations of whole commands failed
	@python3 tests/alloc/commands.py

alloc-commands-long: sweep-tools build/alloc/fail.so ## ... every one
	@python3 tests/alloc/commands.py --long

build/alloc/fail.so: tests/alloc/fail.c tests/alloc/fail.h
	@mkdir -p $(@D)
	gcc $(SWEEP_CFLAGS) -DPRELOAD -fPIC -shared -fno-builtin -o $@ $< -ldl

TEST_PROGRAMS += build/alloc/fail.so

LONG += alloc-commands-long

# NO_WIPE: the counter is the allocator.
alloc-binary: $(B)/alloc-drivers

alloc-drivers: $(B)/alloc-drivers
	@$< tests/fuzz/corpus $(PIECE)

$(B)/alloc-drivers: $(ALLOC_OBJ) $(B)/libkeyrot.a
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)

$(ALLOC)/drivers.o: $(ALLOC)/alloc-targets.h
$(ALLOC)/%.o: CPPFLAGS += -Itests/alloc -I$(ALLOC)
$(ALLOC)/fail.o: CFLAGS += -fno-builtin
$(ALLOC)/fail.o $(ALLOC)/drivers.o: CFLAGS += -fasynchronous-unwind-tables

$(ALLOC)/alloc-targets.h: tests/alloc/alloc.mk
	@mkdir -p $(@D)
	@printf 'TARGET(%s)\n' $(ALLOC_TARGETS) > $@

$(ALLOC)/fuzz_%.o: tests/fuzz/fuzz_%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(BASE_CFLAGS) $(CFLAGS) \
		-DLLVMFuzzerTestOneInput=fuzz_$* -Dabort=fail_target \
		-D__assert_fail=fail_target_at -MMD -MP -c -o $@ $<

-include $(ALLOC_OBJ:.o=.d)
