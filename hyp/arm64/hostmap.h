/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How limen's address space at EL2 comes to be; hyp/mem/hostmap.h has what is asked of it then.
 */
#ifndef HYP_ARM64_HOSTMAP_H
#define HYP_ARM64_HOSTMAP_H

#include "hyp/mem/hostmap.h"

/* The window on the device tree that boot_tables() maps, read-only, around its address. */
#define HOSTMAP_TREE_BLOCK 0x200000UL
#define HOSTMAP_TREE_SIZE  (2 * HOSTMAP_TREE_BLOCK)

/* From head.S, MMU off: the image, and the window on the tree at fdt. */
void boot_tables(u64 fdt);

/* Maps RAM, or what is left of it, where it is. Boot hart, before others. */
enum err hostmap_ram(hpa_t start, u64 size);

#endif
