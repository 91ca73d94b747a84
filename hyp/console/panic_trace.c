/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/console/panic_trace.h"

#include "lib/log.h"
#include "lib/symbols.h"

#include <stdio.h>

#define TRACE_MAX 32 /* frames followed */

/* One line: what it is, the address, and the name of the function it is in. */
static void print_address(const char *what, uintptr_t pc, bool is_return)
{
	struct symbol s;

	/* The call is before the return address, which may be another function's. */
	if (symbol_find(pc - is_return, &s))
		log_report("  %-3s %016lx %s+0x%zx", what, pc, s.name, s.offset + is_return);
	else
		log_report("  %-3s %016lx", what, pc);
}

void panic_print_trace(const struct arch_place *start)
{
	uintptr_t pcs[TRACE_MAX];
	unsigned int n = arch_back_trace_from(start, pcs, TRACE_MAX);
	char number[8];

	for (unsigned int i = 0; i < n; i++) {
		snprintf(number, sizeof(number), "#%u", i);
		print_address(number, pcs[i], i > 0 || !start->pc);
		/* A function interrupted outside its frame is missing its caller in the chain. */
		if (i == 0 && start->ra && (n == 1 || pcs[1] != start->ra))
			print_address("ra", start->ra, true);
	}
}
