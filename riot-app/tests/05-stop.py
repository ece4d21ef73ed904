#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""A container is stopped and unloaded beside one of higher priority that is always due, and one of the highest class starts.

The output of containers is written at the priority of the middle class, so it does not appear while `busy` runs: nothing here
waits for it.
"""

import sys

from testrunner import run

TIMEOUT = 40


def command(child, line, expected):
    child.sendline(line)
    child.expect(expected, timeout=TIMEOUT)
    child.expect("> ", timeout=TIMEOUT)


def loops(child, uid):
    child.sendline(f"status {uid}")
    child.expect(rf"{uid}: (\w+)[^\n]*? loops=(\d+) ", timeout=TIMEOUT)
    state, count = child.match.groups()
    child.expect("> ", timeout=TIMEOUT)
    return state, int(count)


def free(child):
    child.sendline("status")
    child.expect(r"memory: (\d+) of \d+ bytes free", timeout=TIMEOUT)
    bytes_free = int(child.match.group(1))
    child.expect("> ", timeout=TIMEOUT)
    return bytes_free


def testfunc(child):
    child.expect_exact("TinyContainer is ready.", timeout=TIMEOUT)
    child.expect("> ", timeout=TIMEOUT)
    untouched = free(child)

    command(child, "load empty", "ok")
    command(child, "start empty", "ok")
    command(child, "wait 300", "waited")
    assert loops(child, "empty")[1] >= 1

    command(child, "load busy", "ok")
    command(child, "start busy", "ok")
    command(child, "wait 50", "waited")
    before = loops(child, "empty")[1]
    command(child, "wait 500", "waited")
    # Else this shows nothing.
    assert loops(child, "empty")[1] == before, "a container of a lower class has run beside `busy`"

    # One that runs.
    command(child, "stop empty", "ok")
    command(child, "wait empty 1000", "does not run")
    command(child, "unload empty", "ok")

    # One whose code is not loaded yet: the controller's thread does that, at the container's priority.
    command(child, "load empty", "ok")
    command(child, "start empty", "ok")
    command(child, "wait 100", "waited")
    assert loops(child, "empty") == ("STARTUP", 0)
    command(child, "stop empty", "ok")
    command(child, "wait empty 1000", "does not run")
    command(child, "unload empty", "ok")

    # The next container in that slot has its own class: it takes turns with `busy`, and so does a new thread's.
    for uid in ("urgent", "empty"):
        command(child, f"load {uid}", "ok")
        command(child, f"start {uid}", "ok")
    command(child, "wait 500", "waited")
    assert loops(child, "urgent")[1] >= 2
    assert loops(child, "empty") == ("STARTUP", 0)

    before = loops(child, "busy")[1]
    command(child, "wait 100", "waited")
    assert loops(child, "busy")[1] > before
    for uid in ("urgent", "empty", "busy"):
        command(child, f"stop {uid}", "ok")
        command(child, f"wait {uid} 1000", "does not run")
        command(child, f"unload {uid}", "ok")
    assert free(child) == untouched
    print("stop: passed")


if __name__ == "__main__":
    sys.exit(run(testfunc))
