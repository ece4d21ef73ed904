# nRF52832: 512 KB flash, 64 KB RAM. As many containers as large as the example as fit: docs/riot-size.md.
TINYCONTAINER_CONTAINERS ?= 4
TINYCONTAINER_POOL_BYTES ?= 20480
