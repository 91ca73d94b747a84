#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What a guest's instruction counter (SBI PMU) counts, on a machine where each instruction takes a fixed
time: the guest's own, exactly but for some of the world switch at each exit; and with two VMs on one
hart, none of the other's.
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
from tap import Tap  # noqa: E402

EXACT = ("-icount", "shift=0,sleep=off")

# Of limen, at most, for each exit. A whole one takes several hundred.
AN_EXIT = 200


def boot(tap, name, cpu, vms):
    """The first VM has the console; the machine must end well."""
    image = fits.image("pmu-" + name, fits.config(*[fits.vm(vm, kernel=f'"{vm}"') for vm in vms]),
                       {vm: fits.guest(guest) for vm, guest in vms.items()})
    with qemu.Qemu("pmu-" + name, kernel=image, harts=1, memory="256M", cpu=cpu,
                   extra=EXACT) as machine:
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


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("counters", "limen's, which is not there")
        tap.done()
    boot(tap, "alone", "rv64", {"pmu": "sbi-pmu"})
    boot(tap, "max", "max", {"pmu": "sbi-pmu"})
    boot(tap, "shared", "rv64", {"pmu": "sbi-pmu", "other": "demo"})
    tap.done()


if __name__ == "__main__":
    main()
