# Rotations that are interrupted at every step, and gone on with.

.PHONY: resume-test resume-real

resume-test: kubectl-keyrot practice ## interrupted rotations are gone on with, journal or not
	@python3 tests/resume/resume.py practice

resume-real: kubectl-keyrot ## ... on real clusters
	@python3 tests/resume/resume.py real || { status=$$?; [ $$status = 3 ] && \
		echo "the real-cluster part was skipped: no Go" || exit $$status; }
