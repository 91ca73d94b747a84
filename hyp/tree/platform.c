/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order in which a tree is read, and /chosen. Devicetree Specification v0.4, sections 3.3
 * (/aliases) and 3.6 (/chosen).
 */
#include "hyp/tree/platform_tree.h"

#include <string.h>

#define ALIAS_MAX    32 /* bytes of an alias's name, with its NUL */
#define TREE_VERSION 17U

static enum err check_tree(struct tree *t, size_t max)
{
	int e;

	if (!t->blob || !IS_ALIGNED((uintptr_t)t->blob, 8))
		return tree_error(t, ERR_FORMAT, "device tree: not at a multiple of 8 bytes");
	/* Of one before version 16 fdt_check_full() would read a name that fdt_get_name() has not. */
	if (max >= sizeof(struct fdt_header) && fdt_magic(t->blob) == FDT_MAGIC &&
	    fdt_version(t->blob) < TREE_VERSION)
		return tree_error(t, ERR_FORMAT, "device tree: version %u; limen reads %u",
				  fdt_version(t->blob), TREE_VERSION);
	e = fdt_check_full(t->blob, max);
	if (e < 0)
		return tree_error(t, ERR_FORMAT, "device tree: broken: %s", fdt_strerror(e));
	return OK;
}

static void read_initrd(struct tree *t, int chosen)
{
	u64 start = 0, end = 0;
	enum err s = tree_number(t, chosen, "linux,initrd-start", &start);
	enum err e = tree_number(t, chosen, "linux,initrd-end", &end);

	if (s != OK && e != OK)
		return;
	if (s != OK || e != OK)
		tree_warn(t, chosen, "linux,initrd-start", "start and end do not come together");
	else if (start > end || end > PLATFORM_PA_END)
		tree_warn(t, chosen, "linux,initrd-start", "0x%lx to 0x%lx is not a range",
			  (unsigned long)start, (unsigned long)end);
	else
		t->p->initrd = (struct platform_range){HPA(start), end - start};
}

/* The baud rate at the front of stdout's options: "115200n8". */
static u32 options_baud(const char *s)
{
	u32 baud = 0;

	for (; *s >= '0' && *s <= '9' && baud < 100000000; s++)
		baud = 10 * baud + (u32)(*s - '0');
	return baud;
}

/* The node of a path or alias of n bytes; an alias is an absolute path, and no other alias. */
static int find_node(struct tree *t, const char *path, size_t n)
{
	int aliases = TREE_CHILD(t, 0, "aliases"), len;
	char name[ALIAS_MAX];
	const char *to;

	if (n > 0 && path[0] == '/')
		return tree_path(t, path, n);
	if (n == 0 || n >= sizeof(name) || aliases < 0)
		return -1;
	memcpy(name, path, n);
	name[n] = '\0';
	to = tree_prop(t, aliases, name, &len);
	if (!to || len < 2 || to[0] != '/' || to[len - 1] != '\0')
		return -1;
	return tree_path(t, to, strlen(to));
}

/* The node stdout-path names, or negative. */
static int find_stdout(struct tree *t, int chosen, u32 *baud)
{
	const char *path = t->p->stdout_path;
	size_t n;
	int node;

	*baud = 0;
	if (!path)
		return -1;
	n = strcspn(path, ":");
	node = find_node(t, path, n);
	if (node < 0)
		tree_warn(t, chosen, "stdout-path", "\"%.60s\" names no node", path);
	else if (path[n] == ':')
		*baud = options_baud(path + n + 1);
	return node;
}

static int read_chosen(struct tree *t, u32 *baud)
{
	int chosen = TREE_CHILD(t, 0, "chosen");

	*baud = 0;
	if (chosen < 0)
		return -1;
	t->p->bootargs = tree_string(t, chosen, "bootargs");
	t->p->stdout_path = tree_string(t, chosen, "stdout-path");
	read_initrd(t, chosen);
	return find_stdout(t, chosen, baud);
}

enum err platform_read(const void *fdt, size_t max, struct platform *p,
		       const struct platform_say *say)
{
	struct tree t = {.blob = fdt, .p = p, .say = say};
	u32 baud;
	int stdout_node;
	enum err e;

	memset(p, 0, sizeof(*p));
	e = check_tree(&t, max);
	if (e == OK)
		e = tree_index(&t);
	if (e == OK)
		e = platform_read_memory(&t);
	if (e == OK)
		e = platform_read_reserved(&t);
	if (e == OK)
		e = platform_read_harts(&t);
	if (e != OK)
		return e;
	stdout_node = read_chosen(&t, &baud);
	platform_read_devices(&t, stdout_node, baud);
	return OK;
}
