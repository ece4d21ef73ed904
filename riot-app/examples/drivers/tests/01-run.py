#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""A container reads and writes the units that main.c defines on RIOT's buses. On native the pins are variables, and I2C reads
zeros; the emulated board has no I2C, and neither has SPI (riot-app/tests/drivers has models of devices on both)."""

import os
import sys

from testrunner import run

NATIVE = os.environ.get("BOARD", "native64").startswith("native")


def testfunc(child):
    child.expect_exact("the container runs")
    child.expect_exact("buses: gpio 01")
    child.expect_exact("buses: gpio again 00")
    child.expect_exact("buses: i2c 0000" if NATIVE else "buses: i2c no")
    # 215, 0, 0; RIOT's number of the unit; 10^-1.
    child.expect(r"buses: saul d70000000000[0-9a-f]{2}ff")
    # A value cannot be read in pieces.
    child.expect_exact("buses: saul short no")
    child.expect_exact("buses: spi no")
    # A unit that the board does not have, though the container was granted it.
    child.expect_exact("buses: other pin no")
    child.expect(r"\[buses\] stopped: ")


if __name__ == "__main__":
    sys.exit(run(testfunc, timeout=30))
