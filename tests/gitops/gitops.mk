# Git, Argo CD, pipelines.

.PHONY: gitops-test

gitops-test: kubectl-keyrot practice ## keys in Git, requests, Argo CD, hooks, pipelines; GITOPS="check" runs some
	@python3 tests/gitops/run.py $(GITOPS)
