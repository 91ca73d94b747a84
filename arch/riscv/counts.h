/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cycles and instructions of a guest alone. A count of a guest with Sscofpmf is one of the hart's
 * programmable counters while the vCPU is loaded: arch/riscv/hpm.h. Else the hart's own counters
 * (unprivileged specification 20240411, "Zicntr") are read on either side of the world switch, and
 * what they grew by is the guest's. That works on every hart that lets limen read them, whatever it
 * can filter. Some hundred instructions of the world switch itself are counted at each run.
 *
 * Owner: the vCPU's thread, and the overflow interrupt on its hart. While a count runs, interrupts are
 * off when it changes; and while one is switched, the vCPU's guest_counts are in guest_counting of the
 * hart it is loaded on.
 */
#ifndef ARCH_RISCV_COUNTS_H
#define ARCH_RISCV_COUNTS_H

#include "arch/arch.h"

/* Number n is CSR 0xc00 + n. */
#define COUNTS_CYCLE   0U
#define COUNTS_INSTRET 2U
#define COUNTS_NUMBER  3U
#define COUNTS_ALL     (BIT(COUNTS_CYCLE) | BIT(COUNTS_INSTRET))

struct guest_counts {
	u32 running;   /* BIT(number) */
	u32 switched;  /* while loaded: of those, read on either side of the world switch */
	u32 overflown; /* gone over the end since they were started */
	bool samples;  /* the guest has Sscofpmf */
	u8 inhibit[COUNTS_NUMBER]; /* SBI_PMU_CFG_SET_*: of VSINH and VUINH */
	u8 hpm[COUNTS_NUMBER];	   /* while loaded: the hpmcounter that it is; 0: none */
	/* What it was when last looked at: of one that is an hpmcounter, that has the rest. */
	u64 value[COUNTS_NUMBER];
	u64 hpm_is[COUNTS_NUMBER]; /* so much more than the count; 0 if not 64 bits wide */
};

/* Can the calling hart's counters be read? */
bool counts_readable(void);

#endif
