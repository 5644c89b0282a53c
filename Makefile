# Martlet. `make` alone lists what there is.
#
# One configuration (release) serves `run`, `test` and `bench`: the tests exercise the binary that ships, and the
# dependencies are compiled once.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help deps native build run test check format fuzz fuzz-coverage bench bench-serving bench-tracking bench-gate bench-monitoring bench-loop bench-pipelines bench-learning clean

configuration ?= release
binary := .build/$(configuration)/martlet
# The import check refuses an `import` of a sibling module that the manifest does not declare.
swift_build := swift build -c $(configuration) --explicit-target-dependency-import-check error
swift_sources := Package.swift Sources Tests

help: ## List the targets
	@echo "Martlet: the whole MLOps loop in one binary. Targets:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Install the system packages that are missing (apt-get, with sudo when not root)
	@scripts/install-deps

native: deps ## Fetch the pinned model libraries (XGBoost, LightGBM, ONNX Runtime)
	@scripts/fetch-native

build: deps ## Build .build/release/martlet
	@echo "==> Building martlet ($(configuration)); the first build compiles the dependencies and takes some minutes"
	@$(swift_build) --product martlet

run: native build ## Install what is missing, build and start the demo
	@echo "==> Starting the demo"
	@exec $(binary) demo

test: native ## Run everything that CI runs; ends with "N passed, N failed"
	@exec python3 scripts/run-tests --configuration $(configuration) all

check: deps ## Formatter, linter and tidy rules
	@exec python3 scripts/run-tests --configuration $(configuration) check

format: deps ## Rewrite the sources in the repository's format
	@swift format -i -p -r $(swift_sources)
	@scripts/make-venv
	@.build/venv/bin/ruff format --quiet && .build/venv/bin/ruff check --quiet --fix

# What to fuzz, for how many seconds, from which seed (0 takes another one each time), or one input to try again.
FUZZ_TARGET ?=
FUZZ_SECONDS ?= 60
FUZZ_SEED ?= 0
FUZZ_INPUT ?=

fuzz: deps ## Fuzz every parser for a minute; FUZZ_TARGET, FUZZ_SECONDS, FUZZ_SEED, FUZZ_INPUT
	@$(swift_build) --product Fuzzing
	@exec scripts/fuzz --program .build/$(configuration)/Fuzzing --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED) \
		$(if $(FUZZ_INPUT),--input $(FUZZ_INPUT)) $(FUZZ_TARGET)

# libFuzzer is in the toolchain; every module is compiled anew to count what inputs reach.
fuzz-coverage: deps ## Fuzz one parser guided by the code that inputs reach (libFuzzer); FUZZ_TARGET, FUZZ_SECONDS
	@swift build -c release --product Fuzzing --scratch-path .build/coverage -Xswiftc -sanitize=fuzzer \
		-Xlinker --undefined=LLVMFuzzerRunDriver -Xlinker --export-dynamic-symbol=LLVMFuzzerRunDriver
	@scripts/fuzz-coverage .build/coverage/release/Fuzzing '$(FUZZ_TARGET)' $(FUZZ_SECONDS)

bench: bench-serving ## Measure serving: the short name of bench-serving

bench-serving: native build ## Measure serving beside FastAPI with scikit-learn, and nginx (about ten minutes)
	@scripts/install-deps bench
	@exec python3 Benchmarks/serving/bench.py --martlet $(binary)

bench-tracking: build ## Measure tracking beside a real MLflow server on this machine (about ten minutes)
	@exec python3 Benchmarks/tracking/bench.py --martlet $(binary)

bench-gate: build ## Measure what accounts cost a request (about a minute)
	@scripts/install-deps bench
	@$(swift_build) --product GateBenchmark
	@exec python3 Benchmarks/gate/bench.py --martlet $(binary) --gate .build/$(configuration)/GateBenchmark

bench-monitoring: build ## Measure drift detection beside alibi-detect, SciPy, NumPy and Evidently (about ten minutes)
	@$(swift_build) --product MonitoringBenchmark
	@exec python3 Benchmarks/monitoring/bench.py --martlet $(binary) \
		--detectors .build/$(configuration)/MonitoringBenchmark

bench-loop: build ## Measure rollbacks, alias moves and the ledger (about fifteen minutes)
	@$(swift_build) --product LoopBenchmark
	@exec python3 Benchmarks/loop/bench.py --martlet $(binary) --ledger .build/$(configuration)/LoopBenchmark

bench-pipelines: build ## Measure pipelines: starting tasks, a graph of 10,000, schedules (about five minutes)
	@$(swift_build) --product PipelineBenchmark
	@exec python3 Benchmarks/pipelines/bench.py --martlet $(binary) \
		--engine .build/$(configuration)/PipelineBenchmark

bench-learning: native build ## Measure training, search and explanations beside their peers (about an hour)
	@$(swift_build) --product LearningBenchmark
	@exec python3 Benchmarks/learning/bench.py --martlet $(binary) \
		--learning .build/$(configuration)/LearningBenchmark

clean: ## Remove what was built (the data of a server in ./.martlet stays)
	@rm -rf .build
