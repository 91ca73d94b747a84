/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Careful reading of properties; see platform_tree.h. Devicetree Specification v0.4, sections 2.2
 * (names, properties) and 2.3 (#address-cells, #size-cells, reg, ranges, status).
 */
#include "hyp/tree/platform_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A tree may hold any bytes: what goes to a terminal is made printable. */
static void make_printable(char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
}

static void tell(struct tree *t, bool error, char *line)
{
	make_printable(line);
	t->say->line(t->say->arg, error, line);
}

void tree_warn(struct tree *t, int node, const char *prop, const char *fmt, ...)
{
	char line[PLATFORM_LINE_MAX];
	size_t at;
	va_list ap;

	if (t->lines > PLATFORM_LINES_MAX)
		return;
	if (t->lines++ == PLATFORM_LINES_MAX) {
		snprintf(line, sizeof(line),
			 "device tree: more is wrong with it than is told here");
		tell(t, false, line);
		return;
	}
	if (node < 0 || fdt_get_path(t->blob, tree_offset(node), line, sizeof(line) / 2) < 0)
		strcpy(line, "device tree");
	at = strlen(line);
	if (prop)
		at += (size_t)snprintf(line + at, sizeof(line) - at, ": %.40s", prop);
	line[at++] = ':';
	line[at++] = ' ';
	va_start(ap, fmt);
	vsnprintf(line + at, sizeof(line) - at, fmt, ap);
	va_end(ap);
	tell(t, false, line);
}

enum err tree_error(struct tree *t, enum err e, const char *fmt, ...)
{
	char line[PLATFORM_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	tell(t, true, line);
	return e;
}

u64 tree_cells(const void *p, u32 n)
{
	const u8 *b = p;
	u64 v = 0;

	for (u32 i = 0; i < 4 * n; i++)
		v = v << 8 | b[i];
	return v;
}

/* A property of one cell, or of up to max cells. */
static enum err read_number(struct tree *t, int node, const char *prop, u32 max, u64 *out)
{
	int len;
	const void *p = tree_prop(t, node, prop, &len);

	if (!p)
		return ERR_NOENT;
	if (len != 4 && (len != 8 || max < 2)) {
		tree_warn(t, node, prop, "%d bytes where a number of %s is wanted", len,
			  max < 2 ? "4" : "4 or 8");
		return ERR_FORMAT;
	}
	*out = tree_cells(p, (u32)len / 4);
	return OK;
}

enum err tree_u32(struct tree *t, int node, const char *prop, u32 *out)
{
	u64 v;
	enum err e = read_number(t, node, prop, 1, &v);

	if (e == OK)
		*out = (u32)v;
	return e;
}

enum err tree_number(struct tree *t, int node, const char *prop, u64 *out)
{
	return read_number(t, node, prop, 2, out);
}

const char *tree_strings(struct tree *t, int node, const char *prop, u32 *size)
{
	int len;
	const char *s = tree_prop(t, node, prop, &len);

	if (!s)
		return NULL;
	if (len < 1 || s[len - 1] != '\0') {
		tree_warn(t, node, prop, "text that does not end");
		return NULL;
	}
	*size = (u32)len;
	return s;
}

const char *tree_string(struct tree *t, int node, const char *prop)
{
	u32 size;
	const char *s = tree_strings(t, node, prop, &size);

	if (s && strlen(s) + 1 != size) {
		tree_warn(t, node, prop, "more than one text");
		return NULL;
	}
	return s;
}

bool tree_cell_counts(struct tree *t, int node, u32 *na, u32 *ns)
{
	*na = 2;
	*ns = 1;
	if (tree_u32(t, node, "#address-cells", na) == ERR_FORMAT ||
	    tree_u32(t, node, "#size-cells", ns) == ERR_FORMAT)
		return false;
	if (*na < 1 || *na > 2)
		tree_warn(t, node, "#address-cells", "%u, limen reads 1 or 2", *na);
	else if (*ns > 2)
		tree_warn(t, node, "#size-cells", "%u, limen reads 0 to 2", *ns);
	else
		return true;
	return false;
}

static bool past_end(u64 base, u64 size)
{
	return base > PLATFORM_PA_END || size > PLATFORM_PA_END - base;
}

enum err tree_reg(struct tree *t, int node, u32 na, u32 ns, u32 i, struct platform_range *out)
{
	int len;
	const u8 *p = tree_prop(t, node, "reg", &len);
	u32 entry = 4 * (na + ns);
	u64 base, size;

	if (!p)
		return ERR_NOENT;
	if ((u32)len % entry) {
		if (i == 0)
			tree_warn(t, node, "reg", "%d bytes, not a multiple of %u", len, entry);
		return ERR_FORMAT;
	}
	if (i >= (u32)len / entry)
		return ERR_NOENT;
	base = tree_cells(p + (size_t)i * entry, na);
	size = tree_cells(p + (size_t)i * entry + 4UL * na, ns);
	if (past_end(base, size)) {
		tree_warn(t, node, "reg", "0x%lx bytes at 0x%lx are past the end of memory",
			  (unsigned long)size, (unsigned long)base);
		return ERR_RANGE;
	}
	*out = (struct platform_range){HPA(base), size};
	return OK;
}

/* Finds r in one bus's ranges and moves it to the parent's addresses. */
static enum err translate(struct tree *t, int bus, int parent, struct platform_range *r)
{
	int len;
	const u8 *p = tree_prop(t, bus, "ranges", &len);
	u32 na, ns, pna, pns, entry;

	if (!p) {
		tree_warn(t, bus, "ranges", "missing, so nothing below can be reached");
		return ERR_NOENT;
	}
	if (len == 0)
		return OK;
	if (!tree_cell_counts(t, bus, &na, &ns) || !tree_cell_counts(t, parent, &pna, &pns))
		return ERR_FORMAT;
	entry = 4 * (na + pna + ns);
	if ((u32)len % entry) {
		tree_warn(t, bus, "ranges", "%d bytes, not a multiple of %u", len, entry);
		return ERR_FORMAT;
	}
	for (const u8 *end = p + len; p < end; p += entry) {
		u64 child = tree_cells(p, na), up = tree_cells(p + 4UL * na, pna);
		u64 size = tree_cells(p + 4UL * (na + pna), ns);

		if (r->base.a < child || r->base.a - child >= size ||
		    r->size > size - (r->base.a - child))
			continue;
		if (past_end(up, size))
			break;
		r->base.a = up + (r->base.a - child);
		return OK;
	}
	tree_warn(t, bus, "ranges", "do not cover 0x%lx", (unsigned long)r->base.a);
	return ERR_RANGE;
}

/* How many levels below the root a node is, as far as they matter. */
static int depth_of(int node)
{
	int depth = 0;

	while (node > 0 && depth <= TREE_DEPTH) {
		node = tree_parent(node);
		depth++;
	}
	return depth;
}

enum err tree_device_reg_at(struct tree *t, int node, u32 i, struct platform_range *out)
{
	int bus = tree_parent(node), depth = depth_of(node);
	struct platform_range r;
	u32 na, ns;
	enum err e;

	if (depth > TREE_DEPTH) {
		tree_warn(t, node, NULL, "more than %d levels deep; not used", TREE_DEPTH);
		return ERR_RANGE;
	}
	if (bus < 0 || !tree_cell_counts(t, bus, &na, &ns))
		return ERR_FORMAT;
	e = tree_reg(t, node, na, ns, i, &r);
	for (; e == OK && bus > 0; bus = tree_parent(bus))
		e = translate(t, bus, tree_parent(bus), &r);
	if (e == OK)
		*out = r;
	return e;
}

enum err tree_device_reg(struct tree *t, int node, struct platform_range *out)
{
	int len = 0;
	enum err e = tree_device_reg_at(t, node, 0, out);

	if (e == ERR_NOENT && (!tree_prop(t, node, "reg", &len) || len == 0))
		tree_warn(t, node, "reg", "missing");
	return e;
}

bool tree_okay(struct tree *t, int node)
{
	int len;
	const char *s = tree_prop(t, node, "status", &len);

	if (!s)
		return true;
	return (len == 5 && memcmp(s, "okay", 5) == 0) || (len == 3 && memcmp(s, "ok", 3) == 0);
}
