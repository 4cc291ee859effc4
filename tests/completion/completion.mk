# Completion in the shells that people have.

.PHONY: completion-test

completion-test: kubectl-keyrot practice ## bash, zsh, fish, kubectl; SHELLS="zsh" runs what holds the word
	@python3 tests/completion/test_completion.py $(SHELLS)
