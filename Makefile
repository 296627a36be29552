# python3 (3.11 or newer), make and a network are all that is needed. Everything installed goes to .venv.
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.PHONY: help demo test bench crowd fuzz chaos laws lint audit docs clean

help:  ## What can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

$(STAMP): pyproject.toml constraints.txt
	@command -v python3 >/dev/null || { echo "python3 is missing: install Python 3.11 or newer"; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "python3 is too old: $$(python3 --version), 3.11 or newer is needed"; exit 1; }
	@echo "==> making $(VENV) and installing bordertally (once; about a minute)"
	@python3 -m venv $(VENV) || { echo "python3 cannot make a virtual environment: install its venv module (Debian: apt-get install python3-venv)"; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]' \
	  || { echo "installing failed: is the network there? See the lines above"; exit 1; }
	@touch $@

demo: $(STAMP)  ## Run everything on this machine with the sample week, show what comes of it, stop; KEEP=1 leaves it running, with the board
	@$(VENV)/bin/bordertally demo $(if $(KEEP),--keep)

# Test files that run at once: much of their time they wait for servers.
JOBS := 2

test: $(STAMP)  ## Lint, types, and all tests (real Apache Kafka needs Java and Maven)
	@echo "==> ruff"; $(VENV)/bin/ruff check --quiet . && $(VENV)/bin/ruff format --quiet --check .
	@echo "==> mypy --strict"; $(VENV)/bin/mypy
	@echo "==> pip-audit"; $(PY) tests/audit.py
	@echo "==> pytest, $(JOBS) files at a time"; $(VENV)/bin/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

# For bench; say, make bench ROUNDS=1 DAYS=15 SYSTEMS=bordertally,bytewax
ROUNDS := 3
DAYS := 60
SLOTS := 40
SYSTEMS := bordertally,bytewax,quix,aiokafka,kstreams

bench: $(STAMP)  ## Measure it beside other engines: ROUNDS=3 DAYS=60 SYSTEMS=bordertally,bytewax (needs Java and Maven)
	@PYTHONPATH=tests $(PY) -m benchmarks run --rounds $(ROUNDS) --days $(DAYS) --slots $(SLOTS) --systems $(SYSTEMS)

# For fuzz: how many seconds
FOR := 60

fuzz: $(STAMP)  ## Try bytes on the intake, led by coverage: FOR=60 seconds (needs atheris, which pip gets)
	@$(PY) -c 'import atheris' 2>/dev/null || $(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fuzz]'
	@PYTHONPATH=tests $(PY) -m fuzz -max_total_time=$(FOR) -print_final_stats=1

# For crowd; say, make crowd CLIENTS=2000 RATE=50
CLIENTS := 1000
RATE := 20

crowd: $(STAMP)  ## Measure so many clients on one gateway's stream: CLIENTS=1000 RATE=20 (needs Java and Maven)
	@PYTHONPATH=tests $(PY) -m benchmarks.crowd --clients $(CLIENTS) --rate $(RATE)

# For chaos: the same seed means the same faults in the same order
SEED := 1
FAULTS := 50

chaos: $(STAMP)  ## Ten minutes of kills, pauses and refusals, everything compared: SEED=1 FAULTS=50 (needs Java and Maven)
	@PYTHONPATH=tests $(PY) -m chaos --seed $(SEED) --faults $(FAULTS)

laws: $(STAMP)  ## The laws of tests/properties on all their examples, thousands of worlds; make test tries 4 in 10 of them
	@LAWS=every $(VENV)/bin/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder tests/properties

lint: $(STAMP)  ## Lint and types only
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy

audit: $(STAMP)  ## Known vulnerabilities of what is installed, where pip-audit can look them up
	@$(PY) tests/audit.py

docs: $(STAMP)  ## Write the generated pages of docs/ anew
	@$(PY) -m bordertally.agents.cli.pages

clean:  ## Remove what make made
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
