# kubectl keyrot. `make help` lists what there is.
#
# Variants live side by side under build/: STRICT=1 turns warnings into errors
# (STRICT=all does where nothing is ever built without it, as .ci/run does),
# SANITIZE=address,undefined builds with sanitizers, NO_WIPE=1 leaves out the
# wiping allocator (valgrind, positive controls), CC=clang-14 works.

VERSION := 0.1.0

CC ?= cc
STRIP ?= strip
PKGS := libcurl openssl libcjson yaml-0.1
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null || \
	echo -lcurl -lssl -lcrypto -lcjson -lyaml) -lm

# STATIC=x86_64 or aarch64: everything in one file, by zig and musl. The
# libraries take minutes, once; krew/libraries.sh says where they are.
ifdef STATIC
LIBRARIES := $(shell krew/libraries.sh $(STATIC))
ifeq ($(LIBRARIES),)
$(error the libraries of the static executable could not be built)
endif
CC := $(LIBRARIES)/bin/zcc
AR := $(LIBRARIES)/bin/zar
PKG_CFLAGS := -isystem $(LIBRARIES)/include -isystem $(LIBRARIES)/include/cjson
PKG_LIBS := -L$(LIBRARIES)/lib -lcurl -lnghttp2 -lssl -lcrypto -lz -lcjson -lyaml
CPPFLAGS += -DCURL_STATICLIB -DKR_WRAP_FREE
CFLAGS := -Os -g0 -ffile-prefix-map=$(CURDIR)=.
LDFLAGS += -s -Wl,--wrap=free -Wl,--wrap=realloc
endif

# MACOS=x86_64 or aarch64: the same by zig for macOS. Nobody has run it yet.
ifdef MACOS
LIBRARIES := $(shell krew/libraries.sh $(MACOS)-macos)
CC := $(LIBRARIES)/bin/zcc
AR := $(LIBRARIES)/bin/zar
PKG_CFLAGS := -isystem $(LIBRARIES)/include -isystem $(LIBRARIES)/include/cjson
PKG_LIBS := -L$(LIBRARIES)/lib -lcurl -lnghttp2 -lssl -lcrypto -lz -lcjson -lyaml
CPPFLAGS += -DCURL_STATICLIB -D_DARWIN_C_SOURCE -DKR_NO_WIPE -include src/base/port.h
CFLAGS := -Os -g0 -ffile-prefix-map=$(CURDIR)=.
PLATFORM_LDFLAGS := -s
endif
PLATFORM_LDFLAGS ?= -pie -Wl,-z,relro,-z,now -Wl,--as-needed -Wl,--gc-sections

# Without pkg-config, or with libraries put elsewhere, CPPFLAGS and LDFLAGS say
# where; so this only explains what the compiler is going to complain about.
ifneq ($(STATIC)$(MACOS)$(shell pkg-config --exists $(PKGS) 2>/dev/null && echo yes),$(STATIC)$(MACOS)yes)
MISSING := $(shell tests/deps.sh --missing build)
ifneq ($(MISSING),)
$(warning Packages are missing: sudo apt-get install -y $(MISSING))
endif
endif

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wwrite-strings -Wcast-qual -Wformat=2 \
	-Wswitch-enum -Wundef
CPPFLAGS += -D_GNU_SOURCE -Isrc -DKR_VERSION='"$(VERSION)"'
# Small: what is waited for is the network and the loader, never this code.
CFLAGS ?= -Os -g
BASE_CFLAGS := -std=c17 -fPIE -fno-strict-aliasing -ffunction-sections -fdata-sections $(WARN) $(PKG_CFLAGS)
LDFLAGS += $(PLATFORM_LDFLAGS)

# Packed relative relocations: 36 KiB less, where the C library knows them.
ifneq ($(if $(STATIC)$(MACOS),,$(shell printf '2.36\n%s\n' "$$(getconf GNU_LIBC_VERSION 2>/dev/null | \
	cut -d' ' -f2)" | sort -CV && ld --help | grep pack-relative-relocs)),)
LDFLAGS += -Wl,-z,pack-relative-relocs
endif

VARIANT := $(if $(STATIC),static-$(STATIC),$(if $(MACOS),macos-$(MACOS),$(notdir $(firstword $(CC)))))
ifdef STRICT
BASE_CFLAGS += -Werror
ifneq ($(STRICT),all)
VARIANT := $(VARIANT)-strict
endif
endif
ifdef SANITIZE
BASE_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
	-fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SANITIZE)
CPPFLAGS += -DKR_NO_WIPE
comma := ,
VARIANT := $(VARIANT)-$(subst $(comma),-,$(SANITIZE))
else
BASE_CFLAGS += -fstack-protector-strong -fno-asynchronous-unwind-tables -fno-unwind-tables
ifndef NO_WIPE
CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
endif
# Which branches were taken, for tests/coverage; with NO_WIPE=1 CFLAGS=-O0.
ifdef COVERAGE
BASE_CFLAGS += --coverage -fprofile-update=atomic
LDFLAGS += --coverage
VARIANT := $(VARIANT)-coverage
endif
ifdef NO_WIPE
CPPFLAGS += -DKR_NO_WIPE
VARIANT := $(VARIANT)-nowipe
endif

B := build/$(VARIANT)

