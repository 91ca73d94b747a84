/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts on and off, with the lock checker and the tracer told. All code that RCU watches
 * uses these; the arch_irq_* calls below them are for the window alone.
 */
#ifndef LIB_IRQ_H
#define LIB_IRQ_H

#include "arch/arch.h"
#include "lib/lockdep.h"
#include "lib/trace.h"

/* From off to on. */
static inline void irq_on(void)
{
	trace_hardirqs_on();
	lockdep_hardirqs_on_prepare();
	lockdep_hardirqs_on();
	arch_irq_on();
}

/* From on to off. Does not nest: irq_on() turns them on again; where they may be off already,
 * irq_save(). */
static inline void irq_off(void)
{
	lockdep_check_irqs();
	DCHECK(!arch_irqs_off());
	arch_irq_off();
	lockdep_hardirqs_off();
	trace_hardirqs_off();
}

/* Turns interrupts off and returns what irq_restore() wants; they nest. */
static inline unsigned long irq_save(void)
{
	unsigned long flags;

	lockdep_check_irqs();
	flags = arch_irq_save();
	if (flags) {
		lockdep_hardirqs_off();
		trace_hardirqs_off();
	}
	return flags;
}

static inline void irq_restore(unsigned long flags)
{
	lockdep_check_irqs();
	if (flags) {
		trace_hardirqs_on();
		lockdep_hardirqs_on_prepare();
		lockdep_hardirqs_on();
	}
	arch_irq_restore(flags);
}

#endif
