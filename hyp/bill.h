/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * On whose account limen works while another's thread has the hart: an interrupt that wakes a vCPU, and
 * the switch to and from one that goes before who runs, are paid for by the VM of the one that was woken.
 * To the thread that they were taken from they are steal.
 *
 * Everything here is the calling hart's own, interrupts off; a VM that is noted exists until the hart's
 * next quiescent state, and none is kept for longer.
 */
#ifndef HYP_BILL_H
#define HYP_BILL_H

#include "entry/vtime.h"
#include "hyp/thread.h"

/* What an interrupt handler does from here on, or did from its beginning if this is the first call, is for
 * this VM; NULL: for limen. Nothing outside of interrupts. */
void bill_note(struct sched_group *group);

/* The handler is done. */
void bill_irq_end(void);

/* next takes the hart from prev, whose turn is not over, and which has done nothing of its own since that
 * clock. Before the time of next begins. */
void bill_preempts(struct thread *prev, const struct thread *next, u64 since);

/* next has the hart from now on, after prev. */
void bill_switched(const struct thread *prev, struct thread *next);

/* The calling thread can go on where it was before another one went before it: what has passed since it
 * got its hart back was that one's doing. Nothing, if none had. */
void bill_returned(void);

#endif
