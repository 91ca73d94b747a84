#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What a guest's instruction counter (SBI PMU) counts, on a machine where each instruction takes a fixed
time: the guest's own, exactly but for some of the world switch at each exit; and with two VMs on one
hart, none of the other's. And counters that overflow, alone on a hart and beside others; and where
guests have none. (On one hart: with two, and three such VMs, QEMU 10.0 with
-icount runs one of the harts no more: it stays at the instruction after a csrw of M-mode's, while the
other goes on. Moves are tests/unit/arch/riscv/test_hpm.c's, and perf.t's.)

    tests/boot/pmu.t [CASE]...
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

EXACT = ("-icount", "shift=0,sleep=off")

# Of limen, at most, for each exit. A whole one takes several hundred.
AN_EXIT = 200


def boot(tap, name, cpu, vms, append=None):
    """The first VM has the console; the machine must end well."""
    image = fits.image("pmu-" + name, fits.config(*[fits.vm(vm, kernel=f'"{vm}"') for vm in vms]),
                       {vm: fits.guest(guest) for vm, guest in vms.items()})
    with qemu.Qemu("pmu-" + name, kernel=image, harts=1, memory="256M", cpu=cpu,
                   append=append, extra=EXACT) as machine:
        try:
            status, tail = machine.wait(), machine.tail()
        except qemu.Failure as failure:
            status, tail = None, str(failure)
        text = machine.output.decode("latin-1").replace("\r", "")
        tap.ok(status == 0 and not fits.guest_problem(text), f"{name}: the guest's own tests", tail)
    counted = re.search(r"^# counted: (\d+) of (\d+), (\d+) a call$", text, re.MULTILINE)
    if not tap.ok(counted, f"{name}: it has counted", text):
        return
    loop, known, call = map(int, counted.groups())
    # Ticks, and the other VM's turns, end some runs of the loop.
    tap.ok(known <= loop <= known + 1000 * AN_EXIT, f"{name}: a loop's instructions",
           f"{loop} of {known}")
    tap.ok(10 <= call <= 20 + AN_EXIT, f"{name}: a call's instructions", call)


def run(tap, name, vms, harts=1, cpu="max", append=None, **properties):
    """VMs of the guest pmu-sample, each with its boot arguments; what the console says. QEMU's instructions
    are its clock: without that its counters overflow when it finds the time."""
    nodes = [fits.vm(f"vm{i}", kernel='"guest"', bootargs=f'"{args}"', **properties)
             for i, args in enumerate(vms)]
    image = fits.image("pmu-" + name, fits.config(*nodes), {"guest": fits.guest("pmu-sample")})
    with qemu.Qemu("pmu-" + name, kernel=image, harts=harts, memory="256M", cpu=cpu, append=append,
                   extra=EXACT) as machine:
        try:
            status, tail = machine.wait(), machine.tail()
        except qemu.Failure as failure:
            status, tail = None, str(failure)
        text = machine.output.decode("latin-1").replace("\r", "")
    tap.ok(status == 0, f"{name}: every VM ends well", tail)
    return text


def sample(tap, name, vms, **machine):
    text = run(tap, name, vms, **machine)
    tap.ok(not fits.guest_problem(text), f"{name}: the guest's own tests",
           fits.guest_problem(text))


def no_sampling(tap, name, **machine):
    """The guest is told of no Sscofpmf. (That it counts all the same sbi-pmu looks at.)"""
    text = run(tap, name, [""], **machine)
    tap.ok("SKIP no Sscofpmf" in text, f"{name}: no guest is told that counters overflow", text)


CASES = {
    "alone": lambda tap, name: boot(tap, name, "rv64", {"pmu": "sbi-pmu"}),
    "max": lambda tap, name: boot(tap, name, "max", {"pmu": "sbi-pmu"}),
    "shared": lambda tap, name: boot(tap, name, "rv64", {"pmu": "sbi-pmu", "other": "demo"}),
    "hidden": lambda tap, name: boot(tap, name, "max", {"pmu": "sbi-pmu"}, append="hide=sscofpmf"),
    "sample": lambda tap, name: sample(tap, name, [""]),
    "sample-shared": lambda tap, name: sample(tap, name, ["shared=1"] * 2),
    "sample-plic": lambda tap, name: sample(tap, name, [""], aia='"none"'),
    "no-sscofpmf": lambda tap, name: no_sampling(tap, name, append="hide=sscofpmf"),
    "no-sscofpmf-vm": lambda tap, name: no_sampling(tap, name, hide='"sscofpmf"'),
    "no-ssaia": lambda tap, name: no_sampling(tap, name, cpu="rv64,sscofpmf=on"),
    "ssaia-hidden": lambda tap, name: no_sampling(tap, name, append="hide=aia"),
}


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("counters", "limen's, which is not there")
        tap.done()
    for name in chosen(CASES):
        CASES[name](tap, name)
    tap.done()


if __name__ == "__main__":
    main()
