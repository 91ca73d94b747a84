/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ticket spinlocks: first come, first served. A lock that an interrupt handler takes is taken with
 * spin_lock_irqsave() everywhere. Holding one, nothing may block.
 *
 * Each lock is of a class, by name: locks of one class protect the same kind of thing, and have
 * one place in the order of docs/locking.md. Two of one class are never held together.
 */
#ifndef LIB_SPINLOCK_H
#define LIB_SPINLOCK_H

#include "lib/irq.h"

struct spinlock {
	u32 next;	   /* ticket handed out next; atomic */
	u32 owner;	   /* ticket that holds the lock; written by the holder alone */
	const char *class; /* read by the lock checker alone */
};

/* Every lock is initialised with its class, a string that lives for ever. */
#define SPINLOCK_INIT(class_name) \
	{                         \
		0, 0, class_name  \
	}

/* All are inlined, so that the lock checker sees who called. */
static __always_inline void spin_lock(struct spinlock *l)
{
	u32 ticket;

	if (LIMEN_DEBUG)
		lockdep_acquire(l, l->class);
	ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);
	/* Order: the lock is ours, before what it protects is touched.
	 * Pairs with: spin_unlock() [S1] */
	while (arch_load_acquire(&l->owner) != ticket)
		arch_relax();
}

static __always_inline void spin_unlock(struct spinlock *l)
{
	if (LIMEN_DEBUG)
		lockdep_release(l);
	/* Order: what the lock protects was touched, before the lock is another's.
	 * Pairs with: spin_lock() [S1] */
	arch_store_release(&l->owner, l->owner + 1);
}

static __always_inline unsigned long spin_lock_irqsave(struct spinlock *l)
{
	unsigned long flags = irq_save();

	spin_lock(l);
	return flags;
}

static __always_inline void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags)
{
	spin_unlock(l);
	irq_restore(flags);
}

#endif
