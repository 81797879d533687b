# Everything is done in .venv, which `make setup` makes; the other targets call it themselves.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
MODULES := clients/typescript/node_modules/.package-lock.json
AUDIT := build/audit
PIP := -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes
PIP_INSTALL := $(BIN)/python $(PIP)
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help setup setup-browser setup-typescript demo serve test lint types check accuracy evidence bench bench-long fuzz \
	soak lock docs page-picture licences audit sbom image-check image-figures clean

help:  ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /    make \1 \t/p' $(MAKEFILE_LIST) | expand -t 24

setup: $(INSTALLED)  ## Make .venv with all packages, and fetch the models; does nothing when that is done
	@$(BIN)/python -m posture.model fetch >/dev/null

$(INSTALLED): requirements_runpod.lock requirements_dev.lock scripts/system_packages.sh
	@scripts/system_packages.sh $(PYTHON)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@echo "Installing the packages into .venv (800 MB, about a minute)"
	@$(PIP_INSTALL) -r requirements_runpod.lock
	@$(PIP_INSTALL) -r requirements_dev.lock
	@touch $@

setup-browser: setup  ## Bring Chromium for the tests that look at pages, which are skipped without one
	@scripts/browser.sh $(BIN)/python

setup-typescript: $(MODULES)  ## Bring what the tests of clients/typescript need, which are skipped without: Node, its packages

$(MODULES): clients/typescript/package-lock.json
	@scripts/typescript.sh
	@touch $@

demo: setup  ## Measure the demo images through the handler
	@$(BIN)/python test_runpod_local.py

serve: setup  ## Answer at 127.0.0.1:8000 as an endpoint of RunPod's does, with this machine's worker
	@$(BIN)/python -m posture serve

test: setup  ## Run the tests and print the coverage
	@$(BIN)/python -m pytest --cov --numprocesses=auto --dist=worksteal

lint: setup  ## Check style
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/shellcheck --external-sources build_and_deploy.sh scripts/*.sh .ci/run
	@$(BIN)/hadolint Dockerfile

types: setup  ## Check types
	@$(BIN)/mypy

check: lint types test  ## lint, types and test, as CI does

accuracy: setup  ## Measure the figures with known angles: demo images, and the folder in POSTURE_TRUTH
	@$(BIN)/python -m bench.accuracy

evidence: setup  ## Remake posture/evidence.json from the folder in POSTURE_TRUTH
	@$(BIN)/python -m bench.accuracy.evidence

bench: setup  ## Measure how fast the worker is, beside the machine and the SDK, in 5 minutes: bench/README.md
	@$(BIN)/python -m bench.speed

bench-long: setup  ## The same with 2,000 jobs, 12-megapixel photos and latency under load
	@$(BIN)/python -m bench.speed --long

fuzz: setup  ## Try 100,000 inputs that nobody meant, and the properties of the tests on as many examples: 4 minutes
	@$(BIN)/python -m pytest --no-header -m hypothesis --hypothesis-profile=fuzz
	@$(BIN)/python -m bench.faults.fuzz

soak: setup  ## 2,000 jobs at full load while the platform and the machine fail: none is lost, none is wrong; 8 minutes
	@$(BIN)/python -m bench.faults.soak

lock: setup  ## Remake the locks from the pinned requirements; with UPGRADE=1 the unpinned to their newest
	$(LOCK) --no-emit-package opencv-contrib-python requirements_runpod.txt -o requirements_runpod.lock
	$(LOCK) --constraints requirements_runpod.lock requirements_dev.txt -o requirements_dev.lock
	$(LOCK) --constraints requirements_runpod.lock requirements_audit.txt -o requirements_audit.lock

docs: setup  ## Remake what is made from the code in README.md, docs/, the schemas and Hub files
	@$(BIN)/python -m docs.make

page-picture: setup-browser  ## Remake docs/page.jpg, the README's picture of the page
	@$(BIN)/python -m testing.page_picture

licences: setup  ## Remake the table of docs/THIRD_PARTY.md from the installed packages
	@sed -i '/^| Name /,$$d' docs/THIRD_PARTY.md
	@$(BIN)/pip-licenses --with-system --format=markdown >>docs/THIRD_PARTY.md \
		--packages $$(sed -n 's/^\([a-z0-9-]*\)==.*/\1/p' requirements_runpod.lock | sort -u)

$(AUDIT)/.installed: requirements_audit.lock
	@$(PYTHON) -m venv --clear $(AUDIT)
	@$(AUDIT)/bin/python $(PIP) -r requirements_audit.lock
	@touch $@

audit: $(AUDIT)/.installed  ## Look up the locked packages' known vulnerabilities: needs the network, says when it was not run
	@$(AUDIT)/bin/python -m scripts.audit

sbom: $(AUDIT)/.installed  ## Write build/sbom.cdx.json: the image's Python packages with their hashes, as CycloneDX
	@$(AUDIT)/bin/python -m scripts.locks | $(AUDIT)/bin/cyclonedx-py requirements - --output-reproducible \
		--output-format JSON --output-file build/sbom.cdx.json

image-check:  ## Build the image with docker, podman or buildah, and prove inside it that it works
	@PYTHON=$(PYTHON) scripts/image_check.sh

image-figures:  ## The image's size and start beside those of one made in the obvious way
	@PYTHON=$(PYTHON) scripts/image_figures.sh

clean:  ## Remove .venv and what the tools keep
	rm -rf build .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
	rm -rf clients/typescript/dist clients/typescript/node_modules clients/typescript/schema.ts
