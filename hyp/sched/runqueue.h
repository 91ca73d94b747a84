/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which thread gets a hart next: each hart's queue of ready threads, and how they come to another
 * hart's. hyp/sched/thread.c alone uses it.
 *
 * A thread is in the queue of the hart it says; that changes under the lock of the queue it leaves.
 * What may go to another hart is a thread that allows it, whose registers are in memory (on_hart), and
 * whose guest is in no hart (lives_in). A hart without a thread to run takes one that waits elsewhere,
 * and so does one whose own first is ahead of that one by more than a slice: so shares hold over harts.
 *
 * Lock order: a queue's lock is a leaf; never two at once.
 */
#ifndef HYP_SCHED_RUNQUEUE_H
#define HYP_SCHED_RUNQUEUE_H

#include "hyp/sched/hartmask.h"
#include "hyp/sched/thread.h"
#include "hyp/sched/timer.h"

struct runqueue {
	struct spinlock lock;
	struct sched_queue
		queue; /* under lock; what is ready and the virtual time are read by any */
	u64 idled;     /* the hart's idle ticks that are in its virtual time; under lock */
	u64 charged;   /* the clock when somebody was charged here last; under lock */
	u64 runs;      /* the clock when current got the hart or was charged; under lock */
	bool alone;    /* nobody waited when current got the hart; under lock to set */
	bool crowd;    /* it is counted among those where a thread waits; under lock */
	u32 sliced; /* current's slice ends in time for who waits; written by this hart, read by any */
	/* This hart alone, interrupts off. */
	struct thread *current;
	struct thread *left; /* had the hart before current; until its registers are known saved */
	struct thread *dead; /* ended, still on its stack */
	struct timer slice, cap;
	unsigned int told; /* the hart that was made to look last, when this one has too many */
	u64 tells;	   /* the clock from which on the next is */
};

DECLARE_PER_HART(struct runqueue, runqueue);

/* Is nobody ready in the calling hart's queue? Interrupts off. */
static inline bool runqueue_is_empty(void)
{
	return !READ_ONCE(this_hart(runqueue).queue.ready);
}

/* The calling hart's queue, empty, with t as the thread that runs. Interrupts off. */
void runqueue_init(struct thread *t);

/* All below: interrupts off. */

/* Makes a BLOCKED thread READY, in the queue of the best hart for it, and has that hart look. */
void runqueue_wake(struct thread *t);

/* The calling thread, BLOCKED, is about to wait. One that was woken meanwhile stays as it is. */
void runqueue_rest(struct thread *t);

/* The same for one that WAITS_HERE. What it has had is charged once in a while. */
void runqueue_rest_here(struct thread *t);

/* The calling thread is about to wait in place, and says so next: who wakes another one here from then on
 * has this hart look. */
void runqueue_stop_slice(void);

/* The calling thread does not wait any more. True: others wait for the hart. */
bool runqueue_resume(struct thread *t);

/* The calling thread becomes READY in this hart's queue: behind the first in it if it yields, else
 * where its share puts it. True: its turn was over. */
bool runqueue_requeue(struct thread *t, bool yields);

/* Takes the thread that runs next on this hart out of its queue, or another's; NULL: there is none.
 * It is RUNNING then. */
struct thread *runqueue_pick(void);

/* Nobody is ready here: waits for an interrupt, or until there is somebody. */
void runqueue_idle(void);

/* The thread that got the hart runs for what it asks for, if others wait; or until its cap is looked at. */
void runqueue_start_slice(void);

/* The same for one that waited in place, or not at all, now that others wait: what it has of its slice
 * already goes on. */
void runqueue_go_on_slice(void);

/* What the thread before has left is complete: others may take it. First thing after a switch. */
void runqueue_switched(void);

/* Somebody who waits here may have become free to go: has an idle hart look, or, once a slice, another. */
void runqueue_nudge_others(void);

static inline void runqueue_nudge(void)
{
	if (arch_hart_count() > 1)
		runqueue_nudge_others();
}

/* The group's cap does not count until its released is 0 again: its threads are to come to an end, or to a
 * pause. Interrupts on; may block, for a moment a hart. */
void runqueue_release(struct sched_group *g);

/* The hart takes no threads but those that are made on it, and is asked for none: for one vCPU alone.
 * Any context. Who is there already stays until he waits for something. */
void runqueue_dedicate(unsigned int hart);

/* It is as any other again. */
void runqueue_share(unsigned int hart);

/* The harts that share their threads. */
extern struct hartmask runqueue_shared;

#endif
