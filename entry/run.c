/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run loop. Tags: [K1] a request against an entry, store buffering: each side stores its own
 * word, then reads the other's. [K2] what a request stands for. [K4] what the guest did before it came
 * out. [K5] what a bit of a hart's work stands for. Where to send a kick the mode itself says.
 */
#include "entry/run.h"

#include "entry/entry.h"

DEFINE_PER_HART(unsigned long, entry_work);
DEFINE_PER_HART(struct context_hart, context_hart);

/* The last look, interrupts off: is there anything that must not wait for the end of this run? */
static __always_inline __no_instrument bool work_pending(struct guest_run *run)
{
	bool ready;

	WRITE_ONCE(run->mode, IN_GUEST + arch_hart_index());
	/* Order: the mode says IN_GUEST, before requests and work are read.
	 * Pairs with: guest_kick(), guest_request_outside() [K1] */
	arch_mb();
	step(STEP_LAST_LOOK);
	mark_look();
	if (unlikely(READ_ONCE(run->requests) | READ_ONCE(this_hart(entry_work))))
		return true;
	instrumentation_begin();
	ready = run->ops->prepare(run);
	instrumentation_end();
	return !ready;
}

/* Interrupts on, the vCPU's own affairs: what has to be done before an entry. */
static __always_inline __no_instrument bool do_work(struct guest_run *run)
{
	bool go_on;

	WRITE_ONCE(run->mode, OUTSIDE_GUEST);
	instrumentation_begin();
	irq_on();
	go_on = run->ops->work(run);
	irq_off();
	instrumentation_end();
	return go_on;
}

/* One run of the guest, from interrupts off to interrupts off. This is the threshold. */
static __always_inline __no_instrument void guest_run(struct guest_run *run)
{
	instrumentation_begin();
	trace_guest_entry(run->arch);
	instrumentation_end();

	guest_timing_enter_irqoff();
	mark_end(MARK_LOOK);
	exit_to_guest_mode();
	step(STEP_GUEST);
	arch_guest_run(run->arch);
	run->entries++;
	enter_from_guest_mode();
	mark_begin(MARK_LOOK);
	step(STEP_TAKE_PENDING);
	if (!trace_on(TRACE_IRQ_ENTER))
		arch_kick_take();
	arch_irq_take_pending();
	mark_begin(MARK_IRQS_OFF);
	guest_timing_exit_irqoff();

	instrumentation_begin();
	trace_guest_exit(run->arch);
	instrumentation_end();
}

/* Interrupts on, the exit is handled. */
static __always_inline __no_instrument void handle_exit(struct guest_run *run)
{
	/* Order: what the guest wrote, and that the run is counted, before the mode says that it is out, by
	 * the full barrier in enter_from_guest_mode(). Pairs with: guest_request_sync() [K4] */
	WRITE_ONCE(run->mode, OUTSIDE_GUEST);
	instrumentation_begin();
	irq_on();
	step(STEP_HANDLE_EXIT);
	run->ops->handle_exit(run);
	irq_off();
	instrumentation_end();
}

noinstr void guest_run_loop(struct guest_run *run)
{
	instrumentation_begin();
	irq_off();
	instrumentation_end();
	for (;;) {
		if (unlikely(work_pending(run))) {
			if (!do_work(run))
				break;
			continue;
		}
		guest_run(run);
		handle_exit(run);
	}
	instrumentation_begin();
	irq_on();
	instrumentation_end();
}

void guest_kick(struct guest_run *run)
{
	u32 mode;

	/* Order: the request is set, before the mode is read.
	 * Pairs with: work_pending() [K1] */
	arch_mb();
	mode = READ_ONCE(run->mode);
	if (mode != OUTSIDE_GUEST)
		arch_kick(mode - IN_GUEST);
}

void guest_request(struct guest_run *run, unsigned long bits)
{
	/* Order: what the request stands for, before the request.
	 * Pairs with: guest_request_take() [K2] */
	__atomic_fetch_or(&run->requests, bits, __ATOMIC_RELEASE);
	guest_kick(run);
}

void guest_request_sync(struct guest_run *run, unsigned long bits)
{
	while ((READ_ONCE(run->requests) & bits) && guest_is_in(run))
		arch_relax();
	/* Order: the run is over, before the caller's own guest reads what that guest wrote, or what
	 * it read is made something else; on that side it is the full barrier of rcu_eqs_exit().
	 * Pairs with: handle_exit(), guest_read_end() [K4] */
	arch_mb();
}

void guest_read_begin(struct guest_run *run)
{
	WRITE_ONCE(run->mode, IN_GUEST + arch_hart_index());
	/* Order: the mode says IN_GUEST, before requests are read. Pairs with: guest_kick() [K1] */
	arch_mb();
}

void guest_read_end(struct guest_run *run)
{
	/* Order: what was read, before the mode. Pairs with: guest_request_sync() [K4] */
	arch_store_release(&run->mode, OUTSIDE_GUEST);
}

unsigned long guest_request_take(struct guest_run *run, unsigned long bits)
{
	if (likely(!(READ_ONCE(run->requests) & bits)))
		return 0;
	/* Order: the request is gone, before what it stands for is read; what comes later sets it
	 * again. Pairs with: guest_request() [K2] */
	return __atomic_fetch_and(&run->requests, ~bits, __ATOMIC_ACQ_REL) & bits;
}

void entry_work_set(unsigned int i, unsigned long bits)
{
	/* Order: what the work is about, before its bit. Pairs with: entry_work_take() [K5] */
	__atomic_fetch_or(&per_hart(entry_work, i), bits, __ATOMIC_RELEASE);
	if (i != arch_hart_index())
		arch_kick(i);
}

unsigned long entry_work_take(unsigned long bits)
{
	mark_look();
	if (likely(!(READ_ONCE(this_hart(entry_work)) & bits)))
		return 0;
	/* Order: the bit is gone, before what it stands for is read; what comes later sets it
	 * again. Pairs with: entry_work_set() [K5] */
	return __atomic_fetch_and(&this_hart(entry_work), ~bits, __ATOMIC_ACQ_REL) & bits;
}
