# Every target sets up what it needs itself: `make demo` on a clean clone is enough.
# It refuses to hold anything but the order of things: the work is in .ci/ and in the tools' own settings.

python := .venv/bin/python
pins := pyproject.toml uv.lock .ci/environment

# The system's tools (ip, modprobe) may lie outside an ordinary user's path.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin

.PHONY: help demo test coverage docs check style format types types-again layers mutants conformance benchmark clean
.DELETE_ON_ERROR:

help:
	@echo "make demo       see what Rewire does"
	@echo "make test       run every test that this machine can run"
	@echo "make coverage   branches of domain and projections that no test takes"
	@echo "make docs       write the reference of commands and facts from the code"
	@echo "make check      style, format, types and layers; --keep-going tells of all that fails"
	@echo "make mutants    faults put into the domain that no test of it finds; COUNT=300 of them, by chance"
	@echo "make conformance  random histories on real kernels and in the simulator, compared; COUNT=1000 of them, from SEED=1 on"
	@echo "make benchmark  measure"
	@echo "make clean      remove what the others made"

demo: .venv/.runtime
	@.venv/bin/rewire demo

test: .venv/.complete
	@.ci/packages
	$(python) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: style format types types-again layers

style: .venv/.complete
	$(python) -m ruff check

format: .venv/.complete
	$(python) -m ruff format --check

types: .venv/.complete
	$(python) -m mypy

types-again: .venv/.complete
	$(python) -m pyright

layers: .venv/.complete
	.venv/bin/lint-imports

coverage: .venv/.complete
	$(python) -m pytest -q --cov --cov-report=term-missing tests/domain tests/projections tests/machines tests/test_examples.py

docs: .venv/.complete
	$(python) -m rewire.reference

mutants: .venv/.complete
	@.ci/environment --group mutation
	@.ci/mutants $(COUNT)

conformance: .venv/.complete
	@.ci/packages
	@$(python) -m tests.conformance $(or $(COUNT),1000) $(or $(SEED),1)

benchmark: .venv/.complete
	@set -e; for file in $(sort $(wildcard benchmarks/*.py)); do echo "== $$file"; $(python) $$file; done

clean:
	rm -rf .venv .uv dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache mutants
	find . -name __pycache__ -prune -exec rm -rf {} +

# Stamps, so that a second run starts at once. What runs Rewire is a part of what tests it.
.venv/.runtime: $(pins)
	@.ci/environment --no-dev
	@touch $@

.venv/.complete: $(pins)
	@.ci/environment
	@touch .venv/.runtime $@
