/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/console/markdump.h"

#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "lib/marks.h"
#include "lib/symbols.h"
#include "lib/trace.h"

static const char *const title[MARK_KINDS] = {
	[MARK_LOOK] = "without a look",
	[MARK_IRQS_OFF] = "with interrupts off",
};

static unsigned long long in_ns(u64 ticks)
{
	return ticks * 1000000000 / arch_clock_hz();
}

static u64 ticks_of(enum mark m, unsigned int hart)
{
	return READ_ONCE(per_hart(marks_hart, hart).high[m].ticks);
}

static unsigned int highest(enum mark m)
{
	unsigned int hart, best = 0;

	for_each_hart (hart)
		if (ticks_of(m, hart) > ticks_of(m, best))
			best = hart;
	return best;
}

/* "name a=0x1 b=0x2", or nothing. */
static void print_event(char *to, size_t room, const struct mark_place *h)
{
	const struct trace_info *info;

	*to = '\0';
	if (h->event >= TRACE_EVENTS)
		return;
	info = trace_info((enum trace_event)h->event);
	if (!info->a)
		snprintf(to, room, ", after %s", info->name);
	else if (!info->b)
		snprintf(to, room, ", after %s %s=0x%llx", info->name, info->a,
			 (unsigned long long)h->a);
	else
		snprintf(to, room, ", after %s %s=0x%llx %s=0x%llx", info->name, info->a,
			 (unsigned long long)h->a, info->b, (unsigned long long)h->b);
}

/* Those who keep marks are callers too. */
static bool is_of_marks(const char *name)
{
	return !strncmp(name, "mark_", 5) || !strcmp(name, "keep") || !strcmp(name, "locate") ||
	       !strcmp(name, "note_place");
}

static void dump_trace(const struct mark_place *p)
{
	struct symbol s;

	for (u32 i = 0; i < p->depth; i++) {
		symbol_find(p->pc[i] - 1, &s);
		if (!is_of_marks(s.name))
			log_report("mark:   %016lx %s+0x%zx", p->pc[i], s.name, s.offset + 1);
	}
}

static void dump_mark(enum mark m, unsigned int hart)
{
	const struct mark_high *h = &per_hart(marks_hart, hart).high[m];
	char event[80];

	print_event(event, sizeof(event), &h->place);
	log_report("mark: %s: %llu ns, hart %u%s", title[m], in_ns(h->ticks), hart, event);
	dump_trace(&h->place);
}

static void dump_harts(void)
{
	unsigned int hart;

	for_each_hart (hart)
		log_report("mark: hart %u: %llu ns %s, %llu ns %s", hart,
			   in_ns(ticks_of(MARK_LOOK, hart)), title[MARK_LOOK],
			   in_ns(ticks_of(MARK_IRQS_OFF, hart)), title[MARK_IRQS_OFF]);
}

void markdump_all(void)
{
	if (!LIMEN_MARKS)
		return;
	for (unsigned int m = 0; m < MARK_KINDS; m++)
		dump_mark((enum mark)m, highest((enum mark)m));
	if (arch_hart_count() > 1)
		dump_harts();
}
