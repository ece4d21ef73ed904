# nRF52832: 512 KB flash, 64 KB RAM. 7 containers as large as the example fit, with the shell or without it
# (examples/minimal); docs/riot-size.md has the figures.
TINYCONTAINER_BOARD_CONTAINERS ?= 7
TINYCONTAINER_BOARD_POOL_BYTES ?= 29696
