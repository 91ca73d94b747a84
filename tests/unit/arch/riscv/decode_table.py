#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the table that test_decode.c holds the decoder against.

    decode_table.py OUT.c

What an instruction is comes from assembler text: written here and assembled (decode_asm), or read
back by objdump from every 16-bit word (decode_half) and from random 32-bit words (decode_word).
Binutils before 2.42 do not know Zcb; its five instructions are then encoded here, from the figures
of the Zc specification, and decode_zcb_by_hand says so.

CROSS_COMPILE names the binutils, riscv64-unknown-elf- unless set.
"""
import os
import random
import re
import subprocess
import sys
import tempfile

CROSS = os.environ.get("CROSS_COMPILE", "riscv64-unknown-elf-")
MARCH = "rv64gcvh_zicbom_zicboz"

# mnemonic: (store, width, sign-extends)
ACCESS = {
    "lb": (0, 1, 1), "lbu": (0, 1, 0), "lh": (0, 2, 1), "lhu": (0, 2, 0),
    "lw": (0, 4, 1), "lwu": (0, 4, 0), "ld": (0, 8, 1),
    "sb": (1, 1, 0), "sh": (1, 2, 0), "sw": (1, 4, 0), "sd": (1, 8, 0),
}
# compressed mnemonic: what it expands to
COMPRESSED = {
    "c.lw": "lw", "c.ld": "ld", "c.sw": "sw", "c.sd": "sd",
    "c.lwsp": "lw", "c.ldsp": "ld", "c.swsp": "sw", "c.sdsp": "sd",
}
ZCB = {"c.lbu": "lbu", "c.lhu": "lhu", "c.lh": "lh", "c.sb": "sb", "c.sh": "sh"}

# None of these may decode.
REFUSED = """
lr.w x5,(x6)
sc.d x5,x7,(x6)
amoadd.w x5,x7,(x6)
amoswap.d x5,x7,(x6)
flw f1,0(x6)
fld f1,8(x6)
fsw f1,0(x6)
fsd f1,8(x6)
c.fld f8,8(x9)
c.fsd f8,8(x9)
c.fldsp f1,8(x2)
c.fsdsp f1,8(x2)
vle8.v v1,(x6)
vse64.v v1,(x6)
vle32.v v1,(x6)
cbo.zero (x6)
cbo.flush (x6)
hlv.w x5,(x6)
hlvx.hu x5,(x6)
hsv.d x5,(x6)
fence rw,rw
fence.i
addi x5,x6,1
c.addi x5,1
c.addi4spn x8,x2,16
c.mv x5,x6
c.jr x5
c.nop
jal x1,.
jalr x1,0(x5)
beq x1,x2,.
lui x5,1
csrrw x5,scratch,x6
ecall
wfi
""".replace("scratch", "sscratch")


def run(tool, *args):
    return subprocess.run([CROSS + tool, *args], check=True, capture_output=True, text=True).stdout


def assemble(folder, lines, march=MARCH):
    """The words that lines of assembler text come to, one each."""
    src, obj, raw = (os.path.join(folder, n) for n in ("t.S", "t.o", "t.bin"))
    with open(src, "w") as f:
        for line in lines:
            f.write(".option %s\n%s\n" % ("rvc" if line.startswith("c.") else "norvc", line))
    run("as", "-march=" + march, "-o", obj, src)
    run("objcopy", "-O", "binary", "-j", ".text", obj, raw)
    with open(raw, "rb") as f:
        data = f.read()
    words, at = [], 0
    for _ in lines:
        size = 4 if data[at] & 3 == 3 else 2
        words.append(int.from_bytes(data[at:at + size], "little"))
        at += size
    assert at == len(data), "one line, one instruction"
    return words


def disassemble(folder, words, size):
    """objdump's reading of each word: [mnemonic, operands]."""
    raw = os.path.join(folder, "d.bin")
    with open(raw, "wb") as f:
        for w in words:
            f.write(w.to_bytes(size, "little"))
    out = run("objdump", "-D", "-b", "binary", "-m", "riscv:rv64", "-M", "no-aliases,numeric", raw)
    found = {}
    for m in re.finditer(r"^\s*([0-9a-f]+):\t([0-9a-f]+)\s+(\S+)[ \t]*(\S*)", out, re.M):
        found[int(m[1], 16)] = (int(m[2], 16), m[3], m[4])
    result = []
    for i, w in enumerate(words):
        word, mnemonic, operands = found[i * size]
        assert word == w, "objdump lost its place"
        result.append((mnemonic, operands))
    return result


def meaning(mnemonic, operands):
    """(store, width, sign-extends, register) of assembler text, or None if it is no load or store
    of an integer."""
    base = COMPRESSED.get(mnemonic) or ZCB.get(mnemonic) or mnemonic
    if base not in ACCESS:
        return None
    return ACCESS[base] + (int(re.match(r"x(\d+),", operands)[1]),)


def zcb_word(mnemonic, reg, imm, base):
    """Encodes by the figures of the Zc specification, "Zcb"."""
    head = {"c.lbu": 0x8000, "c.lhu": 0x8400, "c.lh": 0x8440, "c.sb": 0x8800, "c.sh": 0x8c00}
    word = head[mnemonic] | (base - 8) << 7 | (reg - 8) << 2
    if mnemonic in ("c.lbu", "c.sb"):
        return word | (imm & 1) << 6 | (imm >> 1 & 1) << 5
    return word | (imm >> 1 & 1) << 5


