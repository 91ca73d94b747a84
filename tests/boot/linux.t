#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Boots Debian's Linux as limen's guest to a shell, uses it, and powers it off, on one machine after
the other. Arguments: names of the variants to run (default: all).
"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import images  # noqa: E402
import qemu  # noqa: E402
from tap import Tap, chosen  # noqa: E402

BOOTARGS = "console=ttyS0"
MEMORY = "512M"

# name: (machine, cpu, harts, vCPUs, limen's own arguments)
VARIANTS = {
    "rv64": ("virt", "rv64", 1, 1, None),
    "rv64-smp": ("virt", "rv64", 2, 2, None),
    "max": ("virt", "max", 1, 1, None),
    "max-smp": ("virt", "max", 2, 2, None),
    "rv64-no-sstc": ("virt", "rv64,sstc=off", 1, 1, None),
    "rv64-hide-all": ("virt", "rv64", 1, 1, "hide=all"),
    "max-hide-all-smp": ("virt", "max", 2, 2, "hide=all"),
}

# OpenSBI's; who sees it is not limen's guest.
OPENSBI_ID = "0x1"


def use_shell(tap, name, shell, cpus):
    """What somebody at the guest's shell would try first."""
    out, status = shell.run("uname -a")
    tap.ok(status == 0 and re.search(r"^Linux .* riscv64 ", out), f"{name}: uname -a", out)
    out, status = shell.run("cat /proc/cpuinfo")
    tap.equal((len(re.findall(r"^processor\s*:", out, re.MULTILINE)), status), (cpus, 0),
              f"{name}: /proc/cpuinfo lists {cpus} CPU(s)")
    out, status = shell.run("echo over the threshold > /tmp/file && cat /tmp/file")
    tap.equal((out, status), ("over the threshold\n", 0), f"{name}: a file is written and read")
    out, status = shell.run("a=$(date +%s); sleep 2; echo $(($(date +%s) - a))")
    tap.ok(re.search(r"^([2-9]|[1-9]\d+)$", out) and status == 0, f"{name}: time passes", out)
    out, status = shell.run("dmesg | grep -o 'SBI implementation ID=0x[0-9a-f]*'")
    seen = out.strip().rpartition("=")[2]
    tap.ok(status == 0 and (seen == OPENSBI_ID) == images.STANDIN,
           f"{name}: {'the firmware' if images.STANDIN else 'limen'} serves SBI", out)


def boot(tap, name):
    board, cpu, harts, cpus, append = VARIANTS[name]
    arguments = images.linux_machine(cpus, MEMORY, BOOTARGS, append)
    with qemu.Qemu("linux-" + name, machine=board, cpu=cpu, harts=harts, **arguments) as machine:
        try:
            shell = qemu.Shell(machine)
            shell.ready()
            tap.ok(True, f"{name}: boots to a shell")
            use_shell(tap, name, shell, cpus)
            machine.send("poweroff -f\n")
            status = machine.wait()
            tap.ok(status == 0, f"{name}: poweroff ends the machine with status 0",
                   f"status {status}\n{machine.tail()}")
            broken = images.BROKEN.search(machine.output.decode("latin-1"))
            tap.ok(not broken, f"{name}: nothing went wrong meanwhile",
                   f"the console says {broken and broken[0]!r}\n{machine.tail()}")
        except qemu.Failure as failure:
            tap.ok(False, f"{name}: the machine does what is expected of it", failure)


def main():
    tap = Tap()
    for name in chosen(VARIANTS):
        if images.STANDIN and VARIANTS[name][4]:
            tap.skip(name, "an argument for limen, which is not there")
        else:
            boot(tap, name)
    tap.done()


if __name__ == "__main__":
    main()
