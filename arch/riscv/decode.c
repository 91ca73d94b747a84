/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoder of integer loads and stores. See decode.h.
 *
 * A compressed instruction is matched in place, not expanded: register and width are all that is
 * wanted, where the address comes from the trap.
 */
#include "arch/riscv/decode.h"

#define OPCODE_LOAD  0x03
#define OPCODE_STORE 0x23

/* The pseudo-instructions of htinst: accesses of the walk of the guest's own page tables. */
#define HTINST_READ32  0x2000
#define HTINST_WRITE32 0x2020
#define HTINST_READ64  0x3000
#define HTINST_WRITE64 0x3020

static u32 bits(u32 insn, unsigned int hi, unsigned int lo)
{
	return (insn >> lo) & ((1U << (hi - lo + 1)) - 1);
}

/* The register a 3-bit field of a compressed instruction names: x8 to x15. */
static u8 short_reg(u32 insn, unsigned int lo)
{
	return (u8)(8 + bits(insn, lo + 2, lo));
}

static enum err set_load(struct mmio_insn *out, unsigned int width, bool sign_extend, u8 rd, u8 len)
{
	*out = (struct mmio_insn){
		.width = (u8)width, .sign_extend = sign_extend, .reg = rd, .len = len};
	return OK;
}

static enum err set_store(struct mmio_insn *out, unsigned int width, u8 rs2, u8 len)
{
	*out = (struct mmio_insn){.store = true, .width = (u8)width, .reg = rs2, .len = len};
	return OK;
}

/* LOAD: funct3's low two bits are log2 of the width, bit 2 says unsigned; LDU does not exist. */
static enum err decode_load(u32 insn, struct mmio_insn *out)
{
	u32 funct3 = bits(insn, 14, 12);

	if (funct3 == 7)
		return ERR_NOTSUP;
	return set_load(out, 1U << (funct3 & 3), !(funct3 & 4), (u8)bits(insn, 11, 7), 4);
}

static enum err decode_store(u32 insn, struct mmio_insn *out)
{
	u32 funct3 = bits(insn, 14, 12);

	if (funct3 > 3)
		return ERR_NOTSUP;
	return set_store(out, 1U << funct3, (u8)bits(insn, 24, 20), 4);
}

static enum err decode_32(u32 insn, struct mmio_insn *out)
{
	switch (bits(insn, 6, 0)) {
	case OPCODE_LOAD: return decode_load(insn, out);
	case OPCODE_STORE: return decode_store(insn, out);
	default: return ERR_NOTSUP;
	}
}

/* Zcb's loads and stores: quadrant 0, funct3 100, told apart by bits 12 to 10 and bit 6. */
static enum err decode_zcb(u32 insn, struct mmio_insn *out)
{
	bool bit6 = bits(insn, 6, 6);

	switch (bits(insn, 12, 10)) {
	case 0: return set_load(out, 1, false, short_reg(insn, 2), 2);
	case 1: return set_load(out, 2, bit6, short_reg(insn, 2), 2);
	case 2: return set_store(out, 1, short_reg(insn, 2), 2);
	case 3: return bit6 ? ERR_NOTSUP : set_store(out, 2, short_reg(insn, 2), 2);
	default: return ERR_NOTSUP;
	}
}

/* Quadrant 0: register-based forms. 001 and 101 are floating point, 000 is C.ADDI4SPN. */
static enum err decode_c0(u32 insn, struct mmio_insn *out)
{
	switch (bits(insn, 15, 13)) {
	case 2: return set_load(out, 4, true, short_reg(insn, 2), 2);
	case 3: return set_load(out, 8, true, short_reg(insn, 2), 2);
	case 4: return decode_zcb(insn, out);
	case 6: return set_store(out, 4, short_reg(insn, 2), 2);
	case 7: return set_store(out, 8, short_reg(insn, 2), 2);
	default: return ERR_NOTSUP;
	}
}

/* C.LWSP and C.LDSP are reserved with rd = x0. */
static enum err decode_load_sp(u32 insn, unsigned int width, struct mmio_insn *out)
{
	u8 rd = (u8)bits(insn, 11, 7);

	return rd == 0 ? ERR_NOTSUP : set_load(out, width, true, rd, 2);
}

