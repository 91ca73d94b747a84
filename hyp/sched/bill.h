/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * On whose account limen works while another's thread has the hart: an interrupt that wakes a vCPU, and
 * the switch to and from one that goes before who runs, are paid for by the VM of the one that was woken.
 * So is the look that finds that the one who was woken may not have the hart yet. To the thread that they
 * were taken from they are steal.
 *
 * Where an interrupt ended a guest's run, all that comes until the guest runs again is no work of its own,
 * the way out of the guest included: the hart's time is *cut* there. What was cut is told apart from a later
 * run's by RCU's stamp, since each run is a quiescent state.
 *
 * Everything here is the calling hart's own, interrupts off; a VM that is noted exists until the hart's
 * next quiescent state, and none is kept for longer.
 */
#ifndef HYP_SCHED_BILL_H
#define HYP_SCHED_BILL_H

#include "entry/vtime.h"
#include "hyp/sched/thread.h"

struct bill {
	struct sched_group *irq_for; /* for whom the interrupt that runs works, or NULL */
	u64 since;		     /* from when on */
	u64 cut;		     /* RCU's stamp since the hart's time was cut; 0: it is not */
	u64 from[VTIME_KINDS];	     /* then: the hart's ticks up to where all is charged already */
	struct sched_group
		*asker; /* then: whom an interrupt woke last that made the hart look, or NULL */
	struct sched_group *payer; /* who pays until bill_returned(), or NULL */
	u64 returned; /* the hart's ticks of VTIME_HOST at the end of its last switch */
};

DECLARE_PER_HART(struct bill, bill);

/* For bill_irq_begin(). */
void bill_cut(void);

/* A handler begins; the interval that it ended was of that kind and began at that clock. */
static inline void bill_irq_begin(enum vtime_kind kind, u64 began)
{
	if (kind == VTIME_GUEST && this_hart(arch_guest_left) > began)
		bill_cut();
}

/* What an interrupt handler does from here on, or did from its beginning if this is the first call, is for
 * this VM; NULL: for limen. Nothing outside of interrupts. */
void bill_note(struct sched_group *group);

/* For bill_irq_end(). */
void bill_irq_charge(void);

/* What the calling thread, one of limen's own, has used so far. For bill_work(). */
u64 bill_used(void);

/* What it has used since then was for this VM: charged to it when it runs next, beside the thread's own
 * account. Interrupts on or off. */
void bill_work(struct sched_group *group, u64 since);

/* The handler is done. */
static inline void bill_irq_end(void)
{
	if (unlikely(this_hart(bill).irq_for))
		bill_irq_charge();
}

/* The calling thread gives its hart up although its turn is not over: what comes from the beginning of the
 * hart's present interval on, if not from before, is not its own. */
void bill_gives_up(void);

/* prev keeps the hart after a look; robbed: the hart's time is cut. Before the look's quiescent state; true:
 * that must not be noted, for the VM that pays until bill_returned(). */
bool bill_kept(struct thread *prev, bool robbed);

/* next takes the hart from prev, whose turn was not over: the hart's time is cut. The time of next has just
 * begun. */
void bill_preempts(struct thread *prev, const struct thread *next);

/* next has the hart from now on, after prev. */
void bill_switched(const struct thread *prev, struct thread *next);

/* Is the hart's time cut? */
static inline bool bill_is_cut(void)
{
	return this_hart(bill).cut == rcu_stamp();
}

/* The calling thread can go on where it was before another one went before it, or was to: what has passed
 * since it got its hart back was that one's doing. Nothing, if none had. */
void bill_returned(void);

#endif
