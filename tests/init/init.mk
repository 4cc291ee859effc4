# init: keyrot.yaml from what clusters show.

.PHONY: init-test init-real

init-test: kubectl-keyrot practice ## init on practice clusters; INIT="twice" runs some
	@python3 tests/init/test_init.py practice $(INIT)

# Exit 3: there is no Go to build the clusters with.
init-real: kubectl-keyrot ## the same on real clusters
	@python3 tests/init/test_init.py real $(INIT) || { status=$$?; \
		[ $$status = 3 ] && \
		echo "the real-cluster part was skipped: no Go" || exit $$status; }
