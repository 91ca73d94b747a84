/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory and what of it is reserved. Devicetree Specification v0.4, sections 3.4 (/memory),
 * 3.5 (/reserved-memory) and 5.3 (memory reservation block).
 *
 * Memory is rounded inwards, after neighbours are joined; reservations are rounded outwards.
 */
#include "hyp/tree/platform_tree.h"

#include <string.h>

static bool is_memory(struct tree *t, int node)
{
	int len;
	const char *type = tree_prop(t, node, "device_type", &len);

	if (type)
		return len == 7 && memcmp(type, "memory", 7) == 0;
	return tree_named(t, node, "memory");
}

static u64 end_of(const struct platform_range *r)
{
	return r->base.a + r->size;
}

/* Puts a range in its place by address. */
static void insert_memory(struct tree *t, int node, const struct platform_range *r)
{
	struct platform *p = t->p;
	u32 i = p->mems;

	if (r->size == 0)
		return;
	if (p->mems == PLATFORM_MEM_MAX) {
		tree_warn(t, node, "reg", "more than %d ranges; 0x%lx bytes at 0x%lx are not used",
			  PLATFORM_MEM_MAX, (unsigned long)r->size, (unsigned long)r->base.a);
		return;
	}
	for (; i > 0 && p->mem[i - 1].base.a > r->base.a; i--)
		p->mem[i] = p->mem[i - 1];
	p->mem[i] = *r;
	p->mems++;
}

static void read_memory_node(struct tree *t, int node, u32 na, u32 ns)
{
	struct platform_range r;

	for (u32 i = 0;; i++) {
		enum err e = tree_reg(t, node, na, ns, i, &r);

		if (e == OK)
			insert_memory(t, node, &r);
		else if (e != ERR_RANGE)
			return;
	}
}

/* Joins ranges that touch or overlap. They are in order. */
static void join(struct platform *p)
{
	u32 n = 0;

	for (u32 i = 0; i < p->mems; i++) {
		struct platform_range *last = n ? &p->mem[n - 1] : NULL;

		if (last && p->mem[i].base.a <= end_of(last))
			last->size = max_u64(end_of(last), end_of(&p->mem[i])) - last->base.a;
		else
			p->mem[n++] = p->mem[i];
	}
	p->mems = n;
}

static void round_inwards(struct platform *p)
{
	u32 n = 0;

	for (u32 i = 0; i < p->mems; i++) {
		u64 from = ALIGN_UP(p->mem[i].base.a, PLATFORM_PAGE);
		u64 to = ALIGN_DOWN(end_of(&p->mem[i]), PLATFORM_PAGE);

		if (from < to)
			p->mem[n++] = (struct platform_range){HPA(from), to - from};
	}
	p->mems = n;
}

enum err platform_read_memory(struct tree *t)
{
	u32 na, ns;
	int node;

	if (!tree_cell_counts(t, 0, &na, &ns) || ns == 0)
		return tree_error(t, ERR_NOENT,
				  "/: cell counts of memory addresses cannot be read");
	tree_for_each_child (node, 0)
		if (is_memory(t, node) && tree_okay(t, node))
			read_memory_node(t, node, na, ns);
	join(t->p);
	round_inwards(t->p);
	if (t->p->mems == 0)
		return tree_error(t, ERR_NOENT, "/memory: no memory in the device tree");
	return OK;
}

static enum err reserve(struct tree *t, u64 base, u64 size, bool no_map)
{
	struct platform *p = t->p;
	u64 from = ALIGN_DOWN(base, PLATFORM_PAGE), to = ALIGN_UP(base + size, PLATFORM_PAGE);

	if (size == 0)
		return OK;
	if (p->reserveds == PLATFORM_RESERVED_MAX)
		return tree_error(t, ERR_RANGE, "/reserved-memory: more than %d reserved ranges",
				  PLATFORM_RESERVED_MAX);
	p->reserved[p->reserveds++] = (struct platform_reserved){{HPA(from), to - from}, no_map};
	return OK;
}

static enum err read_reserved_node(struct tree *t, int node, u32 na, u32 ns)
{
	int len;
	bool no_map = tree_prop(t, node, "no-map", &len) != NULL;
	struct platform_range r;
	enum err e = OK, got;

	for (u32 i = 0; e == OK; i++) {
		got = tree_reg(t, node, na, ns, i, &r);
		if (got == OK)
			e = reserve(t, r.base.a, r.size, no_map);
		else if (got != ERR_RANGE)
			break;
	}
	return e;
}

/* The block in front of the tree, without nodes. */
static enum err read_reserve_block(struct tree *t)
{
	int n = fdt_num_mem_rsv(t->blob);
	enum err e = OK;

	for (int i = 0; e == OK && i < n; i++) {
		uint64_t base, size;

		if (fdt_get_mem_rsv(t->blob, i, &base, &size) < 0)
			break;
		if (base > PLATFORM_PA_END || size > PLATFORM_PA_END - base)
			tree_warn(t, -1, "memory reservation block", "entry %d wraps around", i);
		else
			e = reserve(t, base, size, false);
	}
	return e;
}

enum err platform_read_reserved(struct tree *t)
{
	int parent = TREE_CHILD(t, 0, "reserved-memory"), node;
	enum err e = read_reserve_block(t);
	u32 na, ns;

	if (e != OK || parent < 0 || !tree_cell_counts(t, parent, &na, &ns))
		return e;
	tree_for_each_child (node, parent) {
		if (!tree_okay(t, node))
			continue;
		e = read_reserved_node(t, node, na, ns);
		if (e != OK)
			return e;
	}
	return OK;
}
