# What is released: static executables, archives, krew's manifest.

.PHONY: dist-test

dist-test: deb practice ## archives, packages, hardening, arm64, the same bytes twice; contract cases with the static executable
	@python3 tests/dist/dist.py
	@$(CONTRACT) practice --program build/static-$(shell uname -m)/kubectl-keyrot

.PHONY: contract-arm64 contract-arm64-part

# By a program that runs it: nothing is asked of the machine's own table of
# formats.
build/arm64/kubectl-keyrot: tests/dist/dist.mk
	@mkdir -p $(@D)
	@printf '#!/bin/sh\nexec qemu-aarch64-static %s "$$@"\n' \
		'$(abspath build/static-aarch64/kubectl-keyrot)' >$@
	@chmod 755 $@

contract-arm64: build/arm64/kubectl-keyrot ## contract cases with the arm64 executable, under qemu; CASE="words" runs some
	+@$(MAKE) --no-print-directory -s STATIC=aarch64 program
	+@$(MAKE) --no-print-directory -s practice
	@$(CONTRACT) practice --program $< $(CASE)

# One of each kind, for an ordinary run; emulated, a case takes seconds.
ARM64_PART := apply-first plan. status. verify. key-sources immutable \
	dry-run-server race-before-write unknown-authority keyring-apply \
	rotate-no-gates rollback. promote. validate-exit

contract-arm64-part: ## ... some of them
	+@$(MAKE) --no-print-directory -s CASE='$(ARM64_PART)' contract-arm64

LONG += contract-arm64
