# make needs python3 (3.11 or newer) and a network connection. Everything that it installs goes to .venv.
SHELL := /bin/bash
PYTHON := python3
VENV := .venv
PY := $(VENV)/bin/python
DEV := $(VENV)/.dev
# What make demo needs: the packages for development if they are installed, else only those of the demo
DEMO := $(if $(wildcard $(DEV)),$(DEV),$(VENV)/.demo)

.PHONY: help demo test bench crowd board fuzz chaos laws mutants containers image lint audit sbom docs pythons clean

help:  ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

$(VENV)/.%: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is missing: install Python 3.11 or newer"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make: $$($(PYTHON) --version) is too old: install Python 3.11 or newer (make PYTHON=python3.12)"; exit 1; }
	@$(PYTHON) deploy/install.py $(VENV) $*
	@touch $@

demo: $(DEMO)  ## Run the whole pipeline here with a sample week, print the totals, and stop; KEEP=1 keeps it running, with the board
	@$(VENV)/bin/bordertally demo $(if $(KEEP),--keep)

# Commands and workers start 0.2 s sooner when their modules are compiled, also where Python may not write bytecode.
COMPILE := $(PY) -m compileall -q $(addprefix src/bordertally/,agents streams __init__.py)

# Test files that run at once: much of their time they wait for servers.
JOBS := 2

test: $(DEV)  ## Run lint, type checks, the audit and all tests (real Apache Kafka needs Java and Maven)
	@echo "==> ruff"; $(VENV)/bin/ruff check --quiet . && $(VENV)/bin/ruff format --quiet --check .
	@echo "==> mypy --strict"; $(VENV)/bin/mypy
	@echo "==> pip-audit"; $(PY) tests/audit.py
	@$(COMPILE)
	@echo "==> pytest, $(JOBS) files at a time"; $(VENV)/bin/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0

# For bench; say, make bench ROUNDS=1 DAYS=15 SYSTEMS=bordertally,bytewax
ROUNDS := 3
DAYS := 60
SLOTS := 40
SYSTEMS := bordertally,bytewax,quix,aiokafka,kstreams

bench: $(DEV)  ## Measure throughput against other engines: ROUNDS=3 DAYS=60 SYSTEMS=bordertally,bytewax (needs Java and Maven)
	@$(COMPILE)
	@PYTHONPATH=tests $(PY) -m benchmarks run --rounds $(ROUNDS) --days $(DAYS) --slots $(SLOTS) --systems $(SYSTEMS)

# For fuzz: how many seconds
FOR := 60

fuzz: $(DEV)  ## Fuzz the intake with random bytes, guided by coverage: FOR=60 seconds (installs atheris)
	@$(PY) -c 'import atheris' 2>/dev/null || $(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fuzz]'
	@PYTHONPATH=tests $(PY) -m fuzz -max_total_time=$(FOR) -print_final_stats=1

# For crowd; say, make crowd CLIENTS=2000 RATE=50
CLIENTS := 1000
RATE := 20

crowd: $(DEV)  ## Measure one gateway with many clients on its stream: CLIENTS=1000 RATE=20 (needs Java and Maven)
	@PYTHONPATH=tests $(PY) -m benchmarks.crowd --clients $(CLIENTS) --rate $(RATE)

# For board: how many flows
FLOWS := 10000

board: $(DEV)  ## Measure the board with many flows in Chromium: FLOWS=10000 (needs Java, Maven and Chromium)
	@FLOWS=$(FLOWS) $(VENV)/bin/pytest -q -s --timeout 1200 tests/board/crowded_board.py

# For chaos: the same seed means the same faults in the same order; CLUSTER=3 for three brokers
SEED := 1
FAULTS := $(if $(CLUSTER),14,50)

chaos: $(DEV)  ## Kill, pause and refuse for ten minutes, and compare every figure: SEED=1 FAULTS=50 CLUSTER=3 (needs Java and Maven)
	@PYTHONPATH=tests $(PY) -m chaos --seed $(SEED) --faults $(FAULTS) $(if $(CLUSTER),--cluster)

laws: $(DEV)  ## Test the laws of tests/properties on all their examples (make test takes 1 in 5 of them)
	@$(COMPILE)
	@LAWS=every $(VENV)/bin/pytest --timeout 1800 -n $(JOBS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0 tests/properties

# For mutants: the same seed puts the same faults into the same code
MUTANTS := 100

mutants: $(DEV)  ## Put small faults into the code, one at a time, and see whether a quick test fails: SEED=1 MUTANTS=100 JOBS=2 (an hour; resumes)
	@PYTHONPATH=tests nice -n 10 $(PY) -m mutants --seed $(SEED) --number $(MUTANTS) --jobs $(JOBS)

containers: $(DEV)  ## Run docker-compose.yml on a Docker Engine of its own and use it (root; needs dockerd and mmdebstrap)
	@$(VENV)/bin/pytest -v -s tests/deploy/containers_by_docker.py

image: $(DEV)  ## Build the image on a Docker Engine of its own, with a stand-in for its base (root; needs dockerd and mmdebstrap)
	@PYTHONPATH=tests:tests/deploy $(PY) tests/deploy/stand_ins.py

lint: $(DEV)  ## Run lint and type checks only
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy

audit: $(DEV)  ## Look up known vulnerabilities of the installed packages, where pip-audit can
	@$(PY) tests/audit.py

sbom: $(DEV)  ## Write the software bill of materials (CycloneDX) to build/bordertally.cdx.json
	@$(PY) deploy/sbom.py build/bordertally.cdx.json

docs: $(DEV)  ## Write the generated parts of docs/ again
	@$(PY) -m bordertally.agents.cli.pages

pythons: $(DEV)  ## Install the wheel with each Python 3.11 to 3.13 found here, and run the sample and the unit tests with it
	@PYTHONS=every $(VENV)/bin/pytest -v --timeout 1800 tests/archives/test_pythons.py

clean:  ## Remove what make has made
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist src/*.egg-info
