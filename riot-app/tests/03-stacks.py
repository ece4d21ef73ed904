#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Item 1 of the review: no thread's stack is used beyond what an interrupt at its deepest place leaves.

The image `worst` has every token that an image can have; characters arrive while it is verified, so that interrupts
come at all depths. Then the peak that RIOT has measured of each thread is compared with its stack's size, less what
an interrupt and a switch to another thread store on a thread's stack, and the MPU's guard.
"""

import os
import re
import sys

from testrunner import run

# An exception frame with the FPU's registers and its alignment (104 + 4), what the switch to another thread stores
# (36, and 64 for the FPU), and the lowest 32 bytes, which the MPU guards.
RESERVE = 104 + 4 + 36 + 64 + 32
TIMEOUT = 60


def command(child, line, expected):
    child.sendline(line)
    child.expect(expected, timeout=TIMEOUT)
    child.expect("> ", timeout=TIMEOUT)


def testfunc(child):
    child.expect_exact("TinyContainer is ready.", timeout=TIMEOUT)
    child.expect("> ")
    for _ in range(10):
        child.sendline("load worst")
        # They arrive while the signatures are verified, and are a line that is no command.
        for _ in range(12):
            child.send("interrupt ")
        child.sendline("")
        child.expect_exact("worst: ok", timeout=TIMEOUT)
        child.expect("not found: interrupt", timeout=TIMEOUT)
        child.expect("> ")
        command(child, "unload worst" + "-" * 59, "ok")
    # Native calls, messages, refusals, traps, drivers that block, output that is dropped: all slots at once.
    for uids in (("reader", "listener", "ticker", "hog"), ("trap", "blocker", "talker", "bench")):
        for uid in uids:
            command(child, f"load {uid}", f"{uid}: ok")
            command(child, f"start {uid}", "ok")
        command(child, "wait 1000", "waited")
        for uid in uids:
            child.sendline(f"stop {uid}")
            command(child, f"wait {uid} 5000", "does not run")
            command(child, f"unload {uid}", "ok")
    child.sendline("ps")
    child.expect("SUM", timeout=TIMEOUT)
    rows = re.findall(r"\d \| (\w+)\s*\|[^|]*\|[^|]*\|\s*(\d+) \(\s*(\d+)\)", child.before)
    assert any(name == "tinycontainer" for name, _, _ in rows) and len(rows) >= 6, child.before
    for name, size, used in rows:
        left = int(size) - int(used)
        print(f"stack of {name}: {used} of {size} bytes used, {left} left, {RESERVE} needed")
        assert name == "idle" or left >= RESERVE, (name, size, used)


if __name__ == "__main__":
    if os.environ.get("BOARD", "native64").startswith("native"):
        print("stacks: native's are the host's")
        sys.exit(0)
    sys.exit(run(testfunc, timeout=120))
