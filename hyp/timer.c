/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tag: [T4] what a timer's function did, before who disarms the timer goes on.
 */
#include "hyp/timer.h"

#include "arch/riscv/clock.h"
#include "lib/spinlock.h"

#define AT_ONCE 8 /* timers that one interrupt fires */

struct timer_hart {
	struct spinlock lock;
	struct list queue; /* of struct timer, soonest first; under lock */
	struct timer
		*running; /* its function runs; written by this hart alone, under lock to set */
	u64 programmed;	  /* what the hardware waits for; this hart alone */
};

static DEFINE_PER_HART(struct timer_hart, timer_hart);

void timer_hart_init(void)
{
	struct timer_hart *h = &this_hart(timer_hart);

	h->lock = (struct spinlock)SPINLOCK_INIT("timer");
	list_init(&h->queue);
	h->running = NULL;
	h->programmed = TIMER_NEVER;
	clock_set_deadline(TIMER_NEVER);
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	list_init(&t->node);
	t->fn = fn;
	t->hart = arch_hart_index();
}

static struct timer *first(struct timer_hart *h)
{
	return list_empty(&h->queue) ? NULL : list_entry(h->queue.next, struct timer, node);
}

/* A deadline that moved away is left in the hardware where the firmware would have to be called: one
 * interrupt that finds nothing to do is cheaper. Under the lock, on its own hart. */
static void program(struct timer_hart *h)
{
	u64 deadline = first(h) ? first(h)->deadline : TIMER_NEVER;

	if (deadline == h->programmed || (deadline > h->programmed && !clock_has_sstc()))
		return;
	h->programmed = deadline;
	clock_set_deadline(deadline);
}

/* The function must not be under way on another hart while its timer changes hands or goes away. */
static void await_function(struct timer_hart *h, const struct timer *t)
{
	if (h == &this_hart(timer_hart))
		return;
	/* Order: all that the function did, before the caller goes on. Pairs with: fire() [T4] */
	while (arch_load_acquire(&h->running) == t)
		arch_relax();
}

void timer_disarm(struct timer *t)
{
	struct timer_hart *h = &per_hart(timer_hart, t->hart);

	spin_lock(&h->lock);
	list_del(&t->node);
	spin_unlock(&h->lock);
	await_function(h, t);
}

void timer_arm(struct timer *t, u64 deadline)
{
	struct timer_hart *h = &this_hart(timer_hart);
	struct list *p;

	if (timer_armed(t) || t->hart != arch_hart_index())
		timer_disarm(t);
	if (deadline == TIMER_NEVER)
		return;
	t->deadline = deadline;
	t->hart = arch_hart_index();
	spin_lock(&h->lock);
	list_for_each (p, &h->queue)
		if (list_entry(p, struct timer, node)->deadline > deadline)
			break;
	list_add_before(&t->node, p);
	program(h);
	spin_unlock(&h->lock);
}

/* Takes the first timer out, if its time has come. */
static struct timer *take_due(struct timer_hart *h)
{
	struct timer *t;

	spin_lock(&h->lock);
	t = first(h);
	if (t && t->deadline <= arch_clock()) {
		list_del(&t->node);
		WRITE_ONCE(h->running, t);
	} else {
		h->programmed = t ? t->deadline : TIMER_NEVER;
		clock_set_deadline(h->programmed);
		t = NULL;
	}
	spin_unlock(&h->lock);
	return t;
}

/* The timer may be gone when its function comes back. */
static void fire(struct timer_hart *h, struct timer *t)
{
	t->fn(t);
	/* Order: what the function did, before it no longer runs. Pairs with: await_function() [T4] */
	arch_store_release(&h->running, NULL);
}

/* What is due as well is left to the next interrupt, which is there at once: in between interrupts are on. */
static void program_anew(struct timer_hart *h)
{
	spin_lock(&h->lock);
	h->programmed = TIMER_NEVER;
	program(h);
	spin_unlock(&h->lock);
}

void timer_irq(void)
{
	struct timer_hart *h = &this_hart(timer_hart);
	struct timer *t;

	for (unsigned int i = 0; i < AT_ONCE; i++) {
		t = take_due(h);
		if (!t)
			return;
		fire(h, t);
	}
	program_anew(h);
}
