#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The console and those who share it: a far end that stops reading holds up nobody but who prints; what
is lost is counted and said; what a VM without the console writes is kept, and shown when it gets the
console; with console=all the lines of all are shown. Arguments: names of scenes (default: all).

Instructions take a fixed time, so that for how long a guest is kept from its hart does not depend on
the computer; but for Linux.
"""
import fcntl
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

FIXED = ("-icount", "shift=4,sleep=off")
MOST_US = 60000     # some slices; to wait for a port that stands takes a hundred times as long
PIPE = 4096         # bytes, of what stands between this script and the machine
INPUT = 8000        # characters: more than pipe and rings take without a guest that reads
UNASKED = 40        # bytes that the guest "flood" sends to a transmitter that is not empty
KEPT_LINES = 2000   # that the guest "count" writes at once
RING = 16384
LINE = re.compile(r"^(?:\[owner\] )?line (\d{6}) of many, each of them with its number$", re.MULTILINE)
LOST = re.compile(r"^limen: VM (\w+): (\d+) bytes of its output are lost$", re.MULTILINE)
LINE_BYTES = len("line 000000 of many, each of them with its number\n")


def part(name, does, **properties):
    return fits.vm(name, **{"memory": fits.megabytes(4), "bootargs": f'"part={does}"', **properties})


def start(name, nodes, arguments):
    image = fits.image("console-" + name, fits.config(*nodes), {"kernel": fits.guest("console")}) \
        if nodes else linux_image(name)
    machine = qemu.Qemu("console-" + name, kernel=image,
                        **{"memory": "256M", "extra": FIXED, **arguments})
    for pipe in (machine.process.stdin, machine.process.stdout):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)
    return machine


def console_of(machine):
    return machine.output.decode("latin-1").replace("\r", "")


def lost_by(text, name):
    return sum(int(n) for vm, n in LOST.findall(text) if vm == name)


def check_flood(tap, name, text, lines, asked):
    """All that DBCN took is there, in its order, and what the UART was sent; or it is counted. With
    names, a line that was taken in two pieces may have the name in its middle, too."""
    text = re.sub(r"(?<=[^\n])\[owner\] ", "", text)
    numbers = [int(n) for n in LINE.findall(text)]
    tap.ok(lines > 300 and numbers[:lines - 1] == list(range(lines - 1)),
           f"{name}: what DBCN took is shown", f"{lines} lines, shown {numbers[-3:]}")
    tap.ok(0 < asked < 100, f"{name}: the transmitter is not empty in the end", asked)
    shown = max(map(len, re.findall("-+", text)), default=0)
    lost = lost_by(text, "owner")
    tap.ok(lost > 0 and lost + shown == UNASKED, f"{name}: what was lost is counted and said",
           f"{lost} lost, {shown} shown")


def stall(tap, name, machine):
    """The far end reads nothing, until the VMs have run for long in spite of it."""
    machine.expect(r"flooding$")
    machine.send("i" * INPUT + "!", deaf=True)
    said = machine.expect(r"(\d+) lines, (\d+) bytes asked for$")
    machine.expect(r"^limen: the console goes to VM counts$")
    machine.send("q")
    kept = machine.expect(r"kept for (\d+) us at most$")
    tap.ok(int(kept[1]) <= MOST_US, f"{name}: a neighbour is never kept for long", kept[1] + " us")
    tap.equal(machine.wait(), 0, f"{name}: status 0")
    check_flood(tap, name, console_of(machine).split("limen: the console goes to VM counts")[0],
                *map(int, said.groups()))


def moves(tap, name, machine):
    """The owner ends; the other one gets the console, and what it has written is shown."""
    machine.expect(r"^limen: the console goes to VM counts$")
    machine.send("q")
    tap.equal(machine.wait(), 0, f"{name}: status 0")
    before, after = console_of(machine).split("limen: the console goes to VM counts\n")
    tap.ok("says 19, and the rest\n" in before, f"{name}: all of the owner's, before that", before[-500:])
    tap.equal(LINE.findall(before), [], f"{name}: nothing of the other's, before that")
    numbers = [int(n) for n in LINE.findall(after)]
    first = numbers[0] if numbers else 0
    tap.equal(numbers, list(range(first, KEPT_LINES)), f"{name}: its newest lines, all of them")
    tap.ok(RING - 3 * LINE_BYTES < len(numbers) * LINE_BYTES <= RING, f"{name}: as many as it keeps",
           len(numbers))
    lost, gone = lost_by(after, "counts"), first * LINE_BYTES
    tap.ok(gone - LINE_BYTES < lost < gone, f"{name}: how much is gone is said", (lost, gone))


def everybody(tap, name, machine):
    """console=all: each line has its VM's name in front, and is whole."""
    tap.equal(machine.wait(), 0, f"{name}: status 0")
    text = console_of(machine)
    for vm in ("a", "b"):
        said = re.findall(rf"^\[{vm}\] (.*)$", text, re.MULTILINE)
        tap.equal(said, [f"says {i}, and the rest" for i in range(20)], f"{name}: all lines of {vm}")
    tap.ok(re.search(r"^limen: VM b has powered off$", text, re.MULTILINE), f"{name}: limen's own, too")


