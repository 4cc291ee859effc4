# The ledger: exhaustive changes, speed, the published vectors.

.PHONY: ledger-test ledger-bench

LEDGER_SAMPLE := $(B)/tests/ledger/sample.o $(B)/libkeyrot.a

ledger-test: $(B)/ledger-mutate ## every change of a ledger is found
	$(B)/ledger-mutate

ledger-bench: $(B)/ledger-bench ## lines that are verified in a second
	@$(B)/ledger-bench

$(B)/ledger-mutate $(B)/ledger-bench $(B)/ledger-play: $(B)/ledger-%: $(B)/tests/ledger/%.o \
		$(LEDGER_SAMPLE)
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)

$(B)/tests/ledger/%.o: CPPFLAGS += -Itests/ledger

-include $(wildcard $(B)/tests/ledger/*.d)
