#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
A part of the faults of tools/mutate, another one for each commit, and whether all of them can still be
put in, so that rows do not rot unseen between two runs of the whole. LIMEN_MUTATE_PART=N: that part.
"""
import os
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests"))
from tap import Tap  # noqa: E402

ROW = re.compile(r"^(?:put in|check|unit|race|weak|boot) +(.*?) +-> (.*)$")


def part():
    """By the commit's number; where there is no git, by the day's."""
    said = os.environ.get("LIMEN_MUTATE_PART")
    if said:
        return int(said)
    head = subprocess.run(["git", "rev-parse", "--short=7", "HEAD"], cwd=TOP, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return int(head.stdout, 16) if not head.returncode else int(time.time()) // 86400


def main():
    tap, number = Tap(), part()
    tap.diag(f"tools/mutate --part {number}")
    with subprocess.Popen([os.path.join(TOP, "tools/mutate"), "--part", str(number)], cwd=TOP,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        for line in run.stdout:
            row = ROW.match(line)
            if row:
                tap.ok(not row[2].startswith(("NOBODY", "BROKEN")), f"{row[1]} -> {row[2]}")
            elif not line.startswith("mutate: "):
                tap.diag(line.rstrip())
    tap.equal(run.returncode, 0, "all of them are caught")
    tap.done()


if __name__ == "__main__":
    main()
