# SPDX-License-Identifier: BSD-2-Clause
"""tools/bench's table of the longest stretches of limen's own code, by what a guest asks for."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests"))
sys.path.insert(1, os.path.join(sys.path[0], "boot"))
import stretches  # noqa: E402


class Broken(Exception):
    """A machine did not tell its marks."""


def worst(lines):
    return max(value for _, value in lines), max(lines, key=lambda line: line[1])[0]


def table(code, verdict):
    """Lines of cells."""
    look, off = [], []
    for name in stretches.CASES:
        found, _ = stretches.marks(text := stretches.boot(name, code))
        if not found:
            raise Broken(f"{name}: no marks\n{text}")
        look.append((name, found[0]))
        off.append((name, found[1]))
    lines = [("longest stretch of limen's own code (instructions)", "limen", "by", "budget", "verdict")]
    for title, found, budget in (("without a look for another thread", look, stretches.LOOK),
                                 ("with interrupts off", off, stretches.IRQS_OFF)):
        value, name = worst(found)
        lines.append((title, f"{value:,}", name, f"{budget:,}", verdict(value, budget)))
    return lines
