/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is the host's own about its tables: signed addresses, W^X, and the bits of a leaf.
 *
 * Invariant: no leaf has W and X, or U.
 */
#include "arch/riscv/pgtable.h"

/* A and D in advance: hardware neither writes a leaf nor faults for them. */
#define LEAF (PTE_V | PTE_G | PTE_A | PTE_D)

#define SATP_MODE_SHIFT 60
#define SATP_ASID_SHIFT 44

enum err pgtable_init(struct pgtable *pt, unsigned int levels, hpa_t root,
		      const struct pt_source *src)
{
	if (levels < 3 || levels > 5 || !IS_ALIGNED(root.a, PT_PAGE) || root.a >= BIT(PT_HPA_BITS))
		return ERR_INVAL;
	pt->pt = (struct pt){.root = root, .levels = levels, .root_bits = 9, .src = src};
	return OK;
}

/*
 * The tree counts from 0; addresses are signed. The upper half of the tree is the upper half of
 * the address space, so no range may go across the middle, and none may end beyond the top.
 */
static enum err to_tree(const struct pgtable *pt, uintptr_t va, u64 size, u64 *at)
{
	unsigned int bits = pt_bits(&pt->pt);
	u64 half = BIT(bits - 1), sign = (u64)va >> (bits - 1);

	if (sign && sign != ~0UL >> (bits - 1))
		return ERR_RANGE;
	if (size > half - (va & (half - 1)))
		return ERR_RANGE;
	*at = va & (BIT(bits) - 1);
	return OK;
}

static uintptr_t from_tree(const struct pgtable *pt, u64 at)
{
	unsigned int unused = 64 - pt_bits(&pt->pt);

	return (uintptr_t)((s64)(at << unused) >> unused);
}

static bool prot_valid(unsigned int prot)
{
	if (!prot || (prot & ~(unsigned int)PT_PROT))
		return false;
	if (prot & PT_WRITE)
		return (prot & PT_READ) && !(prot & PT_EXEC);
	return true;
}

/* Adds what one change did to what the caller collects. */
static void collect(const struct pgtable *pt, struct pgtable_change *chg, const struct pt_change *c)
{
	struct pgtable_fence *f = &chg->fence;
	uintptr_t start = from_tree(pt, c->start);
	uintptr_t last = start + c->size - 1;

	chg->garbage = c->garbage;
	f->all |= c->all;
	if (!c->size)
		return;
	if (!f->size) {
		*f = (struct pgtable_fence){start, c->size, c->shift, f->all};
		return;
	}
	last = max_u64(last, f->start + f->size - 1);
	f->start = min_u64(start, f->start);
	f->size = last - f->start + 1;
	if (c->shift < f->shift)
		f->shift = c->shift;
}

enum err pgtable_map(struct pgtable *pt, uintptr_t va, hpa_t hpa, u64 size, unsigned int prot,
		     struct pgtable_change *chg)
{
	struct pt_change c = {.garbage = chg->garbage};
	enum err err;
	u64 at;

	if (!prot_valid(prot))
		return ERR_INVAL;
	err = to_tree(pt, va, size, &at);
	if (err)
		return err;
	err = pt_map(&pt->pt, at, hpa, size, LEAF | prot, &c);
	collect(pt, chg, &c);
	return err;
}

enum err pgtable_unmap(struct pgtable *pt, uintptr_t va, u64 size, struct pgtable_change *chg)
{
	struct pt_change c = {.garbage = chg->garbage};
	enum err err;
	u64 at;

	err = to_tree(pt, va, size, &at);
	if (err)
		return err;
	err = pt_unmap(&pt->pt, at, size, &c);
	collect(pt, chg, &c);
	return err;
}

enum err pgtable_protect(struct pgtable *pt, uintptr_t va, u64 size, unsigned int prot,
			 struct pgtable_change *chg)
{
	struct pt_change c = {.garbage = chg->garbage};
	enum err err;
	u64 at;

	if (!prot_valid(prot))
		return ERR_INVAL;
	err = to_tree(pt, va, size, &at);
	if (err)
		return err;
	err = pt_protect(&pt->pt, at, size, PT_PROT, prot, &c);
	collect(pt, chg, &c);
	return err;
}

enum err pgtable_lookup(const struct pgtable *pt, uintptr_t va, struct pt_leaf *out)
{
	enum err err;
	u64 at;

	err = to_tree(pt, va, 1, &at);
	return err ? err : pt_lookup(&pt->pt, at, out);
}

u64 pgtable_satp(const struct pgtable *pt, u32 asid)
{
	u64 mode = pt->pt.levels + 5; /* Sv39 is 8, Sv48 9, Sv57 10 */

	return mode << SATP_MODE_SHIFT | (u64)(asid & 0xffff) << SATP_ASID_SHIFT |
	       pt->pt.root.a >> PT_PAGE_SHIFT;
}
