#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The older pair of entry/entry.h works, and the compiler warns of it: of each by name, and of nothing
that came in its place."""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests"))
from tap import Tap  # noqa: E402

OLD = ["guest_enter_irqoff", "guest_exit_irqoff"]
NEW = ["guest_timing_enter_irqoff", "exit_to_guest_mode", "enter_from_guest_mode",
       "guest_timing_exit_irqoff", "guest_context_enter_irqoff", "guest_context_exit_irqoff"]


def compiled(function, *flags):
    """(did it compile, what the compiler said) of a call of this function"""
    source = f'#include "entry/entry.h"\nvoid port(void);\nvoid port(void) {{ {function}(); }}\n'
    done = subprocess.run([os.environ.get("HOSTCC", "gcc"), "-std=gnu11", "-I.", "-Iarch/host", "-S",
                           *flags, "-x", "c", "-", "-o", os.devnull], cwd=TOP, input=source,
                          capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stderr


def main():
    tap = Tap()
    for name in OLD:
        ok, said = compiled(name, "-Wno-deprecated-declarations", "-Werror")
        tap.ok(ok, f"{name} compiles", said)
        ok, said = compiled(name, "-Werror=deprecated-declarations")
        tap.ok(not ok and f"{name}" in said and "is deprecated: use " in said,
               f"{name} is warned of, with what to use", said)
    for name in NEW:
        ok, said = compiled(name, "-Werror")
        tap.ok(ok, f"{name} is not", said)
    tap.done()


if __name__ == "__main__":
    main()
