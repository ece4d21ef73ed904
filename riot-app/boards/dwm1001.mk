# nRF52832: 512 KB flash, 64 KB RAM. With the shell 7 containers as large as the example's fit, without it 8
# (examples/minimal); docs/riot-size.md has the figures.
TINYCONTAINER_CONTAINERS ?= 7
TINYCONTAINER_POOL_BYTES ?= 29440
