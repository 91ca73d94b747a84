/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace points. Each is one load and one branch not taken while tracing is off; while it is on, an
 * event goes to the calling hart's own ring without a lock. Only code that RCU watches may trace.
 */
#ifndef LIB_TRACE_H
#define LIB_TRACE_H

#include "arch/arch.h"
#include "lib/step.h"

#ifndef LIMEN_DEBUG
#define LIMEN_DEBUG 0
#endif

enum trace_event {
	TRACE_IRQS_ON,
	TRACE_IRQS_OFF,
	TRACE_GUEST_ENTRY, /* arg: vCPU */
	TRACE_GUEST_EXIT,  /* arg: the architecture's reason */
	TRACE_SCHED,	   /* arg: thread switched to */
	TRACE_EVENTS,
};

#define TRACE_RING 64 /* events a hart remembers; a power of two */

struct trace_rec {
	u64 when; /* arch_clock() */
	u64 arg;
	u32 event;
	u32 seq;
};

struct trace_hart {
	u32 seq; /* events noted since boot; written by this hart alone */
	struct trace_rec *ring;
};

DECLARE_PER_HART(struct trace_hart, trace_hart);
extern bool trace_enabled;

/* Notes an event in this hart's ring. RCU watching; any interrupt state. */
void trace_record(enum trace_event ev, u64 arg);

/* Gives the calling hart its ring of TRACE_RING records; until then it traces nothing. */
void trace_hart_init(struct trace_rec *ring);

__window void trace_point(enum trace_event ev, u64 arg)
{
	if (unlikely(READ_ONCE(trace_enabled)))
		trace_record(ev, arg);
}

__window void trace_hardirqs_on(void)
{
	step(STEP_TRACE_IRQ_ON);
	if (LIMEN_DEBUG)
		trace_point(TRACE_IRQS_ON, 0);
}

__window void trace_hardirqs_off(void)
{
	step(STEP_TRACE_IRQ_OFF);
	if (LIMEN_DEBUG)
		trace_point(TRACE_IRQS_OFF, 0);
}

__window void trace_guest_entry(u64 vcpu)
{
	step(STEP_TRACE_ENTRY);
	trace_point(TRACE_GUEST_ENTRY, vcpu);
}

__window void trace_guest_exit(u64 reason)
{
	step(STEP_TRACE_EXIT);
	trace_point(TRACE_GUEST_EXIT, reason);
}

#endif
