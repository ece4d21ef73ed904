#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Each check is a separate run of the emulator, which ends after one line of input."""

import re
import subprocess
import sys

FLASH, RAM = 0x0000_0000, 0x2000_0000
KB, MB = 1024, 1024 * 1024
FAULT = "MEM MANAGE HANDLER"


def emulate(line, icount=4):
    """Tell `line` when the program is ready; its status and output."""
    run = subprocess.Popen(
        ["make", "-s", "cleanterm", f"QEMU_ICOUNT={icount}"], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out = ""
    for got in run.stdout:
        out += got
        if got.strip() == "ready":
            break
    rest, err = run.communicate(line + "\n", timeout=60)
    # make turns every failure into its own status 2 and prints the original one
    status = re.search(r"cleanterm\] Error (\d+)", err)
    return int(status.group(1)) if status else run.returncode, out + rest


def check(what, good, output):
    print(("ok   " if good else "FAIL ") + what)
    if not good:
        sys.exit(output)


def check_exit():
    for line, want in (("x 0", 0), ("x 2a", 42), ("p", 1)):
        status, out = emulate(line)
        check(f"exit status of '{line}' is {want}", status == want, out)


def check_fence():
    fine = [("r", FLASH), ("r", FLASH + MB - 4), ("w", RAM + 256 * KB - 4)]
    fault = [("w", FLASH + MB - 4), ("r", FLASH + MB), ("r", FLASH + 4 * MB)]
    fault += [("r", RAM - 4)]
    fault += [("w", RAM + n) for n in (
        256 * KB, 2 * MB - 4, 2 * MB, 4 * MB, 16 * MB - 4, 16 * MB, 32 * MB - 4)]
    for op, addr in fine:
        status, out = emulate(f"{op} {addr:x}")
        check(f"{op} {addr:08x} passes", status == 0 and "done" in out, out)
    for op, addr in fault:
        status, out = emulate(f"{op} {addr:x}")
        check(f"{op} {addr:08x} faults", status == 1 and FAULT in out, out)


def check_count():
    for icount, slack in ((0, 80), (4, 5), (7, 0), (8, 0)):
        _, out = emulate("x 0", icount)
        check(f"shift {icount} found", f"shift {icount}\n" in out, out)
        counts = [tuple(map(int, c)) for c in re.findall(r"count (\d+): (\d+) (\d+)", out)]
        good = len(counts) == 6 and all(
            abs(least - n) <= slack and abs(most - n) <= slack for n, least, most in counts)
        check(f"counts to within {slack} at shift {icount}", good, out)
        for _ in range(3):
            again = emulate("x 0", icount)[1]
            check(f"the same again at shift {icount}", again == out, out + again)


if __name__ == "__main__":
    check_exit()
    check_fence()
    check_count()
    print("all passed")
