/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Symbol look-up in a made-up image and table, in the form tools/mksyms writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/symbols.h"

extern const char __image_start[];
const char __image_start[0x1000] = {0};

const u8 symtab[] = {
	8,   0,				      /* nothing below 0x10 */
	16,  'f', 'i', 'r', 's', 't', 0,      /* at 0x10 */
	8,   0,				      /* nothing from 0x30 */
	8,   's', 'e', 'c', 'o', 'n', 'd', 0, /* at 0x40; ends where the next begins */
	1,   't', 'h', 'i', 'r', 'd', 0,      /* at 0x50 */
	87,  0,				      /* nothing from 0x52 */
	192, 1,	  'f', 129, 't', 'h', 0,      /* at 0x100, 192 units of two bytes */
	128, 1,	  129, 130, 0,		      /* at 0x280, 128 units; all of pairs */
	0,
};

#define CHAR(c) [c] = {c, 0}

/* clang-format off */
const u8 symtab_codes[][2] = {
	CHAR('c'), CHAR('d'), CHAR('e'), CHAR('f'), CHAR('h'), CHAR('i'),
	CHAR('n'), CHAR('o'), CHAR('r'), CHAR('s'), CHAR('t'), CHAR('u'),
	[128] = {'o', 'u'},
	[129] = {128, 'r'},
	[130] = {129, 129},
};
/* clang-format on */

static bool look(size_t at, struct symbol *s)
{
	memset(s, 0x5a, sizeof(*s));
	return symbol_find((uintptr_t)__image_start + at, s);
}

static void expect(size_t at, const char *name, size_t want)
{
	struct symbol s;

	assert_true(look(at, &s));
	assert_string_equal(s.name, name);
	assert_int_equal(s.offset, want);
}

static void expect_none(size_t at)
{
	struct symbol s;

	assert_false(look(at, &s));
	assert_string_equal(s.name, "?");
	assert_int_equal(s.offset, 0);
}

static void test_inside(void **state)
{
	(void)state;
	expect(0x10, "first", 0);
	expect(0x2f, "first", 0x1f);
	expect(0x40, "second", 0);
	expect(0x4f, "second", 0xf);
	expect(0x50, "third", 0);
	expect(0x51, "third", 1);
	expect(0x100, "fourth", 0);
	expect(0x27f, "fourth", 0x17f);
	expect(0x280, "ourourour", 0);
	expect(0x37f, "ourourour", 0xff);
}

static void test_outside(void **state)
{
	(void)state;
	expect_none(0);
	expect_none(0xf);
	expect_none(0x30);
	expect_none(0x3f);
	expect_none(0x52);
	expect_none(0xff);
	expect_none(0x380);
	expect_none(0x100000110); /* the same in 32 bits as "fourth" */
	expect_none(0 - (uintptr_t)__image_start);
	expect_none((size_t)-1);
	expect_none(UINTPTR_MAX - (uintptr_t)__image_start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
