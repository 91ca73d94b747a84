#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The debug build: its checks hold while Linux and the test guests run. Runs other boot tests with it,
as they are. Environment: LIMEN_DEBUG_BIN (build/riscv-debug/limen.bin), LIMEN_FULL=1 for all there
is instead of a selection.
"""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import images  # noqa: E402
from tap import Tap  # noqa: E402

FULL = bool(os.environ.get("LIMEN_FULL"))

# Script and what of it; nothing: all.
RUNS = [
    ("guests.t", ["sbi-base", "sbi-hsm", "sbi-ipi/rv64", "sbi-rfence/rv64", "sbi-time/one-hart",
                  "wfi/rv64", "fp/max", "smp", "mmio/rv64", "plic/rv64", "bad-sbi/rv64",
                  "fault-access/rv64", "fault-both/rv64", "fault-table/rv64", "fault-walk/hide-all"]),
    ("regs.t", ["two-harts"]),
    ("csrs.t", ["max-imsic", "ctr"]),
    ("linux.t", ["rv64-smp"]),
    ("linux-many.t", ["4-on-4", "two"]),
    ("panic.t", []),
]
RUNS_FULL = [(script, []) for script in ("guests.t", "regs.t", "csrs.t", "linux.t", "linux-many.t",
                                         "panic.t", "badinput.t", "machines.t")]


def passed_on(tap, script, names):
    """Runs the script; its points become this one's."""
    environment = {**os.environ, "LIMEN_TEST_OUT": os.path.join(images.TOP, "build/debug-test"),
                   "LIMEN_BIN": images.path("LIMEN_DEBUG_BIN", "build/riscv-debug/limen.bin")}
    command = [sys.executable, os.path.join(images.TOP, "tests/boot", script), *names]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True,
                          errors="replace") as process:
        plan = None
        for line in process.stdout:
            point = re.match(r"(not )?ok \d+ - (.*?)(?: # SKIP (.*))?$", line)
            if not point:
                plan = re.match(r"1\.\.\d+", line) or plan
                sys.stdout.write(line if line.startswith(("#", "Bail out!")) else "")
            elif point[3]:
                tap.skip(f"{script}: {point[2]}", point[3])
            else:
                tap.ok(not point[1], f"{script}: {point[2]}")
    tap.ok(plan, f"{script} comes to its end", f"status {process.returncode}")


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("debug build", "limen's, which is not there")
        tap.done()
    for script, names in RUNS_FULL if FULL else RUNS:
        passed_on(tap, script, names)
    tap.done()


if __name__ == "__main__":
    main()