/* Quadrant 2: stack-pointer-based forms. 001 and 101 are floating point (or Zcmp, Zcmt). */
static enum err decode_c2(u32 insn, struct mmio_insn *out)
{
	u8 rs2 = (u8)bits(insn, 6, 2);

	switch (bits(insn, 15, 13)) {
	case 2: return decode_load_sp(insn, 4, out);
	case 3: return decode_load_sp(insn, 8, out);
	case 6: return set_store(out, 4, rs2, 2);
	case 7: return set_store(out, 8, rs2, 2);
	default: return ERR_NOTSUP;
	}
}

enum err decode_mmio(u32 insn, struct mmio_insn *out)
{
	switch (insn & 3) {
	case 0: return decode_c0(insn, out);
	case 2: return decode_c2(insn, out);
	case 3: return decode_32(insn, out);
	default: return ERR_NOTSUP;
	}
}

/* Bits hi to lo of insn, moved to be bits of an offset that begin at `to`. */
static u32 moved(u32 insn, unsigned int hi, unsigned int lo, unsigned int to)
{
	return bits(insn, hi, lo) << to;
}

static u64 address_32(u32 insn, const u64 *regs)
{
	u32 imm = bits(insn, 6, 0) == OPCODE_LOAD ? bits(insn, 31, 20)
						  : moved(insn, 31, 25, 5) | bits(insn, 11, 7);

	return regs[bits(insn, 19, 15)] + (u64)((s64)((u64)imm << 52) >> 52);
}

/* Zcb's, then those of 4 and of 8 bytes. */
static u32 offset_c0(u32 insn)
{
	u32 funct3 = bits(insn, 15, 13);

	if (funct3 == 4)
		return bits(insn, 10, 10) ? moved(insn, 5, 5, 1)
					  : moved(insn, 5, 5, 1) | moved(insn, 6, 6, 0);
	if (funct3 & 1)
		return moved(insn, 12, 10, 3) | moved(insn, 6, 5, 6);
	return moved(insn, 12, 10, 3) | moved(insn, 6, 6, 2) | moved(insn, 5, 5, 6);
}

/* From the stack pointer: loads, then stores. */
static u32 offset_c2(u32 insn)
{
	switch (bits(insn, 15, 13)) {
	case 2: return moved(insn, 12, 12, 5) | moved(insn, 6, 4, 2) | moved(insn, 3, 2, 6);
	case 3: return moved(insn, 12, 12, 5) | moved(insn, 6, 5, 3) | moved(insn, 4, 2, 6);
	case 6: return moved(insn, 12, 9, 2) | moved(insn, 8, 7, 6);
	default: return moved(insn, 12, 10, 3) | moved(insn, 9, 7, 6);
	}
}

u64 decode_address(u32 insn, const u64 *regs)
{
	switch (insn & 3) {
	case 0: return regs[short_reg(insn, 7)] + offset_c0(insn);
	case 2: return regs[2] + offset_c2(insn);
	default: return address_32(insn, regs);
	}
}

enum htinst_kind htinst_kind(u64 htinst)
{
	if (htinst >> 32)
		return HTINST_NONE;
	if (htinst & 1)
		return HTINST_INSN;
	switch (htinst) {
	case HTINST_READ32:
	case HTINST_READ64: return HTINST_WALK_READ;
	case HTINST_WRITE32:
	case HTINST_WRITE64: return HTINST_WALK_WRITE;
	default: return HTINST_NONE;
	}
}

/* A transformed load or store has no immediate; what has one is not what the spec describes. */
static bool has_immediate(u32 insn, bool store)
{
	if (store)
		return bits(insn, 31, 25) || bits(insn, 11, 7);
	return bits(insn, 31, 20);
}

enum err decode_htinst(u64 htinst, struct mmio_insn *out)
{
	u32 insn = (u32)htinst | 2;
	enum err e;

	if (htinst_kind(htinst) != HTINST_INSN)
		return ERR_NOENT;
	e = decode_32(insn, out);
	if (e)
		return e;
	if (has_immediate(insn, out->store))
		return ERR_NOENT;
	/* Bit 1 clear: the original was compressed, expanded before it was transformed. */
	out->len = htinst & 2 ? 4 : 2;
	out->addr_offset = (u8)bits(insn, 19, 15);
	return OK;
}
