/* SPDX-License-Identifier: BSD-2-Clause */
#include "entry/vtime.h"

DEFINE_PER_HART(struct vtime_hart, vtime_hart);

void vtime_hart_init(void)
{
	u64 now = arch_clock();

	this_hart(vtime_hart) = (struct vtime_hart){.since = now, .start = now, .kind = VTIME_HOST};
}

void vtime_task_init(struct vtime_task *t)
{
	*t = (struct vtime_task){0};
	t->start = t->left = t->ready = arch_clock();
}

u64 vtime_task_ready(struct vtime_task *t)
{
	t->ready = arch_clock();
	return t->ready;
}

void vtime_task_rob(struct vtime_task *t, enum vtime_kind kind, u64 ticks)
{
	t->ticks[kind] -= ticks;
	WRITE_ONCE(t->steal, t->steal + ticks);
}

/* The hart's time since it took t is t's. */
static void task_leaves(struct vtime_task *t, const struct vtime_hart *v)
{
	for (unsigned int k = 0; k < VTIME_KINDS; k++)
		t->ticks[k] += v->ticks[k] - t->base[k];
	t->left = v->since;
}

/* What passed since t left is idle time until it was ready, and steal from then on. It may have been
 * made ready before it left, or, by another hart's reading, after now. */
static void task_comes(struct vtime_task *t, const struct vtime_hart *v)
{
	u64 now = max_u64(v->since, t->left);
	u64 ready = min_u64(max_u64(t->ready, t->left), now);

	t->ticks[VTIME_IDLE] += ready - t->left;
	WRITE_ONCE(t->steal, t->steal + (now - ready));
	for (unsigned int k = 0; k < VTIME_KINDS; k++)
		t->base[k] = v->ticks[k];
}

void vtime_task_switch(struct vtime_task *prev, struct vtime_task *next)
{
	struct vtime_hart *v = &this_hart(vtime_hart);

	vtime_switch(v->kind);
	if (prev)
		task_leaves(prev, v);
	if (next)
		task_comes(next, v);
}

u64 vtime_task_used(const struct vtime_task *t)
{
	struct vtime_hart *v = &this_hart(vtime_hart);
	u64 used = 0;

	vtime_switch(v->kind);
	for (unsigned int k = VTIME_HOST; k <= VTIME_GUEST; k++)
		used += t->ticks[k] + v->ticks[k] - t->base[k];
	return used;
}

u64 vtime_task_read(const struct vtime_task *t, u64 ticks[VTIME_KINDS], u64 *steal)
{
	unsigned long flags = arch_irq_save();
	struct vtime_hart *v = &this_hart(vtime_hart);
	u64 elapsed;

	vtime_switch(v->kind);
	for (unsigned int k = 0; k < VTIME_KINDS; k++)
		ticks[k] = t->ticks[k] + v->ticks[k] - t->base[k];
	*steal = t->steal;
	elapsed = v->since - t->start;
	arch_irq_restore(flags);
	return elapsed;
}

u64 vtime_read(u64 ticks[VTIME_KINDS])
{
	unsigned long flags = arch_irq_save();
	struct vtime_hart *v = &this_hart(vtime_hart);
	u64 elapsed;

	vtime_switch(v->kind);
	for (unsigned int k = 0; k < VTIME_KINDS; k++)
		ticks[k] = v->ticks[k];
	elapsed = v->since - v->start;
	arch_irq_restore(flags);
	return elapsed;
}
