# What a disk may hold after a power cut, at every point of real runs.

.PHONY: power-loss

$(B)/power-check: $(B)/tests/power/check.o $(B)/libkeyrot.a
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)

build/power/record.so: tests/power/record.c
	@mkdir -p $(@D)
	gcc $(SWEEP_CFLAGS) -U_FORTIFY_SOURCE -fPIC -shared -o $@ $< -ldl

power-loss: sweep-tools $(B)/power-check build/power/record.so ## power cuts at every point of real runs: journal, ledger, file store
	@python3 tests/power/power.py $(B)/power-check

TEST_PROGRAMS += $(B)/power-check build/power/record.so

-include $(B)/tests/power/check.d
