# nRF52840: 1 MB flash, 256 KB RAM. See docs/riot-size.md for what the figures come from.
TINYCONTAINER_CONTAINERS ?= 16
TINYCONTAINER_POOL_BYTES ?= 98304
