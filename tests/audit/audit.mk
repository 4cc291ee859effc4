# The API server's audit log as witness of whole rotations.

.PHONY: audit-test

# Exit 3: there is no Go to build the clusters with.
audit-test: kubectl-keyrot ## real clusters, a user with the Role that doctor prints and no more; the audit log is the judge
	@python3 -B tests/audit/test_audit.py $(AUDIT) || { status=$$?; \
		[ $$status = 3 ] && \
		echo "the real-cluster part was skipped: no Go" || exit $$status; }
