/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Careful reading of one device tree: properties with their sizes checked, addresses translated,
 * complaints with the node's path. Internal to hyp/platform*.c.
 *
 * The tree has passed fdt_check_full(), so libfdt may walk it; what properties hold is not known
 * to be anything. Offsets of nodes stay valid, because nobody changes the tree.
 */
#ifndef HYP_PLATFORM_TREE_H
#define HYP_PLATFORM_TREE_H

#include "hyp/platform.h"

#include <libfdt.h>

#define TREE_DEPTH 12 /* levels below the root in which devices are looked for */

struct tree {
	const void *fdt;
	struct platform *p;
	const struct platform_say *say;
	u32 lines; /* told so far */
};

/* A node and its ancestors: at[0] is the root, at[depth] the node. */
struct tree_pos {
	int depth;
	int at[TREE_DEPTH + 1];
};

/* One line: "<path of node>: <prop>: ...". prop may be NULL, and node negative. */
void tree_warn(struct tree *t, int node, const char *prop, const char *fmt, ...) __printf(4, 5);

/* The same as an error; always told. Returns e. */
enum err tree_error(struct tree *t, enum err e, const char *fmt, ...) __printf(3, 4);

/* Properties. ERR_NOENT: not there, and nothing said; ERR_FORMAT: wrong size, and said. *out is
 * written on OK only. tree_number takes one cell or two. */
enum err tree_u32(struct tree *t, int node, const char *prop, u32 *out);
enum err tree_number(struct tree *t, int node, const char *prop, u64 *out);

/* A property that is one string with its NUL; NULL if it is not there, or is none (said). */
const char *tree_string(struct tree *t, int node, const char *prop);

/* A property that is at least one string; NULL as above. *size counts all bytes. */
const char *tree_strings(struct tree *t, int node, const char *prop, u32 *size);

/* Cells, big-endian and perhaps not aligned. n is 1 or 2. */
u64 tree_cells(const void *p, u32 n);

/* #address-cells and #size-cells of a node, with their defaults. False, and said: an address of
 * other than 1 or 2 cells, or a size of more than 2. */
bool tree_cell_counts(struct tree *t, int node, u32 *na, u32 *ns);

/*
 * Entry i of reg, with the cell counts given. ERR_NOENT: no such entry; ERR_FORMAT: length is no
 * multiple of an entry's (said at i = 0); ERR_RANGE: reaches past PLATFORM_PA_END (said).
 */
enum err tree_reg(struct tree *t, int node, u32 na, u32 ns, u32 i, struct platform_range *out);

/* The first reg of a device, translated through the ranges of its ancestors to what a hart uses.
 * ERR_NOENT is said too. */
enum err tree_device_reg(struct tree *t, const struct tree_pos *pos, struct platform_range *out);

/* Is status okay, or absent? */
bool tree_okay(struct tree *t, int node);

/* Is the node's name, without its unit address, this one? */
bool tree_named(struct tree *t, int node, const char *name);

/* Moves pos to the next node in the tree, skipping those deeper than TREE_DEPTH; false at the end.
 * Start with tree_first(). */
struct tree_pos tree_first(void);
bool tree_next(struct tree *t, struct tree_pos *pos);

/* Parts of platform_read(), in the order in which they are called. */
enum err platform_read_memory(struct tree *t);
enum err platform_read_reserved(struct tree *t);
enum err platform_read_harts(struct tree *t);
void platform_read_devices(struct tree *t, int stdout_node, u32 stdout_baud);

/* Drivers of the parts above. */
void platform_read_uart(struct tree *t, const struct tree_pos *pos, enum platform_uart_kind kind);
void platform_read_plic(struct tree *t, const struct tree_pos *pos);
void platform_read_aia(struct tree *t, const struct tree_pos *pos, enum platform_aia_kind kind);
void platform_settle_aia(struct tree *t);
void platform_read_syscon(struct tree *t, int node, struct platform_syscon *out);

#endif
