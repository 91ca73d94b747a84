/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cycles and instructions of a guest alone: the hart's counters (unprivileged specification
 * 20240411, "Zicntr") are read on either side of the world switch, and what they grew by is the
 * guest's. Works on every hart that lets limen read them, whatever it can filter. Some hundred
 * instructions of the world switch itself are counted at each run.
 *
 * Owner: the vCPU's thread. While a counter runs, the vCPU's guest_counts are in guest_counting of
 * the hart it is loaded on, and interrupts are off when they change.
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
	u32 running; /* BIT(number) */
	u64 value[COUNTS_NUMBER];
};

/* Can the calling hart's counters be read? */
bool counts_readable(void);

#endif
