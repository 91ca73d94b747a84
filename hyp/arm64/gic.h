/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The distributor and the redistributors of a GICv3. The CPU interface is arch/arm64/gic.h's.
 */
#ifndef HYP_ARM64_GIC_H
#define HYP_ARM64_GIC_H

#include "lib/err.h"
#include "lib/types.h"

/* The controller is there, its registers mapped; redist_size bytes of redistributors. Boot hart, once. */
void gic_init(volatile u32 *dist, volatile u32 *redist, u64 redist_size);

/* The calling hart takes kicks and its timers' interrupts, once it turns them on. ERR_NOENT: it has no
 * redistributor. Interrupts off. */
enum err gic_hart_init(void);

#endif
