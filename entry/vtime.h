/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a hart's time goes, in ticks of arch_clock(). At every moment a hart is in exactly one
 * kind; a change of kind closes the old interval and opens the new one with one reading of the
 * clock, so the kinds sum to the elapsed time exactly (E7).
 *
 * And where a task's time goes, of several that take turns on a hart (a vCPU's thread is one).
 * While it has the hart, the hart's time is its own, of whatever kind. While it has not, it waits:
 * for something of its own, which is idle time, or, once it is ready, for the hart, which is steal.
 * A task that has the hart is handed over to the next one with one reading of the clock, so a task's
 * kinds and its steal sum exactly to the time since vtime_task_init() as well.
 */
#ifndef ENTRY_VTIME_H
#define ENTRY_VTIME_H

#include "lib/check.h"
#include "lib/step.h"

enum vtime_kind {
	VTIME_HOST,
	VTIME_GUEST,
	VTIME_IDLE,
	VTIME_IRQ,
	VTIME_KINDS,
};

struct vtime_hart {
	u64 since;		/* the clock when the current kind began */
	u64 start;		/* the clock when accounting began */
	u32 kind;		/* enum vtime_kind */
	u64 ticks[VTIME_KINDS]; /* closed intervals; written by its hart alone */
};

DECLARE_PER_HART(struct vtime_hart, vtime_hart);

/* Closes the current interval and opens one of the given kind; returns the kind it closed.
 * Interrupts off. */
__window enum vtime_kind vtime_switch(enum vtime_kind to)
{
	struct vtime_hart *v = &this_hart(vtime_hart);
	enum vtime_kind from = v->kind;
	u64 now = arch_clock();

	v->ticks[from] += now - v->since;
	v->since = now;
	v->kind = to;
	return from;
}

/* The same between host and guest on the way in and out, where the kind that ends is known. */
__window void vtime_switch_from(enum vtime_kind from, enum vtime_kind to)
{
	struct vtime_hart *v = &this_hart(vtime_hart);
	u64 now = arch_clock();

	DCHECK(v->kind == from);
	v->ticks[from] += now - v->since;
	v->since = now;
	v->kind = to;
}

/* The clock when the calling hart's current interval began: now, to what that costs. Interrupts off. */
__window u64 vtime_since(void)
{
	return this_hart(vtime_hart).since;
}

struct vtime_task {
	/* Written by the hart it is on, or that takes it. */
	u64 ticks[VTIME_KINDS];
	u64 steal;	       /* ready, but without a hart; only grows (E8) */
	u64 start;	       /* the clock at vtime_task_init() */
	u64 base[VTIME_KINDS]; /* the hart's ticks[] when it got the hart */
	u64 left;	       /* the clock when it gave the hart up */
	/* Written by who makes it ready, read by the hart that takes it: under the lock of whatever
	 * queue it becomes ready in. */
	u64 ready; /* the clock when it became so */
};

/* Accounting begins on the calling hart, in VTIME_HOST. Interrupts off. */
void vtime_hart_init(void);

/* A copy of the calling hart's account up to this moment: ticks[] sum to the return value, the
 * time since vtime_hart_init(). Any interrupt state. */
u64 vtime_read(u64 ticks[VTIME_KINDS]);

/* A task's account begins, without a hart and not ready. Any context. */
void vtime_task_init(struct vtime_task *t);

/* It has become ready, at the clock that is returned. Under its queue's lock. */
u64 vtime_task_ready(struct vtime_task *t);

/* So many ticks of the hart's time of that kind, while t had the hart, were another task's: they are steal
 * and not t's own. t has the calling hart, or has just been switched away from and no other can have taken it yet; the
 * ticks passed since it got it. Interrupts off. */
void vtime_task_rob(struct vtime_task *t, enum vtime_kind kind, u64 ticks);

/* The calling hart goes from prev (NULL: nobody) to next (NULL: nobody). A prev that is ready
 * already, and one that never said so, is so from now on or later. Interrupts off. */
void vtime_task_switch(struct vtime_task *prev, struct vtime_task *next);

/* Ticks that the task which has the calling hart has used so far: the guest's and the hypervisor's, not
 * interrupts, which may be another's. Interrupts off. */
u64 vtime_task_used(const struct vtime_task *t);

/* A copy of the account of the task that has the calling hart, up to this moment: ticks[] and *steal
 * sum to the return value, the time since vtime_task_init(). Any interrupt state. */
u64 vtime_task_read(const struct vtime_task *t, u64 ticks[VTIME_KINDS], u64 *steal);

#endif
