#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""A container reads and writes on RIOT's buses what main.c has put there. The emulated board has pins, native has not; neither
has I2C or SPI."""

import os
import sys

from testrunner import run

NATIVE = os.environ.get("BOARD", "native64").startswith("native")


def testfunc(child):
    child.expect_exact("the container runs")
    child.expect_exact("buses: gpio no" if NATIVE else "buses: gpio 01")
    child.expect_exact("buses: gpio again no" if NATIVE else "buses: gpio again 00")
    child.expect_exact("buses: i2c no")
    # 215, 0, 0; the unit, whatever RIOT's number for it is; 10^-1.
    child.expect(r"buses: saul d70000000000[0-9a-f]{2}ff")
    # A value in pieces is none.
    child.expect_exact("buses: saul short no")
    child.expect_exact("buses: spi no")
    # A unit that the board does not have, though the container was granted it.
    child.expect_exact("buses: other pin no")
    child.expect(r"\[buses\] stopped: ")


if __name__ == "__main__":
    sys.exit(run(testfunc, timeout=30))
