/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's timers. Each hart has a queue, sorted by deadline; a timer is armed on the hart
 * that arms it and fires there. Any hart may disarm it, or arm it anew, so that the thread it belongs
 * to may have moved meanwhile; two harts at once may not.
 *
 * Lock order: the queue's lock is a leaf. A timer's function is called without it.
 */
#ifndef HYP_TIMER_H
#define HYP_TIMER_H

#include "arch/arch.h"
#include "lib/list.h"

#define TIMER_NEVER (~0UL)

struct timer {
	struct list
		node; /* in its hart's queue while armed; empty otherwise; under that queue's lock */
	u64 deadline; /* ticks of arch_clock() */
	void (*fn)(struct timer *t);
	unsigned int hart; /* index of the hart it was armed on last; by who arms it */
};

/* fn is called in the timer interrupt, interrupts off, with the timer disarmed. */
void timer_init(struct timer *t, void (*fn)(struct timer *t));

/* Arms the timer on the calling hart, or moves it there. A deadline in the past fires as soon as
 * interrupts are on; TIMER_NEVER disarms. Interrupts off; as timer_disarm(). */
void timer_arm(struct timer *t, u64 deadline);

/* Afterwards it neither is armed nor does its function run, unless that is what calls this. Waits for
 * a function that runs on another hart, so the caller holds no lock that one may want. Interrupts
 * off. */
void timer_disarm(struct timer *t);

/* Is it armed? An answer that may be old, unless the function's own effects are looked at
 * afterwards. Any context. */
static inline bool timer_armed(const struct timer *t)
{
	return READ_ONCE(t->node.next) != &t->node;
}

/* The hart's queue is set up, nothing armed. Interrupts off. */
void timer_hart_init(void);

/* The timer interrupt: fires the first few of those that are due. */
void timer_irq(void);

#endif
