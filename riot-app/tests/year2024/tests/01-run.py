#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""An image of the 2024 format loads, starts, uses the driver and stops, by the five functions of 2024. Another uid is refused."""

import os
import sys

from testrunner import run


def command(child, line, *expected):
    child.sendline(line)
    for one in expected:
        child.expect(one)
    child.expect("> ")


def testfunc(child):
    if not os.environ.get("REFERENCE_2024"):
        child.expect_exact("a TEST key is accepted for the 2024 format")
    child.expect_exact("ready")
    child.expect("> ")
    command(child, "start", "not started")
    command(child, "load 2", "not loaded")
    command(child, "load", r"\bloaded")
    command(child, "load", "not loaded")
    command(child, "status", "it does not run")
    for _ in range(2):
        command(child, "start", r"\bstarted")
        child.expect_exact("driver: open 10")
        command(child, "status", "it runs")
        # It writes what it has read: ten letters, twice in two seconds.
        command(child, "wait 2500", r"driver: write [a-z]{10}\b", r"driver: write [a-z]{10}\b", "waited")
        command(child, "stop", r"\bstopped")
        command(child, "wait 500", "driver: close", "waited")
        command(child, "status", "it does not run")
    # The controller's stack is sized by images of profile 1 (tests/03-stacks.py): an interrupt, a switch and the MPU's guard
    # need 240 bytes beside its peak.
    child.sendline("ps")
    child.expect(r"tinycontainer +\|[^|]*\|[^|]*\| *(\d+) \( *(\d+)\)")
    size, used = map(int, child.match.groups())
    assert used + 240 <= size, (used, size)
    print(f"2024: passed; the controller used {used} of {size} bytes of its stack")


if __name__ == "__main__":
    sys.exit(run(testfunc, timeout=30))
