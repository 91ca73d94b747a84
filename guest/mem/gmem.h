/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory: the one way of the hypervisor into a guest's RAM.
 *
 * A VM's RAM is a few slots, each a run of guest physical addresses backed by 2 MiB pieces of host
 * memory that need not be contiguous. Readers find the slots through RCU in an immutable array
 * sorted by address; adding or taking away a slot publishes a new array.
 *
 * Whatever is in guest memory may change at any moment under the reader: read it once into memory
 * of one's own, bound it, then use the copy. Every address and size here may be a guest's: what is
 * not wholly inside RAM is refused.
 *
 * A back end that blocks while it works in guest memory holds the slot: gmem_hold() before,
 * gmem_put() after. The slot's RAM stays until then, even when the VM has lost it meanwhile.
 *
 * Of a guest that may look past the caches all that it is given, zeroes and what is loaded, is in
 * the memory below before it can run: nothing of before is to be found there.
 *
 * Before RAM is taken away (gmem_remove, gmem_destroy) the caller has unmapped it from the VM's tables
 * and the fences are done.
 */
#ifndef GUEST_MEM_GMEM_H
#define GUEST_MEM_GMEM_H

#include "hyp/mem/page.h"
#include "lib/err.h"
#include "rcu/rcu.h"

#define GMEM_ALIGN     0x200000UL /* slots start and end at multiples of this */
#define GMEM_SLOTS_MAX 64U

struct gmem_map;
struct gmem_slot;

/* A VM's memory. */
struct vm_mem {
	struct gmem_map *map; /* RCU; written by one adder or remover at a time */
	struct mem_account *acct;
	u32 slots;     /* atomic: slots whose RAM is not back yet */
	bool uncached; /* the guest may look past the caches; set before any memory is added */
};

/* No memory yet. What is added is charged to acct, which may be NULL. Any context. */
void gmem_init(struct vm_mem *mem, struct mem_account *acct);

/*
 * Adds size bytes of zeroed RAM at gpa. One adder or remover at a time; takes long (it zeroes),
 * and blocks. ERR_INVAL: gpa or size is not a multiple of 2 MiB, or size is 0. ERR_RANGE: gpa +
 * size wraps. ERR_EXIST: overlaps a slot. ERR_NOMEM: no memory, the account is used up, or
 * GMEM_SLOTS_MAX.
 */
enum err gmem_add(struct vm_mem *mem, gpa_t gpa, u64 size);

/* Takes away the slot that starts at gpa. Its RAM comes back after a grace period, once nobody
 * holds it. One adder or remover at a time. ERR_NOENT: no such slot. ERR_NOMEM. */
enum err gmem_remove(struct vm_mem *mem, gpa_t gpa);

/* Takes away all slots. mem and its account stay until gmem_gone(). Cannot fail. */
void gmem_destroy(struct vm_mem *mem);

/* Has all RAM come back? Any context. */
bool gmem_gone(const struct vm_mem *mem);

/*
 * Copies between guest memory and the hypervisor's, each byte once; 1, 2, 4 and 8 bytes that are
 * aligned on both sides in one access. Across borders of pieces and of slots that touch. All or
 * nothing. ERR_RANGE: not all of it is RAM. Size 0 is OK anywhere. Any context that RCU watches.
 */
enum err gmem_read(struct vm_mem *mem, gpa_t gpa, void *dst, u64 size) __must_check;
enum err gmem_write(struct vm_mem *mem, gpa_t gpa, const void *src, u64 size) __must_check;
enum err gmem_zero(struct vm_mem *mem, gpa_t gpa, u64 size) __must_check;

/* gmem_write() for what is put there before the guest runs: past the caches too, if it may look there. */
enum err gmem_load(struct vm_mem *mem, gpa_t gpa, const void *src, u64 size) __must_check;

/* Is all of [gpa, gpa + size) RAM at this moment? Size 0: yes. Any context that RCU watches. */
bool gmem_contains(struct vm_mem *mem, gpa_t gpa, u64 size);

/*
 * Where the hypervisor sees [gpa, gpa + size), if it is contiguous in host memory; NULL when it is
 * not, is not all RAM, or size is 0. Good until the end of the RCU reader that the caller is in,
 * or as long as it holds the slot.
 */
void *gmem_ptr(struct vm_mem *mem, gpa_t gpa, u64 size);

/* Holds the slot that has all of [gpa, gpa + size), size not 0; NULL when none has. Any context
 * that RCU watches. gmem_put() gives it back; the last one may free RAM (any context). */
struct gmem_slot *gmem_hold(struct vm_mem *mem, gpa_t gpa, u64 size);
void gmem_put(struct gmem_slot *slot);

/* Zeroes all RAM, for a VM that starts again. The VM does not run. Takes long, and blocks; no adder
 * or remover beside it. */
void gmem_scrub(struct vm_mem *mem);

/*
 * Calls fn for each run of RAM that is contiguous for guest and host, in order of guest addresses,
 * until it returns an error, which is returned. For the builder of the VM's tables. No adder or remover
 * beside it; fn may block.
 */
enum err gmem_for_each_run(struct vm_mem *mem,
			   enum err (*fn)(void *ctx, gpa_t gpa, hpa_t hpa, u64 size), void *ctx);

/* Bytes of RAM in all slots. Any context that RCU watches. */
u64 gmem_size(struct vm_mem *mem);

#endif
