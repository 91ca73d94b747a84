#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
limen's threshold at EL2 of AArch64, on QEMU's virt with a GICv3: the conformance suite, RCU under load,
small VMs, and what a panic says; on two processors, one without FEAT_VHE and one with all that QEMU has,
with one hart and with four, in the release build with self-tests and in the debug build, whose lock
checker looks on.

The machine's firmware has no status to give: limen's last line says how it went.

Arguments: cases by name, such as debug-max-4-vm (default: all). Environment: LIMEN_ARM64_SELFTEST_BIN
(build/arm64-selftest/limen.bin), LIMEN_ARM64_DEBUG_BIN (build/arm64-debug/limen.bin).
"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import images  # noqa: E402
import qemu  # noqa: E402
from points import points  # noqa: E402
from tap import Tap, chosen  # noqa: E402

CPUS = ("cortex-a57", "max")
HARTS = (1, 4)
BUILDS = ("selftest", "debug")
PERIODS = 300
INVARIANTS = {f"E{i}" for i in range(1, 17)}


def line(build, cpu, harts, append):
    image = images.path(f"LIMEN_ARM64_{build.upper()}_BIN", f"build/arm64-{build}/limen.bin")
    return ["qemu-system-aarch64", "-M", "virt,virtualization=on,gic-version=3", "-cpu", cpu, "-smp",
            str(harts), "-m", "256M", "-nic", "none", "-display", "none", "-monitor", "none", "-serial",
            "stdio", "-no-reboot", "-kernel", image, "-append", append]


def run(tap, name, build, cpu, harts, append):
    """The console of a machine that ended by itself."""
    with qemu.Qemu(f"arm-{name}", line=line(build, cpu, harts, append)) as machine:
        try:
            machine.wait()
        except qemu.Failure as failure:
            tap.ok(False, f"{name}: the machine ends", failure)
        return machine.output.decode("latin-1").replace("\r", "")


def ended(tap, name, harts, text, how="well"):
    """Behind what was said: the machine came to its end, and well or not as it has to."""
    ends = re.findall(r"^limen: the machine ends: (\w+)$", text, re.MULTILINE)
    tap.equal(ends, [how], f"{name}: how it ended")
    harts_up = re.search(r"^limen: (\d+) harts? up$", text, re.MULTILINE)
    tap.equal(harts_up and int(harts_up[1]), harts, f"{name}: harts that came up")


def conformance(tap, name, build, cpu, harts):
    text = run(tap, name, build, cpu, harts, "selftest=conformance")
    seen = points(tap, name, text)
    ended(tap, name, harts, text)
    # E2 is the checker's of the linked image, E3 the debug checks', on the host.
    must = INVARIANTS - {"E2", "E3"} - ({"E10"} if harts == 1 else set())
    tap.equal(sorted(must - seen), [], f"{name}: each invariant has a test that ran")


def torture(tap, name, build, cpu, harts):
    text = run(tap, name, build, cpu, harts, f"torture=rcu,{PERIODS}")
    found = re.search(r"torture: (\d+) grace periods", text)
    tap.ok(found and int(found[1]) >= PERIODS, f"{name}: grace periods", text)
    ages = [int(n) for n in re.search(r"ages seen:((?: \d+)*)|$", text)[1].split()]
    tap.ok(len(ages) == 9 and ages[0] and ages[1] and not any(ages[2:]),
           f"{name}: readers met what was taken out, and nothing that a grace period had passed", text)
    ended(tap, name, harts, text)


def small_vms(tap, name, build, cpu, harts):
    text = run(tap, name, build, cpu, harts, "guests=test")
    points(tap, name, text)
    ended(tap, name, harts, text)


def panics(tap, name, build, cpu, harts):
    for how, says in (
            ("check", r"panic: check failed: .*, hart 0\n(.*\n)*.*main_thread"),
            ("trap", r"panic: exception in the hypervisor, hart 0\n.*far 0{15}8 .*\n(.*\n)*.*x28 0*11111e57"
                     r"(.*\n)*.*selftest_trap(.*\n)*.*main_thread"),
            ("overflow", r"panic: stack overflow, hart 0\n(.*\n)*.*selftest_overflow")):
        text = run(tap, f"{name}-{how}", build, cpu, harts, f"panic={how}")
        tap.ok(re.search(says, text), f"{name}: {how}: what, where, and who called", text)
        for hart in range(1, harts):
            tap.ok(re.search(rf"hart {hart} was at:\n.*#0 .*", text), f"{name}: {how}: hart {hart} says "
                   "where it was", text)
        ended(tap, f"{name}: {how}", harts, text, "failed")


WHATS = {"conformance": conformance, "torture": torture, "vm": small_vms, "panic": panics}
CASES = {f"{build}-{cpu}-{harts}-{what}": (what, build, cpu, harts) for build in BUILDS for cpu in CPUS
         for harts in HARTS for what in WHATS if what != "panic" or (build, cpu) == ("debug", "max")}


def main():
    tap = Tap()
    for name in chosen(CASES):
        what, *machine = CASES[name]
        WHATS[what](tap, name, *machine)
    tap.done()


if __name__ == "__main__":
    main()
