.DEFAULT_GOAL := help
BIN := .venv/bin

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-9s %s\n", $$1, $$2}'

setup: ## Make .venv with everything for development
	@python3 manage.py test --version

run: ## Start the whole platform on this machine
	@python3 manage.py quickstart

test: ## Run the tests
	@python3 manage.py test

check: ## Run the whole gate, as CI does
	@.ci/run

fix: ## Format code and templates, fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@find templates -name '*.html' -print0 | xargs -0 -r $(BIN)/djade --target-version 5.2

lock: ## Pin requirements with hashes; versions younger than a week wait
	@for name in requirements requirements-dev requirements-embedded requirements-uv; do \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-emit-find-links --exclude-newer "$$(date -u -d '7 days ago' +%F)" \
			$$name.in -o $$name.txt; \
	done

migrate: ## Bring the databases of a running quick start up to date
	@$(BIN)/python manage.py upgrade

.PHONY: help setup run test check fix lock migrate
