/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/mem/bulk.h"

#include <string.h>

#include "hyp/sched/thread.h"

#define PIECE KIB(32) /* some 6,000 instructions */

void bulk_clear(void *p, size_t n)
{
	for (size_t off = 0; off < n; off += PIECE) {
		memset((char *)p + off, 0, min_u64(n - off, PIECE));
		thread_look();
	}
}

/* The pieces may be flushed by different harts: each has all harts' stores. */
void bulk_flush(const void *p, size_t n)
{
	for (size_t off = 0; off < n; off += PIECE) {
		arch_cache_flush((const char *)p + off, min_u64(n - off, PIECE));
		thread_look();
	}
}

void *bulk_alloc(struct mem_account *acct, size_t size)
{
	void *p = kmem_alloc_dirty(acct, size);

	if (p)
		bulk_clear(p, size);
	return p;
}
