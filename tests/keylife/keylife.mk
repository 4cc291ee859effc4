# For how long a key is in memory.

.PHONY: key-lifetime

key-lifetime: sweep-tools build/keylife/keylife.so ## how long a key is in memory in apply, rotate, rollback and resume
	@python3 tests/keylife/keylife.py $(KEYLIFE)

build/keylife/keylife.so: tests/keylife/keylife.c
	@mkdir -p $(@D)
	gcc $(SWEEP_CFLAGS) -U_FORTIFY_SOURCE -fPIC -shared -o $@ $< -ldl
