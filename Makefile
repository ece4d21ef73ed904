# TinyContainer. `make demo` and `make test` are all that most people need.
.PHONY: help demo test bench docs riot-check flash all term
CARGO ?= cargo

help:
	@echo "make demo        build the containers and watch three parties run side by side"
	@echo "make test        everything that CI checks"
	@echo "make bench       the figures: speed, periods, memory"
	@echo "make docs        write the generated parts of the documentation anew"
	@echo "make riot-check  build and test the firmware (needs RIOT: RIOTBASE, default ~/RIOT)"
	@echo "make BOARD=nrf52840dk flash    the firmware onto a board; also: all, term"

demo:
	@scripts/setup demo
	@echo "building tinycontainerctl"
	@$(CARGO) build --release --quiet --locked -p tinycontainerctl
	@fixtures/demo/run.sh "$${CARGO_TARGET_DIR:-target}/release/tinycontainerctl" out/demo

test:
	@scripts/check

bench:
	$(CARGO) bench --locked -p tinycontainer-wamr -p tinycontainer -p tinycontainer-posix

docs:
	UPDATE_DOCS=1 $(CARGO) test --quiet -p tinycontainer-lifecycle

riot-check:
	@scripts/riot-check

flash all term:
	$(MAKE) -C riot-app $@
