# Two commands on a fresh machine with Python 3.11 and nothing else: `make run`, `make test`.
PYTHON ?= python3
RUN := .venv
DEV := .venv-dev
PIP := pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: run eval test coverage check lint types architecture bench campaign lock clean

run: $(RUN)/ready            ## the main job: a refund in the sandbox, and who, why and what proves it
	$(RUN)/bin/agentctl run refund-assistant

eval: $(RUN)/ready           ## the golden cases, compared with what was blessed
	$(RUN)/bin/agentctl eval refund-assistant

test: $(DEV)/ready           ## all tests but the long counts
	$(DEV)/bin/python -m pytest -q -n auto --dist worksteal -m "not campaign"

coverage: $(DEV)/ready       ## the same tests, and what they reach
	$(DEV)/bin/python -m pytest -q -n auto --dist worksteal -m "not campaign" --durations=15 --cov --cov-report=
	$(DEV)/bin/coverage report --skip-covered --fail-under=90
	$(DEV)/bin/coverage report --include="agentctl/gateway/*,agentctl/runtime/*,agentctl/events/*,agentctl/contract/*" --fail-under=100

check: lint types architecture coverage   ## everything CI does

lint: $(DEV)/ready
	$(DEV)/bin/ruff check .
	$(DEV)/bin/ruff format --check .

types: $(DEV)/ready
	$(DEV)/bin/mypy

architecture: $(DEV)/ready
	$(DEV)/bin/lint-imports

bench: $(DEV)/ready          ## ratios, side by side with floors, into benchmarks/RESULTS.md
	for part in runs evals http_clients policy store start; do $(DEV)/bin/python -m benchmarks.$$part || exit 1; done

campaign: $(DEV)/ready       ## the long counts
	$(DEV)/bin/python -m pytest -n auto -m campaign --timeout=3600

lock: $(DEV)/ready           ## make the lock files anew from pyproject.toml
	$(DEV)/bin/python scripts/lock.py $(UPGRADE)

# The light lock has no litellm: the sandbox and OpenAI-compatible servers do not need it.
$(RUN)/ready: requirements-run.lock pyproject.toml
	$(PYTHON) -m venv $(RUN)
	$(RUN)/bin/$(PIP) -r requirements-run.lock
	$(RUN)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(DEV)/ready: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/$(PIP) -r requirements-dev.lock
	$(DEV)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf $(RUN) $(DEV) .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
