/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wait queues: threads that wait for a condition somebody else makes true. With a time-out, and
 * canceled through thread_cancel(). Lock order: waitq.lock, then a runqueue's.
 */
#ifndef HYP_SCHED_WAITQ_H
#define HYP_SCHED_WAITQ_H

#include "hyp/sched/thread.h"

struct waitq {
	struct spinlock lock;
	struct list waiters; /* under lock */
};

void waitq_init(struct waitq *q);

/* Blocks until cond(arg), deadline or cancel, as thread_wait() does. Interrupts on. */
enum err waitq_wait(struct waitq *q, bool (*cond)(void *arg), void *arg, u64 deadline);

/* Has all waiters look at their conditions. Call it after making one true. Any context that RCU
 * watches. */
void waitq_wake(struct waitq *q);

#endif
