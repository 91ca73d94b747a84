/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypervisor threads. A thread has a guarded stack, and gives up its hart only in the calls below that
 * say "blocks"; where it was made to, it may come back from them on another hart. Ready threads get
 * their shares of the harts (hyp/sched/sched.h). A hart without a ready thread waits inside the last thread's
 * call: there is no idle thread to switch to.
 *
 * A thread that ended goes away a grace period later. So whoever finds a pointer to one in an RCU
 * reader, and the thread takes that pointer away before it ends, may wake it safely.
 *
 * Lock order: waitq.lock, then runqueue.lock.
 */
#ifndef HYP_SCHED_THREAD_H
#define HYP_SCHED_THREAD_H

#include "arch/arch.h"
#include "entry/vtime.h"
#include "hyp/sched/sched.h"
#include "lib/err.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "rcu/rcu.h"

enum thread_state {
	THREAD_RUNNING, /* current of its hart, or about to block and woken already */
	THREAD_READY,	/* in its hart's queue */
	THREAD_BLOCKED,
	/* Waits in place: its hart idles, and it looks itself after each interrupt. A kick wakes it. */
	THREAD_WAITS_HERE,
	THREAD_DEAD,
};

struct hartmask;

/* Where a thread may run, and on whose account. What it points to outlives the thread. */
struct thread_place {
	const struct hartmask *allowed; /* harts; NULL: only the one it is made on */
	struct sched_group *group;	/* or NULL */
	/* The hart whose registers hold its guest's state, or THREAD_LIVES_NOWHERE: while they do, it
	 * stays. NULL: it has none. */
	const u32 *lives_in;
};

#define THREAD_LIVES_NOWHERE (~0U)

struct thread {
	struct arch_context ctx;
	/* Under the lock of its hart's runqueue. */
	u32 state; /* enum thread_state */
	struct sched_entity share;
	unsigned int hart; /* whose queue it is in, that it runs on, or ran on last; read by any */
	/* Set by the hart that takes it, cleared by the one that has left it. */
	u32 on_hart; /* its registers are a hart's, not in ctx */
	/* Where its time goes; entry/vtime.h says who writes what. */
	struct vtime_task time;
	const struct sched_group *
		robber; /* whose thread went before it in its turn, or NULL; for hyp/sched/bill.c */
	/* Set before the first run. */
	const struct hartmask *allowed;
	const u32 *lives_in;
	const char *name;
	void *stack; /* lowest usable byte */
	void (*fn)(void *arg);
	void *arg;
	/* Set by anybody, read in waits. */
	bool canceled;
	/* Once it has ended. */
	struct rcu_head rcu;
};

/* The calling hart gets its queue, with the caller as its current thread; t describes the caller.
 * Interrupts off. */
void thread_hart_init(struct thread *t, const char *name);

/* Makes a thread that runs fn(arg) on the given hart, and may have run and ended there before this
 * returns; it is freed after fn returns. Returns NULL when there is no memory. Interrupts on or off;
 * does not block. */
struct thread *thread_create(const char *name, unsigned int hart, void (*fn)(void *), void *arg);

/* The same, for a thread that may go to other harts; it starts on this one, or an idle one. */
struct thread *thread_create_at(const char *name, unsigned int hart,
				const struct thread_place *place, void (*fn)(void *), void *arg);

/* The calling thread. */
struct thread *thread_current(void);

/* Lets the hart's first ready thread run first. Blocks. Interrupts on. */
void thread_yield(void);

/* Lets those run first whose shares say so; what ENTRY_WORK_RESCHED asks for. Blocks. Interrupts on. */
void thread_reschedule(void);

/* A break in long work, of every 10,000 instructions or so: thread_yield(), if the hart is asked to look for
 * whom to run. May block. Interrupts on, in no reader. */
void thread_look(void);

/* Ends the calling thread. Interrupts on. */
__noreturn void thread_exit(void);

/*
 * Blocks until cond(arg) is true, the clock reaches deadline (TIMER_NEVER: no time-out), or
 * thread_cancel(). Whoever makes cond true calls thread_wake() afterwards. cond is called with
 * interrupts off and must be short.
 * Returns OK, ERR_TIMEOUT or ERR_CANCELED. Interrupts on.
 */
enum err thread_wait(bool (*cond)(void *arg), void *arg, u64 deadline);

/*
 * The same for a condition that interrupts of this hart may bring about by themselves while the
 * thread keeps the hart, so that no timer is needed. cond is looked at after each interrupt.
 * deadline(arg, keeps) is asked, with interrupts off, before each wait: keeps says whether the hart
 * stays with the thread (it waits idle) or goes to another. What it says first, other than
 * TIMER_NEVER, holds until the wake-up.
 * Returns OK or ERR_CANCELED. Interrupts on.
 */
enum err thread_wait_here(bool (*cond)(void *arg), u64 (*deadline)(void *arg, bool keeps),
			  void *arg);

/* Ends a thread's wait, so that it looks at its condition again; nothing when it is not waiting.
 * Any context that RCU watches; t has not ended, or was found in the same RCU reader. */
void thread_wake(struct thread *t);

/* Ends the thread's present or next wait with ERR_CANCELED. Any context that RCU watches. */
void thread_cancel(struct thread *t);

/* Ticks for which t was ready while another thread had its hart; only grows. Any context; t has not
 * ended, or was found in the same RCU reader. */
static inline u64 thread_steal(const struct thread *t)
{
	return READ_ONCE(t->time.steal);
}

/* The stacks of all harts, for back traces. */
bool thread_stack_contains(uintptr_t addr);

#endif
