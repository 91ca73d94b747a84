#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
`make demo`: the same scenario on three architectures gives the same steps; and traces in which one
step is missing, or two have changed places, are told apart.
Environment: LIMEN_DEBUG_BIN, LIMEN_ARM64_DEBUG_BIN, LIMEN_GUESTS; LIMEN_DEMO_HOST (build/host-asan/bin/demo).
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

KEPT = os.path.join(images.OUT, "demo")
SPOILT = os.path.join(images.OUT, "demo-spoilt")
HOST = "demo-host.txt"

# An invariant that has no step of its own in the table has a reason.
INVARIANTS = {f"E{n}" for n in range(1, 17)} - {"E8"}   # E8: nobody competes for the hart


def demo(*arguments):
    done = subprocess.run([os.path.join(images.TOP, "tools/demo"), *arguments], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def spoil(change):
    """Copies the traces, the host's changed, and compares again."""
    os.makedirs(SPOILT, exist_ok=True)
    for name in os.listdir(KEPT):
        with open(os.path.join(KEPT, name), encoding="utf-8") as f:
            text = f.read()
        with open(os.path.join(SPOILT, name), "w", encoding="utf-8") as f:
            f.write(change(text) if name == HOST else text)
    return demo("--from", SPOILT)


def renumber(lines):
    """Gives the events of hart 1 numbers without a hole again."""
    count, out = 0, []
    for line in lines:
        if re.match(r"limen: trace 1 \d+ ", line):
            line = re.sub(r"(trace 1) \d+", rf"\1 {count}", line)
            count += 1
        out.append(line)
    return "\n".join(out)


def nth(lines, pattern, n):
    return [i for i, line in enumerate(lines) if re.search(pattern, line)][n]


def without(pattern, n, hole=False):
    def change(text):
        lines = text.splitlines()
        del lines[nth(lines, pattern, n)]
        return "\n".join(lines) if hole else renumber(lines)
    return change


def swapped(pattern, n):
    """The n-th such event and the one behind it change places."""
    def change(text):
        lines = text.splitlines()
        i = nth(lines, pattern, n)
        lines[i], lines[i + 1] = lines[i + 1], lines[i]
        return renumber(lines)
    return change


# What is done to the host's trace, and what must be said.
FAULTS = [
    ("an exit without its trace point", without("guest-exit", 3), "a run is not"),
    ("an entry without its trace point", without("guest-entry", 3), "a run is not|differ"),
    ("interrupts on traced before the entry", swapped("guest-entry", 4), "a run is not|differ"),
    ("a pending interrupt taken behind the exit", swapped("irq-exit irq=0x0", 0), "differ|!="),
    ("no idle state around the wait", without("idle-enter", 0), "1 differ|differ"),
    ("an interrupt that is not injected", without("inject", 0), "differ"),
    ("a grace period that does not end", without("gp-end", 0), "no grace period"),
    ("a lost event", without("call", 2, hole=True), "are missing"),
]


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("demo", "limen's, which is not there")
        tap.done()
    arguments = ["--limen", images.path("LIMEN_DEBUG_BIN", "build/riscv-debug/limen.bin"),
                 "--arm64", images.path("LIMEN_ARM64_DEBUG_BIN", "build/arm64-debug/limen.bin"),
                 "--host", images.path("LIMEN_DEMO_HOST", "build/host-asan/bin/demo"),
                 "--guests", os.environ.get("LIMEN_GUESTS") or
                 os.path.join(images.TOP, "build/guests")]
    os.makedirs(KEPT, exist_ok=True)
    status, text = demo(*arguments, "--keep", KEPT)
    if not tap.ok(status == 0 and "all the same" in text, "all layers take the same steps", text):
        tap.done()
    tap.equal(sorted(INVARIANTS - set(re.findall(r"\bE\d+\b", text))), [],
              "the steps serve every invariant")
    status, text = demo("--from", KEPT)
    tap.ok(status == 0, "kept traces are the same traces", text)
    for what, change, said in FAULTS:
        status, text = spoil(change)
        tap.ok(status == 1 and re.search(said, text), f"told apart: {what}", text)
    tap.done()


if __name__ == "__main__":
    main()
