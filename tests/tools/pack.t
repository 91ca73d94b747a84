#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/pack and tools/mkconfig: the image they make, and what they refuse."""
import bz2
import gzip
import hashlib
import lzma
import os
import struct
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tests"))
from tap import Tap  # noqa: E402

tap = Tap()
work = tempfile.TemporaryDirectory()
os.chdir(work.name)

GOOD = """/dts-v1/;
/ { compatible = "limen,config";
    vm1 { compatible = "limen,vm"; cpus = <2>; memory = <0 0x80000>;
          kernel = "kernel"; initrd = "initrd"; bootargs = "console=ttyS0"; hide = "sstc", "aia"; };
};
"""


def write(name, data):
    with open(name, "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)
    return name


def read(name):
    with open(name, "rb") as f:
        return f.read()


def run(tool, *args):
    return subprocess.run([os.path.join(TOP, "tools", tool), *args], capture_output=True,
                          text=True, check=False)


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def limen_bin(size, image_size=None):
    """Something with a RISC-V Image header."""
    binary = bytearray(os.urandom(size))
    struct.pack_into("<Q", binary, 16, size if image_size is None else image_size)
    binary[0x38:0x3C] = b"RSC\x05"
    return bytes(binary)


PAYLOADS = ["--payload", "kernel=Image", "--payload", "initrd=root fs,\"1\".gz"]
kernel, initrd = b"\x13\0\0\0" + os.urandom(69997), os.urandom(12345)
write("Image", kernel)
write("root fs,\"1\".gz", initrd)
write("good.dts", GOOD)
limen = limen_bin(10000)
write("limen.bin", limen)

# ---- the image ----
r = run("pack", "-o", "a.img", "--limen", "limen.bin", "--config", "good.dts", *PAYLOADS)
tap.ok(r.returncode == 0 and not r.stderr, "an image is made, in silence", r.stderr)
image = read("a.img")
tap.equal(struct.unpack_from("<Q", image, 16)[0], len(image), "image_size covers the whole image")
tap.ok(image[:16] == limen[:16] and image[24:10000] == limen[24:],
       "nothing else of the hypervisor is changed")
tap.equal(image[10000:12288], bytes(2288), "zeros up to the next page")
tap.equal(image[12288:12292].hex(), "d00dfeed", "the FIT starts on a page boundary")
fit_size, = struct.unpack_from(">I", image, 12292)
write("cut.itb", image[12288:12288 + fit_size])

tap.equal(output("fdtget", "-l", "cut.itb", "/images").split(), ["config", "kernel", "initrd"],
          "the FIT holds config and payloads")
for node, kind in (("config", "flat_dt"), ("kernel", "kernel"), ("initrd", "ramdisk")):
    tap.equal(output("fdtget", "cut.itb", "/images/" + node, "type").strip(), kind,
              f"{node} is of type {kind}")
for node, data in (("kernel", kernel), ("initrd", initrd)):
    hexes = output("fdtget", "-t", "bx", "cut.itb", "/images/" + node, "data").split()
    tap.ok(bytes(int(h, 16) for h in hexes) == data, f"{node} is in it byte by byte")
for i, node in enumerate(("config", "kernel", "initrd")):
    output("dumpimage", "-T", "flat_dt", "-p", str(i), "-o", "out", "cut.itb")
    hexes = output("fdtget", "-t", "bx", "cut.itb", f"/images/{node}/hash-1", "value").split()
    tap.equal("".join(f"{int(h, 16):02x}" for h in hexes), hashlib.sha256(read("out")).hexdigest(),
              f"{node} has its SHA-256")
    if node == "config":
        os.rename("out", "config.dtb")
tap.equal(output("fdtget", "cut.itb", "/configurations", "default").strip(), "limen",
          "the default configuration is limen")
tap.equal(output("fdtget", "cut.itb", "/configurations/limen", "fdt").strip(), "config",
          "its fdt is config")
tap.equal(output("fdtget", "cut.itb", "/configurations/limen", "loadables").split(),
          ["kernel", "initrd"], "its loadables are the payloads")
tap.equal(output("fdtget", "config.dtb", "/vm1", "bootargs").strip(), "console=ttyS0",
          "the config in it is the one given")

run("pack", "-o", "b.img", "--limen", "limen.bin", "--config", "good.dts", *PAYLOADS)
tap.ok(image == read("b.img"), "the same input gives the same bytes")
r = run("pack", "-o", "c.img", "--limen", "limen.bin", "--config", "config.dtb", *PAYLOADS)
tap.ok(image == read("c.img"), "a compiled configuration does as well", r.stderr)
r = run("pack", "--fit-only", "-o", "d.itb", "--config", "good.dts", *PAYLOADS)
tap.ok(read("d.itb") == read("cut.itb"), "--fit-only gives the same FIT", r.stderr)
write("page.bin", limen_bin(8192))
run("pack", "-o", "e.img", "--limen", "page.bin", "--config", "good.dts", *PAYLOADS)
tap.equal(read("e.img")[8192:8196].hex(), "d00dfeed", "a binary that ends on a page is not padded")
r = run("pack", "-o", "f.itb", "--fit-only", "--config", os.path.join(TOP, "configs/linux.dts"),
        *PAYLOADS)
tap.ok(r.returncode == 0, "configs/linux.dts packs", r.stderr)

# ---- what is refused, each in one line that says where ----


def refused(what, want, *args):
    if os.path.exists("no.img"):
        os.unlink("no.img")
    r = run("pack", "-o", "no.img", *args)
    tap.ok(r.returncode and r.stderr.count("\n") == 1 and want in r.stderr
           and not os.path.exists("no.img"), "refused: " + what, f"want: {want}\ngot: {r.stderr}")


def bad_config(what, want, old, new):
    assert old in GOOD
    write("bad.dts", GOOD.replace(old, new))
    refused(what, want, "--fit-only", "--config", "bad.dts", *PAYLOADS)


def bad_kernel(what, data):
    write("bad kernel", data)
    refused("a kernel that is " + what, "pack: --payload kernel=bad kernel: " + what + "; give ",
            "--fit-only", "--config", "good.dts", "--payload", "kernel=bad kernel", *PAYLOADS[2:])


bad_kernel("packed with gzip", gzip.compress(kernel))
bad_kernel("packed with xz", lzma.compress(kernel))
bad_kernel("packed with lzma", lzma.compress(kernel, lzma.FORMAT_ALONE))
bad_kernel("packed with bzip2", bz2.compress(kernel))
bad_kernel("packed with zstd", b"\x28\xb5\x2f\xfd\x24")
bad_kernel("packed with lz4", b"\x04\x22\x4d\x18\x64")
bad_kernel("packed with lz4, the legacy format", b"\x02\x21\x4c\x18\x08")
bad_kernel("packed with lzo", b"\x89LZO\0\r\n\x1a\n\x10")
bad_kernel("a uImage of U-Boot", b"\x27\x05\x19\x56\x12")
bad_kernel("a FIT image or a device tree", read("cut.itb"))
bad_kernel("a packed EFI image", b"MZ\0\0zimg\0")
bad_kernel("a Linux Image for arm64", b"MZ" + bytes(54) + b"ARMd" + bytes(4))
bad_kernel("a Linux bzImage for x86", bytes(0x202) + b"HdrS")

bad_config("a syntax error", "bad.dts:3", "cpus = <2>;", "cpus = <2>")
bad_config("another root", "bad.dts: /: compatible", '"limen,config"', '"limen,conf"')
bad_config("a child that is no VM", "bad.dts: /vm1: compatible", '"limen,vm"', '"limen,vn"')
bad_config("no cpus", "/vm1: cpus: is missing", "cpus = <2>;", "")
bad_config("0 cpus", "/vm1: cpus:", "<2>", "<0>")
bad_config("too many cpus", "/vm1: cpus:", "<2>", "<65>")
bad_config("weight 0", "/vm1: weight:", "cpus = <2>;", "cpus = <2>; weight = <0>;")
bad_config("too large a cap", "/vm1: cap:", "cpus = <2>;", "cpus = <2>; cap = <6401>;")
bad_config("another word for restart", "/vm1: restart: expected one of never, on-failure, always",
           "cpus = <2>;", 'cpus = <2>; restart = "often";')
bad_config("no harts", "/vm1: harts:", "cpus = <2>;", "cpus = <2>; harts;")
bad_config("cpus of two cells", "/vm1: cpus:", "<2>", "<2 2>")
bad_config("no memory", "/vm1: memory: is missing", "memory = <0 0x80000>;", "")
bad_config("memory of one cell", "/vm1: memory:", "<0 0x80000>", "<0x80000>")
bad_config("memory of 0", "/vm1: memory:", "0x80000", "0")
bad_config("memory of half a page", "/vm1: memory:", "0x80000", "2")
bad_config("memory beyond 64 bits", "/vm1: memory:", "<0 0x80000>", "<0x400000 0>")
bad_config("no kernel", "/vm1: kernel: is missing", 'kernel = "kernel";', "")
bad_config("a kernel that is not given", '/vm1: kernel: no payload "linux"',
           '= "kernel"', '= "linux"')
bad_config("an initrd that is not given", '/vm1: initrd: no payload "i"', '= "initrd"', '= "i"')
bad_config("a kernel that is a number", "/vm1: kernel:", '"kernel"', "<5>")
bad_config("two kernels", "/vm1: kernel:", '= "kernel"', '= "kernel", "kernel"')
bad_config("bootargs that are a number", "/vm1: bootargs:", '"console=ttyS0"', "<1>")
bad_config("hide of nothing", "/vm1: hide:", '"sstc", "aia"', '"sstc", ""')
bad_config("a misspelt property", "/vm1: bootarg:", "bootargs", "bootarg")
bad_config("console with a value", "/vm1: console: takes no value", "cpus = <2>;", "cpus = <2>; console = <1>;")
bad_config("dedicated with a value", "/vm1: dedicated: takes no value", "cpus = <2>;",
           'cpus = <2>; dedicated = "y";')
bad_config("a node in a VM", "/vm1/disk:", '"aia";', '"aia"; disk { };')
VM = 'compatible = "limen,vm"; cpus = <1>; memory = <0 0x80000>; kernel = "kernel"; console;'
write("bad.dts", '/dts-v1/; / { compatible = "limen,config"; a { %s }; b { %s }; };' % (VM, VM))
refused("two VMs that ask for the console", "bad.dts: /b: console: /a asks for it already",
        "--fit-only", "--config", "bad.dts", *PAYLOADS)
write("bad.dts", '/dts-v1/; / { compatible = "limen,config"; };')
refused("no VM at all", "bad.dts: /: has no VM", "--fit-only", "--config", "bad.dts")
write("bad.dtb", read("config.dtb")[:200])
refused("a dtb cut short", "bad.dtb:", "--fit-only", "--config", "bad.dtb", *PAYLOADS)
refused("no such config", "none.dts:", "--fit-only", "--config", "none.dts", *PAYLOADS)

CONFIG = ["--fit-only", "--config", "good.dts"]
write("empty", b"")
refused("a payload without a file", "--payload kernel=none", *CONFIG, "--payload", "kernel=none")
refused("an empty payload", "--payload kernel=empty", *CONFIG, "--payload", "kernel=empty")
refused("a payload without a name", "--payload =Image", *CONFIG, "--payload", "=Image")
refused("a payload named config", "taken", *CONFIG, "--payload", "config=Image")
refused("a payload twice", "taken", *CONFIG, *PAYLOADS, "--payload", "kernel=Image")
refused("a name that is a path", "expected NAME", *CONFIG, "--payload", "a/b=Image")
TAIL = ["--config", "good.dts", *PAYLOADS]
write("bad.bin", limen_bin(10000, 20000))
refused("a hypervisor without its bss", "image_size", "--limen", "bad.bin", *TAIL)
write("bad.bin", os.urandom(10000))
refused("a file that is no Image", "header", "--limen", "bad.bin", *TAIL)
write("bad.bin", limen[:50])
refused("a file too short", "header", "--limen", "bad.bin", *TAIL)
refused("no hypervisor", "none.bin:", "--limen", "none.bin", *TAIL)

# ---- tools/mkconfig ----


def generated(what, args, prop, want, kind="s"):
    r = run("mkconfig", "-o", "gen.dts", "--initrd", *args)
    p = run("pack", "--fit-only", "-o", "gen.itb", "--config", "gen.dts", *PAYLOADS)
    if not tap.ok(r.returncode == 0 and p.returncode == 0, f"{what}: packs", r.stderr + p.stderr):
        return
    output("dumpimage", "-T", "flat_dt", "-p", "0", "-o", "gen.dtb", "gen.itb")
    got = output("fdtget", "-t", kind, "gen.dtb", "/linux", prop)[:-1]
    tap.equal(got, want, f"{what}: {prop} is right")


generated("defaults", [], "cpus", "1", "i")
generated("3 CPUs", ["--cpus", "3"], "cpus", "3", "i")
generated("512M", ["--memory", "512M"], "memory", "0 80000", "x")
generated("2G", ["--memory", "2G"], "memory", "0 200000", "x")
generated("262144K", ["--memory", "262144K"], "memory", "0 40000", "x")
generated("5T", ["--memory", "5t"], "memory", "1 40000000", "x")
for bootargs in ('console=ttyS0 quiet', 'run="a b" x', 'back\\slash \\n \\x41',
                 '"; }; / { evil; }; "',
                 "ümlaut1 'single' $HOME `id` %s //x /*"):
    generated(f"bootargs {bootargs}", ["--bootargs", bootargs], "bootargs", bootargs)
generated("hide", ["--hide", "sstc,htval"], "hide", "sstc htval")
for args in (["--memory", "512"], ["--memory", "0M"], ["--memory=-1M"], ["--memory", "1.5G"],
             ["--memory", "3K"], ["--memory", "2048T"], ["--memory", ""], ["--memory", "M"],
             ["--memory", "99999999999999999999G"], ["--memory", "512MB"], ["--cpus", "0"],
             ["--cpus=-1"], ["--cpus", "two"], ["--cpus", "100000"], ["--cpus", ""],
             ["--name", "a/b"], ["--name", ""], ["-o", "none/x.dts"]):
    r = run("mkconfig", *args)
    tap.ok(r.returncode and not r.stdout and r.stderr.count("\n") == 1 and "mkconfig: " in r.stderr,
           f"mkconfig refuses {' '.join(args)}", r.stdout + r.stderr)

tap.done()
