/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rings. A record is written with interrupts off, so that none nests in it; readers on other
 * harts see from its number whether what they copied is one event and the one they asked for: it is
 * 0 from before the first field is written until after the last. Tag: [Q1] that number.
 */
#include "lib/trace.h"

#include <string.h>

DEFINE_PER_HART(struct trace_hart, trace_hart);
bool trace_flag[TRACE_EVENTS];

static const struct trace_info trace_table[TRACE_EVENTS] = {
	[TRACE_IRQS_ON] = {"irqs-on", NULL, NULL},
	[TRACE_IRQS_OFF] = {"irqs-off", NULL, NULL},
	[TRACE_IRQ_ENTER] = {"irq-enter", "irq", NULL},
	[TRACE_IRQ_EXIT] = {"irq-exit", "irq", NULL},
	[TRACE_GUEST_ENTRY] = {"guest-entry", "vcpu", NULL},
	[TRACE_GUEST_EXIT] = {"guest-exit", "reason", "vcpu"},
	[TRACE_IDLE_ENTER] = {"idle-enter", NULL, NULL},
	[TRACE_IDLE_EXIT] = {"idle-exit", NULL, NULL},
	[TRACE_SCHED] = {"sched", "from", "to"},
	[TRACE_GP_BEGIN] = {"gp-begin", "gp", "expedited"},
	[TRACE_GP_END] = {"gp-end", "gp", "expedited"},
	[TRACE_INJECT] = {"inject", "cause", "vcpu"},
	[TRACE_CALL] = {"call", "eid", "fid"},
	[TRACE_MMIO] = {"mmio", "gpa", "how"}, /* how: width in bytes, and 256 for a store */
	[TRACE_HOST_IRQ] = {"host-irq", "source", NULL},
	[TRACE_INPUT] = {"input", "by-irq", NULL}, /* by-irq: 1, or 0 for a look now and then */
	[TRACE_FILE] = {"file", "vcpu",
			"to"}, /* to: its number, and 64 times the hart's; 0: memory */
};

const struct trace_info *trace_info(enum trace_event ev)
{
	return &trace_table[ev];
}

enum trace_event trace_find(const char *name, size_t n)
{
	unsigned int ev;

	for (ev = 0; ev < TRACE_EVENTS; ev++)
		if (strlen(trace_table[ev].name) == n && !memcmp(trace_table[ev].name, name, n))
			break;
	return (enum trace_event)ev;
}

void trace_hart_init(struct trace_rec *ring)
{
	WRITE_ONCE(this_hart(trace_hart).ring, ring);
}

void trace_set(u32 mask)
{
	for (unsigned int ev = 0; ev < TRACE_EVENTS; ev++)
		WRITE_ONCE(trace_flag[ev], (bool)(mask >> ev & 1));
}

bool trace_any(void)
{
	bool any = false;

	for (unsigned int ev = 0; ev < TRACE_EVENTS; ev++)
		any |= READ_ONCE(trace_flag[ev]);
	return any;
}

static void write_record(struct trace_rec *r, u64 seq, enum trace_event ev, u64 a, u64 b)
{
	WRITE_ONCE(r->seq, 0);
	/* Order: the record is no longer what it was, before any of it changes.
	 * Pairs with: trace_read() [Q1] */
	arch_wmb();
	WRITE_ONCE(r->when, arch_clock());
	WRITE_ONCE(r->a, a);
	WRITE_ONCE(r->b, b);
	WRITE_ONCE(r->event, (u32)ev);
	/* Order: the record is whole, before its number says so. Pairs with: trace_read() [Q1] */
	arch_store_release(&r->seq, seq + 1);
}

static __attribute__((noinline)) void trace_note(enum trace_event ev, u64 a, u64 b)
{
	unsigned long flags = arch_irq_save();
	struct trace_hart *t = &this_hart(trace_hart);
	u64 n = t->next;

	if (t->ring) {
		write_record(&t->ring[n % TRACE_RING], n, ev, a, b);
		WRITE_ONCE(t->next, n + 1);
	}
	arch_irq_restore(flags);
}

noinstr void trace_record(enum trace_event ev, u64 a, u64 b)
{
	instrumentation_begin();
	trace_note(ev, a, b);
	instrumentation_end();
}

u64 trace_count(unsigned int i)
{
	return READ_ONCE(per_hart(trace_hart, i).next);
}

bool trace_read(unsigned int i, u64 n, struct trace_rec *out)
{
	const struct trace_rec *ring = READ_ONCE(per_hart(trace_hart, i).ring), *r;

	if (!ring)
		return false;
	r = &ring[n % TRACE_RING];
	/* Order: the number, before the rest. Pairs with: write_record() [Q1] */
	out->seq = arch_load_acquire(&r->seq);
	out->when = READ_ONCE(r->when);
	out->a = READ_ONCE(r->a);
	out->b = READ_ONCE(r->b);
	out->event = READ_ONCE(r->event);
	/* Order: the rest, before the number once more. Pairs with: write_record() [Q1] */
	arch_rmb();
	return out->seq == n + 1 && READ_ONCE(r->seq) == n + 1;
}