def plain_text():
    bases = [0, 1, 2, 8, 31]
    imms = [0, 1, -1, 2047, -2048, 8]
    for op in ACCESS:
        for reg in range(32):
            for n, base in enumerate(bases):
                yield (op, reg, imms[(n + reg) % len(imms)], base)


def compressed_text():
    for op, width in (("c.lw", 4), ("c.sw", 4), ("c.ld", 8), ("c.sd", 8)):
        for reg in range(8, 16):
            for base in range(8, 16):
                for imm in (0, width, 31 * width):
                    yield (op, reg, imm, base)
    for op, width in (("c.lwsp", 4), ("c.swsp", 4), ("c.ldsp", 8), ("c.sdsp", 8)):
        for reg in range(1 if op.startswith("c.l") else 0, 32):
            for imm in (0, width, 2 * width, 63 * width):
                yield (op, reg, imm, 2)


def zcb_text():
    for op in ZCB:
        for reg in range(8, 16):
            for base in range(8, 16):
                for imm in range(4) if op in ("c.lbu", "c.sb") else (0, 2):
                    yield (op, reg, imm, base)


def text(case):
    return "%s x%d,%d(x%d)" % case


def transform(word, store, compressed):
    """The transformed instruction of a 32-bit load or store: privileged specification."""
    word &= 0x01f0707f if store else 0x00007fff
    return word & ~2 if compressed else word


def assembled_cases(folder):
    zcb = list(zcb_text())
    cases = list(plain_text()) + list(compressed_text())
    words = assemble(folder, [text(c) for c in cases])
    by_hand = False
    try:
        words += assemble(folder, [text(c) for c in zcb], MARCH + "_zcb")
    except subprocess.CalledProcessError:
        by_hand = True
        words += [zcb_word(*c) for c in zcb]
    cases += zcb
    full = [(COMPRESSED.get(c[0]) or ZCB.get(c[0]) or c[0],) + c[1:] for c in cases]
    expanded = assemble(folder, [text(c) for c in full])
    rows = []
    for case, word, big in zip(cases, words, expanded):
        compressed = case[0].startswith("c.")
        want = ACCESS[COMPRESSED.get(case[0]) or ZCB.get(case[0]) or case[0]] + (case[1],)
        rows.append((text(case), word, transform(big, want[0], compressed), want,
                     2 if compressed else 4))
    return rows, by_hand


def pack(want):
    """One number for a meaning; 0 for none."""
    if want is None:
        return 0
    store, width, sign, reg = want
    return 0x8000 | store << 14 | sign << 13 | width << 8 | reg


def half_words(folder, by_hand):
    """objdump's reading of every 16-bit word that is an instruction."""
    words = [w for w in range(65536) if w & 3 != 3]
    table = [0] * 65536
    for w, reading in zip(words, disassemble(folder, words, 2)):
        table[w] = pack(meaning(*reading))
    if by_hand:
        for op, reg, imm, base in zcb_text():
            table[zcb_word(op, reg, imm, base)] = pack(ACCESS[ZCB[op]] + (reg,))
    return table


def full_words(folder):
    rnd = random.Random(20240411)
    opcodes = [0x03, 0x23, 0x03, 0x23, 0x07, 0x27, 0x2f, 0x0f, 0x73, 0x13, 0x0b, 0x6b]
    words = [rnd.getrandbits(25) << 7 | rnd.choice(opcodes) for _ in range(12000)]
    words += [w for w in (rnd.getrandbits(32) | 3 for _ in range(6000)) if w & 0x1f != 0x1f]
    return [(w, pack(meaning(*r))) for w, r in zip(words, disassemble(folder, words, 4))]


def main():
    with tempfile.TemporaryDirectory() as folder:
        rows, by_hand = assembled_cases(folder)
        refused = [line for line in REFUSED.split("\n") if line]
        refused_words = assemble(folder, refused)
        halves = half_words(folder, by_hand)
        full = full_words(folder)
    with open(sys.argv[1], "w") as f:
        f.write("/* Written by tests/unit/arch/riscv/decode_table.py. */\n#include \"tests/unit/arch/riscv/decode_table.h\"\n\n")
        f.write("const bool decode_zcb_by_hand = %s;\n\n" % ("true" if by_hand else "false"))
        f.write("const struct decode_case decode_asm[] = {\n")
        for line, word, htinst, (store, width, sign, reg), size in rows:
            f.write("\t{\"%s\", 0x%x, 0x%x, {.store = %d, .width = %d, .sign_extend = %d, "
                    ".reg = %d, .len = %d}},\n"
                    % (line, word, htinst, store, width, sign, reg, size))
        f.write("};\nconst size_t decode_asm_count = %d;\n\n" % len(rows))
        f.write("const struct decode_refused decode_refused[] = {\n")
        for line, word in zip(refused, refused_words):
            f.write("\t{\"%s\", 0x%x},\n" % (line, word))
        f.write("};\nconst size_t decode_refused_count = %d;\n\n" % len(refused))
        f.write("const u16 decode_half[65536] = {\n")
        for i in range(0, 65536, 16):
            f.write("\t" + "".join("%d, " % v for v in halves[i:i + 16]).rstrip() + "\n")
        f.write("};\n\nconst struct decode_word decode_word[] = {\n")
        for word, want in full:
            f.write("\t{0x%x, 0x%x},\n" % (word, want))
        f.write("};\nconst size_t decode_word_count = %d;\n" % len(full))


main()
