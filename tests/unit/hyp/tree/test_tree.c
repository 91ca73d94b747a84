/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index of a device tree: what it answers is what libfdt finds, in trees of all shapes, and when
 * it is full.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "hyp/tree/platform_tree.h"
#include "tests/unit/fdt_maker.h"

static struct platform plat;
static char last_line[PLATFORM_LINE_MAX];
static unsigned int nlines, nerrors;

static void note(void *arg, bool error, const char *text)
{
	(void)arg;
	nlines++;
	nerrors += error;
	strcpy(last_line, text);
}

static const struct platform_say say = {note, NULL};
static struct tree t = {.p = &plat, .say = &say};
static struct maker m;

static int setup(void **state)
{
	(void)state;
	nlines = nerrors = 0;
	t.lines = 0;
	maker_open(&m);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(m.fdt);
	return 0;
}

static enum err index_made(void)
{
	size_t n = maker_close(&m);

	assert_int_not_equal(n, 0);
	assert_int_equal(fdt_check_full(m.fdt, n), 0);
	t.blob = m.fdt;
	return tree_index(&t);
}

static int number_at(int offset)
{
	for (int node = 0; node < tree_nodes(); node++)
		if (tree_offset(node) == offset)
			return node;
	return -1;
}

static void same_prop(int node, int offset, const char *name)
{
	int len, want_len;
	const void *want = fdt_getprop(m.fdt, offset, name, &want_len);

	assert_ptr_equal(tree_prop(&t, node, name, &len), want);
	assert_int_equal(len, want_len);
}

static const char *const names[] = {"reg", "compatible", "status", "phandle", "linux,phandle"};

/* Every node and property of the tree against libfdt. */
static void check_all(void)
{
	int offset = 0, depth = 0, node = 0, at;

	for (; offset >= 0 && depth >= 0; offset = fdt_next_node(m.fdt, offset, &depth), node++) {
		int child = fdt_first_subnode(m.fdt, offset),
		    next = fdt_next_subnode(m.fdt, offset);

		assert_int_equal(tree_offset(node), offset);
		assert_int_equal(tree_phandle(node), fdt_get_phandle(m.fdt, offset));
		assert_int_equal(tree_first_child(node), child < 0 ? -1 : number_at(child));
		assert_int_equal(tree_next_sibling(node), next < 0 ? -1 : number_at(next));
		if (tree_first_child(node) >= 0)
			assert_int_equal(tree_parent(tree_first_child(node)), node);
		fdt_for_each_property_offset (at, m.fdt, offset) {
			const char *name;

			assert_non_null(fdt_getprop_by_offset(m.fdt, at, &name, NULL));
			same_prop(node, offset, name);
		}
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			same_prop(node, offset, names[i]);
	}
	assert_int_equal(node, tree_nodes());
	assert_int_equal(tree_parent(0), -1);
}

static void test_bare(void **state)
{
	(void)state;
	assert_int_equal(index_made(), OK);
	check_all();
	assert_int_equal(tree_nodes(), 1);
	assert_int_equal(tree_path(&t, "/", 1), 0);
	assert_int_equal(TREE_CHILD(&t, 0, "cpus"), -1);
}

/* fdt_check_full() lets a structure block pass that is nothing but its end. */
static void test_no_root(void **state)
{
	static u8 empty[256] __aligned(8);
	const u32 end = cpu_to_fdt32(FDT_END);

	(void)state;
	index_made();
	memcpy(empty, m.fdt, sizeof(struct fdt_header));
	fdt_set_totalsize(empty, sizeof(empty));
	fdt_set_off_mem_rsvmap(empty, 64);
	fdt_set_off_dt_struct(empty, 96);
	fdt_set_size_dt_struct(empty, 4);
	fdt_set_off_dt_strings(empty, 100);
	fdt_set_size_dt_strings(empty, 0);
	memcpy(empty + 96, &end, 4);
	t.blob = empty;
	assert_int_equal(tree_index(&t), ERR_FORMAT);
	assert_int_equal(nerrors, 1);
	assert_int_equal(tree_nodes(), 0);
}

