/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Read-copy-update for a hypervisor whose threads give up their hart only where they say so.
 *
 * A reader costs nothing but a compiler barrier, because a context switch, the idle wait and a
 * guest's run are quiescent states and none of them can happen inside a reader. Each hart has one
 * counter: odd while RCU is watching it, even while the hart is in a guest or waits idle. A grace
 * period takes a snapshot of all counters and is over once each was even or has changed. A hart in
 * a guest or idle is never interrupted for one (E10).
 *
 * A debug build counts the readers of each hart, so that a reader that reaches an entry, a switch
 * or an unwatched place stops the machine.
 */
#ifndef RCU_RCU_H
#define RCU_RCU_H

#include "lib/check.h"
#include "lib/step.h"

struct rcu_hart {
	u64 counter; /* odd: watching; written by its hart alone, read by rcu_scan_hart() */
	u32 nesting; /* readers under way, counted in debug builds */
};

DECLARE_PER_HART(struct rcu_hart, rcu_hart);

struct rcu_head {
	struct rcu_head *next;
	void (*fn)(struct rcu_head *head);
};

/* Is RCU watching this hart? Interrupts off, or a thread that does not move. */
__window bool rcu_watching(void)
{
	return this_hart(rcu_hart).counter & 1;
}

/* Enters an extended quiescent state: a guest's run or an idle wait. Interrupts off. */
__window void rcu_eqs_enter(void)
{
	struct rcu_hart *r = &this_hart(rcu_hart);

	step(STEP_RCU_QUIET);
	DCHECK(r->counter & 1);
	DCHECK(r->nesting == 0);
	/* Order: every access of this hart's readers, before the counter says it is quiescent.
	 * Pairs with: rcu_scan_hart() [P1] */
	arch_store_release(&r->counter, r->counter + 1);
}

/* Leaves it: from here on RCU watches this hart. Interrupts off. */
__window void rcu_eqs_exit(void)
{
	struct rcu_hart *r = &this_hart(rcu_hart);

	DCHECK(!(r->counter & 1));
	WRITE_ONCE(r->counter, r->counter + 1);
	/* Order: the counter says watching, before any access of a later reader; a full fence,
	 * as a store comes before loads. Pairs with: gp_begin() [P2] */
	arch_mb();
	step(STEP_RCU_WATCH);
}

/* A moment at which this hart is in no reader: a context switch, or a pass of a long loop. */
__window void rcu_note_quiescent(void)
{
	struct rcu_hart *r = &this_hart(rcu_hart);

	DCHECK(r->counter & 1);
	DCHECK(r->nesting == 0);
	/* Order: earlier readers before the new count, by the release; the new count before later
	 * readers, by the full fence. So it is worth an entry [P1] and an exit [P2].
	 * Pairs with: rcu_scan_hart(), gp_begin() [P3] */
	arch_store_release(&r->counter, r->counter + 2);
	arch_mb();
}

static __always_inline void rcu_read_lock(void)
{
	if (LIMEN_DEBUG) {
		CHECK(rcu_watching());
		this_hart(rcu_hart).nesting++;
	}
	barrier();
}

static __always_inline void rcu_read_unlock(void)
{
	barrier();
	if (LIMEN_DEBUG)
		this_hart(rcu_hart).nesting--;
}

/* Reads a pointer that a writer may publish at any time. Inside a reader. */
#define rcu_dereference(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)

/* Publishes what v points to: all of it is written before the pointer is. */
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), v, __ATOMIC_RELEASE)

/* The calling hart starts to be watched; once, when it comes up. Interrupts off. The hart must be
 * counted by arch_hart_count() before, or a grace period may not see it. */
void rcu_hart_init(void);

/*
 * Waits until every reader that is under way has ended. Blocks; threads only, no lock held.
 * What the caller did before is seen by every reader that begins later. Callers share grace
 * periods.
 *
 * How it waits between two looks is the caller's world's: rcu_set_pause() gives the function, which
 * may let other threads run and come back on another hart. Until it is given, or with NULL, the
 * caller just looks again. The calling hart notes a quiescent state before each pause.
 */
void synchronize_rcu(void);
void rcu_set_pause(void (*pause)(void));

/*
 * Has fn(head) called in a thread after a grace period. Any context that RCU watches; never
 * blocks. The wake function given with rcu_set_wake() is called, with interrupts off, when the
 * thread that runs rcu_run_callbacks() has something to do.
 */
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));
void rcu_set_wake(void (*wake)(void));

/* Takes all callbacks queued so far, waits for one grace period and calls them. Blocks; one thread
 * at a time. Returns how many it called. */
unsigned int rcu_run_callbacks(void);
bool rcu_callbacks_pending(void);

/* Grace periods completed since boot. Any context. */
u64 rcu_grace_periods(void);

#endif
