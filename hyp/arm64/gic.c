/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offsets and bits are those of the GIC architecture specification, IHI 0069. One security state is
 * limen's, group 1 is all it uses.
 */
#include "hyp/arm64/gic.h"

#include "arch/arm64/gic.h"

#define GICD_CTLR	  (0 / 4)
#define GICD_CTLR_GRP1	  (1U << 1)
#define GICD_CTLR_ARE	  (1U << 4)
#define GICD_CTLR_RWP	  (1U << 31)
#define GICR_TYPER_LOW	  (0x8 / 4)
#define GICR_TYPER_AFF	  (0xc / 4)
#define GICR_TYPER_LAST	  (1U << 4)
#define GICR_WAKER	  (0x14 / 4)
#define GICR_WAKER_SLEEP  (1U << 1)
#define GICR_WAKER_ASLEEP (1U << 2)
#define GICR_SGI_BASE	  (0x10000 / 4) /* the page of private interrupts */
#define GICR_FRAME	  (0x20000 / 4)
#define GICR_IGROUPR0	  (0x80 / 4)
#define GICR_ISENABLER0	  (0x100 / 4)
#define GICR_IPRIORITYR	  (0x400 / 4)

#define OURS	 (1U << GIC_SGI_KICK | 1U << GIC_PPI_HTIMER | 1U << GIC_PPI_VTIMER)
#define PRIORITY 0x80808080U

static volatile u32 *redistributors, *redistributors_end;

void gic_init(volatile u32 *dist, volatile u32 *redist, u64 redist_size)
{
	dist[GICD_CTLR] = GICD_CTLR_ARE | GICD_CTLR_GRP1;
	while (dist[GICD_CTLR] & GICD_CTLR_RWP)
		arch_relax();
	redistributors = redist;
	redistributors_end = redist + redist_size / 4;
}

/* GICR_TYPER's affinity is MPIDR_EL1's four fields in a row. */
static u32 own_affinity(void)
{
	u64 mpidr = sysreg_read(mpidr_el1);

	return (u32)(mpidr & 0xffffff) | (u32)(mpidr >> 32 & 0xff) << 24;
}

static volatile u32 *find_redistributor(void)
{
	volatile u32 *r;

	for (r = redistributors; r < redistributors_end; r += GICR_FRAME) {
		if (r[GICR_TYPER_AFF] == own_affinity())
			return r;
		if (r[GICR_TYPER_LOW] & GICR_TYPER_LAST)
			break;
	}
	return NULL;
}

static void wake(volatile u32 *redist)
{
	redist[GICR_WAKER] &= ~GICR_WAKER_SLEEP;
	while (redist[GICR_WAKER] & GICR_WAKER_ASLEEP)
		arch_relax();
}

enum err gic_hart_init(void)
{
	volatile u32 *redist = find_redistributor(), *own;

	if (!redist)
		return ERR_NOENT;
	wake(redist);
	own = redist + GICR_SGI_BASE;
	own[GICR_IGROUPR0] = ~0U;
	for (unsigned int i = 0; i < 8; i++)
		own[GICR_IPRIORITYR + i] = PRIORITY;
	own[GICR_ISENABLER0] = OURS;
	this_hart(gic_private) = own;
	sysreg_write(icc_sre_el2, ICC_SRE_ALL | ICC_SRE_ENABLE);
	isb();
	sysreg_write(icc_sre_el1, ICC_SRE_ALL);
	sysreg_write(icc_pmr_el1, 0xff);
	sysreg_write(icc_bpr1_el1, 0);
	sysreg_write(icc_ctlr_el1, ICC_CTLR_EOIMODE);
	sysreg_write(icc_igrpen1_el1, 1);
	isb();
	return OK;
}
