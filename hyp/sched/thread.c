/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tags: [W1] a condition against a wake-up, store buffering: the waiter says BLOCKED and then reads
 * its condition, the waker makes the condition true and then reads the state. [W2] where to send a kick. [Z1] is
 * hyp/sched/runqueue.c's.
 */
#include "hyp/sched/thread.h"

#include "entry/run.h"
#include "hyp/mem/kmem.h"
#include "hyp/mem/stack.h"
#include "hyp/sched/bill.h"
#include "hyp/sched/runqueue.h"
#include "hyp/sched/timer.h"

#define WEIGHT_OWN (4 * SCHED_WEIGHT) /* of threads that are no VM's */

void thread_hart_init(struct thread *t, const char *name)
{
	t->state = THREAD_RUNNING;
	t->hart = arch_hart_index();
	t->on_hart = 1;
	t->name = name;
	sched_entity_init(&t->share, WEIGHT_OWN, NULL);
	sched_wants(&t->share);
	vtime_task_init(&t->time);
	vtime_task_switch(NULL, &t->time);
	runqueue_init(t);
}

struct thread *thread_current(void)
{
	return this_hart(runqueue).current;
}

static void thread_free(struct rcu_head *head)
{
	kmem_free(container_of(head, struct thread, rcu));
}

/* Frees the thread that ended before this one got the hart; the struct only once nobody can be on
 * the way to wake it. Interrupts off. */
static void reap(void)
{
	struct thread *t = this_hart(runqueue).dead;

	if (likely(!t))
		return;
	this_hart(runqueue).dead = NULL;
	stack_free(t->stack);
	call_rcu(&t->rcu, thread_free);
}

static void thread_main(void *arg)
{
	struct thread *t = arg;

	runqueue_switched();
	reap();
	irq_on();
	t->fn(t->arg);
	thread_exit();
}

struct thread *thread_create_at(const char *name, unsigned int hart,
				const struct thread_place *place, void (*fn)(void *), void *arg)
{
	struct thread *t = kmem_alloc(sizeof(*t));

	if (!t)
		return NULL;
	t->stack = stack_alloc();
	if (!t->stack) {
		kmem_free(t);
		return NULL;
	}
	t->name = name;
	t->hart = hart;
	t->fn = fn;
	t->arg = arg;
	t->state = THREAD_BLOCKED;
	t->allowed = place->allowed;
	t->lives_in = place->lives_in;
	sched_entity_init(&t->share, WEIGHT_OWN, place->group);
	vtime_task_init(&t->time);
	arch_context_init(&t->ctx, (char *)t->stack + STACK_SIZE, thread_main, t);
	thread_wake(t);
	return t;
}

struct thread *thread_create(const char *name, unsigned int hart, void (*fn)(void *), void *arg)
{
	static const struct thread_place here = {0};

	return thread_create_at(name, hart, &here, fn, arg);
}

/* Gives the hart to the thread that is to run next, waiting for one when there is none; returns when
 * the caller is it again, maybe on another hart. robbed: the caller's turn is not over, and bill_gives_up()
 * came before. Interrupts off; the caller has queued itself, or not. */
static void schedule(bool robbed)
{
	struct thread *prev = thread_current(), *next;

	/* What asks this hart to look is done by looking; what comes later asks again. */
	(void)entry_work_take(ENTRY_WORK_RESCHED);
	while (!(next = runqueue_pick())) {
		runqueue_idle();
		(void)entry_work_take(ENTRY_WORK_RESCHED);
	}
	this_hart(runqueue).current = next;
	runqueue_start_slice();
	lockdep_assert_no_locks();
	/* Not any more, if the hart waited idle. */
	robbed = robbed && bill_is_cut();
	/* For the caller too: a loop with thread_yield() in it holds no grace period up. */
	if (next != prev || !bill_kept(prev, robbed))
		rcu_note_quiescent_irqoff();
	if (next == prev) {
		runqueue_nudge();
		return;
	}
	trace_point(TRACE_SCHED, (u64)(uintptr_t)prev, (u64)(uintptr_t)next);
	this_hart(runqueue).left = prev;
	vtime_task_switch(&prev->time, &next->time);
	if (robbed)
		bill_preempts(prev, next);
	bill_switched(prev, next);
	arch_context_switch(&prev->ctx, &next->ctx);
	runqueue_switched();
	reap();
}

static void give_up(bool yields)
{
	bool over;

	irq_off();
	if (!yields)
		bill_gives_up();
	over = runqueue_requeue(thread_current(), yields);
	schedule(!over && !yields);
	irq_on();
}

void thread_yield(void)
{
	give_up(true);
}

void thread_reschedule(void)
{
	give_up(false);
}

void thread_look(void)
{
	mark_look();
	if (unlikely(READ_ONCE(this_hart(entry_work)) & ENTRY_WORK_RESCHED))
		thread_yield();
}

void thread_exit(void)
{
	struct thread *t;

	irq_off();
	t = thread_current();
	WRITE_ONCE(t->state, THREAD_DEAD);
	runqueue_rest(t);
	this_hart(runqueue).dead = t;
	schedule(false);
	panic("a thread that ended runs again");
}

