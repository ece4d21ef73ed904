#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Signals at any instruction, on native64: what is interrupted goes on as it was.

They arrive while containers are loaded, verified and run. Without module/tinycontainer/native64.c a signature fails to
verify within seconds.
"""

import os
import signal
import sys
import threading

from testrunner import run

TIMEOUT = 60
LOADS = 100
PAUSE = 0.0003


def firmware(root):
    """The process of the firmware: a descendant of the terminal's."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                command, _, rest = file.read().partition("(")[2].rpartition(")")
        except OSError:
            continue
        parents[int(name)] = (int(rest.split()[1]), command)
    for pid, (parent, command) in parents.items():
        while parent in parents and parent != root:
            parent = parents[parent][0]
        if (parent == root or pid == root) and command.startswith("tinycontainer"):
            return pid
    return None


def testfunc(child):
    child.expect_exact("TinyContainer is ready.", timeout=TIMEOUT)
    child.expect("> ", timeout=TIMEOUT)
    pid = firmware(child.pid)
    assert pid, "the firmware's process was not found"
    done = threading.Event()

    def send():
        while not done.wait(PAUSE):
            try:
                os.kill(pid, signal.SIGIO)
            except ProcessLookupError:
                return

    sender = threading.Thread(target=send)
    sender.start()
    try:
        child.sendline(f"rounds empty {LOADS}")
        child.expect(f"{LOADS} rounds: ", timeout=TIMEOUT)
    finally:
        done.set()
        sender.join()
    child.expect("> ", timeout=TIMEOUT)
    print("signals: all as it should be")


if __name__ == "__main__":
    if os.environ.get("BOARD") != "native64":
        print("signals: only native has them")
        sys.exit(0)
    sys.exit(run(testfunc))
