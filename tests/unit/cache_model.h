/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache that holds back whatever is stored, for the memory of tests/unit/arena.h: what the code under test
 * sees is the cache; below is the memory, into which only arch_cache_flush() writes. It begins with what another
 * VM has left there.
 */
#ifndef TESTS_UNIT_CACHE_MODEL_H
#define TESTS_UNIT_CACHE_MODEL_H

#include <string.h>

#include "arch/arch.h"
#include "tests/unit/arena.h"

#define CACHE_LINE   64UL
#define CACHE_SIZE   MIB(128) /* of the arena, from its beginning */
#define CACHE_SECRET 0xee

static u8 *below;
static u64 flushes;

/* Fresh, after arena_reset(). */
static inline void cache_reset(void)
{
	if (below)
		munmap(below, CACHE_SIZE);
	below = mmap(NULL, CACHE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (below == MAP_FAILED)
		abort();
	memset(below, CACHE_SECRET, CACHE_SIZE);
	flushes = 0;
}

/* The memory below what is seen at va. */
static inline u8 *cache_below(const void *va)
{
	return below + ((uintptr_t)va - direct_map_va);
}

void arch_cache_flush(const void *va, u64 size)
{
	uintptr_t start = (uintptr_t)va & ~(CACHE_LINE - 1);
	uintptr_t end = ((uintptr_t)va + size + CACHE_LINE - 1) & ~(CACHE_LINE - 1);

	memcpy(cache_below((const void *)start), (const void *)start, end - start);
	flushes++;
}

#endif
