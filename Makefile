# Two commands:
#   make demo    a working ledger with real and synthetic data, served at http://127.0.0.1:8080
#   make test    every test
# and make check (what CI runs), nightly (every test, with the large counts), demo-reset (start
# over), bench, lock, sbom, licences, clean.
# MINZHANG_HOST, _PORT, _DATA, _DSN and _LEDGER are honoured.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DESCRIPTION := setup.cfg pyproject.toml
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -le 8 ] && echo $$n || echo 8)
ARGS ?=
PYTEST_ARGS ?=

.PHONY: demo demo-reset test nightly check bench clean format sbom lock licences browser openssl faces
.DELETE_ON_ERROR:

demo: $(VENV)/for-demo
	@$(MAKE) -s faces || true  # without them PDFs show rare characters by their numbers, and say so
	@exec $(BIN)/minzhang demo $(ARGS)

demo-reset: $(VENV)/for-demo
	@exec $(BIN)/minzhang demo --reset $(ARGS)

bench: $(VENV)/for-bench
	@exec $(BIN)/minzhang bench $(ARGS)

test: $(VENV)/for-test browser openssl faces
	@exec $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

# The same tests with the counts of tests/profiles.py for the night; they are printed first.
nightly: export MINZHANG_TEST_PROFILE := nightly
nightly: test

check: $(VENV)/for-check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	sh .ci/check-wheel $(BIN)/python
	$(BIN)/python .ci/audit $(BIN)/python -m pip_audit
	$(BIN)/python .ci/sbom $(BIN)/python $(BIN)/cyclonedx-py sbom.json
	$(MAKE) test

# Pin what setup.cfg asks for; what is pinned already stays, unless `make lock ARGS=--upgrade`.
lock: $(VENV)/for-check
	$(BIN)/python .ci/lock $(BIN)/uv $(ARGS)

# All packages with versions, licences and hashes (CycloneDX).
sbom: $(VENV)/for-check
	$(BIN)/python .ci/sbom $(BIN)/python $(BIN)/cyclonedx-py sbom.json

# docs/licences.md, from what the packages declare.
licences: $(VENV)/for-bench $(VENV)/for-check
	$(BIN)/python .ci/licences

format: $(VENV)/for-check
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The pages are tested in the system's Chromium, with fonts for Chinese.
browser:
	@command -v chromium >/dev/null || sh .ci/need "to test pages" chromium
	@fc-list :lang=zh-cn 2>/dev/null | grep -q . || sh .ci/need "to show Chinese" fontconfig fonts-noto-cjk

# Typefaces for PDFs, with the rare characters of people's names (api/pdf_faces.py).
faces:
	@[ -f /usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf ] && \
	  [ -f /usr/share/fonts/truetype/hanazono/HanaMinB.ttf ] || \
	  sh .ci/need "to write PDFs" fonts-droid-fallback fonts-hanazono

# An authority for time stamps of the tests' own; what a page for auditors tells them to use.
openssl:
	@command -v openssl >/dev/null || sh .ci/need "to test time stamps" openssl
	@command -v curl >/dev/null || sh .ci/need "to run the commands of docs/verifying-the-log.md" curl

# Each file below notes that its part is installed; the second run finds it and goes on.
$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "需要 Python 3.11 或更高版本：make PYTHON=… / Python 3.11 or newer is needed: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh .ci/need "to create a virtual environment" python3-venv
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# LOCKED=no goes by the ranges of setup.cfg instead of what requirements/ pins (.ci/install).
$(VENV)/for-demo: $(VENV)/created $(DESCRIPTION) requirements/demo.txt
	@sh .ci/install $(BIN)/python demo
	@touch $@

$(VENV)/for-bench: $(VENV)/created $(DESCRIPTION) requirements/bench.txt
	@sh .ci/install $(BIN)/python bench bench
	@touch $(VENV)/for-demo $@

$(VENV)/for-test: $(VENV)/created $(DESCRIPTION) requirements/test.txt
	@sh .ci/install $(BIN)/python test test
	@touch $(VENV)/for-demo $@

$(VENV)/for-check: $(VENV)/created $(DESCRIPTION) requirements/check.txt
	@sh .ci/install $(BIN)/python check test,check
	@touch $(VENV)/for-demo $(VENV)/for-test $@
