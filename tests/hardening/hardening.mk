# How the executable is made, and what it is made of.

.PHONY: hardening-test

hardening-test: kubectl-keyrot practice ## the executable's protections, at rest and running; every dependency is listed
	@python3 -B tests/hardening/test_hardening.py $(HARDENING)
