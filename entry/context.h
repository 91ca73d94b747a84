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

/*
 * Leaves the hypervisor for a guest or the idle wait: 1. the state, for others to see  2. RCU enters
 * an extended quiescent state, and only noinstr code runs until context_exit_irqoff().
 * Caller: interrupts off, no reader (E3).
 * Asserts in a debug build: the state was the hypervisor's, RCU was watching, no reader.
 */
__window void context_enter_irqoff(enum context to)
{
	DCHECK(this_hart(context_hart).state == CONTEXT_HYPERVISOR);
	WRITE_ONCE(this_hart(context_hart).state, to);
	rcu_eqs_enter();
}

/*
 * Comes back, exactly the reverse: 1. RCU watches again  2. the state.
 * Caller: interrupts off, from what it entered.
 * Asserts in a debug build: RCU was not watching; the state was from.
 */
__window void context_exit_irqoff(enum context from)
{
	rcu_eqs_exit();
	DCHECK(this_hart(context_hart).state == from);
	WRITE_ONCE(this_hart(context_hart).state, CONTEXT_HYPERVISOR);
	(void)from;
}

/* The RCU and context part of exit_to_guest_mode() alone, and of enter_from_guest_mode(): for a port
 * that does the rest itself. */
__window void guest_context_enter_irqoff(void)
{
	context_enter_irqoff(CONTEXT_GUEST);
}

__window void guest_context_exit_irqoff(void)
{
	context_exit_irqoff(CONTEXT_GUEST);
}

/*
 * RCU watches in the middle of a guest's run, and no longer: brackets what answers an exit without
 * ending the run. The state stays the guest's. Interrupts off.
 * Asserts in a debug build: RCU was not watching; at the end, no reader.
 */
__window void context_watch_irqoff(void)
{
	rcu_eqs_exit();
}

__window void context_quiet_irqoff(void)
{
	rcu_eqs_enter();
}

/*
 * Brackets an interrupt or trap taken by the hypervisor itself. Where RCU was not watching it does
 * so in between, and the parity is as it was afterwards (E16); nested brackets do nothing. The state
 * stays what was interrupted. The value of the first call goes to the second. Interrupts off.
 * Asserts in a debug build, at the end of the outermost: no reader.
 */
__window bool context_irq_enter(void)
{
	if (likely(rcu_watching())) {
		window_closed();
		return false;
	}
	rcu_eqs_exit();
	return true;
}

__window void context_irq_exit(bool was_quiet)
{
	if (unlikely(was_quiet))
		rcu_eqs_enter();
}

#endif
