/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's PLIC, as far as limen uses it: the console's interrupt, on the boot hart.
 *
 * Spec: RISC-V Platform-Level Interrupt Controller 1.0.0. The context comes from the device tree,
 * never from a formula.
 */
#include "hyp/hostmap.h"
#include "hyp/irq.h"
#include "lib/log.h"

#define PLIC_PRIORITY(src)    (4UL * (src))
#define PLIC_ENABLE(ctx, src) (0x2000UL + 0x80UL * (ctx) + (src) / 32 * 4UL)
#define PLIC_THRESHOLD(ctx)   (0x200000UL + 0x1000UL * (ctx))
#define PLIC_CLAIM(ctx)	      (0x200004UL + 0x1000UL * (ctx))

static struct {
	volatile u8 *regs;
	u64 context;
	u32 source;
	void (*handler)(void);
} plic;

static volatile u32 *reg(u64 off)
{
	return (volatile u32 *)(volatile void *)(plic.regs + off);
}

static void claim_all(void)
{
	u32 source;

	while ((source = *reg(PLIC_CLAIM(plic.context)))) {
		if (source == plic.source)
			plic.handler();
		*reg(PLIC_CLAIM(plic.context)) = source;
	}
}

enum err plic_init(const struct platform *p, u64 hartid, u32 source, void (*handler)(void))
{
	int context = platform_plic_context(p, hartid);

	if (!p->plic.present || context < 0 || source == 0 || source > p->plic.ndev)
		return ERR_NOENT;
	plic.context = (u64)context;
	if (PLIC_CLAIM(plic.context) + 4 > p->plic.reg.size)
		return ERR_NOENT;
	plic.regs = hostmap_io(p->plic.reg.base, p->plic.reg.size);
	if (!plic.regs)
		return ERR_NOMEM;
	plic.source = source;
	plic.handler = handler;
	for (u32 s = 0; s <= p->plic.ndev; s += 32)
		*reg(PLIC_ENABLE(plic.context, s)) = 0;
	*reg(PLIC_PRIORITY(source)) = 1;
	*reg(PLIC_THRESHOLD(plic.context)) = 0;
	*reg(PLIC_ENABLE(plic.context, source)) = 1U << (source % 32);
	irq_set_external(claim_all);
	return OK;
}
