/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts and the clock. Devicetree Specification v0.4, sections 3.7 and 3.8 (/cpus).
 * Disabled harts are kept too: interrupt controllers name them.
 */
#include "hyp/tree/platform_tree.h"

#include <string.h>

static bool is_cpu(struct tree *t, int node)
{
	int len;
	const char *type = tree_prop(t, node, "device_type", &len);

	if (type)
		return len == 4 && memcmp(type, "cpu", 4) == 0;
	return tree_named(t, node, "cpu");
}

/* Says of two cpu nodes with one id that the later one is left out. */
static bool id_is_new(struct tree *t, int node, u64 id)
{
	if (!platform_find_hart(t->p, id))
		return true;
	tree_warn(t, node, "reg", "another hart has the id %lu", (unsigned long)id);
	return false;
}

static bool read_hart_id(struct tree *t, int node, u32 na, u64 *id)
{
	int len;
	const void *p = tree_prop(t, node, "reg", &len);

	if (!p || len != (int)(4 * na)) {
		tree_warn(t, node, "reg", "a hart id of %u bytes is wanted", 4 * na);
		return false;
	}
	*id = tree_cells(p, na);
	if (*id == PLATFORM_NO_HART) {
		tree_warn(t, node, "reg", "not a hart id");
		return false;
	}
	return id_is_new(t, node, *id);
}

static void read_hart(struct tree *t, int node, u32 na)
{
	struct platform *p = t->p;
	struct platform_hart *h;
	u64 id;

	if (!read_hart_id(t, node, na, &id))
		return;
	if (p->harts == HARTS_MAX) {
		tree_warn(t, node, NULL, "more than %d harts; this one is not used", HARTS_MAX);
		return;
	}
	h = &p->hart[p->harts++];
	h->id = id;
	h->usable = tree_okay(t, node);
	platform_arch_read_hart(t, node, &h->arch);
}

/* The timebase of a node, if it says one; 0 if not. */
static u32 read_timebase(struct tree *t, int node)
{
	u64 hz = 0;

	if (tree_number(t, node, "timebase-frequency", &hz) != OK)
		return 0;
	if (hz == 0 || hz > UINT32_MAX) {
		tree_warn(t, node, "timebase-frequency", "%lu is not a frequency",
			  (unsigned long)hz);
		return 0;
	}
	return (u32)hz;
}

static bool any_usable(const struct platform *p)
{
	for (u32 i = 0; i < p->harts; i++)
		if (p->hart[i].usable)
			return true;
	return false;
}

enum err platform_read_harts(struct tree *t)
{
	int cpus = TREE_CHILD(t, 0, "cpus"), node;
	struct platform *p = t->p;
	u32 na, ns;

	if (cpus < 0)
		return tree_error(t, ERR_NOENT, "/cpus: missing");
	if (!tree_cell_counts(t, cpus, &na, &ns))
		return tree_error(t, ERR_NOENT, "/cpus: #address-cells cannot be read");
	p->timebase_hz = read_timebase(t, cpus);
	tree_for_each_child (node, cpus) {
		if (!is_cpu(t, node))
			continue;
		read_hart(t, node, na);
		if (p->timebase_hz == 0)
			p->timebase_hz = read_timebase(t, node);
	}
	if (!any_usable(p))
		return tree_error(t, ERR_NOENT, "/cpus: no usable hart");
	if (p->timebase_hz == 0)
		return tree_error(t, ERR_NOENT, "/cpus: timebase-frequency: missing");
	return OK;
}

const struct platform_hart *platform_find_hart(const struct platform *p, u64 id)
{
	for (u32 i = 0; i < p->harts; i++)
		if (p->hart[i].id == id)
			return &p->hart[i];
	return NULL;
}
