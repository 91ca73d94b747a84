# SPDX-License-Identifier: BSD-2-Clause
"""
Linux from its entry to its init, bare and as limen's guest, for tools/bench. Init is a program
that says what the time CSR held when it began. A guest's clock begins with it; bare, what the
firmware took is taken off, which a program in the kernel's place tells.

So that both kernels drive the same things, the bare machine has a PLIC instead of an AIA, as a
guest has, and its tree names none of the devices that a guest lacks. What is left of a difference: bare
Linux sees extensions and calls of the firmware that limen does not offer (H, Zkr, PMU, SUSP).
What Linux does at boot takes longer or shorter as its random numbers fall, which come from the seed
in its tree: by some 28 million instructions at a time. So a figure is the least of RUNS runs.
"""
import importlib.util
import os
import re
import subprocess
from importlib.machinery import SourceFileLoader

TOOLS = os.path.dirname(os.path.abspath(__file__))

MEMORY = "256M"    # the guest's, and the bare machine's
ROWS = [
    ("Linux, entry to init, quiet", "quiet panic=-1", None),
    ("the same, earlycon=sbi keep_bootcon", "earlycon=sbi keep_bootcon panic=-1", 920_000_000),
]
OVER_BARE = 1.01
RUNS = 3
# Nodes of virt's tree that no guest of limen has, in the root or in /soc. /poweroff and /reboot
# stay: the firmware ends the machine by what they say.
NOT_THE_GUESTS = re.compile(r"(pci|rtc|virtio_mmio|fw-cfg|flash|platform-bus|pmu)(@.*)?")
BARE_ENTRY = 0x80200000
INIT_BASE = 0x10000


def build(sources, work, name, base, form):
    """Assembles a program of one file; the path of what came of it."""
    cross = os.environ.get("CROSS", "riscv64-unknown-elf-")
    elf, out = os.path.join(work, name + ".elf"), os.path.join(work, name)
    subprocess.run([cross + "gcc", "-march=rv64imac_zicsr", "-mabi=lp64", "-nostdlib", "-static",
                    "-mcmodel=medany", "-Wl,--build-id=none,--no-relax,--no-warn-rwx-segments",
                    f"-Wl,-Ttext={base:#x}",
                    os.path.join(sources, name + ".S"), "-o", elf], check=True)
    subprocess.run([cross + "objcopy", "-O", form, elf, out], check=True)
    return out


def mkrootfs():
    """tools/mkrootfs as a module."""
    loader = SourceFileLoader("mkrootfs", os.path.join(TOOLS, "mkrootfs"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("mkrootfs", loader))
    loader.exec_module(module)
    return module


def initramfs(init, path):
    cpio = mkrootfs().Cpio()
    with open(init, "rb") as f:
        cpio.add("init", 0o100755, f.read())
    cpio.add("dev", 0o40755)
    cpio.add("dev/console", 0o20600, device=(5, 1))
    with open(path, "wb") as f:
        f.write(cpio.finish())


def told(text, what):
    """The number in a line "bench: <what> <number>"; None if there is none."""
    match = re.search(rf"^bench: {what} (\d+)$", text, re.MULTILINE)
    return int(match[1]) if match else None


def with_value(qemu, option, value):
    at = qemu.index(option) + 1
    return qemu[:at] + [value] + qemu[at + 1:]


def nodes(tree, folder):
    """The paths of a node's children."""
    listed = subprocess.run(["fdtget", "-l", tree, folder], stdout=subprocess.PIPE, text=True,
                            check=True)
    return [folder.rstrip("/") + "/" + name for name in listed.stdout.split()]


def prune(tree):
    """Takes out what a guest has not."""
    for path in nodes(tree, "/") + nodes(tree, "/soc"):
        if NOT_THE_GUESTS.fullmatch(path.rpartition("/")[2]):
            subprocess.run(["fdtput", "-r", tree, path], check=True)


def bare_machine(qemu, tree):
    """A machine as a guest's, with its tree written to the file tree."""
    qemu = with_value(qemu, "-m", MEMORY)
    subprocess.run(with_value(qemu, "-M", "virt,dumpdtb=" + tree), check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    prune(tree)
    return with_value(qemu, "-M", "virt") + ["-dtb", tree]


class Linux:
    """Runs the kernel. boot(what, command) gives a machine's console; pack(image, kernel, options)
    makes limen's image."""

    def __init__(self, kernel, sources, work, qemu, boot, pack):
        self.kernel, self.work, self.boot, self.pack = kernel, work, boot, pack
        self.qemu = qemu
        self.entry = build(sources, work, "entry", BARE_ENTRY, "binary")
        self.initrd = os.path.join(work, "linux.cpio")
        initramfs(build(sources, work, "init", INIT_BASE, "elf64-littleriscv"), self.initrd)
        self.machine = bare_machine(qemu, os.path.join(work, "bare.dtb"))

    def _ticks(self, what, row, command):
        ticks = told(self.boot(what, command), row)
        if ticks is None:
            raise ValueError(f"{what}: Linux did not come to its init")
        return ticks

    def _least(self, what, command):
        return min(self._ticks(what, "init", command) for _ in range(RUNS))

    def bare(self, args):
        machine = self.machine + ["-initrd", self.initrd, "-append", args]
        entry = self._ticks("bare entry", "entry", machine + ["-kernel", self.entry])
        return self._least("bare Linux", machine + ["-kernel", self.kernel]) - entry

    def limen(self, args):
        image = os.path.join(self.work, "linux.img")
        self.pack(image, self.kernel, ["--memory", MEMORY, "--bootargs", args],
                  ["--initrd", self.initrd])
        return self._least("limen's Linux", self.qemu + ["-kernel", image])
