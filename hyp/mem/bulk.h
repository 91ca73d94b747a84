/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Much memory at once, by a thread that lets others run meanwhile (thread_look()).
 */
#ifndef HYP_MEM_BULK_H
#define HYP_MEM_BULK_H

#include "hyp/mem/kmem.h"

/* Zeroes it. May block; interrupts on. */
void bulk_clear(void *p, size_t n);

/* arch_cache_flush() (arch/arch.h). May block, on a hart that can; interrupts on. */
void bulk_flush(const void *p, size_t n);

/* As kmem_alloc_charged(). May block; interrupts on. */
void *bulk_alloc(struct mem_account *acct, size_t size);

#endif
