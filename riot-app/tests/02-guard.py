#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""A stack overflow is caught by the MPU's guard, before the thread writes to other memory."""

import os
import sys

from testrunner import run


def testfunc(child):
    child.expect_exact("TinyContainer is ready.", timeout=60)
    child.expect("> ")
    child.sendline("overflow")
    child.expect_exact("leaving the stack", timeout=60)
    child.expect_exact("MEM MANAGE HANDLER", timeout=60)


if __name__ == "__main__":
    if os.environ.get("BOARD", "native64").startswith("native"):
        print("guard: native has no MPU")
        sys.exit(0)
    sys.exit(run(testfunc, timeout=60))
