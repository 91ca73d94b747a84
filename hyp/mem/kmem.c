/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Size classes in slabs.
 *
 * Owns blocks of pages taken from hyp/mem/page.h, tagged there. A slab is one block: a header with a
 * bitmap of the objects in use, then the objects. Nothing is kept inside a free object, so that
 * a stray write to one cannot lead the allocator astray, and freeing twice is seen. Larger sizes
 * are whole blocks without a tag. What a pointer belongs to is always asked of the page
 * allocator's own book-keeping, never read from memory a guest could have filled.
 *
 * Invariants: a slab is in its class's list while it has a free object; an empty slab goes back to
 * the page allocator at once.
 * Lock order: kmem_lock, then the page allocator's.
 */
#include "hyp/mem/kmem.h"

#include <string.h>

#include "hyp/mem/memmap.h"
#include "lib/check.h"
#include "lib/list.h"
#include "lib/spinlock.h"

#define SLAB_MAGIC   0x6c696d656e736c62UL
#define SLAB_MIN     16UL
#define SLAB_MAX     2048UL
#define SLAB_CLASSES 8
#define SLAB_OBJECTS 256 /* at most; a bit each */
#define POISON	     0x6b

struct slab {
	u64 magic;
	u32 objects; /* how many there are */
	u16 used;    /* how many are taken */
	u16 class;
	struct list node; /* in slabs[class] while used < objects */
	u64 bitmap[SLAB_OBJECTS / 64];
};

#define SLAB_HEADER 64UL
_Static_assert(sizeof(struct slab) <= SLAB_HEADER, "objects start after the header");

static struct spinlock kmem_lock = SPINLOCK_INIT("kmem");
/* Under kmem_lock. */
static struct list slabs[SLAB_CLASSES];
static bool ready;
static u64 fail_after = PAGE_FAIL_NEVER;
static u64 objects; /* taken, and not given back; atomic */

static size_t class_size(unsigned int class)
{
	return SLAB_MIN << class;
}

/* Small objects in one page; of the larger ones a page would hold too few. */
static unsigned int class_order(unsigned int class)
{
	return class_size(class) <= 256 ? 0 : 3;
}

static unsigned int size_class(size_t size)
{
	unsigned int class = 0;

	while (class_size(class) < size)
		class ++;
	return class;
}

static unsigned int size_order(size_t size)
{
	unsigned int order = 0;

	while (order < PAGE_ORDER_MAX && (PAGE_SIZE << order) < size)
		order++;
	return order;
}

/* What an allocation of size bytes takes, which is what it is charged for. */
static u64 size_taken(size_t size)
{
	return size <= SLAB_MAX ? class_size(size_class(size)) : PAGE_SIZE << size_order(size);
}

static struct slab *slab_new(unsigned int class)
{
	unsigned int order = class_order(class);
	struct slab *s;
	hpa_t page;

	if (!page_alloc(order, &page))
		return NULL;
	page_tag(page);
	s = hpa_to_va(page);
	memset(s, 0, SLAB_HEADER);
	s->magic = SLAB_MAGIC;
	s->class = (u16) class;
	s->objects = (u32)(((PAGE_SIZE << order) - SLAB_HEADER) / class_size(class));
	list_add_head(&s->node, &slabs[class]);
	return s;
}

static void slab_delete(struct slab *s)
{
	list_del(&s->node);
	s->magic = 0;
	page_free(va_to_hpa(s), class_order(s->class));
}

static u32 slab_first_free(const struct slab *s)
{
	u32 word = 0;

	while (s->bitmap[word] == ~0UL)
		word++;
	return word * 64 + (u32)__builtin_ctzl(~s->bitmap[word]);
}

/* Takes a free object of a slab that has one. Kmem_lock held. */
static void *slab_take(struct slab *s)
{
	u32 i = slab_first_free(s);

	CHECK(s->magic == SLAB_MAGIC && i < s->objects);
	s->bitmap[i / 64] |= BIT(i % 64);
	if (++s->used == s->objects)
		list_del(&s->node);
	return (char *)s + SLAB_HEADER + i * class_size(s->class);
}

/* Which object of the slab p is; not one of our objects, or a free one, is the caller's bug. */
static u32 slab_index(const struct slab *s, const void *p)
{
	size_t size = class_size(s->class), off = (size_t)((const char *)p - (const char *)s);
	u32 i = (u32)((off - SLAB_HEADER) / size);

	CHECK(off >= SLAB_HEADER && (off - SLAB_HEADER) % size == 0 && i < s->objects);
	CHECK(s->bitmap[i / 64] & BIT(i % 64)); /* else freed twice */
	return i;
}

