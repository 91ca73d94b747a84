/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/vswalk.h"

#include "arch/riscv/csr.h"

#define PTE_V	  BIT(0)
#define PTE_R	  BIT(1)
#define PTE_W	  BIT(2)
#define PTE_X	  BIT(3)
#define PTE_PPN	  0x003ffffffffffc00UL /* bits 53:10 */
#define PTE_N	  BIT(63)
#define PPN_MASK  0x00000fffffffffffUL
#define NAPOT_PPN (15UL << 10) /* of a 64 KiB page these PTE bits are 1000 */
#define NAPOT_64K (8UL << 10)

static int levels_of(u64 vsatp)
{
	switch (vsatp >> SATP_MODE_SHIFT) {
	case SATP_MODE_SV39: return 3;
	case SATP_MODE_SV48: return 4;
	case SATP_MODE_SV57: return 5;
	default: return 0;
	}
}

/* The bits above the highest that is translated are all like it. */
static bool canonical(u64 gva, int levels)
{
	unsigned int unused = 64 - (12 + 9 * (unsigned int)levels);

	return (u64)((s64)(gva << unused) >> unused) == gva;
}

/* The address a leaf at the given level (0: 4 KiB) maps gva to; false: a leaf that faults. Of the
 * bits above the PPN only N is looked at: what a later extension makes of the others does not move
 * the page. */
static bool leaf_address(u64 pte, int level, u64 gva, gpa_t *out)
{
	unsigned int shift = 12 + 9 * (unsigned int)level;
	u64 base = (pte & PTE_PPN) << 2;

	if (pte & PTE_N) {
		if (level || (pte & NAPOT_PPN) != NAPOT_64K)
			return false;
		shift = 16;
		base &= ~(BIT(shift) - 1);
	}
	if (!IS_ALIGNED(base, BIT(shift)))
		return false;
	*out = GPA(base | (gva & (BIT(shift) - 1)));
	return true;
}

enum err vswalk(u64 vsatp, u64 gva, const struct vswalk_mem *mem, gpa_t *out)
{
	u64 table = (vsatp & PPN_MASK) << 12, pte;
	int levels = levels_of(vsatp);
	enum err e;

	if (!(vsatp >> SATP_MODE_SHIFT)) {
		*out = GPA(gva);
		return OK;
	}
	if (!levels)
		return ERR_INVAL;
	if (!canonical(gva, levels))
		return ERR_FAULT;
	for (int level = levels - 1; level >= 0; level--) {
		u64 index = (gva >> (12 + 9 * level)) & 511;

		e = mem->read(mem->arg, GPA(table + index * 8), &pte);
		if (e)
			return e;
		if (!(pte & PTE_V) || (!(pte & PTE_R) && (pte & PTE_W)))
			return ERR_FAULT;
		if (pte & (PTE_R | PTE_X))
			return leaf_address(pte, level, gva, out) ? OK : ERR_FAULT;
		table = (pte & PTE_PPN) << 2;
	}
	return ERR_FAULT;
}
