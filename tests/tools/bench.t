#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/bench: what it reads of consoles, ELF files and instructions, and what it makes of it."""
import importlib.util
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from importlib.machinery import SourceFileLoader

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tools")]
import bench_elf  # noqa: E402
import bench_linux  # noqa: E402
import bench_many  # noqa: E402
import bench_steps  # noqa: E402
from tap import Tap  # noqa: E402

loader = SourceFileLoader("bench", os.path.join(TOP, "tools/bench"))
bench = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench", loader))
loader.exec_module(bench)
tap = Tap()

# ---- consoles ----
TEXT = """limen: 1 hart up
limen: up in 600 us: 50 us boot, 150 us payloads checked, 400 us RAM cleared and filled
bench: base 1234
bench: stimecmp absent
bench: compute-70m 700700000
bench: end
"""
tap.equal(bench.rows_of(TEXT)["base"], 123.4, "a row is in tenths of an instruction")
tap.ok("stimecmp" not in bench.rows_of(TEXT), "a row the machine has not is left out")
tap.equal(round(bench.rows_of(TEXT)["compute-70m"], 6), 0.1, "computing is in per cent")
tap.equal(bench.times_of(TEXT), {"boot": 50, "checked": 150, "filled": 400}, "limen's times")
tap.equal(bench.times_of(TEXT.replace(" us boot", "")), None, "a line of another shape is none")
tap.equal(bench_linux.told("x\nbench: init 77\n", "init"), 77, "Linux's init is heard")
tap.equal(bench_linux.told("bench: init [  0.1] panic\n", "init"), None, "and missed")
tap.equal(bench_linux.with_value(["q", "-m", "1G", "-x"], "-m", "2G"), ["q", "-m", "2G", "-x"],
          "the bare machine's memory")
with tempfile.TemporaryDirectory() as work:
    tree = os.path.join(work, "tree.dtb")
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", tree], check=True, text=True, input="""
/dts-v1/; / { chosen { }; flash@20000000 { }; pmu { }; poweroff { }; soc {
rtc@101000 { }; pci@30000000 { }; virtio_mmio@10001000 { }; serial@10000000 { }; plic@c000000 { };
test@100000 { }; }; };""")
    bench_linux.prune(tree)
    tap.equal(sorted(bench_linux.nodes(tree, "/") + bench_linux.nodes(tree, "/soc")),
              ["/chosen", "/poweroff", "/soc", "/soc/plic@c000000", "/soc/serial@10000000",
               "/soc/test@100000"],
              "the bare machine's tree has a guest's devices")

# ---- instructions (as the assembler gives them) ----
for word, want, what in [
        (0x14001073, "write", "csrw sscratch, zero"),
        (0x14202573, "read", "csrr a0, scause"), (0x14051073, "write", "csrw sscratch, a0"),
        (0x14051573, "write", "csrrw a0, sscratch, a0"), (0xC0102573, "read", "rdtime a0"),
        (0x10016073, "write", "csrsi sstatus, 2"), (0x10017073, "write", "csrci sstatus, 2"),
        (0x1002F073, "write", "csrci sstatus, 5"), (0x00000073, None, "ecall"),
        (0x10200073, None, "sret"), (0x62000073, None, "hfence.gvma"),
        (0x6C054573, None, "hlv.d a0, (a0)"), (0x00000013, None, "nop"), (None, None, "nothing")]:
    tap.equal(bench_elf.csr_access(word), want, what)


# ---- ELF ----
def elf():
    """.text (8 bytes at 0x1000), .bss, .symtab with one symbol, .strtab, .shstrtab."""
    names = b"\0.text\0.bss\0.symtab\0.strtab\0"
    strings = b"\0turn_x\0"
    text = struct.pack("<II", 0x14202573, 0x13)
    symtab = bytes(24) + struct.pack("<IBBHQQ", 1, 0, 0, 1, 0x1004, 0)
    body, offsets = bytearray(64), []
    for part in (text, symtab, strings, names):
        offsets.append(len(body))
        body += part

    def section(name, kind, address, at, size, link=0):
        return struct.pack("<IIQQQQIIQQ", names.index(name) if name else 0, kind, 0, address, at,
                           size, link, 0, 1, 0)
    table = len(body)
    body += section(b"", 0, 0, 0, 0)
    body += section(b".text", 1, 0x1000, offsets[0], 8)
    body += section(b".bss", 8, 0x2000, offsets[0], 4096)
    body += section(b".symtab", 2, 0, offsets[1], len(symtab), 4)
    body += section(b".strtab", 3, 0, offsets[2], len(strings))
    body += section(b".strtab", 3, 0, offsets[3], len(names))
    body[:6] = b"\x7fELF\x02\x01"
    struct.pack_into("<Q", body, 40, table)
    struct.pack_into("<HHH", body, 58, 64, 6, 5)
    return bytes(body)


made = bench_elf.Elf(elf())
tap.equal(made.symbols.get("turn_x"), 0x1004, "a symbol's address")
tap.equal((made.word(0x1000), made.word(0x1004)), (0x14202573, 0x13), "words of the text")
tap.equal((made.word(0xFFC), made.word(0x1008), made.word(0x2000)), (None, None, None),
          "outside of it, and where there is nothing in the file: none")
tap.equal(made.size(".text", ".rodata"), 8, "the size of the sections that are there")
for what, data in (("text", b"hello" * 30), ("a file cut short", elf()[:200])):
    try:
        bench_elf.Elf(data)
        tap.ok(False, f"{what} is refused")
    except ValueError:
        tap.ok(True, f"{what} is refused")


# ---- stepping: a thread plays the stub ----
class Limen:
    """csrr, csrw, a nop and rdtime at 0x1000; all else is the guest's."""
    symbols = {"__image_start": 0x1000, "__image_end": 0x2000}
    words = {0x1000: 0x14202573, 0x1004: 0x14051073, 0x1008: 0x13, 0x100C: 0xC0102573}

    def word(self, at):
        return self.words.get(at)


