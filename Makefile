# install · demo · test · check · up · bench — the same commands CI runs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: install demo up test check lint types browser histories previews bench lock clean

install: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: install            ## one store opening, end to end; exits 0 only if every stage happened
	$(BIN)/journeys demo

up: install              ## the embedded stack, staying up until Ctrl-C
	$(BIN)/journeys up

test: install            ## the whole test suite; whole stacks come last, with the machine to themselves
	$(BIN)/pytest -n 3 --dist loadfile --ignore tests/stack
	$(BIN)/pytest tests/stack

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: install
	$(BIN)/mypy

check: lint types test   ## everything CI runs

browser:                 ## Chromium for the tests of the pages (Debian, as root); without it they are skipped
	command -v chromium >/dev/null || { apt-get update -q && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium; }

histories: install       ## record the stored workflow histories again (needs a CHANGELOG line)
	$(BIN)/python -m tests.record_histories

previews: install        ## write the golden previews of the playbooks again; look at the diff
	$(BIN)/python -m starter.preview.golden

bench: install
	$(BIN)/python -m bench

lock:                    ## resolve the dependencies anew (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
	  --extra embedded --extra dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) .data
