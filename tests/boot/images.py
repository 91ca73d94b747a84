# SPDX-License-Identifier: BSD-2-Clause
"""
What the boot tests boot. Images are packed here, from a hypervisor that was built once: another
guest, another number of vCPUs, needs no rebuild.

Environment, with what holds without it:
    LIMEN_BIN		build/riscv-release/limen.bin
    LIMEN_KERNEL	build/deps/linux/Image
    LIMEN_INITRD	build/rootfs.cpio.gz
    LIMEN_TEST_OUT	build: images and logs go to test-images and test-logs in there
    LIMEN_STANDIN	if set, the guest's kernel is booted on the firmware in limen's place: what
			fails then is the guest or the test, not limen
"""
import hashlib
import os
import re
import subprocess
import sys

import qemu
from tap import bail_out, chosen

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(os.environ.get("LIMEN_TEST_OUT") or os.path.join(TOP, "build"), "test-images")

# What Linux says when something is wrong with it.
BROKEN = re.compile(r"Kernel panic|\bOops\b|\bBUG:|WARNING: |rcu: INFO|Call Trace|Unable to handle",
                    re.MULTILINE)

STANDIN = bool(os.environ.get("LIMEN_STANDIN"))


def path(variable, default):
    """The file that an environment variable names; the test cannot go on without it."""
    name = os.environ.get(variable) or os.path.join(TOP, default)
    if not os.path.isfile(name):
        bail_out(f"{variable}: {name}: no such file")
    return name


def kernel():
    return path("LIMEN_KERNEL", "build/deps/linux/Image")


def initrd():
    return path("LIMEN_INITRD", "build/rootfs.cpio.gz")


def tool(*command):
    done = subprocess.run([os.path.join(TOP, "tools", command[0]), *command[1:]],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        bail_out((done.stderr.strip() or f"{command[0]} failed").splitlines()[-1])


def linux(cpus, memory, bootargs):
    """The path of an image with one Linux guest."""
    os.makedirs(OUT, exist_ok=True)
    key = hashlib.sha256(repr((cpus, memory, bootargs)).encode()).hexdigest()[:12]
    config, image = (os.path.join(OUT, f"linux-{key}.{e}") for e in ("dts", "img"))
    tool("mkconfig", "-o", config, "--cpus", str(cpus), "--memory", memory,
         "--bootargs=" + bootargs, "--initrd")
    limen = path("LIMEN_BIN", "build/riscv-release/limen.bin")
    tool("pack", "-o", image, "--limen", limen, "--config", config,
         "--payload", "kernel=" + kernel(), "--payload", "initrd=" + initrd())
    return image


def linux_machine(cpus, memory, bootargs, append):
    """Arguments for qemu.Qemu: limen with a Linux guest, or what stands in for it."""
    if STANDIN:
        return {"kernel": kernel(), "initrd": initrd(), "append": bootargs}
    return {"kernel": linux(cpus, memory, bootargs), "append": append}


def use_machine(tap, name, machine, use):
    """What use() does with the machine; nothing may go wrong in it or beside it."""
    try:
        use()
    except qemu.Failure as failure:
        tap.ok(False, f"{name}: the machine does what is expected of it", failure)
    nothing_went_wrong(tap, name, machine.output.decode("latin-1"), machine)


def nothing_went_wrong(tap, name, text, machine):
    """Neither a guest's kernel nor limen complained on the console."""
    broken = BROKEN.search(text) or re.search(r"limen: (warning|error|panic).*", text)
    tap.ok(not broken, f"{name}: nothing went wrong meanwhile",
           f"the console says {broken and broken[0]!r}\n{machine.tail()}")


def full_cases(tap, what, cases):
    """The cases of a script that belongs to the full matrix: those named, or all with LIMEN_FULL=1;
    without either it is skipped as a whole, and does not come back."""
    names = chosen(cases, usual=[])
    if STANDIN or not names:
        tap.skip(what, "with LIMEN_FULL=1, and with limen")
        tap.done()
    return names
