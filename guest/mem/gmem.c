/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the RAM of guests from ram_alloc() to ram_free(). What is done with it is guest/mem/gmem_access.c.
 *
 * Invariants: the slots of a map are sorted and do not overlap, and none reaches the end of the
 * 64-bit space, so base + size never wraps. The published map counts as one holder of each of its
 * slots; that hold ends a grace period after the map without the slot was published, so a reader
 * that finds a slot may raise its count without asking whether it is dying.
 * Lock order: takes none of its own; calls the allocators and call_rcu().
 *
 * Tags: [Y1] a slot's RAM given back, before its account may go. [Y2] the accesses of all holders
 * of a slot, before the last one frees its RAM.
 */
#include "guest/mem/gmem_slot.h"

#include <string.h>

#include "hyp/mem/bulk.h"
#include "hyp/mem/kmem.h"
#include "hyp/mem/memmap.h"
#include "hyp/sched/thread.h"
#include "lib/check.h"

#define POISON 0x6b /* in debug builds: what has been given back */

void gmem_init(struct vm_mem *mem, struct mem_account *acct)
{
	*mem = (struct vm_mem){.acct = acct};
}

bool gmem_gone(const struct vm_mem *mem)
{
	/* Order: the last slot's RAM is given back, before its account may go.
	 * Pairs with: slot_free() [Y1] */
	return __atomic_load_n(&mem->slots, __ATOMIC_ACQUIRE) == 0;
}

static void slot_free(struct gmem_slot *slot)
{
	struct vm_mem *mem = slot->mem;

	for (u32 i = 0; LIMEN_DEBUG && i < slot->chunks; i++)
		memset(hpa_to_va(slot->chunk[i].hpa), POISON, slot->chunk[i].size);
	ram_free(mem->acct, slot->chunk, slot->chunks);
	kmem_free_charged(mem->acct, slot->chunk);
	kmem_free_charged(mem->acct, slot);
	/* Order: everything is given back, before mem counts a slot less.
	 * Pairs with: gmem_gone() [Y1] */
	__atomic_fetch_sub(&mem->slots, 1, __ATOMIC_RELEASE);
}

void gmem_put(struct gmem_slot *slot)
{
	/* Order: this holder's accesses, before the last holder frees the RAM; and all of theirs
	 * before ours, if that is us. Pairs with: itself [Y2] */
	if (__atomic_fetch_sub(&slot->holds, 1, __ATOMIC_ACQ_REL) == 1)
		slot_free(slot);
}

/* Others may be waiting for this hart, and a grace period too. */
static void clear(const struct vm_mem *mem, const struct ram_chunk *c)
{
	for (u64 off = 0; off < c->size; off += PIECE) {
		char *piece = (char *)hpa_to_va(c->hpa) + off;

		bulk_clear(piece, PIECE);
		if (mem->uncached)
			bulk_flush(piece, PIECE);
		thread_yield();
	}
}

/* Gives the slot its RAM, zeroed. */
static enum err slot_fill(struct gmem_slot *s)
{
	u64 pieces = s->size >> PIECE_SHIFT, n = 0;
	struct mem_account *acct = s->mem->acct;
	enum err err;

	s->chunk = kmem_alloc_charged(acct, pieces * sizeof(*s->chunk));
	if (!s->chunk)
		return ERR_NOMEM;
	err = ram_alloc(acct, s->size, s->chunk, (u32)pieces, &s->chunks);
	if (err) {
		kmem_free_charged(acct, s->chunk);
		return err;
	}
	for (u32 i = 0; i < s->chunks; i++) {
		const struct ram_chunk *c = &s->chunk[i];

		clear(s->mem, c);
		for (u64 off = 0; off < c->size; off += PIECE)
			s->piece[n++] = HPA(c->hpa.a + off);
	}
	return OK;
}

static struct gmem_slot *slot_new(struct vm_mem *mem, gpa_t gpa, u64 size)
{
	u64 pieces = size >> PIECE_SHIFT;
	struct gmem_slot *s;

	if (pieces > UINT32_MAX)
		return NULL;
	s = kmem_alloc_charged(mem->acct, sizeof(*s) + pieces * sizeof(hpa_t));
	if (!s)
		return NULL;
	s->mem = mem;
	s->base = gpa;
	s->size = size;
	s->holds = 1;
	if (slot_fill(s)) {
		kmem_free_charged(mem->acct, s);
		return NULL;
	}
	__atomic_fetch_add(&mem->slots, 1, __ATOMIC_RELAXED);
	return s;
}

