/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few properties that the AArch64 port reads of a device tree, made here with libfdt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>

#include "hyp/arm64/tree.h"
#include "lib/compiler.h"

static u64 blob[512];

static void cpu(const char *name, u32 reg)
{
	assert_int_equal(fdt_begin_node(blob, name), 0);
	assert_int_equal(fdt_property_u32(blob, "reg", reg), 0);
	/* One of a node further in is nobody's. */
	assert_int_equal(fdt_begin_node(blob, "cpu"), 0);
	assert_int_equal(fdt_property_u32(blob, "reg", 99), 0);
	assert_int_equal(fdt_end_node(blob), 0);
	assert_int_equal(fdt_end_node(blob), 0);
}

static int set_up(void **state)
{
	static const u64 reg[] = {0x40000000, 0x10000000};
	u64 cells[2];

	(void)state;
	for (unsigned int i = 0; i < 2; i++)
		cells[i] = __builtin_bswap64(reg[i]);
	assert_int_equal(fdt_create(blob, sizeof(blob)), 0);
	assert_int_equal(fdt_finish_reservemap(blob), 0);
	assert_int_equal(fdt_begin_node(blob, ""), 0);
	assert_int_equal(fdt_property_string(blob, "model", "a"), 0);
	assert_int_equal(fdt_begin_node(blob, "memory@40000000"), 0);
	assert_int_equal(fdt_property(blob, "reg", cells, sizeof(cells)), 0);
	assert_int_equal(fdt_end_node(blob), 0);
	assert_int_equal(fdt_begin_node(blob, "cpus"), 0);
	cpu("cpu@0", 0);
	cpu("cpu-map", 7);
	cpu("cpu@1", 1);
	assert_int_equal(fdt_end_node(blob), 0);
	assert_int_equal(fdt_begin_node(blob, "chosen"), 0);
	assert_int_equal(fdt_property_string(blob, "bootargs", "x y"), 0);
	assert_int_equal(fdt_end_node(blob), 0);
	assert_int_equal(fdt_end_node(blob), 0);
	assert_int_equal(fdt_finish(blob), 0);
	return 0;
}

static void test_found(void **state)
{
	u32 len = 0;
	const void *p = tree_find(blob, NULL, "memory", 0, "reg", &len);

	(void)state;
	assert_int_equal(tree_size(blob), fdt_totalsize(blob));
	assert_non_null(p);
	assert_int_equal(tree_u64(p, len, 0), 0x40000000);
	assert_int_equal(tree_u64(p, len, 1), 0x10000000);
	assert_int_equal(tree_u64(p, len, 2), 0);
	assert_string_equal(tree_find(blob, NULL, "chosen", 0, "bootargs", &len), "x y");
}

static void test_counted(void **state)
{
	u32 len = 0;

	(void)state;
	for (u32 i = 0; i < 2; i++) {
		const u32 *reg = tree_find(blob, "cpus", "cpu", i, "reg", &len);

		assert_non_null(reg);
		assert_int_equal(len, 4);
		assert_int_equal(__builtin_bswap32(*reg), i);
	}
	assert_null(tree_find(blob, "cpus", "cpu", 2, "reg", &len));
}

static void test_not_there(void **state)
{
	u32 len = 0;

	(void)state;
	assert_null(tree_find(blob, NULL, "memory", 0, "model", &len));
	assert_null(tree_find(blob, NULL, "mem", 0, "reg", &len));
	assert_null(tree_find(blob, "chosen", "cpu", 0, "reg", &len));
	assert_int_equal(tree_size(NULL), 0);
	blob[0] = 0;
	assert_int_equal(tree_size(blob), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_found, set_up),
		cmocka_unit_test_setup(test_counted, set_up),
		cmocka_unit_test_setup(test_not_there, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
