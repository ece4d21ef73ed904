#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Containers in the firmware from load to unload, by commands of the shell.

While the emulated board waits for input, its clock skips to the next timer. So this script never waits for a time: the
firmware's command `wait` does.
"""

import sys

from testrunner import run

TIMEOUT = 40


def command(child, line, *expected, then=(), timeout=TIMEOUT):
    """Sends a line, expects these in order, then the prompt, then output of containers."""
    child.sendline(line)
    for one in expected:
        child.expect(one, timeout=timeout)
    child.expect("> ", timeout=timeout)
    for one in then:
        child.expect(one, timeout=timeout)


def status(child, uid):
    """A container's numbers in the shell's `status`, by name."""
    child.sendline(f"status {uid}")
    child.expect(rf"{uid}: (\w+)[^\n]*? (loops=[^\r\n]*)\r?\n", timeout=TIMEOUT)
    numbers = {key: int(value) for key, value in (pair.split("=") for pair in child.match.group(2).split())}
    numbers["state"] = child.match.group(1)
    child.expect(r"memory: (\d+) of \d+ bytes free, largest piece (\d+)\s", timeout=TIMEOUT)
    numbers["free"], numbers["largest"] = int(child.match.group(1)), int(child.match.group(2))
    child.expect("> ", timeout=TIMEOUT)
    return numbers


def free(child):
    child.sendline("status")
    child.expect(r"memory: (\d+) of \d+ bytes free, largest piece (\d+)\s", timeout=TIMEOUT)
    numbers = int(child.match.group(1)), int(child.match.group(2))
    child.expect("> ", timeout=TIMEOUT)
    return numbers


def testfunc(child):
    child.expect_exact("TinyContainer is ready.", timeout=TIMEOUT)
    child.expect("> ", timeout=TIMEOUT)
    untouched = free(child)

    # Wrong arguments: the command prints its usage.
    for wrong in ("load", "load no-such-image", "load a b", "start", "start a b", "stop", "unload", "wait",
                    "wait a b c", "wait ticker x", "wait ticker -1", "wait ticker 99999999999999999999", "status a b",
                    "audit x", "list x", "rounds", "rounds empty", "rounds empty -1", "rounds no-such-image 1"):
        command(child, wrong, "usage: ")
    for unknown in ("start nobody", "stop nobody", "unload nobody", "status nobody", "start " + "x" * 64):
        command(child, unknown, "no such container is loaded|not a valid uid")
    command(child, "start " + "x" * 65, "not a valid uid")

    command(child, "list", "ticker", "listener", "empty-tampered")

    # Images that are refused, and the reasons.
    command(child, "load empty-unsigned", r"refused \(300\): metadata: unsigned")
    command(child, "load empty-tampered", r"refused \(309\)", "code")
    command(child, "load memhog", r"refused \(209\)")
    # A loop() of 49 days: the device gives a hook a second.
    command(child, "load slow", r"refused \(211\): durations: loop\(\) may take 4294967295 ms, and the device allows 1000 ms")
    # An image with every possible token; once the last token is not valid.
    command(child, "load worst-badlast", r"refused \(303\): endpoint 7")
    assert free(child) == untouched
    command(child, "load worst", "ok")
    command(child, "unload worst" + "-" * 59, "ok")
    assert free(child) == untouched

    # Two containers that exchange messages.
    for uid in ("listener", "ticker"):
        command(child, f"load {uid}", f"{uid}: ok")
        command(child, f"load {uid}", r"refused \(205\)")
        command(child, f"stop {uid}", "does not run")
    command(child, "start listener", "ok")
    # It is woken by messages: without any it does nothing.
    command(child, "wait 500", "waited")
    asleep = status(child, "listener")
    assert asleep["state"] == "READY" and asleep["loops"] == 0, asleep
    command(child, "start ticker", "ok", then=("listener: heard 001", "listener: heard 002", "listener: heard 003"))
    command(child, "wait 1000", "waited")
    for uid in ("listener", "ticker"):
        running = status(child, uid)
        assert running["starts"] == 1 and running["loops"] >= 5 and running["refused"] == 0, running
        command(child, f"start {uid}", "runs")
        command(child, f"unload {uid}", "runs")

    # A loop without end: its budget ends it, and the other two miss no period.
    before = {uid: status(child, uid)["missed"] for uid in ("listener", "ticker")}
    command(child, "load spinner", "ok")
    command(child, "start spinner", "ok", then=(r"\[spinner\] stopped: [^\n]*budget",))
    command(child, "wait spinner 5000", "does not run")
    for uid in ("listener", "ticker"):
        now = status(child, uid)
        assert now["missed"] == before[uid], (before, now)
    command(child, "unload spinner", "ok")

    # Item 2: a container whose device takes 5 ms for each call, and one that logs without end. Their budgets, 50 ms and 200 ms,
    # end them too.
    command(child, "load blocker", "ok")
    command(child, "start blocker", "ok", then=(r"\[blocker\] stopped: [^\n]*budget",))
    command(child, "wait blocker 1000", "does not run")
    calls = status(child, "blocker")["calls"]
    assert 3 <= calls <= 12, calls
    command(child, "unload blocker", "ok")
    command(child, "load talker", "ok")
    command(child, "start talker", "ok", then=("talker: one line of many", r"\[talker\] lines dropped: [1-9]",
                                               r"\[talker\] stopped: [^\n]*budget"))
    command(child, "wait talker 1000", "does not run")
    command(child, "unload talker", "ok")

    # A trap; a stack overflow.
    command(child, "load trap", "ok")
    command(child, "start trap", "ok", then=(r"\[trap\] stopped: trap",))
    command(child, "wait trap", "does not run")
    command(child, "load hog", "ok")
    command(child, "start hog", "ok", then=("hog: recursing", r"\[hog\] stopped: trap"))
    command(child, "wait hog", "does not run")
    command(child, "unload hog", "ok")
    command(child, "unload trap", "ok")

    # The application's driver; the audit records of refused calls.
    command(child, "load reader", "ok")
    command(child, "start reader", "ok", then=("reader: 32 bytes of the", "refused: it has no right", "refused: [^\n]*direction"))
    command(child, "audit", "reader: open on endpoint 9: refused because", "reader: write on endpoint 1: refused because",
            "2 refusals")
    command(child, "stop reader", "ok")
    command(child, "wait reader", "does not run")
    command(child, "unload reader", "ok")

    # A stop wakes a sleeping container; restart; unload; load again.
    command(child, "stop ticker", "ok", then=("ticker: ticker ends", r"\[ticker\] stopped: "))
    command(child, "wait ticker 1000", "does not run")
    asleep = status(child, "listener")["loops"]
    command(child, "wait 500", "waited")
    assert status(child, "listener")["loops"] == asleep
    command(child, "start ticker", "ok", then=("listener: heard 001",))
    command(child, "wait 300", "waited")
    assert status(child, "ticker")["starts"] == 2
    for uid in ("ticker", "listener"):
        command(child, f"stop {uid}", "ok")
        command(child, f"wait {uid} 1000", "does not run")
        command(child, f"unload {uid}", "ok")
        command(child, f"status {uid}", "no such container is loaded")
    assert free(child) == untouched
    command(child, "load ticker", "ok")
    command(child, "start ticker", "ok")
    command(child, "wait 300", "waited")
    assert status(child, "ticker")["starts"] == 1
    command(child, "stop ticker", "ok")
    command(child, "wait ticker 1000", "does not run")
    command(child, "unload ticker", "ok")

    # A thousand rounds leak no memory.
    command(child, "rounds empty 1000", rf"1000 rounds: free before {untouched[0]}, after {untouched[0]}, "
            rf"largest piece {untouched[1]}", timeout=400)
    command(child, "ps", "SUM")
    print("life: passed")


if __name__ == "__main__":
    sys.exit(run(testfunc, timeout=60))
