/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a trap found, and how to get from there to who called it: arch/arch.h, part 3.
 */
#include "arch/arch.h"
#include "arch/riscv/backtrace.h"
#include "arch/riscv/extable.h"
#include "arch/riscv/trap.h"
#include "lib/log.h"

void arch_frame_place(const struct trap_frame *f, struct arch_place *at)
{
	*at = (struct arch_place){.pc = f->sepc, .fp = f->x[8], .ra = f->x[1], .sp = f->x[2]};
}

void arch_frame_report(const struct trap_frame *f)
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

/* Stacks lie in the upper half of a slot twice their size (arch/stack.h): arg is the address
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

unsigned int arch_back_trace_from(const struct arch_place *at, uintptr_t *pcs, unsigned int n)
{
	const struct backtrace_env env = {in_slot, read_stack, (void *)at->sp};

	return backtrace(at, &env, pcs, n);
}

unsigned int arch_back_trace(uintptr_t *pcs, unsigned int n)
{
	uintptr_t fp = (uintptr_t)__builtin_frame_address(0);
	const struct arch_place at = {.fp = fp, .sp = fp};

	return arch_back_trace_from(&at, pcs, n);
}
