/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/console/tracedump.h"

#include <stdio.h>

#include "lib/log.h"
#include "lib/trace.h"

static int print_arg(char *line, size_t room, const char *name, u64 value)
{
	return name ? snprintf(line, room, " %s=0x%llx", name, (unsigned long long)value) : 0;
}

/* At most 100 characters: no name has more than 16. */
static void dump_one(unsigned int hart, u64 n, const struct trace_rec *r)
{
	const struct trace_info *info = trace_info((enum trace_event)r->event);
	char args[80] = "";
	int used = print_arg(args, sizeof(args), info->a, r->a);

	print_arg(args + used, sizeof(args) - (size_t)used, info->b, r->b);
	log_report("trace %u %llu %llu %s%s", hart, (unsigned long long)n,
		   (unsigned long long)r->when, info->name, args);
}

static void dump_hart(unsigned int hart, u64 most)
{
	u64 count = trace_count(hart), kept = min_u64(min_u64(count, TRACE_RING), most);
	struct trace_rec r;

	if (!count)
		return;
	log_report("trace: hart %u: %llu events, the last %llu", hart, (unsigned long long)count,
		   (unsigned long long)kept);
	for (u64 n = count - kept; n < count; n++)
		if (trace_read(hart, n, &r))
			dump_one(hart, n, &r);
}

void tracedump_last(u64 n)
{
	unsigned int i;

	trace_set(0);
	for_each_hart (i)
		dump_hart(i, n);
}

void tracedump_all(void)
{
	tracedump_last(TRACE_RING);
}