static void test_phandles(void **state)
{
	static const u32 values[] = {5, 0, ~0U, 5, 6};
	char name[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		snprintf(name, sizeof(name), "n%zu", i);
		maker_begin(&m, name);
		maker_cell(&m, "phandle", values[i]);
		maker_end(&m);
	}
	maker_begin(&m, "old");
	maker_cell(&m, "linux,phandle", 7);
	maker_end(&m);
	maker_begin(&m, "both");
	maker_cell(&m, "linux,phandle", 8);
	maker_cell(&m, "phandle", 9);
	maker_end(&m);
	maker_begin(&m, "long");
	maker_prop(&m, "phandle", "12345678", 8);
	maker_end(&m);
	assert_int_equal(index_made(), OK);
	assert_int_equal(tree_by_phandle(0), -1);
	assert_int_equal(tree_by_phandle(~0U), -1);
	assert_int_equal(tree_by_phandle(5), TREE_CHILD(&t, 0, "n0"));
	assert_int_equal(tree_by_phandle(6), TREE_CHILD(&t, 0, "n4"));
	assert_int_equal(tree_by_phandle(7), TREE_CHILD(&t, 0, "old"));
	assert_int_equal(tree_by_phandle(8), -1);
	assert_int_equal(tree_by_phandle(9), TREE_CHILD(&t, 0, "both"));
	assert_int_equal(tree_phandle(TREE_CHILD(&t, 0, "n2")), 0);
	assert_int_equal(tree_phandle(TREE_CHILD(&t, 0, "long")), 0);
}

static void test_paths(void **state)
{
	static const char *const paths[] = {
		"/",
		"//",
		"/soc",
		"/soc/",
		"/soc//uart@10",
		"/soc/uart",
		"/soc/uart@",
		"/soc/ua",
		"/soc/uart@1",
		"/soc/uart@10/x",
		"/so",
		"/soc@1",
		"/soc2",
		"/soc2/uart@20",
		"/soc/plain",
		"/soc/plain@0",
	};

	(void)state;
	maker_begin(&m, "soc2");
	maker_begin(&m, "uart@20");
	maker_end(&m);
	maker_end(&m);
	maker_begin(&m, "soc");
	maker_begin(&m, "uart@10");
	maker_end(&m);
	maker_begin(&m, "uart@20");
	maker_end(&m);
	maker_begin(&m, "plain");
	maker_end(&m);
	maker_end(&m);
	assert_int_equal(index_made(), OK);
	check_all();
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int want = fdt_path_offset(m.fdt, paths[i]);

		assert_int_equal(tree_path(&t, paths[i], strlen(paths[i])),
				 want < 0 ? -1 : number_at(want));
	}
	assert_int_equal(tree_path(&t, "/soc2 more", 5), TREE_CHILD(&t, 0, "soc2"));
	assert_int_equal(tree_path(&t, "/soc2", 4), TREE_CHILD(&t, 0, "soc"));
}

/* Trees of any shape: at each step down, up, or a property, some of them behind a child, where they
 * are nobody's. */
static void test_random(void **state)
{
	u64 random = 88172645463325252ULL;

	(void)state;
	for (int round = 0; round < 200; round++) {
		int depth = 0;
		char name[16];

		for (u64 steps = maker_random(&random) % 200; steps; steps--) {
			u64 what = maker_random(&random) % 4;

			if (what == 0) {
				snprintf(name, sizeof(name), "n%u@%x", (unsigned int)steps % 3,
					 (unsigned int)steps);
				maker_begin(&m, name);
				depth++;
			} else if (what == 1 && depth) {
				maker_end(&m);
				depth--;
			} else {
				maker_prop(&m, names[maker_random(&random) % ARRAY_SIZE(names)],
					   "abcdefg", maker_random(&random) % 8);
			}
		}
		for (; depth; depth--)
			maker_end(&m);
		assert_int_equal(index_made(), OK);
		check_all();
		teardown(NULL);
		setup(NULL);
	}
}

/* As deep as there is room for nodes; a device at its end is told of and not used. */
static void test_deep(void **state)
{
	struct platform_range r;
	int last = PLATFORM_NODES_MAX - 1;

	(void)state;
	for (int i = 0; i < last; i++)
		maker_begin(&m, "n");
	maker_cell(&m, "reg", 1);
	for (int i = 0; i < last; i++)
		maker_end(&m);
	assert_int_equal(index_made(), OK);
	assert_int_equal(tree_nodes(), PLATFORM_NODES_MAX);
	for (int i = 0; i < last; i++) {
		assert_int_equal(tree_first_child(i), i + 1);
		assert_int_equal(tree_parent(i + 1), i);
		assert_int_equal(tree_next_sibling(i), -1);
	}
	assert_int_equal(tree_device_reg(&t, last, &r), ERR_RANGE);
	assert_int_equal(nlines, 1);
	assert_int_equal(nerrors, 0);
	assert_non_null(strstr(last_line, "more than 12 levels deep; not used"));
}

