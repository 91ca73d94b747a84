/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ticket spinlocks: first come, first served. A lock that an interrupt handler takes is taken with
 * spin_lock_irqsave() everywhere. Holding one, nothing may block.
 */
#ifndef LIB_SPINLOCK_H
#define LIB_SPINLOCK_H

#include "lib/irq.h"

struct spinlock {
	u32 next;  /* ticket handed out next; atomic */
	u32 owner; /* ticket that holds the lock; written by the holder alone */
};

#define SPINLOCK_INIT \
	{             \
		0, 0  \
	}

static inline void spin_lock(struct spinlock *l)
{
	u32 ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	/* Order: the lock is ours, before what it protects is touched.
	 * Pairs with: spin_unlock() [S1] */
	while (arch_load_acquire(&l->owner) != ticket)
		arch_relax();
	lockdep_acquired();
}

static inline void spin_unlock(struct spinlock *l)
{
	lockdep_released();
	/* Order: what the lock protects was touched, before the lock is another's.
	 * Pairs with: spin_lock() [S1] */
	arch_store_release(&l->owner, l->owner + 1);
}

static inline unsigned long spin_lock_irqsave(struct spinlock *l)
{
	unsigned long flags = irq_save();

	spin_lock(l);
	return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags)
{
	spin_unlock(l);
	irq_restore(flags);
}

#endif