# A file in a layer's folder is part of the program: there is no second list
# to forget.
SRC := $(wildcard src/*/*.c)
OBJ := $(SRC:%.c=$(B)/%.o)

.DEFAULT_GOAL := all
.PHONY: all help clean program

all: kubectl-keyrot ## build ./kubectl-keyrot

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z0-9_-]*:.*## /{printf "  make %-18s %s\n", $$1, $$2}' \
		$(MAKEFILE_LIST)

kubectl-keyrot: $(B)/kubectl-keyrot
	@cp -f $< $@

# The one of this variant, where it was built.
program: $(B)/kubectl-keyrot

$(B)/libkeyrot.a: $(OBJ)
	@rm -f $@
	$(AR) qcs $@ $^

$(B)/kubectl-keyrot: $(B)/kubectl-keyrot.o $(B)/libkeyrot.a
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)

# The Makefile holds the flags.
$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(BASE_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

PREFIX ?= /usr/local
BINDIR := $(DESTDIR)$(PREFIX)/bin
SHAREDIR := $(DESTDIR)$(PREFIX)/share

# Where bash, zsh and fish look for them.
COMPLETIONS := bash-completion/completions/kubectl-keyrot \
	zsh/site-functions/_kubectl-keyrot \
	fish/vendor_completions.d/kubectl-keyrot.fish

.PHONY: install uninstall docs man

install: kubectl-keyrot man ## into PREFIX (/usr/local), below DESTDIR
	install -d $(BINDIR) $(SHAREDIR)/doc/kubectl-keyrot \
		$(dir $(COMPLETIONS:%=$(SHAREDIR)/%)) \
		$(SHAREDIR)/man/man1 $(SHAREDIR)/man/man5
	install -m 644 build/man/*.1 $(SHAREDIR)/man/man1
	install -m 644 build/man/*.5 $(SHAREDIR)/man/man5
	install -m 755 kubectl-keyrot kubectl_complete-keyrot $(BINDIR)
	install -m 644 LICENSE README.md docs/errors.md docs/reference.md \
		$(SHAREDIR)/doc/kubectl-keyrot
	./kubectl-keyrot completion bash > $(SHAREDIR)/$(word 1,$(COMPLETIONS))
	./kubectl-keyrot completion zsh > $(SHAREDIR)/$(word 2,$(COMPLETIONS))
	./kubectl-keyrot completion fish > $(SHAREDIR)/$(word 3,$(COMPLETIONS))

uninstall: ## what install put there
	rm -f $(BINDIR)/kubectl-keyrot $(BINDIR)/kubectl_complete-keyrot \
		$(COMPLETIONS:%=$(SHAREDIR)/%)
	rm -f $(SHAREDIR)/man/man1/kubectl-keyrot.1 \
		$(SHAREDIR)/man/man1/kubectl-keyrot-*.1 \
		$(SHAREDIR)/man/man5/keyrot.yaml.5
	rm -rf $(SHAREDIR)/doc/kubectl-keyrot

# Of the day of the last commit, so that it can be made again. Two makes may do
# it at the same time: each page is there or not.
man: kubectl-keyrot ## build/man: the manual pages, from the program's tables
	@mkdir -p build/man
	@export SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct \
		2>/dev/null || date +%s)}; \
	pages=$$(./kubectl-keyrot __man) || exit 1; \
	for page in $$pages; do \
		./kubectl-keyrot __man $$page >build/man-$$$$ && \
		mv build/man-$$$$ build/man/$$page || exit 1; done; \
	cd build/man && ls | grep -vxF "$$pages" | xargs -r rm -f

docs: kubectl-keyrot ## docs/reference.md, runbook.md and the schema of keyrot.yaml
	./kubectl-keyrot __reference > docs/reference.md
	./kubectl-keyrot __runbook > docs/runbook.md
	./kubectl-keyrot __schema > docs/schema/keyrot.schema.json

RELEASE_URL ?= https://keyrot.dev/releases
RELEASED := x86_64 aarch64

.PHONY: deb dist krew image macos

dist: ## dist/: static executables for Linux, their archives, sums and krew's manifest
	@tests/deps.sh dist
	+@set -e; for arch in $(RELEASED); do \
		$(MAKE) --no-print-directory -s STATIC=$$arch program; done
	@krew/build.py $(VERSION) $(RELEASE_URL) \
		"$$(krew/libraries.sh $(firstword $(RELEASED)))" \
		$(RELEASED:%=build/static-%/kubectl-keyrot)

macos: ## build/macos-*/kubectl-keyrot: what nobody has run yet
	+@set -e; for arch in $(RELEASED); do \
		$(MAKE) --no-print-directory -s MACOS=$$arch program; done

deb: dist ## dist/*.deb, from the static executables
	@for arch in $(RELEASED); do \
		krew/deb.sh $(VERSION) build/static-$$arch/kubectl-keyrot \
			"$$(krew/libraries.sh $$arch)" || exit 1; done

krew: dist ## plugin.yaml, krew's manifest, from the archives
	cp dist/keyrot.yaml plugin.yaml

image: dist ## dist/: an OCI image for each, of the executable and a CA bundle alone
	@for arch in amd64 arm64; do krew/image.sh $(VERSION) $$arch \
		dist/kubectl-keyrot-v$(VERSION)-linux-$$arch.tar.gz \
		dist/keyrot-image-$$arch.tar || exit 1; done
	@ls -1 dist/keyrot-image-*.tar

clean: ## remove everything that was built
	rm -rf build dist kubectl-keyrot

-include $(OBJ:.o=.d) $(B)/kubectl-keyrot.d
include tests/tests.mk
-include $(wildcard tests/*/*.mk)
