# nRF52840: 1 MB flash, 256 KB RAM. 16 containers as large as the example; docs/riot-size.md has the figures.
TINYCONTAINER_BOARD_CONTAINERS ?= 16
TINYCONTAINER_BOARD_POOL_BYTES ?= 81920
