# A thin alias for the two commands; Windows users find the same without make in README.md.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help reproduce test verify lab report claims lock seal student lint clean spark bench

help:  ## list these targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

reproduce: $(VENV)/ready  ## run the notebooks, write figures, print the exhibit table
	$(RUN) -m churnlib reproduce

test: $(VENV)/ready  ## unit tests, doctests, and every notebook against its outputs
	$(RUN) -m pytest -n 2 --dist loadscope --no-loadscope-reorder

verify: $(VENV)/ready  ## the reviewer's protocol: run everything twice in a scratch clone and compare
	$(RUN) -m churnlib verify

lab: $(VENV)/ready  ## open the notebooks in JupyterLab
	$(RUN) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks

report: $(VENV)/ready  ## write the report as Word, in both languages, and the notebooks as pages
	$(RUN) -m churnlib report

claims: $(VENV)/ready  ## print the verdict on each of the 32 statements
	$(RUN) -m churnlib claims

lint: $(VENV)/ready  ## ruff and mypy
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

seal: $(VENV)/ready  ## after a deliberate edit of data/: write the new checksums
	$(RUN) -m churnlib seal

student: $(VENV)/ready  ## notebooks without solutions: make student FOLDER=../course
	@test -n "$(FOLDER)" || { echo 'error: say where to write them: make student FOLDER=../course' >&2; exit 2; }
	$(RUN) -m churnlib student "$(FOLDER)"

COMPILE := uv pip compile pyproject.toml --universal --fork-strategy fewest --python-version 3.11 --upgrade \
	--generate-hashes --no-annotate --no-header --no-emit-index-url --quiet

# Spark weighs 400 MB and needs Java: a lock of its own, on top of the first and never against it.
lock:  ## resolve the dependencies anew (needs uv)
	$(COMPILE) --extra notebooks --extra dev -o requirements.lock
	$(COMPILE) --extra spark --extra notebooks --extra dev -o requirements-spark.lock -c requirements.lock

spark: $(VENV)/ready-spark  ## add PySpark, for its tests and for clusters (needs Java 17)

bench: $(VENV)/ready  ## time the claims about speed and memory, write benchmarks/results.md
	@command -v Rscript >/dev/null || apt-get install -qq -y r-base-core || \
	  echo "R is not installed and could not be: rows that compare with it will say so" >&2
	$(RUN) -m benchmarks

clean:  ## remove the environment and caches
	rm -rf $(VENV) .churnlib .pytest_cache .hypothesis .mypy_cache .ruff_cache

# Made anew whenever the lock or the package description changes.
$(VENV)/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Python 3.11 or newer is needed, and '$(PYTHON)' is older; name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --retries 10 --require-hashes -r requirements.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# PySpark comes as source, which pip builds apart from the environment; its hash is in the lock.
$(VENV)/ready-spark: $(VENV)/ready requirements-spark.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check --retries 10 --require-hashes -r requirements-spark.lock
	@touch $@
