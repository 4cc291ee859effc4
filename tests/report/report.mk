# The report of a rotation.

.PHONY: report-test

report-test: kubectl-keyrot practice ## reports of real rotations, in a browser; REPORT="words" runs some
	@tests/deps.sh report
	@python3 -B -W ignore tests/report/test_report.py $(REPORT)
