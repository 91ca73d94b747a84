#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Boots limen where one hart has less than the other, as QEMU's own never have: its gdb stub stops the
machine at a hart's first instruction of limen's and clears bits of mstateen0, so that CSRs trap there
which the other hart has. Arguments: names of the cases to run (default: all).
"""
import os
import re
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/boot"), os.path.join(TOP, "tools")]
import bench_elf  # noqa: E402
import bench_steps  # noqa: E402
import fits  # noqa: E402
import images  # noqa: E402
import qemu  # noqa: E402
from tap import Tap, bail_out, chosen  # noqa: E402

LIMEN_AT = 0x80200000       # where QEMU puts it
ENVCFG, AIA, CSRIND = 1 << 62, 1 << 59, 1 << 60

# Which hart has less, what of mstateen0 is cleared there, and what the other is said to lack.
CASES = {
    "less-envcfg": ("secondary_start", ENVCFG, "henvcfg"),
    "less-aia": ("secondary_start", AIA | CSRIND, "(hvictl|vsiselect)"),
    "more-envcfg": ("_start", ENVCFG, "the same CSRs of guests"),
}


def number_of(stub, name):
    """The register's number in the stub's description of the machine."""
    text, at = "", 0
    while True:
        answer = stub.ask(f"qXfer:features:read:riscv-csr.xml:{at:x},4000")
        text, at = text + answer[1:], at + len(answer) - 1
        if answer[:1] != "m":
            break
    register = next(r for r in re.findall(r"<reg [^>]*>", text) if f'name="{name}"' in r)
    return int(re.search(r'regnum="(\d+)"', register)[1])


def clear_bits(stub, thread, number, bits):
    stub.ask(f"Hg{thread}")
    value = int.from_bytes(bytes.fromhex(stub.ask(f"p{number:x}")), "little")
    if stub.ask(f"P{number:x}={(value & ~bits).to_bytes(8, 'little').hex()}") != "OK":
        raise bench_steps.Broken("mstateen0 cannot be written")


def take_away(path, symbol, bits):
    """Waits until a hart comes to symbol, clears the bits there, and lets the machine go on."""
    elf = bench_elf.read(os.path.splitext(fits.limen())[0] + ".elf")
    stub = bench_steps.Stub(path, qemu.TIMEOUT)
    stub.ask("qSupported:xmlRegisters=riscv")
    at = LIMEN_AT + elf.symbols[symbol] - elf.symbols["__image_start"]
    stub.ask(f"Z1,{at:x},4")
    stopped = stub.ask("c")
    thread = re.search(r"thread:([^;]+);", stopped)
    if not thread:
        raise bench_steps.Broken(f"nobody came to {symbol}: {stopped}")
    clear_bits(stub, thread[1], number_of(stub, "mstateen0"), bits)
    stub.ask(f"z1,{at:x},4")
    stub.socket.sendall(b"$c#63")
    return stub


def run(tap, name):
    symbol, bits, lacks = CASES[name]
    image = fits.image("harts-" + name, fits.config(fits.vm("guest", cpus="<1>", memory=fits.megabytes(32))),
                       {"kernel": fits.guest("smp")})
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "gdb")
        with qemu.Qemu("harts-" + name, kernel=image, machine="virt,aia=aplic-imsic", cpu="rv64,smstateen=on",
                       harts=2, memory="256M",
                       extra=["-S", "-chardev", f"socket,id=gdb,path={path},server=on,wait=off",
                              "-gdb", "chardev:gdb"]) as machine:
            try:
                stub = take_away(path, symbol, bits)
                status = machine.wait()
                stub.socket.close()
            except (bench_steps.Broken, qemu.Failure, OSError) as e:
                tap.ok(False, name, f"{e}\n{machine.tail()}")
                return
            text = machine.output.decode("latin-1").replace("\r", "")
            tap.ok(re.search(rf"^limen: warning: hart \d left out: it lacks {lacks}$", text, re.MULTILINE),
                   f"{name}: the other hart is left out by name", machine.tail())
            tap.ok(re.search(r"^limen: 1 hart up$", text, re.MULTILINE) and not status,
                   f"{name}: limen and its guest run on the one", machine.tail())


def main():
    tap = Tap()
    if images.STANDIN:
        bail_out("this is about limen alone")
    for name in chosen(CASES):
        run(tap, name)
    tap.done()


if __name__ == "__main__":
    main()
