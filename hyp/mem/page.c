/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Binary buddies over several ranges of RAM.
 *
 * Owns every free page. Free blocks of one order hang in one list, whose node lies in the block's
 * own first bytes; each page has one byte of state in an array at one end of its range:
 *
 *   0			inside a block, not its first page
 *   PS_FREE | order	first page of a free block, which is in free_list[order]
 *   PS_USED | order	first page of a block that was handed out; PS_TAG as its owner likes
 *
 * Invariants: two free buddies of one order in one range are never both in a list (they would have
 * been one block); free_bytes is the sum of all free blocks.
 * Lock order: page_lock is the innermost; nothing is taken while it is held.
 */
#include "hyp/mem/page.h"

#include <string.h>

#include "hyp/mem/memmap.h"
#include "lib/check.h"
#include "lib/list.h"
#include "lib/spinlock.h"

#define PS_ORDER 0x1fU
#define PS_TAG	 0x20U
#define PS_USED	 0x40U
#define PS_FREE	 0x80U

#define PFN_END (1UL << (56 - PAGE_SHIFT)) /* physical addresses have 56 bits at most */

struct page_range {
	u64 first, end;		/* page numbers that are handed out: first <= pfn < end */
	u64 all_first, all_end; /* the same with the pages that hold the states */
	u8 *state;		/* of page first, and so on */
};

uintptr_t direct_map_va;
u64 direct_map_hpa;

static struct spinlock page_lock = SPINLOCK_INIT("page");
/* Under page_lock. */
static struct page_range ranges[PAGE_RANGES_MAX];
static u32 range_count;
static struct list free_list[PAGE_ORDER_MAX + 1];
static u64 free_blocks[PAGE_ORDER_MAX + 1]; /* how long each list is */
static u64 free_bytes, total_bytes;
static u64 fail_after = PAGE_FAIL_NEVER;

static u64 order_bytes(unsigned int order)
{
	return PAGE_SIZE << order;
}

static struct list *node_of(u64 pfn)
{
	return hpa_to_va(HPA(pfn << PAGE_SHIFT));
}

static u64 pfn_of(const struct list *node)
{
	return va_to_hpa(node).a >> PAGE_SHIFT;
}

static struct page_range *find_range(u64 pfn)
{
	for (u32 i = 0; i < range_count; i++)
		if (pfn >= ranges[i].first && pfn < ranges[i].end)
			return &ranges[i];
	return NULL;
}

static u8 *state_of(const struct page_range *r, u64 pfn)
{
	return &r->state[pfn - r->first];
}

static void put_free(struct page_range *r, u64 pfn, unsigned int order)
{
	*state_of(r, pfn) = (u8)(PS_FREE | order);
	list_add_head(node_of(pfn), &free_list[order]);
	free_blocks[order]++;
	free_bytes += order_bytes(order);
}

static void take_free(struct page_range *r, u64 pfn, unsigned int order)
{
	*state_of(r, pfn) = 0;
	list_del(node_of(pfn));
	free_blocks[order]--;
	free_bytes -= order_bytes(order);
}

/* Frees a block and joins it with its buddy as often as that is free too. Page_lock held. */
static void join_free(struct page_range *r, u64 pfn, unsigned int order)
{
	for (; order < PAGE_ORDER_MAX; order++) {
		u64 pages = 1UL << order, buddy = pfn ^ pages;

		if (buddy < r->first || buddy + pages > r->end ||
		    *state_of(r, buddy) != (PS_FREE | order))
			break;
		take_free(r, buddy, order);
		pfn &= ~pages;
	}
	put_free(r, pfn, order);
}

/* The largest order that a block at pfn can have within the range. */
static unsigned int largest_order(u64 pfn, u64 end)
{
	unsigned int order = 0;

	while (order < PAGE_ORDER_MAX && !(pfn & (1UL << order)) && pfn + (2UL << order) <= end)
		order++;
	return order;
}

static u64 whole_2m(u64 first, u64 end)
{
	u64 from = ALIGN_UP(first, 1UL << PAGE_ORDER_2M),
	    to = ALIGN_DOWN(end, 1UL << PAGE_ORDER_2M);

	return to > from ? to - from : 0;
}

/* Takes the pages of the states from the end that costs fewer 2 MiB blocks. */
static void place_states(struct page_range *r)
{
	u64 pages = r->all_end - r->all_first, own = ALIGN_UP(pages, PAGE_SIZE) >> PAGE_SHIFT;
	bool at_end =
		whole_2m(r->all_first, r->all_end - own) > whole_2m(r->all_first + own, r->all_end);
	u64 at = at_end ? r->all_end - own : r->all_first;

	r->first = at_end ? r->all_first : r->all_first + own;
	r->end = at_end ? r->all_end - own : r->all_end;
	r->state = hpa_to_va(HPA(at << PAGE_SHIFT));
	memset(r->state, 0, own << PAGE_SHIFT);
}

