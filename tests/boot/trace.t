#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Boot argument trace=: the events asked for and no others, numbered without a hole, also in a panic;
and where limen says the time of vCPUs went: a guest that spins has guest time, one that waits is
idle, and two that want one hart steal from each other. Instructions take a fixed time here.
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

EXACT = ("-icount", "shift=3,sleep=off")

# Milliseconds. demo.c is there for so long, and spins but for the 2 that it waits and a little
# around them; demo-other.c only waits.
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../guests/demo-times.h"),
          encoding="ascii") as header:
    TIME = {m[1]: int(m[2]) for m in re.finditer(r"#define DEMO_(\w+)_MS +(\d+)", header.read())}
STAYS, SPINS, WAITS = TIME["ENDS"], TIME["ENDS"] - TIME["TIMER"] - 4, TIME["OTHER"]

EVENT = re.compile(r"limen: trace (\d+) (\d+) (\d+) (\S+)", re.MULTILINE)
TIMES = re.compile(r"limen: VM (\w+): guest (\d+) ms, host (\d+) ms, interrupts (\d+) ms, "
                   r"idle (\d+) ms, steal (\d+) ms, (\d+) entries, \d+ ms elsewhere$", re.MULTILINE)


def boot(tap, name, vms, append, harts=2, vcpus=1):
    """vms: {name: guest}. The console's text; the machine must end well."""
    image = fits.image("trace-" + name,
                       fits.config(*[fits.vm(vm, kernel=f'"{vm}"', cpus=f"<{vcpus}>")
                                     for vm in vms]),
                       {vm: fits.guest(guest) for vm, guest in vms.items()})
    with qemu.Qemu("trace-" + name, kernel=image, harts=harts, memory="256M", append=append,
                   cpu="rv64,sstc=off", extra=EXACT) as machine:
        try:
            status, tail = machine.wait(), machine.tail()
        except qemu.Failure as failure:
            status, tail = None, str(failure)
        tap.ok(status == 0, f"{name}: status 0", tail)
        return machine.output.decode("latin-1").replace("\r", "")


def without_holes(events):
    """Is each hart's series of numbers whole, and its time never going back?"""
    for hart in {e[0] for e in events}:
        numbers = [int(e[1]) for e in events if e[0] == hart]
        times = [int(e[2]) for e in events if e[0] == hart]
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))) or times != sorted(times):
            return False
    return True


def times_of(text):
    keys = ("guest", "host", "interrupts", "idle", "steal", "entries")
    return {m[1]: dict(zip(keys, map(int, m.groups()[1:]))) for m in TIMES.finditer(text)}


def test_events(tap):
    text = boot(tap, "some", {"other": "demo-other", "demo": "demo"}, "trace=call,mmio")
    found = EVENT.findall(text)
    tap.equal({e[3] for e in found}, {"call", "mmio"}, "some: the events asked for, and no others")
    tap.ok(without_holes(found), "some: numbers and times in order", text)
    times = times_of(text)
    if not tap.equal(sorted(times), ["demo", "other"], "some: where each VM's time went"):
        return
    demo, other = times["demo"], times["other"]
    # QEMU runs one hart at a time: what this one does meanwhile takes as long as the other's turn. So
    # one interrupt may, out of the guest; the other VM is destroyed there meanwhile.
    spun = demo["guest"] + demo["interrupts"]
    tap.ok(SPINS <= spun <= STAYS + 20 and demo["interrupts"] <= 10,
           "a guest that spins has guest time", demo)
    tap.ok(demo["host"] <= 5 and demo["steal"] <= 5, "and nothing else", demo)
    tap.ok(other["idle"] >= 5, "one that waits is idle", other)
    tap.ok(10 <= demo["entries"] <= 100, "runs are counted", demo)


def test_idle(tap):
    text = boot(tap, "idle", {"other": "demo-other"}, "trace=call", harts=1)
    t = times_of(text).get("other", dict.fromkeys(("guest", "steal", "idle", "host"), 0))
    tap.ok(WAITS - 2 <= t["idle"] <= WAITS + 2 and t["guest"] + t["host"] <= 5,
           "idle: one that waits alone has nothing but idle time", t)


def test_off(tap):
    text = boot(tap, "off", {"demo": "demo"}, None)
    tap.ok("trace" not in text, "off: not a word of traces", text)


def test_steal(tap):
    text = boot(tap, "steal", {"one": "demo", "two": "demo"}, "trace=guest-exit", harts=1)
    times = times_of(text)
    for name in ("one", "two"):
        t = times.get(name, dict.fromkeys(("guest", "steal", "idle", "host"), 0))
        tap.ok(t["guest"] >= 15 and t["steal"] >= 15, f"steal: {name} had to share", t)
        tap.ok(t["guest"] + t["steal"] + t["idle"] + t["host"] >= SPINS,
               f"steal: {name}: all its time is somewhere", t)


def test_steal_told(tap):
    """What SBI STA told the harts of a guest, and what limen says of them at the end."""
    text = boot(tap, "told", {"sta": "sbi-sta"}, "trace=call", harts=1, vcpus=2)
    problem = fits.guest_problem(text)
    tap.ok(not problem, "told: the guest's own tests", problem)
    told = re.search(r"^# stolen in all: (\d+) us$", text, re.MULTILINE)
    seen = times_of(text).get("sta", {"steal": 0})["steal"]
    told = int(told[1]) / 1000 if told else 0
    tap.ok(seen > 300 and abs(told - seen) <= seen / 100,
           "told: the guest's figure agrees with limen's within 1 %",
           f"{told} ms told, {seen} ms seen")


def test_panic(tap):
    with qemu.Qemu("trace-panic", kernel=fits.limen(), harts=2, memory="256M",
                   append="panic=check trace=on") as machine:
        try:
            machine.wait()
        except qemu.Failure as failure:
            tap.ok(False, "panic: the machine ends", failure)
        text = machine.output.decode("latin-1").replace("\r", "")
    found = EVENT.findall(text[text.find("limen: panic:"):])
    tap.equal({e[0] for e in found}, {"0", "1"}, "panic: events of every hart")
    tap.ok(all(0 < sum(e[0] == hart for e in found) <= 16 for hart in ("0", "1")),
           "panic: the last 16 at most", text)
    tap.ok(without_holes(found), "panic: numbers and times in order", text)


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("traces", "limen's, which is not there")
        tap.done()
    test_events(tap)
    test_idle(tap)
    test_off(tap)
    test_steal(tap)
    test_steal_told(tap)
    test_panic(tap)
    tap.done()


if __name__ == "__main__":
    main()
