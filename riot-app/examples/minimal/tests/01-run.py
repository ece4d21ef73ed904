#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The smallest host says that it trusts TEST keys, loads its image and starts it; calls without a right are refused."""

import sys

from testrunner import run


def testfunc(child):
    child.expect_exact("TEST keys: anyone can sign for TEST-board")
    child.expect_exact("bench")
    child.expect(r"runs|is refused")
    assert child.after == "runs", child.after
    # It has no driver, so what `bench` writes to is not open.
    child.expect_exact("[bench] refused: the descriptor is not open")


if __name__ == "__main__":
    sys.exit(run(testfunc, timeout=30))
