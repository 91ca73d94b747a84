/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harts limen drives: index to affinity and per-hart area. Filled while booting, by the boot hart
 * alone; read-only afterwards.
 */
#ifndef ARCH_ARM64_HART_H
#define ARCH_ARM64_HART_H

#include "lib/types.h"

#define HART_AREA 4096 /* bytes of a per-hart area: zeroed, and aligned to as much */

/* Adds the next hart, by the affinity fields of its MPIDR_EL1, with its area; returns its index. Boot hart
 * only, before it runs there. The caller keeps to HARTS_MAX. */
unsigned int hart_add(u64 mpidr, void *area);

/* Takes the hart that was added last back: it did not come up. */
void hart_drop(void);

/* From now on n harts count as up. */
void hart_set_count(unsigned int n);

#endif
