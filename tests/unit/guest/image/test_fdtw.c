/* SPDX-License-Identifier: BSD-2-Clause */
/* The writer of trees against libfdt's, as libfdt reads both; and what does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <libfdt.h>
#include <string.h>

#include "guest/image/fdtw.h"

static u64 mine[4096], theirs[4096];
static const char *const names[] = {"a", "reg", "compatible", "interrupts-extended", "ab", "b"};

/* Values of all lengths, names again and again by another pointer, nodes in nodes. */
static size_t write_both(size_t room)
{
	static char again[ARRAY_SIZE(names)][32];
	struct fdtw w;
	size_t used = 0;
	enum err e;

	fdtw_start(&w, mine, room);
	assert_int_equal(fdt_create(theirs, sizeof(theirs)), 0);
	assert_int_equal(fdt_finish_reservemap(theirs), 0);
	for (u32 depth = 0; depth < 4; depth++) {
		char name[16];

		snprintf(name, sizeof(name), "n%u@12345", depth);
		if (!depth)
			name[0] = '\0';
		fdtw_begin_node(&w, name);
		assert_int_equal(fdt_begin_node(theirs, name), 0);
		for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
			const char *value = "0123456789abcdef";

			strcpy(again[i], names[i]);
			fdtw_bytes(&w, depth & 1 ? again[i] : names[i], value, i + 4 * depth);
			assert_int_equal(
				fdt_property(theirs, names[i], value, (int)(i + 4 * depth)), 0);
		}
		fdtw_u32(&w, "word", 0x12345678 + depth);
		assert_int_equal(fdt_property_u32(theirs, "word", 0x12345678 + depth), 0);
		fdtw_u64(&w, "words", 0x123456789abcdef0);
		assert_int_equal(fdt_property_u64(theirs, "words", 0x123456789abcdef0), 0);
	}
	for (u32 depth = 0; depth < 4; depth++) {
		fdtw_end_node(&w);
		assert_int_equal(fdt_end_node(theirs), 0);
	}
	assert_int_equal(fdt_finish(theirs), 0);
	e = fdtw_finish(&w, &used);
	assert_true(e == OK || e == ERR_NOMEM);
	return e ? 0 : used;
}

/* Tag by tag, name by name, value by value. */
static void test_same(void **state)
{
	int at = 0, next;
	size_t used;

	(void)state;
	memset(mine, 0xa5, sizeof(mine));
	used = write_both(sizeof(mine));
	assert_int_equal(fdt_totalsize(mine), used);
	assert_int_equal(fdt_check_full(mine, used), 0);
	for (;; at = next) {
		u32 tag = fdt_next_tag(mine, at, &next);
		int other, len, len2;

		assert_int_equal(tag, fdt_next_tag(theirs, at, &other));
		assert_int_equal(next, other);
		if (tag == FDT_BEGIN_NODE)
			assert_string_equal(fdt_get_name(mine, at, NULL),
					    fdt_get_name(theirs, at, NULL));
		if (tag == FDT_PROP) {
			const char *name, *name2;
			const void *value = fdt_getprop_by_offset(mine, at, &name, &len);
			const void *value2 = fdt_getprop_by_offset(theirs, at, &name2, &len2);

			assert_string_equal(name, name2);
			assert_int_equal(len, len2);
			/* What pads it as well: nothing of before. */
			assert_memory_equal(value, value2, len);
			for (int i = len; i % 4; i++)
				assert_int_equal(((const u8 *)value)[i], 0);
		}
		if (tag == FDT_END)
			break;
	}
}

static void test_rooms(void **state)
{
	size_t used;

	(void)state;
	used = write_both(sizeof(mine));
	for (size_t room = 0; room < used; room++) {
		memset(mine, 0xa5, sizeof(mine));
		assert_int_equal(write_both(room), 0);
		assert_int_equal(((u8 *)mine)[room], 0xa5);
	}
	assert_int_equal(write_both(used), used);
}

static void test_names(void **state)
{
	static char name[FDTW_NAMES + 1][12];
	struct fdtw w;
	size_t used;

	(void)state;
	for (u32 n = FDTW_NAMES; n <= FDTW_NAMES + 1; n++) {
		fdtw_start(&w, mine, sizeof(mine));
		fdtw_begin_node(&w, "");
		for (u32 i = 0; i < n; i++) {
			snprintf(name[i], sizeof(name[i]), "%u", i);
			fdtw_u32(&w, name[i], i);
		}
		fdtw_end_node(&w);
		assert_int_equal(fdtw_finish(&w, &used), n > FDTW_NAMES ? ERR_NOMEM : OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_rooms),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
