/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/trace.h"

DEFINE_PER_HART(struct trace_hart, trace_hart);
bool trace_enabled;

void trace_hart_init(struct trace_rec *ring)
{
	this_hart(trace_hart).ring = ring;
}

void trace_record(enum trace_event ev, u64 arg)
{
	unsigned long flags = arch_irq_save();
	struct trace_hart *t = &this_hart(trace_hart);

	if (t->ring) {
		struct trace_rec *r = &t->ring[t->seq % TRACE_RING];

		*r = (struct trace_rec){arch_clock(), arg, ev, t->seq++};
	}
	arch_irq_restore(flags);
}
