/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bringing harts up.
 */
#ifndef HYP_ARM64_SMP_H
#define HYP_ARM64_SMP_H

#include "hyp/sched/thread.h"

/* The calling hart, which is counted, becomes one that runs threads; self describes the caller. Interrupts
 * off, and on when it returns. */
void smp_hart_init(struct thread *self);

/* Starts the harts of the tree, one after the other; comes back when those that can be are up. In a thread
 * on hart 0. */
void smp_start(const void *fdt);

/* What a hart does that has nothing to do. */
__noreturn void smp_idle(void);

#endif
