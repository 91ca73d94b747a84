/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/bill.h"

struct bill {
	struct sched_group *irq_for; /* for whom the interrupt that runs works, or NULL */
	u64 since;		     /* from when on */
	struct sched_group
		*robber; /* whose thread had the hart before, having gone before this one */
	u64 returned;	 /* the hart's ticks of VTIME_HOST when this one got it back */
};

static DEFINE_PER_HART(struct bill, bill);

static void charge(struct sched_group *group, enum vtime_kind kind, u64 ticks, struct thread *from)
{
	sched_owe(group, ticks);
	if (from->share.group == group)
		return;
	sched_serve(group, ticks);
	vtime_task_rob(&from->time, kind, ticks);
}

/* Who waits, its hart idle, has nothing taken from it. */
static void charge_idle(struct sched_group *group, u64 ticks, const struct thread *waits)
{
	sched_owe(group, ticks);
	if (waits->share.group != group)
		sched_serve(group, ticks);
}

static void charge_irq(struct bill *b)
{
	struct thread *t = thread_current();
	u64 ticks;

	vtime_switch(VTIME_IRQ);
	ticks = vtime_since() - b->since;
	if (READ_ONCE(t->state) == THREAD_RUNNING)
		charge(b->irq_for, VTIME_IRQ, ticks, t);
	else
		charge_idle(b->irq_for, ticks, t);
}

void bill_note(struct sched_group *group)
{
	struct bill *b = &this_hart(bill);

	if (likely(this_hart(vtime_hart).kind != VTIME_IRQ) || b->irq_for == group)
		return;
	if (b->irq_for)
		charge_irq(b);
	b->since = vtime_since();
	b->irq_for = group;
}

void bill_irq_end(void)
{
	struct bill *b = &this_hart(bill);

	if (likely(!b->irq_for))
		return;
	charge_irq(b);
	b->irq_for = NULL;
}

void bill_preempts(struct thread *prev, const struct thread *next, u64 since)
{
	struct sched_group *group = next->share.group;

	if (!group || group == prev->share.group)
		return;
	vtime_switch(VTIME_HOST);
	charge(group, VTIME_HOST, vtime_since() - since, prev);
	prev->robber = group;
}

/* A VM that is gone is looked up by its address alone. */
void bill_switched(const struct thread *prev, struct thread *next)
{
	struct bill *b = &this_hart(bill);

	b->robber = next->robber && next->robber == prev->share.group ? prev->share.group : NULL;
	b->returned = this_hart(vtime_hart).ticks[VTIME_HOST];
	next->robber = NULL;
}

/* What interrupts took meanwhile has been charged by them. */
void bill_returned(void)
{
	struct bill *b = &this_hart(bill);

	if (!b->robber)
		return;
	vtime_switch(VTIME_HOST);
	charge(b->robber, VTIME_HOST, this_hart(vtime_hart).ticks[VTIME_HOST] - b->returned,
	       thread_current());
	b->robber = NULL;
}
