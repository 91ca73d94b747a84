/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an exception found, and how to get from there to who called it: arch/arch.h, part 3.
 *
 * x29 leads to a frame record, the caller's x29 and a return address (Procedure Call Standard for the Arm
 * 64-bit Architecture, "The Frame Pointer"). Stacks are mapped as a whole, so what lies in one can be read.
 */
#include "arch/arch.h"
#include "arch/arm64/trap.h"
#include "lib/log.h"

#define RECORD 16UL

void arch_frame_place(const struct trap_frame *f, struct arch_place *at)
{
	*at = (struct arch_place){.pc = f->pc, .fp = f->x[29], .ra = f->x[30], .sp = f->sp};
}

void arch_frame_report(const struct trap_frame *f)
{
	log_report("  vector %lu esr %016lx far %016lx pc %016lx spsr %016lx", f->kind, f->esr,
		   f->far, f->pc, f->spsr);
	for (unsigned int i = 0; i < 28; i += 4)
		log_report("  x%-2u %016lx x%-2u %016lx x%-2u %016lx x%-2u %016lx", i, f->x[i],
			   i + 1, f->x[i + 1], i + 2, f->x[i + 2], i + 3, f->x[i + 3]);
	log_report("  x28 %016lx fp  %016lx lr  %016lx sp  %016lx", f->x[28], f->x[29], f->x[30],
		   f->sp);
}

static bool in_stack(uintptr_t addr, uintptr_t sp)
{
	return IS_ALIGNED(addr, RECORD) && addr >> (STACK_SHIFT + 1) == sp >> (STACK_SHIFT + 1) &&
	       (addr & STACK_SIZE);
}

unsigned int arch_back_trace_from(const struct arch_place *at, uintptr_t *pcs, unsigned int n)
{
	uintptr_t fp = at->fp;
	unsigned int depth = 0;

	if (at->pc && n)
		pcs[depth++] = at->pc;
	while (depth < n && in_stack(fp, at->sp)) {
		const u64 *record = (const u64 *)fp;

		if (!record[1])
			break;
		pcs[depth++] = record[1];
		if (record[0] <= fp)
			break;
		fp = record[0];
	}
	return depth;
}

unsigned int arch_back_trace(uintptr_t *pcs, unsigned int n)
{
	uintptr_t fp = (uintptr_t)__builtin_frame_address(0);
	const struct arch_place at = {.fp = fp, .sp = fp};

	return arch_back_trace_from(&at, pcs, n);
}
