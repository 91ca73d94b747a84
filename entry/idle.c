/* SPDX-License-Identifier: BSD-2-Clause */
#include "entry/idle.h"

#include "entry/context.h"
#include "entry/vtime.h"
#include "lib/irq.h"

noinstr void idle_wait_irqoff(void)
{
	lockdep_assert_irqs_off();
	lockdep_assert_no_locks();
	vtime_switch(VTIME_IDLE);
	trace_point(TRACE_IDLE_ENTER, 0, 0);
	mark_end(MARK_LOOK);
	mark_end(MARK_IRQS_OFF);
	context_enter_irqoff(CONTEXT_IDLE);
	step(STEP_IDLE);
	arch_wait();
	context_exit_irqoff(CONTEXT_IDLE);
	mark_begin(MARK_LOOK);
	mark_begin(MARK_IRQS_OFF);
	trace_point(TRACE_IDLE_EXIT, 0, 0);
	vtime_switch(VTIME_HOST);
	if (!trace_on(TRACE_IRQ_ENTER))
		arch_kick_take();
	arch_irq_take_pending();
	mark_begin(MARK_IRQS_OFF);
}