static void add_range(const struct page_range *new)
{
	struct page_range *r = &ranges[range_count];

	if (!range_count)
		for (unsigned int o = 0; o <= PAGE_ORDER_MAX; o++)
			list_init(&free_list[o]);
	*r = *new;
	range_count++;
	total_bytes += (r->end - r->first) << PAGE_SHIFT;
	for (u64 pfn = r->first; pfn < r->end;) {
		unsigned int order = largest_order(pfn, r->end);

		put_free(r, pfn, order);
		pfn += 1UL << order;
	}
}

static enum err range_room(const struct page_range *new)
{
	for (u32 i = 0; i < range_count; i++)
		if (new->all_first < ranges[i].all_end && ranges[i].all_first < new->all_end)
			return ERR_EXIST;
	return range_count < PAGE_RANGES_MAX ? OK : ERR_NOMEM;
}

enum err page_init_range(hpa_t start, u64 size)
{
	struct page_range new = {0};
	unsigned long flags;
	enum err err;

	if (start.a >= PFN_END << PAGE_SHIFT || size > (PFN_END << PAGE_SHIFT) - start.a)
		return ERR_INVAL;
	new.all_first = ALIGN_UP(start.a, PAGE_SIZE) >> PAGE_SHIFT;
	new.all_end = (start.a + size) >> PAGE_SHIFT;
	if (new.all_end < new.all_first + 2)
		return ERR_RANGE;

	flags = spin_lock_irqsave(&page_lock);
	err = range_room(&new);
	if (err == OK) {
		place_states(&new);
		add_range(&new);
	}
	spin_unlock_irqrestore(&page_lock, flags);
	return err;
}

/* Is this allocation to succeed, as far as a test has a say? Page_lock held. */
static bool allowed(void)
{
	if (likely(fail_after == PAGE_FAIL_NEVER))
		return true;
	if (!fail_after)
		return false;
	fail_after--;
	return true;
}

/* Takes the smallest free block that is large enough and gives its upper halves back. */
static bool take_block(unsigned int order, u64 *out)
{
	unsigned int o = order;
	struct page_range *r;
	u64 pfn;

	while (o <= PAGE_ORDER_MAX && list_empty(&free_list[o]))
		o++;
	if (o > PAGE_ORDER_MAX)
		return false;
	pfn = pfn_of(free_list[o].next);
	r = find_range(pfn);
	CHECK(r && *state_of(r, pfn) == (PS_FREE | o));
	take_free(r, pfn, o);
	while (o > order) {
		o--;
		put_free(r, pfn + (1UL << o), o);
	}
	*state_of(r, pfn) = (u8)(PS_USED | order);
	*out = pfn;
	return true;
}

bool page_alloc(unsigned int order, hpa_t *out)
{
	unsigned long flags;
	bool got;
	u64 pfn = 0;

	if (order > PAGE_ORDER_MAX)
		return false;
	flags = spin_lock_irqsave(&page_lock);
	got = range_count && allowed() && take_block(order, &pfn);
	spin_unlock_irqrestore(&page_lock, flags);
	if (got)
		*out = HPA(pfn << PAGE_SHIFT);
	return got;
}

void page_free(hpa_t page, unsigned int order)
{
	u64 pfn = page.a >> PAGE_SHIFT;
	struct page_range *r;
	unsigned long flags;

	CHECK(order <= PAGE_ORDER_MAX && IS_ALIGNED(page.a, order_bytes(order)));
	flags = spin_lock_irqsave(&page_lock);
	r = find_range(pfn);
	/* A block that is free already, was never taken, or was taken with another order. */
	CHECK(r && (*state_of(r, pfn) & ~PS_TAG) == (PS_USED | order));
	*state_of(r, pfn) = 0;
	join_free(r, pfn, order);
	spin_unlock_irqrestore(&page_lock, flags);
}

