# What the sweeps put under the program: a store, and a seam at the disk.

SWEEP := build/sweep
SWEEP_CFLAGS := -std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wshadow \
	-Wconversion -Wstrict-prototypes -Wvla -Wwrite-strings -Wformat=2

$(SWEEP)/store: tests/sweep/store.c | $(SWEEP)
	gcc $(SWEEP_CFLAGS) -o $@ $<

$(SWEEP)/seam.so: tests/sweep/seam.c | $(SWEEP)
	gcc $(SWEEP_CFLAGS) -U_FORTIFY_SOURCE -fPIC -shared -o $@ $< -ldl

$(SWEEP)/killer: tests/sweep/killer.c | $(SWEEP)
	gcc $(SWEEP_CFLAGS) -o $@ $<

$(SWEEP):
	mkdir -p $@

TEST_PROGRAMS += sweep-tools $(SWEEP)/killer

.PHONY: sweep-tools
sweep-tools: kubectl-keyrot practice $(SWEEP)/store $(SWEEP)/seam.so

.PHONY: sweep sweep-long

sweep: sweep-tools ## one fault a case, through apply, rotate, rollback and resume; SWEEP_ARGS="--path apply" runs some
	@python3 tests/sweep/sweep.py $(SWEEP_ARGS)

sweep-long: sweep-tools ## all of them: about 20 minutes
	@python3 tests/sweep/sweep.py --long

.PHONY: kill-sweep

kill-sweep: sweep-tools ## SIGKILL at every point of a rotation and its roll-back, then resume
	@python3 tests/sweep/kill.py $(KILL_ARGS)

.PHONY: syscall-kills syscall-kills-long

syscall-kills: sweep-tools $(SWEEP)/killer ## SIGKILL at system calls of a rotation, some of them, then resume
	@python3 tests/sweep/syscalls.py

syscall-kills-long: sweep-tools $(SWEEP)/killer ## ... at every one
	@python3 tests/sweep/syscalls.py --long

LONG += syscall-kills-long

.PHONY: pairs pairs-long

pairs: sweep-tools ## two faults in the window between store, Secret and restart, some pairs of them
	@python3 tests/sweep/pairs.py $(PAIRS)

pairs-long: sweep-tools ## ... all pairs, and random ones of everything: hours
	@python3 tests/sweep/pairs.py --long

LONG += pairs-long
