# SPDX-License-Identifier: BSD-2-Clause
"""
What fuzzers begin with, made from the tree: configurations and machines that there are, FITs whose digests
are right, kernels of each kind, words of boot arguments. A model that takes any bytes gets some.
"""
import glob
import hashlib
import os
import random
import re
import struct
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def dtc(source):
    """The blob of a device tree: the path of a .dts file, or its text."""
    text = source if "\n" in source else open(os.path.join(TOP, source), encoding="utf-8").read()
    return subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb"], input=text.encode(),
                          stdout=subprocess.PIPE, check=True).stdout


def paths(pattern):
    return sorted(os.path.relpath(p, TOP) for p in glob.glob(os.path.join(TOP, pattern)))


# One VM with every property that there is, and one with what it must have.
ALL = """/dts-v1/;
/ {
	compatible = "limen,config";
	all {
		compatible = "limen,vm";
		cpus = <4>; memory = <0 65536>; kernel = "kernel"; initrd = "initrd";
		bootargs = "console=ttyS0"; hide = "sstc", "svpbmt"; weight = <512>; cap = <50>;
		harts = <0 1 2 3>; console; dedicated; restart = "on-failure"; aia = "aplic-imsic";
	};
	least {
		compatible = "limen,vm";
		cpus = <1>; memory = <0 8192>; kernel = "kernel"; restart = "always"; aia = "none";
	};
	wrong { compatible = "limen,vm"; cpus = <0>; };
};
"""


def configs():
    return [dtc(p) for p in paths("configs/*.dts")] + [dtc(ALL)]


def linux_image(size=4096):
    """A kernel with the header of a riscv Image (Linux, Documentation/arch/riscv/boot-image-header)."""
    return struct.pack("<IIQQQIIQ8s4sI", 0x13, 0, 0x200000, size, 0, 2, 0, 0, b"RISCV\0\0\0",
                       b"RSC\x05", 0).ljust(256, b"\0")


def elf(segments=1, base=0x80200000):
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 243, 1, base, 64, 0, 0, 64, 56,
                       segments, 0, 0, 0)
    table = b"".join(struct.pack("<IIQQQQQQ", 1, 7, 64 + 56 * segments, base + i * 0x1000,
                                 base + i * 0x1000, 16, 0x800, 0x1000) for i in range(segments))
    return head + table + b"\x13\0\0\0" * 8


PACKED = [b"\x1f\x8b\x08\0", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\x02\x21\x4c\x18", b"BZh9",
          b"\x5d\0\0\x80\0", b"\x27\x05\x19\x56"]


def kernels():
    return [linux_image(), elf(), elf(3), *(p.ljust(64, b"\0") for p in PACKED)]


def cells(data):
    return "[" + data.hex() + "]"


def fit(config, payloads, external=False):
    """A FIT's bytes; with external ones behind the tree, by data-offset, then by data-position."""
    behind, nodes = b"", ""
    for name, data in {"config": config, **payloads}.items():
        digest = hashlib.sha256(data).digest()
        where = f"data = {cells(data)};"
        if external:
            where = f"data-offset = <{len(behind)}>; data-size = <{len(data)}>;"
            behind += data.ljust(-(-len(data) // 4) * 4, b"\0")
        nodes += (f'{name} {{ {where} compression = "none"; hash-1 {{ algo = "sha256"; '
                  f'value = {cells(digest)}; }}; }};\n')
    tree = dtc('/dts-v1/;\n/ { images { ' + nodes + '}; configurations { default = "c"; '
               'c { fdt = "config"; }; }; };\n')
    return tree.ljust(-(-len(tree) // 4) * 4, b"\0") + behind


def fits():
    whole = {"kernel": linux_image(), "initrd": b"initrd", "program": elf(2)}
    return [fit(c, whole, external) for c in configs() for external in (False, True)]


def loads():
    """fuzz_loader.c: the RAM's size, an initrd's, and a kernel."""
    return [bytes([ram, 0]) + struct.pack("<Q", initrd) + kernel for kernel in kernels()
            for ram, initrd in ((7, 0), (63, 0x1000))]


def trees():
    return [dtc(p) for p in paths("tests/data/*.dts") + paths("tests/data/boards/*.dts")]


def guest_trees():
    chance = random.Random(1)
    return [chance.randbytes(32) + c for c in configs() for _ in range(3)]


def boot_arguments():
    with open(os.path.join(TOP, "docs/boot-arguments.md"), encoding="utf-8") as f:
        words = sorted(set(re.findall(r"`([a-z0-9_=,-]+)`", f.read())))
    whole = [w.encode() for w in words if "=" in w]
    return whole + [b" ".join(whole), b"hide=" + b",".join(w.encode() for w in words),
                    b"torture=rcu,5,2 trace=all satp=sv48 loglevel=debug"]


def isa_strings():
    text = "".join(open(os.path.join(TOP, p), encoding="utf-8").read() for p in paths("tests/data/*.dts"))
    strings = sorted(set(re.findall(r'riscv,isa = "([^"]*)"', text)))
    lists = sorted(set(re.findall(r"riscv,isa-extensions = ([^;]*);", text)))
    return [s.encode() for s in strings] + [b"rv64gcvh2p1_zicsr_svpbmt1p0_sstc"] + \
        [re.sub(r'"\s*,\s*"', "\0", s.strip()).strip('"').replace("\\0", "\0").encode() + b"\0"
         for s in lists]


def walks():
    chance, seeds = random.Random(2), []
    for mode in (0, 8, 9, 10, 3):
        ptes = [chance.choice([1, 0xf, 7, 9, 0xcf, 0x4b, 3]) | chance.randrange(1 << 20) << 10 |
                chance.choice([0, 0, 0, 1 << 63 | 8 << 10]) for _ in range(24)]
        seeds.append(struct.pack("<QQ24Q", mode << 60 | 0x80000, chance.randrange(1 << 38), *ptes))
    return seeds


def some_bytes():
    chance = random.Random(3)
    return [chance.randbytes(n) for n in (64, 200, 500, 1000, 2000, 4000)]


SEEDS = {"bootargs": boot_arguments, "config": configs, "fit": fits, "gtree": guest_trees,
         "isa": isa_strings, "loader": loads, "platform": trees, "vswalk": walks}


def write(name, where):
    """Writes the seeds of a fuzzer into the folder, which is made, and returns how many there are."""
    os.makedirs(where, exist_ok=True)
    seeds = SEEDS.get(name, some_bytes)()
    for seed in seeds:
        with open(os.path.join(where, hashlib.sha256(seed).hexdigest()[:16]), "wb") as f:
            f.write(seed)
    return len(seeds)