void thread_wake(struct thread *t)
{
	u32 state;
	unsigned int hart;

	bill_note(t->share.group);
	/* Order: the condition is true, before the state is read.
	 * Pairs with: wait_block() [W1] */
	arch_mb();
	/* Order: the state, before the hart that it waits on. Pairs with: wait_block() [W2] */
	state = arch_load_acquire(&t->state);
	if (state == THREAD_BLOCKED) {
		runqueue_wake(t);
	} else if (state == THREAD_WAITS_HERE) {
		/* On its own hart this is an interrupt, after which it looks. If it has moved meanwhile, it
		 * has looked already. */
		hart = READ_ONCE(t->hart);
		if (hart != arch_hart_index())
			arch_kick(hart);
	}
}

void thread_cancel(struct thread *t)
{
	WRITE_ONCE(t->canceled, true);
	thread_wake(t);
}

struct wait {
	struct thread *thread;
	bool (*cond)(void *arg);
	void *arg;
	bool armed; /* the timer was, at some time */
	struct timer timer;
};

/* The timer is set out only if it is armed. */
static void wait_begin(struct wait *w, bool (*cond)(void *arg), void *arg)
{
	w->thread = thread_current();
	w->cond = cond;
	w->arg = arg;
	w->armed = false;
}

static void wait_over(struct timer *t)
{
	thread_wake(container_of(t, struct wait, timer)->thread);
}

/* Says BLOCKED or WAITS_HERE; what is looked at from here on and comes true later wakes the thread. */
static void wait_block(struct wait *w, enum thread_state state)
{
	/* Order: the hart it has come to, before the state. Pairs with: thread_wake() [W2] */
	arch_store_release(&w->thread->state, state);
	/* Order: the state says that it waits, and the queue that no slice ends, before the condition is
	 * read and who is ready. Pairs with: thread_wake() [W1], tell() [Z1] */
	arch_mb();
}

/* Is the wait over, and how? ERR_AGAIN: it is not. */
static __always_inline enum err wait_look(const struct wait *w)
{
	if (w->cond(w->arg))
		return OK;
	return READ_ONCE(w->thread->canceled) ? ERR_CANCELED : ERR_AGAIN;
}

static void wait_arm(struct wait *w, u64 deadline)
{
	if (deadline == TIMER_NEVER)
		return;
	if (!w->armed) {
		timer_init(&w->timer, wait_over);
		timer_set_lanes(&w->timer, sched_lanes_of(&w->thread->share));
	}
	w->armed = true;
	if (!timer_armed(&w->timer))
		timer_arm(&w->timer, deadline);
}

/* The wait is over: back to RUNNING, if it is not; a wake-up may have queued the thread meanwhile. */
static __always_inline void wait_finish(struct wait *w, enum err e)
{
	if (READ_ONCE(w->thread->state) != THREAD_RUNNING && runqueue_resume(w->thread)) {
		/* This hart may have taken another thread while it looked for one. */
		runqueue_go_on_slice();
		runqueue_nudge();
	}
	if (w->armed)
		timer_disarm(&w->timer);
	if (e == ERR_CANCELED)
		w->thread->canceled = false;
}

/* Others have the hart until the thread is woken and picked: it is RUNNING then. */
static __attribute__((noinline)) enum err wait_gone(const struct wait *w)
{
	runqueue_rest(w->thread);
	schedule(false);
	return wait_look(w);
}

enum err thread_wait(bool (*cond)(void *arg), void *arg, u64 deadline)
{
	struct wait w;
	enum err e;

	wait_begin(&w, cond, arg);
	irq_off();
	for (;;) {
		wait_block(&w, THREAD_BLOCKED);
		e = wait_look(&w);
		if (e == ERR_AGAIN && deadline != TIMER_NEVER && arch_clock() >= deadline)
			e = ERR_TIMEOUT;
		if (e != ERR_AGAIN)
			break;
		wait_arm(&w, deadline);
		e = wait_gone(&w);
		if (e != ERR_AGAIN)
			break;
	}
	wait_finish(&w, e);
	irq_on();
	return e;
}

/* Waits in place, while this hart has no other thread to run. */
static enum err wait_idle(struct wait *w, u64 (*deadline)(void *arg, bool keeps))
{
	enum err e;

	runqueue_stop_slice();
	wait_block(w, THREAD_WAITS_HERE);
	e = wait_look(w);
	if (e == ERR_AGAIN)
		runqueue_rest_here(w->thread);
	while (e == ERR_AGAIN && runqueue_is_empty()) {
		wait_arm(w, deadline(w->arg, true));
		runqueue_idle();
		e = wait_look(w);
	}
	return e;
}

enum err thread_wait_here(bool (*cond)(void *arg), u64 (*deadline)(void *arg, bool keeps),
			  void *arg)
{
	struct wait w;
	enum err e;

	wait_begin(&w, cond, arg);
	irq_off();
	for (;;) {
		e = runqueue_is_empty() ? wait_idle(&w, deadline) : ERR_AGAIN;
		if (e != ERR_AGAIN)
			break;
		wait_block(&w, THREAD_BLOCKED);
		e = wait_look(&w);
		if (e != ERR_AGAIN)
			break;
		wait_arm(&w, deadline(arg, false));
		e = wait_gone(&w);
		if (e != ERR_AGAIN)
			break;
	}
	wait_finish(&w, e);
	irq_on();
	return e;
}
