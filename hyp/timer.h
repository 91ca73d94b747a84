/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's timers. Each hart has a queue, sorted by deadline, that only this hart touches,
 * with interrupts off: no lock. A thread that stays on its hart arms and disarms its own timers.
 */
#ifndef HYP_TIMER_H
#define HYP_TIMER_H

#include "arch/arch.h"
#include "lib/list.h"

#define TIMER_NEVER (~0UL)

struct timer {
	struct list node; /* in the hart's queue while armed; empty otherwise */
	u64 deadline;	  /* ticks of arch_clock() */
	void (*fn)(struct timer *t);
};

/* fn is called in the timer interrupt, interrupts off, with the timer disarmed. */
void timer_init(struct timer *t, void (*fn)(struct timer *t));

/* Arms the timer on the calling hart, or moves it when it is armed there. A deadline in the past
 * fires as soon as interrupts are on; TIMER_NEVER disarms. Interrupts off. */
void timer_arm(struct timer *t, u64 deadline);

/* Interrupts off, on the hart that armed it. */
void timer_disarm(struct timer *t);

/* The hart's queue is set up, nothing armed. Interrupts off. */
void timer_hart_init(void);

/* The timer interrupt. */
void timer_irq(void);

#endif
