/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU interface of a GICv3, physical and virtual, by system registers. The distributor is
 * hyp/arm64/gic.h's.
 *
 * Priority drop and deactivation are apart (ICC_CTLR_EL1.EOImode), because a guest deactivates its timer's
 * interrupt itself, through the list register that names the physical one.
 */
#ifndef ARCH_ARM64_GIC_H
#define ARCH_ARM64_GIC_H

#include "arch/arch.h"

#define GIC_SGI_KICK   0
#define GIC_PPI_HTIMER 26   /* EL2's physical timer: limen's */
#define GIC_PPI_VTIMER 27   /* the virtual timer: of the guest that lives in the hart */
#define GIC_SPECIAL    1020 /* from here on: there is none */

#define ICC_SRE_ALL	 7	  /* system registers, no bypass */
#define ICC_SRE_ENABLE	 (1 << 3) /* and lower levels may have them */
#define ICC_CTLR_EOIMODE (1 << 1)

#define ICH_HCR_EN     1
#define ICH_VTR_LRS(v) (((v)&31) + 1) /* list registers */
#define LRS_USED       2

#define LR_PENDING (1UL << 62)
#define LR_ACTIVE  (1UL << 63)
#define LR_HW	   (1UL << 61)
#define LR_GROUP1  (1UL << 60)
#define LR_PRIORITY \
	(0x20UL << 48) /* its active bit is in ICH_AP1R0_EL2, whatever others there are */
#define LR_PINTID(n) ((u64)(n) << 32)

/* This hart's redistributor, its page of private interrupts; hyp/arm64/gic.c sets it. */
DECLARE_PER_HART(volatile u32 *, gic_private);
#define GICR_ISACTIVER0 (0x300 / 4)
#define GICR_ICACTIVER0 (0x380 / 4)

/* A private interrupt of this hart's is active, and does not come, or is not. It has happened when it
 * returns. */
static inline void gic_set_active(u32 intid, bool active)
{
	this_hart(gic_private)[active ? GICR_ISACTIVER0 : GICR_ICACTIVER0] = 1U << intid;
	(void)this_hart(gic_private)[GICR_ISACTIVER0];
	dsb(sy);
}

/* The interrupt that is pending, which is active then; GIC_SPECIAL or more: none. */
static inline u32 gic_ack(void)
{
	u64 intid = sysreg_read(icc_iar1_el1);

	/* Order: the interrupt is taken, before what its sender stored is read; and before its source is
	 * looked at. Pairs with: arch_kick() [A2] */
	dsb(sy);
	return intid & 0xffffff;
}

/* Others of its priority may come; and it itself may come again. Each is synchronized, so that a level that
 * has gone is not taken once more. */
static inline void gic_drop(u32 intid)
{
	sysreg_write(icc_eoir1_el1, intid);
	isb();
}

static inline void gic_deactivate(u32 intid)
{
	sysreg_write(icc_dir_el1, intid);
	isb();
}

/* To the hart of that affinity. What was stored before is behind a DSB. */
static inline void gic_send_sgi(u64 mpidr, u32 sgi)
{
	u64 aff0 = mpidr & 0xff, aff1 = mpidr >> 8 & 0xff, aff2 = mpidr >> 16 & 0xff,
	    aff3 = mpidr >> 32 & 0xff;

	sysreg_write(icc_sgi1r_el1, aff3 << 48 | (aff0 >> 4) << 44 | aff2 << 32 | (u64)sgi << 24 |
					    aff1 << 16 | 1UL << (aff0 & 15));
	isb();
}

#endif
