#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""No thread's stack is used beyond what an interrupt at its deepest place leaves.

The image `worst` has every token that an image can have; characters arrive while it is verified, so that interrupts
come at all depths. Then the peak that RIOT has measured of each thread is compared with its stack's size, less what
an interrupt and a switch to another thread store on a thread's stack, and the MPU's guard. A peak above the static
worst case (scripts/stack-depth) has such an interrupt in it: then that worst case is compared in its place.
"""

import os
import re
import subprocess
import sys

from testrunner import run

# An exception frame with the FPU's registers and its alignment (104 + 4), what the switch to another thread stores
# (36, and 64 for the FPU), and the lowest 32 bytes, which the MPU guards.
GUARD = 32
RESERVE = 104 + 4 + 36 + 64 + GUARD
# RIOT's thread_t is at the top of the stack.
THREAD = 64
# The functions that our threads run. A container's code is loaded on the controller's stack (Agent::is_starting).
ENTRIES = {
    "tinycontainer": ("tinycontainer_riot::sys::serve",),
    "container": ("tinycontainer_riot::threads::drive", "--without", "Agent<P,_>::startup"),
}
TIMEOUT = 60


HERE = os.path.dirname(os.path.abspath(__file__))


def stack_depth(*arguments):
    tool = os.path.join(HERE, "..", "..", "scripts", "stack-depth")
    elf = os.path.join(HERE, "..", "bin", os.environ["BOARD"], "tinycontainer.elf")
    return subprocess.check_output([tool, elf, *arguments], text=True, stderr=subprocess.DEVNULL)


def static_depth(name):
    """The deepest that the thread's code can go, in bytes, without interrupts; None for a thread that is not ours."""
    return THREAD + int(stack_depth(*ENTRIES[name])) if name in ENTRIES else None


def check_reserve():
    """What WAMR leaves for a native call (src/slots.rs) is enough for it. WAMR compares within the frame of its own function."""
    with open(os.path.join(HERE, "..", "src", "slots.rs"), encoding="utf-8") as file:
        reserve = int(re.search(r"^const RESERVE: usize = (\d+);", file.read(), re.M)[1])
    depth, frame = (int(line.split()[0]) for line in stack_depth("wasm_interp_call_func_native", "--path").splitlines()[:2])
    needed = depth - frame + RESERVE
    print(f"native calls need {needed} bytes of the stack, {reserve} are left for them")
    assert reserve >= needed, (reserve, needed)


def command(child, line, expected):
    child.sendline(line)
    child.expect(expected, timeout=TIMEOUT)
    child.expect("> ", timeout=TIMEOUT)


def testfunc(child):
    check_reserve()
    child.expect_exact("TinyContainer is ready.", timeout=TIMEOUT)
    child.expect("> ")
    for _ in range(10):
        child.sendline("load worst")
        # They arrive while the signatures are verified. The line is an unknown command.
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
    depths = {name: static_depth(name) for name, _, _ in rows}
    for name, size, used in ((name, int(size), int(used)) for name, size, used in rows):
        depth = depths[name]
        print(f"stack of {name}: {used} of {size} bytes used, at most {depth or '?'} without interrupts, {RESERVE} in reserve")
        assert name == "idle" or size - used >= GUARD, (name, size, used)
        assert name == "idle" or size - min(used, depth or used) >= RESERVE, (name, size, used, depth)
        # Sized from the worst case, not from the example.
        assert depth is None or size - depth >= RESERVE, (name, size, depth)


if __name__ == "__main__":
    if os.environ.get("BOARD", "native64").startswith("native"):
        print("stacks: native's are the host's")
        sys.exit(0)
    sys.exit(run(testfunc, timeout=120))
