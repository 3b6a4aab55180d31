# Everything a person does with this repository, one word each. Every target sets up what it needs first
# (tools/setup: pinned, resumable, nothing to do the second time).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PATH := /usr/bin:/bin:/usr/sbin:/sbin:$(PATH)
export BATON_DEPS ?= $(HOME)/.cache/baton
JOBS ?= $(or $(BATON_JOBS),$(shell nproc))
DATA ?= ../shared/data
FUZZ_SECONDS ?= 30
SOAK_SECONDS ?= 600

.PHONY: help demo demo-stop test test-sanitized build check fmt bench eval fuzz soak conformance clean
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## from a bare machine to answers: set-up, build, models, eight questions
	@tools/setup demo
	@tools/build release baton
	@build/baton models pull --all --dir models
	@tools/demo

demo-stop: ## end the server that make demo left running
	@tools/demo --stop

test: ## set-up, build, unit tests (foundations also with sanitizers), integration tests; last line: N passed, M failed
	@tools/setup test
	@tools/run_tests

test-sanitized: ## the same with all unit tests under address and undefined-behaviour sanitizers
	@tools/setup test
	@tools/run_tests --sanitized

build: ## build/baton
	@tools/setup demo
	@tools/build release

check: ## layers, words, lengths, layout, clang's warnings and lint
	@tools/setup check
	@tools/check

fmt: ## lay out every source file
	@tools/setup check
	@git ls-files '*.cc' '*.h' | xargs clang-format-16 -i

bench: ## the short benchmark; results are printed and go to build/bench
	@tools/setup bench
	@tools/build release
	@build/baton models pull --all --dir models
	@bench/run

eval: ## policies on every recorded set under DATA (../shared/data); writes docs/results/learned_routing.md; takes an hour
	@tools/setup demo
	@tools/build release baton
	@build/baton models pull --all --dir models
	@bench/eval_all --data $(DATA)

fuzz: ## every fuzz target for FUZZ_SECONDS (30)
	@tools/setup check
	@tools/build fuzz fuzzers
	@tools/fuzz $(FUZZ_SECONDS)

conformance: ## the vendors' own clients against every dialect; writes docs/compatibility.md
	@tools/setup test
	@tools/build release
	@test/sdk/run
	@$${BATON_TRAIN_PYTHON:-python3} examples/train_7b/test_train.py

soak: ## load for SOAK_SECONDS (600); fails when memory grows
	@tools/setup bench
	@tools/build release
	@bench/soak $(SOAK_SECONDS)

clean: ## remove build/ (the cache of third-party builds stays)
	rm -rf build
