#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The conformance suite inside the hypervisor (boot argument selftest=conformance): its points become
this script's, for the release build with self-tests and for the debug build, on machines with one
hart and with four; and beside VMs whose vCPUs are more than there are harts, so that it is preempted
and they move (selftest=conformance,vms). Arguments: runs by name, such as debug-rv64-1,
debug-rv64-2-sstc or debug-rv64-4-vms (default: all). Environment: LIMEN_SELFTEST_BIN
(build/riscv-selftest/limen.bin), LIMEN_DEBUG_BIN (build/riscv-debug/limen.bin), LIMEN_FULL=1 for
features hidden too, and more machines beside VMs.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fits  # noqa: E402
import images  # noqa: E402
import qemu  # noqa: E402
from points import points  # noqa: E402
from tap import Tap, chosen  # noqa: E402

INVARIANTS = [f"E{i}" for i in range(1, 17)]
# On one hart, where the next hart is the only thing that could tell.
NEEDS_HARTS = {"E10"}

RUNS = [(build, cpu, harts, "") for build in ("selftest", "debug") for cpu in ("rv64", "max")
        for harts in (1, 4)]
# VMs beside: how many, vCPUs of each.
CROWDS = {1: (2, 2), 2: (2, 2), 4: (3, 3)}
VMS = ",vms"
RUNS += [("selftest", "rv64", 1, VMS), ("debug", "rv64", 4, VMS)]
RUNS_FULL = RUNS + [(build, cpu, harts, VMS) for build in ("selftest", "debug")
                    for cpu in ("rv64", "max") for harts in CROWDS
                    if (build, cpu, harts, VMS) not in RUNS] + [("debug", "rv64", 2, hidden) for hidden in
                    (" hide=sstc", " hide=vmidlen", " hide=htval,htinst", " hide=all")]


def image(build):
    return images.path(f"LIMEN_{build.upper()}_BIN", f"build/riscv-{build}/limen.bin")


def with_vms(build, harts):
    """The image with VMs that compute all the time."""
    vms, cpus = CROWDS[harts]
    source = fits.config(*[fits.vm(f"vm{i}", memory=fits.megabytes(4), cpus=f"<{cpus}>",
                                   bootargs='"quiet=1"')
                           for i in range(vms)])
    return fits.image(f"conformance-{build}-{harts}", source, {"kernel": fits.guest("hang")},
                      code=image(build))


def name_of(build, cpu, harts, hidden):
    return f"{build}-{cpu}-{harts}{hidden.replace(' hide=', '-').replace(VMS, '-vms')}"


def run(tap, build, cpu, harts, hidden):
    name = "conformance-" + name_of(build, cpu, harts, hidden)
    with qemu.Qemu(name, kernel=with_vms(build, harts) if hidden == VMS else image(build), cpu=cpu,
                   harts=harts, memory="256M",
                   append="selftest=conformance" + hidden) as machine:
        try:
            status = machine.wait()
        except qemu.Failure as failure:
            status = failure
        text = machine.output.decode("latin-1")
        seen = points(tap, name, text)
        tap.ok(status == 0, f"{name}: status 0", f"{status}\n{machine.tail()}")
    # E2 is the checker's of the linked image, E3 the debug checks', on the host.
    must = set(INVARIANTS) - {"E2", "E3"} - (NEEDS_HARTS if harts == 1 else set())
    tap.equal(sorted(must - seen), [], f"{name}: each invariant has a test that ran")


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("conformance", "limen's, which is not there")
        tap.done()
    known = {name_of(*one): one for one in RUNS_FULL}
    for name in chosen(known, usual=[name_of(*one) for one in RUNS]):
        run(tap, *known[name])
    tap.done()


if __name__ == "__main__":
    main()
