/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The slots of a guest's RAM, and the map that has them: for guest/mem/gmem.c and guest/mem/gmem_access.c.
 */
#ifndef GUEST_MEM_GMEM_SLOT_H
#define GUEST_MEM_GMEM_SLOT_H

#include "guest/mem/gmem.h"
#include "hyp/mem/bulk.h"

#define PIECE_SHIFT 21
#define PIECE	    (1UL << PIECE_SHIFT)

struct gmem_slot {
	struct vm_mem *mem;
	gpa_t base;
	u64 size;
	u32 holds; /* atomic */
	u32 chunks;
	struct ram_chunk *chunk; /* as ram_alloc() gave them */
	hpa_t piece[];		 /* of each 2 MiB */
};

/* The published array. When it has been replaced it goes a grace period later, and takes the
 * hold on the slots that its successor does not have with it. */
struct gmem_map {
	struct rcu_head rcu;
	struct gmem_slot *drop; /* the slot taken away */
	bool drop_all;
	u32 count;
	struct gmem_slot *slot[];
};

static inline u64 gmem_slot_last(const struct gmem_slot *s)
{
	return s->base.a + s->size - 1;
}

/* Which slot has gpa; in a reader, or nobody changes the map. */
static inline struct gmem_slot *gmem_find_slot(const struct gmem_map *map, u64 gpa)
{
	u32 low = 0, high = map ? map->count : 0;

	while (low < high) {
		u32 mid = low + (high - low) / 2;
		struct gmem_slot *s = map->slot[mid];

		if (gpa < s->base.a)
			high = mid;
		else if (gpa > gmem_slot_last(s))
			low = mid + 1;
		else
			return s;
	}
	return NULL;
}

#endif
