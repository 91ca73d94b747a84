/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: any words as CSR instructions.
 * Sources: arch/riscv/decode_csr.c.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/riscv/decode_csr.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void check(const struct csr_insn *i, u64 old)
{
	u64 regs[32] = {0}, operand = csr_insn_operand(i, regs);
	u64 new = csr_insn_apply(i, old, operand);

	if (i->op < CSR_OP_WRITE || i->op > CSR_OP_CLEAR || i->csr > 0xfff || i->rd > 31 ||
	    i->src > 31 || !(i->reads || i->writes) || operand != (i->imm ? i->src : 0))
		abort();
	if (!i->writes && new != old)
		abort();
	csr_insn_result(i, regs, old);
	if (regs[0])
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct csr_insn i;
	u64 word;

	for (; size >= sizeof(word); size -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		if (!decode_csr((u32)word, &i))
			check(&i, word);
	}
	return 0;
}
