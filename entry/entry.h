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
 * Caller: interrupts off, the guest entry traced, nothing left to do for this run (E4, E13); calls
 * guest_timing_exit_irqoff() on every way out (E5).
 * Asserts in a debug build: interrupts are off and believed so; the time was the hypervisor's.
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
 * (What Linux's lockdep_hardirqs_on_prepare() does before its RCU is quiescent, to mark the locks that are
 * held, has no work here: the entry asserts that none is.)
 * They come on in effect with the guest's first instruction: an interrupt of the hypervisor ends
 * the guest's run whatever the hart's own enable bit says. After it only noinstr code runs, until
 * enter_from_guest_mode() (E2), which the caller calls on every way out (E5).
 * Caller: interrupts off, no lock held, in no RCU reader (E3); the guest's time runs (E4).
 * Asserts in a debug build: no spinlock held, no reader, RCU was watching, the context was the
 * hypervisor's, interrupts off and believed so.
 */
__window void exit_to_guest_mode(void)
{
	lockdep_assert_no_locks();
	trace_hardirqs_on();
	guest_context_enter_irqoff();
	lockdep_hardirqs_on();
}

/*
 * The first thing after it, exactly the reverse:
 *   1. the lock checker is told that interrupts are off
 *   2. RCU watches again
 *   3. the tracer is told that interrupts are off
 * Caller: interrupts off, why the guest stopped already captured (E11), the architecture's own state
 * back (E12).
 * Asserts in a debug build: interrupts off; RCU was not watching; the context was a guest's.
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
 * Asserts in a debug build: interrupts off and believed so; the time was the guest's.
 */
__window void guest_timing_exit_irqoff(void)
{
	lockdep_assert_irqs_off();
	vtime_switch_from(VTIME_GUEST, VTIME_HOST);
	step(STEP_TIME_HOST);
}

/*
 * The older pair, for a port that moves over step by step: the compiler warns of each call. Each is
 * the two helpers it names, one right after the other; so no pending interrupt can be taken between
 * the two on the way out, a tick that ended the run is charged to the hypervisor, and E4 does not hold.
 * Caller and assertions: as for the helpers.
 */
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