static struct gmem_map *map_new(u32 count)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers is what it is. */
	struct gmem_map *map = kmem_alloc(sizeof(*map) + count * sizeof(map->slot[0]));

	if (map)
		map->count = count;
	return map;
}

static void map_gone(struct rcu_head *head)
{
	struct gmem_map *map = container_of(head, struct gmem_map, rcu);

	if (map->drop)
		gmem_put(map->drop);
	for (u32 i = 0; map->drop_all && i < map->count; i++)
		gmem_put(map->slot[i]);
	kmem_free(map);
}

static void map_replace(struct vm_mem *mem, struct gmem_map *map)
{
	struct gmem_map *old = mem->map;

	rcu_assign_pointer(mem->map, map);
	if (old)
		call_rcu(&old->rcu, map_gone);
}

static bool overlaps(const struct gmem_map *map, u64 gpa, u64 size)
{
	for (u32 i = 0; map && i < map->count; i++)
		if (gpa <= gmem_slot_last(map->slot[i]) && map->slot[i]->base.a <= gpa + size - 1)
			return true;
	return false;
}

enum err gmem_add(struct vm_mem *mem, gpa_t gpa, u64 size)
{
	const struct gmem_map *old = mem->map;
	u32 count = old ? old->count : 0, at = 0;
	struct gmem_map *map;
	struct gmem_slot *s;

	if (!size || !IS_ALIGNED(gpa.a | size, GMEM_ALIGN))
		return ERR_INVAL;
	if (size > ~0UL - gpa.a)
		return ERR_RANGE;
	if (overlaps(old, gpa.a, size))
		return ERR_EXIST;
	map = count < GMEM_SLOTS_MAX ? map_new(count + 1) : NULL;
	if (!map)
		return ERR_NOMEM;
	s = slot_new(mem, gpa, size);
	if (!s) {
		kmem_free(map);
		return ERR_NOMEM;
	}
	while (at < count && old->slot[at]->base.a < gpa.a) {
		map->slot[at] = old->slot[at];
		at++;
	}
	map->slot[at] = s;
	for (; at < count; at++)
		map->slot[at + 1] = old->slot[at];
	map_replace(mem, map);
	return OK;
}

enum err gmem_remove(struct vm_mem *mem, gpa_t gpa)
{
	struct gmem_map *old = mem->map, *map;
	struct gmem_slot *s = gmem_find_slot(old, gpa.a);
	u32 n = 0;

	if (!s || s->base.a != gpa.a)
		return ERR_NOENT;
	map = map_new(old->count - 1);
	if (!map)
		return ERR_NOMEM;
	for (u32 i = 0; i < old->count; i++)
		if (old->slot[i] != s)
			map->slot[n++] = old->slot[i];
	old->drop = s;
	map_replace(mem, map);
	return OK;
}

void gmem_destroy(struct vm_mem *mem)
{
	if (mem->map)
		mem->map->drop_all = true;
	map_replace(mem, NULL);
}

void gmem_scrub(struct vm_mem *mem)
{
	for (u32 i = 0; mem->map && i < mem->map->count; i++) {
		const struct gmem_slot *s = mem->map->slot[i];

		for (u32 c = 0; c < s->chunks; c++)
			clear(mem, &s->chunk[c]);
	}
}

static enum err slot_runs(const struct gmem_slot *s,
			  enum err (*fn)(void *ctx, gpa_t gpa, hpa_t hpa, u64 size), void *ctx)
{
	u64 pieces = s->size >> PIECE_SHIFT, first = 0;

	for (u64 i = 1; i <= pieces; i++) {
		enum err err;

		if (i < pieces && s->piece[i - 1].a + PIECE == s->piece[i].a)
			continue;
		err = fn(ctx, GPA(s->base.a + (first << PIECE_SHIFT)), s->piece[first],
			 (i - first) << PIECE_SHIFT);
		if (err)
			return err;
		first = i;
	}
	return OK;
}

enum err gmem_for_each_run(struct vm_mem *mem,
			   enum err (*fn)(void *ctx, gpa_t gpa, hpa_t hpa, u64 size), void *ctx)
{
	for (u32 i = 0; mem->map && i < mem->map->count; i++) {
		enum err err = slot_runs(mem->map->slot[i], fn, ctx);

		if (err)
			return err;
	}
	return OK;
}

u64 gmem_size(struct vm_mem *mem)
{
	const struct gmem_map *map;
	u64 size = 0;

	rcu_read_lock();
	map = rcu_dereference(mem->map);
	for (u32 i = 0; map && i < map->count; i++)
		size += map->slot[i]->size;
	rcu_read_unlock();
	return size;
}
