/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses to a guest's RAM, under RCU: gmem.h says what each is for.
 */
#include "guest/mem/gmem_slot.h"

#include <string.h>

#include "arch/arch.h"
#include "hyp/mem/memmap.h"

static void *piece_va(const struct gmem_slot *s, u64 gpa)
{
	u64 off = gpa - s->base.a;

	return (char *)hpa_to_va(s->piece[off >> PIECE_SHIFT]) + (off & (PIECE - 1));
}

/* Is all of [gpa, gpa + size) RAM? size is not 0. */
static bool all_ram(const struct gmem_map *map, u64 gpa, u64 size)
{
	u64 last = gpa + size - 1;

	if (last < gpa)
		return false;
	for (;;) {
		const struct gmem_slot *s = gmem_find_slot(map, gpa);

		if (!s)
			return false;
		if (last <= gmem_slot_last(s))
			return true;
		gpa = gmem_slot_last(s) + 1;
	}
}

/* Copies once. What a ring's reader must see whole is copied whole. */
static void copy_once(void *dst, const void *src, u64 size)
{
	uintptr_t both = (uintptr_t)dst | (uintptr_t)src;

	if (size == 8 && IS_ALIGNED(both, 8))
		WRITE_ONCE(*(u64 *)dst, READ_ONCE(*(const u64 *)src));
	else if (size == 4 && IS_ALIGNED(both, 4))
		WRITE_ONCE(*(u32 *)dst, READ_ONCE(*(const u32 *)src));
	else if (size == 2 && IS_ALIGNED(both, 2))
		WRITE_ONCE(*(u16 *)dst, READ_ONCE(*(const u16 *)src));
	else if (size == 1)
		WRITE_ONCE(*(u8 *)dst, READ_ONCE(*(const u8 *)src));
	else
		memcpy(dst, src, size);
}

/* What is done with a range: exactly one of to and from is the hypervisor's, or both are NULL. */
struct touch {
	char *to;
	const char *from;
	bool flush;
};

static void touch(const struct touch *t, void *guest, u64 done, u64 size)
{
	if (t->to)
		copy_once(t->to + done, guest, size);
	else if (t->from)
		copy_once(guest, t->from + done, size);
	else
		memset(guest, 0, size);
	if (t->flush)
		arch_cache_flush(guest, size);
}

static enum err access(struct vm_mem *mem, u64 gpa, const struct touch *t, u64 size)
{
	const struct gmem_map *map;
	enum err err = ERR_RANGE;

	if (!size)
		return OK;
	rcu_read_lock();
	map = rcu_dereference(mem->map);
	if (!all_ram(map, gpa, size))
		goto out;
	for (u64 done = 0, n; done < size; done += n) {
		u64 at = gpa + done;

		n = min_u64(size - done, PIECE - (at & (PIECE - 1)));
		touch(t, piece_va(gmem_find_slot(map, at), at), done, n);
	}
	err = OK;
out:
	rcu_read_unlock();
	return err;
}

enum err gmem_read(struct vm_mem *mem, gpa_t gpa, void *dst, u64 size)
{
	return access(mem, gpa.a, &(struct touch){.to = dst}, size);
}

enum err gmem_write(struct vm_mem *mem, gpa_t gpa, const void *src, u64 size)
{
	return access(mem, gpa.a, &(struct touch){.from = src}, size);
}

enum err gmem_zero(struct vm_mem *mem, gpa_t gpa, u64 size)
{
	return access(mem, gpa.a, &(struct touch){0}, size);
}

enum err gmem_load(struct vm_mem *mem, gpa_t gpa, const void *src, u64 size)
{
	return access(mem, gpa.a, &(struct touch){.from = src, .flush = mem->uncached}, size);
}

bool gmem_contains(struct vm_mem *mem, gpa_t gpa, u64 size)
{
	bool all;

	rcu_read_lock();
	all = !size || all_ram(rcu_dereference(mem->map), gpa.a, size);
	rcu_read_unlock();
	return all;
}

/* The slot that has all of the range, or NULL. */
static struct gmem_slot *find_whole(const struct gmem_map *map, u64 gpa, u64 size)
{
	struct gmem_slot *s = size ? gmem_find_slot(map, gpa) : NULL;

	return s && size - 1 <= gmem_slot_last(s) - gpa ? s : NULL;
}

static void *contiguous(const struct gmem_slot *s, u64 gpa, u64 size)
{
	u64 first = (gpa - s->base.a) >> PIECE_SHIFT;
	u64 last = (gpa + size - 1 - s->base.a) >> PIECE_SHIFT;

	for (u64 i = first; i < last; i++)
		if (s->piece[i].a + PIECE != s->piece[i + 1].a)
			return NULL;
	return piece_va(s, gpa);
}

void *gmem_ptr(struct vm_mem *mem, gpa_t gpa, u64 size)
{
	struct gmem_slot *s;
	void *p;

	rcu_read_lock();
	s = find_whole(rcu_dereference(mem->map), gpa.a, size);
	p = s ? contiguous(s, gpa.a, size) : NULL;
	rcu_read_unlock();
	return p;
}

struct gmem_slot *gmem_hold(struct vm_mem *mem, gpa_t gpa, u64 size)
{
	struct gmem_slot *s;

	rcu_read_lock();
	s = find_whole(rcu_dereference(mem->map), gpa.a, size);
	if (s)
		__atomic_fetch_add(&s->holds, 1, __ATOMIC_RELAXED);
	rcu_read_unlock();
	return s;
}
