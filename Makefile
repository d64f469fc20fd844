# make help says what there is. Works with GNU make 3.81 (macOS) and in a folder with a space in its name: paths are relative.

.DEFAULT_GOAL := help
.PHONY: help setup demo night test lint types format docs coverage soak mutants bench audit build lock clean moved
.SUFFIXES:

INSTALLED := .venv/.installed
PACKAGES := $(wildcard */pyproject.toml)

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## /\1  /p' Makefile | awk '{ name = $$1; $$1 = ""; printf "make %-8s%s\n", name, $$0 }'

setup: $(INSTALLED) ## Install everything into .venv; the other targets do it by themselves.

demo: $(INSTALLED) ## A retailer's year from a local sandbox into a local warehouse.
	@tools/clean lightspeed-sandbox demo

night: $(INSTALLED) ## A night of twenty made-up accounts in Airflow on this machine; ARGS="--sandbox 50 --workers 4".
	@tools/clean orchestrate/up --night --sandbox 20 $(ARGS)

test: $(INSTALLED) ## Run the tests; ARGS="-k name" chooses some.
	@tools/clean pytest -n 3 --dist loadfile --no-loadscope-reorder tests $(ARGS)

lint: $(INSTALLED) ## Check style and format.
	@tools/clean ruff check .
	@tools/clean ruff format --check --quiet .

types: $(INSTALLED) ## Check the types.
	@tools/clean mypy

format: $(INSTALLED) ## Mend style and format where that is safe.
	@tools/clean ruff check --fix-only --quiet .
	@tools/clean ruff format --quiet .

bench: $(INSTALLED) ## Measure this tap and its peers side by side; ARGS=--quick takes three minutes.
	@tools/clean python -m benchmarks $(ARGS)

build: $(INSTALLED) ## Build wheels and source archives of the four packages into dist/.
	@rm -rf dist && for package in $(dir $(PACKAGES)); do \
	    (PATH="$(CURDIR)/.venv/bin:$$PATH" && cd $$package && hatchling build -d ../dist) || exit 1; \
	done

docs: ## Build the site of the docs into .docs/site.
	@tools/clean tools/docs

coverage: $(INSTALLED) ## Run the tests and say which lines of the shipped packages none of them reached.
	@rm -rf .coverage && mkdir .coverage
	@COVERAGE_FILE="$(CURDIR)/.coverage/data" tools/clean coverage run -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder $(ARGS); \
	    passed=$$?; tools/clean coverage combine -q && tools/clean coverage report && exit $$passed

soak: $(INSTALLED) ## An hour of simulated weeks with faults, checked after each; ARGS="--minutes 5 --seed 2".
	@tools/clean python -m tests.soak $(ARGS)

mutants: $(INSTALLED) ## Change the code in small ways and say what no test notices; ARGS="pacing --most 50".
	@tools/clean python tools/mutants.py $(ARGS)

audit: $(INSTALLED) ## Look up known weaknesses of the dependencies; ARGS=--strict fails where that is not possible.
	@tools/clean python tools/audit.py $(ARGS)

lock: ## Write requirements.txt anew; ARGS=--upgrade takes newer versions.
	@tools/lock $(ARGS)

clean: ## Remove what the other targets made, the demo's data included.
	@for data in .demo/warehouse .demo/demo-warehouse; do \
	    .venv/bin/lightspeed-sandbox warehouse stop --delete --warehouse $$data || :; \
	done 2>/dev/null
	@rm -rf .venv .airflow/venv .audit .mutants .coverage dist .demo .docs .bench .hypothesis .mypy_cache .pytest_cache .ruff_cache

# An environment knows where it lies: a copied or moved tree needs one of its own.
ifneq ($(shell cat .venv/.installed 2>/dev/null),$(shell pwd))
$(INSTALLED): moved
endif

$(INSTALLED): requirements.txt $(PACKAGES) tools/setup
	@tools/setup
