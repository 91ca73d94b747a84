/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt controllers: the PLIC and which hart each of its contexts serves, and the parts of an
 * AIA. Bindings sifive,plic-1.0.0.yaml, riscv,aplic.yaml, riscv,imsics.yaml.
 *
 * Which context is whose stands in interrupts-extended, entry by entry, and nowhere else: harts
 * without S-mode have one context, ids may have holes, and the order is the maker's.
 */
#include "hyp/platform_tree.h"

/* A guess where to look first: entries follow the harts' order as a rule. */
static const struct platform_hart *hart_of_intc(const struct platform *p, u32 phandle, u32 *guess)
{
	if (phandle == 0)
		return NULL;
	for (u32 n = 0; n < p->harts; n++) {
		u32 i = (*guess + n) % p->harts;

		if (p->hart[i].intc_phandle == phandle) {
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
	struct platform_plic *plic = &t->p->plic;
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

void platform_read_plic(struct tree *t, int node)
{
	struct platform_plic *plic = &t->p->plic;

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
	read_contexts(t, node);
	plic->present = true;
}

int platform_plic_context(const struct platform *p, u64 hart)
{
	for (u32 i = 0; p->plic.present && i < p->plic.contexts; i++)
		if (p->plic.context[i].hart == hart && p->plic.context[i].irq == PLATFORM_IRQ_S_EXT)
			return (int)i;
	return -1;
}

void platform_read_aia(struct tree *t, int node, enum platform_aia_kind kind)
{
	struct platform *p = t->p;
	struct platform_aia *a;
	const u8 *pair;
	u32 pairs;

	if (p->aias == PLATFORM_AIA_MAX) {
		tree_warn(t, node, NULL, "more than %d APLICs and IMSICs; not used",
			  PLATFORM_AIA_MAX);
		return;
	}
	a = &p->aia[p->aias];
	if (tree_device_reg(t, node, &a->reg) != OK)
		return;
	a->kind = kind;
	a->phandle = tree_phandle(node);
	(void)tree_u32(t, node, kind == PLATFORM_IMSIC ? "riscv,num-ids" : "riscv,num-sources",
		       &a->num);
	(void)tree_u32(t, node, "riscv,guest-index-bits", &a->guest_bits);
	(void)tree_u32(t, node, "msi-parent", &a->msi_parent);
	pair = read_pairs(t, node, &pairs);
	a->supervisor = pairs > 0 && tree_cells(pair + 4, 1) == PLATFORM_IRQ_S_EXT;
	p->aias++;
}

/* An APLIC that sends messages is of the level of the IMSIC it sends to, which may come later. */
void platform_settle_aia(struct tree *t)
{
	struct platform *p = t->p;

	for (u32 i = 0; i < p->aias; i++)
		for (u32 k = 0; k < p->aias; k++)
			if (p->aia[i].kind == PLATFORM_APLIC && p->aia[i].msi_parent &&
			    p->aia[k].kind == PLATFORM_IMSIC &&
			    p->aia[k].phandle == p->aia[i].msi_parent)
				p->aia[i].supervisor = p->aia[k].supervisor;
}
