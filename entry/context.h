/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Context tracking: what each hart does, and RCU's view of it changed in the same place.
 */
#ifndef ENTRY_CONTEXT_H
#define ENTRY_CONTEXT_H

#include "lib/lockdep.h"
#include "rcu/rcu.h"

enum context {
	CONTEXT_HYPERVISOR,
	CONTEXT_GUEST,
	CONTEXT_IDLE,
};

struct context_hart {
	u32 state; /* enum context; written by its hart alone */
};

DECLARE_PER_HART(struct context_hart, context_hart);

/* Leaves the hypervisor for a guest or the idle wait. Interrupts off, RCU watching, no reader. */
__window void context_enter_irqoff(enum context to)
{
	DCHECK(this_hart(context_hart).state == CONTEXT_HYPERVISOR);
	WRITE_ONCE(this_hart(context_hart).state, to);
	rcu_eqs_enter();
}

/* Comes back. Interrupts off; RCU watches on return. */
__window void context_exit_irqoff(enum context from)
{
	rcu_eqs_exit();
	DCHECK(this_hart(context_hart).state == from);
	WRITE_ONCE(this_hart(context_hart).state, CONTEXT_HYPERVISOR);
	(void)from;
}

__window void guest_context_enter_irqoff(void)
{
	context_enter_irqoff(CONTEXT_GUEST);
}

__window void guest_context_exit_irqoff(void)
{
	context_exit_irqoff(CONTEXT_GUEST);
}

/*
 * Brackets an interrupt or trap taken by the hypervisor itself. Where RCU was not watching it does
 * so in between, and the parity is as it was afterwards; nested brackets do nothing. The value of
 * the first call goes to the second. Interrupts off.
 */
__window bool context_irq_enter(void)
{
	if (likely(rcu_watching()))
		return false;
	rcu_eqs_exit();
	return true;
}

__window void context_irq_exit(bool was_quiet)
{
	if (unlikely(was_quiet))
		rcu_eqs_enter();
}

#endif
