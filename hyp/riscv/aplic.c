/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The domain of an APLIC whose interrupts supervisor level gets; firmware has delegated them to it.
 * Either it signals the harts itself, through a structure each (IDC), or it sends messages to their
 * IMSICs, at addresses that firmware has told it.
 *
 * A level that has been sent as a message is forgotten until it falls: after its handler ran it is
 * set pending anew, which has an effect only if the wire is still up. The same when the line is
 * switched on or sent elsewhere.
 *
 * Spec: The RISC-V Advanced Interrupt Architecture 1.0, chapter 4; binding riscv,aplic.yaml.
 */
#include "hyp/riscv/irqchip.h"

#include "arch/arch.h"
#include "hyp/machine/mmio.h"
#include "hyp/mem/hostmap.h"
#include "hyp/riscv/imsic.h"

#define APLIC_DOMAINCFG	     0x0000
#define APLIC_SOURCECFG(src) (4UL * (src)) /* src 1 and up */
#define APLIC_SETIPNUM_LE    0x2000
#define APLIC_SETIENUM	     0x1edc
#define APLIC_CLRIENUM	     0x1fdc
#define APLIC_TARGET(src)    (0x3000UL + 4UL * (src))
#define APLIC_IDC(i)	     (0x4000UL + 32UL * (i))

#define DOMAINCFG_DM (1U << 2) /* messages */
#define DOMAINCFG_IE (1U << 8)

#define SOURCECFG_EDGE1	 4U
#define SOURCECFG_EDGE0	 5U
#define SOURCECFG_LEVEL1 6U
#define SOURCECFG_LEVEL0 7U

#define TARGET_HART_SHIFT 18
#define TARGET_PRIORITY	  1U /* the most urgent, and all alike */

#define IDC_DELIVERY  0x00
#define IDC_FORCE     0x04
#define IDC_THRESHOLD 0x08
#define IDC_CLAIM     0x1c
#define CLAIM_SHIFT   16

static struct {
	const struct platform *p;
	const struct platform_aia *a;
	volatile u8 *regs;
	bool msi;
} aplic;

DECLARE_PER_HART(volatile u8 *, aplic_idc);
DEFINE_PER_HART(volatile u8 *, aplic_idc);

static void aplic_write(u64 reg, u32 v)
{
	mmio_write32(aplic.regs + reg, v);
}

/* Where a hart's IDC is, or 0. */
static u64 idc_of(unsigned int hart)
{
	int i = platform_aia_target(aplic.p, aplic.a, arch_hart_id(hart));
	u64 at = i < 0 ? 0 : APLIC_IDC((u64)aplic.a->target[i].index);

	return at + 32 <= aplic.a->reg[0].size ? at : 0;
}

static bool aplic_reaches(unsigned int hart)
{
	u32 index;

	return aplic.msi ? imsic_hart_index(hart, &index) : idc_of(hart) != 0;
}

static bool is_level(const struct hostirq *l)
{
	return l->trigger != PLATFORM_TRIGGER_RISING && l->trigger != PLATFORM_TRIGGER_FALLING;
}

/* Only messages need it, and only of a level. */
static void raise_again(const struct hostirq *l)
{
	if (aplic.msi && is_level(l))
		aplic_write(APLIC_SETIPNUM_LE, l->source);
}

static u32 source_mode(const struct hostirq *l)
{
	switch (l->trigger) {
	case PLATFORM_TRIGGER_RISING: return SOURCECFG_EDGE1;
	case PLATFORM_TRIGGER_FALLING: return SOURCECFG_EDGE0;
	case PLATFORM_TRIGGER_LOW: return SOURCECFG_LEVEL0;
	default: return SOURCECFG_LEVEL1;
	}
}

/* Inactive first: that alone forgets what has come before (AIA, section 4.5.2). */
static void aplic_setup(const struct hostirq *l)
{
	aplic_write(APLIC_CLRIENUM, l->source);
	aplic_write(APLIC_SOURCECFG(l->source), 0);
	aplic_write(APLIC_SOURCECFG(l->source), source_mode(l));
}

