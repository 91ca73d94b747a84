/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lock checking: what a hart believes of its interrupts and of the locks it holds, compared with
 * what is so; and the order in which classes of locks are taken, by any hart since the start.
 * Evaluated in debug builds; compiled always. Every fault found is a panic whose text says which
 * locks and where, by symbol. docs/locking.md has the rules.
 *
 * The __window functions touch only this hart's own words and take no lock; RCU may be not
 * watching. The others are for code that RCU watches; they work from the first instruction of C
 * on, since they allocate nothing.
 */
#ifndef LIB_LOCKDEP_H
#define LIB_LOCKDEP_H

#include "lib/check.h"
#include "lib/step.h"

#define LOCKDEP_HELD_MAX 8 /* locks a hart may hold at once */

struct spinlock;

struct lockdep_held {
	const struct spinlock *lock;
	uintptr_t site; /* return address of the call that took it */
	u32 class;
};

/* Written by its hart alone, held[] with interrupts off; read by others for a report only. */
struct lockdep_hart {
	bool irqs_on;	/* believed: interrupts are (about to be) on */
	u8 irq_depth;	/* interrupt handlers under way */
	u32 locks_held; /* used entries of held[] */
	struct lockdep_held held[LOCKDEP_HELD_MAX];
};

DECLARE_PER_HART(struct lockdep_hart, lockdep_hart);

/* Checks that interrupts are what the hart believes of them. */
__window void lockdep_check_irqs(void)
{
	if (!LIMEN_DEBUG)
		return;
	if (unlikely(this_hart(lockdep_hart).irqs_on && arch_irqs_off()))
		panic("lockdep: interrupts are off and were believed on");
	if (unlikely(!this_hart(lockdep_hart).irqs_on && !arch_irqs_off()))
		panic("lockdep: interrupts are on and were believed off");
}

/* Interrupts come on with what the caller does next: its next instruction, or the guest's first. Interrupts
 * off; what was held, lockdep_hardirqs_on_prepare() has marked. */
__window void lockdep_hardirqs_on(void)
{
	step(STEP_LOCK_IRQ_ON);
	if (!LIMEN_DEBUG)
		return;
	if (unlikely(!arch_irqs_off()))
		panic("lockdep: interrupts are to come on and are on");
	if (unlikely(this_hart(lockdep_hart).irqs_on))
		panic("lockdep: interrupts are to come on and were believed on");
	this_hart(lockdep_hart).irqs_on = true;
}

/* The caller has just turned interrupts off, or found them so after a guest's run. */
__window void lockdep_hardirqs_off(void)
{
	step(STEP_LOCK_IRQ_OFF);
	if (!LIMEN_DEBUG)
		return;
	if (unlikely(!arch_irqs_off()))
		panic("lockdep: interrupts were turned off and are on");
	this_hart(lockdep_hart).irqs_on = false;
}

/* An interrupt was taken: interrupts are off. Returns what was believed, for the exit. What is
 * locked in between is locked in an interrupt. */
__window bool lockdep_irq_enter(void)
{
	bool believed;

	if (!LIMEN_DEBUG)
		return false;
	believed = this_hart(lockdep_hart).irqs_on;
	this_hart(lockdep_hart).irqs_on = false;
	this_hart(lockdep_hart).irq_depth++;
	return believed;
}

/* What lockdep_hardirqs_on_prepare() and the end of an interrupt find. */
void lockdep_hold_irqs_on(void);

/* The interrupt is over. What its handler still holds is held with what it came out of: with interrupts
 * on, if they were. RCU watching. */
__window void lockdep_irq_exit(bool believed)
{
	if (!LIMEN_DEBUG)
		return;
	lockdep_check_irqs();
	this_hart(lockdep_hart).irq_depth--;
	if (unlikely(believed && this_hart(lockdep_hart).locks_held != 0)) {
		instrumentation_begin();
		lockdep_hold_irqs_on();
		instrumentation_end();
	}
	this_hart(lockdep_hart).irqs_on = believed;
}

/* Asserts that interrupts are off, and that this hart believes so too. */
__window void lockdep_assert_irqs_off(void)
{
	DCHECK(arch_irqs_off());
	DCHECK(!this_hart(lockdep_hart).irqs_on);
}

/* The calling hart is about to wait for the lock, whose class has that name. Checks that it may,
 * and counts it as held from here on. */
void lockdep_acquire(const struct spinlock *lock, const char *class);

/* The calling hart is about to let go of the lock. */
void lockdep_release(const struct spinlock *lock);

/* The first half of turning interrupts on, the one that RCU must watch: marks what this hart holds as held
 * with interrupts on, as if it were taken so. lockdep_hardirqs_on() is the second half. An entry into a
 * guest has lockdep_assert_no_locks() in place of it, as nothing may be held there at all. */
static __always_inline void lockdep_hardirqs_on_prepare(void)
{
	if (LIMEN_DEBUG && unlikely(this_hart(lockdep_hart).locks_held != 0))
		lockdep_hold_irqs_on();
}

/* What the two below find. */
void lockdep_check_held(const struct spinlock *lock);
__noreturn void lockdep_report_held(void);

/* Asserts that the calling hart holds the lock. */
static __always_inline void lockdep_assert_held(const struct spinlock *lock)
{
	if (LIMEN_DEBUG)
		lockdep_check_held(lock);
}

/* Asserts that this hart holds no spinlock, as the entry into a guest and a blocking call want.
 * RCU watching. */
__window void lockdep_assert_no_locks(void)
{
	if (LIMEN_DEBUG && unlikely(this_hart(lockdep_hart).locks_held != 0)) {
		instrumentation_begin();
		lockdep_report_held();
		instrumentation_end();
	}
}

#endif
