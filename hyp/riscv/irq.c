/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/riscv/irq.h"

#include "arch/riscv/csr.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/trap.h"
#include "arch/riscv/vcpu.h"
#include "entry/context.h"
#include "entry/vtime.h"
#include "hyp/console/panic.h"
#include "hyp/irq/hostirq.h"
#include "hyp/riscv/vsfile.h"
#include "hyp/sched/bill.h"
#include "hyp/sched/hartcall.h"
#include "hyp/sched/rcud.h"
#include "hyp/sched/timer.h"
#include "lib/trace.h"

/* A kick has done most of its work by ending a guest's run or a wait. */
static void kicked(struct trap_frame *f)
{
	hart_kicked();
	if (panic_in_progress())
		panic_join(f);
	hartcall_kicked();
	rcud_kicked(f);
}

/* The most frequent one first. */
static void dispatch(unsigned long irq, struct trap_frame *f)
{
	if (irq == IRQ_S_TIMER) {
		timer_irq();
	} else if (irq == IRQ_S_SOFT) {
		/* Order: the kick is taken, in sip, before it is read what it was for, by the fence in
		 * hart_kicked(). Pairs with: arch_kick() [A2] */
		csr_clear(sip, SIP_SSIP);
		kicked(f);
	} else if (irq == IRQ_S_EXT) {
		if (hostirq_take())
			kicked(f);
	} else if (irq == IRQ_S_GEXT) {
		vsfile_irq();
	} else if (irq == IRQ_LCOF) {
		vcpu_overflow_irq();
	} else {
		arch_panic_frame("interrupt that was never enabled", f);
	}
}

/* Whatever the hart was doing, RCU watches while a handler runs, and the time is the interrupt's. */
noinstr void trap_irq(unsigned long irq, struct trap_frame *f)
{
	bool was_quiet = context_irq_enter();
	u64 began = vtime_since();
	enum vtime_kind kind = vtime_switch(VTIME_IRQ);
	bool believed = lockdep_irq_enter();

	mark_end(MARK_IRQS_OFF);
	mark_begin(MARK_IRQS_OFF);
	instrumentation_begin();
	bill_irq_begin(kind, began);
	trace_point(TRACE_IRQ_ENTER, irq, 0);
	dispatch(irq, f);
	bill_irq_end();
	trace_point(TRACE_IRQ_EXIT, irq, 0);
	instrumentation_end();
	lockdep_irq_exit(believed);
	vtime_switch(kind);
	mark_end(MARK_IRQS_OFF);
	context_irq_exit(was_quiet);
}

void irq_hart_init(void)
{
	csr_write(sie, SIP_SSIP | SIP_STIP | SIP_SEIP | (vcpu_features.hpm_width ? LCOFIP : 0));
	csr_set(hie, HIE_SGEIE);
}
