# SPDX-License-Identifier: BSD-2-Clause
"""
Guests that ask for as much as they can in one go (tests/guests/stretch.c), on limen with high-water marks
(lib/marks.h). For tests/boot/stretch.t and tools/bench.
"""
import re

import fits
import images
import qemu

EXACT = ("-icount", "shift=0,sleep=off")
LOOK, IRQS_OFF = 20000, 5000

PLIC = ("virt", "rv64,sstc=off")
APLIC = ("virt,aia=aplic", "rv64,smaia=true,ssaia=true")
IMSIC = ("virt,aia=aplic-imsic,aia-guests=3", "max")

# What the guest asks for: its vCPUs, machine and CPU, properties of its VM.
CASES = {
    "pmu": ("pmu", 1, IMSIC, {}),
    "pmu-rv64": ("pmu", 1, PLIC, {}),
    "ipis": ("ipis", 64, PLIC, {}),
    "ipis-imsic": ("ipis", 64, IMSIC, {}),
    "fences": ("fences", 64, PLIC, {}),
    "fences-imsic": ("fences", 64, IMSIC, {}),
    "starts": ("starts", 64, PLIC, {}),
    "starts-imsic": ("starts", 64, IMSIC, {}),
    "naps": ("naps", 64, PLIC, {}),
    "naps-imsic": ("naps", 64, IMSIC, {}),
    "again": ("again", 64, PLIC, {"restart": '"on-failure"'}),
    "again-imsic": ("again", 64, IMSIC, {"restart": '"on-failure"'}),
    "report": ("report", 64, PLIC, {}),
    "console": ("console", 1, PLIC, {}),
    "chip-plic": ("chip", 64, PLIC, {}),
    "chip-aplic": ("chip", 64, APLIC, {"aia": '"aplic"'}),
    "chip-imsic": ("chip", 64, IMSIC, {}),
    "others": ("others", 2, PLIC, {}),
}


def marks(text):
    """(nanoseconds without a look, with interrupts off), and the lines that say where."""
    found = [int(ns) for ns in re.findall(r"^limen: mark: (?:without a look|with interrupts off): "
                                          r"(\d+) ns, hart", text, re.MULTILINE)]
    lines = re.findall(r"^limen: mark: .*$", text, re.MULTILINE)
    return (found if len(found) == 2 else None), "\n".join(lines)


def boot(name, code=None):
    """Boots a case, with code as the hypervisor; what the console said."""
    ask, vcpus, machine, properties = CASES[name]
    code = code or images.path("LIMEN_MARKS_BIN", "build/riscv-marks/limen.bin")
    vm = fits.vm("vm", bootargs=f'"ask={ask}"', cpus=f"<{vcpus}>", **properties)
    image = fits.image("stretch-" + name, fits.config(vm), {"kernel": fits.guest("stretch")},
                       code=code)
    with qemu.Qemu("stretch-" + name, kernel=image, harts=1, memory="256M", machine=machine[0],
                   cpu=machine[1], extra=EXACT) as run:
        try:
            run.wait()
        except qemu.Failure as failure:
            return str(failure)
        return run.output.decode("latin-1").replace("\r", "")
