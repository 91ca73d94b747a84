/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invariants: all says that count is 0; the pages of all slots, a whole address space being one, and
 * budget are VFENCE_PAGES. The lock is a leaf, and is not held while fences are done.
 */
#include "guest/riscv/vfence.h"

#include "lib/check.h"

void vfence_init(struct vfence_queue *q)
{
	q->lock = (struct spinlock)SPINLOCK_INIT("vfence");
	vfence_clear(q, false);
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
	vfence_clear(q, false);
	spin_unlock(&q->lock);
	if (all)
		hfence_vvma_all();
	for (u32 i = 0; i < count; i++)
		vfence_do(&todo[i]);
}
