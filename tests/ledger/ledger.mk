# The ledger: exhaustive changes, published vectors, real signatures, speed.

.PHONY: ledger-test ledger-mutate ledger-vectors ledger-cli ledger-bench

LEDGER_SAMPLE := $(B)/tests/ledger/sample.o $(B)/libkeyrot.a

ledger-test: ledger-vectors ledger-cli ledger-mutate ## the ledger: every change is found, vectors, signatures

ledger-mutate: $(B)/ledger-mutate
	$(B)/ledger-mutate

ledger-vectors: $(B)/kubectl-keyrot
	@KEYROT=$(abspath $(B)/kubectl-keyrot) python3 -B \
		tests/ledger/ledger.py vectors tests/ledger/vectors

ledger-cli: $(B)/kubectl-keyrot $(B)/ledger-play
	KEYROT=$(abspath $(B)/kubectl-keyrot) \
		LEDGER_PLAY=$(abspath $(B)/ledger-play) \
		python3 -B -m unittest discover -s tests/ledger -p 'test_*.py' \
		$(LEDGER_TESTS)

ledger-bench: $(B)/ledger-bench ## lines that are verified in a second
	@$(B)/ledger-bench

$(B)/ledger-mutate $(B)/ledger-bench $(B)/ledger-play: $(B)/ledger-%: \
		$(B)/tests/ledger/%.o $(LEDGER_SAMPLE)
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)

TEST_PROGRAMS += $(B)/ledger-mutate $(B)/ledger-play

$(B)/tests/ledger/%.o: CPPFLAGS += -Itests/ledger

-include $(wildcard $(B)/tests/ledger/*.d)
