/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page allocator: RAM in blocks of 2^order pages, each aligned to its own size.
 *
 * All functions: any interrupt state, any context that RCU watches, never block.
 */
#ifndef HYP_MEM_PAGE_H
#define HYP_MEM_PAGE_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/types.h"

#define PAGE_SHIFT     12
#define PAGE_SIZE      (1UL << PAGE_SHIFT)
#define PAGE_ORDER_2M  9
#define PAGE_ORDER_MAX 18 /* 1 GiB */

/*
 * What a VM has taken of the machine's memory, in bytes. limit is set before the first charge and
 * used starts at 0; both belong to this module afterwards. A NULL account is the hypervisor's
 * own: neither counted nor limited. An account lives until all that was charged to it is back.
 */
struct mem_account {
	u64 used; /* atomic */
	u64 limit;
};

/* Adds bytes to the account; false, and nothing added, when that would pass its limit. */
bool mem_charge(struct mem_account *acct, u64 bytes) __must_check;

/* Takes bytes off again; they were charged before. */
void mem_uncharge(struct mem_account *acct, u64 bytes);

/* Bytes charged now. */
u64 mem_used(const struct mem_account *acct);

/*
 * Gives [start, start + size) to the allocator: RAM in the direct map that nothing else uses. One
 * byte a page is taken from the range itself for book-keeping; the range is rounded inwards to
 * whole pages. For boot, before other harts allocate.
 * ERR_INVAL: the range wraps or passes 56 bits. ERR_RANGE: too small to be of use. ERR_EXIST:
 * overlaps a range given before. ERR_NOMEM: more ranges than PAGE_RANGES_MAX.
 */
#define PAGE_RANGES_MAX 64
enum err page_init_range(hpa_t start, u64 size);

/* Takes a block of 2^order pages, aligned to its size, contents as they were. False when there is
 * none that large, or order > PAGE_ORDER_MAX. */
bool page_alloc(unsigned int order, hpa_t *out) __must_check;

/* Gives it back. The order is the one it was taken with. */
void page_free(hpa_t page, unsigned int order);

/* The same, charged to an account; false also when that is used up. */
bool page_alloc_charged(struct mem_account *acct, unsigned int order, hpa_t *out) __must_check;
void page_free_charged(struct mem_account *acct, hpa_t page, unsigned int order);

/*
 * The same again, with the contents zeroed, in the shape that builders of page tables ask for
 * (struct pt_source): ctx is a struct mem_account *, or NULL.
 */
bool page_source_alloc(void *ctx, unsigned int order, hpa_t *out) __must_check;
void page_source_free(void *ctx, unsigned int order, hpa_t page);
void *page_source_va(void *ctx, hpa_t page);

/* A piece of RAM for a guest: size is a power of two, at least 2 MiB, and hpa is aligned to it. */
struct ram_chunk {
	hpa_t hpa;
	u64 size; /* bytes */
};

/*
 * Takes size bytes (a multiple of 2 MiB) in as few chunks as there are, largest first: 1 GiB
 * blocks as long as they fit and are to be had, and so on down to 2 MiB, never less. All or
 * nothing. chunk[] has room for max entries (size / 2 MiB is always enough); *count says how many
 * were used. Contents as they were.
 * ERR_INVAL: size is 0 or not a multiple of 2 MiB. ERR_NOMEM: no memory, or the account is used
 * up. ERR_RANGE: max is too small for how the RAM came.
 */
enum err ram_alloc(struct mem_account *acct, u64 size, struct ram_chunk *chunk, u32 max,
		   u32 *count);
void ram_free(struct mem_account *acct, const struct ram_chunk *chunk, u32 count);

/*
 * Finds the block that holds the byte at h: its first byte, its order and whether it is tagged.
 * False when h is not in a block that is taken. A tag is one bit that the block's owner may set;
 * it is gone when the block is freed.
 */
struct page_block {
	hpa_t head;
	unsigned int order;
	bool tagged;
};
bool page_block_of(hpa_t h, struct page_block *out);
void page_tag(hpa_t head);

struct page_stats {
	u64 total;			/* bytes under management, without the book-keeping */
	u64 free;			/* bytes free now */
	u64 blocks[PAGE_ORDER_MAX + 1]; /* free blocks of each order */
};
void page_get_stats(struct page_stats *out);
u64 page_free_bytes(void);

/* For tests: n more allocations succeed, then all fail. PAGE_FAIL_NEVER ends it. */
#define PAGE_FAIL_NEVER (~0UL)
void page_fail_after(u64 n);

/* For tests: forgets all ranges and what was taken from them, and a lock that a failed check left
 * behind. Nobody else is in here. */
void page_forget_all(void);

#endif
