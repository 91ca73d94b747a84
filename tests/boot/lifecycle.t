#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
VMs paused, stopped, restarted, destroyed and made anew while others run (boot argument
selftest=lifecycle, guest/selftest/lifecycle.c), and what the restart policy does with those that end by
themselves. Arguments: names of scenes (default: all).

LIMEN_SELFTEST_BIN: the release build with self-tests (build/riscv-selftest/limen.bin).
LIMEN_DEBUG_BIN: the debug build (build/riscv-debug/limen.bin), for the scenes in which its checks and
harts that really run at once matter more than times.
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

# Instructions take a fixed time, so that by how much a guest's time jumps does not depend on the
# computer; and nobody waits for a timer.
FIXED = ("-icount", "shift=6,sleep=off")

FILL_AND_LOOK = {
    "fill": {"kernel": '"fill"', "harts": "<0>"},
    "look": {"kernel": '"look"', "harts": "<0>", "cpus": "<2>", "console": ""},
}

# Scenes: harts, the CPU, VMs with their properties; what they are called says what is done with them.
SCENES = {
    "all-kinds": (4, "rv64", FIXED, {
        "busy": {"harts": "<1>"},
        "life-states": {"cpus": "<5>"},
        "life-cap": {"cpus": "<2>", "cap": "<30>"},
        "life-pinned": {"cpus": "<2>", "harts": "<1>"},
        "life-dedicated": {"harts": "<3>", "dedicated": ""},
        **FILL_AND_LOOK}),
    # Alone but for its cap, with turns that are longer than it takes to come back to its guest.
    "one-hart-cap": (1, "rv64", FIXED, {"life": {"cap": "<99>"}}),
    "one-hart": (1, "rv64", FIXED, {"busy": {}, "life": {"cpus": "<5>"}}),
    "sbi-timer": (1, "rv64,sstc=off", FIXED, {"busy": {}, "life": {"cpus": "<5>"}}),
    "max": (1, "max", FIXED, FILL_AND_LOOK),
}
SIXTEEN = {"busy": {}, "race-states": {"cpus": "<5>"},
           "race-dedicated": {"harts": "<2>", "dedicated": ""},
           **{f"many{i}": {} for i in range(14)}, **FILL_AND_LOOK}
SCENES_DEBUG = {
    "sixteen": (3, "rv64", (), SIXTEEN),
    # Somebody types all the time, whether the VM with the console is there or not.
    "typing": (2, "rv64", (), {"busy": {}, "many-typed": {"console": ""}, "many": {},
                               "race": {}}),
}


def typed(machine):
    """Types until the test has come to its end; the machine's status."""
    end = machine.patience.now() + qemu.TIMEOUT
    while True:
        try:
            machine.expect(r"lifecycle: (passed|FAILED)$", 0.02)
            return machine.wait()
        except qemu.Failure:
            if machine.process.poll() is not None or machine.patience.now() > end:
                raise
            machine.process.stdin.write(b"typed while it comes and goes")


def boot(name, harts, cpu, extra, vms, append, code):
    nodes = [fits.vm(vm, **{"memory": fits.megabytes(4), **properties})
             for vm, properties in vms.items()]
    image = fits.image("lifecycle-" + name, fits.config(*nodes),
                       {"kernel": fits.guest("life"), "fill": fits.guest("scrub-fill"),
                        "look": fits.guest("scrub-look"), "fails": fits.guest("fault-own"),
                        "ends": fits.guest("sbi-base")}, code=code)
    with qemu.Qemu("lifecycle-" + name, kernel=image, harts=harts, cpu=cpu, memory="256M",
                   append=append, extra=extra) as machine:
        try:
            status, tail = (typed if name == "typing" else qemu.Qemu.wait)(machine), machine.tail()
        except qemu.Failure as failure:
            status, tail = None, str(failure)
        return status, machine.output.decode("latin-1").replace("\r", ""), tail


# What the restart policy does with those that end at once. "off" has the console; limen's own lines
# are seen because all is shown.
ENDS = {"kernel": '"ends"', "memory": fits.megabytes(16)}
RESTARTS = {"off": {"restart": '"on-failure"', "console": "", **ENDS},
            "fails": {"kernel": '"fails"'},
            "fails-again": {"kernel": '"fails"', "restart": '"on-failure"'},
            "ends-again": {"restart": '"always"', **ENDS}}
WAITS = [100 << n for n in range(8)]


def play_restart(tap):
    status, text, tail = boot("restart", 2, "rv64", FIXED, RESTARTS, "console=all", fits.limen())
    tap.equal(status, 1, "restart: the machine has failed, as one VM did in the end")
    reports = {vm: len(re.findall(rf"^limen: VM {vm} stopped: ", text, re.MULTILINE))
               for vm in RESTARTS}
    tap.equal(reports, {"off": 0, "fails": 1, "fails-again": 1 + len(WAITS), "ends-again": 0},
              "restart: how often each ran and failed")
    for vm, ended in (("fails-again", "has failed"), ("ends-again", "has powered off")):
        waits = [int(n) for n in re.findall(
            rf"^limen: VM {vm} {ended}, and starts again in (\d+) ms$", text, re.MULTILINE)]
        tap.ok(len(waits) >= 5 and waits == WAITS[-len(waits):], f"restart: {vm} waits longer "
               "each time", f"{waits}\n{tail}")
        tap.ok(re.search(rf"^limen: VM {vm} {ended}$", text, re.MULTILINE),
               f"restart: {vm} is given up", tail)
    tap.ok("VM off has powered off, and" not in text and "VM fails has failed, and" not in text,
           "restart: and nobody else starts again", tail)


def play(tap, name, scene, code):
    vms = scene[3]
    # The console goes to another VM when "look" ends: all that is said is shown, with who says it.
    append = "selftest=lifecycle" + (" console=all" if "look" in vms else "")
    status, text, tail = boot(name, *scene, append, code)
    said = [line.removeprefix("limen: lifecycle: ") for line in text.splitlines()
            if line.startswith("limen: lifecycle: ")]
    for line in said:
        tap.diag(line)
    tap.ok(status == 0 and said[-1:] == ["passed"], f"{name}: all as it should be, status 0", tail)
    tap.ok(not re.search(r"are lost|panic|BUG|stopped:", text), f"{name}: nothing else is reported",
           tail)
    lives = sum(vm.startswith("life") for vm in vms)
    tap.equal(len([x for x in said if "pauses of" in x]), lives, f"{name}: VMs that were paused")
    tap.equal(len([x for x in said if "failed by turns" in x]), 2 * lives,
              f"{name}: VMs whose allocations failed")
    if "look" in vms:
        # Once at boot, and three times in the other's memory.
        tap.equal(len(re.findall(r"^\[look\] ok 5 - ", text, re.MULTILINE)), 4,
                  f"{name}: what one VM leaves is looked for by another")
        tap.ok(not re.search(r"^(\[\S+\] )?not ok", text, re.MULTILINE), f"{name}: and is not found", tail)


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("lifecycle", "limen's, which is not there")
        tap.done()
    debug = os.environ.get("LIMEN_DEBUG_BIN") or \
        os.path.join(images.TOP, "build/riscv-debug/limen.bin")
    for name in chosen(["restart", *SCENES, *SCENES_DEBUG]):
        if name == "restart":
            play_restart(tap)
        elif name in SCENES:
            play(tap, name, SCENES[name], fits.selftest())
        elif not os.path.isfile(debug):
            tap.skip(name, "no debug build")
        else:
            play(tap, name, SCENES_DEBUG[name], debug)
    tap.done()


if __name__ == "__main__":
    main()
