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
 * A debug build counts the readers of each hart and keeps where the outermost one began, so that a
 * reader that reaches an entry, a switch or an unwatched place stops the machine, and the report
 * names it.
 *
 * Grace periods and readers are rcu/rcu.c's, callbacks rcu/callback.c's.
 */
#ifndef RCU_RCU_H
#define RCU_RCU_H

#include "lib/check.h"
#include "lib/lockdep.h"
#include "lib/step.h"

struct rcu_hart {
	u64 counter;  /* odd: watching; written by its hart alone, read by rcu_scan_hart() */
	u32 nesting;  /* readers under way, counted in debug builds */
	void *reader; /* where the outermost began, in debug builds; read for stall reports */
};

DECLARE_PER_HART(struct rcu_hart, rcu_hart);

struct rcu_head {
	struct rcu_head *next;
	void (*fn)(struct rcu_head *head);
};

/* Stops the machine: this hart is in a reader where none may be. Window. */
__noreturn void rcu_reader_stays(const char *file, int line);

/* Asserts that this hart is in no reader. */
#define rcu_assert_no_reader()                                                \
	do {                                                                  \
		if (LIMEN_DEBUG && unlikely(this_hart(rcu_hart).nesting > 0)) \
			rcu_reader_stays(__FILE__, __LINE__);                 \
	} while (0)

/* Is RCU watching this hart? Interrupts off, or a thread that does not move. */
__window bool rcu_watching(void)
{
	return this_hart(rcu_hart).counter & 1;
}

/* Another one after each quiescent state of the calling hart. Interrupts off, RCU watching. */
static __always_inline u64 rcu_stamp(void)
{
	return this_hart(rcu_hart).counter;
}

/* Enters an extended quiescent state: a guest's run or an idle wait. Interrupts off. */
__window void rcu_eqs_enter(void)
{
	struct rcu_hart *r = &this_hart(rcu_hart);

	step(STEP_RCU_QUIET);
	DCHECK(arch_irqs_off());
	DCHECK(r->counter & 1);
	rcu_assert_no_reader();
	/* Order: every access of this hart's readers, before the counter says it is quiescent.
	 * Pairs with: rcu_scan_hart() [P1] */
	arch_store_release(&r->counter, r->counter + 1);
	window_opens();
}

/* Leaves it: from here on RCU watches this hart. Interrupts off: a handler between the store and the
 * fence below would find the hart watched, and be a reader whose loads may come before the new count. */
__window void rcu_eqs_exit(void)
{
	struct rcu_hart *r = &this_hart(rcu_hart);

	DCHECK(arch_irqs_off());
	DCHECK(!(r->counter & 1));
	WRITE_ONCE(r->counter, r->counter + 1);
	/* Order: the counter says watching, before any access of a later reader; a full fence,
	 * as a store comes before loads. Pairs with: gp_begin() [P2] */
	arch_mb();
	window_closed();
	step(STEP_RCU_WATCH);
}

/* A moment at which this hart is in no reader: a context switch, or a pass of a long loop.
 * Interrupts off: a handler between the two below would be a reader whose loads may come before
 * the new count, and whom a grace period that sees the count change does not wait for. */
__window void rcu_note_quiescent_irqoff(void)
{
	struct rcu_hart *r = &this_hart(rcu_hart);

	DCHECK(arch_irqs_off());
	DCHECK(r->counter & 1);
	rcu_assert_no_reader();
	/* Order: earlier readers before the new count, by the release; the new count before later
	 * readers, by the full fence. So it is worth an entry [P1] and an exit [P2].
	 * Pairs with: rcu_scan_hart(), gp_begin() [P3] */
	arch_store_release(&r->counter, r->counter + 2);
	arch_mb();
}

/* The same, with interrupts on or off. RCU watching. */
void rcu_note_quiescent(void);

/* Debug builds: a reader begins in the function that calls this, and ends. */
void rcu_reader_begins(void);
void rcu_reader_ends(void);

static __always_inline void rcu_read_lock(void)
{
	if (LIMEN_DEBUG)
		rcu_reader_begins();
	barrier();
}

static __always_inline void rcu_read_unlock(void)
{
	barrier();
	if (LIMEN_DEBUG)
		rcu_reader_ends();
}

/* What a debug build asks where a pointer is read: does RCU watch, in a reader? Stops the machine, and
 * says where, if not. */
void rcu_check_reader(void);

/* Reads a pointer that a writer may publish at any time. Inside a reader, which a debug build checks, and
 * so never in the window, which tools/check-noinstr looks for as well.
 * Order: the pointer, before what it points to. Pairs with: rcu_assign_pointer() [O1] */
#define rcu_dereference(p)                               \
	({                                               \
		rcu_pointer_read();                      \
		if (LIMEN_DEBUG)                         \
			rcu_check_reader();              \
		__atomic_load_n(&(p), __ATOMIC_ACQUIRE); \
	})

/* The same for a writer: the lock, which is held, keeps all others from publishing. */
#define rcu_dereference_protected(p, lock) \
	({                                 \
		lockdep_assert_held(lock); \
		READ_ONCE(p);              \
	})

/* Publishes what v points to.
 * Order: all of it is written, before the pointer is. Pairs with: rcu_dereference() [O1] */
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
 * The same at once: looks again and again without letting other threads of its hart run. A hart
 * that stays in the hypervisor for some looks is handed to the function of rcu_set_hurry(), once,
 * to be made to look for work. One in a guest or idle never is; one that goes there between the
 * look and the kick comes out for nothing. Threads only, no lock held.
 */
void synchronize_rcu_expedited(void);
void rcu_set_hurry(void (*hurry)(unsigned int hart));

/* Looks that synchronize_rcu_expedited() takes before it hurries anybody. */
#define RCU_POLLS 256

/*
 * A grace period that takes longer than the bound is reported once: the function is called for each
 * hart that is waited for, RCU_STALL_HARTS at most, in the thread that waits, with the time waited
 * in ticks of arch_clock(). With a bound of 0 it is 10 seconds.
 */
void rcu_set_stall(void (*stall)(unsigned int hart, u64 waited));
void rcu_set_stall_bound(u64 ticks);

#define RCU_STALL_S	10
#define RCU_STALL_HARTS 8

/*
 * Has fn(head) called in a thread after a grace period. Any context that RCU watches; never blocks.
 * Each hart has a queue of its own. The wake function given with rcu_set_wake() is called, with
 * interrupts off, when the thread that runs rcu_run_callbacks() has something to do.
 */
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));
void rcu_set_wake(void (*wake)(void));

/*
 * Takes all callbacks queued so far, waits for one grace period and calls them, each hart's oldest
 * first. Blocks; one thread at a time. After every RCU_BATCH callbacks the hart notes a quiescent
 * state and the function of rcu_set_yield() may let others run. Returns how many it called.
 */
unsigned int rcu_run_callbacks(void);
void rcu_set_yield(void (*yield)(void));

#define RCU_BATCH 64

/* Is there anything for rcu_run_callbacks() to do? Any context. */
bool rcu_callbacks_pending(void);

/* Waits until every callback that was queued before, on any hart, has been called and has returned.
 * Blocks; threads only, no lock held, never a callback. Some other thread runs the callbacks. */
void rcu_barrier(void);

/* Debug builds report a queue that has come to this length, and again each time it has doubled. */
#define RCU_QUEUE_LONG 10000

/* What a wait in rcu/ does between two looks: a quiescent state, then rcu_set_pause()'s function. */
void rcu_pause(void);

/* Grace periods completed since boot. Any context. */
u64 rcu_grace_periods(void);

#endif
