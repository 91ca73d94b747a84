#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Boots limen with what is wrong: no image, damaged ones, configurations and boot arguments that make
no sense. Of each limen says exactly one line, which names the place; a VM that is right runs all
the same; the machine ends by itself, with a failing status where something could not be run.
Arguments: names of the cases to run (default: all).
"""
import bz2
import gzip
import lzma
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

# What limen says of itself when all is well.
NORMAL = re.compile(
    r"limen on hart \d+, image at 0x[0-9a-f]+|boot hart \d+, \d+ in the tree, \d+ Hz|"
    r"Sv\d\d, \d+ MiB free|firmware: .*|interrupts: .*|hart features: .*|\d+ harts? up|console: .*|"
    r"up in \d+ us: .*|the console goes to VM \S+|VM \S+ has (powered off|failed)|"
    r"no VM is left, and not all ended well: the machine stops")

NO_SELFTESTS = r"this image has no self-tests \(make limen BUILD=selftest\)"

GOOD = "sbi-base"           # a guest that says how it went and powers off


class Case:
    """
    says: the one line, a regular expression; None: nothing. source, payloads, damage: as fits.image(); source
    None: no FIT at all. initrd: the bytes of one for limen. runs: the guest runs and its tests pass. fails: the machine's status is
    not 0.
    """

    def __init__(self, says, source=None, payloads=None, damage=lambda fit: fit, runs=False,
                 fails=True, append=None, initrd=None):
        self.says, self.source, self.damage, self.initrd = says, source, damage, initrd
        self.payloads = {"kernel": fits.guest(GOOD)} if payloads is None else payloads
        self.runs, self.fails, self.append = runs, fails, append

    def image(self, name):
        if self.source is None:
            return fits.limen()
        return fits.image("bad-" + name, self.source, self.payloads, self.damage)

    def initrd_file(self, name):
        return self.initrd and fits.write(f"bad-{name}.initrd", self.initrd)


def wrong_vm(says, **properties):
    """The only VM there is, is wrong."""
    return Case("config: /guest: " + says, fits.config(fits.vm(**properties)))


def wrong_kernel(says, data, **properties):
    """The only VM's payload is no kernel. It is called as its bytes are, so that cases share it."""
    file = fits.write(f"bad-kernel-{len(data)}-{sum(data):x}", data)
    return Case(f"config: /guest: kernel: kernel: {says}", fits.config(fits.vm(**properties)),
                {"kernel": file})


def beside_good(says, wrong, payloads=None):
    """A wrong VM before one that is right."""
    return Case("config: " + says, fits.config(wrong, fits.vm("right")), payloads, runs=True)


def argument(says, append):
    return Case("warning: boot arguments: " + says, fits.config(fits.vm()), runs=True, fails=False,
                append=append)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def flip(needle):
    """A damage: one bit of the bytes that begin with needle."""
    def damage(fit):
        at = fit.index(needle)
        return fit[:at] + bytes([fit[at] ^ 1]) + fit[at + 1:]
    return damage


def replace(old, new):
    """A damage: other bytes, as many."""
    assert len(old) == len(new)
    return lambda fit: fit.replace(old, new)


