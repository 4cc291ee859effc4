# The program as it is, in a simulated world: README.md beside this file.

.PHONY: simulate simulate-long interleave interleave-long

SIM := $(B)/tests/sim
SIM_OBJ := $(patsubst tests/sim/%.c,$(SIM)/%.o,$(filter-out \
	tests/sim/cluster.c,$(wildcard tests/sim/*.c))) $(SIM)/keyrot.o \
	$(SIM)/clusters.o
# What the world binds in place of the system's.
SIM_WRAPPED := clock_gettime time getrandom RAND_bytes RAND_priv_bytes getpid \
	kill gethostname pthread_create pthread_join pthread_mutex_lock \
	pthread_cond_timedwait pthread_cond_signal execve proc_run
# The clusters' engine: without its server, its faults and its main().
SIM_ENGINE := $(filter-out $(addprefix $(PRACTICE)/,body.o control.o fault.o \
	faultreply.o kubeconfig.o main.o pki.o serve.o server.o),$(PRACTICE_OBJS))

$(B)/simulate: $(SIM_OBJ) $(B)/libkeyrot.a
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) \
		$(SIM_WRAPPED:%=-Wl,--wrap=%) $(PKG_LIBS) -lgnutls -pthread

$(SIM)/%.o: CPPFLAGS += -Itests/sim

$(SIM)/keyrot.o: kubectl-keyrot.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(BASE_CFLAGS) $(CFLAGS) -Wno-missing-prototypes \
		-Dmain=keyrot_main -c -o $@ $<

# One object that shows the names of cluster.h alone: some of the others are
# the program's, too.
$(SIM)/clusters.o: $(SIM)/cluster.o $(SIM_ENGINE)
	$(LD) -r -o $@.all $^
	objcopy --wildcard --keep-global-symbol='simcluster_*' $@.all $@
	@rm -f $@.all

-include $(SIM_OBJ:.o=.d) $(SIM)/cluster.d

SEED :=
simulate: $(B)/simulate ## schedules of the program in a simulated world; SEED=n replays one
	@$< $(if $(SEED),--seed $(SEED),--count 1000 --twice 150 --floor 1000)

simulate-long: $(B)/simulate ## ... 100,000 of them
	@$< --from 1000000 --count 100000 --twice 1000 --floor 100000

# A rotation has the Lease: of most orders one operator sees the beginning
# alone. Two that apply meet in each of them.
ORDER :=
STOP :=
STOPS := 1000
interleave: $(B)/simulate ## two rotations in every order of their actions, one stopped for longer than its Lease; ORDER=, STOP= replay one
	@$< $(if $(ORDER),--order $(ORDER),$(if $(STOP),--stop $(STOP),\
		--interleave rotate --stops $(STOPS)))

interleave-long: $(B)/simulate ## ... and two that apply
	@$< --interleave apply

# ... for those that run at the same time.
TEST_PROGRAMS += $(B)/simulate

LONG += simulate-long interleave-long
