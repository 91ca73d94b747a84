/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoder of the six instructions of Zicsr, for CSRs that a guest's access to traps and that are
 * emulated. Which CSR exists, and who may read or write it, is not its business.
 *
 * Pure: no state, no hart, every input hostile. Any context.
 *
 * Spec: RISC-V unprivileged ISA 20240411, chapter "Zicsr" 2.0.
 */
#ifndef ARCH_RISCV_DECODE_CSR_H
#define ARCH_RISCV_DECODE_CSR_H

#include "lib/err.h"
#include "lib/types.h"

/* What becomes of the CSR; the low two bits of funct3. */
enum csr_op {
	CSR_OP_WRITE = 1, /* csrrw: the operand */
	CSR_OP_SET = 2,	  /* csrrs: the bits of the operand are set */
	CSR_OP_CLEAR = 3, /* csrrc: they are cleared */
};

struct csr_insn {
	enum csr_op op;
	u16 csr;    /* number, 0 to 0xfff */
	u8 rd;	    /* register that gets the old value */
	u8 src;	    /* rs1, or the immediate itself */
	bool imm;   /* src is a 5-bit immediate, or else a register */
	bool reads; /* the CSR is read, with the side effects of that; only csrrw to x0 does not */
	bool writes; /* it is written, even if its value stays; not for a set or clear with x0 or 0 */
};

/*
 * Decodes a 32-bit instruction; its length is 4, there are no compressed forms.
 * Returns OK; ERR_NOTSUP if it is none of the six.
 */
enum err decode_csr(u32 insn, struct csr_insn *out);

/* The operand: a register's value, or the immediate, zero-extended. regs has 32 entries; x0 counts
 * as 0. */
u64 csr_insn_operand(const struct csr_insn *i, const u64 *regs);

/* What such an instruction makes of a CSR that holds old, before the CSR's own rules; old itself if
 * it does not write. */
u64 csr_insn_apply(const struct csr_insn *i, u64 old, u64 operand);

/* Puts the CSR's old value into the register file; x0 stays as it is. regs has 32 entries. */
void csr_insn_result(const struct csr_insn *i, u64 *regs, u64 old);

#endif
