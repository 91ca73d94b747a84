/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's MMIO bus: which device answers at a guest physical address.
 *
 * Owns the map of regions, an immutable array sorted by address that no two regions overlap in.
 * Readers find the array through RCU and search it by halves; a change builds a new array,
 * publishes it, and has the old one freed after a grace period. So an access takes no lock, and
 * costs the logarithm of the number of regions.
 *
 * A device's operations run inside the RCU reader: they must not block, and the device must live
 * until a grace period has passed since mmio_remove().
 *
 * Lock order: bus->lock is held over kmem_alloc(); readers take nothing.
 */
#ifndef GUEST_MEM_MMIO_H
#define GUEST_MEM_MMIO_H

#include "lib/err.h"
#include "lib/spinlock.h"
#include "lib/types.h"
#include "rcu/rcu.h"

/*
 * A device's side. off is in bytes from the region's base, width is 1, 2, 4 or 8, and the access
 * lies wholly inside the region; off need not be a multiple of width. A device of more than a page refuses
 * what is not aligned: in the guest's address space another page may follow. read fills the low width
 * bytes of *val and leaves the rest 0; write finds its value there, zero above.
 * Returning an error refuses the access, of which the caller makes a guest access fault.
 */
struct mmio_ops {
	enum err (*read)(void *dev, u64 off, unsigned int width, u64 *val);
	enum err (*write)(void *dev, u64 off, unsigned int width, u64 *val);
};

struct mmio_region {
	gpa_t base;
	u64 size; /* bytes, not 0 */
	const struct mmio_ops *ops;
	void *dev;
};

struct mmio_map;

struct mmio_bus {
	struct spinlock lock; /* writers */
	struct mmio_map *map; /* RCU; NULL: no regions */
};

/* An empty bus. */
void mmio_bus_init(struct mmio_bus *bus);

/* Frees the map; nobody may use the bus any more. RCU watching. */
void mmio_bus_destroy(struct mmio_bus *bus);

/*
 * Adds a region; its description is copied. A thread, or while booting.
 * Returns OK; ERR_INVAL: size 0, past the end of the address space, or an operation missing;
 * ERR_EXIST: overlaps a region that is there; ERR_NOMEM.
 */
enum err mmio_add(struct mmio_bus *bus, const struct mmio_region *region);

/*
 * Removes the region that starts at base. Accesses under way may still be in the device when this
 * returns: free it after synchronize_rcu(). A thread.
 * Returns OK; ERR_NOENT: none starts there; ERR_NOMEM, and then the region is still there.
 */
enum err mmio_remove(struct mmio_bus *bus, gpa_t base);

/* The array behind the map; never changed once published. */
struct mmio_map {
	struct rcu_head rcu;
	u64 count;
	struct mmio_region region[]; /* by base */
};

/*
 * One guest access of width bytes at gpa, any context that RCU watches; does not block.
 * mmio_read() sets *val, zero above width, and to 0 on an error.
 * Returns OK; ERR_INVAL: no such width; ERR_NOENT: no region at gpa; ERR_RANGE: the access runs
 * over the region's end; or what the device said.
 */
enum err mmio_read(struct mmio_bus *bus, gpa_t gpa, unsigned int width, u64 *val);
enum err mmio_write(struct mmio_bus *bus, gpa_t gpa, unsigned int width, u64 val);

/* The whole of mmio_access(), and the search when the hint is wrong. */
enum err mmio_access_searched(struct mmio_bus *bus, u64 *hint, gpa_t gpa, unsigned int width,
			      bool store, u64 *val);

static __always_inline enum err mmio_call(const struct mmio_region *r, u64 off, unsigned int width,
					  bool store, u64 *val)
{
	return (store ? r->ops->write : r->ops->read)(r->dev, off, width, val);
}

/*
 * The same access for one that a decoder made: width is 1, 2, 4 or 8, a store has nothing above it in
 * *val, and what a load finds there above it is to be ignored. *hint is where the caller's last
 * access found its region; any number will do. Inlined, for it stands on the way of every access.
 */
static __always_inline enum err mmio_access(struct mmio_bus *bus, u64 *hint, gpa_t gpa,
					    unsigned int width, bool store, u64 *val)
{
	const struct mmio_region *r;
	const struct mmio_map *map;
	enum err e;
	u64 off;

	rcu_read_lock();
	/* Order: the pointer, before what it points to. Pairs with: replace_map() [M1] */
	map = rcu_dereference(bus->map);
	if (likely(map && *hint < map->count)) {
		r = &map->region[*hint];
		off = gpa.a - r->base.a;
		if (likely(off < r->size && r->size - off >= width)) {
			e = mmio_call(r, off, width, store, val);
			rcu_read_unlock();
			return e;
		}
	}
	rcu_read_unlock();
	return mmio_access_searched(bus, hint, gpa, width, store, val);
}

#endif
