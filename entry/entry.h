/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threshold: the helpers on either side of running a guest. Their order is
 *
 *     guest_timing_enter_irqoff()
 *       exit_to_guest_mode()
 *         arch_guest_run()
 *       enter_from_guest_mode()
 *       take pending interrupts
 *     guest_timing_exit_irqoff()
 *
 * and guest_run() in entry/run.c is the one place that walks it. All are called with interrupts
 * off and leave them off. They balance: each enter is followed by its exit on every path.
 *
 * The names are those of the 2022 series for KVM that separated timing from context tracking.
 * (Linux later merged the two inner helpers as guest_state_enter_irqoff and
 * guest_state_exit_irqoff.)
 */
#ifndef ENTRY_ENTRY_H
#define ENTRY_ENTRY_H

#include "entry/context.h"
#include "entry/vtime.h"
#include "lib/irq.h"

/*
 * Time from here on is the guest's.
 * Caller: interrupts off, the guest entry traced, nothing left to do for this run (E4, E13).
 */
__window void guest_timing_enter_irqoff(void)
{
	lockdep_assert_irqs_off();
	vtime_switch_from(VTIME_HOST, VTIME_GUEST);
	step(STEP_TIME_GUEST);
}

/*
 * The last thing before the guest that involves RCU:
 *   1. the tracer is told that interrupts are on
 *   2. RCU enters an extended quiescent state
 *   3. the lock checker is told that interrupts are about to be on
 * They come on in effect with the guest's first instruction: an interrupt of the hypervisor ends
 * the guest's run whatever the hart's own enable bit says. After it only noinstr code runs, until enter_from_guest_mode().
 * Caller: interrupts off, no lock held, in no RCU reader (E3).
 */
__window void exit_to_guest_mode(void)
{
	lockdep_assert_no_locks();
	trace_hardirqs_on();
	guest_context_enter_irqoff();
	lockdep_hardirqs_on_prepare();
}

/*
 * The first thing after it, exactly the reverse:
 *   1. the lock checker is told that interrupts are off
 *   2. RCU watches again
 *   3. the tracer is told that interrupts are off
 * Caller: interrupts off, and why the guest stopped already captured (E11).
 */
__window void enter_from_guest_mode(void)
{
	lockdep_hardirqs_off();
	guest_context_exit_irqoff();
	trace_hardirqs_off();
}

/*
 * Time from here on is the hypervisor's.
 * Caller: pending interrupts have been taken, so that a tick that ended the guest's run found the
 * guest's time still running (E4).
 */
__window void guest_timing_exit_irqoff(void)
{
	lockdep_assert_irqs_off();
	vtime_switch_from(VTIME_GUEST, VTIME_HOST);
	step(STEP_TIME_HOST);
}

/* The older pair, for a port that moves over step by step. */
__attribute__((deprecated("use guest_timing_enter_irqoff and exit_to_guest_mode"))) __window void
guest_enter_irqoff(void)
{
	guest_timing_enter_irqoff();
	exit_to_guest_mode();
}

__attribute__((deprecated("use enter_from_guest_mode and guest_timing_exit_irqoff"))) __window void
guest_exit_irqoff(void)
{
	enter_from_guest_mode();
	guest_timing_exit_irqoff();
}

#endif
