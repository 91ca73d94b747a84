/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other side of page tables, for tests: a source of table pages from the C heap (a physical
 * address is the pointer itself, so the address sanitizer sees a table that is used after it was
 * freed), and a hart's walk, written from the specification and not from the code under test:
 * privileged architecture 20240411, "Virtual Address Translation Process".
 *
 * The walk can have an address-translation cache of the most careless kind the specification
 * allows: it keeps what it read, also entries without V, for as long as no fence makes it forget,
 * and uses what it kept or reads anew as chance has it.
 */
#ifndef TESTS_UNIT_ARCH_RISCV_PT_MODEL_H
#define TESTS_UNIT_ARCH_RISCV_PT_MODEL_H

#include <stdlib.h>
#include <string.h>

#include "arch/riscv/pt.h"

struct heap_source {
	u64 live;  /* pages handed out */
	u64 limit; /* of allocations; then they fail */
};

static inline bool heap_alloc(void *ctx, unsigned int order, hpa_t *out)
{
	struct heap_source *h = ctx;
	void *p;

	if (!h->limit)
		return false;
	h->limit--;
	p = aligned_alloc(PT_PAGE << order, PT_PAGE << order);
	if (!p)
		abort();
	memset(p, 0, PT_PAGE << order);
	h->live += 1UL << order;
	*out = HPA((u64)(uintptr_t)p);
	return true;
}

static inline void heap_free(void *ctx, unsigned int order, hpa_t page)
{
	((struct heap_source *)ctx)->live -= 1UL << order;
	free((void *)(uintptr_t)page.a);
}

static inline void *heap_va(void *ctx, hpa_t page)
{
	(void)ctx;
	return (void *)(uintptr_t)page.a;
}

#define HEAP_SOURCE(h)                                                            \
	{                                                                         \
		.ctx = (h), .alloc = heap_alloc, .free = heap_free, .va = heap_va \
	}

enum walk_result {
	WALK_OK,
	WALK_INVALID,  /* an entry without V: not mapped */
	WALK_RESERVED, /* an entry that hardware would not accept */
};

/* What a cache holds for one address: the entries of each level, as read at some time. */
struct walk_cache {
	bool held[5];
	u64 pte[5];
};

struct walked {
	u64 hpa, pte;
	int level;
};

/* Does an entry break a rule of the format at all? (No Svnapot, no Svpbmt.) */
static inline bool pte_reserved(u64 pte, int level)
{
	bool leaf = pte & (PTE_R | PTE_X);
	u64 ppn = (pte >> 10) & ((1UL << 44) - 1);

	if (pte >> 54)
		return true;
	if ((pte & PTE_W) && !(pte & PTE_R))
		return true;
	if (!leaf)
		return (pte & (PTE_D | PTE_A | PTE_U)) || !level;
	return ppn & ((1UL << (9 * level)) - 1); /* misaligned superpage */
}

/* Walks from root. cache may be NULL; coin says whether to believe it this time. */
static inline enum walk_result walk(u64 root, int levels, int root_bits, u64 at,
				    struct walk_cache *cache, bool (*coin)(void),
				    struct walked *out)
{
	u64 table = root;

	for (int i = levels - 1; i >= 0; i--) {
		u64 bits = i == levels - 1 ? (u64)root_bits : 9, pte;
		u64 index = (at >> (12 + 9 * i)) & ((1UL << bits) - 1);

		if (cache && cache->held[i] && coin()) {
			pte = cache->pte[i];
		} else {
			pte = ((u64 *)(uintptr_t)table)[index];
			if (cache) {
				cache->held[i] = true;
				cache->pte[i] = pte;
			}
		}
		if (!(pte & PTE_V))
			return WALK_INVALID;
		if (pte_reserved(pte, i))
			return WALK_RESERVED;
		if (pte & (PTE_R | PTE_X)) {
			u64 offset = at & ((1UL << (12 + 9 * i)) - 1);

			*out = (struct walked){((pte >> 10 & ((1UL << 44) - 1)) << 12) + offset,
					       pte, i};
			return WALK_OK;
		}
		table = (pte >> 10 & ((1UL << 44) - 1)) << 12;
	}
	return WALK_RESERVED;
}

/* One fence with an address: forgets, of the entries kept for at, those that end a walk and cover
 * the fenced address as well. Pointers to tables it need not forget. */
static inline void fence_address(struct walk_cache *cache, u64 at, u64 fenced)
{
	for (int i = 0; i < 5; i++) {
		bool ends = !(cache->pte[i] & PTE_V) || (cache->pte[i] & (PTE_R | PTE_X));

		if (cache->held[i] && ends && at >> (12 + 9 * i) == fenced >> (12 + 9 * i))
			cache->held[i] = false;
	}
}

/* What a caller does with a fence request. */
static inline void fence_range(struct walk_cache *cache, u64 at, u64 start, u64 size,
			       unsigned int shift, bool all)
{
	if (all) {
		memset(cache, 0, sizeof(*cache));
		return;
	}
	for (u64 done = 0; done < size; done += 1UL << shift)
		fence_address(cache, at, start + done);
}

#endif
