/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tags: [W1] a condition against a wake-up, store buffering: the waiter says BLOCKED and then reads
 * its condition, the waker makes the condition true and then reads the state.
 */
#include "hyp/thread.h"

#include "entry/idle.h"
#include "entry/run.h"
#include "hyp/kmem.h"
#include "hyp/stack.h"
#include "hyp/timer.h"

#define SLICE_MS 10

struct runqueue {
	struct spinlock lock;
	struct list ready;	/* of struct thread; under lock */
	struct thread *current; /* this hart alone */
	struct thread *dead;	/* ended, still on its stack; this hart alone */
	struct timer slice;
};

static DEFINE_PER_HART(struct runqueue, runqueue);

static void slice_over(struct timer *t)
{
	(void)t;
	entry_work_set(arch_hart_index(), ENTRY_WORK_RESCHED);
}

void thread_hart_init(struct thread *t, const char *name)
{
	struct runqueue *rq = &this_hart(runqueue);

	rq->lock = (struct spinlock)SPINLOCK_INIT("runqueue");
	list_init(&rq->ready);
	timer_init(&rq->slice, slice_over);
	list_init(&t->node);
	t->state = THREAD_RUNNING;
	t->hart = arch_hart_index();
	t->name = name;
	rq->current = t;
	vtime_task_init(&t->time);
	vtime_task_switch(NULL, &t->time);
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

	reap();
	irq_on();
	t->fn(t->arg);
	thread_exit();
}

struct thread *thread_create(const char *name, unsigned int hart, void (*fn)(void *), void *arg)
{
	struct thread *t = kmem_alloc(sizeof(*t));

	if (!t)
		return NULL;
	t->stack = stack_alloc();
	if (!t->stack) {
		kmem_free(t);
		return NULL;
	}
	list_init(&t->node);
	t->name = name;
	t->hart = hart;
	t->fn = fn;
	t->arg = arg;
	t->state = THREAD_BLOCKED;
	vtime_task_init(&t->time);
	arch_context_init(&t->ctx, (char *)t->stack + STACK_SIZE, thread_main, t);
	thread_wake(t);
	return t;
}

static struct thread *pick(struct runqueue *rq)
{
	struct thread *t = NULL;

	spin_lock(&rq->lock);
	if (!list_empty(&rq->ready)) {
		t = list_entry(rq->ready.next, struct thread, node);
		list_del(&t->node);
		t->state = THREAD_RUNNING;
	}
	spin_unlock(&rq->lock);
	return t;
}

/* Somebody else waits for this hart: the thread that gets it now has it for one slice. */
static void start_slice(struct runqueue *rq)
{
	if (!list_empty(&rq->ready))
		timer_arm(&rq->slice, arch_clock() + arch_clock_hz() * SLICE_MS / 1000);
	else
		timer_disarm(&rq->slice);
}

/* Gives the hart to the next ready thread, waiting for one when there is none; returns when the
 * caller is it again. Interrupts off; the caller has queued itself, or not. */
static void schedule(void)
{
	struct runqueue *rq = &this_hart(runqueue);
	struct thread *prev = rq->current, *next;

	while (!(next = pick(rq)))
		idle_wait_irqoff();
	start_slice(rq);
	lockdep_assert_no_locks();
	/* For the caller too: a loop with thread_yield() in it holds no grace period up. */
	rcu_note_quiescent();
	if (next == prev)
		return;
	trace_point(TRACE_SCHED, (u64)(uintptr_t)prev, (u64)(uintptr_t)next);
	rq->current = next;
	vtime_task_switch(&prev->time, &next->time);
	arch_context_switch(&prev->ctx, &next->ctx);
	reap();
}

void thread_yield(void)
{
	struct runqueue *rq;

	irq_off();
	rq = &this_hart(runqueue);
	spin_lock(&rq->lock);
	rq->current->state = THREAD_READY;
	list_add_tail(&rq->current->node, &rq->ready);
	spin_unlock(&rq->lock);
	schedule();
	irq_on();
}

void thread_exit(void)
{
	struct runqueue *rq;

	irq_off();
	rq = &this_hart(runqueue);
	rq->current->state = THREAD_DEAD;
	rq->dead = rq->current;
	schedule();
	panic("a thread that ended runs again");
}

