# Rotations in a loop, for hours, on real clusters, while things go wrong.

.PHONY: soak-test

SOAK_MINUTES := 120

# Exit 3: there is no Go to build the clusters with.
soak-test: kubectl-keyrot ## SOAK_MINUTES (120) of rotations on real clusters with kills and faults; SEED=N does what that one did
	@python3 -B tests/soaktest/soaktest.py --minutes $(SOAK_MINUTES) \
		$(if $(SEED),--seed $(SEED)) $(SOAK_ARGS) || { status=$$?; \
		[ $$status = 3 ] && \
		echo "the real-cluster part was skipped: no Go" || exit $$status; }

LONG += soak-test
