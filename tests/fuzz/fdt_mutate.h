/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes device trees for a fuzzer so that they stay trees: values, properties and nodes. Bytes changed
 * anywhere seldom leave a tree that its reader goes on with; every fourth change is of that kind all the
 * same.
 */
#ifndef TESTS_FUZZ_FDT_MUTATE_H
#define TESTS_FUZZ_FDT_MUTATE_H

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "guest/image/tree.h"
#include "lib/types.h"

#define FDT_MUTATE_ROOM 4096 /* by which a tree may grow */

size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max, unsigned int seed);

static u32 fdt_chance_seed;

static inline u32 fdt_chance(u32 below)
{
	fdt_chance_seed = fdt_chance_seed * 1664525 + 1013904223;
	return (fdt_chance_seed >> 8) % below;
}

/* One of the tree's nodes, each as likely. */
static inline int fdt_some_node(const void *fdt)
{
	int node = -1, chosen = 0;

	for (u32 n = 1; (node = fdt_next_node(fdt, node, NULL)) >= 0; n++)
		if (!fdt_chance(n))
			chosen = node;
	return chosen;
}

/* One of the node's properties, or a negative number. */
static inline int fdt_some_prop(const void *fdt, int node)
{
	int prop, chosen = -1;
	u32 n = 1;

	fdt_for_each_property_offset (prop, fdt, node)
		if (!fdt_chance(n++))
			chosen = prop;
	return chosen;
}

static inline void fdt_mutate_value(void *fdt, int node, int prop)
{
	static const u64 odd[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 1UL << 40, ~0UL};
	const char *name;
	u8 value[512];
	int len;
	const void *was = fdt_getprop_by_offset(fdt, prop, &name, &len);
	size_t n = was && len > 0 ? min_u64((u64)len, sizeof(value)) : 0;

	if (n)
		memcpy(value, was, n);
	if (n >= 4 && fdt_chance(2)) {
		fdt32_st(value + ALIGN_DOWN(fdt_chance((u32)n - 3), 4U),
			 (u32)odd[fdt_chance(ARRAY_SIZE(odd))]);
	} else {
		n = LLVMFuzzerMutate(value, n, fdt_chance(2) && n ? n : sizeof(value));
	}
	(void)fdt_setprop(fdt, node, name, value, (int)n);
}

/* Another property's value, or the property in another node. */
static inline void fdt_mutate_copy(void *fdt, int node, int prop)
{
	int from = fdt_some_node(fdt), other = fdt_some_prop(fdt, from), len;
	const char *name, *name_here;
	const void *value = other < 0 ? NULL : fdt_getprop_by_offset(fdt, other, &name, &len);
	char as[64];
	u8 copy[512];

	if (!value || (size_t)len > sizeof(copy))
		return;
	if (fdt_chance(2) && prop >= 0 && fdt_getprop_by_offset(fdt, prop, &name_here, NULL))
		name = name_here;
	if (len)
		memcpy(copy, value, (size_t)len);
	strncpy(as, name, sizeof(as) - 1);
	as[sizeof(as) - 1] = '\0';
	(void)fdt_setprop(fdt, node, as, copy, len);
}

static inline void fdt_mutate_node(void *fdt, int node)
{
	const char *like;
	char name[40];
	int other;

	if (node && !fdt_chance(3)) {
		(void)fdt_del_node(fdt, node);
		return;
	}
	like = fdt_get_name(fdt, fdt_some_node(fdt), NULL);
	strncpy(name, like ? like : "", sizeof(name) - 2);
	name[sizeof(name) - 2] = '\0';
	strcat(name, fdt_chance(2) ? "1" : "");
	other = fdt_add_subnode(fdt, node, name);
	for (u32 n = fdt_chance(6); other >= 0 && n; n--)
		fdt_mutate_copy(fdt, other, -1);
}

/* One change of the tree in buf, in which there is room. */
static inline void fdt_mutate_once(void *buf)
{
	int node = fdt_some_node(buf), prop = fdt_some_prop(buf, node);
	const char *name;

	switch (fdt_chance(8)) {
	case 0: fdt_mutate_node(buf, node); break;
	case 1: fdt_mutate_copy(buf, node, prop); break;
	case 2:
		if (prop >= 0 && fdt_getprop_by_offset(buf, prop, &name, NULL))
			(void)fdt_nop_property(buf, node, name);
		break;
	default:
		if (prop >= 0)
			fdt_mutate_value(buf, node, prop);
		break;
	}
}

/* By limen's own check: fdt_check_full() alone reads a name that is not there, of an old version, and before
 * libfdt 1.7.0 it goes round for ever. */
static inline bool fdt_is_whole(const u8 *data, size_t size)
{
	struct errline e;

	return !tree_check(data, size, "tree", &e);
}

/* The tree at data, size bytes of room max, once more with some changes; what is behind it stays behind
 * it. Returns its size. */
static inline size_t fdt_mutate(u8 *data, size_t size, size_t max)
{
	u8 *copy = malloc(size), *buf = malloc(size + FDT_MUTATE_ROOM);
	size_t tree, behind;

	if (size)
		memcpy(copy, data, size);
	if (!fdt_is_whole(copy, size) || !fdt_chance(4) ||
	    fdt_open_into(copy, buf, (int)(size + FDT_MUTATE_ROOM))) {
		size = LLVMFuzzerMutate(data, size, max);
		goto out;
	}
	behind = size - fdt_totalsize(copy);
	for (u32 n = 1 + fdt_chance(3); n; n--)
		fdt_mutate_once(buf);
	(void)fdt_pack(buf);
	tree = fdt_totalsize(buf);
	if (tree + behind <= max) {
		memcpy(data, buf, tree);
		memcpy(data + tree, copy + size - behind, behind);
		size = tree + behind;
	}
out:
	free(copy);
	free(buf);
	return size;
}

#endif
