/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoder of CSR instructions. See decode_csr.h.
 */
#include "arch/riscv/decode_csr.h"

#define OPCODE_SYSTEM 0x73

enum err decode_csr(u32 insn, struct csr_insn *out)
{
	u32 funct3 = insn >> 12 & 7, src = insn >> 15 & 31, rd = insn >> 7 & 31;
	u32 op = funct3 & 3;

	/* 0 is ECALL and its like, 4 is HLV and its like. */
	if ((insn & 0x7f) != OPCODE_SYSTEM || op == 0)
		return ERR_NOTSUP;
	*out = (struct csr_insn){
		.op = (enum csr_op)op,
		.csr = (u16)(insn >> 20),
		.rd = (u8)rd,
		.src = (u8)src,
		.imm = funct3 & 4,
		.reads = op != CSR_OP_WRITE || rd != 0,
		.writes = op == CSR_OP_WRITE || src != 0,
	};
	return OK;
}

u64 csr_insn_operand(const struct csr_insn *i, const u64 *regs)
{
	if (i->imm)
		return i->src;
	return i->src ? regs[i->src] : 0;
}

u64 csr_insn_apply(const struct csr_insn *i, u64 old, u64 operand)
{
	if (!i->writes)
		return old;
	switch (i->op) {
	case CSR_OP_SET: return old | operand;
	case CSR_OP_CLEAR: return old & ~operand;
	default: return operand;
	}
}

void csr_insn_result(const struct csr_insn *i, u64 *regs, u64 old)
{
	if (i->rd)
		regs[i->rd] = old;
}
