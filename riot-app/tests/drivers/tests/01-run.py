#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Containers on I2C, SPI and the application's drivers: what they see, and what reaches the devices of devices.c."""

import os
import re
import sys

from testrunner import run

NATIVE = os.environ.get("BOARD", "native64").startswith("native")
# What an interrupt and a switch to another thread store at the deepest place, and the MPU's guard: tests/03-stacks.py.
RESERVE = 104 + 4 + 36 + 64 + 32
# What riot-app/README.md promises to a driver.
PROMISED = {"open": 400, "open of a remote peer": 208, "close": 400, "read": 400, "write": 400, "watch": 400}

COUNTED = "".join(f"{number:02x}" for number in range(3, 128))

I2C = f"""
wires-i2c: pointer: 1
wires-i2c: temperature: 2 1580
wires-i2c: limit: 3
wires-i2c: limit read: 2 1234
wires-i2c: nothing written: 0
wires-i2c: nothing read: 0
wires-i2c: long read: 64 1234
wires-i2c: memory written: 16
wires-i2c: memory address: 1
wires-i2c: memory read: 16 c0c1{COUNTED[:26]}00
[wires-i2c] device failed: endpoint 2
wires-i2c: absent read: -5
[wires-i2c] device failed: endpoint 2
wires-i2c: absent written: -5
[wires-i2c] device failed: endpoint 3
wires-i2c: read only written: -5
wires-i2c: read only read: 2 a0a1
wires-i2c: temperature again: 2 1234
wires-i2c: ten bits read: 2 a0a1
[wires-i2c] no such device: endpoint 6
wires-i2c: not in the table: -3
[wires-i2c] refused: it has no right to such an endpoint
wires-i2c: not granted: -1
[wires-i2c] refused: the endpoint may not be used in that direction
wires-i2c: only in written: -1
[wires-i2c] refused: the endpoint may not be used in that direction
wires-i2c: only out read: -1
wires-i2c: end: 0
[wires-i2c] stopped: finished
i2c 48: write of 1: 00
i2c 48: read of 2: 1580
i2c 48: write of 3: 021234
i2c 48: read of 2: 1234
i2c 48: read of 64: 12341234
i2c 50: write of 16: 00c0c103
i2c 50: write of 1: 00
i2c 50: read of 16: c0c10304
i2c 49: read of 2: 0000, failed
i2c 49: write of 2: 0102, failed
i2c 4a: write of 2: 0102, failed
i2c 4a: read of 2: a0a1
i2c 48: read of 2: 1234
i2c 150: read of 2: a0a1
"""

SPI = f"""
wires-spi: memory written: 6
wires-spi: memory address: 2
wires-spi: memory read: 4 d0{COUNTED[:6]}
wires-spi: nothing written: 0
wires-spi: nothing read: 0
wires-spi: long write: 16
wires-spi: long address: 2
wires-spi: long read: 16 e0{COUNTED[:26]}0000
[wires-spi] device failed: endpoint 2
wires-spi: no select: -5
[wires-spi] device failed: endpoint 3
wires-spi: no bus: -5
[wires-spi] no such device: endpoint 4
wires-spi: not in the table: -3
[wires-spi] refused: it has no right to such an endpoint
wires-spi: not granted: -1
[wires-spi] refused: the endpoint may not be used in that direction
wires-spi: only in written: -1
[wires-spi] refused: the endpoint may not be used in that direction
wires-spi: only out read: -1
wires-spi: end: 0
[wires-spi] stopped: finished
spi 1: write of 6: 0208d003
spi 1: write of 2: 0308
spi 1: read of 4: d0030405
spi 1: write of 16: 0220e003
spi 1: write of 2: 0320
spi 1: read of 16: e0030405
"""


def section(child, end):
    """The lines up to that one."""
    child.expect_exact(f"== {end}\r\n")
    return [line for line in child.before.splitlines() if line]


def exactly(found, expected):
    expected = expected.strip().splitlines()
    for number, (one, other) in enumerate(zip(found, expected)):
        assert one == other, f"line {number + 1} is {one!r}, not {other!r}"
    assert len(found) == len(expected), (found[len(expected):], expected[len(found):])


def testfunc(child):
    child.expect_exact("== wires-i2c\r\n")
    exactly(section(child, "wires-spi"), I2C)
    exactly(section(child, "outside"), SPI)
    # A grant that its signer may not give: the image is refused, and no device is asked.
    outside = section(child, "sharers")
    assert len(outside) == 1 and outside[0].startswith("outside is refused: endpoint 1: no signer with the right to grant it has done so"), outside

    # Two containers at once on the same slow devices: each transfer is whole, and neither disturbs the other.
    sharers = section(child, "deep")
    for uid in ("sharer-low", "sharer-high"):
        assert f"{uid}: failures: 0" in sharers, sharers
    assert sharers.count("spi 2: write of 8: 00000000") == 16 and sharers.count("i2c 51: write of 2: 0000") == 16, sharers
    assert "faults: none" in sharers, sharers

    # The application's drivers, at the deepest place of a container's stack.
    deep = section(child, "end")
    for what in ("local", "remote", "2024"):
        at = deep.index(f"deep: {what}: 1")
        assert deep[at + 1:at + 3] == [f"deep: {what}: 1 5a", f"deep: {what}: 0"], deep
    depths = {}
    for line in deep:
        if found := re.match(r"(.*): the driver used (\d+) bytes, (\d+) left$", line):
            depths[found.group(1)] = int(found.group(2)), int(found.group(3))
    assert depths.keys() == PROMISED.keys(), deep
    for name, (used, left) in depths.items():
        print(f"{name}: the driver used {used} bytes of the stack, {left} left, {RESERVE} in reserve")
        # On native a frame of its own compiler may have some bytes more.
        assert used == PROMISED[name] or NATIVE and used >= PROMISED[name] - 16, (name, used)
        assert left >= RESERVE, (name, left)
    print("drivers: all as it should be")


if __name__ == "__main__":
    sys.exit(run(testfunc, timeout=60))
