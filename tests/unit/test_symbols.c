/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Symbol look-up in a made-up image and table, in the form tools/mksyms writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/symbols.h"

extern const char __image_start[];
const char __image_start[0x1000] = {0};

const u32 symtab_count = 4;
const struct symbol symtab[] = {
	{0x10, 0x20, 0}, /* a gap before and behind it */
	{0x40, 0x10, 6}, /* ends where the next begins */
	{0x50, 0x01, 13},
	{0x100, 0x80, 19},
};
const char symtab_names[] = "first\0second\0third\0fourth";

static const char *look(size_t at, size_t *offset)
{
	*offset = 12345;
	return symbol_lookup((uintptr_t)__image_start + at, offset);
}

static void expect(size_t at, const char *name, size_t want)
{
	size_t offset;

	assert_string_equal(look(at, &offset), name);
	assert_int_equal(offset, want);
}

static void expect_none(size_t at)
{
	size_t offset;

	assert_null(look(at, &offset));
	assert_int_equal(offset, 12345);
}

static void test_inside(void **state)
{
	(void)state;
	expect(0x10, "first", 0);
	expect(0x2f, "first", 0x1f);
	expect(0x40, "second", 0);
	expect(0x4f, "second", 0xf);
	expect(0x50, "third", 0);
	expect(0x100, "fourth", 0);
	expect(0x17f, "fourth", 0x7f);
}

static void test_outside(void **state)
{
	(void)state;
	expect_none(0);
	expect_none(0xf);
	expect_none(0x30);
	expect_none(0x3f);
	expect_none(0x51);
	expect_none(0xff);
	expect_none(0x180);
	expect_none(0x100000110); /* the same in 32 bits as "fourth" */
	assert_null(symbol_lookup(0, NULL));
	assert_null(symbol_lookup((uintptr_t)__image_start - 1, NULL));
	assert_null(symbol_lookup(UINTPTR_MAX, NULL));
}

static void test_offset_is_optional(void **state)
{
	(void)state;
	assert_string_equal(symbol_lookup((uintptr_t)__image_start + 0x11, NULL), "first");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_offset_is_optional),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