def cut(fit):
    """Cut off in the middle of a payload, on a page's end: no zeroes are put in its place."""
    return fit[:len(fit) // 2 // 4096 * 4096]


def cut_behind(fit):
    """The same, by who copied the image after it was packed: the header says the full size."""
    return fit[:len(fit) // 2] + bytes(len(fit) - len(fit) // 2)


def patched(data, at, *bytes_):
    return data[:at] + bytes(bytes_) + data[at + len(bytes_):]


def elf_at(address):
    """The good guest's ELF file, whose first segment wants to be loaded elsewhere."""
    data = read(fits.guest(GOOD, "elf"))
    headers = int.from_bytes(data[32:40], "little")
    size, count = (int.from_bytes(data[at:at + 2], "little") for at in (54, 56))
    for i in range(count):
        at = headers + i * size
        if int.from_bytes(data[at:at + 4], "little") == 1:      # PT_LOAD
            return patched(data, at + 24, *address.to_bytes(8, "little"))
    return bail_out("the guest's ELF file has no PT_LOAD")


def uimage(data):
    """As U-Boot's mkimage wraps it."""
    source = fits.write("bad-uimage.raw", data)
    subprocess.run(["mkimage", "-A", "riscv", "-O", "linux", "-T", "kernel", "-C", "none", "-a",
                    "80200000", "-e", "80200000", "-n", "guest", "-d", source, source + ".uimage"],
                   capture_output=True, check=True)
    return read(source + ".uimage")


def image_cases():
    """The container."""
    good = fits.config(fits.vm())
    kernel = read(fits.guest(GOOD))
    hashed = r"config: /guest: kernel: fit: /images/kernel/hash-1: value: the payload is damaged " \
             r"\(wrong SHA-256\)"
    big = {"kernel": fits.write("bad-big", kernel + bytes(65536))}
    config = fits.compile_config(good)
    return {
        "no-fit": Case("no configuration: neither an initrd nor the image carries a FIT; "
                       "make one with tools/pack"),
        "fit-no-magic": Case(r"no configuration: what follows limen in its image \(\d+ bytes at 0x\w+\) "
                             "is something else, and no FIT; make one with tools/pack", good,
                             damage=lambda fit: bytes(len(fit))),
        "initrd-packed": Case(r"no configuration: the initrd \(\d+ bytes at 0x\w+\) is packed with "
                              "gzip, and no FIT; make one with tools/pack",
                              initrd=gzip.compress(fits.fit(good, {"kernel": fits.guest(GOOD)}))),
        "initrd-other": Case(r"no configuration: the initrd \(100 bytes at 0x\w+\) is something else, "
                             "and no FIT; make one with tools/pack", initrd=bytes(100)),
        "initrd-broken": Case(r"fit: totalsize: \d+ bytes, of which 5000 are here",
                              initrd=fits.fit(good, {"kernel": fits.guest(GOOD)})[:5000]),
        # The image has one, so it does not matter what the initrd is.
        "initrd-beside": Case(None, good, initrd=bytes(100), runs=True, fails=False),
        "fit-cut": Case(r"fit: totalsize: \d+ bytes, of which \d+ are here", good, big, cut),
        "fit-cut-behind": Case(r"fit: broken tree: .*", good, big, cut_behind),
        "fit-structure": Case(r"fit: broken tree: .*", good,
                              damage=replace(b"\0\0\0\1images\0\0", b"\0\0\0\7images\0\0")),
        "fit-other": Case(r"fit: /images: missing; is this a FIT image\?", good,
                          damage=replace(b"\0\0\0\1images\0", b"\0\0\0\1imagez\0")),
        "fit-default": Case(r"fit: /configurations/other: missing", good,
                            damage=replace(b"limen\0\0\0\0\0\0\1", b"other\0\0\0\0\0\0\1")),
        "hash-payload": Case(hashed, good, damage=flip(kernel[:64])),
        "hash-config": Case(r"fit: /images/config/hash-1: value: the payload is damaged .*", good,
                            damage=flip(config[:64])),
        "hash-kind": Case(r'fit: /images/config/hash-1: algo: "sha999"; limen knows sha256', good,
                          damage=replace(b"sha256\0", b"sha999\0")),
        "payload-packed": Case(r'fit: /images/config: compression: "gzip"; give "none".*', good,
                               damage=replace(b"none\0", b"gzip\0")),
    }


def config_cases():
    """The configuration as a whole, and the properties of a VM."""
    unknown = "unknown; known are cpus, memory, kernel, initrd, bootargs, hide, " \
              "console, weight, cap, harts, dedicated, aia, restart"
    cells = "give the guest's RAM in KiB as two cells"
    megabytes = fits.megabytes
    return {
        "config-garbage": Case("config: no compiled device tree", b"not a device tree at all. "),
        "config-cut": Case(r"config: totalsize: \d+ bytes, of which \d+ are here",
                           fits.compile_config(fits.config(fits.vm()))[:-64]),
        "config-other": Case('config: /: compatible: give "limen,config"',
                             fits.config(fits.vm(), compatible="other,config")),
        "config-empty": Case('config: /: no VM; give a node with "limen,vm"', fits.config()),
        "unknown": wrong_vm("colour: " + unknown, colour='"red"'),
        "misspelt": wrong_vm(r'kernal: unknown; did you mean "kernel"\?', kernal='"kernel"'),
        "child": wrong_vm("disk: unknown node; a VM has properties only",
                          inside="disk { };"),
        "compatible": wrong_vm(r'compatible: "limen,vn"; did you mean "limen,vm"\?',
                               compatible='"limen,vn"'),
        "kernel-missing": wrong_vm("kernel: missing; .*", without=["kernel"]),
        "kernel-not-there": wrong_vm("kernel: fit: /images/other: missing", kernel='"other"'),
        "initrd-not-there": wrong_vm("initrd: fit: /images/other: missing", initrd='"other"'),
        "cpus-missing": wrong_vm("cpus: missing; .*", without=["cpus"]),
        "cpus-0": wrong_vm("cpus: 0; give 1 to 64", cpus="<0>"),
        "cpus-65": wrong_vm("cpus: 65; give 1 to 64", cpus="<65>"),
        "cpus-wide": wrong_vm("cpus: 8 bytes; .*", cpus="<0 1>"),
        "memory-missing": wrong_vm("memory: missing; .*", without=["memory"]),
        "memory-0": wrong_vm("memory: 0 KiB; " + cells, memory="<0 0>"),
        "memory-narrow": wrong_vm("memory: 4 bytes; " + cells, memory="<32768>"),
        "memory-odd": wrong_vm("memory: 33792 KiB; give a multiple of 2048 KiB",
                               memory=megabytes(33)),
        "memory-beyond": wrong_vm(r"memory: 67108864 KiB; only \d+ KiB are free on this machine",
                                  memory=megabytes(65536)),
        "memory-swapped": wrong_vm(r"memory: 140737488355328 KiB; more than any guest .*",
                                   memory="<32768 0>"),
        "bootargs": wrong_vm("bootargs: give one string", bootargs='"a", "b"'),
        "hide": wrong_vm(r'hide: unknown feature "sstd"; did you mean "sstc"\?', hide='"sstd"'),
        "console-value": wrong_vm("console: takes no value: .*", console='"yes"'),
        "weight-0": wrong_vm("weight: 0; give 1 to 65536", weight="<0>"),
        "harts-not-there": wrong_vm("harts: hart 9 is not one that limen runs on", harts="<0 9>"),
        "dedicated-few": wrong_vm("dedicated: 1 harts for 2 vCPUs; name one for each in `harts`",
                                  cpus="<2>", harts="<0>", dedicated=""),
        "dedicated-twice": wrong_vm("dedicated: hart 0 is named twice", cpus="<2>",
                                    harts="<0 0>", dedicated=""),
        "dedicated-all": Case("config: /greedy: dedicated: no hart would be left to share",
                              fits.config(fits.vm("right"),
                                          fits.vm("greedy", harts="<0>", dedicated="")),
                              runs=True),
        "name": Case(r"config: /a@b: name: .*", fits.config(fits.vm("a@b"))),
    }


def kernel_cases():
    """A payload that is no kernel, or does not fit."""
    elf, raw = read(fits.guest(GOOD, "elf")), read(fits.guest(GOOD))
    linux_header = patched(bytes(64), 16, 0, 0, 0, 0, 1) + bytes(64)    # image_size: 4 GiB
    linux_header = patched(linux_header, 0x38, *b"RSC\x05")
    return {
        "elf-cut": wrong_kernel(r"ELF segment \d: its bytes are not in the file: cut off\?",
                                elf[:len(elf) // 8]),
        "elf-tiny": wrong_kernel("an ELF file of 20 bytes: cut off", elf[:20]),
        "elf-headers": wrong_kernel("an ELF file whose program headers are not in it: .*",
                                    patched(elf, 32, *b"\xff" * 8)),
        "elf-machine": wrong_kernel("an ELF file of class 2, data 1, machine 62; .*",
                                    patched(elf, 18, 62)),
        "elf-below": wrong_kernel("wants to be at 0x10000000, but the RAM is 32768 KiB at "
                                  "0x80000000", elf_at(0x10000000)),
        "elf-beyond": wrong_kernel("wants to be at 0xfffffffffffff000, but .*",
                                   elf_at(0xfffffffffffff000)),
        "gzip": wrong_kernel("packed with gzip; give the unpacked Image .*", gzip.compress(raw)),
        "xz": wrong_kernel(r"packed with xz; give the unpacked Image \(unxz it first\)",
                           lzma.compress(raw)),
        "lzma": wrong_kernel("packed with lzma; .*", lzma.compress(raw, lzma.FORMAT_ALONE)),
        "bzip2": wrong_kernel("packed with bzip2; .*", bz2.compress(raw)),
        "zstd": wrong_kernel("packed with zstd; .*", b"\x28\xb5\x2f\xfd" + bytes(100)),
        "lz4": wrong_kernel("packed with lz4; .*", b"\x04\x22\x4d\x18" + bytes(100)),
        "lz4-legacy": wrong_kernel("packed with lz4, the legacy format; .*",
                                   b"\x02\x21\x4c\x18" + bytes(100)),
        "lzo": wrong_kernel("packed with lzo; .*", b"\x89LZO\0\r\n\x1a\n" + bytes(100)),
        "uimage": wrong_kernel(r"a uImage of U-Boot; give the Image that is in it .*", uimage(raw)),
        "fit-kernel": wrong_kernel("a FIT image or a device tree; give the Image that is in it .*",
                                   fits.fit(fits.config(fits.vm()),
                                            {"kernel": fits.guest(GOOD)})),
        "zboot": wrong_kernel("a packed EFI image; give the plain Image",
                              b"MZ\0\0zimg" + bytes(100)),
        "arm64": wrong_kernel("a Linux Image for arm64; give an Image for RISC-V",
                              patched(bytes(100), 56, *b"ARMd")),
        "too-big": wrong_kernel("needs 4194304 KiB at 0x.*, but the RAM of 32768 KiB ends .*",
                                linux_header),
        "no-room": wrong_kernel("needs .* KiB at 0x80200000, but the RAM of 2048 KiB ends .*",
                                read(fits.guest(GOOD)), memory=fits.megabytes(2)),
    }


def pair_cases():
    """Two VMs, one of them wrong."""
    bad_elf = fits.write("bad-pair.elf", elf_at(0x10000000))
    two = {"kernel": fits.guest(GOOD), "broken": bad_elf}
    return {
        "two-unknown": beside_good("/wrong: colour: unknown; .*", fits.vm("wrong", colour="<1>")),
        "two-memory": beside_good(r"/wrong: memory: 67108864 KiB; only \d+ KiB are free .*",
                                  fits.vm("wrong", memory=fits.megabytes(65536))),
        "two-payload": beside_good("/wrong: kernel: fit: /images/other: missing",
                                   fits.vm("wrong", kernel='"other"')),
        "two-elf": beside_good("/wrong: kernel: broken: wants to be at 0x10000000, .*",
                               fits.vm("wrong", kernel='"broken"'), two),
        "two-console": Case("config: /other: console: /right asks for it already",
                            fits.config(fits.vm("right", console=""),
                                        fits.vm("other", console="")), runs=True),
        # A compiler of trees refuses this one.
        "two-names": Case("config: /guest: name: two VMs have it; .*",
                          fits.compile_config(fits.config(fits.vm(), fits.vm("gueSt")))
                          .replace(b"gueSt", b"guest"), runs=True),
    }


def argument_cases():
    """limen's own arguments: a warning, and the boot goes on."""
    return {
        "nonsense": argument('not known: "nonsense"', "nonsense"),
        "hide-word": argument('hide= does not know: "sstd"', "hide=sstd,htval"),
        "satp-word": argument('satp= is sv39, sv48 or sv57, not: "sv32"', "satp=sv32"),
        "loglevel-word": argument('loglevel= is error, warn or info, not: "7"', "loglevel=7"),
        "no-selftest": argument("selftest=: " + NO_SELFTESTS, "selftest=conformance"),
        "no-torture": argument("torture=: " + NO_SELFTESTS, "torture=rcu"),
        "control": argument(r'not known: "a\?b"', "a\x1bb"),
    }


def all_cases():
    return {**image_cases(), **config_cases(), **kernel_cases(), **pair_cases(),
            **argument_cases()}


def problem(case, machine):
    """What is wrong, or nothing."""
    status = machine.wait()
    text = machine.output.decode("latin-1").replace("\r", "")
    said = [line for line in re.findall(r"^limen: (.*)$", text, re.MULTILINE)
            if not NORMAL.fullmatch(line)]
    ran = not fits.guest_problem(text)
    if "panic" in text:
        return "limen panics"
    if case.says is None and said:
        return f"it says {said!r}"
    if case.says is not None and (len(said) != 1 or not re.fullmatch(case.says, said[0])):
        return f"it says {said!r}, not one line as {case.says!r}"
    if ran != case.runs:
        return "the guest did not run, or not well" if case.runs else "the guest runs"
    if bool(status) != case.fails or status < 0:
        return f"status {status}"
    return ""


def run(tap, name, case):
    with qemu.Qemu("bad-" + name, kernel=case.image(name), memory="256M", append=case.append,
                   initrd=case.initrd_file(name)) as machine:
        try:
            wrong = problem(case, machine)
        except qemu.Failure as failure:
            wrong = str(failure)
        tap.ok(not wrong, name, f"{wrong}\n{machine.tail()}" if wrong else "")


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("bad input", "limen's, which is not there")
        tap.done()
    cases = all_cases()
    if "debug" in fits.limen():     # it has them
        del cases["no-selftest"], cases["no-torture"]
    for name in chosen(cases):
        run(tap, name, cases[name])
    tap.done()


if __name__ == "__main__":
    main()
