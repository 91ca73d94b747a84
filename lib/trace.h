/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace points. Each is one load and one branch not taken while its event is off; while it is on, the
 * event goes to the calling hart's own ring, without a lock, over the oldest one there. Only code
 * that RCU watches may trace.
 *
 * Events of a hart are numbered without holes, so a reader knows what it has lost. A reader may be
 * another hart: each record says itself whether it is whole (lib/trace.c).
 *
 * LIMEN_TRACE says which points are compiled in: 0 none, 1 all but interrupts on and off, 2 all.
 * They are many and in the shortest paths: only debug builds have them unless told otherwise.
 */
#ifndef LIB_TRACE_H
#define LIB_TRACE_H

#include "arch/arch.h"
#include "lib/marks.h"
#include "lib/step.h"

#ifndef LIMEN_DEBUG
#define LIMEN_DEBUG 0
#endif

#ifndef LIMEN_TRACE
#define LIMEN_TRACE (LIMEN_DEBUG ? 2 : 1)
#endif

/* What a and b are stands in trace_table[], lib/trace.c. */
enum trace_event {
	TRACE_IRQS_ON,
	TRACE_IRQS_OFF,
	TRACE_IRQ_ENTER,
	TRACE_IRQ_EXIT,
	TRACE_GUEST_ENTRY,
	TRACE_GUEST_EXIT,
	TRACE_IDLE_ENTER,
	TRACE_IDLE_EXIT,
	TRACE_SCHED,
	TRACE_GP_BEGIN,
	TRACE_GP_END,
	TRACE_INJECT,
	TRACE_CALL,
	TRACE_MMIO,
	TRACE_HOST_IRQ,
	TRACE_INPUT,
	TRACE_FILE,
	TRACE_EVENTS,
};

#define TRACE_ALL  ((u32)BIT(TRACE_EVENTS) - 1)
#define TRACE_RING 1024 /* events a hart remembers; a power of two */

struct trace_rec {
	u64 seq;  /* number of the event and 1; 0: nothing, or being written */
	u64 when; /* arch_clock() */
	u64 a, b;
	u32 event; /* enum trace_event */
};

struct trace_hart {
	u64 next; /* number of the hart's next event; written by this hart alone */
	struct trace_rec *ring;
};

DECLARE_PER_HART(struct trace_hart, trace_hart);

/* Which are on. A byte for each costs a trace point one instruction less than a bit. */
extern bool trace_flag[TRACE_EVENTS];

/* Notes an event in this hart's ring. RCU watching; any interrupt state. noinstr, since the threshold
 * itself traces; what it calls is not, so that a debug build sees a trace point where RCU does not
 * watch. */
void trace_record(enum trace_event ev, u64 a, u64 b);

/* Gives the calling hart its ring of TRACE_RING zeroed records; until then, and with NULL, it notes
 * nothing. Interrupts off. */
void trace_hart_init(struct trace_rec *ring);

/* From now on the events of this mask, of BIT(enum trace_event), are noted, and no others. A hart may still be noting one of
 * before. Any context. */
void trace_set(u32 mask);

/* Is any event on? Any context. */
bool trace_any(void);

/* How many events hart i has numbered; the last TRACE_RING of them may be there. Any context. */
u64 trace_count(unsigned int i);

/* Copies event n of hart i. False: it has been lost to a newer one, or is being written. Any
 * context. */
bool trace_read(unsigned int i, u64 n, struct trace_rec *out);

/* What an event is called, and its a and b; NULL: it has none. */
struct trace_info {
	const char *name, *a, *b;
};

const struct trace_info *trace_info(enum trace_event ev);

/* The event of this name, which has n characters; TRACE_EVENTS: none. */
enum trace_event trace_find(const char *name, size_t n);

__window bool trace_on(enum trace_event ev)
{
	return LIMEN_TRACE != 0 && unlikely(READ_ONCE(trace_flag[ev]));
}

__window void trace_point(enum trace_event ev, u64 a, u64 b)
{
	mark_note(ev, a, b);
	if (trace_on(ev))
		trace_record(ev, a, b);
}

__window void trace_hardirqs_on(void)
{
	step(STEP_TRACE_IRQ_ON);
	if (LIMEN_TRACE > 1 && trace_on(TRACE_IRQS_ON))
		trace_record(TRACE_IRQS_ON, 0, 0);
	mark_end(MARK_IRQS_OFF);
}

__window void trace_hardirqs_off(void)
{
	step(STEP_TRACE_IRQ_OFF);
	if (LIMEN_TRACE > 1 && trace_on(TRACE_IRQS_OFF))
		trace_record(TRACE_IRQS_OFF, 0, 0);
	mark_irqs_off();
}

__window void trace_guest_entry(const struct arch_vcpu *vcpu)
{
	step(STEP_TRACE_ENTRY);
	trace_point(TRACE_GUEST_ENTRY, (u64)(uintptr_t)vcpu, 0);
}

/* The reason is looked up only if somebody wants it. */
__window void trace_guest_exit(const struct arch_vcpu *vcpu)
{
	step(STEP_TRACE_EXIT);
	if (LIMEN_MARKS || trace_on(TRACE_GUEST_EXIT))
		trace_point(TRACE_GUEST_EXIT, arch_guest_exit_reason(vcpu), (u64)(uintptr_t)vcpu);
}

#endif
