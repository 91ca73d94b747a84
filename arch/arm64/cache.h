/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Caches, as far as code that was written as data wants them.
 */
#ifndef ARCH_ARM64_CACHE_H
#define ARCH_ARM64_CACHE_H

#include "arch/arch.h"

/* What was written to [p, p + n) is what all harts execute from there, once a context synchronization event
 * has followed: an exception return is one (DDI 0487, "Concurrent modification and execution of
 * instructions"). Any context. */
static inline void cache_sync_code(const void *p, size_t n)
{
	uintptr_t line = 4UL << (sysreg_read(ctr_el0) >> 16 & 15);

	for (uintptr_t at = ALIGN_DOWN((uintptr_t)p, line); at < (uintptr_t)p + n; at += line)
		__asm__ volatile("dc cvau, %0" ::"r"(at) : "memory");
	dsb(ish);
	__asm__ volatile("ic ialluis" ::: "memory");
	dsb(ish);
	isb();
}

#endif
