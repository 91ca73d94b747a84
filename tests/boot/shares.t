#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
How VMs share the harts: each computes for ten seconds of its clock, and limen says at its end how much
of the harts it had. Instructions take a fixed time here, so the figures hardly depend on the computer.
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
from tap import Tap, chosen  # noqa: E402

FIXED = ("-icount", "shift=6,sleep=off")
SECONDS = 10
TIMES = re.compile(r"limen: VM (\w+): guest (\d+) ms, host (\d+) ms, interrupts (\d+) ms, "
                   r"idle (\d+) ms, steal (\d+) ms, (\d+) entries, \d+ ms elsewhere$", re.MULTILINE)

# Scenes: harts, the VMs' properties, and what per cent of all harts' time each is to have, within 2; or
# from what to what. VMs begin and end one after the other, so the shares add up to a little more than all.
SCENES = {
    "weights": (1, {"a": {"weight": "<100>"}, "b": {"weight": "<300>"}}, {"a": 25, "b": 75}),
    "weights-over-harts": (2, {"a": {"weight": "<100>"}, "b": {"weight": "<300>", "cpus": "<2>"}},
                           {"a": 25, "b": 75}),
    "many-and-one": (1, {"a": {"cpus": "<8>"}, "b": {}}, {"a": 50, "b": 50}),
    "many-and-one-over-harts": (2, {"a": {"cpus": "<8>"}, "b": {}}, {"a": 50, "b": 50}),
    "three-on-two": (2, {"a": {}, "b": {}, "c": {}}, dict.fromkeys("abc", (31, 36))),
    "cap": (1, {"a": {"cap": "<30>"}}, {"a": 30}),
    # QEMU runs the two harts in turns that are longer than what a cap lets a VM have is kept; exactly in
    # tests/unit/hyp/sched/test_shares.c.
    "cap-beside-another": (2, {"a": {"cap": "<50>", "cpus": "<2>"}, "b": {}}, {"a": (18, 26), "b": (46, 52)}),
    "cap-naps": (1, {"a": {"cap": "<20>", "kernel": '"naps"'}}, {"a": (15, 22)}),
    "cap-naps-beside-another": (1, {"a": {"cap": "<20>", "kernel": '"naps"'}, "b": {}},
                                {"a": (15, 22), "b": (76, 85)}),
    "named-harts": (2, {"a": {"harts": "<0>"}, "b": {"harts": "<0>"}, "c": {"harts": "<1>"}},
                    {"a": 25, "b": 25, "c": 50}),
    "dedicated": (2, {"a": {"harts": "<1>", "dedicated": ""}, "b": {}, "c": {}},
                  {"a": 50, "b": 25, "c": 25}),
}


def times_of(text):
    keys = ("guest", "host", "interrupts", "idle", "steal", "entries")
    return {m[1]: dict(zip(keys, map(int, m.groups()[1:]))) for m in TIMES.finditer(text)}


def boot(tap, name, harts, vms):
    nodes = [fits.vm(vm, memory=fits.megabytes(4), **properties)
             for vm, properties in vms.items()]
    image = fits.image("shares-" + name, fits.config(*nodes),
                       {"kernel": fits.guest("share"), "naps": fits.guest("share-naps")})
    with qemu.Qemu("shares-" + name, kernel=image, harts=harts, memory="256M",
                   append="trace=call", extra=FIXED) as machine:
        try:
            status, tail = machine.wait(), machine.tail()
        except qemu.Failure as failure:
            status, tail = None, str(failure)
        tap.ok(status == 0, f"{name}: status 0", tail)
        return machine.output.decode("latin-1").replace("\r", "")


def play(tap, name):
    harts, vms, wanted = SCENES[name]
    times = times_of(boot(tap, name, harts, vms))
    if not tap.equal(sorted(times), sorted(vms), f"{name}: where each VM's time went"):
        return
    for vm, per_cent in wanted.items():
        had = (times[vm]["guest"] + times[vm]["host"]) / (SECONDS * 10 * harts)
        least, most = per_cent if isinstance(per_cent, tuple) else (per_cent - 2, per_cent + 2)
        tap.ok(least <= had <= most, f"{name}: {vm} has {least} to {most} % of the harts",
               f"{had:.2f} %: {times[vm]}")
    if name == "dedicated":
        tap.ok(times["a"]["entries"] < 20 and times["a"]["steal"] < 20,
               f"{name}: nobody disturbs a", times["a"])


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("shares", "limen's, which is not there")
        tap.done()
    for name in chosen(SCENES):
        play(tap, name)
    tap.done()


if __name__ == "__main__":
    main()
