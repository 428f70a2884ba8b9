# Two commands matter: `make run` and `make test`. Both install what is missing first (see docs/install.md) and may be
# repeated at any time; the second run installs nothing. `make help` lists the rest.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UI     := crates/web/ui
STAMPS := target/stamps
DEMO   ?= ./var/demo
# Debian 12 carries a Node.js that is too old for the UI's tools; .ci/install puts a newer one here, and only then.
export PATH := $(CURDIR)/target/tools/node_modules/.bin:$(PATH)

UI_SOURCES := $(shell find $(UI) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/var/*' 2>/dev/null)

.PHONY: help run build ui test fmt lint bench clean install-run install-test \
        check-format check-lints check-dependencies check-ui check-code check-docs check-fuzz

help: ## lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

run: build ## installs what is missing, builds, and starts the demo center in var/demo
	exec target/release/hotline demo --dir $(DEMO)

build: install-run $(STAMPS)/ui-built ## installs what is missing and builds the UI and the release binary
	cargo build --release --locked -p hotline

ui: install-run $(STAMPS)/ui-built ## builds the browser UI alone

test: install-test check-format check-ui check-lints check-dependencies check-code check-docs check-fuzz ## proves everything
	@echo "make test: everything passed."

fmt: ## formats the Rust code
	cargo fmt --all

lint: install-test check-format check-ui check-lints check-dependencies ## formatting, lints and dependencies only

bench: build ## times the whole center in virtual time (100 000 calls)
	time target/release/hotline simulate --seed 1 --calls 100000

clean: ## removes everything that was built; keeps var/
	rm -rf target $(UI)/dist $(UI)/node_modules tests/fuzz/target tests/fuzz/corpus tests/fuzz/artifacts

# --- the parts of the above -------------------------------------------------------------------------------------------

install-run:
	@.ci/install run

install-test:
	@.ci/install test

# The installed packages follow the lock file, the built UI follows its sources. Both stamps live under target/.
$(STAMPS)/ui-packages: $(UI)/package-lock.json | install-run
	cd $(UI) && npm ci --no-audit --no-fund
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/ui-built: $(STAMPS)/ui-packages $(UI_SOURCES) | install-run
	cd $(UI) && npm run build
	@mkdir -p $(STAMPS) && touch $@

check-format:
	cargo fmt --all --check

# The UI is checked before the Rust code, because the web crate embeds what it builds.
check-ui: $(STAMPS)/ui-built
	cd $(UI) && npm run lint
	cd $(UI) && npm test
	cd $(UI) && npm run test:browser
	cd $(UI) && npm run size

check-lints: $(STAMPS)/ui-built
	cargo clippy --workspace --all-targets --locked -- -D warnings

check-dependencies:
	.ci/dependencies

# The interop tests start the binary as a program of its own, so it is built before the tests that need it.
check-code: $(STAMPS)/ui-built
	cargo build --locked -p hotline
	cargo nextest run --workspace --locked

check-docs: $(STAMPS)/ui-built
	cargo test --workspace --locked --doc

# Every parser of what strangers send, for half a minute each: HOTLINE_FUZZ_SECONDS=3600 make check-fuzz for an hour.
check-fuzz:
	tests/fuzz/all
