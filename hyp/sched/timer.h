/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's timers. Each hart has a queue, sorted by deadline; a timer is armed on the hart
 * that arms it and fires there. Any hart may disarm it, or arm it anew, so that the thread it belongs
 * to may have moved meanwhile; two harts at once may not.
 *
 * Those of a VM share one place in the queue, its lane. Of several that are due at once one fires, and the
 * next TIMER_GAP_US later, so that a VM with many vCPUs neither holds up the timers of others nor keeps
 * whoever runs from looking at what these woke.
 *
 * Lock order: the queue's lock is a leaf. A timer's function is called without it.
 */
#ifndef HYP_SCHED_TIMER_H
#define HYP_SCHED_TIMER_H

#include "arch/arch.h"
#include "lib/heap.h"
#include "lib/list.h"

#define TIMER_NEVER  (~0UL)
#define TIMER_GAP_US 5

/* What stands in a hart's queue: a timer of limen's own, or a lane. Under the queue's lock. */
struct timer_place {
	struct list node; /* empty: it is not there */
	u64 at;		  /* ticks of arch_clock(): what it is sorted by */
	bool is_lane;
};

/* A VM's timers on one hart. */
struct timer_lane {
	struct timer_place place;
	struct heap timers; /* by deadline */
	u64 from;	    /* none fires before */
};

struct timer {
	/* Under its queue's lock. */
	struct timer_place place; /* limen's own */
	struct heap_node node;	  /* a VM's: in its lane */
	bool armed;
	u64 deadline; /* ticks of arch_clock() */
	void (*fn)(struct timer *t);
	struct timer_lane *lanes; /* its VM's, by hart; NULL: limen's own */
	unsigned int hart;	  /* index of the hart it was armed on last; by who arms it */
};

/* A VM's lanes, one for each hart: zeroed, before its first timer. */
void timer_lanes_init(struct timer_lane *lanes, unsigned int harts);

/* fn is called in the timer interrupt, interrupts off, with the timer disarmed. It is limen's own. */
void timer_init(struct timer *t, void (*fn)(struct timer *t));

/* It is a VM's, which has these lanes for as long as it may be armed; NULL: limen's own. After
 * timer_init(). */
static inline void timer_set_lanes(struct timer *t, struct timer_lane *lanes)
{
	t->lanes = lanes;
}

/* Arms the timer on the calling hart, or moves it there. A deadline in the past fires as soon as
 * interrupts are on and the lane lets it; TIMER_NEVER disarms. Interrupts off; as timer_disarm(). */
void timer_arm(struct timer *t, u64 deadline);

/* Afterwards it neither is armed nor does its function run, unless that is what calls this. Waits for
 * a function that runs on another hart, so the caller holds no lock that one may want. Interrupts
 * off. */
void timer_disarm(struct timer *t);

/* Is it armed? An answer that may be old, unless the function's own effects are looked at
 * afterwards. Any context. */
static inline bool timer_armed(const struct timer *t)
{
	return READ_ONCE(t->armed);
}

/* The hart's queue is set up, nothing armed. Interrupts off. */
void timer_hart_init(void);

/* The timer interrupt: fires the first few of those that are due. */
void timer_irq(void);

#endif
