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

/* An offset is within what its form can hold, whatever the base. */
static void check_address(u32 insn)
{
	u64 regs[32], offset;

	for (unsigned int i = 0; i < 32; i++)
		regs[i] = 0x5a5a5a5a5a5a5000;
	offset = decode_address(insn, regs) - regs[1] + 2048;
	if (offset >= 4096)
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct mmio_insn i;
	u64 word;

	for (; size >= sizeof(word); size -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		if (!decode_mmio((u32)word, &i)) {
			check(&i);
			check_address((u32)word);
		}
		if (!decode_htinst(word, &i))
			check(&i);
		if (!decode_htinst((u32)word, &i))
			check(&i);
	}
	return 0;
}
