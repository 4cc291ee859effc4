# What is released: static executables, archives, krew's manifest.

.PHONY: dist-test

dist-test: deb practice ## archives, packages, hardening, arm64, the same bytes twice; contract cases with the static executable
	@python3 tests/dist/dist.py
	@$(CONTRACT) practice --program build/static-$(shell uname -m)/kubectl-keyrot
