# Rotations that are interrupted at every step, and gone on with.

.PHONY: resume-test resume-real

# What real clusters could do otherwise; the rest is the program's own.
RESUME_REAL := lost another handed failure operators beside full terminal

resume-test: kubectl-keyrot practice ## interrupted rotations are gone on with, journal or not; RESUME="words" runs some
	@python3 tests/resume/resume.py practice $(RESUME)

resume-real: kubectl-keyrot ## ... on real clusters
	@python3 tests/resume/resume.py real --jobs 1 $(RESUME_REAL) || { status=$$?; [ $$status = 3 ] && \
		echo "the real-cluster part was skipped: no Go" || exit $$status; }
