# nRF52832: 512 KB flash, 64 KB RAM. See docs/riot-size.md for what the figures come from.
TINYCONTAINER_CONTAINERS ?= 8
TINYCONTAINER_POOL_BYTES ?= 28672
