#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
FP and vector registers of vCPUs that take their harts from each other: VMs that use all of it, with
values of their own (tests/guests/regs.c), under preemption and while they move between harts.
Arguments: scenes by name (default: all but those marked full; LIMEN_FULL=1 for those as well).
"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fits  # noqa: E402
import images  # noqa: E402
import qemu  # noqa: E402
from tap import Tap, chosen  # noqa: E402

# On one hart the order of things is the same each time; several run side by side as they like.
FIXED = ("-icount", "shift=6,sleep=off")
TIMES = re.compile(r"limen: VM (\w+): guest \d+ ms, host \d+ ms, interrupts \d+ ms, idle \d+ ms, "
                   r"steal (\d+) ms, (\d+) entries, \d+ ms elsewhere$", re.MULTILINE)
SWITCH = re.compile(r"limen: trace (\d+) \d+ \d+ sched from=0x[0-9a-f]+ to=(0x[0-9a-f]+)")

WHOLE = "b1ocifv"
V, NO_V = "rv64,v=true,vlen=", "rv64,v=false"
TWO = {"a": WHOLE, "b": WHOLE}

# Scenes: cpu, harts, vCPUs of each VM, milliseconds, plans of the VMs (see the guest); a plan in
# brackets is that of a VM whose vector extension is hidden.
SCENES = {
    "two": (V + "128", 1, 1, 1000, TWO),
    "two-by-two": (V + "256", 1, 2, 2000, TWO),
    "two-harts": (V + "128", 2, 2, 1500, {**TWO, "c": WHOLE}),
    "hidden": (V + "1024", 1, 1, 1000, {"a": ("b1ocif",), "b": WHOLE}),
}
SCENES_FULL = {
    "fp": (NO_V, 1, 2, 3000, {"a": "b1ocif", "b": "b1ocif"}),
    "fp-alone-of-both": (V + "128", 1, 1, 3000, {"a": "f", "b": WHOLE}),
    "vector-alone": (V + "256", 1, 1, 3000, {"a": "v", "b": "v"}),
    "vector-beside-fp": (V + "256", 1, 2, 3000, {"a": "v", "b": "f"}),
    "one-after-another": (V + "256", 1, 2, 3000, {"a": "1", "b": "1c"}),
    "long": (V + "1024", 1, 2, 3000, TWO),
    "max": ("max", 1, 2, 3000, TWO),
    "two-harts-long": (V + "1024", 2, 2, 6000, {**TWO, "c": WHOLE}),
    "two-harts-hidden": (V + "256", 2, 2, 6000, {**TWO, "c": ("b1ocif",)}),
    "four-harts": (V + "128", 4, 4, 6000, TWO),
}


def boot(tap, name, cpu, harts, vcpus, time, plans):
    nodes = []
    for number, (vm, plan) in enumerate(plans.items()):
        hides = {"hide": '"v"'} if isinstance(plan, tuple) else {}
        args = f"id={number + 1} plan={''.join(plan)} time={time}"
        nodes.append(fits.vm(vm, memory=fits.megabytes(8), cpus=f"<{vcpus}>",
                             bootargs=f'"{args}"', **hides))
    image = fits.image("regs-" + name, fits.config(*nodes), {"kernel": fits.guest("regs")})
    with qemu.Qemu("regs-" + name, kernel=image, harts=harts, memory="256M", cpu=cpu,
                   append="trace=sched", extra=FIXED if harts == 1 else ()) as machine:
        try:
            status, tail = machine.wait(), machine.tail()
        except qemu.Failure as failure:
            status, tail = None, str(failure)
        text = machine.output.decode("latin-1").replace("\r", "")
        # The console is the first VM's: of the others the machine's status tells.
        problem = fits.guest_problem(text)
        tap.ok(not problem, f"{name}: the first VM's registers", problem)
        tap.ok(status == 0, f"{name}: and those of the others: status 0",
               tail if status is None else f"status {status}")
        return text


def play(tap, name, scene):
    text = boot(tap, name, *scene)
    _, harts, _, _, plans = scene
    for line in re.findall(r"^# (hart \d+: taken .*)", text, re.MULTILINE):
        tap.diag(line)
    tap.equal(sorted({vm for vm, _, _ in TIMES.findall(text)}), sorted(plans),
              f"{name}: each VM came to its end")
    if harts > 1:
        seen = {}
        for hart, thread in SWITCH.findall(text):
            seen.setdefault(thread, set()).add(hart)
        moved = sum(len(on) > 1 for on in seen.values())
        tap.ok(moved, f"{name}: vCPUs moved between harts", seen)
        tap.diag(f"{moved} threads were on more than one hart")


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("registers", "limen's, which is not there")
        tap.done()
    known = {**SCENES, **SCENES_FULL}
    for name in chosen(known, usual=SCENES):
        play(tap, name, known[name])
    tap.done()


if __name__ == "__main__":
    main()
