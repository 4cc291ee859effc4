# Reminders.

.PHONY: schedule-test

schedule-test: kubectl-keyrot practice ## calendars (Radicale), monitoring, manifests; SCHEDULE="ics" runs some
	@tests/deps.sh schedule
	@python3 -B tests/schedule/test_schedule.py $(SCHEDULE)
