#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Makes limen fail on purpose (boot argument panic=) and reads its report: why, where, the registers,
and every hart's back trace by name; then the machine ends with a failing status.
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

HARTS = 3
PAGE_FAULT_STORE = 15
STACK_SIZE = 16384

STEP = re.compile(r"  (?:#\d+|ra ) +[0-9a-f]{16} (\w[\w.]*)\+0x[0-9a-f]+")
ADDRESS = re.compile(r"  (?:#\d+|ra ) +[0-9a-f]{16}")
REGISTERS = ["ra", "sp", "gp", "tp"] + [f"t{i}" for i in range(7)] + \
    [f"a{i}" for i in range(8)] + [f"s{i}" for i in range(12)]


class Report:
    """limen's lines from the panic on, cut up."""

    def __init__(self, text):
        lines = re.findall(r"^limen: (.*)$", text.replace("\r", ""), re.MULTILINE)
        first = next((i for i, line in enumerate(lines) if line.startswith("panic: ")), len(lines))
        self.lines = lines[first:]
        self.head = self.lines[0] if self.lines else ""
        self.last = self.lines[-1] if self.lines else ""

    def harts(self):
        """{hart: names on its back trace, None where one could not be named}"""
        found, hart = {}, None
        for line in self.lines:
            start = re.fullmatch(r"panic: .*, hart (\d+)|hart (\d+) was at:", line)
            step = STEP.fullmatch(line)
            if start:
                hart = found.setdefault(int(start[1] or start[2]), [])
            elif step or ADDRESS.fullmatch(line):
                hart.append(step and step[1])
        return found

    def registers(self):
        """Of the frame: {name: value}"""
        text = "\n".join(line for line in self.lines
                         if not STEP.fullmatch(line) and not ADDRESS.fullmatch(line))
        return {name: int(value, 16) for name, value
                in re.findall(r"([a-z]+\d*) +([0-9a-f]{16})\b", text)}


def in_order(names, wanted):
    """Are the wanted names among names, in this order?"""
    rest = iter(names)
    return all(any(name and name.startswith(want) for name in rest) for want in wanted)


def boot(tap, name, append, head, trace):
    """The Report of a boot with these arguments, what each has in common tested."""
    with qemu.Qemu("panic-" + name, kernel=fits.limen(), harts=HARTS, memory="256M",
                   append=append) as machine:
        try:
            status, tail = machine.wait(), machine.tail()
        except qemu.Failure as failure:
            tap.ok(False, f"{name}: the machine ends", failure)
            return Report("")
        report = Report(machine.output.decode("latin-1"))
    tap.ok(status > 0, f"{name}: the machine ends with a failing status", f"status {status}")
    tap.ok(re.fullmatch(f"panic: {head}, hart 0", report.head), f"{name}: says what failed", tail)
    harts = report.harts()
    tap.ok(in_order(harts.get(0, []), trace), f"{name}: back trace of the hart that failed", tail)
    tap.equal(sorted(harts), list(range(HARTS)), f"{name}: each hart's back trace, once")
    tap.ok(all(in_order(harts.get(i, []), ["schedule", "smp_idle"]) for i in range(1, HARTS)),
           f"{name}: the other harts idle", tail)
    tap.ok(None not in sum(harts.values(), []), f"{name}: each address has a name", tail)
    tap.equal(report.last, "panic: the machine stops", f"{name}: nothing follows")
    return report


def test_check(tap):
    report = boot(tap, "check", "panic=check", r"check failed: .* at hyp/selftest/selftest\.c:\d+",
                  ["selftest_panic", "main_thread", "thread_main"])
    tap.equal(report.registers(), {}, "check: no registers, they would be the panic's own")


def test_trap(tap):
    report = boot(tap, "trap", "panic=trap", "trap in the hypervisor",
                  ["selftest_trap", "selftest_panic", "main_thread", "thread_main"])
    found = report.registers()
    tap.equal(sorted(set(REGISTERS) - set(found)), [], "trap: all registers are printed")
    tap.equal([found.get(r) for r in ("scause", "stval", "s11")],
              [PAGE_FAULT_STORE, 8, 0x11111e57], "trap: what happened, and a register's value")


def test_overflow(tap):
    report = boot(tap, "overflow", "panic=overflow", "stack overflow", ["selftest_overflow"] * 8)
    found = report.registers()
    tap.ok(found.get("scause") == PAGE_FAULT_STORE and
           found.get("stval", STACK_SIZE) % (2 * STACK_SIZE) >= STACK_SIZE - 64 and
           found.get("stval", STACK_SIZE) % (2 * STACK_SIZE) < STACK_SIZE,
           "overflow: the store into the guard page is what stopped it", report.lines[:3])


def test_kept(tap):
    """What the console was spared before, is told now."""
    report = boot(tap, "kept", "panic=check loglevel=error", "check failed: .*", ["selftest_panic"])
    kept = [line for line in report.lines if line.startswith("| ")]
    tap.ok(any(re.fullmatch(rf"\| {HARTS} harts up", line) for line in kept),
           "kept: the log's last lines follow", "\n".join(report.lines))


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("panic", "limen's, which is not there")
        tap.done()
    for test in (test_check, test_trap, test_overflow, test_kept):
        test(tap)
    tap.done()


if __name__ == "__main__":
    main()
