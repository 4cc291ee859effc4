# Reminders.

.PHONY: schedule-test image-test schedule-real

schedule-test: kubectl-keyrot practice ## calendars (Radicale), monitoring, manifests; SCHEDULE="ics" runs some
	@tests/deps.sh schedule
	@python3 -B tests/schedule/test_schedule.py $(SCHEDULE)

image-test: image ## what is in the images, that they run, the same bytes twice
	@python3 -B tests/schedule/test_image.py

# Exit 3: there is no Go to build the cluster with.
schedule-real: kubectl-keyrot image ## the CronJob on a real cluster, run as its pod would be; its Role is the smallest
	@python3 -B tests/schedule/test_cluster.py dist/keyrot-image-amd64.tar || \
		{ status=$$?; [ $$status = 3 ] && \
		echo "the real-cluster part was skipped: no Go" || exit $$status; }
