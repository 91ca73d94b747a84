/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/console/panic_trace.h"

#include "arch/arch.h"
#include "arch/riscv/extable.h"
#include "arch/riscv/trap.h"
#include "lib/compiler.h"
#include "lib/log.h"
#include "lib/symbols.h"

#include <stdio.h>

void panic_print_frame(const struct trap_frame *f)
{
	static const char *const names[32] = {
		"zero", "ra", "sp", "gp", "tp",	 "t0",	"t1", "t2", "s0", "s1", "a0",
		"a1",	"a2", "a3", "a4", "a5",	 "a6",	"a7", "s2", "s3", "s4", "s5",
		"s6",	"s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
	};

	log_report("  scause %016lx stval %016lx sepc %016lx sstatus %016lx", f->scause, f->stval,
		   f->sepc, f->sstatus);
	log_report("  %-3s %016lx %-3s %016lx %-3s %016lx", names[1], f->x[1], names[2], f->x[2],
		   names[3], f->x[3]);
	for (unsigned int i = 4; i < 32; i += 4)
		log_report("  %-3s %016lx %-3s %016lx %-3s %016lx %-3s %016lx", names[i], f->x[i],
			   names[i + 1], f->x[i + 1], names[i + 2], f->x[i + 2], names[i + 3],
			   f->x[i + 3]);
}

/* Stacks lie in the upper half of a slot twice their size (arch/riscv/trap.h): arg is the address
 * that tells which slot. */
static bool in_slot(uintptr_t addr, void *arg)
{
	uintptr_t slot = (uintptr_t)arg >> (STACK_SHIFT + 1);

	return addr >> (STACK_SHIFT + 1) == slot && (addr & STACK_SIZE);
}

static bool read_stack(uintptr_t addr, u64 *value, void *arg)
{
	u64 v = 0;
	unsigned long ok = 0;

	(void)arg;
	__asm__ volatile("1: ld %0, 0(%2)\n"
			 "li %1, 1\n"
			 "2:\n" EX_TABLE(1b, 2b)
			 : "+&r"(v), "+&r"(ok)
			 : "r"(addr)
			 : "memory");
	*value = v;
	return ok != 0;
}

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

unsigned int arch_back_trace(uintptr_t *pcs, unsigned int n)
{
	uintptr_t fp = (uintptr_t)__builtin_frame_address(0);
	const struct backtrace_env env = {in_slot, read_stack, (void *)fp};
	const struct backtrace_start start = {.fp = fp};

	return backtrace(&start, &env, pcs, n);
}

void panic_print_trace(const struct backtrace_start *start, uintptr_t sp)
{
	const struct backtrace_env env = {in_slot, read_stack, (void *)sp};
	uintptr_t pcs[BACKTRACE_MAX];
	unsigned int n = backtrace(start, &env, pcs, BACKTRACE_MAX);
	char number[8];

	for (unsigned int i = 0; i < n; i++) {
		snprintf(number, sizeof(number), "#%u", i);
		print_address(number, pcs[i], i > 0 || !start->pc);
		/* A function interrupted outside its frame is missing its caller in the chain. */
		if (i == 0 && start->ra && (n == 1 || pcs[1] != start->ra))
			print_address("ra", start->ra, true);
	}
}
