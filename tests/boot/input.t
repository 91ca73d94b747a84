#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Console input by the serial port's interrupt, through each kind of controller: what is typed reaches
the guest, interrupts brought it, and the timer that polls was never armed. With hide=aia on a machine
whose one way is messages limen polls, and the same test sees that.

And pastes of 24 KB, into a guest that reads slowly and into `cat` in Linux: what the guest has no room
for waits, and all of it arrives. Arguments: names of cases (default: those that are not marked full;
with LIMEN_FULL=1 in the environment all).
"""
import hashlib
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

# Name: the machine, limen's line on its controllers, the port's number there (None: polled).
MACHINES = {
    "plic": ({"machine": "virt"}, "PLIC, kicks through the firmware", 10),
    "aplic": ({"machine": "virt,aia=aplic"}, "APLIC, kicks through the firmware", 10),
    "aplic-imsic": ({"machine": "virt,aia=aplic-imsic"},
                    "APLIC, by messages, kicks through the IMSIC", 10),
    "sifive-u": (qemu.sifive_u(), "PLIC, kicks through the firmware", 4),
    "hidden": ({"machine": "virt,aia=aplic-imsic", "append": "hide=aia"},
               "no controller, kicks through the firmware", None),
}

PASTED = 24000

# Name: the machine of those above, its harts, the VM's properties, whether its guest is Linux; whether it
# is left to the full matrix.
PASTES = {
    "paste-plic": ("plic", 1, {}, False, False),
    "paste-plic-cpus": ("plic", 2, {"cpus": "<2>"}, False, True),
    "paste-aplic": ("aplic", 1, {}, False, False),
    "paste-aplic-cpus": ("aplic", 2, {"cpus": "<3>"}, False, False),
    "paste-imsic": ("aplic-imsic", 1, {}, False, True),
    "paste-imsic-cpus": ("aplic-imsic", 1, {"cpus": "<2>"}, False, False),
    "paste-imsic-cap": ("aplic-imsic", 2, {"cpus": "<2>", "cap": "<50>"}, False, False),
    "paste-hidden": ("hidden", 1, {}, False, False),
    "paste-sifive-u": ("sifive-u", 5, {}, False, False),
    "linux-plic": ("plic", 1, {}, True, True),
    "linux-plic-cpus": ("plic", 2, {"cpus": "<2>"}, True, True),
    "linux-plic-cap": ("plic", 1, {"cap": "<50>"}, True, True),
    "linux-aplic": ("aplic", 2, {"cpus": "<2>"}, True, True),
    "linux-imsic": ("aplic-imsic", 1, {}, True, True),
    "linux-imsic-cpus": ("aplic-imsic", 2, {"cpus": "<3>", "cap": "<150>"}, True, False),
    "linux-hidden": ("hidden", 2, {"cpus": "<2>"}, True, True),
}

TYPED = ["h", "ello, ", "limen\n"]


def type_line(machine):
    machine.expect(r"^ready$")
    for piece in TYPED:
        machine.send(piece)
    machine.expect(r"^got <hello, limen>$")
    return machine.wait()


def test(tap, name, arguments, controllers, source):
    image = fits.image("input-" + name, fits.config(fits.vm()), {"kernel": fits.guest("input")})
    append = " ".join(filter(None, [arguments.get("append"), "trace=host-irq,input"]))
    machine_arguments = {"harts": 2, "memory": "256M", **arguments, "append": append}
    with qemu.Qemu("input-" + name, kernel=image, **machine_arguments) as machine:
        try:
            status = type_line(machine)
            tap.ok(status == 0, f"{name}: the guest got what was typed", f"status {status}")
        except qemu.Failure as failure:
            tap.ok(False, f"{name}: the guest got what was typed", failure)
        text = machine.output.decode("latin-1").replace("\r", "")
    tap.ok(f"limen: interrupts: {controllers}\n" in text, f"{name}: {controllers}", text[-2000:])
    how = {int(m, 0) for m in re.findall(r" input by-irq=(\w+)", text)}
    sources = {int(m, 0) for m in re.findall(r" host-irq source=(\w+)", text)}
    tap.equal(how, {1 if source else 0}, f"{name}: asked for input {'' if source else 'not '}"
              "by interrupt")
    tap.equal(sources, {source} if source else set(), f"{name}: by no other interrupt")


def typed(n):
    """The n-th character, as tests/guests/paste.c knows it."""
    return chr(ord("a") + (n * 7 + n // 26) % 26)


def paste_slow(tap, name, machine):
    machine.expect(r"^ready$")
    machine.send("".join(map(typed, range(PASTED))) + "!")
    said = machine.expect(r"^(\d+) characters, (\d+) wrong$")
    tap.equal(said.groups(), (str(PASTED), "0"), f"{name}: the paste arrives whole")
    tap.equal(machine.wait(), 0, f"{name}: status 0")


def paste_linux(tap, name, machine):
    text = "".join(typed(n) if n % 60 else "\n" for n in range(1, PASTED + 1))
    shell = qemu.Shell(machine)
    shell.ready()
    machine.send("cat > pasted; echo 'it' 'ended'\n")
    machine.expect(r"^.*ended'\n")
    machine.send(text + "\x04")
    machine.expect(r"it ended$")
    said, status = shell.run("sha256sum < pasted; wc -c < pasted")
    want = hashlib.sha256(text.encode()).hexdigest() + f"  -\n{PASTED}\n"
    tap.equal((said, status), (want, 0), f"{name}: the paste arrives whole")


def paste(tap, name, on, harts, properties, linux, _):
    payloads = {"kernel": images.kernel(), "initrd": images.initrd()} if linux else \
        {"kernel": fits.guest("paste")}
    if linux:
        properties = {"memory": fits.megabytes(256), "initrd": '"initrd"',
                      "bootargs": '"console=ttyS0 quiet"', **properties}
    image = fits.image("input-" + name, fits.config(fits.vm(**properties)), payloads)
    arguments = {"memory": "512M", **MACHINES[on][0], "harts": harts}
    with qemu.Qemu("input-" + name, kernel=image, **arguments) as machine:
        try:
            (paste_linux if linux else paste_slow)(tap, name, machine)
        except qemu.Failure as failure:
            tap.ok(False, f"{name}: the paste arrives whole", failure)


def main():
    tap = Tap()
    usual = [*MACHINES, *(name for name, case in PASTES.items() if not case[-1])]
    for name in chosen({**MACHINES, **PASTES}, usual):
        if images.STANDIN:
            tap.skip(name, "limen's, which is not there")
        elif name in PASTES:
            paste(tap, name, *PASTES[name])
        else:
            test(tap, name, *MACHINES[name])
    tap.done()


if __name__ == "__main__":
    main()
