# The practice API server, for tests and the demo: build/practice/keyrot-practice

PRACTICE_SRCS := main.c util.c times.c base64.c json.c kinds.c store.c \
	status.c fieldset.c fieldops.c managed.c patch.c secrets.c objects.c \
	selector.c render.c events.c read.c write.c verbs.c delete.c auth.c \
	reviews.c watch.c discovery.c api.c logs.c kubelet.c podsteps.c podstatus.c podlog.c pods.c \
	loop.c replicaset.c deployment.c deploystatus.c sets.c jobs.c pki.c kubeconfig.c \
	fault.c faultreply.c body.c serve.c server.c scenario.c control.c \
	yamltree.c
PRACTICE_OBJS := $(PRACTICE_SRCS:%.c=build/practice/%.o)
PRACTICE_CFLAGS := -std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wpedantic \
	-Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wwrite-strings -Wcast-qual -Wformat=2 -Wswitch-enum -Wundef -pthread \
	$(if $(STRICT),-Werror) $(PRACTICE_EXTRA)
PRACTICE_LIBS := -lmicrohttpd -lgnutls -lcjson -lyaml -pthread

build/practice/keyrot-practice: $(PRACTICE_OBJS)
	$(CC) $(PRACTICE_CFLAGS) -o $@ $(PRACTICE_OBJS) $(PRACTICE_LIBS)

build/practice/%.o: tests/practice/%.c | build/practice
	$(CC) $(PRACTICE_CFLAGS) -MMD -MP -c -o $@ $<

build/practice:
	mkdir -p $@

-include $(PRACTICE_OBJS:.o=.d)

.PHONY: practice practice-test
practice: build/practice/keyrot-practice ## the practice API server (tests/practice/PRACTICE.md)

practice-test: build/practice/keyrot-practice ## the practice clusters tested by themselves
	python3 tests/practice/selftest.py