static void test_depth_bound(void **state)
{
	struct platform_range r = {0};

	(void)state;
	for (int i = 0; i <= TREE_DEPTH; i++) {
		maker_cell(&m, "#address-cells", 1);
		maker_cell(&m, "#size-cells", 1);
		maker_prop(&m, "ranges", "", 0);
		maker_prop(&m, "reg", "\0\0\1\0\0\0\0\4", 8);
		maker_begin(&m, "n");
	}
	maker_prop(&m, "reg", "\0\0\1\0\0\0\0\4", 8);
	for (int i = 0; i <= TREE_DEPTH; i++)
		maker_end(&m);
	assert_int_equal(index_made(), OK);
	assert_int_equal(tree_device_reg(&t, TREE_DEPTH, &r), OK);
	assert_int_equal(r.base.a, 0x100);
	assert_int_equal(r.size, 4);
	assert_int_equal(nlines, 0);
	assert_int_equal(tree_device_reg(&t, TREE_DEPTH + 1, &r), ERR_RANGE);
	assert_int_equal(nlines, 1);
	assert_int_equal(tree_device_reg(&t, 0, &r), ERR_FORMAT);
}

static void begin_many(int n)
{
	char name[16];

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "n@%x", i);
		maker_begin(&m, name);
		maker_cell(&m, "phandle", (u32)i + 1);
		maker_end(&m);
	}
}

static void test_nodes_bound(void **state)
{
	(void)state;
	begin_many(PLATFORM_NODES_MAX - 1);
	assert_int_equal(index_made(), OK);
	assert_int_equal(tree_nodes(), PLATFORM_NODES_MAX);
	assert_int_equal(tree_by_phandle(PLATFORM_NODES_MAX - 1), PLATFORM_NODES_MAX - 1);
	assert_int_equal(tree_next_sibling(PLATFORM_NODES_MAX - 1), -1);

	teardown(NULL);
	setup(NULL);
	begin_many(PLATFORM_NODES_MAX);
	assert_int_equal(index_made(), ERR_RANGE);
	assert_int_equal(nerrors, 1);
	assert_string_equal(last_line, "device tree: more than 4096 nodes");
}

/* A node with count properties p0, p1, ... and then its phandle. */
static void add_props(const char *node, int count, u32 phandle)
{
	char name[16];

	maker_begin(&m, node);
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		maker_cell(&m, name, (u32)i);
	}
	maker_cell(&m, "phandle", phandle);
	maker_end(&m);
}

static void expect_all_props(const char *node, int count, u32 phandle)
{
	int n = tree_child(&t, 0, node, strlen(node));
	char name[16];
	u32 v = 0;

	assert_int_equal(tree_phandle(n), phandle);
	assert_int_equal(tree_by_phandle(phandle), n);
	for (int i = 0; i<count; i += count> 100 ? 97 : 1) {
		snprintf(name, sizeof(name), "p%d", i);
		assert_int_equal(tree_u32(&t, n, name, &v), OK);
		assert_int_equal(v, i);
		same_prop(n, tree_offset(n), name);
	}
	same_prop(n, tree_offset(n), "q");
}

/* When there is no room for all properties none is lost: of the node that fills the table, of one
 * that still fits behind it, and of one that does not. */
static void test_props_bound(void **state)
{
	(void)state;
	add_props("exact", TREE_PROPS_MAX - 11, 1);
	add_props("over", 10, 2);
	add_props("fits", 9, 3);
	add_props("behind", 3, 4);
	assert_int_equal(index_made(), OK);
	expect_all_props("exact", TREE_PROPS_MAX - 11, 1);
	expect_all_props("over", 10, 2);
	expect_all_props("fits", 9, 3);
	expect_all_props("behind", 3, 4);
	assert_int_equal(nlines, 0);
}

/* A node alone with more than there is room for. */
static void test_huge_node(void **state)
{
	(void)state;
	add_props("huge", TREE_PROPS_MAX + 5, 1);
	add_props("next", 4, 2);
	assert_int_equal(index_made(), OK);
	expect_all_props("huge", TREE_PROPS_MAX + 5, 1);
	expect_all_props("next", 4, 2);
	assert_int_equal(nlines, 0);
}

static void test_compatible(void **state)
{
	(void)state;
	maker_prop(&m, "compatible", "one\0two", 8);
	maker_begin(&m, "none");
	maker_end(&m);
	assert_int_equal(index_made(), OK);
	assert_true(tree_compatible(&t, 0, "one"));
	assert_true(tree_compatible(&t, 0, "two"));
	assert_false(tree_compatible(&t, 0, "tw"));
	assert_false(tree_compatible(&t, 1, "one"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bare),	TEST(test_no_root),	TEST(test_phandles),
		TEST(test_paths),	TEST(test_random),	TEST(test_deep),
		TEST(test_depth_bound), TEST(test_nodes_bound), TEST(test_props_bound),
		TEST(test_huge_node),	TEST(test_compatible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
