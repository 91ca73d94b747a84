/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which RAM is free after boot: all of the tree's memory but what is reserved or in use. Pure.
 */
#ifndef HYP_FREEMEM_H
#define HYP_FREEMEM_H

#include "hyp/platform.h"

/*
 * Calls give() for each free range, in whole pages, in ascending order. used: ranges besides the
 * platform's reserved ones, in bytes; they may overlap each other and those.
 */
void freemem_each(const struct platform *p, const struct platform_range *used, u32 used_count,
		  void (*give)(hpa_t start, u64 size, void *arg), void *arg);

#endif
