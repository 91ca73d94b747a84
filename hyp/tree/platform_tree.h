/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Careful reading of one device tree: properties with their sizes checked, addresses translated,
 * complaints with the node's path. Internal to the files called platform.
 *
 * The tree has passed fdt_check_full(), so libfdt may walk it; what properties hold is not known
 * to be anything. Each step of libfdt's is long, and its searches begin at the front; so one walk,
 * tree_index(), notes where everything is, and all else asks what it noted. A node is its number in
 * the order of the tree: the root is 0, and what is below a node follows it.
 */
#ifndef HYP_TREE_PLATFORM_TREE_H
#define HYP_TREE_PLATFORM_TREE_H

#include "hyp/tree/platform.h"

#include <libfdt.h>

#define TREE_DEPTH     12   /* levels below the root in which devices are used */
#define TREE_PROPS_MAX 8192 /* noted; those of later nodes are searched for by libfdt */

struct tree {
	const void *blob;
	struct platform *p;
	const struct platform_say *say;
	u32 lines; /* told so far */
};

/*
 * Walks the tree and notes its nodes, for all functions below. There is room for one tree: what was
 * noted of another is lost. ERR_RANGE: more than PLATFORM_NODES_MAX nodes; ERR_FORMAT: none. Both said.
 */
enum err tree_index(struct tree *t);

/* How many nodes there are. */
int tree_nodes(void);

/* The node that this one is in; -1 for the root. */
int tree_parent(int node);

/* The node's first child, and the next child of the parent after this one; -1: no more. */
int tree_first_child(int node);
int tree_next_sibling(int node);

#define tree_for_each_child(node, parent) \
	for ((node) = tree_first_child(parent); (node) >= 0; (node) = tree_next_sibling(node))

/* The first child whose name is the n bytes at name, if those have no '@' without its unit
 * address; -1: none. */
int tree_child(struct tree *t, int parent, const char *name, size_t n);

/* The same for a name that is written down. */
#define TREE_CHILD(t, parent, name) tree_child(t, parent, name, sizeof(name) - 1)

/* The node at an absolute path of n bytes, or -1. */
int tree_path(struct tree *t, const char *path, size_t n);

/* What libfdt calls a node. */
int tree_offset(int node);

/* The phandle of a node; 0: none. And the first node of that phandle, or -1. */
u32 tree_phandle(int node);
int tree_by_phandle(u32 phandle);

/* A property's bytes and their number; NULL, with *len < 0: not there. */
const void *tree_prop(struct tree *t, int node, const char *name, int *len);

/* Is the text among those of the node's compatible? */
bool tree_compatible(struct tree *t, int node, const char *text);

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
 * ERR_NOENT is said too. ERR_RANGE: also a node deeper than TREE_DEPTH (said). */
enum err tree_device_reg(struct tree *t, int node, struct platform_range *out);

/* The same of entry i, and nothing said when there is none. */
enum err tree_device_reg_at(struct tree *t, int node, u32 i, struct platform_range *out);

/* Is status okay, or absent? */
bool tree_okay(struct tree *t, int node);

/* Is the node's name, without its unit address, this one? */
bool tree_named(struct tree *t, int node, const char *name);

/* Parts of platform_read(), in the order in which they are called. */
enum err platform_read_memory(struct tree *t);
enum err platform_read_reserved(struct tree *t);
enum err platform_read_harts(struct tree *t);
void platform_read_devices(struct tree *t, int stdout_node, u32 stdout_baud);

/* Drivers of the parts above. */
void platform_read_uart(struct tree *t, int node, enum platform_uart_kind kind);
void platform_read_syscon(struct tree *t, int node, struct platform_syscon *out);

/*
 * The architecture's parts. Of a cpu node, what belongs to it; is a compatible that of one of its interrupt
 * controllers, and the node of one; all of them have been read; the first interrupt of a device.
 */
void platform_arch_read_hart(struct tree *t, int node, struct platform_hart_arch *out);
bool platform_arch_knows(const char *compatible);
void platform_arch_read(struct tree *t, int node);
void platform_arch_settle(struct tree *t);
void platform_arch_read_irq(struct tree *t, int node, struct platform_irq *out);

#endif
