/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/timer.h"

#include "arch/riscv/clock.h"
#include "lib/lockdep.h"

struct timer_hart {
	struct list queue; /* of struct timer, soonest first */
	u64 programmed;	   /* what the hardware waits for */
};

static DEFINE_PER_HART(struct timer_hart, timer_hart);

void timer_hart_init(void)
{
	list_init(&this_hart(timer_hart).queue);
	this_hart(timer_hart).programmed = TIMER_NEVER;
	clock_set_deadline(TIMER_NEVER);
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	list_init(&t->node);
	t->fn = fn;
}

static struct timer *first(struct timer_hart *h)
{
	return list_empty(&h->queue) ? NULL : list_entry(h->queue.next, struct timer, node);
}

/* A deadline that moved away is left in the hardware: one interrupt that finds nothing to do is
 * cheaper than writing at every disarm. */
static void program(struct timer_hart *h)
{
	struct timer *t = first(h);

	if (t && t->deadline < h->programmed) {
		h->programmed = t->deadline;
		clock_set_deadline(t->deadline);
	}
}

void timer_arm(struct timer *t, u64 deadline)
{
	struct timer_hart *h = &this_hart(timer_hart);
	struct list *p;

	list_del(&t->node);
	if (deadline == TIMER_NEVER)
		return;
	t->deadline = deadline;
	list_for_each (p, &h->queue)
		if (list_entry(p, struct timer, node)->deadline > deadline)
			break;
	list_add_before(&t->node, p);
	program(h);
}

void timer_disarm(struct timer *t)
{
	list_del(&t->node);
}

void timer_irq(void)
{
	struct timer_hart *h = &this_hart(timer_hart);
	struct timer *t;

	while ((t = first(h)) && t->deadline <= arch_clock()) {
		list_del(&t->node);
		t->fn(t);
	}
	h->programmed = t ? t->deadline : TIMER_NEVER;
	clock_set_deadline(h->programmed);
}
