/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MMIO bus. See mmio.h.
 *
 * Addresses are compared by first and last byte, never by end, so that a region may end at the
 * top of the address space.
 */
#include "guest/mem/mmio.h"

#include "hyp/mem/kmem.h"

void mmio_bus_init(struct mmio_bus *bus)
{
	*bus = (struct mmio_bus){.lock = SPINLOCK_INIT("mmio_bus")};
}

static void map_free(struct rcu_head *head)
{
	kmem_free(container_of(head, struct mmio_map, rcu));
}

void mmio_bus_destroy(struct mmio_bus *bus)
{
	if (bus->map)
		call_rcu(&bus->map->rcu, map_free);
	bus->map = NULL;
}

/* How many regions start at or before gpa. */
static u32 count_upto(const struct mmio_map *map, gpa_t gpa)
{
	u32 lo = 0, hi = map ? map->count : 0;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (map->region[mid].base.a <= gpa.a)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static u64 last_byte(const struct mmio_region *r)
{
	return r->base.a + (r->size - 1);
}

/* Does region r overlap what stands at index at - 1 or at, between which it would go? */
static bool overlaps(const struct mmio_map *map, u32 at, const struct mmio_region *r)
{
	if (!map)
		return false;
	if (at > 0 && last_byte(&map->region[at - 1]) >= r->base.a)
		return true;
	return at < map->count && map->region[at].base.a <= last_byte(r);
}

static bool region_valid(const struct mmio_region *r)
{
	return r->size && last_byte(r) >= r->base.a && r->ops && r->ops->read && r->ops->write;
}

static struct mmio_map *map_alloc(u32 count)
{
	size_t size = sizeof(struct mmio_map) + (size_t)count * sizeof(struct mmio_region);
	struct mmio_map *map = kmem_alloc(size);

	if (map)
		map->count = count;
	return map;
}

static void copy_regions(struct mmio_region *to, const struct mmio_region *from, u32 n)
{
	for (u32 i = 0; i < n; i++)
		to[i] = from[i];
}

static void replace_map(struct mmio_bus *bus, struct mmio_map *map)
{
	struct mmio_map *old = rcu_dereference_protected(bus->map, &bus->lock);

	/* Order: the new array is written, before readers can find it.
	 * Pairs with: mmio_access() [M1] */
	rcu_assign_pointer(bus->map, map);
	if (old)
		call_rcu(&old->rcu, map_free);
}

static __cold enum err add_locked(struct mmio_bus *bus, const struct mmio_region *r)
{
	const struct mmio_map *old = rcu_dereference_protected(bus->map, &bus->lock);
	u32 n = old ? old->count : 0;
	u32 at = count_upto(old, r->base);
	struct mmio_map *map;

	if (overlaps(old, at, r))
		return ERR_EXIST;
	map = map_alloc(n + 1);
	if (!map)
		return ERR_NOMEM;
	if (old) {
		copy_regions(map->region, old->region, at);
		copy_regions(map->region + at + 1, old->region + at, n - at);
	}
	map->region[at] = *r;
	replace_map(bus, map);
	return OK;
}

enum err mmio_add(struct mmio_bus *bus, const struct mmio_region *region)
{
	enum err e;

	if (!region_valid(region))
		return ERR_INVAL;
	spin_lock(&bus->lock);
	e = add_locked(bus, region);
	spin_unlock(&bus->lock);
	return e;
}

static __cold enum err remove_locked(struct mmio_bus *bus, gpa_t base)
{
	const struct mmio_map *old = rcu_dereference_protected(bus->map, &bus->lock);
	u32 at = count_upto(old, base); /* one past the region, if it is there */
	struct mmio_map *map;

	if (at == 0 || old->region[at - 1].base.a != base.a)
		return ERR_NOENT;
	map = map_alloc(old->count - 1);
	if (!map)
		return ERR_NOMEM;
	copy_regions(map->region, old->region, at - 1);
	copy_regions(map->region + at - 1, old->region + at, old->count - at);
	replace_map(bus, map);
	return OK;
}

enum err mmio_remove(struct mmio_bus *bus, gpa_t base)
{
	enum err e;

	spin_lock(&bus->lock);
	e = remove_locked(bus, base);
	spin_unlock(&bus->lock);
	return e;
}

/* Finds the region that an access lies in. Inside an RCU reader. */
static enum err find(const struct mmio_map *map, u64 *hint, gpa_t gpa, unsigned int width)
{
	u32 at = count_upto(map, gpa);
	const struct mmio_region *r;
	u64 off;

	if (at == 0)
		return ERR_NOENT;
	r = &map->region[at - 1];
	off = gpa.a - r->base.a;
	if (off >= r->size)
		return ERR_NOENT;
	if (r->size - off < width)
		return ERR_RANGE;
	*hint = at - 1;
	return OK;
}

enum err mmio_access_searched(struct mmio_bus *bus, u64 *hint, gpa_t gpa, unsigned int width,
			      bool store, u64 *val)
{
	const struct mmio_map *map;
	const struct mmio_region *r;
	enum err e;

	rcu_read_lock();
	/* Order: the pointer, before what it points to. Pairs with: replace_map() [M1] */
	map = rcu_dereference(bus->map);
	e = find(map, hint, gpa, width);
	if (!e) {
		r = &map->region[*hint];
		e = mmio_call(r, gpa.a - r->base.a, width, store, val);
	}
	rcu_read_unlock();
	return e;
}

static bool width_valid(unsigned int width)
{
	return width == 1 || width == 2 || width == 4 || width == 8;
}

static u64 width_mask(unsigned int width)
{
	return ~0ULL >> (64 - 8 * width);
}

enum err mmio_read(struct mmio_bus *bus, gpa_t gpa, unsigned int width, u64 *val)
{
	u64 hint = 0;
	enum err e;

	*val = 0;
	if (!width_valid(width))
		return ERR_INVAL;
	e = mmio_access(bus, &hint, gpa, width, false, val);
	*val = e ? 0 : *val & width_mask(width);
	return e;
}

enum err mmio_write(struct mmio_bus *bus, gpa_t gpa, unsigned int width, u64 val)
{
	u64 hint = 0;

	if (!width_valid(width))
		return ERR_INVAL;
	val &= width_mask(width);
	return mmio_access(bus, &hint, gpa, width, true, &val);
}
