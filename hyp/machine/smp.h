/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other harts: brought up all at once through the firmware's HSM extension, their indices in the
 * order of the tree. One that does not start, has no H, or lacks what the boot hart has, is left out
 * and said so.
 */
#ifndef HYP_MACHINE_SMP_H
#define HYP_MACHINE_SMP_H

#include "hyp/sched/thread.h"
#include "hyp/tree/platform.h"

/* What every hart does for itself, the boot hart too: RCU, time, timers, traces, its first thread,
 * the registers of guests. overflow_stack: for the report of a stack that ran over; NULL: one is allocated.
 * Interrupts off; they are on afterwards. */
void smp_hart_init(struct thread *self, const char *name, void *overflow_stack);

/* Starts all usable harts but the calling one. Boot hart, in a thread. */
void smp_start(const struct platform *p);

/* The life of a hart's first thread after its start-up: to wait, and to be there. */
__noreturn void smp_idle(void);

#endif
