# The practice API server, for tests and the demo: build/practice/keyrot-practice

# Sanitized builds and those of other compilers stand beside it.
comma := ,
PRACTICE := build/practice$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
PRACTICE := $(PRACTICE)$(if $(findstring clang,$(CC)),-$(notdir $(CC)))

PRACTICE_SRCS := api.c auth.c base64.c body.c conflicts.c control.c delete.c \
	deployment.c deploystatus.c discovery.c events.c fault.c \
	faultreply.c fieldops.c fieldset.c invalid.c jobs.c json.c kinds.c \
	kubeconfig.c kubelet.c logs.c loop.c main.c managed.c objects.c openapi.c \
	options.c patch.c pki.c podlog.c quota.c pods.c podstatus.c podsteps.c \
	read.c render.c replicaset.c reviews.c scale.c scenario.c secrets.c \
	selector.c serve.c server.c sets.c status.c store.c times.c util.c \
	validate.c verbs.c watch.c write.c yamltree.c
PRACTICE_OBJS := $(PRACTICE_SRCS:%.c=$(PRACTICE)/%.o)
PRACTICE_CFLAGS := -std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wpedantic \
	-Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wwrite-strings -Wcast-qual -Wformat=2 -Wswitch-enum -Wundef -pthread \
	$(if $(STRICT),-Werror) \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer)
PRACTICE_LIBS := -lmicrohttpd -lgnutls -lcjson -lyaml -pthread

$(PRACTICE)/keyrot-practice: $(PRACTICE_OBJS)
	$(CC) $(PRACTICE_CFLAGS) -o $@ $(PRACTICE_OBJS) $(PRACTICE_LIBS)

$(PRACTICE)/%.o: tests/practice/%.c | $(PRACTICE)
	$(CC) $(PRACTICE_CFLAGS) -MMD -MP -c -o $@ $<

$(PRACTICE):
	mkdir -p $@

-include $(PRACTICE_OBJS:.o=.d)

.PHONY: practice practice-test
practice: $(PRACTICE)/keyrot-practice ## the practice API server (tests/practice/PRACTICE.md)

practice-test: $(PRACTICE)/keyrot-practice ## the practice clusters tested by themselves
	PRACTICE=$(CURDIR)/$(PRACTICE)/keyrot-practice python3 tests/practice/selftest.py