void thread_wake(struct thread *t)
{
	struct runqueue *rq = &per_hart(runqueue, t->hart);
	unsigned long flags;
	bool woken = false;

	/* Order: the condition is true, before the state is read.
	 * Pairs with: wait_block() [W1] */
	arch_mb();
	if (READ_ONCE(t->state) != THREAD_BLOCKED)
		return;
	flags = spin_lock_irqsave(&rq->lock);
	if (t->state == THREAD_BLOCKED) {
		t->state = THREAD_READY;
		vtime_task_ready(&t->time);
		list_add_tail(&t->node, &rq->ready);
		woken = true;
	}
	spin_unlock_irqrestore(&rq->lock, flags);
	if (woken && (t->hart != arch_hart_index() || t != READ_ONCE(rq->current)))
		entry_work_set(t->hart, ENTRY_WORK_RESCHED);
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

static void wait_over(struct timer *t)
{
	thread_wake(container_of(t, struct wait, timer)->thread);
}

/* Says BLOCKED; what is looked at from here on and comes true later wakes the thread. */
static void wait_block(struct wait *w)
{
	WRITE_ONCE(w->thread->state, THREAD_BLOCKED);
	/* Order: the state says BLOCKED, before the condition is read.
	 * Pairs with: thread_wake() [W1] */
	arch_mb();
}

/* Is the wait over, and how? ERR_AGAIN: it is not. */
static enum err wait_look(const struct wait *w)
{
	if (w->cond(w->arg))
		return OK;
	return READ_ONCE(w->thread->canceled) ? ERR_CANCELED : ERR_AGAIN;
}

static void wait_arm(struct wait *w, u64 deadline)
{
	if (deadline == TIMER_NEVER)
		return;
	if (!w->armed)
		timer_init(&w->timer, wait_over);
	w->armed = true;
	if (list_empty(&w->timer.node))
		timer_arm(&w->timer, deadline);
}

/* Back to RUNNING after the condition came true; a wake-up may have queued the thread meanwhile. */
static void wait_finish(struct wait *w, enum err e)
{
	struct runqueue *rq = &this_hart(runqueue);

	spin_lock(&rq->lock);
	list_del(&w->thread->node);
	w->thread->state = THREAD_RUNNING;
	spin_unlock(&rq->lock);
	if (w->armed)
		timer_disarm(&w->timer);
	if (e == ERR_CANCELED)
		w->thread->canceled = false;
}

enum err thread_wait(bool (*cond)(void *arg), void *arg, u64 deadline)
{
	struct wait w = {.thread = thread_current(), .cond = cond, .arg = arg};
	enum err e;

	irq_off();
	for (;;) {
		wait_block(&w);
		e = wait_look(&w);
		if (e == ERR_AGAIN && deadline != TIMER_NEVER && arch_clock() >= deadline)
			e = ERR_TIMEOUT;
		if (e != ERR_AGAIN)
			break;
		wait_arm(&w, deadline);
		schedule();
	}
	wait_finish(&w, e);
	irq_on();
	return e;
}

/* Waits while this hart has no other thread to run. A wake-up of the thread itself queues it, and so
 * ends this as well. */
static enum err wait_idle(struct wait *w, u64 (*deadline)(void *arg, bool keeps))
{
	const struct list *ready = &this_hart(runqueue).ready;
	enum err e = wait_look(w);

	while (e == ERR_AGAIN && list_empty(ready)) {
		wait_arm(w, deadline(w->arg, true));
		idle_wait_irqoff();
		e = wait_look(w);
	}
	return e;
}

enum err thread_wait_here(bool (*cond)(void *arg), u64 (*deadline)(void *arg, bool keeps),
			  void *arg)
{
	struct wait w = {.thread = thread_current(), .cond = cond, .arg = arg};
	enum err e;

	irq_off();
	for (;;) {
		wait_block(&w);
		e = wait_idle(&w, deadline);
		if (e != ERR_AGAIN)
			break;
		wait_arm(&w, deadline(arg, false));
		schedule();
	}
	wait_finish(&w, e);
	irq_on();
	return e;
}
