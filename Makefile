# TinyContainer. `make demo` and `make test` are all that most people need.
.PHONY: help demo test device-test attacks defences soak fuzz mutants miri deny sbom bench docs generate riot-check flash all term
CARGO ?= cargo

help:
	@echo "make demo        four parties' keys and grants, two providers' containers side by side; ends with what was proven"
	@echo "make test        everything that CI checks; with RIOT in RIOTBASE (default ~/RIOT), riot-check too"
	@echo "make device-test test and attack the firmware of crates/bare on an emulated Cortex-M4F; UPDATE=1 writes its table of counts"
	@echo "make attacks     attack devices: on this host with each interpreter, and the emulated one"
	@echo "make soak        containers that load, run, trap, stop and unload at random, twice for MINUTES=10; SEED=1"
	@echo "make defences    remove each check of docs/threat-model.md alone: an attack must notice; 20 min or more; writes docs/defences.md"
	@echo "make fuzz        fuzz each target for SECONDS=60 (needs a nightly Rust and cargo-fuzz)"
	@echo "make mutants     change the code of CRATES=\"cbor token\" (all six) in one place at a time: a test must fail (cargo-mutants)"
	@echo "make miri        search for undefined behaviour (needs a nightly Rust with miri)"
	@echo "make deny sbom   check licences and sources of all dependencies (cargo-deny); write the bills of materials"
	@echo "make bench       measure speed, missed periods and memory on this host"
	@echo "make generate    write all committed generated files again (needs libclang)"
	@echo "make docs        write only the generated part of the documentation again: docs/lifecycle.md"
	@echo "make riot-check  build and test the firmware; BOARDS=\"native64 nrf52840dk\" names the boards that must pass"
	@echo "make BOARD=nrf52840dk flash    write the firmware to a board; also: all (build), term (console)"
	@echo "docs/riot-size.md is measured, not generated: scripts/riot-size (needs what riot-check needs, and wasm-ld)"

demo:
	@scripts/setup demo
	@echo "building tinycontainerctl"
	@$(CARGO) build --release --locked -p tinycontainerctl
	@fixtures/demo/run.sh "$${CARGO_TARGET_DIR:-target}/release/tinycontainerctl" out/demo

test:
	@scripts/check

device-test:
	@scripts/proof device-test --counts docs/device-counts.md $(if $(UPDATE),--update)

attacks:
	@scripts/proof attacks

MINUTES ?= 10
SEED ?= 1
soak:
	@scripts/proof soak --minutes $(MINUTES) --seed $(SEED)

defences:
	@scripts/defences

SECONDS ?= 60
fuzz:
	@scripts/fuzz --seconds $(SECONDS)

mutants:
	@scripts/mutants $(CRATES)

miri:
	@scripts/miri

deny:
	@cargo deny --version >/dev/null 2>&1 || { echo "cargo-deny is missing: cargo install --locked cargo-deny"; exit 2; }
	@for manifest in Cargo.toml riot-app/Cargo.toml fixtures/containers/Cargo.toml; do \
	    cargo deny --manifest-path $$manifest --config $(CURDIR)/deny.toml check licenses sources bans || exit 1; \
	done

sbom:
	@scripts/sbom

bench:
	$(CARGO) bench --locked -p tinycontainer-wamr -p tinycontainer -p tinycontainer-posix

docs:
	UPDATE_DOCS=1 $(CARGO) test --quiet --locked -p tinycontainer-lifecycle

generate:
	@scripts/generate

riot-check:
	@scripts/riot-check

flash all term:
	$(MAKE) -C riot-app $@