def play(server, way):
    """Answers each step with the next program counter of way; hangs up at its end."""
    peer, _ = server.accept()
    at, buffer = 0, b""
    with peer:
        while more := peer.recv(4096):
            buffer += more
            while b"#" in buffer[:-2]:
                packet = buffer[buffer.index(b"$") + 1:buffer.index(b"#")]
                buffer = buffer[buffer.index(b"#") + 3:]
                if packet == b"s":
                    at += 1
                    answer = b"T05thread:01;" if at < len(way) else b"W00"
                elif packet == b"p20":
                    answer = way[at].to_bytes(8, "little").hex().encode()
                else:
                    answer = b"OK"
                peer.sendall(b"+$" + answer + b"#" + b"%02x" % (sum(answer) & 0xFF))


def turn(way):
    with tempfile.TemporaryDirectory() as work, socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.join(work, "gdb"))
        server.listen()
        threading.Thread(target=play, args=(server, way), daemon=True).start()
        stub = bench_steps.Stub(os.path.join(work, "gdb"), 5)
        try:
            return bench_steps.Counter(Limen()).turn(stub, 0x80)
        except bench_steps.Broken as e:
            return str(e)
        finally:
            stub.socket.close()


tap.equal(turn([0x80, 0x84, 0x1000, 0x1004, 0x1000, 0x1008, 0x84, 0x88, 0x80]),
          {"read": 2, "write": 1, "time": 0, "all": 4}, "limen's instructions of a turn, and no others")
tap.equal(turn([0x80, 0x84, 0x80, 0x1000]), {"read": 0, "write": 0, "time": 0, "all": 0},
          "a turn without limen ends where the next begins")
tap.equal(turn([0x80, 0x100C, 0x1000, 0x100C, 0x80]), {"read": 3, "write": 0, "time": 2, "all": 3},
          "reads of time are counted among the reads, and apart")
tap.ok("ended" in turn([0x80, 0x84]), "a machine that ends in a turn is noticed")
tap.equal(bench_steps.fewest([{"all": 5}, {"all": 3}, {"all": 9}]), {"all": 3},
          "the turn nothing disturbed")

# ---- several VMs and harts ----
tap.equal(bench_many.growth([100.0, 100.5, 100.9, None]), "flat", "what the clock can tell is no growth")
tap.equal(bench_many.growth([100.0, 100.0, 102.5]), "grows (+2.5)", "and this is")
tap.equal(bench_many.growth([0.0, 0.0]), "flat", "nothing stays nothing")
tap.equal(bench_many.config(bench_many.vm("a", "kernel", 4096), 3).count("limen,vm"), 3,
          "so many VMs in all")
tap.equal(sorted(bench_many.RUNS), sorted({run for _, run, *_ in bench_many.ROWS}),
          "each run has rows, and each row a run")
pair_lines = bench.pair_table({run: {row: 100.0 for row, of, *_ in bench_many.ROWS if of == run}
                               for run in bench_many.RUNS}, {run: {} for run in bench_many.RUNS})
tap.ok("ok (x0.03)" in pair_lines and "ok (x0.33)" in pair_lines, "the pair's budgets", pair_lines)
tap.ok("grows (+5.0)" in bench.grown_table([("x", [10.0, 15.0, 10.0, 10.0, 10.0])]),
       "a row that grows is told")

# ---- tables ----
times = {"boot": 2500, "checked": 20, "filled": 1 << 17}
lines = [line.split() for line in bench.whole(made, times, 1000).splitlines()]
tap.equal(lines[3][-4:], ["2,500,000", "2,000,000", "over", "(x1.25)"], "boot, over its budget")
tap.equal(lines[4][-4:], ["20.0", "20", "ok", "(x1.00)"], "SHA-256 a byte, just within")
tap.equal(lines[5][-3:], ["0.98", "-", "-"], "clearing a byte has no budget")
tap.equal(bench.accesses({"read": 8, "write": 11}), "8 + 11", "reads and writes in a cell")
tap.done()
