/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's PLIC: each hart claims through its own context, which the device tree names, never
 * a formula.
 *
 * A line is off by its priority 0, not by its enable bits: a source that is claimed but not complete
 * when its bit is cleared would stay claimed, since a completion is ignored for a source that is not
 * enabled in that context. A line that has moved away meanwhile is completed with the bit set for
 * that moment. So enable bits and completions are under the lock.
 *
 * Spec: RISC-V Platform-Level Interrupt Controller 1.0.0, "Memory Map", "Interrupt Completion".
 */
#include "hyp/riscv/irqchip.h"

#include "arch/arch.h"
#include "hyp/machine/mmio.h"
#include "hyp/mem/hostmap.h"

#define PLIC_PRIORITY(src)    (4UL * (src))
#define PLIC_ENABLE(ctx, src) (0x2000UL + 0x80UL * (ctx) + (src) / 32 * 4UL)
#define PLIC_THRESHOLD(ctx)   (0x200000UL + 0x1000UL * (ctx))
#define PLIC_CLAIM(ctx)	      (0x200004UL + 0x1000UL * (ctx))

#define NO_CONTEXT 0 /* in a hart's word, which is the context's number and 1 */

static struct {
	const struct platform *p;
	volatile u8 *regs;
} plic;

DECLARE_PER_HART(u32, plic_context);
DEFINE_PER_HART(u32, plic_context);

/* The context of a hart's supervisor level, or -1. */
static int context_of(unsigned int hart)
{
	int c = platform_plic_context(plic.p, arch_hart_id(hart));

	return c >= 0 && PLIC_CLAIM((u64)c) + 4 <= plic.p->arch.plic.reg.size ? c : -1;
}

static bool plic_reaches(unsigned int hart)
{
	return context_of(hart) >= 0;
}

static void set_enable(u64 context, u32 source, bool on)
{
	volatile u8 *reg = plic.regs + PLIC_ENABLE(context, source);
	u32 bit = 1U << (source % 32), v = mmio_read32(reg);

	mmio_write32(reg, on ? v | bit : v & ~bit);
}

static bool enabled(u64 context, u32 source)
{
	return mmio_read32(plic.regs + PLIC_ENABLE(context, source)) >> (source % 32) & 1;
}

static void plic_mask(const struct hostirq *l, bool off)
{
	mmio_write32(plic.regs + PLIC_PRIORITY(l->source), off ? 0 : 1);
}

static void plic_setup(const struct hostirq *l)
{
	plic_mask(l, true);
}

static void plic_route(const struct hostirq *l, unsigned int to)
{
	set_enable((u64)context_of(l->hart), l->source, false);
	set_enable((u64)context_of(to), l->source, true);
}

static void plic_drop(const struct hostirq *l)
{
	set_enable((u64)context_of(l->hart), l->source, false);
}

static void plic_hart_init(void)
{
	int context = context_of(arch_hart_index());

	if (context < 0)
		return;
	for (u32 s = 0; s <= plic.p->arch.plic.ndev; s += 32)
		mmio_write32(plic.regs + PLIC_ENABLE((u64)context, s), 0);
	mmio_write32(plic.regs + PLIC_THRESHOLD((u64)context), 0);
	this_hart(plic_context) = (u32)context + 1;
}

static void complete(u64 context, u32 source)
{
	bool moved;

	hostirq_lock();
	moved = !enabled(context, source);
	if (moved)
		set_enable(context, source, true);
	mmio_write32(plic.regs + PLIC_CLAIM(context), source);
	if (moved)
		set_enable(context, source, false);
	hostirq_unlock();
}

/* A number that the controller does not have: it is not well. */
static void take_source(u64 context, u32 source)
{
	bool known = source <= plic.p->arch.plic.ndev;

	if (!hostirq_run_source(source)) {
		if (known)
			mmio_write32(plic.regs + PLIC_PRIORITY(source), 0);
		hostirq_stray(source);
	}
	if (known)
		complete(context, source);
}

static u32 plic_take(void)
{
	u32 n, source, word = this_hart(plic_context);
	u64 context = (u64)word - 1;

	if (word == NO_CONTEXT)
		return 0;
	for (n = 0; n < HOSTIRQ_AT_ONCE; n++) {
		source = mmio_read32(plic.regs + PLIC_CLAIM(context));
		if (!source)
			break;
		take_source(context, source);
	}
	return n;
}

static struct hostirq_chip plic_chip = {
	.name = "PLIC",
	.reaches = plic_reaches,
	.setup = plic_setup,
	.route = plic_route,
	.mask = plic_mask,
	.drop = plic_drop,
	.hart_init = plic_hart_init,
	.take = plic_take,
};

/* As far as the contexts that the tree names reach. */
static u64 plic_size(const struct platform_plic *pl)
{
	return min_u64(pl->reg.size, PLIC_THRESHOLD((u64)pl->contexts));
}

const struct hostirq_chip *plic_init(const struct platform *p)
{
	const struct platform_plic *pl = &p->arch.plic;

	if (!pl->present)
		return NULL;
	plic.p = p;
	plic.regs = hostmap_io(pl->reg.base, plic_size(pl));
	if (!plic.regs)
		return NULL;
	for (u32 s = 1; s <= pl->ndev; s++)
		mmio_write32(plic.regs + PLIC_PRIORITY(s), 0);
	plic_chip.phandle = pl->phandle;
	plic_chip.sources = pl->ndev;
	return &plic_chip;
}
