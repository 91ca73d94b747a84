/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one walk over a tree notes: where each node is, what it is in, its phandle, and where its
 * properties are; see platform_tree.h. Devicetree Specification v0.4, sections 2.2.1 (names) and
 * 5.4 (structure block).
 *
 * Owns the one index. Invariants: nodes are in the tree's order, so what is below node n is n + 1 to
 * end - 1, and its parent is less than n. The properties of a node are all noted, or none is and
 * libfdt looks for them: the index may be slow, but it leaves nothing out.
 */
#include "hyp/tree/platform_tree.h"

#include <string.h>

#define NOT_NOTED 0xffff

/* Places are bytes from the front of the tree, but for offset, which is libfdt's. */
struct noted_prop {
	u32 name, value, len;
};

struct noted_node {
	u32 offset;
	u32 phandle;	 /* 0: none */
	u16 up;		 /* the parent; of the root the root itself */
	u16 end;	 /* the first node behind those below this one */
	u16 prop, props; /* the first in props[], and how many; prop is NOT_NOTED: ask libfdt */
};

_Static_assert(PLATFORM_NODES_MAX <= 0xffff && TREE_PROPS_MAX < NOT_NOTED, "numbers fit 16 bits");

static struct noted_node nodes[PLATFORM_NODES_MAX];
static struct noted_prop props[TREE_PROPS_MAX];
static u32 node_count, prop_count;

static void note_prop(const char *fdt, struct noted_node *n, int offset)
{
	const char *name, *value;
	int len;

	if (n->prop == NOT_NOTED)
		return;
	value = fdt_getprop_by_offset(fdt, offset, &name, &len);
	if (!value)
		return;
	if (prop_count == TREE_PROPS_MAX) {
		prop_count = n->prop;
		n->prop = NOT_NOTED;
		return;
	}
	props[prop_count++] = (struct noted_prop){(u32)(name - fdt), (u32)(value - fdt), (u32)len};
	n->props++;
}

static bool note_node(int offset, u32 up)
{
	if (node_count == PLATFORM_NODES_MAX)
		return false;
	nodes[node_count++] =
		(struct noted_node){.offset = (u32)offset, .up = (u16)up, .prop = (u16)prop_count};
	return true;
}

/* fdt_check_full() has seen that nodes begin and end in pairs, all in one root. Properties after a
 * node's first child are nobody's, as for libfdt. */
static bool note_all(const void *fdt)
{
	int offset, next = 0;
	u32 open = 0, tag;

	node_count = prop_count = 0;
	do {
		offset = next;
		tag = fdt_next_tag(fdt, offset, &next);
		if (tag == FDT_BEGIN_NODE) {
			if (!note_node(offset, open))
				return false;
			open = node_count - 1;
		} else if (tag == FDT_END_NODE) {
			nodes[open].end = (u16)node_count;
			open = nodes[open].up;
		} else if (tag == FDT_PROP && node_count && open == node_count - 1) {
			note_prop(fdt, &nodes[open], offset);
		}
	} while (tag != FDT_END);
	return true;
}

static bool prop_phandle(struct tree *t, int node, const char *name, u32 *out)
{
	int len;
	const void *p = tree_prop(t, node, name, &len);

	if (!p || len != 4)
		return false;
	*out = (u32)tree_cells(p, 1);
	return true;
}

/* Of a node that has both kinds the plain one counts. */
static u32 read_phandle(struct tree *t, int node)
{
	u32 phandle;

	if (!prop_phandle(t, node, "phandle", &phandle) &&
	    !prop_phandle(t, node, "linux,phandle", &phandle))
		return 0;
	return phandle == ~0U ? 0 : phandle;
}

enum err tree_index(struct tree *t)
{
	if (!note_all(t->blob))
		return tree_error(t, ERR_RANGE, "device tree: more than %d nodes",
				  PLATFORM_NODES_MAX);
	if (!node_count)
		return tree_error(t, ERR_FORMAT, "device tree: broken: it has no root");
	for (u32 i = 0; i < node_count; i++)
		nodes[i].phandle = read_phandle(t, (int)i);
	return OK;
}

int tree_nodes(void)
{
	return (int)node_count;
}

int tree_parent(int node)
{
	return node == 0 ? -1 : nodes[node].up;
}

int tree_first_child(int node)
{
	return node + 1 < nodes[node].end ? node + 1 : -1;
}

int tree_next_sibling(int node)
{
	return nodes[node].end < nodes[nodes[node].up].end ? nodes[node].end : -1;
}

int tree_offset(int node)
{
	return (int)nodes[node].offset;
}

u32 tree_phandle(int node)
{
	return nodes[node].phandle;
}

int tree_by_phandle(u32 phandle)
{
	for (u32 i = 0; phandle && i < node_count; i++)
		if (nodes[i].phandle == phandle)
			return (int)i;
	return -1;
}

static bool name_is(struct tree *t, int node, const char *name, size_t n)
{
	int len;
	const char *s = fdt_get_name(t->blob, tree_offset(node), &len);

	return s && (size_t)len >= n && memcmp(s, name, n) == 0 &&
	       (s[n] == '\0' || (s[n] == '@' && !memchr(name, '@', n)));
}

bool tree_named(struct tree *t, int node, const char *name)
{
	return name_is(t, node, name, strlen(name));
}

int tree_child(struct tree *t, int parent, const char *name, size_t n)
{
	int node;

	tree_for_each_child (node, parent)
		if (name_is(t, node, name, n))
			return node;
	return -1;
}

int tree_path(struct tree *t, const char *path, size_t n)
{
	const char *end = path + n;
	int node = 0;

	while (node >= 0 && path < end) {
		const char *slash = memchr(path, '/', (size_t)(end - path));
		size_t len = (size_t)((slash ? slash : end) - path);

		if (len)
			node = tree_child(t, node, path, len);
		path += slash ? len + 1 : len;
	}
	return node;
}

const void *tree_prop(struct tree *t, int node, const char *name, int *len)
{
	const struct noted_node *n = &nodes[node];
	const char *fdt = t->blob;

	if (n->prop == NOT_NOTED)
		return fdt_getprop(fdt, tree_offset(node), name, len);
	for (const struct noted_prop *p = &props[n->prop]; p < &props[n->prop + n->props]; p++) {
		if (strcmp(fdt + p->name, name) != 0)
			continue;
		*len = (int)p->len;
		return fdt + p->value;
	}
	*len = -FDT_ERR_NOTFOUND;
	return NULL;
}

bool tree_compatible(struct tree *t, int node, const char *text)
{
	int len;
	const char *s = tree_prop(t, node, "compatible", &len);

	return s && fdt_stringlist_contains(s, len, text);
}
