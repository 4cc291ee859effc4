# Bugs that the tests have to notice: tests/bugs/*.patch

.PHONY: seeded-bugs

seeded-bugs: kubectl-keyrot unit-binary sweep-tools ## known bugs, put in one at a time: a test fails for each; SEEDED="words" tries some
	@python3 tests/bugs/run.py $(SEEDED)

LONG += seeded-bugs
