# The contract suite of the stores: the same cases for each of them.

STORETOOL := $(B)/tests/store/storetool

.PHONY: store-test

$(STORETOOL): $(B)/tests/store/storetool.o $(B)/libkeyrot.a
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)

store-test: $(STORETOOL) kubectl-keyrot ## the stores, with the real programs; STORE="k" runs some
	python3 tests/store/run.py --tool $(STORETOOL) $(STORE)

TEST_PROGRAMS += $(STORETOOL)

-include $(B)/tests/store/storetool.d
