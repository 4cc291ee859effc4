# The model of a rotation (Spin), and the orders that journals may have.

.PHONY: model model-long model-steps

model: ## every state of a rotation's model keeps the promises; mutants are caught
	@python3 tests/model/model.py

model-long: ## larger worlds: minutes, and some GiB
	@python3 tests/model/model.py --long

model-steps: ## the tables of the program, its steps and the model are the same
	@python3 tests/model/model.py --steps
