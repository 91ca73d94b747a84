/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devicetree Specification 0.4, "Flattened Devicetree (DTB) Format".
 */
#include "hyp/arm64/tree.h"

#include <string.h>

#include "lib/compiler.h"

#define FDT_MAGIC      0xd00dfeedU
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE   2
#define FDT_PROP       3
#define FDT_NOP	       4

struct walk {
	const u8 *at, *end;
	const char *strings;
	unsigned int depth;
	bool in_outer, in_node;
	unsigned int seen; /* nodes of that name */
};

static u32 be32(const void *p)
{
	return __builtin_bswap32(*(const u32 *)p);
}

u64 tree_size(const void *fdt)
{
	return fdt && be32(fdt) == FDT_MAGIC ? be32((const u8 *)fdt + 4) : 0;
}

/* Is node called name, up to an @? */
static bool is_called(const char *node, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(node, name, n) && (!node[n] || node[n] == '@');
}

static void begin_node(struct walk *w, const char *outer, const char *name, unsigned int n)
{
	const char *node = (const char *)w->at;
	unsigned int level = outer ? 3 : 2;

	w->depth++;
	w->at += ALIGN_UP(strlen(node) + 1, 4UL);
	if (outer && w->depth == 2)
		w->in_outer = is_called(node, outer);
	w->in_node = w->depth == level && (!outer || w->in_outer) && is_called(node, name) &&
		     w->seen++ == n;
}

const void *tree_find(const void *fdt, const char *outer, const char *name, unsigned int n,
		      const char *property, u32 *len)
{
	const u8 *base = fdt;
	struct walk w = {.at = base + be32(base + 8),
			 .end = base + tree_size(fdt),
			 .strings = (const char *)base + be32(base + 12)};

	while (w.at + 12 <= w.end) {
		u32 token = be32(w.at);
		const u8 *prop = w.at;

		w.at += 4;
		if (token == FDT_BEGIN_NODE) {
			begin_node(&w, outer, name, n);
		} else if (token == FDT_END_NODE) {
			w.depth--;
			w.in_node = false;
		} else if (token == FDT_PROP) {
			*len = be32(prop + 4);
			w.at += 8 + ALIGN_UP((u64)*len, 4UL);
			if (w.in_node && !strcmp(w.strings + be32(prop + 8), property))
				return prop + 12;
		} else if (token != FDT_NOP) {
			break;
		}
	}
	return NULL;
}

u64 tree_u64(const void *property, u32 len, unsigned int i)
{
	const u8 *p = property;

	if (!property || len < 8 * (i + 1))
		return 0;
	p += 8UL * i;
	return (u64)be32(p) << 32 | be32(p + 4);
}
