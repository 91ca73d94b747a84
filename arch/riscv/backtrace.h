/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Back traces by frame pointers. Pure: memory is read through the caller's function, so that it
 * runs on any architecture and any garbage.
 */
#ifndef ARCH_RISCV_BACKTRACE_H
#define ARCH_RISCV_BACKTRACE_H

#include "arch/arch.h"
#include "lib/types.h"

#define BACKTRACE_MAX 32 /* frames followed */

struct backtrace_env {
	/* Is the address in the stack that is walked? All 8 bytes there, if it is aligned. */
	bool (*in_stack)(uintptr_t addr, void *arg);
	/* Reads an aligned address that in_stack() said yes to; false when it cannot be read. */
	bool (*read)(uintptr_t addr, u64 *value, void *arg);
	void *arg;
};

/*
 * Follows the chain and puts code addresses in pcs, innermost first: at most n and at most
 * BACKTRACE_MAX. All but a nonzero start->pc are return addresses. Ends at the first frame that is
 * misaligned, outside the stack, unreadable or not above the one before it. Returns how many. Any
 * context.
 */
unsigned int backtrace(const struct arch_place *start, const struct backtrace_env *env,
		       uintptr_t *pcs, unsigned int n);

#endif
