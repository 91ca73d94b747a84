/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for the page allocator in a unit test: address space that costs nothing until it is
 * touched, seen by the code under test as RAM from ARENA_HPA on. And a random generator.
 */
#ifndef TESTS_UNIT_ARENA_H
#define TESTS_UNIT_ARENA_H

#include <stdlib.h>
#include <sys/mman.h>

#include "hyp/mem/kmem.h"
#include "hyp/mem/memmap.h"
#include "hyp/mem/page.h"

#define ARENA_HPA  0x80000000UL
#define ARENA_SIZE GIB(4)

/* Fresh pages for every test, and allocators that have forgotten the last one. */
static inline void arena_reset(void)
{
	static void *arena;

	if (arena)
		munmap(arena, ARENA_SIZE);
	arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED)
		abort();
	direct_map_va = (uintptr_t)arena;
	direct_map_hpa = ARENA_HPA;
	page_forget_all();
}

static inline u64 rnd_next(u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 8;
}

#endif
