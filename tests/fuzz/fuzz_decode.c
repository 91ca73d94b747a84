/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: any words as instructions and as htinst.
 * Sources: arch/riscv/decode.c.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/riscv/decode.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void check(const struct mmio_insn *i)
{
	u64 regs[32] = {0};

	if (i->width == 0 || i->width > 8 || (i->width & (i->width - 1)) || i->reg > 31 ||
	    (i->len != 2 && i->len != 4) || i->addr_offset > 31)
		abort();
	mmio_insn_load(i, regs, 0x8182838485868788);
	if (regs[0] || (mmio_insn_store_value(i, regs) & ~0ULL << (8 * i->width - 1) << 1))
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct mmio_insn i;
	u64 word;

	for (; size >= sizeof(word); size -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		if (!decode_mmio((u32)word, &i))
			check(&i);
		if (!decode_htinst(word, &i))
			check(&i);
		if (!decode_htinst((u32)word, &i))
			check(&i);
	}
	return 0;
}
