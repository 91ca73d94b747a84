#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
RCU under load in the hypervisor (boot argument torture=): eight harts, of which three sit in a
guest that never exits and do so through all the grace periods that are counted; four harts beside
vCPUs that are more than the harts, take them from each other and move; and a reader that holds a grace
period up, which is to be reported with its back trace.

LIMEN_FULL=1: many times as many grace periods. LIMEN_SELFTEST_BIN: the release build with
self-tests (build/riscv-selftest/limen.bin). LIMEN_DEBUG_BIN: the debug build, for the stall
(build/riscv-debug/limen.bin); it knows where the reader began.
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

HARTS = 8
FULL = bool(os.environ.get("LIMEN_FULL"))
PERIODS = 50000 if FULL else 1500
CROWD_HARTS = 4
CROWD_PERIODS = 10000 if FULL else 1000
STAYING = 3     # the vCPUs of VM "still" but for the first, which shares its hart with the conductor
TIMEOUT = 1200 if FULL else None


def crowd(harts):
    """Two VMs that compute all the time, each with more vCPUs than there are harts, anywhere."""
    source = fits.config(*[fits.vm(name, memory=fits.megabytes(4), cpus=f"<{harts + 1}>")
                           for name in ("one", "other")])
    return fits.image("torture-crowd", source, {"kernel": fits.guest("hang")}, code=fits.selftest())


def image(harts):
    """Of eight, harts 0 to 3 have a vCPU of VM still, 4 and 5 those of VM shared beside a worker; 6 and
    7 have a worker alone and so idle at times."""
    places = ({"harts": "<0 1 2 3>", "dedicated": ""}, {"harts": "<4 5>"}) if harts == HARTS else \
        ({}, {})
    source = fits.config(fits.vm("still", cpus="<4>", **places[0]),
                         fits.vm("shared", cpus="<2>", **places[1]))
    return fits.image("torture", source, {"kernel": fits.guest("hang")}, code=fits.selftest())


def run(tap, what, append, harts, kernel=None):
    """(the machine's status, its console)"""
    with qemu.Qemu("torture-" + what, kernel=kernel or image(harts), harts=harts, memory="256M",
                   append=append) as machine:
        try:
            status = machine.wait(TIMEOUT)
        except qemu.Failure as failure:
            tap.ok(False, f"{what}: the machine ends", failure)
            return None, ""
        tap.equal(status, 0, f"{what}: the machine ends with status 0")
        return status, machine.output.decode("latin-1").replace("\r", "")


def torture(tap, name, periods, staying, harts, kernel=None):
    """So many grace periods, through which that many harts stay in their guests."""
    status, text = run(tap, name, f"torture=rcu,{periods},{staying}", harts, kernel)
    if status is None:
        return
    said = [line for line in text.splitlines() if line.startswith("limen: torture: ")]
    for line in said:
        tap.diag(line.removeprefix("limen: torture: "))
    text = "\n".join(said)
    found = re.search(r"torture: (\d+) grace periods, (\d+) of them waited for in turn", text)
    tap.ok(found and int(found[1]) >= int(found[2]) >= periods, f"{name}: grace periods", text)
    found = re.search(r"(\d+) readers, (\d+) of them in interrupts; (\d+) updates, (\d+) callbacks, "
                      r"(\d+) barriers", text)
    tap.ok(found and all(int(n) for n in found.groups()),
           f"{name}: readers, in interrupts too, updates, callbacks and barriers", text)
    ages = [int(n) for n in re.search(r"ages seen:((?: \d+)*)|$", text)[1].split()]
    tap.ok(len(ages) == 9 and ages[0] and ages[1], f"{name}: readers met objects that were taken out",
           text)
    tap.ok(len(ages) == 9 and not any(ages[2:]), f"{name}: and none after a grace period", text)
    stayed = [(int(hart), int(periods)) for hart, periods in
              re.findall(r"hart (\d+) stayed in its guest through (\d+)", text)]
    tap.equal([hart for hart, through in stayed if through >= periods],
              list(range(1, staying + 1)), f"{name}: harts that never left their guests meanwhile")
    tap.equal(said[-1:], ["limen: torture: passed"], f"{name}: passed")


def test_stall(tap):
    status, text = run(tap, "stall", "torture=stall", 3)
    if status is None:
        return
    text = "\n".join(line for line in text.splitlines() if line.startswith("limen: "))
    found = re.findall(r"RCU: a grace period has waited (\d+) ms for hart (\d+): (.*)", text)
    tap.ok(len(found) == 1 and int(found[0][0]) >= 200 and found[0][1:] == ("2", "in the hypervisor"),
           "stall: told once, which hart, how long, and what it does", text)
    tap.ok(re.search(r"hart 2 is at:\n(limen:   .*\n)*"
                     r"limen:   (?:#\d+|ra ) .*torture_stall_reader(.*\n)*limen:   #\d+ .*thread_main", text),
           "stall: with its back trace", text)
    tap.ok("torture: the grace period is over, 1 reports" in text, "stall: and it goes on", text)
    if "debug" in fits.limen():
        tap.ok(re.search(r"in a reader that began at [0-9a-f]+ torture_stall_reader", text),
               "stall: where the reader began", text)


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("torture", "limen's, which is not there")
        tap.done()
    torture(tap, "rcu", PERIODS, STAYING, HARTS)
    torture(tap, "crowd", CROWD_PERIODS, 0, CROWD_HARTS, crowd(CROWD_HARTS))
    test_stall(tap)
    debug = os.environ.get("LIMEN_DEBUG_BIN") or \
        os.path.join(images.TOP, "build/riscv-debug/limen.bin")
    if os.path.isfile(debug):
        os.environ["LIMEN_BIN"] = debug
        test_stall(tap)
    tap.done()


if __name__ == "__main__":
    main()
