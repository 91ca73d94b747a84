/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which RAM is free after boot: all of the tree's memory but what is reserved or in use; and which
 * may be mapped. Pure.
 */
#ifndef HYP_MEM_FREEMEM_H
#define HYP_MEM_FREEMEM_H

#include "hyp/tree/platform.h"
#include "lib/err.h"

/*
 * Calls give() for each free range, in whole pages, in ascending order, until it returns an error,
 * which is then returned. used: ranges besides the platform's reserved ones, in bytes; they may
 * overlap each other and those.
 */
enum err freemem_each(const struct platform *p, const struct platform_range *used, u32 used_count,
		      enum err (*give)(hpa_t start, u64 size, void *arg), void *arg);

/* The same for each range that may be mapped: RAM without what is reserved as no-map. */
enum err freemem_each_mapped(const struct platform *p,
			     enum err (*give)(hpa_t start, u64 size, void *arg), void *arg);

#endif
