#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Console input by the serial port's interrupt, through each kind of controller: what is typed reaches
the guest, interrupts brought it, and the timer that polls was never armed. With hide=aia on a machine
whose one way is messages limen polls, and the same test sees that.
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

SIFIVE_U = {"machine": "sifive_u", "cpu": "rv64,sstc=off", "harts": 5, "memory": "1G",
            "extra": ["-semihosting-config", "enable=on,target=native"]}

# Name: the machine, limen's line on its controllers, the port's number there (None: polled).
MACHINES = {
    "plic": ({"machine": "virt"}, "PLIC, kicks through the firmware", 10),
    "aplic": ({"machine": "virt,aia=aplic"}, "APLIC, kicks through the firmware", 10),
    "aplic-imsic": ({"machine": "virt,aia=aplic-imsic"},
                    "APLIC, by messages, kicks through the IMSIC", 10),
    "sifive-u": (SIFIVE_U, "PLIC, kicks through the firmware", 4),
    "hidden": ({"machine": "virt,aia=aplic-imsic", "append": "hide=aia"},
               "no controller, kicks through the firmware", None),
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


def main():
    tap = Tap()
    for name in chosen(MACHINES):
        if images.STANDIN:
            tap.skip(name, "limen's, which is not there")
        else:
            test(tap, name, *MACHINES[name])
    tap.done()


if __name__ == "__main__":
    main()
