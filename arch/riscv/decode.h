/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoder of the instructions a guest uses to touch an emulated device: the integer loads and
 * stores of RV64I, their compressed forms of C (Zca) and Zcb. Everything else that can fault on a
 * device's address (AMO, LR/SC, floating point, vector, cbo.*, HLV/HSV) is refused.
 * Who decodes an instruction that htinst does not tell gets its address from the registers.
 *
 * Pure: no state, no hart, every input hostile. Any context.
 *
 * Spec: RISC-V unprivileged ISA 20240411, chapters RV32I, RV64I, "C" and "Zc*" (Zcb 1.0.0);
 * privileged architecture 20240411, "Transformed Instruction or Pseudoinstruction for mtinst or
 * htinst".
 */
#ifndef ARCH_RISCV_DECODE_H
#define ARCH_RISCV_DECODE_H

#include "lib/err.h"
#include "lib/types.h"

struct mmio_insn {
	bool store;	  /* a store, or else a load */
	bool sign_extend; /* loads: the value is sign-extended into rd */
	u8 width;	  /* bytes accessed: 1, 2, 4 or 8 */
	u8 reg;		  /* number of rd (loads) or rs2 (stores), 0 to 31 */
	u8 len;		  /* bytes of the instruction in memory: 2 or 4 */
	u8 addr_offset; /* how far the faulting byte is from the access's first: from htinst, or 0 */
};

/* What htinst says after a guest page fault. */
enum htinst_kind {
	HTINST_NONE,	   /* nothing (0), or nothing the specification defines: fetch it */
	HTINST_INSN,	   /* a transformed instruction, for decode_htinst() */
	HTINST_WALK_READ,  /* the walk of the guest's own tables read a page-table entry */
	HTINST_WALK_WRITE, /* ... wrote one, to set A or D */
};

/*
 * Decodes the instruction that starts with the low bits of insn: 32 bits if they say so, otherwise
 * the low 16 (the upper half is not looked at).
 * Returns OK; ERR_NOTSUP if it is no integer load or store, reserved encodings included.
 */
enum err decode_mmio(u32 insn, struct mmio_insn *out);

/* The virtual address of the first byte that the instruction accesses, which decode_mmio() took. regs has 32
 * entries; x0 counts as 0. */
u64 decode_address(u32 insn, const u64 *regs);

enum htinst_kind htinst_kind(u64 htinst);

/*
 * Decodes htinst when it holds a transformed instruction.
 * Returns OK; ERR_NOTSUP if that is no integer load or store; ERR_NOENT if htinst holds no
 * transformed instruction (see htinst_kind()) or one that is not in the form the specification
 * gives: the caller fetches the instruction itself.
 */
enum err decode_htinst(u64 htinst, struct mmio_insn *out);

/* What a load leaves in rd when the device answered raw: the low width bytes, extended. */
static inline u64 mmio_insn_extend(const struct mmio_insn *i, u64 raw)
{
	unsigned int shift = 64 - 8 * i->width;

	raw <<= shift;
	return i->sign_extend ? (u64)((s64)raw >> shift) : raw >> shift;
}

/* Puts what a load read into the register file; x0 stays as it is. regs has 32 entries. */
static inline void mmio_insn_load(const struct mmio_insn *i, u64 *regs, u64 raw)
{
	if (i->reg)
		regs[i->reg] = mmio_insn_extend(i, raw);
}

/* The value a store writes, zero above its width. regs has 32 entries; x0 counts as 0. */
static inline u64 mmio_insn_store_value(const struct mmio_insn *i, const u64 *regs)
{
	unsigned int shift = 64 - 8 * i->width;

	return i->reg ? regs[i->reg] << shift >> shift : 0;
}

#endif
