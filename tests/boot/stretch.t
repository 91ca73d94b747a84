#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
How long limen is busy without a break with whatever a guest asks for: the longest stretch without a look
at the hart's work, and the longest with interrupts off, in nanoseconds that are instructions, as limen
itself measured them (lib/marks.h). One hart, as the clock of a machine with -icount counts all harts'.

    tests/boot/stretch.t [CASE]...

Environment: LIMEN_MARKS_BIN (build/riscv-marks/limen.bin).
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import images  # noqa: E402
from stretches import CASES, IRQS_OFF, LOOK, boot, marks  # noqa: E402
from tap import Tap, chosen  # noqa: E402

def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("stretches", "limen's, which is not there")
        tap.done()
    for name in chosen(CASES):
        found, where = marks(text := boot(name))
        if not tap.ok(found, f"{name}: limen tells its marks", text):
            continue
        print(f"# {name}: {found[0]} ns without a look, {found[1]} ns with interrupts off")
        tap.ok(found[0] <= LOOK, f"{name}: without a look no longer than {LOOK} ns", where)
        tap.ok(found[1] <= IRQS_OFF, f"{name}: interrupts off no longer than {IRQS_OFF} ns", where)
    tap.done()


if __name__ == "__main__":
    main()
