#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
`make run` as somebody types it: its exit status is the guest's fate. With LIMEN_FULL=1 in the
environment Debian's Linux is used from its shell, too.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fits  # noqa: E402
import images  # noqa: E402
import qemu  # noqa: E402
from tap import Tap  # noqa: E402

FULL = bool(os.environ.get("LIMEN_FULL"))

# What `make test` hands down, and what would change what is run.
NOT_OURS = ("MAKE", "MFLAGS", "GNUMAKEFLAGS", "KERNEL", "INITRD", "BOOTARGS", "MEM", "CPU",
            "MACHINE", "HARTS", "HOST_MEM", "QEMU_ARGS", "APPEND", "BUILD")


def make_run(name, *variables):
    """A machine whose console is that of `make run`."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(NOT_OURS)}
    return qemu.Qemu(name, line=["make", "-C", images.TOP, "run", *variables],
                     environment=environment)


def guest(tap, name, what, passes, *variables):
    with make_run("-".join(["run", name, *variables]), "KERNEL=" + fits.guest(name), "INITRD=",
                  "MEM=32M", *variables) as machine:
        try:
            machine.process.stdin.close()
            status = machine.wait()
        except qemu.Failure as failure:
            tap.ok(False, what, failure)
            return
        wrong = passes and fits.guest_problem(machine.output.decode("latin-1"))
        tap.ok(not wrong and (status == 0) == passes and status >= 0, what,
               f"{wrong or f'status {status}'}\n{machine.tail()}")


def linux(tap):
    with make_run("run-linux") as machine:
        try:
            shell = qemu.Shell(machine)
            shell.ready()
            out, _ = shell.run("nproc")
            tap.equal(out, "2\n", "make run: Linux's shell, two CPUs")
            machine.send("poweroff -f\n")
            tap.equal(machine.wait(), 0, "make run: status 0 after poweroff")
        except qemu.Failure as failure:
            tap.ok(False, "make run: Linux boots and powers off", failure)


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("make run", "limen's, which is not there")
        tap.done()
    guest(tap, "smp", "make run KERNEL=...: status 0 when the guest powers off, without a terminal",
          True)
    guest(tap, "fault-nested", "make run KERNEL=...: a failing status when the guest fails", False)
    sifive_u = ["MACHINE=sifive_u", "HARTS=3"]
    guest(tap, "ebreak", "make run MACHINE=sifive_u: status 0, and no semihosting for the guest", True,
          *sifive_u)
    guest(tap, "fault-nested", "make run MACHINE=sifive_u: a failing status when the guest fails", False,
          *sifive_u)
    if FULL:
        linux(tap)
    tap.done()


if __name__ == "__main__":
    main()
