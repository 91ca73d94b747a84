/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invariants: all says that count is 0; the pages of all slots, a whole address space being one, and
 * budget are VFENCE_PAGES. The lock is a leaf, and is not held while fences are done.
 */
#include "guest/vfence.h"

#include "lib/check.h"

/* Empty but for whether everything is to be forgotten; its lock is held, or nobody else's. */
static void clear(struct vfence_queue *q, bool all)
{
	q->all = all;
	q->count = 0;
	q->budget = VFENCE_PAGES;
}

void vfence_init(struct vfence_queue *q)
{
	q->lock = (struct spinlock)SPINLOCK_INIT("vfence");
	clear(q, false);
}

static void add(struct vfence_queue *q, const struct vfence *f)
{
	u64 cost = f->end ? (f->end - f->start + VFENCE_PAGE - 1) / VFENCE_PAGE : 1;

	if (q->all)
		return;
	if ((!f->end && f->any_asid) || q->count == VFENCE_SLOTS || cost > q->budget) {
		clear(q, true);
		return;
	}
	q->slot[q->count++] = *f;
	q->budget -= (u32)cost;
}

void vfence_push(struct vfence_queue *q, const struct vfence *f)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);

	add(q, f);
	spin_unlock_irqrestore(&q->lock, flags);
}

void vfence_drain(struct vfence_queue *q)
{
	struct vfence todo[VFENCE_SLOTS];
	u32 count;
	bool all;

	DCHECK(arch_irqs_off());
	spin_lock(&q->lock);
	all = q->all;
	count = q->count;
	for (u32 i = 0; i < count; i++)
		todo[i] = q->slot[i];
	clear(q, false);
	spin_unlock(&q->lock);
	if (all)
		hfence_vvma_all();
	for (u32 i = 0; i < count; i++)
		vfence_do(&todo[i]);
}
