/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for the hypervisor's own objects.
 *
 * All functions: any interrupt state, any context that RCU watches, never block.
 */
#ifndef HYP_MEM_KMEM_H
#define HYP_MEM_KMEM_H

#include "hyp/mem/page.h"

/*
 * size bytes (up to 1 GiB), zeroed. Aligned to 16 bytes, objects of 64 bytes and more to 64, of
 * more than 2048 to a page. NULL when there is no memory, size is 0 or too large.
 */
void *kmem_alloc(size_t size);

/* Gives it back; NULL is nothing. */
void kmem_free(void *p);

/* The same, charged to an account (by what is really taken); the same account frees. */
void *kmem_alloc_charged(struct mem_account *acct, size_t size);

/* The same, not zeroed: it may be another VM's as it was. For who zeroes it himself (hyp/mem/bulk.h). */
void *kmem_alloc_dirty(struct mem_account *acct, size_t size);
void kmem_free_charged(struct mem_account *acct, void *p);

/* For tests: n more allocations succeed, then all fail. PAGE_FAIL_NEVER ends it. */
void kmem_fail_after(u64 n);

/* For tests: how many objects there are. Any context. */
u64 kmem_objects(void);

/* For tests: forgets all objects, as page_forget_all() forgets what they are made of. */
void kmem_forget_all(void);

#endif
