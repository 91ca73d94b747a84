/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers, and the bits of them that limen knows. Numbers are the Arm Architecture Reference
 * Manual's (DDI 0487), of the GIC those of its architecture specification (IHI 0069).
 *
 * limen runs without FEAT_VHE (HCR_EL2.E2H is 0): one way for all processors, Cortex-A57 among them.
 */
#ifndef ARCH_ARM64_SYSREG_H
#define ARCH_ARM64_SYSREG_H

#define HCR_VM	  (1 << 0) /* stage 2 */
#define HCR_SWIO  (1 << 1)
#define HCR_FMO	  (1 << 3) /* interrupts come to EL2, whatever a guest masks */
#define HCR_IMO	  (1 << 4)
#define HCR_AMO	  (1 << 5)
#define HCR_DC	  (1 << 12) /* a guest without a first stage has cacheable memory */
#define HCR_TWI	  (1 << 13)
#define HCR_TSC	  (1 << 19)
#define HCR_TIDCP (1 << 20)
#define HCR_TACR  (1 << 21)
#define HCR_TSW	  (1 << 22)
#define HCR_RW	  0x80000000 /* EL1 is AArch64 */

/* What every guest runs with. Outside of guests too: IMO decides where interrupts go. */
#define HCR_GUEST                                                                       \
	(HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_DC | HCR_TWI | HCR_TSC | \
	 HCR_TIDCP | HCR_TACR | HCR_TSW | HCR_RW)

/* SCTLR_EL2: its RES1 bits, MMU, alignment of sp, caches; write implies no execute is not used, since
 * each mapping says so itself. */
#define SCTLR_RES1     0x30c50830
#define SCTLR_M	       (1 << 0)
#define SCTLR_C	       (1 << 2)
#define SCTLR_SA       (1 << 3)
#define SCTLR_I	       (1 << 12)
#define SCTLR_EL1_RES1 0x30d00800

/* Attributes by index, the same numbers in MAIR_EL2 and in limen's own descriptors. */
#define MAIR_NORMAL 0 /* write back, allocating */
#define MAIR_DEVICE 1 /* nGnRE */
#define MAIR_VALUE  0x04ff

/* TCR_EL2: 39 bits from level 1, 4 KiB pages, walks as cacheable, inner shareable. PS comes from
 * ID_AA64MMFR0_EL1. */
#define VA_BITS	     39
#define TCR_VALUE    (0x80000000 | (1 << 23) | (3 << 12) | (1 << 10) | (1 << 8) | (64 - VA_BITS))
#define TCR_PS_SHIFT 16
#define PS_MAX	     5 /* 48 bits: more needs other descriptors */

/* VTCR_EL2: the same shape for guests, 39 bits from level 1. */
#define VTCR_VALUE	 (0x80000000 | (3 << 12) | (1 << 10) | (1 << 8) | (1 << 6) | (64 - VA_BITS))
#define VTTBR_VMID_SHIFT 48

/* CPTR_EL2 without FEAT_VHE: SVE and SME are nobody's, FP and SIMD are the guests'. */
#define CPTR_VALUE    0x33ff
/* MDCR_EL2: debug and performance registers are nobody's. */
#define MDCR_TRAPS    ((1 << 11) | (1 << 10) | (1 << 9) | (1 << 8) | (1 << 6) | (1 << 5))
/* CNTHCTL_EL2: EL1 reads the physical counter, its physical timer is limen's. */
#define CNTHCTL_VALUE 1

#define CNT_ENABLE  (1 << 0)
#define CNT_IMASK   (1 << 1)
#define CNT_ISTATUS (1 << 2)

#define DAIF_I	    (1 << 7)
#define PSTATE_EL1H 0x3c5 /* at EL1 with its own sp, all masked */
#define PSTATE_EL2H 0x3c9

/* ESR_ELx */
#define ESR_EC_SHIFT 26
#define EC_WFX	     0x01
#define EC_HVC64     0x16
#define EC_SMC64     0x17
#define EC_SYSREG    0x18
#define EC_INSN_LOW  0x20 /* aborts of a lower exception level */
#define EC_DATA_LOW  0x24
#define ESR_ISV	     (1 << 24)
#define ESR_WNR	     (1 << 6)

#ifndef __ASSEMBLER__
#include "lib/types.h"

/* A read that must not move across others is what all of these are: volatile, and a compiler barrier. */
#define sysreg_read(reg)                                                \
	({                                                              \
		u64 v_;                                                 \
		__asm__ volatile("mrs %0, " #reg : "=r"(v_)::"memory"); \
		v_;                                                     \
	})
#define sysreg_write(reg, value) \
	__asm__ volatile("msr " #reg ", %x0" ::"rZ"((u64)(value)) : "memory")

#define isb()		  __asm__ volatile("isb" ::: "memory")
#define dsb(domain)	  __asm__ volatile("dsb " #domain ::: "memory")
#define tlbi(which)	  __asm__ volatile("tlbi " #which ::: "memory")
#define tlbi_va(which, v) __asm__ volatile("tlbi " #which ", %0" ::"r"((u64)(v)) : "memory")
#endif
#endif
