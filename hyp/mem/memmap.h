/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The direct map: all RAM that limen uses, at one fixed distance from its physical addresses.
 *
 * Owns nothing. Boot code sets the two words below once, before the first page is handed out, and
 * nobody writes them again. A unit test points them into a piece of its own memory.
 */
#ifndef HYP_MEM_MEMMAP_H
#define HYP_MEM_MEMMAP_H

#include "lib/types.h"

/* Virtual and physical address of one and the same byte. Defined in hyp/mem/page.c. */
extern uintptr_t direct_map_va;
extern u64 direct_map_hpa;

/* Where RAM at h is seen by the hypervisor. h must be RAM that was given to page_init_range() (or
 * be in the direct map for another reason). Any context. */
static inline void *hpa_to_va(hpa_t h)
{
	return (void *)(direct_map_va + (uintptr_t)(h.a - direct_map_hpa));
}

/* The reverse, for a pointer into the direct map only: not for the image, stacks or devices. */
static inline hpa_t va_to_hpa(const void *va)
{
	return HPA((u64)((uintptr_t)va - direct_map_va) + direct_map_hpa);
}

#endif
