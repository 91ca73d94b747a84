#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Interrupt files of guests, as they are seen from outside: messages between vCPUs that run take no exit
where they have files of the hardware, files follow vCPUs that are moved, and a guest is promised no more
than the machine's tree does. Arguments: names of scenes
(default: all).
"""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fits  # noqa: E402
import images  # noqa: E402
import qemu  # noqa: E402
from tap import Tap, bail_out, chosen  # noqa: E402

HARTS = 2
MESSAGES = 20000  # of the guest aia-pingpong, both ways
ENTRIES = re.compile(r"limen: VM guest: .*, (\d+) entries, \d+ ms elsewhere$", re.MULTILINE)
MOVED = re.compile(r"limen: trace (\d+) \d+ \d+ file .*to=(?:0x)?([0-9a-f]+)", re.MULTILINE)

FEWER = 63        # identities of a guest's file


def tree_with_fewer(machine):
    """QEMU's arguments for its own tree, in which guests' files have no more than FEWER identities."""
    path = fits.write("aia-fewer.dtb", b"")
    for command in (["qemu-system-riscv64", "-M", f"{machine},dumpdtb={path}", "-smp", str(HARTS),
                     "-m", "256M", "-display", "none"],
                    *[["fdtput", "-t", "u", path, f"/soc/interrupt-controller@{at}",
                       "riscv,num-guest-ids", str(FEWER)] for at in ("24000000", "28000000")]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            bail_out(done.stderr.strip())
    return ["-dtb", path]


# Scenes: the guest, how many files a hart has for guests, the VM's properties, and the least and the
# most entries, if they count.
SCENES = {
    "ping-pong": ("aia-pingpong", 1, {"cpus": "<2>"}, (1, 500)),
    "ping-pong-dedicated": ("aia-pingpong", 1,
                            {"cpus": "<2>", "harts": "<0 1>", "dedicated": ""}, (1, 500)),
    "ping-pong-in-memory": ("aia-pingpong", 0, {"cpus": "<2>"}, (10000, 100 * MESSAGES)),
    "moves-one-file": ("aia-load", 1, {"cpus": "<4>"}, None),
    "moves-seven-files": ("aia-load", 7, {"cpus": "<4>"}, None),
    "fewer-identities": ("aia", 0, {"cpus": "<2>"}, (1, 10000000)),
}


def boot(tap, name, guest, files, properties):
    """The console's text; the guest must have passed."""
    image = fits.image("aia-" + name, fits.config(fits.vm(**properties)),
                       {"kernel": fits.guest(guest)})
    qemus = f"virt,aia=aplic-imsic,aia-guests={files}"
    with qemu.Qemu("aia-" + name, kernel=image, harts=HARTS, memory="256M", append="trace=file",
                   machine=qemus,
                   extra=tree_with_fewer(qemus) if name == "fewer-identities" else ()) as machine:
        try:
            status, tail = machine.wait(), machine.tail()
        except qemu.Failure as failure:
            status, tail = None, str(failure)
        text = machine.output.decode("latin-1").replace("\r", "")
        wrong = fits.guest_problem(text) or (f"status {status}" if status else "")
        tap.ok(not wrong, f"{name}: the guest passes", f"{wrong}\n{tail}")
        return text


def play(tap, name):
    guest, files, properties, entries = SCENES[name]
    text = boot(tap, name, guest, files, properties)
    if entries:
        had = [int(n) for n in ENTRIES.findall(text)]
        tap.ok(len(had) == 1 and entries[0] <= had[0] <= entries[1],
               f"{name}: {entries[0]} to {entries[1]} entries", had)
        return
    moves = [int(to, 16) for _, to in MOVED.findall(text)]
    tap.ok(len(moves) > 8, f"{name}: files move", len(moves))
    tap.ok({to // 64 for to in moves if to} == set(range(HARTS)), f"{name}: to all harts", set(moves))
    if files == 1:
        tap.ok(0 in moves, f"{name}: and to memory, since there are not enough", set(moves))


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("aia", "limen's, which is not there")
        tap.done()
    for name in chosen(SCENES):
        play(tap, name)
    tap.done()


if __name__ == "__main__":
    main()