def two_linux(tap, name, machine):
    """Lines of both are seen, from the kernel's first to init's last."""
    tap.equal(machine.wait(), 0, f"{name}: status 0")
    text = console_of(machine)
    for vm in ("one", "two"):
        said = "\n".join(re.findall(rf"^\[{vm}\] (.*)$", text, re.MULTILINE))
        for line in ("Linux version", r"Run /init as init process", f"this is {vm}$",
                     "reboot: Power down"):
            tap.ok(re.search(line, said, re.MULTILINE), f"{name}: {vm} says: {line}", said[-1500:])
    images.nothing_went_wrong(tap, name, text, machine)


INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc
/bin/busybox mount -t proc proc /proc
/bin/busybox sed 's/.*who=/this is /' /proc/cmdline
/bin/busybox poweroff -f
"""


def linux_image(name):
    rootfs, init = fits.write("console-linux.cpio.gz", b""), fits.write("console-init", INIT.encode())
    images.tool("mkrootfs", "-o", rootfs, "--init", init)
    nodes = [fits.vm(vm, memory=fits.megabytes(128), initrd='"initrd"',
                     bootargs=f'"console=ttyS0 who={vm}"') for vm in ("one", "two")]
    return fits.image("console-" + name, fits.config(*nodes),
                      {"kernel": images.kernel(), "initrd": rootfs})


TWO = [part("owner", "flood", console=""), part("counts", "count")]
PRINTS = [part("owner", "flood", console=""), part("counts", "count prints=1")]
ALL = {"append": "console=all"}

# Scenes: what is done, the VMs (none: two of Linux), the machine.
SCENES = {
    "stall": (stall, TWO, {"harts": 1}),
    "stall-aia": (stall, TWO, {"harts": 1, "machine": "virt,aia=aplic-imsic"}),
    "stall-polled": (stall, TWO, {"harts": 1, "machine": "virt,aia=aplic-imsic", "append": "hide=aia"}),
    "stall-all": (stall, PRINTS, {"harts": 1, **ALL}),
    "moves": (moves, [part("says", "say wait=400", console=""), part("counts", "count")], {"harts": 1}),
    "all": (everybody, [part("a", "say"), part("b", "say")], {"harts": 1, **ALL}),
    "linux": (two_linux, [], {"harts": 2, "memory": "512M", "extra": (), **ALL}),
    "all-harts": (everybody, [part("a", "say"), part("b", "say")], {"harts": 2, **ALL}),
}


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("console", "limen's, which is not there")
        tap.done()
    for name in chosen(SCENES):
        play, nodes, arguments = SCENES[name]
        with start(name, nodes, arguments) as machine:
            try:
                play(tap, name, machine)
            except qemu.Failure as failure:
                tap.ok(False, f"{name}: comes to its end", failure)
    tap.done()


if __name__ == "__main__":
    main()
