/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Has another hart do something that only it can: its own registers, its own fences.
 */
#ifndef HYP_SCHED_HARTCALL_H
#define HYP_SCHED_HARTCALL_H

#include "hyp/sched/hartmask.h"

/*
 * Calls fn(arg) on a hart, by its index, in an interrupt of it, and comes back when it has returned; what
 * it did is seen then. On the calling hart itself it is called with interrupts off. fn may do what an
 * interrupt handler may. A guest that runs there leaves, and what is stored before the call is seen
 * before it comes back.
 * Interrupts on, no lock held, since the other hart may call this one at the same time; a busy wait of
 * an interrupt's length.
 */
void hartcall(unsigned int hart, void (*fn)(void *arg), void *arg);

/* The same on each hart of a set, on several at once. */
void hartcall_each(const struct hartmask *harts, void (*fn)(void *arg), void *arg);

/* Does what was asked of the calling hart. In a kick. */
void hartcall_kicked(void);

#endif
