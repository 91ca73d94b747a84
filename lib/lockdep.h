/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lock checking: what a hart believes of its interrupts and of the locks it holds, compared with
 * what is so. Evaluated in debug builds; compiled always.
 *
 * All functions are __window: they touch only this hart's own words and take no lock.
 */
#ifndef LIB_LOCKDEP_H
#define LIB_LOCKDEP_H

#include "lib/check.h"
#include "lib/step.h"

struct lockdep_hart {
	bool irqs_on;		 /* believed: interrupts are (about to be) on */
	unsigned int locks_held; /* spinlocks this hart holds */
};

DECLARE_PER_HART(struct lockdep_hart, lockdep_hart);

/* The caller is about to turn interrupts on. Interrupts off. */
__window void lockdep_hardirqs_on_prepare(void)
{
	step(STEP_LOCK_IRQ_ON);
	if (!LIMEN_DEBUG)
		return;
	DCHECK(arch_irqs_off());
	this_hart(lockdep_hart).irqs_on = true;
}

/* The caller has just turned interrupts off, or found them so after a guest's run. */
__window void lockdep_hardirqs_off(void)
{
	step(STEP_LOCK_IRQ_OFF);
	if (!LIMEN_DEBUG)
		return;
	DCHECK(arch_irqs_off());
	this_hart(lockdep_hart).irqs_on = false;
}

__window void lockdep_acquired(void)
{
	if (LIMEN_DEBUG)
		this_hart(lockdep_hart).locks_held++;
}

__window void lockdep_released(void)
{
	if (LIMEN_DEBUG)
		this_hart(lockdep_hart).locks_held--;
}

/* An interrupt was taken: interrupts are off. Returns what was believed, for the exit. */
__window bool lockdep_irq_enter(void)
{
	bool believed = this_hart(lockdep_hart).irqs_on;

	this_hart(lockdep_hart).irqs_on = false;
	return believed;
}

__window void lockdep_irq_exit(bool believed)
{
	this_hart(lockdep_hart).irqs_on = believed;
}

/* Asserts that this hart holds no spinlock, as the entry into a guest and a blocking call want. */
__window void lockdep_assert_no_locks(void)
{
	DCHECK(this_hart(lockdep_hart).locks_held == 0);
}

/* Asserts that interrupts are off, and that this hart believes so too. */
__window void lockdep_assert_irqs_off(void)
{
	DCHECK(arch_irqs_off());
	DCHECK(!this_hart(lockdep_hart).irqs_on);
}

#endif
