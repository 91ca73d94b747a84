/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: vsatp, an address, and tables of any words: wherever a walk goes, one of them is there.
 * Sources: arch/riscv/vswalk.c.
 */
#include <string.h>

#include "arch/riscv/vswalk.h"
#include "tests/fuzz/input.h"

#define PA_END	(1UL << 56)
#define NOTHING 7 /* every so many words of memory there is none */

struct memory {
	const u8 *words;
	u64 count;
	unsigned int reads;
};

static enum err read_word(void *arg, gpa_t at, u64 *pte)
{
	struct memory *m = arg;

	require(!(at.a & 7) && at.a < PA_END);
	m->reads++;
	if (at.a / 8 % NOTHING == 3)
		return ERR_RANGE;
	memcpy(pte, m->words + at.a / 8 % m->count * 8, 8);
	return OK;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct memory m = {data + 16, size < 24 ? 0 : (size - 16) / 8, 0};
	const struct vswalk_mem mem = {read_word, &m};
	u64 vsatp, gva;
	gpa_t out = GPA(~0UL);
	enum err e;

	if (!m.count)
		return 0;
	memcpy(&vsatp, data, 8);
	memcpy(&gva, data + 8, 8);
	e = vswalk(vsatp, gva, &mem, &out);
	require(m.reads <= 5);
	if (e)
		require(e == ERR_INVAL || e == ERR_FAULT || e == ERR_RANGE);
	else
		require(!((out.a ^ gva) & 4095) && (!m.reads || out.a < PA_END));
	return 0;
}
