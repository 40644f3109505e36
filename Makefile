# The two commands people need are `make run` and `make test`; each sets itself up.

PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
SOURCES = shared services tests bench
DISTRIBUTIONS = shared $(wildcard services/*)
TOOLS = pytest hypothesis
CHECKERS = ruff mypy mypy-zope types-PyYAML
READY = $(VENV)/ready

.PHONY: run test test-oldest lint types unit peers deb rpm system-test clean

run: $(READY)
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" sh docs/sample/run

test: lint types unit

# The behaviour of every part, against the real peers that `make peers` installs.
unit: $(READY) peers
	$(VENV)/bin/python -m pytest tests -m "not system"

# The same code on the versions that Debian 13 has.
test-oldest:
	$(MAKE) VENV=.venv-oldest CONSTRAINTS=constraints-oldest.txt CHECKERS= .venv-oldest/ready
	.venv-oldest/bin/python -m pytest tests -m "not integration and not system"

lint: $(READY)
	$(VENV)/bin/ruff check $(SOURCES)
	$(VENV)/bin/ruff format --check $(SOURCES)

types: $(READY)
	$(VENV)/bin/mypy -p fingerpost $(patsubst services/%,-p fingerpost_%,$(wildcard services/*))
	$(VENV)/bin/mypy tests bench

peers:
	@sh tests/peers

# Packages into dist/, built and checked in a Debian 13 of their own.
deb rpm:
	@deploy/packaging/needs
	@deploy/packaging/build $@ dist

# The packages, installed on a Debian 13 that is booted for it.
system-test: $(READY)
	@deploy/packaging/needs
	$(VENV)/bin/python -m pytest tests/system -m system --verbose --capture=no

$(READY): $(CONSTRAINTS) $(DISTRIBUTIONS:=/pyproject.toml)
	@sh tests/python $(PYTHON) $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) \
		$(addprefix -e ,$(DISTRIBUTIONS)) $(TOOLS) $(CHECKERS)
	@touch $@

clean:
	rm -rf .venv .venv-oldest run dist .mypy_cache .pytest_cache .ruff_cache .hypothesis bench/build
