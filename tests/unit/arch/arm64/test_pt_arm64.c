/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AArch64's translation tables, walked here as the Arm Architecture Reference Manual says (DDI 0487,
 * "VMSAv8-64 translation table format descriptors").
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/host/host.h"

#define dsb(domain) ((void)0)
#define isb()	    ((void)0)
#include "arch/arm64/pt.c"

#define TABLES 64

static u64 *tables[TABLES];
static unsigned int used, most;

static void *table(void)
{
	if (used == most)
		return NULL;
	tables[used] = aligned_alloc(PT_PAGE, PT_PAGE);
	memset(tables[used], 0, PT_PAGE);
	return tables[used++];
}

static int set_up(void **state)
{
	most = TABLES;
	*state = table();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	while (used)
		free(tables[--used]);
	return 0;
}

/* Where at leads, and how large the piece is; 0: nowhere. */
static u64 walk(const u64 *t, u64 at, u64 *attributes, u64 *size)
{
	for (unsigned int level = 1; level <= 3; level++) {
		u64 bytes = 1UL << (39 - 9 * level), entry = t[at / bytes % 512];

		if (!(entry & 1))
			return 0;
		if (level == 3 || !(entry & 2)) {
			if (level == 3 && !(entry & 2))
				return 0; /* reserved */
			*attributes = entry & ~ADDRESS & ~3UL;
			*size = bytes;
			return (entry & ADDRESS & ~(bytes - 1)) | (at & (bytes - 1));
		}
		t = (const u64 *)(uintptr_t)(entry & ADDRESS);
	}
	return 0;
}

static void leads_to(const u64 *root, u64 at, u64 pa, u64 wanted_size)
{
	u64 attributes = 0, size = 0;

	assert_int_equal(walk(root, at, &attributes, &size), pa);
	assert_int_equal(size, wanted_size);
	assert_int_equal(attributes, PT_HOST_RW);
}

static void test_pages(void **state)
{
	u64 a, s;

	assert_int_equal(pt_map(*state, 0x1000, 0x5000, 0x3000, PT_HOST_RW, table), OK);
	for (u64 i = 0; i < 3; i++)
		leads_to(*state, 0x1008 + i * PT_PAGE, 0x5008 + i * PT_PAGE, PT_PAGE);
	assert_int_equal(walk(*state, 0, &a, &s), 0);
	assert_int_equal(walk(*state, 0x4000, &a, &s), 0);
}

/* The largest pieces that fit, and what is left over on both sides in smaller ones. */
static void test_blocks(void **state)
{
	u64 at = GIB(1) - MIB(2) - PT_PAGE;

	assert_int_equal(pt_map(*state, at, at, GIB(1) + MIB(4) + 2 * PT_PAGE, PT_HOST_RW, table),
			 OK);
	leads_to(*state, at, at, PT_PAGE);
	leads_to(*state, GIB(1) - MIB(2), GIB(1) - MIB(2), MIB(2));
	leads_to(*state, GIB(1) + 4, GIB(1) + 4, GIB(1));
	leads_to(*state, GIB(2) + 4, GIB(2) + 4, MIB(2));
	leads_to(*state, GIB(2) + MIB(2), GIB(2) + MIB(2), PT_PAGE);
	/* Here both are not aligned alike. */
	assert_int_equal(pt_map(*state, GIB(4), GIB(5) + MIB(2), GIB(1), PT_HOST_RW, table), OK);
	leads_to(*state, GIB(4) + 8, GIB(5) + MIB(2) + 8, MIB(2));
}

static void test_what_is_there(void **state)
{
	assert_int_equal(pt_map(*state, MIB(4), 0, MIB(2), PT_HOST_RW, table), OK);
	assert_int_equal(pt_map(*state, MIB(4) + PT_PAGE, 0, PT_PAGE, PT_HOST_RW, table),
			 ERR_EXIST);
	assert_int_equal(pt_map(*state, 0, 0, PT_PAGE, PT_HOST_RW, table), OK);
	assert_int_equal(pt_map(*state, 0, 0, PT_PAGE, PT_HOST_RW, table), ERR_EXIST);
	/* A block would hide the table that is there. */
	assert_int_equal(pt_map(*state, 0, 0, MIB(2), PT_HOST_RW, table), ERR_EXIST);
	leads_to(*state, MIB(4) + 8, 8, MIB(2));
}

static void test_no_memory(void **state)
{
	most = used + 1;
	assert_int_equal(pt_map(*state, 0, 0, PT_PAGE, PT_HOST_RW, table), ERR_NOMEM);
	most = TABLES;
	assert_int_equal(pt_map(*state, 0, 0, PT_PAGE, PT_HOST_RW, table), OK);
	leads_to(*state, 8, 8, PT_PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_blocks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
