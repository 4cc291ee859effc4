# Git, Argo CD, pipelines.

.PHONY: gitops-test gitops-real

gitops-test: kubectl-keyrot practice ## keys in Git, requests, Argo CD, hooks, pipelines; GITOPS="check" runs some
	@python3 tests/gitops/run.py $(GITOPS)

# Exit 3: there is no Go to build the clusters with.
gitops-real: kubectl-keyrot ## what an API server has to say to it: real clusters, Argo CD's part played
	@GITOPS_REAL=1 python3 tests/gitops/run.py $(or $(GITOPS),run_once \
		refresh api self_heal_would hook.) || { status=$$?; \
		[ $$status = 3 ] && echo "the real-cluster part was skipped: no Go" \
		|| exit $$status; }

.PHONY: gitops-argo
LONG += gitops-argo

gitops-argo: kubectl-keyrot ## the same with Argo CD itself, built once: minutes; GITOPS="hook" runs some
	@GITOPS_ARGO=1 python3 tests/gitops/run.py $(GITOPS) || { status=$$?; \
		[ $$status = 3 ] && echo "Argo CD was skipped: no Go" || \
		exit $$status; }
