# SPDX-License-Identifier: BSD-2-Clause
"""What an image says in TAP, passed on as a script's own points."""
import re

POINT = re.compile(r"(not )?ok (\d+) - (.*?)(?: # SKIP (.*))?")


def points(tap, name, text):
    """Passes an image's points on, behind name; says which invariants (E1: ...) one that ran is about."""
    seen, count = set(), 0
    lines = text.replace("\r", "").splitlines()
    for line, following in zip(lines, lines[1:] + [""]):
        point = POINT.fullmatch(line)
        if not point:
            continue
        count += 1
        if point[4]:
            tap.skip(f"{name}: {point[3]}", point[4])
            continue
        tap.ok(not point[1], f"{name}: {point[3]}", following)
        seen.add(point[3].split(":")[0])
    plan = re.search(r"^1\.\.(\d+)\r?$", text, re.MULTILINE)
    tap.equal(plan and int(plan[1]), count, f"{name}: it came to its end")
    return seen