static void aplic_mask(const struct hostirq *l, bool off)
{
	aplic_write(off ? APLIC_CLRIENUM : APLIC_SETIENUM, l->source);
	if (!off)
		raise_again(l);
}

static void aplic_route(const struct hostirq *l, unsigned int to)
{
	u32 index = 0;

	if (aplic.msi && imsic_hart_index(to, &index))
		aplic_write(APLIC_TARGET(l->source), index << TARGET_HART_SHIFT | l->identity);
	else
		aplic_write(APLIC_TARGET(l->source), (u32)((idc_of(to) - APLIC_IDC(0)) / 32)
								     << TARGET_HART_SHIFT |
							     TARGET_PRIORITY);
	raise_again(l);
}

static void aplic_drop(const struct hostirq *l)
{
	aplic_write(APLIC_SOURCECFG(l->source), 0);
}

static void aplic_hart_init(void)
{
	u64 at = aplic.msi ? 0 : idc_of(arch_hart_index());
	volatile u8 *idc = aplic.regs + at;

	if (!at)
		return;
	mmio_write32(idc + IDC_FORCE, 0);
	mmio_write32(idc + IDC_THRESHOLD, 0);
	mmio_write32(idc + IDC_DELIVERY, 1);
	this_hart(aplic_idc) = idc;
}

static u32 aplic_take(void)
{
	volatile u8 *idc = this_hart(aplic_idc);
	u32 n, source;

	for (n = 0; idc && n < HOSTIRQ_AT_ONCE; n++) {
		source = mmio_read32(idc + IDC_CLAIM) >> CLAIM_SHIFT;
		if (!source)
			break;
		if (hostirq_run_source(source))
			continue;
		aplic_write(APLIC_CLRIENUM, source);
		hostirq_stray(source);
	}
	return n;
}

static struct hostirq_chip aplic_chip = {
	.reaches = aplic_reaches,
	.setup = aplic_setup,
	.route = aplic_route,
	.mask = aplic_mask,
	.drop = aplic_drop,
	.hart_init = aplic_hart_init,
	.take = aplic_take,
	.again = raise_again,
};

/* Nothing is active, so nothing is enabled or pending; in the byte order of a hart: 0 is read alike in
 * both, and clears BE. */
static void aplic_reset(void)
{
	aplic_write(APLIC_DOMAINCFG, 0);
	for (u32 s = 1; s <= aplic.a->num; s++)
		aplic_write(APLIC_SOURCECFG(s), 0);
	aplic_write(APLIC_DOMAINCFG, DOMAINCFG_IE | (aplic.msi ? DOMAINCFG_DM : 0));
}

/* Up to the last structure of a hart that there may be. */
static u64 aplic_size(const struct platform_aia *a)
{
	u64 last = 0;

	for (u32 i = 0; !aplic.msi && i < a->targets; i++)
		last = max_u64(last, a->target[i].index + 1UL);
	return min_u64(a->reg[0].size, APLIC_IDC(last));
}

const struct hostirq_chip *aplic_init(const struct platform *p)
{
	const struct platform_aia *a = platform_aplic(p);

	if (!a || a->reg[0].size < APLIC_IDC(0))
		return NULL;
	aplic.p = p;
	aplic.a = a;
	aplic.msi = a->msi_parent && imsic_is(a->msi_parent);
	if (!aplic.msi && a->targets == 0)
		return NULL;
	aplic.regs = hostmap_io(a->reg[0].base, aplic_size(a));
	if (!aplic.regs)
		return NULL;
	aplic_reset();
	aplic_chip.name = aplic.msi ? "APLIC, by messages" : "APLIC";
	aplic_chip.phandle = a->phandle;
	aplic_chip.sources = a->num;
	return &aplic_chip;
}