static void slab_put(struct slab *s, void *p)
{
	u32 i = slab_index(s, p);

	if (LIMEN_DEBUG)
		memset(p, POISON, class_size(s->class));
	if (s->used-- == s->objects)
		list_add_head(&s->node, &slabs[s->class]);
	s->bitmap[i / 64] &= ~BIT(i % 64);
	if (!s->used)
		slab_delete(s);
}

static void *alloc_small(unsigned int class)
{
	struct slab *s;

	for (unsigned int i = 0; !ready && i < SLAB_CLASSES; i++)
		list_init(&slabs[i]);
	ready = true;
	s = list_empty(&slabs[class]) ? slab_new(class)
				      : list_entry(slabs[class].next, struct slab, node);
	return s ? slab_take(s) : NULL;
}

static void *alloc_pages(size_t size)
{
	hpa_t page;

	return page_alloc(size_order(size), &page) ? hpa_to_va(page) : NULL;
}

/* Is this allocation to succeed, as far as a test has a say? Kmem_lock held. */
static bool allowed(void)
{
	if (likely(fail_after == PAGE_FAIL_NEVER))
		return true;
	if (!fail_after)
		return false;
	fail_after--;
	return true;
}

static void *take(size_t size)
{
	unsigned long flags;
	void *p = NULL;

	if (!size || size > (PAGE_SIZE << PAGE_ORDER_MAX))
		return NULL;
	flags = spin_lock_irqsave(&kmem_lock);
	if (allowed())
		p = size <= SLAB_MAX ? alloc_small(size_class(size)) : alloc_pages(size);
	spin_unlock_irqrestore(&kmem_lock, flags);
	if (p)
		__atomic_fetch_add(&objects, 1, __ATOMIC_RELAXED);
	return p;
}

void *kmem_alloc(size_t size)
{
	void *p = take(size);

	return p ? memset(p, 0, size_taken(size)) : NULL;
}

/* Frees p and says how many bytes it took. */
static u64 free_object(void *p)
{
	struct page_block b;
	unsigned long flags;
	u64 taken;

	CHECK(page_block_of(va_to_hpa(p), &b));
	__atomic_fetch_sub(&objects, 1, __ATOMIC_RELAXED);
	if (!b.tagged) {
		CHECK(va_to_hpa(p).a == b.head.a);
		if (LIMEN_DEBUG)
			memset(p, POISON, PAGE_SIZE << b.order);
		page_free(b.head, b.order);
		return PAGE_SIZE << b.order;
	}
	flags = spin_lock_irqsave(&kmem_lock);
	CHECK(((struct slab *)hpa_to_va(b.head))->magic == SLAB_MAGIC);
	taken = class_size(((struct slab *)hpa_to_va(b.head))->class);
	slab_put(hpa_to_va(b.head), p);
	spin_unlock_irqrestore(&kmem_lock, flags);
	return taken;
}

void kmem_free(void *p)
{
	if (p)
		free_object(p);
}

void *kmem_alloc_dirty(struct mem_account *acct, size_t size)
{
	void *p;

	if (!size || size > (PAGE_SIZE << PAGE_ORDER_MAX) || !mem_charge(acct, size_taken(size)))
		return NULL;
	p = take(size);
	if (!p)
		mem_uncharge(acct, size_taken(size));
	return p;
}

void *kmem_alloc_charged(struct mem_account *acct, size_t size)
{
	void *p = kmem_alloc_dirty(acct, size);

	return p ? memset(p, 0, size_taken(size)) : NULL;
}

void kmem_free_charged(struct mem_account *acct, void *p)
{
	if (p)
		mem_uncharge(acct, free_object(p));
}

void kmem_fail_after(u64 n)
{
	unsigned long flags = spin_lock_irqsave(&kmem_lock);

	fail_after = n;
	spin_unlock_irqrestore(&kmem_lock, flags);
}

u64 kmem_objects(void)
{
	return __atomic_load_n(&objects, __ATOMIC_RELAXED);
}

void kmem_forget_all(void)
{
	objects = 0;
	kmem_lock = (struct spinlock)SPINLOCK_INIT("kmem");
	ready = false;
	fail_after = PAGE_FAIL_NEVER;
}
