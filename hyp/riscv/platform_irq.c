/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt controllers: the PLIC and which hart each of its contexts serves, and the parts of an
 * AIA; and what of theirs a device uses. Bindings sifive,plic-1.0.0.yaml, riscv,aplic.yaml,
 * riscv,imsics.yaml; The RISC-V Advanced Interrupt Architecture 1.0, sections 3.6 ("Arrangement of
 * the memory regions of multiple interrupt files") and 4.9.1 ("Addresses and data for outgoing
 * MSIs").
 *
 * Which context is whose stands in interrupts-extended, entry by entry, and nowhere else: harts
 * without S-mode have one context, ids may have holes, and the order is the maker's. Nor does the
 * order of nodes say which IMSIC, or which domain of an APLIC, is of which level: that stands there
 * too.
 */
#include "hyp/tree/platform_tree.h"

#include <string.h>

#include "lib/bits.h"

/* A guess where to look first: entries follow the harts' order as a rule. */
static const struct platform_hart *hart_of_intc(const struct platform *p, u32 phandle, u32 *guess)
{
	if (phandle == 0)
		return NULL;
	for (u32 n = 0; n < p->harts; n++) {
		u32 i = (*guess + n) % p->harts;

		if (p->hart[i].arch.intc_phandle == phandle) {
			*guess = i;
			return &p->hart[i];
		}
	}
	return NULL;
}

/* interrupts-extended of a controller above the harts: pairs of phandle and interrupt. */
static const u8 *read_pairs(struct tree *t, int node, u32 *pairs)
{
	int len;
	const u8 *p = tree_prop(t, node, "interrupts-extended", &len);

	*pairs = 0;
	if (!p)
		return NULL;
	if (len % 8) {
		tree_warn(t, node, "interrupts-extended", "%d bytes, not pairs of cells", len);
		return NULL;
	}
	*pairs = (u32)len / 8;
	return p;
}

/* How many contexts there is room for: in our table, and in the PLIC's registers (PLIC 1.0.0,
 * "Memory Map": the page of context n is at 0x200000 + n * 0x1000). */
static u32 contexts_max(const struct platform_plic *plic)
{
	u64 fit = plic->reg.size <= 0x200000 ? 0 : (plic->reg.size - 0x200000) / 0x1000;

	return (u32)min_u64(fit, (u64)PLATFORM_CONTEXTS_MAX);
}

static void read_contexts(struct tree *t, int node)
{
	struct platform_plic *plic = &t->p->arch.plic;
	u32 pairs, guess = 0, max = contexts_max(plic);
	const u8 *pair = read_pairs(t, node, &pairs);

	if (pairs > max) {
		tree_warn(t, node, "interrupts-extended", "%u contexts, only %u can be used", pairs,
			  max);
		pairs = max;
	}
	for (u32 i = 0; i < pairs; i++, pair += 8) {
		u32 phandle = (u32)tree_cells(pair, 1);
		const struct platform_hart *h = hart_of_intc(t->p, phandle, &guess);

		plic->context[i].hart = h ? h->id : PLATFORM_NO_HART;
		plic->context[i].irq = (u32)tree_cells(pair + 4, 1);
		if (!h)
			tree_warn(t, node, "interrupts-extended",
				  "context %u: no hart's interrupt controller is 0x%x", i, phandle);
	}
	plic->contexts = pairs;
}

static void read_plic(struct tree *t, int node)
{
	struct platform_plic *plic = &t->p->arch.plic;

	if (plic->present) {
		tree_warn(t, node, NULL, "a second PLIC is not used");
		return;
	}
	if (tree_device_reg(t, node, &plic->reg) != OK)
		return;
	if (tree_u32(t, node, "riscv,ndev", &plic->ndev) == ERR_NOENT)
		tree_warn(t, node, "riscv,ndev", "missing");
	if (plic->ndev > 1023) {
		tree_warn(t, node, "riscv,ndev", "%u, a PLIC has at most 1023", plic->ndev);
		plic->ndev = 1023;
	}
	plic->phandle = tree_phandle(node);
	plic->cells = 1;
	(void)tree_u32(t, node, "#interrupt-cells", &plic->cells);
	read_contexts(t, node);
	plic->present = true;
}

int platform_plic_context(const struct platform *p, u64 hart)
{
	for (u32 i = 0; p->arch.plic.present && i < p->arch.plic.contexts; i++)
		if (p->arch.plic.context[i].hart == hart &&
		    p->arch.plic.context[i].irq == PLATFORM_IRQ_S_EXT)
			return (int)i;
	return -1;
}

/* A file is a page. */
static bool begins_at_page(struct tree *t, int node, u32 i, const struct platform_range *r)
{
	if (IS_ALIGNED(r->base.a, (u64)PLATFORM_PAGE))
		return true;
	tree_warn(t, node, "reg", "range %u does not begin at a page; not used", i);
	return false;
}

static void read_regs(struct tree *t, int node, struct platform_aia *a)
{
	enum err e = tree_device_reg(t, node, &a->reg[0]);

	if (e != OK || a->kind != PLATFORM_IMSIC || !a->supervisor) {
		a->regs = e == OK;
		return;
	}
	while (e == OK && begins_at_page(t, node, a->regs, &a->reg[a->regs]) &&
	       ++a->regs < PLATFORM_AIA_REGS_MAX)
		e = tree_device_reg_at(t, node, a->regs, &a->reg[a->regs]);
	if (a->regs == PLATFORM_AIA_REGS_MAX &&
	    tree_device_reg_at(t, node, a->regs, &(struct platform_range){0}) == OK)
		tree_warn(t, node, "reg", "more than %d ranges; the rest is not used",
			  PLATFORM_AIA_REGS_MAX);
}

/* Index i of a hart in a domain of an APLIC: as riscv,hart-indexes says, or as they stand there. */
static u32 index_of_target(const u8 *indexes, int len, u32 i)
{
	return indexes && i < (u32)len / 4 ? (u32)tree_cells(indexes + 4UL * i, 1) : i;
}

static void read_targets(struct tree *t, int node, struct platform_aia *a)
{
	u32 pairs, guess = 0;
	const u8 *pair = read_pairs(t, node, &pairs);
	int len = 0;
	const u8 *indexes = NULL;

	a->supervisor = pairs > 0 && tree_cells(pair + 4, 1) == PLATFORM_IRQ_S_EXT;
	if (!a->supervisor)
		return;
	if (a->kind == PLATFORM_APLIC)
		indexes = tree_prop(t, node, "riscv,hart-indexes", &len);
	if (pairs > HARTS_MAX) {
		tree_warn(t, node, "interrupts-extended", "%u harts, only %d can be used", pairs,
			  HARTS_MAX);
		pairs = HARTS_MAX;
	}
	for (u32 i = 0; i < pairs; i++, pair += 8) {
		const struct platform_hart *h =
			hart_of_intc(t->p, (u32)tree_cells(pair, 1), &guess);
		u32 index = index_of_target(indexes, len, i);
		bool ok = h && tree_cells(pair + 4, 1) == PLATFORM_IRQ_S_EXT && index < 1U << 14;

		a->target[i].hart = ok ? (u16)(h - t->p->hart) : PLATFORM_NO_TARGET;
		a->target[i].index = (u16)index;
	}
	a->targets = pairs;
}

/* ceil(log2(n)) */
static u32 bits_for(u32 n)
{
	return n < 2 ? 0 : bits_needed(n - 1);
}

/* A number that the binding bounds. */
static u32 bounded(struct tree *t, int node, const char *prop, u32 value, u32 max)
{
	u32 v = value;

	if (tree_u32(t, node, prop, &v) != OK || v <= max)
		return v;
	tree_warn(t, node, prop, "%u, at most %u", v, max);
	return value;
}

static void read_layout(struct tree *t, int node, struct platform_aia *a)
{
	a->num = bounded(t, node, "riscv,num-ids", 63, 2047);
	a->guest_num = bounded(t, node, "riscv,num-guest-ids", a->num, 2047);
	a->guest_bits = bounded(t, node, "riscv,guest-index-bits", 0, 7);
	a->hart_bits = bounded(t, node, "riscv,hart-index-bits", bits_for(a->targets), 15);
	a->group_bits = bounded(t, node, "riscv,group-index-bits", 0, 7);
	a->group_shift = 24;
	if (a->group_bits)
		a->group_shift = bounded(t, node, "riscv,group-index-shift", 24, 55);
}

static void read_aia(struct tree *t, int node, enum platform_aia_kind kind)
{
	struct platform *p = t->p;
	struct platform_aia *a;

	if (p->arch.aias == PLATFORM_AIA_MAX) {
		tree_warn(t, node, NULL, "more than %d APLICs and IMSICs; not used",
			  PLATFORM_AIA_MAX);
		return;
	}
	a = &p->arch.aia[p->arch.aias];
	a->kind = kind;
	read_targets(t, node, a);
	read_regs(t, node, a);
	if (a->regs == 0) {
		memset(a, 0, sizeof(*a));
		return;
	}
	a->phandle = tree_phandle(node);
	a->cells = 2; /* the binding's only value */
	if (kind == PLATFORM_APLIC) {
		(void)tree_u32(t, node, "msi-parent", &a->msi_parent);
		a->num = bounded(t, node, "riscv,num-sources", 0, 1023);
	} else if (a->supervisor) {
		read_layout(t, node, a);
	}
	p->arch.aias++;
}

enum kind { NONE, PLIC, APLIC, IMSIC };

static enum kind kind_of(const char *compatible)
{
	if (strcmp(compatible, "riscv,plic0") == 0 || strcmp(compatible, "sifive,plic-1.0.0") == 0)
		return PLIC;
	if (strcmp(compatible, "riscv,aplic") == 0)
		return APLIC;
	return strcmp(compatible, "riscv,imsics") == 0 ? IMSIC : NONE;
}

bool platform_arch_knows(const char *compatible)
{
	return kind_of(compatible) != NONE;
}

/* One of the strings of compatible is known: the first decides. */
void platform_arch_read(struct tree *t, int node)
{
	int len;
	const char *s = tree_prop(t, node, "compatible", &len);

	while (kind_of(s) == NONE)
		s += strlen(s) + 1;
	switch (kind_of(s)) {
	case PLIC: read_plic(t, node); break;
	case APLIC: read_aia(t, node, PLATFORM_APLIC); break;
	default: read_aia(t, node, PLATFORM_IMSIC); break;
	}
}

static const struct platform_aia *find_aia(const struct platform *p, enum platform_aia_kind kind,
					   u32 phandle)
{
	for (u32 i = 0; i < p->arch.aias; i++)
		if (p->arch.aia[i].kind == kind && p->arch.aia[i].phandle == phandle)
			return &p->arch.aia[i];
	return NULL;
}

/* An APLIC that sends messages is of the level of the IMSIC it sends to, which may come later. */
void platform_arch_settle(struct tree *t)
{
	struct platform *p = t->p;

	for (u32 i = 0; i < p->arch.aias; i++) {
		struct platform_aia *a = &p->arch.aia[i];
		const struct platform_aia *imsic =
			a->kind == PLATFORM_APLIC && a->msi_parent
				? find_aia(p, PLATFORM_IMSIC, a->msi_parent)
				: NULL;

		if (imsic)
			a->supervisor = imsic->supervisor;
	}
}

static const struct platform_aia *find_supervisor(const struct platform *p,
						  enum platform_aia_kind kind)
{
	for (u32 i = 0; i < p->arch.aias; i++)
		if (p->arch.aia[i].kind == kind && p->arch.aia[i].supervisor)
			return &p->arch.aia[i];
	return NULL;
}

const struct platform_aia *platform_imsic(const struct platform *p)
{
	return find_supervisor(p, PLATFORM_IMSIC);
}

const struct platform_aia *platform_aplic(const struct platform *p)
{
	return find_supervisor(p, PLATFORM_APLIC);
}

int platform_aia_target(const struct platform *p, const struct platform_aia *a, u64 hart)
{
	for (u32 i = 0; i < a->targets; i++)
		if (a->target[i].hart != PLATFORM_NO_TARGET &&
		    p->hart[a->target[i].hart].id == hart)
			return (int)i;
	return -1;
}

/* The harts' files follow each other at a distance of 2^guest_bits pages, through one range of reg
 * after the other. */
hpa_t platform_imsic_files(const struct platform_aia *a, u32 i, u32 *pages)
{
	u64 off = (u64)i * PLATFORM_PAGE << a->guest_bits;

	*pages = 0;
	for (u32 r = 0; r < a->regs; r++) {
		u64 size = ALIGN_DOWN(a->reg[r].size, (u64)PLATFORM_PAGE);

		if (off < size) {
			*pages = (u32)min_u64((size - off) / PLATFORM_PAGE, 1U << a->guest_bits);
			return HPA(a->reg[r].base.a + off);
		}
		off -= size;
	}
	return HPA(0);
}

u32 platform_imsic_hart_index(const struct platform_aia *a, hpa_t page)
{
	u64 hart = page.a >> (12 + a->guest_bits) & ((1U << a->hart_bits) - 1);
	u64 group = page.a >> a->group_shift & ((1U << a->group_bits) - 1);

	return (u32)(group << a->hart_bits | hart);
}

/* How many cells an interrupt of a controller has; 1 where it is none that limen knows. */
static u32 irq_cells(const struct platform *p, u32 phandle)
{
	const struct platform_aia *aplic = find_aia(p, PLATFORM_APLIC, phandle);

	if (aplic)
		return aplic->cells;
	return p->arch.plic.present && p->arch.plic.phandle == phandle ? p->arch.plic.cells : 1;
}

static enum platform_trigger trigger_of(u32 cell)
{
	switch (cell & 0xf) {
	case PLATFORM_TRIGGER_RISING:
	case PLATFORM_TRIGGER_FALLING:
	case PLATFORM_TRIGGER_HIGH:
	case PLATFORM_TRIGGER_LOW: return cell & 0xf;
	default: return PLATFORM_TRIGGER_UNSAID;
	}
}

/* A device's first interrupt: of interrupts-extended, or of interrupts at the next interrupt-parent
 * up. After the controllers. */
void platform_arch_read_irq(struct tree *t, int node, struct platform_irq *out)
{
	int len;
	const char *prop = "interrupts-extended";
	const u8 *p = tree_prop(t, node, prop, &len);
	u32 parent = 0;

	*out = (struct platform_irq){0};
	if (p && len >= 8) {
		parent = (u32)tree_cells(p, 1);
		p += 4;
		len -= 4;
	} else {
		prop = "interrupts";
		p = tree_prop(t, node, prop, &len);
		for (int up = node; up >= 0 && !parent; up = tree_parent(up))
			(void)tree_u32(t, up, "interrupt-parent", &parent);
	}
	if (!p)
		return;
	if (len < 4) {
		tree_warn(t, node, prop, "%d bytes, less than a cell", len);
		return;
	}
	out->num = (u32)tree_cells(p, 1);
	if (irq_cells(t->p, parent) > 1 && len >= 8)
		out->trigger = trigger_of((u32)tree_cells(p + 4, 1));
	out->parent = parent;
}
