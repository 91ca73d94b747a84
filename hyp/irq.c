/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/irq.h"

#include "arch/riscv/csr.h"
#include "arch/riscv/trap.h"
#include "entry/context.h"
#include "entry/vtime.h"
#include "hyp/panic.h"
#include "hyp/rcud.h"
#include "hyp/timer.h"
#include "lib/trace.h"

static void (*external)(void);

void irq_set_external(void (*fn)(void))
{
	external = fn;
}

static void dispatch(unsigned long irq, struct trap_frame *f)
{
	switch (irq) {
	case IRQ_S_SOFT:
		/* A kick has done its work by ending a guest's run or a wait. */
		csr_clear(sip, SIP_SSIP);
		if (panic_in_progress())
			panic_join(f);
		rcud_kicked(f);
		break;
	case IRQ_S_TIMER: timer_irq(); break;
	case IRQ_S_EXT:
		if (external)
			external();
		break;
	default: panic_frame("interrupt that was never enabled", f);
	}
}

/* Whatever the hart was doing, RCU watches while a handler runs, and the time is the interrupt's. */
noinstr void trap_irq(unsigned long irq, struct trap_frame *f)
{
	bool was_quiet = context_irq_enter();
	enum vtime_kind kind = vtime_switch(VTIME_IRQ);
	bool believed = lockdep_irq_enter();

	instrumentation_begin();
	trace_point(TRACE_IRQ_ENTER, irq, 0);
	dispatch(irq, f);
	trace_point(TRACE_IRQ_EXIT, irq, 0);
	instrumentation_end();
	lockdep_irq_exit(believed);
	vtime_switch(kind);
	context_irq_exit(was_quiet);
}

void irq_hart_init(void)
{
	csr_write(sie, SIP_SSIP | SIP_STIP | SIP_SEIP);
}
