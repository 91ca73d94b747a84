/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of the hypervisor: kicks, its own timer, and the timer of the guest that lives in the hart.
 */
#include "arch/arm64/gic.h"
#include "arch/arm64/trap.h"
#include "arch/arm64/vcpu.h"
#include "entry/context.h"
#include "entry/vtime.h"
#include "hyp/console/panic.h"
#include "hyp/sched/bill.h"
#include "hyp/sched/hartcall.h"
#include "hyp/sched/rcud.h"
#include "hyp/sched/timer.h"
#include "lib/trace.h"

/* A kick has done most of its work by ending a guest's run or a wait. */
static void kicked(struct trap_frame *f)
{
	gic_drop(GIC_SGI_KICK);
	gic_deactivate(GIC_SGI_KICK);
	if (panic_in_progress())
		panic_join(f);
	hartcall_kicked();
	rcud_kicked(f);
}

static void own_timer(void)
{
	timer_irq();
	gic_drop(GIC_PPI_HTIMER);
	gic_deactivate(GIC_PPI_HTIMER);
}

/* The guest deactivates it. Where nobody has the timer it is off. */
static void guest_timer(void)
{
	struct arch_vcpu *v = this_hart(vcpu_loaded);

	DCHECK(v);
	gic_drop(GIC_PPI_VTIMER);
	if (!v) {
		gic_deactivate(GIC_PPI_VTIMER);
		return;
	}
	trace_point(TRACE_INJECT, GIC_PPI_VTIMER, (u64)(uintptr_t)v);
	vcpu_timer_inject(v);
}

static void dispatch(u32 intid, struct trap_frame *f)
{
	if (intid == GIC_PPI_HTIMER)
		own_timer();
	else if (intid == GIC_SGI_KICK)
		kicked(f);
	else if (intid == GIC_PPI_VTIMER)
		guest_timer();
	else if (intid < GIC_SPECIAL)
		arch_panic_frame("interrupt that was never enabled", f);
}

/* Whatever the hart was doing, RCU watches while a handler runs, and the time is the interrupt's. */
noinstr void trap_irq(struct trap_frame *f)
{
	bool was_quiet = context_irq_enter();
	enum vtime_kind kind = vtime_switch(VTIME_IRQ);
	bool believed = lockdep_irq_enter();
	u32 intid;

	mark_end(MARK_IRQS_OFF);
	mark_begin(MARK_IRQS_OFF);
	instrumentation_begin();
	intid = gic_ack();
	trace_point(TRACE_IRQ_ENTER, intid, 0);
	dispatch(intid, f);
	bill_irq_end();
	trace_point(TRACE_IRQ_EXIT, intid, 0);
	instrumentation_end();
	lockdep_irq_exit(believed);
	vtime_switch(kind);
	mark_end(MARK_IRQS_OFF);
	context_irq_exit(was_quiet);
}