bool mem_charge(struct mem_account *acct, u64 bytes)
{
	u64 used;

	if (!acct)
		return true;
	used = __atomic_load_n(&acct->used, __ATOMIC_RELAXED);
	do {
		if (used > acct->limit || bytes > acct->limit - used)
			return false;
	} while (!__atomic_compare_exchange_n(&acct->used, &used, used + bytes, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

void mem_uncharge(struct mem_account *acct, u64 bytes)
{
	if (acct)
		CHECK(__atomic_fetch_sub(&acct->used, bytes, __ATOMIC_RELAXED) >= bytes);
}

u64 mem_used(const struct mem_account *acct)
{
	return __atomic_load_n(&acct->used, __ATOMIC_RELAXED);
}

bool page_alloc_charged(struct mem_account *acct, unsigned int order, hpa_t *out)
{
	if (order > PAGE_ORDER_MAX || !mem_charge(acct, order_bytes(order)))
		return false;
	if (page_alloc(order, out))
		return true;
	mem_uncharge(acct, order_bytes(order));
	return false;
}

void page_free_charged(struct mem_account *acct, hpa_t page, unsigned int order)
{
	page_free(page, order);
	mem_uncharge(acct, order_bytes(order));
}

bool page_source_alloc(void *ctx, unsigned int order, hpa_t *out)
{
	if (!page_alloc_charged(ctx, order, out))
		return false;
	memset(hpa_to_va(*out), 0, order_bytes(order));
	return true;
}

void page_source_free(void *ctx, unsigned int order, hpa_t page)
{
	page_free_charged(ctx, page, order);
}

void *page_source_va(void *ctx, hpa_t page)
{
	(void)ctx;
	return hpa_to_va(page);
}

static unsigned int chunk_order(const struct ram_chunk *c)
{
	return (unsigned int)__builtin_ctzl(c->size) - PAGE_SHIFT;
}

void ram_free(struct mem_account *acct, const struct ram_chunk *chunk, u32 count)
{
	for (u32 i = 0; i < count; i++)
		page_free_charged(acct, chunk[i].hpa, chunk_order(&chunk[i]));
}

enum err ram_alloc(struct mem_account *acct, u64 size, struct ram_chunk *chunk, u32 max, u32 *count)
{
	unsigned int order = PAGE_ORDER_MAX;
	enum err err = ERR_NOMEM;
	u64 left = size;
	u32 n = 0;

	if (!size || !IS_ALIGNED(size, order_bytes(PAGE_ORDER_2M)))
		return ERR_INVAL;
	while (left) {
		hpa_t page;

		if (left < order_bytes(order) || !page_alloc_charged(acct, order, &page)) {
			if (order-- == PAGE_ORDER_2M)
				goto undo;
			continue;
		}
		if (n == max) {
			page_free_charged(acct, page, order);
			err = ERR_RANGE;
			goto undo;
		}
		chunk[n].hpa = page;
		chunk[n++].size = order_bytes(order);
		left -= order_bytes(order);
	}
	*count = n;
	return OK;
undo:
	ram_free(acct, chunk, n);
	return err;
}

bool page_block_of(hpa_t h, struct page_block *out)
{
	u64 pfn = h.a >> PAGE_SHIFT;
	unsigned long flags = spin_lock_irqsave(&page_lock);
	struct page_range *r = find_range(pfn);
	bool found = false;

	for (unsigned int o = 0; r && !found && o <= PAGE_ORDER_MAX; o++) {
		u64 head = pfn & ~((1UL << o) - 1);
		u8 s = head < r->first ? 0 : *state_of(r, head);

		if ((s & ~PS_TAG) != (PS_USED | o))
			continue;
		*out = (struct page_block){HPA(head << PAGE_SHIFT), o, s & PS_TAG};
		found = true;
	}
	spin_unlock_irqrestore(&page_lock, flags);
	return found;
}

void page_tag(hpa_t head)
{
	unsigned long flags = spin_lock_irqsave(&page_lock);
	struct page_range *r = find_range(head.a >> PAGE_SHIFT);

	CHECK(r && (*state_of(r, head.a >> PAGE_SHIFT) & PS_USED));
	*state_of(r, head.a >> PAGE_SHIFT) |= PS_TAG;
	spin_unlock_irqrestore(&page_lock, flags);
}

void page_get_stats(struct page_stats *out)
{
	unsigned long flags = spin_lock_irqsave(&page_lock);

	out->total = total_bytes;
	out->free = free_bytes;
	memcpy(out->blocks, free_blocks, sizeof(free_blocks));
	spin_unlock_irqrestore(&page_lock, flags);
}

u64 page_free_bytes(void)
{
	unsigned long flags = spin_lock_irqsave(&page_lock);
	u64 bytes = free_bytes;

	spin_unlock_irqrestore(&page_lock, flags);
	return bytes;
}

void page_fail_after(u64 n)
{
	unsigned long flags = spin_lock_irqsave(&page_lock);

	fail_after = n;
	spin_unlock_irqrestore(&page_lock, flags);
}

void page_forget_all(void)
{
	page_lock = (struct spinlock)SPINLOCK_INIT("page");
	range_count = 0;
	memset(free_blocks, 0, sizeof(free_blocks));
	free_bytes = 0;
	total_bytes = 0;
	fail_after = PAGE_FAIL_NEVER;
}
