/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is the G-stage's own about its tables: the wide root, the bits of a leaf, and hgatp.
 */
#include "arch/riscv/gstage.h"

#define LEAF (PTE_V | PTE_U | PTE_A | PTE_D)

#define HGATP_VMID_SHIFT 44
#define HGATP_VMID_MASK	 ((1UL << GSTAGE_VMID_BITS) - 1)
#define HGATP_PPN_MASK	 ((1UL << 44) - 1)
#define HGATP_MODE_SHIFT 60

static unsigned int mode_levels(enum gstage_mode mode)
{
	return (unsigned int)mode - 5;
}

unsigned int gstage_mode_bits(enum gstage_mode mode)
{
	switch (mode) {
	case GSTAGE_SV39X4: return 41;
	case GSTAGE_SV48X4: return 50;
	case GSTAGE_SV57X4: return 59;
	}
	return 0;
}

enum err gstage_init(struct gstage *g, enum gstage_mode mode, const struct pt_source *src)
{
	hpa_t root;

	if (!gstage_mode_bits(mode))
		return ERR_INVAL;
	if (!src->alloc(src->ctx, GSTAGE_ROOT_ORDER, &root))
		return ERR_NOMEM;
	g->mode = mode;
	g->pt = (struct pt){.root = root, .levels = mode_levels(mode), .root_bits = 11, .src = src};
	return OK;
}

void gstage_destroy(struct gstage *g)
{
	pt_free_tables(&g->pt);
	g->pt.src->free(g->pt.src->ctx, GSTAGE_ROOT_ORDER, g->pt.root);
}

static bool prot_valid(unsigned int prot)
{
	if (!prot || (prot & ~(unsigned int)PT_PROT))
		return false;
	return !(prot & PT_WRITE) || (prot & PT_READ); /* W without R is reserved */
}

/* Adds what one change did to what the caller collects. */
static void collect(struct gstage_change *chg, const struct pt_change *c)
{
	struct gstage_fence *f = &chg->fence;
	u64 end = c->start + c->size;

	chg->garbage = c->garbage;
	f->all |= c->all;
	if (!c->size)
		return;
	if (!f->size) {
		*f = (struct gstage_fence){GPA(c->start), c->size, c->shift, f->all};
		return;
	}
	end = max_u64(end, f->start.a + f->size);
	f->start = GPA(min_u64(c->start, f->start.a));
	f->size = end - f->start.a;
	if (c->shift < f->shift)
		f->shift = c->shift;
}

enum err gstage_map(struct gstage *g, gpa_t gpa, hpa_t hpa, u64 size, unsigned int prot,
		    struct gstage_change *chg)
{
	struct pt_change c = {.garbage = chg->garbage};
	enum err err;

	if (!prot_valid(prot))
		return ERR_INVAL;
	err = pt_map(&g->pt, gpa.a, hpa, size, LEAF | prot, &c);
	collect(chg, &c);
	return err;
}

enum err gstage_unmap(struct gstage *g, gpa_t gpa, u64 size, struct gstage_change *chg)
{
	struct pt_change c = {.garbage = chg->garbage};
	enum err err = pt_unmap(&g->pt, gpa.a, size, &c);

	collect(chg, &c);
	return err;
}

enum err gstage_split(struct gstage *g, gpa_t gpa, u64 size, unsigned int shift,
		      struct gstage_change *chg)
{
	struct pt_change c = {.garbage = chg->garbage};
	enum err err = pt_split(&g->pt, gpa.a, size, shift, &c);

	collect(chg, &c);
	return err;
}

enum err gstage_write_protect(struct gstage *g, gpa_t gpa, u64 size, struct gstage_change *chg)
{
	struct pt_change c = {.garbage = chg->garbage};
	enum err err = pt_protect(&g->pt, gpa.a, size, PTE_W, 0, &c);

	collect(chg, &c);
	return err;
}

enum err gstage_protect(struct gstage *g, gpa_t gpa, u64 size, unsigned int prot,
			struct gstage_change *chg)
{
	struct pt_change c = {.garbage = chg->garbage};
	enum err err;

	if (!prot_valid(prot))
		return ERR_INVAL;
	err = pt_protect(&g->pt, gpa.a, size, PT_PROT, prot, &c);
	collect(chg, &c);
	return err;
}

enum err gstage_lookup(const struct gstage *g, gpa_t gpa, struct gstage_leaf *out)
{
	struct pt_leaf leaf;
	enum err err = pt_lookup(&g->pt, gpa.a, &leaf);

	if (err)
		return err;
	out->hpa = leaf.hpa;
	out->prot = leaf.pte & PT_PROT;
	out->size = BIT(leaf.shift);
	return OK;
}

enum err gstage_pick_mode(u64 supported, gpa_t last, enum gstage_mode *out)
{
	for (enum gstage_mode m = GSTAGE_SV39X4; m <= GSTAGE_SV57X4; m++) {
		if (!(supported & BIT(m)) || last.a >= BIT(gstage_mode_bits(m)))
			continue;
		*out = m;
		return OK;
	}
	return ERR_NOTSUP;
}

u64 gstage_hgatp(enum gstage_mode mode, u32 vmid, hpa_t root)
{
	return (u64)mode << HGATP_MODE_SHIFT | (vmid & HGATP_VMID_MASK) << HGATP_VMID_SHIFT |
	       (root.a >> PT_PAGE_SHIFT & HGATP_PPN_MASK);
}

bool gstage_hgatp_took(u64 wrote, u64 read)
{
	u64 fields =
		0xfUL << HGATP_MODE_SHIFT | HGATP_VMID_MASK << HGATP_VMID_SHIFT | HGATP_PPN_MASK;

	return ((wrote ^ read) & fields) == 0;
}

unsigned int gstage_vmid_bits(u64 read)
{
	u64 vmid = read >> HGATP_VMID_SHIFT & HGATP_VMID_MASK;
	unsigned int n = 0;

	while (vmid >> n & 1)
		n++;
	return n;
}

void gstage_probe(u64 (*write_read)(void *ctx, u64 hgatp), void *ctx, hpa_t root,
		  struct gstage_caps *out)
{
	*out = (struct gstage_caps){0};
	for (enum gstage_mode m = GSTAGE_SV39X4; m <= GSTAGE_SV57X4; m++) {
		u64 v = gstage_hgatp(m, 0, root);

		if (!gstage_hgatp_took(v, write_read(ctx, v)))
			continue;
		out->modes |= BIT(m);
		v = gstage_hgatp(m, (u32)HGATP_VMID_MASK, root);
		out->vmid_bits = gstage_vmid_bits(write_read(ctx, v));
	}
	write_read(ctx, 0);
}
