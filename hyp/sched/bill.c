/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/sched/bill.h"

#include "entry/run.h"

DEFINE_PER_HART(struct bill, bill);

static void serve(struct sched_group *group, u64 ticks)
{
	sched_owe(group, ticks);
	sched_serve(group, ticks);
}

/* What an interrupt took from the group's own thread is owed: who is charged for what a thread has used is not
 * charged for interrupts. */
static void charge_irq_only(struct sched_group *group, u64 ticks, struct thread *from)
{
	if (from->share.group == group) {
		sched_owe(group, ticks);
		return;
	}
	serve(group, ticks);
	vtime_task_rob(&from->time, VTIME_IRQ, ticks);
}

/* Who waits, its hart idle, has nothing taken from it. */
static void charge_idle(struct sched_group *group, u64 ticks, const struct thread *waits)
{
	if (waits->share.group == group)
		sched_owe(group, ticks);
	else
		serve(group, ticks);
}

/* Takes from a thread what has passed since the cut and is not charged yet, up to the hart's present interval;
 * returns how much. */
static u64 take_cut(struct bill *b, struct vtime_task *from)
{
	const struct vtime_hart *v = &this_hart(vtime_hart);
	u64 sum = 0;

	for (unsigned int k = 0; k < VTIME_KINDS; k++) {
		u64 ticks = v->ticks[k] - b->from[k];

		b->from[k] = v->ticks[k];
		vtime_task_rob(from, k, ticks);
		sum += ticks;
	}
	return sum;
}

/* Of the group's own thread: what interrupts took. */
static u64 take_irq(struct bill *b)
{
	u64 all = this_hart(vtime_hart).ticks[VTIME_IRQ], ticks = all - b->from[VTIME_IRQ];

	b->from[VTIME_IRQ] = all;
	return ticks;
}

static void charge_cut(struct bill *b, struct sched_group *group, struct thread *from)
{
	if (from->share.group == group)
		sched_owe(group, take_irq(b));
	else
		serve(group, take_cut(b, &from->time));
}

/* Nothing of the hart's time is charged yet from now on, as far as its closed intervals go. */
static void cut_here(struct bill *b)
{
	const struct vtime_hart *v = &this_hart(vtime_hart);

	for (unsigned int k = 0; k < VTIME_KINDS; k++)
		b->from[k] = v->ticks[k];
	b->cut = rcu_stamp();
	b->asker = NULL;
}

/* The interval that the interrupt ended is closed, and from arch_guest_left on not the guest's. */
void bill_cut(void)
{
	struct bill *b = &this_hart(bill);

	cut_here(b);
	b->from[VTIME_GUEST] -= vtime_since() - this_hart(arch_guest_left);
}

static void charge_irq(struct bill *b)
{
	struct thread *t = thread_current();

	vtime_switch(VTIME_IRQ);
	if (READ_ONCE(t->state) != THREAD_RUNNING)
		charge_idle(b->irq_for, vtime_since() - b->since, t);
	else if (bill_is_cut())
		charge_cut(b, b->irq_for, t);
	else
		charge_irq_only(b->irq_for, vtime_since() - b->since, t);
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

void bill_irq_charge(void)
{
	struct bill *b = &this_hart(bill);

	charge_irq(b);
	if (READ_ONCE(this_hart(entry_work)) & ENTRY_WORK_RESCHED)
		b->asker = b->irq_for;
	b->irq_for = NULL;
}

u64 bill_used(void)
{
	unsigned long flags = arch_irq_save();
	u64 used = vtime_task_used(&thread_current()->time);

	arch_irq_restore(flags);
	return used;
}

void bill_work(struct sched_group *group, u64 since)
{
	serve(group, bill_used() - since);
}

void bill_gives_up(void)
{
	if (!bill_is_cut())
		cut_here(&this_hart(bill));
}

bool bill_kept(struct thread *prev, bool robbed)
{
	struct bill *b = &this_hart(bill);

	b->payer = robbed && b->asker != prev->share.group ? b->asker : NULL;
	b->cut = 0;
	if (likely(!b->payer))
		return false;
	vtime_switch(VTIME_HOST);
	charge_cut(b, b->payer, prev);
	b->returned = this_hart(vtime_hart).ticks[VTIME_HOST];
	return true;
}

void bill_preempts(struct thread *prev, const struct thread *next)
{
	struct sched_group *group = next->share.group;

	if (!group || group == prev->share.group)
		return;
	charge_cut(&this_hart(bill), group, prev);
	prev->robber = group;
}

/* A VM that is gone is looked up by its address alone. */
void bill_switched(const struct thread *prev, struct thread *next)
{
	struct bill *b = &this_hart(bill);

	b->payer = next->robber && next->robber == prev->share.group ? prev->share.group : NULL;
	b->returned = this_hart(vtime_hart).ticks[VTIME_HOST];
	b->cut = 0;
	next->robber = NULL;
}

/* What interrupts took meanwhile has been charged by them. */
void bill_returned(void)
{
	struct bill *b = &this_hart(bill);
	u64 ticks;

	if (!b->payer)
		return;
	vtime_switch(VTIME_HOST);
	ticks = this_hart(vtime_hart).ticks[VTIME_HOST] - b->returned;
	serve(b->payer, ticks);
	vtime_task_rob(&thread_current()->time, VTIME_HOST, ticks);
	b->payer = NULL;
}
