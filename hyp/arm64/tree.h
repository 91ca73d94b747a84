/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What little of the machine's device tree this port wants to know. The tree is the firmware's and is
 * believed, but read within its bounds.
 */
#ifndef HYP_ARM64_TREE_H
#define HYP_ARM64_TREE_H

#include "lib/types.h"

/* Bytes of the flattened tree at fdt; 0: there is none. */
u64 tree_size(const void *fdt);

/*
 * A property of the n-th node that is called name, or name@anything, in the node outer of the root; outer
 * NULL: in the root itself; n counts from 0. Returns its value, of *len bytes, or NULL.
 */
const void *tree_find(const void *fdt, const char *outer, const char *name, unsigned int n,
		      const char *property, u32 *len);

/* The i-th cell pair of a property of 64-bit numbers; 0 behind its end. */
u64 tree_u64(const void *property, u32 len, unsigned int i);

#endif
